// API keys: reading. Writing is in iam_keys_write.c.
#include "iam_keys.h"

#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "iam_groups.h"
#include "page.h"
#include "route.h"
#include "util.h"

static void add_time(cJSON *object, const char *name, int64_t ms) {
  char text[32];
  util_minute_time(text, ms);
  cJSON_AddStringToObject(object, name, text);
}

static void add_optional(cJSON *object, const char *name, const char *value) {
  if (value)
    cJSON_AddStringToObject(object, name, value);
}

cJSON *key_json(const struct req *r, const struct key *k, bool show_value, bool history) {
  cJSON *out = cJSON_CreateObject();
  char *crn = util_format("crn:v1:bluemix:public:iam-identity::a/%s::apikey:%s",
                          k->owner->account->id, k->id);
  cJSON_AddItemToObject(out, "context", error_identity_context(r));
  cJSON_AddStringToObject(out, "id", k->id);
  cJSON_AddStringToObject(out, "entity_tag", k->tag.text);
  cJSON_AddStringToObject(out, "crn", crn);
  cJSON_AddBoolToObject(out, "locked", k->locked);
  cJSON_AddBoolToObject(out, "disabled", k->disabled);
  add_time(out, "created_at", k->created_ms);
  add_optional(out, "created_by", k->created_by ? k->created_by : k->owner->iam_id);
  add_time(out, "modified_at", k->modified_ms);
  cJSON_AddStringToObject(out, "name", k->name);
  add_optional(out, "description", k->description);
  cJSON_AddStringToObject(out, "iam_id", k->owner->iam_id);
  cJSON_AddStringToObject(out, "account_id", k->owner->account->id);
  if (show_value || k->store_value)
    cJSON_AddStringToObject(out, "apikey", k->value);
  else if (r->emu->settings.empty_apikey)
    cJSON_AddStringToObject(out, "apikey", "");
  cJSON_AddBoolToObject(out, "support_sessions", k->support_sessions);
  cJSON_AddStringToObject(out, "action_when_leaked", key_leak_action(r->emu, k));
  if (k->expires_ms)
    add_time(out, "expires_at", k->expires_ms);
  if (history && k->history)
    cJSON_AddItemToObject(out, "history", cJSON_Duplicate(k->history, true));
  free(crn);
  return out;
}

void activity_json(const struct req *r, cJSON *object, int64_t last_authn_ms,
                   unsigned long authn_count) {
  if (!req_flag(r, "include_activity"))
    return;
  cJSON *activity = cJSON_AddObjectToObject(object, "activity");
  if (last_authn_ms)
    add_time(activity, "last_authn", last_authn_ms);
  cJSON_AddNumberToObject(activity, "authn_count", (double)authn_count);
}

static void answer_key(struct req *r, const struct key *k) {
  cJSON *body = key_json(r, k, false, req_flag(r, "include_history"));
  activity_json(r, body, k->last_authn_ms, k->authn_count);
  answer_header(r, "ETag", k->tag.text);
  answer_json(r, 200, body);
}

void keys_get(struct req *r) {
  const char *id = r->segments[2];
  const struct key *k = model_key(r->emu->model, id);
  if (!k || !key_visible(k, VIEW_GET, emu_now_ms(r->emu), 0))
    error_not_found(r, "ApiKey", id);
  else if (!authz_identity(r, "apikey.get", k->owner, k->owner->account))
    error_forbidden(r, "iam-identity.apikey.get");
  else
    answer_key(r, k);
}

// A key answers for itself: whoever holds the value and a token of the same identity, or may read
// the identity's keys.
void keys_details(struct req *r) {
  const char *value = req_header(r, "IAM-ApiKey");
  if (!value || !*value) {
    error_bad_request(r, "The header IAM-ApiKey is missing.");
    return;
  }
  const struct key *k = model_key_by_value(r->emu->model, value);
  if (!k || !key_visible(k, VIEW_GET, emu_now_ms(r->emu), 0))
    error_not_found(r, "ApiKey", "(by value)");
  else if (authz_caller(r) != k->owner &&
           !authz_identity(r, "apikey.get", k->owner, k->owner->account))
    error_forbidden(r, "iam-identity.apikey.get");
  else
    answer_key(r, k);
}

static const char *key_field(const void *item, const char *name, bool *ret_known) {
  const struct key *k = item;
  *ret_known = true;
  if (!strcmp(name, "name"))
    return k ? k->name : NULL;
  if (!strcmp(name, "description"))
    return k ? k->description : NULL;
  if (!strcmp(name, "created_by"))
    return k ? k->created_by : NULL;
  if (!strcmp(name, "id"))
    return k ? k->id : NULL;
  *ret_known = false;
  return NULL;
}

static int64_t key_created(const void *item) {
  return ((const struct key *)item)->created_ms;
}

static cJSON *key_list_item(struct req *r, const void *item) {
  const struct key *k = item;
  cJSON *out = key_json(r, k, false, req_flag(r, "include_history"));
  cJSON_DeleteItemFromObject(out, "context");
  return out;
}

static void answer_list(struct req *r, const struct account *a, const struct list *all,
                        const char *type) {
  static const struct page_kind kind = {"apikeys", key_field, key_created, NULL, key_list_item};
  int64_t now = emu_now_ms(r->emu);
  struct list shown = {0};
  for (size_t i = 0; i < all->count; i++) {
    struct key *k = all->items[i];
    bool user = k->owner->kind == IDENTITY_USER;
    if (!k->owner->deleted && key_visible(k, VIEW_LIST, now, r->fx.stale_list_ms) &&
        (!type || user == !strcmp(type, "user")) && group_shows(r, k->owner))
      list_add(&shown, k);
  }
  if (group_query_ok(r, a))
    page_answer(r, &kind, &shown);
  free(shown.items);
}

static void list_account(struct req *r) {
  const char *account_id = req_query(r, "account_id"), *type = req_query(r, "type");
  const struct account *a =
      model_account(r->emu->model, account_id ? account_id : r->session.account);
  if (!a || (type && strcmp(type, "user") && strcmp(type, "serviceid")))
    error_bad_request(r, "Invalid account_id or type.");
  else if (!authz_identity(r, "apikey.list", NULL, a))
    error_forbidden(r, "iam-identity.apikey.list");
  else
    answer_list(r, a, &a->keys, type);
}

void keys_list(struct req *r) {
  const char *iam_id = req_query(r, "iam_id"), *account_id = req_query(r, "account_id");
  const char *scope = req_query(r, "scope");
  if (scope && strcmp(scope, "entity") && strcmp(scope, "account")) {
    error_bad_request(r, "scope: valid values are [entity, account].");
    return;
  }
  if (scope && !strcmp(scope, "account")) {
    list_account(r);
    return;
  }
  const struct identity *caller = authz_caller(r);
  const struct identity *of = iam_id && *iam_id ? model_identity(r->emu->model, iam_id) : caller;
  if (!of || strcmp(of->iam_id, iam_id && *iam_id ? iam_id : of->iam_id))
    error_bad_request(r, "The iam_id does not name an identity.");
  else if (of->kind == IDENTITY_USER && of != caller)
    error_bad_request(r, "IAM ID does not match the token");
  else if (account_id && *account_id && strcmp(account_id, of->account->id))
    error_bad_request(r, "The account_id is not the account of the iam_id.");
  else if (!authz_identity(r, "apikey.list", of, of->account))
    error_forbidden(r, "iam-identity.apikey.list");
  else
    answer_list(r, of->account, &of->keys, NULL);
}
