#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

void pairs_add(struct pairs *list, const char *name, const char *value) {
  list->items = util_realloc(list->items, (list->count + 1) * sizeof *list->items);
  list->items[list->count++] = (struct pair){util_dup(name), util_dup(value ? value : "")};
}

const char *pairs_get(const struct pairs *list, const char *name) {
  for (size_t i = 0; i < list->count; i++) {
    if (!strcasecmp(list->items[i].name, name))
      return list->items[i].value;
  }
  return NULL;
}

void pairs_free(struct pairs *list) {
  for (size_t i = 0; i < list->count; i++) {
    free(list->items[i].name);
    free(list->items[i].value);
  }
  free(list->items);
  *list = (struct pairs){0};
}

void pairs_parse_form(struct pairs *list, const char *form) {
  char *copy = util_dup(form), *rest = copy, *part;
  while ((part = strsep(&rest, "&"))) {
    if (!*part)
      continue;
    char *value = part, *name = strsep(&value, "=");
    util_unpercent(name, true);
    if (value)
      util_unpercent(value, true);
    pairs_add(list, name, value);
  }
  free(copy);
}

static void pairs_copy(struct pairs *to, const struct pairs *from) {
  for (size_t i = 0; i < from->count; i++)
    pairs_add(to, from->items[i].name, from->items[i].value);
}

static void split_path(struct req *r) {
  r->segment_store = util_dup(r->path);
  char *rest = r->segment_store, *part;
  while ((part = strsep(&rest, "/"))) {
    // Empty parts vanish: IBM's own clients write both /v1/serviceids and /v1/serviceids/.
    if (*part && r->segment_count < REQ_SEGMENTS)
      r->segments[r->segment_count++] = part;
  }
}

struct req *req_new(struct emu *emu, const char *method, const char *path) {
  struct req *r = util_alloc(sizeof *r);
  r->emu = emu;
  r->method = util_dup(method);
  r->path = util_dup(path);
  effects_init(&r->fx);
  split_path(r);
  return r;
}

struct req *req_copy(const struct req *r) {
  struct req *copy = req_new(r->emu, r->method, r->path);
  copy->host = util_dup(r->host);
  pairs_copy(&copy->headers, &r->headers);
  pairs_copy(&copy->query, &r->query);
  copy->body = util_alloc(r->body_len + 1);
  if (r->body_len)
    memcpy(copy->body, r->body, r->body_len);
  copy->body_len = r->body_len;
  copy->too_large = r->too_large;
  copy->coding_status = r->coding_status;
  copy->tls = r->tls;
  copy->imds = r->imds;
  copy->guid = util_dup(r->guid);
  copy->connection = r->connection;
  return copy;
}

void req_free(struct req *r) {
  if (!r)
    return;
  answer_clear(r);
  effects_free(&r->fx);
  pairs_free(&r->headers);
  pairs_free(&r->query);
  free(r->segment_store);
  free(r->method);
  free(r->path);
  free(r->host);
  free(r->guid);
  free(r->body);
  free(r);
}

const char *req_header(const struct req *r, const char *name) {
  return pairs_get(&r->headers, name);
}

const char *req_query(const struct req *r, const char *name) {
  return pairs_get(&r->query, name);
}

void req_lags(const struct req *r, long lags[LAG_COUNT]) {
  for (int i = 0; i < LAG_COUNT; i++)
    lags[i] = r->fx.lags[i] >= 0 ? r->fx.lags[i] : r->emu->settings.lags[i];
}

bool req_flag(const struct req *r, const char *query_name) {
  const char *value = req_query(r, query_name);
  return value && !strcasecmp(value, "true");
}

cJSON *req_json(struct req *r) {
  cJSON *json = r->body ? cJSON_ParseWithLength(r->body, r->body_len) : NULL;
  if (cJSON_IsObject(json))
    return json;
  cJSON_Delete(json);
  return NULL;
}

void answer_clear(struct req *r) {
  pairs_free(&r->answer.headers);
  free(r->answer.body);
  r->answer = (struct answer){0};
}

void answer_json(struct req *r, int status, cJSON *body) {
  r->answer.status = status;
  free(r->answer.body);
  r->answer.body = cJSON_PrintUnformatted(body);
  if (!r->answer.body)
    abort();
  r->answer.len = strlen(r->answer.body);
  r->answer.type = "application/json";
  cJSON_Delete(body);
}

void answer_text(struct req *r, int status, const char *type, const char *body) {
  r->answer.status = status;
  free(r->answer.body);
  r->answer.body = util_dup(body);
  r->answer.len = strlen(body);
  r->answer.type = type;
}

void answer_empty(struct req *r, int status) {
  r->answer.status = status;
}

void answer_header(struct req *r, const char *name, const char *value) {
  pairs_add(&r->answer.headers, name, value);
}

const char *json_text(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool json_true(const cJSON *object, const char *name) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
