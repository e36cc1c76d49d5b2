// A record in the fields of a secret. Fields of other hands are kept as they are: what cJSON could
// not write again exactly is refused, and nothing is written.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

static void copy_text(const struct vault_item *v, const cJSON *data, enum vault_field f, char *dst,
                      size_t cap) {
  if (v->field[f][0])
    json_copy_text(data, v->field[f], dst, cap);
}

static enum err take_value(const struct vault_item *v, const cJSON *data, struct secret **ret,
                           struct error *e) {
  const char *name = v->field[FIELD_VALUE];
  const cJSON *m = json_get(data, name);
  if (!m || (cJSON_IsString(m) && !m->valuestring[0]))
    return error_set(e, ERR_MISSING, "field '%s' is absent or empty", name);
  if (!cJSON_IsString(m))
    return error_set(e, ERR_CORRUPT, "field '%s' is no text", name);
  *ret = json_secret(data, name);
  return *ret ? ERR_OK : error_no_memory(e);
}

enum err vault_fields_read(const struct vault_item *v, const cJSON *data, struct store_record *ret,
                           struct error *e) {
  struct store_record r = {0};
  char created[40] = "";
  enum err err = take_value(v, data, &r.value, e);
  if (err != ERR_OK)
    return err;
  if (v->item.kind == STORE_SINK) {
    copy_text(v, data, FIELD_ID, r.key_id, sizeof r.key_id);
    copy_text(v, data, FIELD_NAME, r.key_name, sizeof r.key_name);
    copy_text(v, data, FIELD_CREATED, created, sizeof created);
    if (!created[0] || text_parse_time(created, &r.created_s) != ERR_OK)
      r.created_s = 0;
    if (v->item.class == STORE_CLASS_A) // in class C the field holds something else
      json_u64_text(data, v->field[FIELD_STAMP], &r.stamp);
    err = store_value_check(r.value, ERR_CORRUPT, e);
  }
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  return err;
}

enum err vault_fields_write(const struct vault_item *v, const struct store_record *r,
                            const char *stamp, cJSON *data, struct error *e) {
  char created[40] = "";
  if (r->created_s > 0)
    text_format_time(created, sizeof created, r->created_s);
  if (json_put_text(data, v->field[FIELD_VALUE], secret_bytes(r->value)) &&
      json_put_text(data, v->field[FIELD_ID], r->key_id) &&
      json_put_text(data, v->field[FIELD_NAME], r->key_name) &&
      json_put_text(data, v->field[FIELD_CREATED], created) &&
      json_put_text(data, v->field[FIELD_STAMP], stamp))
    return ERR_OK;
  return error_no_memory(e);
}

enum err vault_fields_keepable(const cJSON *data, struct error *e) {
  char name[41] = "";
  const cJSON *m = json_inexact(data);
  if (!m)
    return ERR_OK;
  if (m->string)
    text_printable(name, sizeof name, m->string, strlen(m->string));
  return error_set(e, ERR_REFUSED,
                   "field '%s' is a number that would be changed by writing it again: keep it as a"
                   " text, or give the key a secret of its own",
                   name);
}
