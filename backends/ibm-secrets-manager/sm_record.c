// A record in a version of a secret. The value is the payload of an arbitrary secret, or a field of
// a kv one, whose other fields stay. What stands beside the value is in version_custom_metadata,
// which travels in the same write and which every Reader sees: never the value, nor anything made
// of it.
//
//   {"rotator_write":"6b0c…","rotator_key_id":"ApiKey-…","rotator_key_name":"…",
//    "rotator_created":"…"}
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define META "version_custom_metadata"
#define WRITE "rotator_write"
#define KEY_ID "rotator_key_id"
#define KEY_NAME "rotator_key_name"
#define CREATED "rotator_created"

// --- reading -------------------------------------------------------------------------------------

static enum err take_value(const struct sm_item *k, const cJSON *version, struct secret **ret,
                           struct error *e) {
  const cJSON *holder = k->kv ? json_get(version, "data") : version;
  const char *name = k->kv ? k->field[SM_VALUE] : "payload";
  const cJSON *m = json_get(holder, name);
  if (!json_bool(version, "payload_available", true))
    return error_set(e, k->item.kind == STORE_HOME ? ERR_REFUSED : ERR_MISSING,
                     "its newest version has no value any more (expired, or wiped)");
  if (k->kv && !cJSON_IsObject(holder))
    return error_set(e, ERR_CORRUPT, "the answer holds no fields");
  if (!m && !k->kv)
    return error_set(e, ERR_CORRUPT, "the answer holds no payload");
  if (!m || (cJSON_IsString(m) && !m->valuestring[0]))
    return error_set(e, ERR_MISSING, "'%s' is absent or empty", name);
  if (!cJSON_IsString(m))
    return error_set(e, ERR_CORRUPT, "'%s' is no text", name);
  *ret = json_secret(holder, name);
  return *ret ? ERR_OK : error_no_memory(e);
}

enum err sm_record_read(const struct sm_item *k, const cJSON *version, struct store_record *ret,
                        struct error *e) {
  const cJSON *meta = json_get(version, META);
  enum err err = take_value(k, version, &ret->value, e);
  if (err != ERR_OK || k->item.kind == STORE_HOME)
    return err;
  json_copy_text(meta, KEY_ID, ret->key_id, sizeof ret->key_id);
  json_copy_text(meta, KEY_NAME, ret->key_name, sizeof ret->key_name);
  const char *created = json_text(meta, CREATED);
  if (!created || text_parse_time(created, &ret->created_s) != ERR_OK)
    ret->created_s = 0;
  return store_value_check(ret->value, ERR_CORRUPT, e);
}

bool sm_record_is_marked(const cJSON *version, const char *mark) {
  const char *text = json_text(json_get(version, META), WRITE);
  return text && strcmp(text, mark) == 0;
}

// --- writing -------------------------------------------------------------------------------------

static const char *or_null(const char *text) {
  return *text ? text : NULL;
}

static bool add_metadata(cJSON *body, const struct sm_item *k, const struct store_record *r,
                         const char *created, const char *mark) {
  cJSON *meta = cJSON_AddObjectToObject(body, META);
  bool sink = k->item.kind == STORE_SINK;
  return meta && json_add_text(meta, WRITE, mark) &&
         json_add_text(meta, KEY_ID, sink ? or_null(r->key_id) : NULL) &&
         json_add_text(meta, KEY_NAME, sink ? or_null(r->key_name) : NULL) &&
         json_add_text(meta, CREATED, sink ? or_null(created) : NULL);
}

static bool add_fields(cJSON *body, const struct sm_item *k, const struct store_record *r,
                       const char *created, const cJSON *current) {
  const cJSON *old = json_get(current, "data");
  cJSON *data = cJSON_IsObject(old) ? cJSON_Duplicate(old, true) : cJSON_CreateObject();
  if (!data || !cJSON_AddItemToObject(body, "data", data)) {
    json_free(data);
    return false;
  }
  return json_put_text(data, k->field[SM_VALUE], secret_bytes(r->value)) &&
         json_put_text(data, k->field[SM_KEY_ID], r->key_id) &&
         json_put_text(data, k->field[SM_KEY_NAME], r->key_name) &&
         json_put_text(data, k->field[SM_CREATED], created);
}

static bool add_secret(cJSON *body, const struct sm_item *k) {
  return json_add_text(body, "name", k->name) && json_add_text(body, "secret_type", sm_type(k)) &&
         json_add_text(body, "secret_group_id", or_null(k->group_id)) &&
         json_add_text(body, "description",
                       k->item.kind == STORE_SINK ? "API key, kept by rotator"
                                                  : "State of rotator, as secret as the key");
}

// Foreign fields are written again, and must not be changed by that.
static enum err check_keepable(const cJSON *current, struct error *e) {
  char name[41] = "";
  const cJSON *m = json_inexact(json_get(current, "data"));
  if (!m)
    return ERR_OK;
  if (m->string)
    text_printable(name, sizeof name, m->string, strlen(m->string));
  return error_set(e, ERR_REFUSED,
                   "field '%s' is a number that would be changed by writing it again: keep it as a"
                   " text, or give the key a secret of its own",
                   name);
}

static enum err make_mark(const struct sm_item *k, char mark[20], struct error *e) {
  uint64_t number = 0;
  if (env_random(k->env, &number, sizeof number) != ERR_OK)
    return error_set(e, ERR_INTERNAL, "no random bytes");
  snprintf(mark, 20, "%016" PRIx64, number);
  return ERR_OK;
}

enum err sm_record_write(const struct sm_item *k, const struct store_record *r,
                         const cJSON *current, char ret_mark[20], cJSON **ret, struct error *e) {
  char created[32] = "";
  enum err err = make_mark(k, ret_mark, e);
  if (err == ERR_OK && k->kv)
    err = check_keepable(current, e);
  if (err != ERR_OK)
    return err;
  if (r->created_s > 0)
    text_format_time(created, sizeof created, r->created_s);
  cJSON *body = cJSON_CreateObject();
  if (body && add_metadata(body, k, r, created, ret_mark) && (current || add_secret(body, k)) &&
      (k->kv ? add_fields(body, k, r, created, current)
             : json_add_text(body, "payload", secret_bytes(r->value)))) {
    *ret = body;
    return ERR_OK;
  }
  json_free(body);
  return error_no_memory(e);
}
