#include "rotator/engine/state_field.h"

#include <string.h>

#include "rotator/base/secret.h"

static size_t field_count(const struct field *f) {
  size_t n = 0;
  while (f[n].name)
    n++;
  return n;
}

bool field_put(cJSON *o, const struct field *f, const void *p) {
  switch (f->type) {
  case F_U64:
    return json_add_u64_text(o, f->name, *(const uint64_t *)p);
  case F_I64:
    return cJSON_AddNumberToObject(o, f->name, (double)*(const int64_t *)p);
  case F_UINT:
    return cJSON_AddNumberToObject(o, f->name, *(const unsigned *)p);
  case F_BOOL:
    return cJSON_AddBoolToObject(o, f->name, *(const bool *)p);
  case F_TEXT:
    return cJSON_AddStringToObject(o, f->name, p);
  case F_SECRET:
    break;
  }
  return cJSON_AddStringToObject(o, f->name, secret_bytes(*(struct secret *const *)p));
}

bool fields_put(cJSON *o, const struct field *fields, const void *from) {
  for (const struct field *f = fields; f->name; f++)
    if (!field_put(o, f, (const char *)from + f->offset))
      return false;
  return true;
}

bool fields_take(const cJSON *o, const struct field *fields, size_t more, void *to,
                 const char **ret_bad) {
  *ret_bad = "member count";
  if (!cJSON_IsObject(o) || (size_t)cJSON_GetArraySize(o) != field_count(fields) + more)
    return false;
  for (const struct field *f = fields; f->name; f++) {
    void *p = (char *)to + f->offset;
    int64_t number = 0;
    bool ok = false;
    switch (f->type) {
    case F_U64:
      ok = json_u64_text(o, f->name, p);
      break;
    case F_I64:
      ok = json_int(o, f->name, p);
      break;
    case F_UINT:
      ok = json_int(o, f->name, &number) && number >= 0 && number <= 1000000;
      *(unsigned *)p = ok ? (unsigned)number : 0;
      break;
    case F_BOOL:
      ok = cJSON_IsBool(json_get(o, f->name));
      *(bool *)p = json_bool(o, f->name, false);
      break;
    case F_TEXT:
      ok = json_copy_text(o, f->name, p, f->size);
      break;
    case F_SECRET:
      *(struct secret **)p = json_secret(o, f->name);
      ok = json_text(o, f->name) && (*(struct secret **)p || !*json_text(o, f->name));
      break;
    }
    bool no_memory = f->type == F_SECRET && !ok && json_text(o, f->name);
    *ret_bad = no_memory ? NULL : f->name;
    if (!ok)
      return false;
  }
  return true;
}

static bool same_field(const struct field *f, const void *a, const void *b) {
  switch (f->type) {
  case F_TEXT:
    return strcmp(a, b) == 0;
  case F_SECRET:
    return strcmp(secret_bytes(*(struct secret *const *)a),
                  secret_bytes(*(struct secret *const *)b)) == 0;
  default:
    return memcmp(a, b, f->size) == 0;
  }
}

bool fields_same(const struct field *fields, const void *a, const void *b) {
  for (const struct field *f = fields; f->name; f++)
    if (!same_field(f, (const char *)a + f->offset, (const char *)b + f->offset))
      return false;
  return true;
}
