#include "rotator/cloud/iam_decode.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/cloud/iam_url.h"

static enum err corrupt(struct error *e, const char *what, const char *member) {
  return error_set(e, ERR_CORRUPT, "%s whose member %s is missing or of the wrong type", what,
                   member);
}

// The member, or NULL when it is absent or null.
static const cJSON *present(const cJSON *o, const char *name) {
  const cJSON *member = json_get(o, name);
  return cJSON_IsNull(member) ? NULL : member;
}

// Text that may be absent ("" then) and is cut to the room there is. False: another type.
static bool take_text(const cJSON *o, const char *name, char *dst, size_t cap) {
  const cJSON *member = present(o, name);
  dst[0] = '\0';
  if (!member)
    return true;
  if (!cJSON_IsString(member))
    return false;
  text_copy(dst, cap, member->valuestring);
  return true;
}

// Text that names something: a cut one would name something else.
static bool take_id(const cJSON *o, const char *name, char *dst, size_t cap) {
  return json_copy_text(o, name, dst, cap) && dst[0];
}

static bool take_bool(const cJSON *o, const char *name, bool *ret) {
  const cJSON *member = present(o, name);
  *ret = cJSON_IsTrue(member);
  return !member || cJSON_IsBool(member);
}

static bool take_time(const cJSON *o, const char *name, int64_t *ret_s) {
  const cJSON *member = present(o, name);
  *ret_s = -1;
  if (!member)
    return true;
  if (!cJSON_IsString(member))
    return false;
  if (text_parse_time(member->valuestring, ret_s))
    *ret_s = -1;
  return true;
}

// Evidence that an old key is still used. What does not decode is no evidence either way: it counts
// as not answered, never as "never used".
static void take_activity(const cJSON *o, struct iam_key *k) {
  const cJSON *activity = present(o, "activity"), *last = present(activity, "last_authn");
  k->last_authn_s = -1;
  if (!cJSON_IsObject(activity))
    return;
  if (last && !cJSON_IsString(last))
    return;
  if (last && last->valuestring[0] && text_parse_time(last->valuestring, &k->last_authn_s)) {
    k->last_authn_s = -1;
    return;
  }
  k->has_activity =
      !present(activity, "authn_count") || json_int(activity, "authn_count", &k->authn_count);
}

static const char *first_bad_member(const cJSON *o, struct iam_key *k) {
  if (!take_id(o, "id", k->id, sizeof k->id))
    return "id";
  if (!take_id(o, "iam_id", k->iam_id, sizeof k->iam_id))
    return "iam_id";
  if (!take_text(o, "account_id", k->account, sizeof k->account))
    return "account_id";
  if (!take_text(o, "name", k->name, sizeof k->name))
    return "name";
  if (!take_text(o, "description", k->description, sizeof k->description))
    return "description";
  if (!take_text(o, "created_by", k->created_by, sizeof k->created_by))
    return "created_by";
  if (!take_bool(o, "disabled", &k->disabled))
    return "disabled";
  if (!take_bool(o, "locked", &k->locked))
    return "locked";
  if (!take_time(o, "created_at", &k->created_s) || !take_time(o, "modified_at", &k->modified_s) ||
      !take_time(o, "expires_at", &k->expires_s))
    return "created_at, modified_at or expires_at";
  return NULL;
}

enum err iam_decode_key(const cJSON *o, int64_t now_s, struct iam_key *ret, struct error *e) {
  struct iam_key k = {0};
  const char *bad = cJSON_IsObject(o) ? first_bad_member(o, &k) : "(all)";
  if (bad)
    return corrupt(e, "an API key", bad);
  json_copy_text(o, "entity_tag", k.entity_tag, sizeof k.entity_tag);
  take_activity(o, &k);
  k.expired = k.expires_s >= 0 && now_s >= k.expires_s;
  *ret = k;
  return ERR_OK;
}

static bool holds(const struct iam_key_list *l, const char *id) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->keys[i].id, id) == 0)
      return true;
  return false;
}

static enum err make_room(struct iam_key_list *l, size_t more, struct error *e) {
  if (more > IAM_LIST_MAX - l->n)
    return error_set(e, ERR_CORRUPT, "a list of more than %d API keys", IAM_LIST_MAX);
  if (more == 0)
    return ERR_OK;
  struct iam_key *keys = reallocarray(l->keys, l->n + more, sizeof *keys);
  if (!keys)
    return error_no_memory(e);
  l->keys = keys;
  return ERR_OK;
}

enum err iam_decode_key_page(const cJSON *page, int64_t now_s, struct iam_key_list *list,
                             struct error *e) {
  const cJSON *keys = json_get(page, "apikeys"), *item;
  if (!cJSON_IsArray(keys))
    return corrupt(e, "a list of API keys", "apikeys");
  enum err err = make_room(list, (size_t)cJSON_GetArraySize(keys), e);
  cJSON_ArrayForEach(item, keys) {
    if (err)
      break;
    struct iam_key key;
    err = iam_decode_key(item, now_s, &key, e);
    // Pages are cut by offset: keys made or deleted meanwhile show some twice.
    if (!err && !holds(list, key.id))
      list->keys[list->n++] = key;
  }
  return err;
}

enum err iam_decode_service_id(const cJSON *o, struct iam_service_id *ret, struct error *e) {
  struct iam_service_id s = {0};
  if (!take_id(o, "id", s.id, sizeof s.id))
    return corrupt(e, "a service ID", "id");
  if (!take_id(o, "iam_id", s.iam_id, sizeof s.iam_id))
    return corrupt(e, "a service ID", "iam_id");
  if (!take_text(o, "account_id", s.account, sizeof s.account))
    return corrupt(e, "a service ID", "account_id");
  if (!take_text(o, "name", s.name, sizeof s.name) ||
      !take_text(o, "description", s.description, sizeof s.description))
    return corrupt(e, "a service ID", "name or description");
  if (present(o, "group_id") && !json_copy_text(o, "group_id", s.group, sizeof s.group))
    return corrupt(e, "a service ID", "group_id");
  if (!take_bool(o, "locked", &s.locked))
    return corrupt(e, "a service ID", "locked");
  *ret = s;
  return ERR_OK;
}

// The identity API gives a URL; the policy API an object with the URL in href and the bare token in
// start.
enum err iam_decode_next(const cJSON *page, char *dst, size_t cap, struct error *e) {
  const cJSON *next = present(page, "next");
  char token[IAM_PAGE_TOKEN_MAX] = "";
  bool good = true;
  if (cJSON_IsString(next) && next->valuestring[0])
    good = iam_url_param(next->valuestring, "pagetoken", token, sizeof token);
  else if (cJSON_IsObject(next) && next->child)
    good = take_id(next, "start", token, sizeof token) ||
           (json_text(next, "href") &&
            iam_url_param(json_text(next, "href"), "start", token, sizeof token));
  else
    good = !next || cJSON_IsString(next) || cJSON_IsObject(next);
  if (!good || strlen(token) >= cap)
    return error_set(e, ERR_CORRUPT, "a list whose link to the next page has no page token");
  memcpy(dst, token, strlen(token) + 1);
  return ERR_OK;
}

enum err iam_decode_limit(const cJSON *o, const char *iam_id, int64_t *ret_limit,
                          int64_t *ret_count, struct error *e) {
  const cJSON *keys = json_get(o, "apikeys_per_identity"), *item;
  int64_t limit, count;
  if (!json_int(keys, "limit", &limit) || limit < 0)
    return corrupt(e, "limits", "apikeys_per_identity.limit");
  cJSON_ArrayForEach(item, json_get(keys, "identities")) {
    const char *id = json_text(item, "iam_id");
    if (!id || strcmp(id, iam_id) || !json_int(item, "count", &count) || count < 0)
      continue;
    *ret_limit = limit;
    *ret_count = count;
    return ERR_OK;
  }
  return corrupt(e, "limits", "apikeys_per_identity.identities (of this identity)");
}
