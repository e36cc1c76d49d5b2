// Looking at API keys.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_call.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_pages.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define PAGE_SIZE "100" // the most that IAM gives; its default is 20

struct listing {
  const char *account, *iam_id, *group; // group "": the default one
  struct iam_pages pages;
  struct iam_key_list list;
};

static enum err list_page(struct iam_http *h, struct listing *l, struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, "list API keys", "GET", "/v1/apikeys");
  iam_url_query(&call.url, "account_id", l->account);
  iam_url_query(&call.url, "iam_id", l->iam_id);
  if (l->group[0])
    iam_url_query(&call.url, "group_id", l->group);
  iam_url_query(&call.url, "pagesize", PAGE_SIZE);
  if (l->pages.token[0])
    iam_url_query(&call.url, "pagetoken", l->pages.token);
  JSON_AUTO page = NULL;
  enum err err = iam_call_send(h, &call, e);
  if (!err)
    err = iam_call_json(&call, &page, e);
  if (err) // a 404 for the list itself is not an empty list
    return err == ERR_MISSING ? iam_report_as(ERR_REFUSED, e) : err;
  err = iam_decode_key_page(page, iam_http_now_s(h), &l->list, e);
  if (!err)
    err = iam_pages_next(&l->pages, page, e);
  if (err)
    error_wrap(e, "%s", call.what);
  return err;
}

static enum err list_group(struct iam_http *h, struct listing *l, const char *group,
                           struct error *e) {
  enum err err;
  l->group = group;
  l->pages = (struct iam_pages){0};
  do {
    err = list_page(h, l, e);
  } while (!err && l->pages.token[0]);
  return err;
}

static const char *known_group(const struct iam_http *h, const char *iam_id) {
  size_t n = h->n_grouped < IAM_GROUPED_MAX ? h->n_grouped : IAM_GROUPED_MAX;
  for (size_t i = 0; i < n; i++)
    if (strcmp(h->grouped[i].iam_id, iam_id) == 0)
      return h->grouped[i].group;
  return "";
}

static const char *keep_group(struct iam_http *h, const char *iam_id, const char *group) {
  struct iam_grouped *g = &h->grouped[h->n_grouped++ % IAM_GROUPED_MAX];
  text_copy(g->iam_id, sizeof g->iam_id, iam_id);
  text_copy(g->group, sizeof g->group, group);
  return g->group;
}

// A list without group_id shows the default group alone. All keys of an identity are in its own
// group; so a list that shows one is whole, and an empty one is believed when the service ID says
// that it is in no group.
static enum err judge_empty(struct iam_http *h, struct listing *l, struct error *e) {
  struct iam_service_id id = {0};
  if (!text_starts(l->iam_id, "iam-ServiceId-"))
    return ERR_OK; // users are in no group
  enum err err = iam_http_get_service_id(h, l->iam_id + strlen("iam-"), &id, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    error_wrap(e, "the list of its keys is empty, and in which group of service IDs it is can't be "
                  "read");
    return iam_report_as(ERR_DENIED, e);
  }
  if (err) // gone: what was asked about is not there, which is no list
    return err == ERR_MISSING ? iam_report_as(ERR_REFUSED, e) : err;
  return id.group[0] ? list_group(h, l, keep_group(h, l->iam_id, id.group), e) : ERR_OK;
}

// IAM lists a user's keys for that user alone, and answers 400 to others. Which 400 is not
// published, so the reason is found by the token that was refused.
static enum err judge_user(struct iam *c, const char *iam_id, enum err err, struct error *e) {
  struct iam_token me = {0};
  if ((err != ERR_DENIED && err != ERR_REFUSED) || !iam_is_user(iam_id) ||
      c->ops->whoami(c, &me, NULL) != ERR_OK)
    return err;
  bool same = strcmp(me.iam_id, iam_id) == 0;
  if (!same)
    error_wrap(e,
               "only the user %s can list, make and delete that user's keys, and the management "
               "key is one of %s",
               iam_id, me.iam_id);
  iam_token_clear(&me);
  return same ? err : iam_report_as(ERR_DENIED, e);
}

enum err iam_http_list(struct iam *c, const char *account, const char *iam_id,
                       struct iam_key_list *ret, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  struct listing l = {.account = account, .iam_id = iam_id};
  const char *group = known_group(h, iam_id);
  enum err err = list_group(h, &l, group, e);
  if (!err && l.list.n == 0 && !group[0])
    err = judge_empty(h, &l, e);
  if (err) {
    iam_key_list_clear(&l.list);
    return judge_user(c, iam_id, err, e);
  }
  *ret = l.list;
  return ERR_OK;
}

// Sends and decodes one key. The entity tag is in the body, and in a header where the body leaves
// it out.
static enum err read_key(struct iam_http *h, struct iam_call *call, struct iam_key *ret,
                         struct error *e) {
  JSON_AUTO root = NULL;
  enum err err = iam_call_send(h, call, e);
  if (!err)
    err = iam_call_json(call, &root, e);
  if (err)
    return err;
  err = iam_decode_key(root, iam_http_now_s(h), ret, e);
  if (err)
    error_wrap(e, "%s", call->what);
  else if (!ret->entity_tag[0])
    text_copy(ret->entity_tag, sizeof ret->entity_tag, call->response.etag);
  return err;
}

enum err iam_http_get(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                      struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "look at an API key", "GET", "/v1/apikeys");
  iam_url_segment(&call.url, id);
  if (activity)
    iam_url_query(&call.url, "include_activity", "true");
  return read_key(h, &call, ret, e);
}

enum err iam_http_find_by_value(struct iam *c, const struct secret *value, struct iam_key *ret,
                                struct error *e) {
  struct iam_http *h = iam_http_of(c);
  // What can't be sent as a key is no key's value: an answer, so that a spoilt sink is recognised.
  if (iam_value_check(value, e))
    return iam_report_as(ERR_MISSING, e);
  IAM_CALL(call) = iam_call_begin(h, "find the API key of a value", "GET", "/v1/apikeys/details");
  iam_call_header(&call, (struct http_header){.name = "IAM-ApiKey", .secret = value});
  call.hide = value;
  enum err err = read_key(h, &call, ret, e);
  if (err == ERR_REFUSED && iam_fault_unknown_value(call.response.status, &call.fault))
    return iam_report_as(ERR_MISSING, e);
  return err;
}

// Added to IAM in 2026: where the route is not there yet, any 404 says so.
enum err iam_http_key_limit(struct iam *c, const char *account, const char *iam_id,
                            int64_t *ret_limit, int64_t *ret_count, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "read the limit of API keys", "GET", "/v1/accounts");
  iam_url_segment(&call.url, account);
  text_buf_add(&call.url, "/limits/identity");
  iam_url_query(&call.url, "apikeys_per_identity", iam_id);
  JSON_AUTO root = NULL;
  enum err err = iam_call_send(h, &call, e);
  if (!err)
    err = iam_call_json(&call, &root, e);
  if (!err && iam_decode_limit(root, iam_id, ret_limit, ret_count, e)) {
    error_wrap(e, "%s", call.what);
    return ERR_CORRUPT;
  }
  if (err == ERR_REFUSED && (call.response.status == 404 || call.response.status == 405))
    return iam_report_as(ERR_MISSING, e);
  return err;
}
