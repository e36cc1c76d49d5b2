// Making, changing and removing API keys.
//
// Create is the one request that is never repeated after a lost answer (only after a 429, an unsent
// try or a 401, which were not applied). The others name a key by its id and may be sent again:
// "already so" and "already gone" are success.
//
// A locked key refuses changes; with which status is not published. So after a refusal that could
// mean it (400, 403, 409, 422, 423) the key is looked at, and only `locked: true` seen there makes
// it ERR_LOCKED.
//
// None of them waits long where IAM asks us to: what it acts upon was seen before, and is to be
// seen anew after the wait.
#include <string.h>
#include <time.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_call.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

// IAM's own shape, in minutes: "2026-02-19T12:55+0000".
static void format_expiry(char *dst, size_t cap, int64_t t_s) {
  time_t t = (time_t)t_s;
  struct tm tm;
  dst[0] = '\0';
  if (gmtime_r(&t, &tm))
    strftime(dst, cap, "%Y-%m-%dT%H:%M+0000", &tm);
}

static bool add_expiry(cJSON *o, int64_t expires_s) {
  char expiry[32];
  if (expires_s <= 0)
    return true;
  format_expiry(expiry, sizeof expiry, expires_s);
  return json_add_text(o, "expires_at", expiry);
}

// Said aloud, since tools differ in their default: a stored value could be read back by others. Of
// a user's key no value can be stored, and the member is left out, as support_sessions is.
static bool add_storing(cJSON *o, const char *iam_id) {
  return iam_is_user(iam_id) || cJSON_AddFalseToObject(o, "store_value");
}

// NULL without memory: a key without its tag would be nobody's, one without our value unknown.
static cJSON *create_body(const struct iam_create *spec) {
  cJSON *o = cJSON_CreateObject();
  bool made = json_add_text(o, "name", spec->name) && json_add_text(o, "iam_id", spec->iam_id) &&
              json_add_text(o, "account_id", spec->account) &&
              json_add_text(o, "description", spec->description) &&
              json_add_text(o, "apikey", spec->value ? secret_bytes(spec->value) : NULL) &&
              json_add_text(o, "action_when_leaked", spec->action_when_leaked) &&
              add_storing(o, spec->iam_id) && add_expiry(o, spec->expires_s);
  return made ? o : json_free(o);
}

static cJSON *describe_body(const char *name, const char *description) {
  cJSON *o = cJSON_CreateObject();
  bool made = json_add_text(o, "name", name) && json_add_text(o, "description", description);
  return made ? o : json_free(o);
}

// The answer repeats the value. Ours is not taken again, but must not differ; IAM's own is what we
// came for.
static enum err take_value(const cJSON *root, const struct iam_create *spec, struct iam_key *key,
                           struct error *e) {
  SECRET_AUTO answered = json_secret(root, "apikey");
  if (spec->value && answered && !secret_equal(answered, spec->value))
    return error_set(e, ERR_CORRUPT, "the service made a value of its own instead of taking ours");
  if (spec->value)
    return ERR_OK;
  if (!answered)
    return error_set(e, ERR_CORRUPT, "a new API key without its value");
  key->value = answered;
  answered = NULL;
  return ERR_OK;
}

static enum err decode_created(struct iam_http *h, const struct iam_call *call,
                               const struct iam_create *spec, struct iam_key *ret,
                               struct error *e) {
  JSON_AUTO root = NULL;
  struct iam_key key = {0};
  enum err err = iam_call_json(call, &root, e);
  if (err)
    return err;
  err = iam_decode_key(root, iam_http_now_s(h), &key, e);
  if (!err)
    err = take_value(root, spec, &key, e);
  if (err) {
    error_wrap(e, "%s", call->what);
    return err;
  }
  if (!key.entity_tag[0])
    text_copy(key.entity_tag, sizeof key.entity_tag, call->response.etag);
  *ret = key;
  return ERR_OK;
}

enum err iam_http_create(struct iam *c, const struct iam_create *spec, struct iam_key *ret,
                         struct error *e) {
  struct iam_http *h = iam_http_of(c);
  enum err err = spec->value ? iam_value_check(spec->value, e) : ERR_OK;
  if (err)
    return err;
  IAM_CALL(call) = iam_call_begin(h, "create an API key", "POST", "/v1/apikeys");
  call.prompt = true;
  call.replay = HTTP_REPLAY_NEVER;
  call.hide = spec->value;
  if (spec->disabled)
    iam_call_header(&call, (struct http_header){.name = "Entity-Disable", .value = "true"});
  err = iam_call_body(&call, create_body(spec), e);
  if (!err)
    err = iam_call_send(h, &call, e);
  return err ? err : decode_created(h, &call, spec, ret, e);
}

enum err iam_http_describe(struct iam *c, const char *id, const char *entity_tag, const char *name,
                           const char *description, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "describe an API key", "PUT", "/v1/apikeys");
  call.prompt = true;
  iam_url_segment(&call.url, id);
  call.versioned = true;
  iam_call_header(&call,
                  (struct http_header){.name = "If-Match", .value = entity_tag ? entity_tag : "*"});
  enum err err = iam_call_body(&call, describe_body(name, description), e);
  if (!err)
    err = iam_call_send(h, &call, e);
  return err ? err : iam_call_nothing(&call, e);
}

static bool may_mean_locked(int status) {
  return status == 400 || status == 403 || status == 409 || status == 422 || status == 423;
}

static enum err is_locked(struct error *e) {
  error_wrap(e, "the API key is locked");
  return iam_report_as(ERR_LOCKED, e);
}

// 409 stands for "already so", unless the key is seen to be locked in the other state.
static enum err set_disabled(struct iam_http *h, struct iam_call *call, const char *id,
                             bool disabled, struct error *e) {
  iam_url_segment(&call->url, id);
  text_buf_add(&call->url, "/disable");
  enum err err = iam_call_send(h, call, e);
  if (!err)
    return iam_call_nothing(call, e);
  if (!may_mean_locked(call->response.status))
    return err;
  struct iam_key key = {0};
  bool in_the_way = iam_http_get(&h->base, id, false, &key, NULL) == ERR_OK && key.locked &&
                    key.disabled != disabled;
  iam_key_clear(&key);
  if (in_the_way)
    return is_locked(e);
  return call->response.status == 409 ? iam_report_as(ERR_OK, e) : err;
}

enum err iam_http_enable(struct iam *c, const char *id, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "enable an API key", "DELETE", "/v1/apikeys");
  call.prompt = true;
  return set_disabled(h, &call, id, false, e);
}

enum err iam_http_disable(struct iam *c, const char *id, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "disable an API key", "POST", "/v1/apikeys");
  call.prompt = true;
  return set_disabled(h, &call, id, true, e);
}

// 409 stands for "already so", when the key is seen to be.
static enum err set_locked(struct iam_http *h, struct iam_call *call, const char *id, bool locked,
                           struct error *e) {
  iam_url_segment(&call->url, id);
  text_buf_add(&call->url, "/lock");
  enum err err = iam_call_send(h, call, e);
  if (!err)
    return iam_call_nothing(call, e);
  if (call->response.status != 409)
    return err;
  struct iam_key key = {0};
  bool so = iam_http_get(&h->base, id, false, &key, NULL) == ERR_OK && key.locked == locked;
  iam_key_clear(&key);
  return so ? iam_report_as(ERR_OK, e) : iam_report_as(ERR_CONFLICT, e);
}

enum err iam_http_lock(struct iam *c, const char *id, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "lock an API key", "POST", "/v1/apikeys");
  call.prompt = true;
  return set_locked(h, &call, id, true, e);
}

enum err iam_http_unlock(struct iam *c, const char *id, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "unlock an API key", "DELETE", "/v1/apikeys");
  call.prompt = true;
  return set_locked(h, &call, id, false, e);
}

// A delete that IAM did not take, which may mean that the key is gone already, or locked.
static enum err judge_not_removed(struct iam *c, const char *id, enum err answer, struct error *e) {
  struct iam_key key = {0};
  enum err err = iam_http_get(c, id, false, &key, NULL);
  bool locked = err == ERR_OK && key.locked;
  iam_key_clear(&key);
  if (err == ERR_MISSING)
    return iam_report_as(ERR_OK, e);
  if (locked)
    return is_locked(e);
  // 409 delete_not_possible: something is under way, look again.
  return answer == ERR_EXISTS ? iam_report_as(ERR_CONFLICT, e) : answer;
}

enum err iam_http_remove(struct iam *c, const char *id, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  IAM_CALL(call) = iam_call_begin(h, "delete an API key", "DELETE", "/v1/apikeys");
  call.prompt = true;
  iam_url_segment(&call.url, id);
  enum err err = iam_call_send(h, &call, e);
  if (!err)
    return iam_call_nothing(&call, e);
  if (err == ERR_MISSING)
    return iam_report_as(ERR_OK, e);
  return may_mean_locked(call.response.status) ? judge_not_removed(c, id, err, e) : err;
}
