// Policies v2: who may send logs to which instance.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_call.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_pages.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define SENDER "crn:v1:bluemix:public:logs::::serviceRole:Sender"

static enum err first_covering(const cJSON *page, const struct iam_want *want,
                               struct iam_policy *ret, struct error *e) {
  const cJSON *items = json_get(page, "policies"), *item;
  if (!cJSON_IsArray(items))
    return error_set(e, ERR_CORRUPT, "an answer without the list policies");
  cJSON_ArrayForEach(item, items) {
    struct iam_policy policy;
    enum err err = iam_decode_policy(item, want, &policy, e);
    if (err)
      return err;
    if (policy.covers) {
      *ret = policy;
      return ERR_OK;
    }
  }
  return ERR_MISSING;
}

// One page. ERR_MISSING: none on this one; pages says whether there are more. No filter by service:
// a policy on all services covers logs too. No page size either, since its limits are not
// published.
static enum err search_page(struct iam_http *h, struct iam_pages *pages,
                            const struct iam_want *want, struct iam_policy *ret, struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, "look for a policy with Sender", "GET", "/v2/policies");
  iam_url_query(&call.url, "account_id", want->account);
  iam_url_query(&call.url, "iam_id", want->iam_id);
  iam_url_query(&call.url, "type", "access");
  if (pages->token[0])
    iam_url_query(&call.url, "start", pages->token);
  JSON_AUTO page = NULL;
  enum err err = iam_call_send(h, &call, e);
  if (!err)
    err = iam_call_json(&call, &page, e);
  if (err) // a 404 for the list itself is not an empty list
    return err == ERR_MISSING ? iam_report_as(ERR_REFUSED, e) : err;
  err = first_covering(page, want, ret, e);
  if (err == ERR_MISSING && iam_pages_next(pages, page, e))
    err = ERR_CORRUPT;
  if (err && err != ERR_MISSING)
    error_wrap(e, "%s", call.what);
  return err;
}

static enum err find_sender(struct iam_http *h, const struct iam_want *want, struct iam_policy *ret,
                            struct error *e) {
  struct iam_pages pages = {0};
  enum err err;
  do {
    err = search_page(h, &pages, want, ret, e);
  } while (err == ERR_MISSING && pages.token[0]);
  if (err == ERR_MISSING)
    return error_set(e, err, "no policy is seen that lets %s send logs to instance %s",
                     want->iam_id, want->instance);
  return err;
}

enum err iam_http_find_sender(struct iam *c, const char *account, const char *iam_id,
                              const char *instance_guid, struct iam_policy *ret, struct error *e) {
  const struct iam_want want = {account, iam_id, instance_guid};
  return find_sender(iam_http_of(c), &want, ret, e);
}

// Appends an empty object; NULL without memory.
static cJSON *append_object(cJSON *list) {
  cJSON *o = cJSON_CreateObject();
  if (o && cJSON_AddItemToArray(list, o))
    return o;
  return json_free(o);
}

static bool add_attribute(cJSON *list, const char *key, const char *value) {
  cJSON *a = append_object(list);
  return json_add_text(a, "key", key) && json_add_text(a, "operator", "stringEquals") &&
         json_add_text(a, "value", value);
}

// NULL without memory: a grant without its attributes would be a broader one.
static cJSON *grant_body(const struct iam_want *w) {
  cJSON *o = cJSON_CreateObject();
  bool made = json_add_text(o, "type", "access") &&
              json_add_text(o, "description", "Log ingestion; made by rotator");
  cJSON *subject = cJSON_AddArrayToObject(cJSON_AddObjectToObject(o, "subject"), "attributes");
  cJSON *grant = cJSON_AddObjectToObject(cJSON_AddObjectToObject(o, "control"), "grant");
  cJSON *roles = cJSON_AddArrayToObject(grant, "roles");
  cJSON *resource = cJSON_AddArrayToObject(cJSON_AddObjectToObject(o, "resource"), "attributes");
  made = made && add_attribute(subject, "iam_id", w->iam_id) &&
         json_add_text(append_object(roles), "role_id", SENDER) &&
         add_attribute(resource, "accountId", w->account) &&
         add_attribute(resource, "serviceName", "logs") &&
         add_attribute(resource, "serviceInstance", w->instance);
  return made ? o : json_free(o);
}

static enum err read_policy(struct iam_http *h, struct iam_call *call, const struct iam_want *want,
                            struct iam_policy *ret, struct error *e) {
  JSON_AUTO root = NULL;
  enum err err = iam_call_send(h, call, e);
  if (!err)
    err = iam_call_json(call, &root, e);
  if (err)
    return err;
  err = iam_decode_policy(root, want, ret, e);
  if (err)
    error_wrap(e, "%s", call->what);
  return err;
}

static enum err get_policy(struct iam_http *h, const char *id, const struct iam_want *want,
                           struct iam_policy *ret, struct error *e) {
  IAM_CALL(call) = iam_call_begin(h, "look at a policy", "GET", "/v2/policies");
  iam_url_segment(&call.url, id);
  return read_policy(h, &call, want, ret, e);
}

enum err iam_http_get_policy(struct iam *c, const char *id, struct iam_policy *ret,
                             struct error *e) {
  const struct iam_want anything = {0};
  return get_policy(iam_http_of(c), id, &anything, ret, e);
}

// The policy that stands in the way, as the service shows it: an object on the wire, text by its
// schema (JSON, or an id).
static bool conflicting(struct iam_http *h, const struct iam_call *call,
                        const struct iam_want *want, struct iam_policy *ret) {
  JSON_AUTO root = json_parse(secret_bytes(call->response.body), secret_len(call->response.body));
  const cJSON *errors = json_get(root, "errors");
  const cJSON *details = json_get(cJSON_IsArray(errors) ? errors->child : NULL, "details");
  const cJSON *with = json_get(details, "conflicts_with"), *policy = json_get(with, "policy");
  const char *text = cJSON_IsString(policy) ? policy->valuestring : NULL;
  JSON_AUTO parsed = text ? json_parse(text, strlen(text)) : NULL;
  if (cJSON_IsObject(parsed))
    policy = parsed;
  if (cJSON_IsObject(policy) && iam_decode_policy(policy, want, ret, NULL) == ERR_OK && ret->covers)
    return true;
  const char *id = cJSON_IsObject(policy) ? json_text(policy, "id") : text;
  return id && text_is_uuid(id) && get_policy(h, id, want, ret, NULL) == ERR_OK && ret->covers;
}

enum err iam_http_grant_sender(struct iam *c, const char *account, const char *iam_id,
                               const char *instance_guid, struct iam_policy *ret, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  const struct iam_want want = {account, iam_id, instance_guid};
  struct iam_policy found = {0};
  IAM_CALL(call) = iam_call_begin(h, "grant Sender", "POST", "/v2/policies");
  // A second try is refused as a conflict with the first, so a replay is safe.
  enum err err = iam_call_body(&call, grant_body(&want), e);
  if (!err)
    err = read_policy(h, &call, &want, ret, e);
  if (err != ERR_EXISTS)
    return err;
  // A broader policy is a conflict too. Where the answer does not show it, the list may.
  if (!conflicting(h, &call, &want, &found) && find_sender(h, &want, &found, NULL))
    return err;
  *ret = found;
  return iam_report_as(ERR_OK, e);
}
