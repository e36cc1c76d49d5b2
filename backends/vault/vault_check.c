// What can be known before a rotation: that there is a token, what the mount is, which line of the
// policy is missing, and that the secret is readable and stays.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text.h"

struct need {
  const char *part;            // NULL: the secret itself (KV 1)
  const char *capabilities[4]; // ends with NULL
};

static const struct need content2 = {"data", {"create", "read", "update", NULL}};
static const struct need versions2 = {"metadata", {"read", NULL}};
static const struct need destroy2 = {"destroy", {"update", NULL}};
static const struct need content1 = {NULL, {"create", "read", "update", NULL}};

static size_t needs_of(const struct vault_item *v, const struct need *ret[3]) {
  if (v->item.class == STORE_CLASS_C) {
    ret[0] = &content1;
    return 1;
  }
  ret[0] = &content2;
  ret[1] = &versions2;
  ret[2] = &destroy2;
  return v->destroy_old ? 3 : 1;
}

static bool has(const cJSON *list, const char *capability) {
  const cJSON *m = NULL;
  bool found = false;
  cJSON_ArrayForEach(m, list) {
    if (!cJSON_IsString(m))
      continue;
    if (strcmp(m->valuestring, "deny") == 0)
      return false;
    found |= strcmp(m->valuestring, capability) == 0 || strcmp(m->valuestring, "root") == 0;
  }
  return found;
}

static void raw_path(const struct vault_item *v, const struct need *n, char *dst, size_t cap) {
  snprintf(dst, cap, "%s%s%s/%s", v->mount, n->part ? "/" : "", n->part ? n->part : "", v->path);
}

// Appends the policy's line when the list lacks one of the capabilities.
static void add_missing(const struct vault_item *v, const struct need *n, const cJSON *list,
                        struct text_buf *b) {
  char path[sizeof v->mount + sizeof v->path + 16];
  bool lacks = false;
  for (size_t i = 0; n->capabilities[i]; i++)
    lacks |= !has(list, n->capabilities[i]);
  if (!lacks)
    return;
  raw_path(v, n, path, sizeof path);
  text_buf_add(b, "%spath \"%s\" { capabilities = [", b->len ? " and " : "", path);
  for (size_t i = 0; n->capabilities[i]; i++)
    text_buf_add(b, "%s\"%s\"", i ? ", " : "", n->capabilities[i]);
  text_buf_add(b, "] }");
}

// The lines that are missing; `data` NULL: all of them.
static void list_missing(const struct vault_item *v, const cJSON *data, struct text_buf *b) {
  char path[sizeof v->mount + sizeof v->path + 16];
  const struct need *needs[3];
  size_t n = needs_of(v, needs);
  for (size_t i = 0; i < n; i++) {
    raw_path(v, needs[i], path, sizeof path);
    const cJSON *list = json_get(data, path);
    if (list || !data) // else the server said nothing of it
      add_missing(v, needs[i], list, b);
  }
}

static enum err judge(const struct vault_item *v, const cJSON *data, struct error *e) {
  struct text_buf b = TEXT_BUF(4096);
  list_missing(v, data, &b);
  enum err err = ERR_OK;
  if (b.len > 0)
    err = error_set(e, ERR_DENIED, "the token's policy lacks: %s", text_buf_str(&b));
  text_buf_free(&b);
  return err;
}

// Who may do nothing below a mount gets the same answer as who names a mount that is not there.
static enum err check_mount(struct vault_item *v, struct error *e) {
  struct text_buf b = TEXT_BUF(4096);
  enum err err = vault_mount_check(v, e);
  if (err == ERR_DENIED && e->status == 403) {
    size_t len = strlen(e->text);
    list_missing(v, NULL, &b);
    snprintf(e->text + len, sizeof e->text - len, "; the policy needs: %s", text_buf_str(&b));
  }
  text_buf_free(&b);
  return err;
}

// NULL without memory.
static cJSON *paths_body(const struct vault_item *v) {
  char path[sizeof v->mount + sizeof v->path + 16];
  const struct need *needs[3];
  cJSON *body = cJSON_CreateObject();
  cJSON *paths = cJSON_AddArrayToObject(body, "paths");
  size_t n = needs_of(v, needs);
  bool made = paths;
  for (size_t i = 0; made && i < n; i++) {
    raw_path(v, needs[i], path, sizeof path);
    cJSON *text = cJSON_CreateString(path);
    made = text && cJSON_AddItemToArray(paths, text);
    if (!made)
      json_free(text);
  }
  return made ? body : json_free(body);
}

// Who may not even ask is let pass: the reading below tells the rest.
static enum err check_rights(struct vault_item *v, struct error *e) {
  struct vault_reply r = {0};
  JSON_AUTO body = paths_body(v);
  const struct vault_request q = {.method = "POST", .path = "sys/capabilities-self", .body = body};
  enum err err = body ? vault_call(v->session, &q, &r, e) : error_no_memory(e);
  const cJSON *rights = vault_reply_data(&r) ? vault_reply_data(&r) : r.json;
  if (err == ERR_OK && r.status == 200)
    err = cJSON_IsObject(rights) ? judge(v, rights, e)
                                 : vault_expect_data(&r, "look-up of the token's rights", e);
  else if (err == ERR_OK && r.status != 403)
    err = vault_outcome(&q, &r, "look-up of the token's rights", e);
  vault_reply_clear(&r);
  return err;
}

// A setting that makes versions delete themselves, as the server writes it: not "0s", and not
// negative, which switches it off.
static bool is_limit(const char *text) {
  return text && text[0] != '-' && strpbrk(text, "123456789");
}

// Whoever may not look is let pass: the answer to the first write tells.
static enum err read_limit(struct vault_item *v, const char *path, char ret[40], struct error *e) {
  struct vault_reply r = {0};
  const struct vault_request q = {.method = "GET", .path = path};
  enum err err = vault_call(v->session, &q, &r, e);
  const char *text = json_text(vault_reply_data(&r), "delete_version_after");
  ret[0] = '\0';
  if (err == ERR_OK && r.status == 200 && text)
    text_printable(ret, 40, text, strlen(text));
  vault_reply_clear(&r);
  return err;
}

// A version that deletes itself takes the key from its consumers, so none may be about to be made.
static enum err check_stays(struct vault_item *v, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64], of_mount[40], of_secret[40];
  if (v->item.class == STORE_CLASS_C)
    return ERR_OK;
  snprintf(path, sizeof path, "%s/config", v->mount_url);
  enum err err = read_limit(v, path, of_mount, e);
  if (err == ERR_OK && is_limit(of_mount))
    return error_set(e, ERR_REFUSED,
                     "versions of mount '%s' delete themselves after %s, and consumers would lose"
                     " the key: vault write %s/config delete_version_after=0s",
                     v->mount, of_mount, v->mount);
  if (err != ERR_OK || of_mount[0] == '-')
    return err;
  vault_path(v, "metadata", NULL, path, sizeof path);
  err = read_limit(v, path, of_secret, e);
  if (err == ERR_OK && is_limit(of_secret))
    return error_set(e, ERR_REFUSED,
                     "its versions delete themselves after %s, and consumers would lose the key:"
                     " vault kv metadata put -mount=%s -delete-version-after=0s %s",
                     of_secret, v->mount, v->path);
  return err;
}

enum err vault_check(struct store_item *it, struct error *e) {
  struct vault_item *v = vault_item_of(it);
  struct store_record record = {0};
  struct store_version version;
  enum err err = vault_namespace_check(v->session, e);
  if (err == ERR_OK)
    err = check_mount(v, e);
  if (err == ERR_OK)
    err = check_rights(v, e);
  if (err == ERR_OK)
    err = it->ops->read(it, &record, &version, e);
  if (err == ERR_MISSING)
    err = ERR_OK;
  store_record_clear(&record);
  return err == ERR_OK ? check_stays(v, e) : err;
}
