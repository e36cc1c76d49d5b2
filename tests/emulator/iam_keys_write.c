// API keys: create, update, lock, disable, delete.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authz.h"
#include "errors.h"
#include "iam_keys.h"
#include "journal.h"
#include "route.h"
#include "util.h"

#define OWN_VALUE_MIN 32

bool tag_matches(struct req *r, const cJSON *body, const struct tag *tag) {
  const char *given = req_header(r, "If-Match");
  if (!given || !*given)
    given = json_text(body, "entity_tag");
  if (!given) {
    error_bad_request(r, "The header If-Match is missing.");
    return false;
  }
  size_t len = strlen(given);
  bool quoted = len >= 2 && given[0] == '"' && given[len - 1] == '"';
  if (!strcmp(given, "*") || !strcmp(given, tag->text) ||
      (quoted && len == strlen(tag->text) + 2 && !strncmp(given + 1, tag->text, len - 2)))
    return true;
  struct error e = {.status = r->emu->settings.stale_tag_status,
                    .code = r->family == FAMILY_POLICY ? "policy_conflict_error" : "conflict",
                    .message_code = "BXNIM9004E",
                    .message = "The entity was changed in the meantime: the entity tag is stale."};
  error_reply(r, &e);
  return false;
}

void error_locked(struct req *r, const char *type, const char *id) {
  char *details = util_format("Object type '%s' with ID '%s' is locked.", type, id);
  struct error e = {.status = r->emu->settings.locked_status,
                    .code = "entity_locked",
                    .message_code = "BXNIM9005E",
                    .message = "The entity is locked",
                    .details = details};
  error_reply(r, &e);
  free(details);
}

void answer_already(struct req *r, const char *message) {
  struct error e = {
      .status = 409, .code = "conflict", .message_code = "BXNIM9006E", .message = message};
  if (r->emu->settings.already_status == 409)
    error_reply(r, &e);
  else
    answer_empty(r, r->emu->settings.already_status);
}

bool name_not_empty(struct req *r, const cJSON *body) {
  const char *name = json_text(body, "name");
  if (name && !*name)
    error_bad_request(r, "name: must not be empty.");
  return !name || *name;
}

const char *key_leak_action(const struct emu *emu, const struct key *k) {
  if (k->action_when_leaked)
    return k->action_when_leaked;
  return k->owner->kind == IDENTITY_USER ? emu->settings.user_leak_action
                                         : emu->settings.service_leak_action;
}

static bool valid_action(const char *action) {
  return !strcmp(action, "none") || !strcmp(action, "disable") || !strcmp(action, "delete");
}

static bool text_or_absent(const cJSON *body, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
  return !item || cJSON_IsString(item) || cJSON_IsNull(item);
}

// The members that create and update share. An empty string clears.
static bool check_members(struct req *r, const cJSON *body, int64_t *ret_expires) {
  const char *expires = json_text(body, "expires_at"),
             *action = json_text(body, "action_when_leaked");
  *ret_expires = 0;
  if (!text_or_absent(body, "name") || !text_or_absent(body, "description") ||
      !text_or_absent(body, "apikey") || !text_or_absent(body, "expires_at")) {
    error_bad_request(r, "A member has the wrong type.");
    return false;
  }
  if (action && *action && !valid_action(action)) {
    error_bad_request(r, "action_when_leaked: valid values are [none, disable, delete].");
    return false;
  }
  if (expires && *expires && !util_parse_time(expires, ret_expires)) {
    error_bad_request(r, "expires_at: not a valid time.");
    return false;
  }
  return true;
}

static bool check_value(struct req *r, const char *value) {
  const struct key *other = model_key_by_value(r->emu->model, value);
  if (strlen(value) < OWN_VALUE_MIN) {
    error_bad_request(r, "apikey: the value must have at least 32 characters.");
    return false;
  }
  if (other && !other->deleted) {
    struct error e = {.status = r->emu->settings.duplicate_value_status,
                      .code = "conflict",
                      .message_code = "BXNIM9001E",
                      .message = "apikey: the value is in use already."};
    error_reply(r, &e);
    return false;
  }
  return true;
}

static bool check_limit(struct req *r, const struct identity *owner) {
  if ((long)identity_live_keys(owner) < owner->account->key_limit)
    return true;
  struct error e = {.status = 422,
                    .code = "limit_exceeded",
                    .message_code = "BXNIM0151E",
                    .message = "The limit of API keys for this identity has been reached."};
  error_reply(r, &e);
  return false;
}

// A user's key is never stored; sessions are a user's.
static bool check_kind(struct req *r, const struct identity *owner, const cJSON *body) {
  bool user = owner->kind == IDENTITY_USER;
  if (user && json_true(body, "store_value")) {
    error_bad_request(r, "store_value: not possible for a user's key.");
    return false;
  }
  if (!user && json_true(body, "support_sessions")) {
    error_bad_request(r, "support_sessions: only for a user's key.");
    return false;
  }
  return true;
}

struct key *key_create(struct req *r, struct identity *owner, const cJSON *body) {
  const char *name = json_text(body, "name"), *value = json_text(body, "apikey");
  const char *action = json_text(body, "action_when_leaked");
  int64_t expires, now = emu_now_ms(r->emu);
  long lags[LAG_COUNT];
  if (!name || !*name) {
    error_bad_request(r, "name: missing or empty.");
    return NULL;
  }
  if (!check_members(r, body, &expires) || (value && *value && !check_value(r, value)) ||
      !check_limit(r, owner))
    return NULL;
  if (!check_kind(r, owner, body))
    return NULL;
  struct key *k =
      model_key_add(r->emu->model, owner, NULL, value && *value ? value : NULL, name, now);
  text_set(&k->description, json_text(body, "description"));
  text_set(&k->created_by, r->session.iam_id);
  if (action && *action)
    text_set(&k->action_when_leaked, action);
  k->store_value = json_true(body, "store_value");
  k->support_sessions = json_true(body, "support_sessions");
  k->expires_ms = expires;
  req_lags(r, lags);
  key_new_lags(k, lags);
  history_add(&k->history, now, r->session.iam_id, r->session.account, "create", "created");
  journal_event(r,
                owner->kind == IDENTITY_USER ? "iam-identity.user-apikey.create"
                                             : "iam-identity.serviceid-apikey.create",
                k->id, true);
  return k;
}

static bool header_true(const struct req *r, const char *name) {
  const char *value = req_header(r, name);
  return value && !strcasecmp(value, "true");
}

static void create_for(struct req *r, struct identity *owner, const cJSON *body) {
  struct key *k = key_create(r, owner, body);
  if (!k)
    return;
  k->locked = header_true(r, "Entity-Lock");
  if (header_true(r, "Entity-Disable") && !r->fx.ignore_disabled) {
    k->disabled = true;
    k->disabled_ms = k->created_ms;
  }
  answer_header(r, "ETag", k->tag.text);
  answer_json(r, 201, key_json(r, k, true, false));
}

// Only the user makes keys of the user, and where the account restricts that, not everyone.
static bool may_create_for(struct req *r, const struct identity *owner) {
  const struct settings *s = &r->emu->settings;
  if (!authz_identity(r, "apikey.create", owner, owner->account) ||
      (owner->kind == IDENTITY_USER && authz_caller(r) != owner)) {
    error_forbidden(r, "iam-identity.apikey.create");
    return false;
  }
  if (owner->kind != IDENTITY_USER || authz_identity(r, "user-apikey.create", NULL, owner->account))
    return true;
  struct error e = {.status = s->restricted_user_key_status,
                    .code = "not_authorized",
                    .message_code = "BXNIM9007E",
                    .message = "The account restricts who creates API keys of users."};
  error_reply(r, &e);
  return false;
}

void keys_create(struct req *r) {
  cJSON *body = req_json(r);
  const char *iam_id = json_text(body, "iam_id"), *account = json_text(body, "account_id");
  struct identity *owner = iam_id ? model_identity(r->emu->model, iam_id) : NULL;
  if (!body)
    error_bad_request(r, "The body is not a JSON object.");
  else if (!owner || strcmp(owner->iam_id, iam_id) || owner->kind == IDENTITY_PROFILE)
    error_bad_request(r, "iam_id: missing, or no such identity.");
  else if (account && *account && strcmp(account, owner->account->id))
    error_bad_request(r, "account_id: not the account of the iam_id.");
  else if (may_create_for(r, owner))
    create_for(r, owner, body);
  cJSON_Delete(body);
}

// The key a write is about, when the caller may do `action` to it. NULL: answered.
static struct key *key_for(struct req *r, const char *action) {
  const char *id = r->segments[2];
  struct key *k = model_key(r->emu->model, id);
  char *full = NULL;
  // A write goes to the truth: a key that only lingers in reads is gone for it. A key that reads
  // do not show yet is not found either.
  if (!k || k->deleted || !key_visible(k, VIEW_GET, emu_now_ms(r->emu), 0)) {
    error_not_found(r, "ApiKey", id);
    return NULL;
  }
  if (!authz_identity(r, action, k->owner, k->owner->account)) {
    full = util_format("iam-identity.%s", action);
    error_forbidden(r, full);
    free(full);
    return NULL;
  }
  return k;
}

static void touch(struct req *r, struct key *k, const char *action, bool time, bool tag) {
  int64_t now = emu_now_ms(r->emu);
  if (time)
    k->modified_ms = now;
  if (tag)
    tag_bump(&k->tag);
  history_add(&k->history, now, r->session.iam_id, r->session.account, action, action);
  journal_event(r,
                k->owner->kind == IDENTITY_USER ? "iam-identity.user-apikey.update"
                                                : "iam-identity.serviceid-apikey.update",
                k->id, true);
}

void key_disable(struct req *r, struct key *k, bool disabled, long lag_ms) {
  const struct settings *s = &r->emu->settings;
  k->disabled = disabled;
  k->disabled_ms = emu_now_ms(r->emu);
  k->disabled_lag = lag_ms;
  touch(r, k, disabled ? "disable" : "enable", s->disable_moves_modified_at,
        s->disable_moves_entity_tag);
}

void key_remove(struct req *r, struct key *k, const long lags[LAG_COUNT]) {
  key_delete(k, emu_now_ms(r->emu), lags);
  journal_event(r,
                k->owner->kind == IDENTITY_USER ? "iam-identity.user-apikey.delete"
                                                : "iam-identity.serviceid-apikey.delete",
                k->id, true);
}

void key_lock(struct req *r, struct key *k, bool locked) {
  const struct settings *s = &r->emu->settings;
  k->locked = locked;
  touch(r, k, locked ? "lock" : "unlock", s->lock_moves_modified_at, s->lock_moves_entity_tag);
}

static void apply_update(struct req *r, struct key *k, const cJSON *body, int64_t expires) {
  const char *name = json_text(body, "name"), *description = json_text(body, "description");
  const char *action = json_text(body, "action_when_leaked");
  if (name && *name)
    text_set(&k->name, name);
  if (description)
    text_set(&k->description, *description ? description : NULL);
  if (action && *action)
    text_set(&k->action_when_leaked, action);
  if (cJSON_GetObjectItem(body, "support_sessions"))
    k->support_sessions = json_true(body, "support_sessions");
  if (json_text(body, "expires_at"))
    k->expires_ms = expires;
  touch(r, k, "update", true, true);
  answer_header(r, "ETag", k->tag.text);
  answer_json(r, 200, key_json(r, k, false, false));
}

void keys_update(struct req *r) {
  cJSON *body = req_json(r);
  int64_t expires;
  struct key *k = body ? key_for(r, "apikey.update") : NULL;
  if (!body)
    error_bad_request(r, "The body is not a JSON object.");
  else if (k && check_members(r, body, &expires) && name_not_empty(r, body) &&
           check_kind(r, k->owner, body) && tag_matches(r, body, &k->tag)) {
    if (k->locked)
      error_locked(r, "ApiKey", k->id);
    else
      apply_update(r, k, body, expires);
  }
  cJSON_Delete(body);
}

static void set_lock(struct req *r, bool locked) {
  struct key *k = key_for(r, "apikey.lock");
  if (!k)
    return;
  if (k->locked == locked) {
    answer_already(r, locked ? "The API key is locked already." : "The API key is not locked.");
    return;
  }
  key_lock(r, k, locked);
  answer_empty(r, 204);
}

void keys_lock(struct req *r) {
  set_lock(r, true);
}

void keys_unlock(struct req *r) {
  set_lock(r, false);
}

static void set_disabled(struct req *r, bool disabled) {
  struct key *k = key_for(r, "apikey.update");
  long lags[LAG_COUNT];
  if (!k)
    return;
  if (k->locked) {
    error_locked(r, "ApiKey", k->id);
    return;
  }
  if (k->disabled == disabled) {
    answer_already(r,
                   disabled ? "The API key is disabled already." : "The API key is not disabled.");
    return;
  }
  req_lags(r, lags);
  key_disable(r, k, disabled, lags[LAG_DISABLED_KEY_TOKEN]);
  answer_empty(r, 204);
}

void keys_disable(struct req *r) {
  set_disabled(r, true);
}

void keys_enable(struct req *r) {
  set_disabled(r, false);
}

void keys_delete(struct req *r) {
  struct key *k = key_for(r, "apikey.delete");
  long lags[LAG_COUNT];
  if (!k)
    return;
  if (k->locked) {
    journal_event(r, "iam-identity.serviceid-apikey.delete", k->id, false);
    error_locked(r, "ApiKey", k->id);
    return;
  }
  req_lags(r, lags);
  key_remove(r, k, lags);
  answer_empty(r, 204);
}
