// What both engines need of an item: its path, which engine its mount is, its end.
//
// A key that is not there and a mount that is another engine's answer alike: 404. Absence is
// evidence to the caller, so it is believed only where the mount was seen to be of the right
// version, once for an item.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text.h"

static int version_of(const cJSON *data) {
  const char *version = json_text(json_get(data, "options"), "version");
  return version && strcmp(version, "2") == 0 ? 2 : 1;
}

// data.path ends in a slash, and may begin with the namespace.
static bool is_ours(const struct vault_item *v, const char *path) {
  size_t len = strlen(path);
  char mine[sizeof v->mount + 1];
  snprintf(mine, sizeof mine, "%s/", v->mount);
  return len > 0 && text_ends(path, mine);
}

static enum err judge(const struct vault_item *v, const struct vault_reply *r, struct error *e) {
  const cJSON *data = vault_reply_data(r);
  const char *type = json_text(data, "type"), *path = json_text(data, "path");
  int want = v->item.class == STORE_CLASS_C ? 1 : 2, is = version_of(data);
  char shown[80] = "";
  if (!type || !path)
    return error_set(e, ERR_UNSENT, "the server does not say what the mount is");
  text_printable(shown, sizeof shown, path, strlen(path));
  if (!is_ours(v, path))
    return error_set(e, ERR_REFUSED,
                     "the path belongs to mount %s, not to '%s': set mount and path", shown,
                     v->mount);
  if (strcmp(type, "kv") != 0 && strcmp(type, "generic") != 0)
    return error_set(e, ERR_REFUSED, "mount %s is no KV secrets engine", shown);
  if (is != want)
    return error_set(e, ERR_REFUSED,
                     "mount %s is KV version %d: configure kv_version: %d (it is %d now)", shown,
                     is, is, want);
  return ERR_OK;
}

static enum err ask(struct vault_item *v, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  snprintf(path, sizeof path, "sys/internal/ui/mounts/%s/%s", v->mount_url, v->path_url);
  const struct vault_request q = {.method = "GET", .path = path};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK && r.status == 403) {
    err = error_set(e, ERR_DENIED,
                    "there is no mount '%s', or the token may do nothing below it (HTTP 403)",
                    v->mount);
    e->status = 403;
  } else if (err == ERR_OK && r.status == 200)
    err = judge(v, &r, e);
  else if (err == ERR_OK && r.status != 404) // 404: an old server; the configuration is believed
    err = vault_outcome(&q, &r, "look-up of the mount", e);
  vault_reply_clear(&r);
  return err;
}

enum err vault_mount_check(struct vault_item *v, struct error *e) {
  if (v->mount_known)
    return ERR_OK;
  enum err err = ask(v, e);
  v->mount_known = err == ERR_OK;
  return err;
}

// --- versions that go ----------------------------------------------------------------------------

bool vault_deletion_time(const cJSON *meta, char ret[40]) {
  char when[40] = "";
  ret[0] = '\0';
  if (json_copy_text(meta, "deletion_time", when, sizeof when))
    text_printable(ret, 40, when, strlen(when));
  return ret[0] != '\0';
}

enum err vault_dying(const struct vault_item *v, enum err kind, int64_t number, const char *when,
                     struct error *e) {
  return error_set(e, kind,
                   "version %" PRId64 " deletes itself at %s: set delete_version_after of mount and"
                   " secret to 0s, then: vault kv undelete -mount=%s -versions=%" PRId64 " %s",
                   number, when, v->mount, number, v->path);
}

enum err vault_deleted(const struct vault_item *v, int64_t number, const char *when,
                       struct error *e) {
  bool home = v->item.kind == STORE_HOME;
  return error_set(e, home ? ERR_REFUSED : ERR_MISSING,
                   "version %" PRId64 " was deleted or expired%s%s; it comes back with: vault kv"
                   " undelete -mount=%s -versions=%" PRId64 " %s%s",
                   number, when[0] ? ", " : "", when, v->mount, number, v->path,
                   home ? " (to begin without it: vault kv metadata delete)" : "");
}

void vault_item_free(struct store_item *it) {
  struct vault_item *v = vault_item_of(it);
  vault_session_put(v->session);
  free(v);
}

void vault_path(const struct vault_item *v, const char *part, const char *query, char *dst,
                size_t cap) {
  snprintf(dst, cap, "%s%s%s/%s%s", v->mount_url, part ? "/" : "", part ? part : "", v->path_url,
           query ? query : "");
}
