// Service IDs: needed to set a target up, never to rotate a key.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_call.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_pages.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define WHAT_FIND "find a service ID"

static enum err read_one(struct iam_http *h, struct iam_call *call, struct iam_service_id *ret,
                         struct error *e) {
  JSON_AUTO root = NULL;
  enum err err = iam_call_send(h, call, e);
  if (!err)
    err = iam_call_json(call, &root, e);
  if (err)
    return err;
  err = iam_decode_service_id(root, ret, e);
  if (err)
    error_wrap(e, "%s", call->what);
  return err;
}

static enum err find_by_id(struct iam_http *h, const char *id, struct iam_service_id *ret,
                           struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, WHAT_FIND, "GET", "/v1/serviceids");
  iam_url_segment(&call.url, id);
  return read_one(h, &call, ret, e);
}

struct search {
  const char *account, *name;
  struct iam_pages pages;
  struct iam_service_id first;
  size_t n;
};

// The service filters by exact name; it is compared here again, since a filter that is passed over
// would give us anyone.
static enum err take_matches(struct search *s, const cJSON *page, struct error *e) {
  const cJSON *items = json_get(page, "serviceids"), *item;
  if (!cJSON_IsArray(items))
    return error_set(e, ERR_CORRUPT, "an answer without the list serviceids");
  cJSON_ArrayForEach(item, items) {
    struct iam_service_id one;
    enum err err = iam_decode_service_id(item, &one, e);
    if (err)
      return err;
    if (strcmp(one.name, s->name) || (s->n > 0 && strcmp(one.id, s->first.id) == 0))
      continue;
    if (s->n++ == 0)
      s->first = one;
  }
  return ERR_OK;
}

static enum err search_page(struct iam_http *h, struct search *s, struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, WHAT_FIND, "GET", "/v1/serviceids");
  iam_url_query(&call.url, "account_id", s->account);
  iam_url_query(&call.url, "name", s->name);
  iam_url_query(&call.url, "pagesize", "100");
  if (s->pages.token[0])
    iam_url_query(&call.url, "pagetoken", s->pages.token);
  JSON_AUTO page = NULL;
  enum err err = iam_call_send(h, &call, e);
  if (!err)
    err = iam_call_json(&call, &page, e);
  if (err) // a 404 for the list itself is not an empty list
    return err == ERR_MISSING ? iam_report_as(ERR_REFUSED, e) : err;
  err = take_matches(s, page, e);
  if (!err)
    err = iam_pages_next(&s->pages, page, e);
  if (err)
    error_wrap(e, "%s", call.what);
  return err;
}

static enum err find_by_name(struct iam_http *h, const char *account, const char *name,
                             struct iam_service_id *ret, size_t *ret_n, struct error *e) {
  struct search s = {.account = account, .name = name};
  enum err err;
  do {
    err = search_page(h, &s, e);
  } while (!err && s.pages.token[0]);
  if (err)
    return err;
  if (s.n == 0)
    return error_set(e, ERR_MISSING, "no service ID named \"%s\" is seen in account %s", name,
                     account);
  *ret = s.first;
  *ret_n = s.n;
  return ERR_OK;
}

enum err iam_http_find_service_id(struct iam *c, const char *account, const char *name_or_id,
                                  struct iam_service_id *ret, size_t *ret_n, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  const char *id = text_starts(name_or_id, "iam-ServiceId-") ? name_or_id + 4 : name_or_id;
  if (!text_starts(id, "ServiceId-"))
    return find_by_name(h, account, name_or_id, ret, ret_n, e);
  enum err err = find_by_id(h, id, ret, e);
  if (!err)
    *ret_n = 1;
  return err;
}

static cJSON *create_body(const char *account, const char *name, const char *description) {
  cJSON *o = cJSON_CreateObject();
  bool made = json_add_text(o, "account_id", account) && json_add_text(o, "name", name) &&
              json_add_text(o, "description", description);
  return made ? o : json_free(o);
}

enum err iam_http_create_service_id(struct iam *c, const char *account, const char *name,
                                    const char *description, struct iam_service_id *ret,
                                    struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "create a service ID", "POST", "/v1/serviceids");
  call.replay = HTTP_REPLAY_NEVER; // names are not unique: a second try would make a twin
  enum err err = iam_call_body(&call, create_body(account, name, description), e);
  return err ? err : read_one(h, &call, ret, e);
}
