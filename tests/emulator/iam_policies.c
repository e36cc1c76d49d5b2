// Policies, v1 and v2 on one set of data.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "iam_keys.h"
#include "journal.h"
#include "policy.h"
#include "route.h"
#include "util.h"

static void policy_error(struct req *r, int status, const char *code, const char *message) {
  struct error e = {.status = status, .code = code, .message = message};
  error_reply(r, &e);
}

static bool query_equals(const struct req *r, const char *name, const char *have) {
  const char *want = req_query(r, name);
  return !want || !*want || (have && !strcmp(want, have));
}

static bool wanted(const struct req *r, const struct policy *p, const char *account) {
  bool group = !strcmp(p->subject_key, "access_group_id");
  return policy_visible(p, emu_now_ms(r->emu)) && !strcmp(p->account->id, account) &&
         query_equals(r, "iam_id", group ? NULL : p->subject) &&
         query_equals(r, "access_group_id", group ? p->subject : NULL) &&
         query_equals(r, "type", p->type) &&
         query_equals(r, "service_name", policy_attribute(p, "serviceName")) &&
         query_equals(r, "service_type", policy_attribute(p, "serviceType")) &&
         authz_policy_read(r, p);
}

static void add_link(struct req *r, cJSON *body, const char *name, const char *start) {
  struct sbuf url = {0};
  const char *host = req_header(r, "Host");
  sbuf_addf(&url, "%s://%s%s?", r->tls ? "https" : "http", host ? host : "localhost", r->path);
  for (size_t i = 0; i < r->query.count; i++) {
    if (strcmp(r->query.items[i].name, "start")) {
      char *value = util_percent(r->query.items[i].value);
      sbuf_addf(&url, "%s=%s&", r->query.items[i].name, value);
      free(value);
    }
  }
  cJSON *link = cJSON_AddObjectToObject(body, name);
  if (start) {
    sbuf_addf(&url, "start=%s&", start);
    cJSON_AddStringToObject(link, "start", start);
  }
  url.data[url.len - 1] = '\0';
  cJSON_AddStringToObject(link, "href", url.data);
  free(url.data);
}

// start is the id of the first policy of the page.
static void answer_policies(struct req *r, const struct list *all, const char *account) {
  const char *limit_text = req_query(r, "limit"), *start = req_query(r, "start");
  long limit = limit_text ? strtol(limit_text, NULL, 10) : 0, shown = 0;
  bool started = !start || !*start;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_CreateArray();
  if (limit > 0) {
    cJSON_AddNumberToObject(body, "limit", (double)limit);
    add_link(r, body, "first", NULL);
  }
  for (size_t i = 0; i < all->count; i++) {
    const struct policy *p = all->items[i];
    started = started || !strcmp(start, p->id);
    if (!started || !wanted(r, p, account))
      continue;
    if (limit > 0 && shown == limit) {
      add_link(r, body, "next", p->id);
      break;
    }
    cJSON_AddItemToArray(list, policy_json(r, p, policy_is_v2(r)));
    shown++;
  }
  cJSON_AddItemToObject(body, "policies", list);
  answer_json(r, 200, body);
}

void policies_list(struct req *r) {
  const char *account = req_query(r, "account_id"), *iam_id = req_query(r, "iam_id");
  const char *limit = req_query(r, "limit");
  if (!account || !*account) {
    policy_error(r, 400, "missing_required_query_parameter", "account_id is required.");
    return;
  }
  if (limit && (strtol(limit, NULL, 10) < 1 || strtol(limit, NULL, 10) > 100)) {
    policy_error(r, 400, "invalid_body", "limit: 1 to 100.");
    return;
  }
  const struct account *a = model_account(r->emu->model, account);
  const struct identity *of = iam_id ? model_identity(r->emu->model, iam_id) : NULL;
  static const struct list nothing;
  answer_policies(r, of ? &of->policies : a ? &a->policies : &nothing, account);
}

// NULL: answered. Somebody without rights gets what somebody with a wrong id gets, unless writing.
static struct policy *find(struct req *r, bool write) {
  const char *id = r->segments[2];
  struct policy *p = model_policy(r->emu->model, id);
  bool patch = !strcmp(r->method, "PATCH");
  if (!p || (!patch && !policy_visible(p, emu_now_ms(r->emu)))) {
    error_not_found(r, "Policy", id);
    return NULL;
  }
  if (write ? !authz_policy_write(r, p) : !authz_policy_read(r, p)) {
    error_forbidden(r, write ? "iam-access-management.policy.update"
                             : "iam-access-management.policy.read");
    return NULL;
  }
  return p;
}

static void answer_policy(struct req *r, int status, const struct policy *p) {
  answer_header(r, "ETag", p->tag.text);
  answer_json(r, status, policy_json(r, p, policy_is_v2(r)));
}

void policies_get(struct req *r) {
  const struct policy *p = find(r, false);
  if (p)
    answer_policy(r, 200, p);
}

static void answer_conflict(struct req *r, const struct policy *p) {
  cJSON *body = cJSON_CreateObject(), *error = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "trace", r->transaction);
  cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "errors"), error);
  cJSON_AddStringToObject(error, "code", "policy_conflict_error");
  cJSON_AddStringToObject(error, "message", "A policy with these roles and resources exists.");
  cJSON *with =
      cJSON_AddObjectToObject(cJSON_AddObjectToObject(error, "details"), "conflicts_with");
  cJSON_AddStringToObject(with, "etag", p->tag.text);
  cJSON_AddItemToObject(with, "policy", policy_json(r, p, policy_is_v2(r)));
  cJSON_AddNumberToObject(body, "status_code", 409);
  answer_json(r, 409, body);
}

static bool subject_locked(struct req *r, const char *subject) {
  const struct identity *i = model_identity(r->emu->model, subject);
  if (!i || !i->locked)
    return false;
  error_locked(r, "ServiceId", i->id);
  return true;
}

// Body to draft, with everything checked that does not depend on the policy's age. False: answered.
static bool read_draft(struct req *r, struct policy_draft *d, const struct policy *self) {
  cJSON *body = req_json(r);
  const char *wrong = body ? policy_parse(body, policy_is_v2(r), d) : "not a JSON object";
  cJSON_Delete(body);
  if (wrong) {
    policy_error(r, 400, "invalid_body", wrong);
    return false;
  }
  for (size_t i = 0; i < d->roles.count; i++) {
    if (!policy_role_known(r->emu->model, d->roles.items[i])) {
      policy_error(r, 404, "role_not_found", "A role_id names no role.");
      goto refused;
    }
  }
  struct account *a = model_account(r->emu->model, policy_draft_attribute(d, "accountId"));
  if (!a) {
    policy_error(r, 400, "invalid_body", "accountId: no such account.");
    goto refused;
  }
  // Users are not looked up: the vendor's own tests grant to users who do not exist.
  bool ours = !strncmp(d->subject, "iam-", 4);
  const struct identity *subject = model_identity(r->emu->model, d->subject);
  if (ours && (!subject || strcmp(subject->iam_id, d->subject))) {
    policy_error(r, 400, "invalid_body", "subject: no such iam_id.");
    goto refused;
  }
  if (subject_locked(r, d->subject))
    goto refused;
  struct policy probe = {.account = a, .attributes = d->attributes, .roles = d->roles};
  if (!authz_policy_write(r, &probe)) {
    error_forbidden(r, self ? "iam-access-management.policy.update"
                            : "iam-access-management.policy.create");
    goto refused;
  }
  for (size_t i = 0; i < a->policies.count; i++) {
    if (a->policies.items[i] != self && policy_covers(a->policies.items[i], d)) {
      answer_conflict(r, a->policies.items[i]);
      goto refused;
    }
  }
  return true;
refused:
  policy_draft_free(d);
  return false;
}

static void stamp(struct req *r, struct policy *p) {
  p->modified_ms = emu_now_ms(r->emu);
  p->confers = authz_can_confer(r->emu, authz_caller(r), p);
  text_set(&p->modified_by, r->session.iam_id);
}

void policies_create(struct req *r) {
  struct policy_draft d;
  long lags[LAG_COUNT];
  const char *type = req_header(r, "Content-Type");
  if (type && strncmp(type, "application/json", 16)) {
    policy_error(r, 415, "unsupported_content_type", "The content type must be application/json.");
    return;
  }
  if (!read_draft(r, &d, NULL))
    return;
  struct account *a = model_account(r->emu->model, policy_draft_attribute(&d, "accountId"));
  struct policy *p = model_policy_add(r->emu->model, a, d.subject, emu_now_ms(r->emu));
  policy_adopt(p, &d);
  text_set(&p->created_by, r->session.iam_id);
  stamp(r, p);
  req_lags(r, lags);
  p->get_lag = lags[LAG_POLICY_GET];
  p->enforce_lag = lags[LAG_POLICY_ENFORCE];
  journal_event(r, "iam-am.policy.create", p->id, true);
  answer_policy(r, 201, p);
}

void policies_update(struct req *r) {
  struct policy *p = find(r, true);
  struct policy_draft d;
  if (!p || subject_locked(r, p->subject) || !tag_matches(r, NULL, &p->tag) ||
      !read_draft(r, &d, p))
    return;
  if (strcmp(d.subject, p->subject)) {
    policy_error(r, 400, "invalid_body", "The subject of a policy cannot be changed.");
    policy_draft_free(&d);
    return;
  }
  policy_adopt(p, &d);
  stamp(r, p);
  tag_bump(&p->tag);
  journal_event(r, "iam-am.policy.update", p->id, true);
  answer_policy(r, 200, p);
}

// v1 only: {"state": "active"} brings a deleted policy back.
void policies_patch(struct req *r) {
  struct policy *p = find(r, true);
  if (!p || subject_locked(r, p->subject) || !tag_matches(r, NULL, &p->tag))
    return;
  cJSON *body = req_json(r);
  const char *state = json_text(body, "state");
  if (!state || (strcmp(state, "active") && strcmp(state, "deleted"))) {
    policy_error(r, 400, "invalid_body", "state: active or deleted.");
  } else {
    p->deleted = !strcmp(state, "deleted");
    p->deleted_ms = emu_now_ms(r->emu);
    stamp(r, p);
    tag_bump(&p->tag);
    journal_event(r, "iam-am.policy.update", p->id, true);
    answer_policy(r, 200, p);
  }
  cJSON_Delete(body);
}

void policies_delete(struct req *r) {
  struct policy *p = find(r, true);
  long lags[LAG_COUNT];
  if (!p || subject_locked(r, p->subject))
    return;
  req_lags(r, lags);
  policy_delete(p, emu_now_ms(r->emu));
  p->removed_lag = lags[LAG_POLICY_REMOVED];
  journal_event(r, "iam-am.policy.delete", p->id, true);
  answer_empty(r, 204);
}
