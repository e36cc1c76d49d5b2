// KV version 2: class A. The version of an item is the secret's version number together with the
// time it was made ("7@2026-11-24T05:40:00.123456789Z"), for the number alone starts again when all
// of a secret's metadata is deleted. A '-' behind it: that version is deleted or destroyed, so the
// item is missing and yet has a number that the next write must name.
//
// A write reads first: fields of other hands have to be carried over, and the number that the
// engine's compare-and-set looks at is good only together with the time. The write itself is
// fenced by `cas`, so of two writers one wins, whatever they have read.
//
// A version that will delete itself (delete_version_after of mount or secret) takes the key from
// its consumers, or the state from us, without anybody's doing. The answer to the write that made
// it says so already, and so does each reading, which is refused then. One that is gone, expired or
// deleted, is still there and can be called back until it is destroyed: a state that is gone so is
// no evidence of absence, while a sink may be written again.
//
// Any standby may answer a read, and late. An item remembers the highest number it saw and waits a
// while for a node that is behind it; the caller is told by stale_reads that this is no proof.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault.h"

// The newest version as one answer shows it.
struct present {
  bool exists; // it has a number
  bool alive;  // and content
  bool destroyed;
  int64_t number;
  struct store_version version;
  char dies[40]; // when it deletes itself, or was deleted; "": never
  cJSON *data;   // the fields, ours; NULL unless alive
};

static void present_clear(struct present *p) {
  json_free(p->data);
  memset(p, 0, sizeof(*p));
}

static bool version_format(int64_t number, const char *created, bool alive,
                           struct store_version *ret) {
  size_t len = created ? strlen(created) : 0;
  if (number < 1 || len < 10 || len > 64 || strspn(created, "0123456789-+:.TZtz") != len)
    return false;
  memset(ret, 0, sizeof(*ret));
  snprintf(ret->text, sizeof ret->text, "%" PRId64 "@%s%s", number, created, alive ? "" : "-");
  return true;
}

// --- reading ---

static enum err take_present(struct vault_reply *r, bool alive, struct present *ret,
                             struct error *e) {
  cJSON *outer = (cJSON *)(uintptr_t)vault_reply_data(r);
  const cJSON *meta = json_get(outer, "metadata");
  struct present p = {
      .exists = true, .alive = alive, .destroyed = json_bool(meta, "destroyed", false)};
  vault_deletion_time(meta, p.dies);
  if (!json_int(meta, "version", &p.number) ||
      !version_format(p.number, json_text(meta, "created_time"), alive, &p.version))
    return error_set(e, ERR_CORRUPT, "the answer bears no version: is this KV version 2?");
  if (alive && !cJSON_IsObject(json_get(outer, "data")))
    return error_set(e, ERR_CORRUPT, "the answer holds no fields");
  if (alive)
    p.data = cJSON_DetachItemFromObjectCaseSensitive(outer, "data");
  *ret = p;
  return ERR_OK;
}

// Deleted, absent, no such mount, or no Vault at all: four kinds of 404.
static enum err not_found(struct vault_item *v, struct vault_reply *r, struct present *ret,
                          struct error *e) {
  if (cJSON_IsObject(json_get(vault_reply_data(r), "metadata")))
    return take_present(r, false, ret, e);
  if (r->warned) {
    enum err err = vault_mount_check(v, e);
    return err != ERR_OK ? err
                         : error_set(e, ERR_REFUSED,
                                     "the server says that mount or path are not"
                                     " those of KV version 2");
  }
  if (r->said & VAULT_SAID_NO_MOUNT)
    return error_set(e, ERR_REFUSED, "there is no mount '%s'", v->mount);
  if (!cJSON_IsArray(json_get(r->json, "errors")))
    return error_set(e, ERR_UNSENT, "HTTP 404, but not Vault's: %s",
                     r->message[0] ? r->message : "no body");
  enum err err = vault_mount_check(v, e);
  if (err == ERR_OK)
    *ret = (struct present){0};
  return err;
}

static enum err deny(const struct vault_item *v, const char *part, const char *capabilities,
                     struct error *e) {
  size_t len = strlen(e->text);
  snprintf(e->text + len, sizeof e->text - len,
           "; does the token's policy have: path \"%s/%s/%s\" { capabilities = [%s] }?", v->mount,
           part, v->path, capabilities);
  return ERR_DENIED;
}

static enum err look_once(struct vault_item *v, struct present *ret, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  vault_path(v, "data", NULL, path, sizeof path);
  const struct vault_request q = {.method = "GET", .path = path};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK && r.status == 404)
    err = not_found(v, &r, ret, e);
  else if (err == ERR_OK) {
    err = vault_outcome(&q, &r, "read", e);
    if (err == ERR_OK)
      err = vault_expect_data(&r, "read", e);
    if (err == ERR_OK)
      err = take_present(&r, true, ret, e);
    else if (r.status == 403)
      err = deny(v, "data", "\"create\", \"read\", \"update\"", e);
  }
  vault_reply_clear(&r);
  return err;
}

static enum err read_present(struct vault_item *v, struct present *ret, struct error *e) {
  enum err err = v->ask_mount ? vault_mount_check(v, e) : ERR_OK;
  int64_t waited = 0, ms = 200;
  while (err == ERR_OK) {
    err = look_once(v, ret, e);
    bool behind = err == ERR_OK && v->item.stale_reads && (uint64_t)ret->number < v->seen;
    if (!behind || waited >= VAULT_LAG_MS || env_sleep_ms(v->env, ms) != ERR_OK)
      break;
    present_clear(ret);
    waited += ms;
    ms = ms < 1600 ? ms * 2 : ms;
  }
  if (err == ERR_OK)
    v->seen = (uint64_t)ret->number;
  return err;
}

static enum err kv2_read(struct store_item *it, struct store_record *ret,
                         struct store_version *ret_version, struct error *e) {
  struct vault_item *v = vault_item_of(it);
  struct present p = {0};
  enum err err = read_present(v, &p, e);
  if (err != ERR_OK)
    return err;
  if (!p.exists)
    err = error_set(e, ERR_MISSING, "there is no such secret");
  else if (p.destroyed)
    err = error_set(e, ERR_MISSING, "version %" PRId64 " is destroyed", p.number);
  else if (!p.alive)
    err = vault_deleted(v, p.number, p.dies, e);
  else if (p.dies[0])
    err = vault_dying(v, ERR_REFUSED, p.number, p.dies, e);
  else
    err = vault_fields_read(v, p.data, ret, e);
  *ret_version = p.version;
  present_clear(&p);
  return err;
}

// --- writing ---

static enum err take_written(struct vault_item *v, const struct vault_reply *r, int64_t cas,
                             struct store_version *ret, struct error *e) {
  int64_t number = 0;
  char dies[40];
  const cJSON *data = vault_reply_data(r);
  if (!json_int(data, "version", &number) || number != cas + 1 ||
      !version_format(number, json_text(data, "created_time"), true, ret))
    return error_set(e, ERR_UNSURE,
                     "the answer to the write bears no version that follows %" PRId64, cas);
  v->seen = (uint64_t)number;
  // It is written, and consumers have it for a while: no refusal, and no success either.
  return vault_deletion_time(data, dies) ? vault_dying(v, ERR_UNSURE, number, dies, e) : ERR_OK;
}

static enum err write_failed(struct vault_item *v, const struct vault_request *q,
                             const struct vault_reply *r, struct error *e) {
  enum err err = vault_outcome(q, r, "write", e);
  if (err == ERR_CONFLICT)
    return error_set(e, err, "somebody else wrote first");
  if (r->status == 404 && r->warned && vault_mount_check(v, e) != ERR_OK)
    return e->kind;
  return r->status == 403 ? deny(v, "data", "\"create\", \"read\", \"update\"", e) : err;
}

// Takes `data`.
static enum err send_write(struct vault_item *v, cJSON *data, int64_t cas,
                           struct store_version *ret, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  JSON_AUTO body = cJSON_CreateObject();
  cJSON *options = cJSON_AddObjectToObject(body, "options");
  if (!options || !cJSON_AddNumberToObject(options, "cas", (double)cas) ||
      !cJSON_AddItemToObject(body, "data", data)) {
    json_free(data);
    return error_no_memory(e);
  }
  vault_path(v, "data", NULL, path, sizeof path);
  const struct vault_request q = {.method = "POST", .path = path, .body = body, .write = true};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK && r.status != 200 && r.status != 204)
    err = write_failed(v, &q, &r, e);
  else if (err == ERR_OK)
    err = take_written(v, &r, cas, ret, e);
  vault_reply_clear(&r);
  return err;
}

static enum err merge(const struct vault_item *v, const struct store_record *r, struct present *p,
                      struct error *e) {
  char stamp[24];
  if (!p->data && !(p->data = cJSON_CreateObject()))
    return error_no_memory(e);
  snprintf(stamp, sizeof stamp, "%" PRIu64, r->stamp);
  enum err err = vault_fields_keepable(p->data, e);
  return err == ERR_OK
             ? vault_fields_write(v, r, v->item.kind == STORE_SINK ? stamp : "", p->data, e)
             : err;
}

static enum err kv2_write(struct store_item *it, const struct store_record *r,
                          const struct store_version *expect, struct store_version *ret_version,
                          struct error *e) {
  struct vault_item *v = vault_item_of(it);
  struct present p = {0};
  uint64_t expected = strtoull(expect->text, NULL, 10);
  if (expected > v->seen && expected < 1000000000)
    v->seen = expected; // from another item object; an older reading than that is a late one
  enum err err = read_present(v, &p, e);
  if (err == ERR_OK && strcmp(p.version.text, expect->text) != 0)
    err = error_set(e, ERR_CONFLICT, "the secret has another version than the one expected");
  if (err == ERR_OK)
    err = merge(v, r, &p, e);
  if (err == ERR_OK) {
    cJSON *data = p.data;
    p.data = NULL;
    err = send_write(v, data, p.number, ret_version, e);
  }
  present_clear(&p);
  return err;
}

// --- old versions ---

// The numbers of versions before the present one that still hold something; NULL without memory.
static cJSON *old_versions(const cJSON *data) {
  cJSON *list = cJSON_CreateArray();
  int64_t current = 0;
  const cJSON *m = NULL;
  if (!list || !json_int(data, "current_version", &current))
    return list;
  cJSON_ArrayForEach(m, json_get(data, "versions")) {
    int64_t number = strtoll(m->string, NULL, 10);
    if (number < 1 || number >= current || json_bool(m, "destroyed", false))
      continue;
    if (!cJSON_AddItemToArray(list, cJSON_CreateNumber((double)number)))
      return json_free(list);
  }
  return list;
}

static enum err list_old(struct vault_item *v, cJSON **ret, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  vault_path(v, "metadata", NULL, path, sizeof path);
  const struct vault_request q = {.method = "GET", .path = path};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK && r.status == 404 && cJSON_IsArray(json_get(r.json, "errors"))) {
    *ret = cJSON_CreateArray();
  } else if (err == ERR_OK) {
    err = vault_outcome(&q, &r, "list of versions", e);
    if (err == ERR_OK)
      err = vault_expect_data(&r, "list of versions", e);
    if (err == ERR_OK)
      *ret = old_versions(vault_reply_data(&r));
    else if (r.status == 403)
      err = deny(v, "metadata", "\"read\"", e);
  }
  if (err == ERR_OK && !*ret)
    err = error_no_memory(e);
  vault_reply_clear(&r);
  return err;
}

// Takes the list. Destroying what is destroyed is harmless, so it may be sent again.
static enum err destroy(struct vault_item *v, cJSON *list, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  JSON_AUTO body = cJSON_CreateObject();
  if (!body || !cJSON_AddItemToObject(body, "versions", list)) {
    json_free(list);
    return error_no_memory(e);
  }
  vault_path(v, "destroy", NULL, path, sizeof path);
  const struct vault_request q = {.method = "PUT", .path = path, .body = body};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK)
    err = vault_outcome(&q, &r, "destroy of old versions", e);
  if (err == ERR_DENIED && r.status == 403)
    err = deny(v, "destroy", "\"update\"", e);
  vault_reply_clear(&r);
  return err;
}

static enum err kv2_destroy_old(struct store_item *it, struct error *e) {
  struct vault_item *v = vault_item_of(it);
  cJSON *list = NULL;
  if (!v->destroy_old)
    return ERR_OK;
  enum err err = list_old(v, &list, e);
  if (err == ERR_OK && cJSON_GetArraySize(list) > 0)
    return destroy(v, list, e);
  json_free(list);
  return err;
}

const struct store_ops vault_kv2_ops = {
    .read = kv2_read,
    .write = kv2_write,
    .destroy_old = kv2_destroy_old,
    .check = vault_check,
    .free = vault_item_free,
};
