// Service IDs. Deleting one takes its keys and policies along and ends its tokens at once.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authz.h"
#include "errors.h"
#include "iam_groups.h"
#include "iam_keys.h"
#include "iam_serviceids.h"
#include "journal.h"
#include "page.h"
#include "route.h"
#include "util.h"

static void add_time(cJSON *object, const char *name, int64_t ms) {
  char text[32];
  util_minute_time(text, ms);
  cJSON_AddStringToObject(object, name, text);
}

static cJSON *identity_json(const struct req *r, const struct identity *i) {
  cJSON *out = cJSON_CreateObject();
  char *crn =
      util_format("crn:v1:bluemix:public:iam-identity::a/%s::serviceid:%s", i->account->id, i->id);
  cJSON_AddItemToObject(out, "context", error_identity_context(r));
  cJSON_AddStringToObject(out, "id", i->id);
  cJSON_AddStringToObject(out, "iam_id", i->iam_id);
  cJSON_AddStringToObject(out, "entity_tag", i->tag.text);
  cJSON_AddStringToObject(out, "crn", crn);
  cJSON_AddBoolToObject(out, "locked", i->locked);
  add_time(out, "created_at", i->created_ms);
  add_time(out, "modified_at", i->modified_ms);
  cJSON_AddStringToObject(out, "account_id", i->account->id);
  cJSON_AddStringToObject(out, "name", i->name);
  if (i->description)
    cJSON_AddStringToObject(out, "description", i->description);
  group_add_id(r, out, i);
  if (i->instance_crns)
    cJSON_AddItemToObject(out, "unique_instance_crns", cJSON_Duplicate(i->instance_crns, true));
  if (req_flag(r, "include_history") && i->history)
    cJSON_AddItemToObject(out, "history", cJSON_Duplicate(i->history, true));
  free(crn);
  return out;
}

static const char *identity_field(const void *item, const char *name, bool *ret_known) {
  const struct identity *i = item;
  *ret_known = true;
  if (!strcmp(name, "name"))
    return i ? i->name : NULL;
  if (!strcmp(name, "description"))
    return i ? i->description : NULL;
  *ret_known = false;
  return NULL;
}

static int64_t identity_created(const void *item) {
  return ((const struct identity *)item)->created_ms;
}

static int64_t identity_modified(const void *item) {
  return ((const struct identity *)item)->modified_ms;
}

static cJSON *identity_list_item(struct req *r, const void *item) {
  cJSON *out = identity_json(r, item);
  cJSON_DeleteItemFromObject(out, "context");
  return out;
}

void serviceids_list(struct req *r) {
  static const struct page_kind kind = {"serviceids", identity_field, identity_created,
                                        identity_modified, identity_list_item};
  const char *account = req_query(r, "account_id"), *name = req_query(r, "name");
  const struct account *a =
      model_account(r->emu->model, account && *account ? account : r->session.account);
  const struct identity *caller = authz_caller(r);
  // A page token carries the account along.
  bool named = (account && *account) || req_query(r, "pagetoken");
  if (!a || (!named && r->emu->settings.list_needs_account)) {
    error_bad_request(r, "account_id: missing, or no such account.");
    return;
  }
  if (!caller || caller->account != a) {
    error_forbidden(r, "iam-identity.serviceid.get");
    return;
  }
  struct list shown = {0};
  for (size_t n = 0; n < a->identities.count; n++) {
    struct identity *i = a->identities.items[n];
    // Only those the caller may see: rights on one service ID show that one.
    if (i->kind == IDENTITY_SERVICE && !i->deleted && (!name || !strcmp(name, i->name)) &&
        !(r->fx.stale_list_ms && i->created_ms + r->fx.stale_list_ms > emu_now_ms(r->emu)) &&
        group_shows(r, i) && authz_identity(r, "serviceid.get", i, a))
      list_add(&shown, i);
  }
  if (group_query_ok(r, a))
    page_answer(r, &kind, &shown);
  free(shown.items);
}

// NULL: answered. `action` such as "serviceid.get".
static struct identity *find(struct req *r, const char *action) {
  struct identity *i = model_identity(r->emu->model, r->segments[2]);
  if (!i || i->kind != IDENTITY_SERVICE) {
    error_not_found(r, "ServiceId", r->segments[2]);
    return NULL;
  }
  if (!authz_identity(r, action, i, i->account)) {
    char *full = util_format("iam-identity.%s", action);
    error_forbidden(r, full);
    free(full);
    return NULL;
  }
  return i;
}

void serviceids_get(struct req *r) {
  const struct identity *i = find(r, "serviceid.get");
  if (!i)
    return;
  cJSON *body = identity_json(r, i);
  activity_json(r, body, i->last_authn_ms, i->authn_count);
  answer_header(r, "ETag", i->tag.text);
  answer_json(r, 200, body);
}

static void set_crns(struct identity *i, const cJSON *body) {
  const cJSON *crns = cJSON_GetObjectItem(body, "unique_instance_crns");
  if (!cJSON_IsArray(crns))
    return;
  cJSON_Delete(i->instance_crns);
  i->instance_crns = cJSON_Duplicate(crns, true);
}

static void create_in(struct req *r, struct account *a, const cJSON *body) {
  const cJSON *nested = cJSON_GetObjectItem(body, "apikey");
  const char *lock = req_header(r, "Entity-Lock");
  int64_t now = emu_now_ms(r->emu);
  struct identity *i =
      model_identity_add(r->emu->model, a, IDENTITY_SERVICE, NULL, json_text(body, "name"), now);
  text_set(&i->description, json_text(body, "description"));
  text_set(&i->created_by, r->session.iam_id);
  set_crns(i, body);
  bool with_key = cJSON_IsObject(nested), joined = group_join(r, i, body);
  struct key *k = with_key && joined ? key_create(r, i, nested) : NULL;
  if (!joined || (with_key && !k)) {
    i->deleted = true; // all or nothing; the error is answered already
    return;
  }
  i->locked = lock && !strcasecmp(lock, "true");
  history_add(&i->history, now, r->session.iam_id, r->session.account, "create", "created");
  journal_event(r, "iam-identity.account-serviceid.create", i->id, true);
  cJSON *out = identity_json(r, i);
  if (k)
    cJSON_AddItemToObject(out, "apikey", key_json(r, k, true, false));
  answer_header(r, "ETag", i->tag.text);
  answer_json(r, 201, out);
}

void serviceids_create(struct req *r) {
  cJSON *body = req_json(r);
  const char *account = json_text(body, "account_id"), *name = json_text(body, "name");
  struct account *a = account ? model_account(r->emu->model, account) : NULL;
  if (!a || !name || !*name)
    error_bad_request(r, "account_id or name: missing or not valid.");
  else if (!authz_identity(r, "serviceid.create", NULL, a))
    error_forbidden(r, "iam-identity.serviceid.create");
  else
    create_in(r, a, body);
  cJSON_Delete(body);
}

static void touch(struct req *r, struct identity *i, const char *action, bool time, bool tag) {
  int64_t now = emu_now_ms(r->emu);
  if (time)
    i->modified_ms = now;
  if (tag)
    tag_bump(&i->tag);
  history_add(&i->history, now, r->session.iam_id, r->session.account, action, action);
  journal_event(r, "iam-identity.account-serviceid.update", i->id, true);
}

void serviceids_update(struct req *r) {
  cJSON *body = req_json(r);
  struct identity *i = body ? find(r, "serviceid.update") : NULL;
  if (!body)
    error_bad_request(r, "The body is not a JSON object.");
  if (i && name_not_empty(r, body) && tag_matches(r, body, &i->tag)) {
    const char *name = json_text(body, "name"), *description = json_text(body, "description");
    if (i->locked) {
      error_locked(r, "ServiceId", i->id);
    } else {
      if (name && *name)
        text_set(&i->name, name);
      if (description)
        text_set(&i->description, *description ? description : NULL);
      set_crns(i, body);
      touch(r, i, "update", true, true);
      answer_header(r, "ETag", i->tag.text);
      answer_json(r, 200, identity_json(r, i));
    }
  }
  cJSON_Delete(body);
}

void serviceid_remove(struct req *r, struct identity *i) {
  static const long none[LAG_COUNT];
  int64_t now = emu_now_ms(r->emu);
  for (size_t n = 0; n < i->keys.count; n++) {
    struct key *k = i->keys.items[n];
    if (!k->deleted)
      key_delete(k, now, none);
  }
  for (size_t n = 0; n < i->policies.count; n++) {
    struct policy *p = i->policies.items[n];
    if (!p->deleted)
      policy_delete(p, now);
  }
  i->deleted = true;
  journal_event(r, "iam-identity.account-serviceid.delete", i->id, true);
}

void serviceids_delete(struct req *r) {
  struct identity *i = find(r, "serviceid.delete");
  if (!i)
    return;
  if (i->locked) {
    journal_event(r, "iam-identity.account-serviceid.delete", i->id, false);
    error_locked(r, "ServiceId", i->id);
    return;
  }
  serviceid_remove(r, i);
  answer_empty(r, 204);
}

void serviceid_lock(struct req *r, struct identity *i, bool locked) {
  const struct settings *s = &r->emu->settings;
  i->locked = locked;
  touch(r, i, locked ? "lock" : "unlock", s->lock_moves_modified_at, s->lock_moves_entity_tag);
}

static void set_lock(struct req *r, bool locked) {
  struct identity *i = find(r, "serviceid.lock");
  if (!i)
    return;
  if (i->locked == locked) {
    answer_already(r,
                   locked ? "The service ID is locked already." : "The service ID is not locked.");
    return;
  }
  serviceid_lock(r, i, locked);
  answer_empty(r, 204);
}

void serviceids_lock(struct req *r) {
  set_lock(r, true);
}

void serviceids_unlock(struct req *r) {
  set_lock(r, false);
}
