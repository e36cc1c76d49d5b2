// KV version 1: class C. There is no compare-and-set and no version: the last writer wins, and the
// caller holds the lock. So that an item's version changes with each write, even of the same value,
// the stamp's field holds a random text that is new each time; the version is a hash of all fields,
// which also tells a hand that changed one of them.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text_digest.h"

// The same whatever the order of the fields, which is the server's.
static enum err hash_fields(const cJSON *data, uint64_t *ret) {
  uint64_t sum = 0;
  const cJSON *m = NULL;
  cJSON_ArrayForEach(m, data) {
    SECRET_AUTO text = NULL;
    if (json_print(m, VAULT_DATA_MAX, &text) != ERR_OK)
      return ERR_CORRUPT;
    sum += text_hash64(m->string, strlen(m->string)) ^
           (text_hash64(secret_bytes(text), secret_len(text)) * 3);
  }
  *ret = sum;
  return ERR_OK;
}

static enum err version_of(const cJSON *data, struct store_version *ret, struct error *e) {
  uint64_t hash = 0;
  if (hash_fields(data, &hash) != ERR_OK)
    return error_set(e, ERR_CORRUPT, "the secret is too large");
  memset(ret, 0, sizeof(*ret));
  snprintf(ret->text, sizeof ret->text, "%016" PRIx64, hash);
  return ERR_OK;
}

static enum err deny(const struct vault_item *v, struct error *e) {
  size_t len = strlen(e->text);
  snprintf(e->text + len, sizeof e->text - len,
           "; does the token's policy have: path \"%s/%s\" { capabilities = [\"create\", \"read\","
           " \"update\"] }?",
           v->mount, v->path);
  return ERR_DENIED;
}

static enum err not_found(struct vault_item *v, const struct vault_reply *r, struct error *e) {
  if (r->said & VAULT_SAID_NO_MOUNT)
    return error_set(e, ERR_REFUSED, "there is no mount '%s'", v->mount);
  if (!r->warned && !cJSON_IsArray(json_get(r->json, "errors")))
    return error_set(e, ERR_UNSENT, "HTTP 404, but not Vault's: %s",
                     r->message[0] ? r->message : "no body");
  enum err err = vault_mount_check(v, e);
  if (err == ERR_OK && r->warned)
    return error_set(e, ERR_REFUSED, "the server says that the path is not one of KV version 1");
  return err == ERR_OK ? error_set(e, ERR_MISSING, "there is no such secret") : err;
}

// The fields; ERR_MISSING when there is no secret.
static enum err read_present(struct vault_item *v, cJSON **ret, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  vault_path(v, NULL, NULL, path, sizeof path);
  const struct vault_request q = {.method = "GET", .path = path};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK && r.status == 404) {
    err = not_found(v, &r, e);
  } else if (err == ERR_OK) {
    err = vault_outcome(&q, &r, "read", e);
    if (err == ERR_OK)
      err = vault_expect_data(&r, "read", e);
    if (err == ERR_OK)
      *ret = cJSON_DetachItemFromObjectCaseSensitive(r.json, "data");
    else if (r.status == 403)
      err = deny(v, e);
  }
  vault_reply_clear(&r);
  return err;
}

static enum err kv1_read(struct store_item *it, struct store_record *ret,
                         struct store_version *ret_version, struct error *e) {
  struct vault_item *v = vault_item_of(it);
  struct store_version version = {""};
  JSON_AUTO data = NULL;
  enum err err = read_present(v, &data, e);
  if (err == ERR_OK)
    err = version_of(data, &version, e);
  if (err == ERR_OK)
    err = vault_fields_read(v, data, ret, e);
  *ret_version = version;
  return err;
}

static enum err send_write(struct vault_item *v, const cJSON *data, struct error *e) {
  char path[VAULT_PATH_MAX * 2 + 64];
  struct vault_reply r = {0};
  vault_path(v, NULL, NULL, path, sizeof path);
  const struct vault_request q = {.method = "POST", .path = path, .body = data, .write = true};
  enum err err = vault_call(v->session, &q, &r, e);
  if (err == ERR_OK)
    err = vault_outcome(&q, &r, "write", e);
  if (err == ERR_DENIED && r.status == 403)
    err = deny(v, e);
  vault_reply_clear(&r);
  return err;
}

static enum err kv1_write(struct store_item *it, const struct store_record *r,
                          const struct store_version *expect, struct store_version *ret_version,
                          struct error *e) {
  struct vault_item *v = vault_item_of(it);
  JSON_AUTO data = NULL;
  uint64_t random = 0;
  char mark[24];
  (void)expect;
  enum err err = read_present(v, &data, e);
  if (err == ERR_MISSING) {
    // A write could make a secret of a mount that is another engine's: that was looked at.
    data = cJSON_CreateObject();
    err = data ? ERR_OK : error_no_memory(e);
  }
  if (err == ERR_OK)
    err = vault_fields_keepable(data, e);
  if (err == ERR_OK && env_random(v->env, &random, sizeof random) != ERR_OK)
    err = error_set(e, ERR_INTERNAL, "no random bytes");
  if (err != ERR_OK)
    return err;
  snprintf(mark, sizeof mark, "%016" PRIx64, random);
  err = vault_fields_write(v, r, mark, data, e);
  if (err == ERR_OK)
    err = send_write(v, data, e);
  return err == ERR_OK ? version_of(data, ret_version, e) : err;
}

const struct store_ops vault_kv1_ops = {
    .read = kv1_read,
    .write = kv1_write,
    .check = vault_check,
    .free = vault_item_free,
};
