#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "util.h"

#define PAGE_DEFAULT 20
#define PAGE_MAX 100

struct order {
  const struct page_kind *kind;
  const char *by;
  bool descending;
};

static int compare_items(const void *a, const void *b, void *arg) {
  const struct order *o = arg;
  const void *left = *(void *const *)a, *right = *(void *const *)b;
  bool known;
  int result;
  if (!strcmp(o->by, "created_at") || !strcmp(o->by, "modified_at")) {
    int64_t (*when)(const void *) = *o->by == 'c' ? o->kind->created : o->kind->modified;
    int64_t l = when(left), r = when(right);
    result = (l > r) - (l < r);
  } else {
    const char *l = o->kind->field(left, o->by, &known), *r = o->kind->field(right, o->by, &known);
    result = strcmp(l ? l : "", r ? r : "");
  }
  return o->descending ? -result : result;
}

static bool sort_list(struct req *r, const struct page_kind *kind, struct list *list) {
  const char *by = req_query(r, "sort"), *direction = req_query(r, "order");
  struct order o = {kind, by, direction && !strcasecmp(direction, "desc")};
  const char *const allowed[] = {"name", "description", "created_at",
                                 kind->modified ? "modified_at" : "created_by"};
  if (direction && strcasecmp(direction, "desc") && strcasecmp(direction, "asc"))
    return false;
  if (!by || !*by)
    return true;
  bool known = false;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    known |= !strcmp(by, allowed[i]);
  if (known && list->count)
    qsort_r(list->items, list->count, sizeof *list->items, compare_items, &o);
  return known;
}

static bool filter_list(struct req *r, const struct page_kind *kind, struct list *list) {
  const char *text = req_query(r, "filter");
  size_t kept = 0;
  bool match;
  if (!text || !*text)
    return true;
  // A wrong filter is wrong on an empty list too; attributes answer to NULL.
  if (!filter_match(text, kind->field, NULL, &match))
    return false;
  for (size_t i = 0; i < list->count; i++) {
    if (filter_match(text, kind->field, list->items[i], &match) && match)
      list->items[kept++] = list->items[i];
  }
  list->count = kept;
  return true;
}

static char *make_token(long offset, long limit) {
  char *plain =
      util_format("{\"direction\":\"next\",\"offset\":%ld,\"pagesize\":%ld}", offset, limit);
  char *token = util_b64url(plain, strlen(plain));
  free(plain);
  return token;
}

static bool read_token(const char *token, long *ret_offset, long *ret_limit) {
  size_t len;
  char *plain = (char *)util_unb64url(token, strlen(token), &len);
  cJSON *json = plain ? cJSON_ParseWithLength(plain, len) : NULL;
  const cJSON *offset = cJSON_GetObjectItem(json, "offset");
  const cJSON *limit = cJSON_GetObjectItem(json, "pagesize");
  bool ok = cJSON_IsNumber(offset) && cJSON_IsNumber(limit) && offset->valueint >= 0 &&
            limit->valueint >= 1 && limit->valueint <= PAGE_MAX;
  if (ok) {
    *ret_offset = offset->valueint;
    *ret_limit = limit->valueint;
  }
  cJSON_Delete(json);
  free(plain);
  return ok;
}

static bool read_position(struct req *r, long *ret_offset, long *ret_limit) {
  const char *size = req_query(r, "pagesize"), *token = req_query(r, "pagetoken");
  char *end;
  *ret_offset = 0;
  *ret_limit = PAGE_DEFAULT;
  if (token && *token && !read_token(token, ret_offset, ret_limit))
    return false;
  if (size && *size) {
    *ret_limit = strtol(size, &end, 10);
    return !*end && *ret_limit >= 1 && *ret_limit <= PAGE_MAX;
  }
  return true;
}

// A full URL to the same list at another place. offset < 0: no token, the first page.
static void add_link(struct req *r, cJSON *body, const char *name, long offset, long limit) {
  struct sbuf url = {0};
  const char *host = req_header(r, "Host");
  sbuf_addf(&url, "%s://%s%s?", r->tls ? "https" : "http", host ? host : "localhost", r->path);
  for (size_t i = 0; i < r->query.count; i++) {
    const struct pair *q = &r->query.items[i];
    if (!strcmp(q->name, "pagetoken"))
      continue;
    char *value = util_percent(q->value);
    sbuf_addf(&url, "%s=%s&", q->name, value);
    free(value);
  }
  if (offset >= 0) {
    char *token = make_token(offset, limit);
    sbuf_addf(&url, "pagetoken=%s&", token);
    free(token);
  }
  url.data[url.len - 1] = '\0';
  cJSON_AddStringToObject(body, name, url.data);
  free(url.data);
}

void page_answer(struct req *r, const struct page_kind *kind, struct list *list) {
  long offset, limit;
  if (!read_position(r, &offset, &limit) || !sort_list(r, kind, list) ||
      !filter_list(r, kind, list)) {
    error_bad_request(r, "Invalid pagesize, pagetoken, sort, order or filter.");
    return;
  }
  cJSON *body = cJSON_CreateObject();
  cJSON_AddItemToObject(body, "context", error_identity_context(r));
  cJSON_AddNumberToObject(body, "offset", (double)offset);
  cJSON_AddNumberToObject(body, "limit", (double)limit);
  add_link(r, body, "first", -1, limit);
  if (offset > 0)
    add_link(r, body, "previous", offset > limit ? offset - limit : 0, limit);
  if ((size_t)(offset + limit) < list->count)
    add_link(r, body, "next", offset + limit, limit);
  cJSON *items = cJSON_AddArrayToObject(body, kind->name);
  for (size_t i = (size_t)offset; i < list->count && i < (size_t)(offset + limit); i++)
    cJSON_AddItemToArray(items, kind->render(r, list->items[i]));
  answer_json(r, 200, body);
}
