// Service IDs: needed to set a target up, and to find out the group in which an identity's keys are
// listed.
//
// An account may sort its service IDs into groups. A list without group_id shows the default group
// alone, and a service ID says its own only when asked (show_group_id).
#include <stdlib.h>
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

enum err iam_http_get_service_id(struct iam_http *h, const char *id, struct iam_service_id *ret,
                                 struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, WHAT_FIND, "GET", "/v1/serviceids");
  iam_url_segment(&call.url, id);
  iam_url_query(&call.url, "show_group_id", "true"); // left out unless asked for
  return read_one(h, &call, ret, e);
}

// --- by name -------------------------------------------------------------------------------------

struct search {
  const char *account, *name, *group; // group NULL: the default one
  struct iam_pages pages;
  struct iam_service_id *found;
  size_t n;
};

// Pages are cut by offset, so one may come twice.
static enum err take(struct search *s, const struct iam_service_id *one, struct error *e) {
  for (size_t i = 0; i < s->n; i++)
    if (strcmp(s->found[i].id, one->id) == 0)
      return ERR_OK;
  struct iam_service_id *found = reallocarray(s->found, s->n + 1, sizeof *found);
  if (!found)
    return error_no_memory(e);
  s->found = found;
  found[s->n++] = *one;
  return ERR_OK;
}

// The service filters by exact name; it is compared here again, since a filter that is passed over
// would give us anyone.
static enum err take_matches(struct search *s, const cJSON *page, struct error *e) {
  const cJSON *items = json_get(page, "serviceids"), *item;
  if (!cJSON_IsArray(items))
    return error_set(e, ERR_CORRUPT, "an answer without the list serviceids");
  cJSON_ArrayForEach(item, items) {
    struct iam_service_id one;
    enum err err = iam_decode_service_id(item, &one, e);
    if (!err && strcmp(one.name, s->name) == 0)
      err = take(s, &one, e);
    if (err)
      return err;
  }
  return ERR_OK;
}

static enum err search_page(struct iam_http *h, struct search *s, struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, WHAT_FIND, "GET", "/v1/serviceids");
  iam_url_query(&call.url, "account_id", s->account);
  iam_url_query(&call.url, "name", s->name);
  if (s->group)
    iam_url_query(&call.url, "group_id", s->group);
  iam_url_query(&call.url, "show_group_id", "true");
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

static enum err search_group(struct iam_http *h, struct search *s, const char *group,
                             struct error *e) {
  enum err err;
  s->group = group;
  s->pages = (struct iam_pages){0};
  do {
    err = search_page(h, s, e);
  } while (!err && s->pages.token[0]);
  return err;
}

static enum err search_each(struct iam_http *h, struct search *s, const cJSON *page,
                            struct error *e) {
  const cJSON *groups = json_get(page, "serviceid_groups"), *item;
  if (!cJSON_IsArray(groups))
    return error_set(e, ERR_CORRUPT, "an answer without the list serviceid_groups");
  cJSON_ArrayForEach(item, groups) {
    char group[IAM_ID_MAX];
    if (!json_copy_text(item, "id", group, sizeof group) || !group[0])
      return error_set(e, ERR_CORRUPT, "a group of service IDs without an id");
    enum err err = search_group(h, s, group, e);
    if (err)
      return err;
  }
  return ERR_OK;
}

// The groups beside the default one. Where the route is not there yet, there are none.
static enum err search_groups(struct iam_http *h, struct search *s, struct error *e) {
  IAM_CALL(call) =
      iam_call_begin(h, "list the groups of service IDs", "GET", "/v1/serviceid_groups");
  iam_url_query(&call.url, "account_id", s->account);
  JSON_AUTO page = NULL;
  enum err err = iam_call_send(h, &call, e);
  if (call.response.status == 404 || call.response.status == 405)
    return iam_report_as(ERR_OK, e);
  if (!err)
    err = iam_call_json(&call, &page, e);
  return err ? err : search_each(h, s, page, e);
}

// Names are looked for in all groups: one that is taken for missing is made a second time.
static enum err search_all(struct iam_http *h, struct search *s, struct error *e) {
  enum err err = search_group(h, s, NULL, e);
  if (err)
    return err;
  err = search_groups(h, s, e);
  if (s->n > 0 && (err == ERR_DENIED || err == ERR_REFUSED))
    return iam_report_as(ERR_OK, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    error_wrap(e,
               "no service ID named \"%s\" is seen in the default group of account %s, and it may "
               "be in another (write its id, ServiceId-…, to name it for certain)",
               s->name, s->account);
    return iam_report_as(ERR_DENIED, e);
  }
  if (!err && s->n == 0)
    err = error_set(e, ERR_MISSING, "no service ID named \"%s\" is seen in account %s", s->name,
                    s->account);
  return err;
}

static enum err find_by_name(struct iam_http *h, const char *account, const char *name,
                             struct iam_service_id *ret, size_t *ret_n, struct error *e) {
  struct search s = {.account = account, .name = name};
  enum err err = search_all(h, &s, e);
  if (!err) {
    *ret = s.found[0];
    *ret_n = s.n;
  }
  free(s.found);
  return err;
}

enum err iam_http_find_service_id(struct iam *c, const char *account, const char *name_or_id,
                                  struct iam_service_id *ret, size_t *ret_n, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  const char *id = text_starts(name_or_id, "iam-ServiceId-") ? name_or_id + 4 : name_or_id;
  if (!text_starts(id, "ServiceId-"))
    return find_by_name(h, account, name_or_id, ret, ret_n, e);
  enum err err = iam_http_get_service_id(h, id, ret, e);
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
