// cJSON is lenient where we must not be: it takes "\u0000" (and cuts the C string there), raw
// control characters, and a thousand levels. A scan before it refuses these.
#include "rotator/base/json.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/wipe_alloc.h"

enum { DEEPEST = 64, MOSTLY_ENOUGH = 2048 };

struct scan {
  bool in_string, escaped;
  int depth;
};

static bool scan_in_string(struct scan *s, const char *at, size_t left) {
  if ((unsigned char)*at < 0x20)
    return false;
  if (s->escaped) {
    s->escaped = false;
    return !(left >= 5 && memcmp(at, "u0000", 5) == 0);
  }
  s->escaped = *at == '\\';
  s->in_string = *at != '"';
  return true;
}

static bool scan_between(struct scan *s, char c) {
  if (c == '"')
    s->in_string = true;
  else if (c == '{' || c == '[')
    s->depth++;
  else if (c == '}' || c == ']')
    s->depth--;
  return s->depth <= DEEPEST && ((unsigned char)c >= 0x20 || c == '\t' || c == '\n' || c == '\r');
}

static bool looks_sane(const char *bytes, size_t len) {
  struct scan s = {0};
  for (size_t i = 0; i < len; i++)
    if (!(s.in_string ? scan_in_string(&s, bytes + i, len - i) : scan_between(&s, bytes[i])))
      return false;
  return true;
}

static cJSON *parse(const char *bytes, size_t len) {
  if (!len || !looks_sane(bytes, len))
    return NULL;
  const char *end = NULL;
  cJSON *tree = cJSON_ParseWithLengthOpts(bytes, len, &end, false);
  if (!tree)
    return NULL;
  for (; end < bytes + len; end++)
    if (!strchr(" \t\r\n", *end))
      return json_free(tree);
  return tree;
}

static atomic_bool lost_memory;

void *json_malloc(size_t size) {
  void *p = wipe_malloc(size);
  if (!p)
    atomic_store(&lost_memory, true);
  return p;
}

enum err json_read(const char *bytes, size_t len, cJSON **ret) {
  size_t before = wipe_losses(); // cJSON does not say why it gave no tree
  cJSON *tree = parse(bytes, len);
  if (!tree)
    return wipe_losses() == before ? ERR_INVALID : ERR_INTERNAL;
  *ret = tree;
  return ERR_OK;
}

cJSON *json_parse(const char *bytes, size_t len) {
  return parse(bytes, len);
}

bool json_lost_memory(void) {
  return atomic_load(&lost_memory);
}

cJSON *json_free(cJSON *tree) {
  cJSON_Delete(tree);
  return NULL;
}

enum err json_print(const cJSON *tree, size_t limit, struct secret **ret) {
  char *text = cJSON_PrintBuffered(tree, MOSTLY_ENOUGH, false);
  if (!text)
    return ERR_INTERNAL;
  size_t len = strlen(text);
  struct secret *s = len <= limit ? secret_copy(text, len) : NULL;
  secret_wipe(text, len);
  cJSON_free(text);
  if (len > limit)
    return ERR_INVALID;
  if (!s)
    return ERR_INTERNAL;
  *ret = s;
  return ERR_OK;
}

const cJSON *json_get(const cJSON *o, const char *name) {
  const cJSON *found = NULL;
  if (!cJSON_IsObject(o))
    return NULL;
  for (const cJSON *m = o->child; m; m = m->next) {
    if (!m->string || strcmp(m->string, name) != 0)
      continue;
    if (found)
      return NULL;
    found = m;
  }
  return found;
}

const char *json_text(const cJSON *o, const char *name) {
  const cJSON *m = json_get(o, name);
  return cJSON_IsString(m) ? m->valuestring : NULL;
}

bool json_copy_text(const cJSON *o, const char *name, char *dst, size_t cap) {
  const char *text = json_text(o, name);
  if (text && strlen(text) < cap)
    return text_copy(dst, cap, text);
  if (cap)
    dst[0] = '\0';
  return false;
}

bool json_bool(const cJSON *o, const char *name, bool fallback) {
  const cJSON *m = json_get(o, name);
  return cJSON_IsBool(m) ? cJSON_IsTrue(m) : fallback;
}

bool json_int(const cJSON *o, const char *name, int64_t *ret) {
  static const double most = 9007199254740992.0; // 2^53
  const cJSON *m = json_get(o, name);
  if (!cJSON_IsNumber(m) || !(m->valuedouble >= -most && m->valuedouble <= most))
    return false;
  int64_t v = (int64_t)m->valuedouble;
  if ((double)v != m->valuedouble)
    return false;
  *ret = v;
  return true;
}

bool json_u64_text(const cJSON *o, const char *name, uint64_t *ret) {
  const char *text = json_text(o, name);
  size_t n = text ? strlen(text) : 0;
  if (!n || n > 20 || strspn(text, "0123456789") != n || (n > 1 && text[0] == '0'))
    return false;
  errno = 0;
  unsigned long long v = strtoull(text, NULL, 10);
  if (errno)
    return false;
  *ret = v;
  return true;
}

bool json_add_text(cJSON *o, const char *name, const char *text) {
  return !text || cJSON_AddStringToObject(o, name, text);
}

bool json_put_text(cJSON *o, const char *name, const char *text) {
  if (!name[0])
    return true;
  cJSON_DeleteItemFromObjectCaseSensitive(o, name);
  return !text[0] || cJSON_AddStringToObject(o, name, text);
}

bool json_add_int(cJSON *o, const char *name, int64_t v) {
  return cJSON_AddNumberToObject(o, name, (double)v) != NULL;
}

bool json_add_u64_text(cJSON *o, const char *name, uint64_t v) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)v);
  return cJSON_AddStringToObject(o, name, text) != NULL;
}

bool json_append(cJSON *list, cJSON *item) {
  bool given = list && item && cJSON_AddItemToArray(list, item);
  if (!given)
    json_free(item);
  return given;
}

bool json_put(cJSON *o, const char *name, cJSON *item) {
  bool given = o && item && cJSON_AddItemToObject(o, name, item);
  if (!given)
    json_free(item);
  return given;
}

struct secret *json_secret(const cJSON *o, const char *name) {
  const char *text = json_text(o, name);
  return text && *text ? secret_copy_text(text) : NULL;
}

static bool is_exact(double d) {
  char text[40];
  if (!isfinite(d) || fabs(d) >= 9007199254740992.0)
    return false;
  snprintf(text, sizeof text, "%1.15g", d);
  return strtod(text, NULL) == d;
}

const cJSON *json_inexact(const cJSON *tree) {
  if (cJSON_IsNumber(tree))
    return is_exact(tree->valuedouble) ? NULL : tree;
  const cJSON *found = NULL;
  for (const cJSON *m = tree ? tree->child : NULL; m && !found; m = m->next)
    found = json_inexact(m);
  return found;
}
