#include <stdlib.h>
#include <string.h>

#include "route.h"
#include "secrets.h"
#include "util.h"

static size_t lock_at(const struct secrets_version *v, const char *name) {
  size_t i = 0;
  while (i < v->locks.count && strcmp(json_text(v->locks.items[i], "name"), name))
    i++;
  return i;
}

static bool take_off(struct secrets_version *v, const char *name) {
  size_t i = lock_at(v, name);
  if (i == v->locks.count)
    return false;
  cJSON_Delete(v->locks.items[i]);
  v->locks.items[i] = v->locks.items[--v->locks.count];
  return true;
}

static void hang(struct req *r, struct secrets_version *v, const cJSON *lock) {
  char now[32];
  const char *description = json_text(lock, "description");
  const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(lock, "attributes");
  cJSON *o = cJSON_CreateObject();
  util_milli_time(now, emu_now_ms(r->emu));
  cJSON_AddStringToObject(o, "name", json_text(lock, "name"));
  if (description)
    cJSON_AddStringToObject(o, "description", description);
  if (attributes)
    cJSON_AddItemToObject(o, "attributes", cJSON_Duplicate(attributes, true));
  cJSON_AddStringToObject(o, "created_at", now);
  cJSON_AddStringToObject(o, "updated_at", now);
  cJSON_AddStringToObject(o, "created_by", r->session.iam_id);
  take_off(v, json_text(lock, "name"));
  list_add(&v->locks, o);
}

// The names of the locks of each version that has a value.
static cJSON *locks_json(const struct secret *s) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "secret_id", s->id);
  cJSON_AddStringToObject(body, "secret_group_id", s->group->id);
  cJSON_AddStringToObject(body, "secret_type", s->kv ? "kv" : "arbitrary");
  cJSON_AddStringToObject(body, "secret_name", s->name);
  cJSON *versions = cJSON_AddArrayToObject(body, "versions");
  for (size_t back = 0; back < 2; back++) {
    const struct secrets_version *v = secret_at(s, back);
    if (!v)
      continue;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToArray(versions, o);
    cJSON_AddStringToObject(o, "version_id", v->id);
    cJSON_AddStringToObject(o, "version_alias", back ? "previous" : "current");
    cJSON_AddBoolToObject(o, "payload_available", v->value != NULL);
    cJSON *names = cJSON_AddArrayToObject(o, "locks");
    for (size_t i = 0; i < v->locks.count; i++)
      cJSON_AddItemToArray(names, cJSON_CreateString(json_text(v->locks.items[i], "name")));
  }
  return body;
}

// On the version in the path, or the newest.
static struct secrets_version *version_of(struct req *r, const struct secret *s) {
  return !strcmp(r->segments[4], "versions") ? secrets_find_version(r, s) : secret_at(s, 0);
}

static bool are_good(const cJSON *locks) {
  const cJSON *one;
  cJSON_ArrayForEach(one, locks) {
    const char *name = json_text(one, "name");
    if (!name || strlen(name) < 2)
      return false;
  }
  return cJSON_IsArray(locks);
}

void secrets_locks_create(struct req *r) {
  struct secret *s = secrets_find(r, "secrets-manager.secret-locks.create");
  struct secrets_version *v = s ? version_of(r, s) : NULL;
  struct secrets_version *previous = s ? secret_at(s, 1) : NULL;
  cJSON *body = v ? req_json(r) : NULL;
  const cJSON *locks = cJSON_GetObjectItemCaseSensitive(body, "locks"), *one;
  const char *mode = req_query(r, "mode");
  if (v && (!are_good(locks) || !v->value)) {
    secrets_error(r, 400, "bad_request",
                  "locks: missing, without name, or on a version without value");
  } else if (v) {
    cJSON_ArrayForEach(one, locks) {
      hang(r, v, one);
      if (mode && previous && previous != v)
        take_off(previous, json_text(one, "name"));
    }
    if (mode && !strcmp(mode, "remove_previous_and_delete") && previous && !previous->locks.count)
      version_drop_value(previous);
    answer_json(r, 201, locks_json(s));
  }
  cJSON_Delete(body);
}

void secrets_locks_delete(struct req *r) {
  struct secret *s = secrets_find(r, "secrets-manager.secret-locks.delete");
  struct secrets_version *v = s ? version_of(r, s) : NULL;
  char *list = v ? util_dup(req_query(r, "name")) : NULL, *rest = NULL;
  if (!v)
    return;
  for (char *name = list ? strtok_r(list, ",", &rest) : NULL; name;
       name = strtok_r(NULL, ",", &rest))
    take_off(v, name);
  while (!list && v->locks.count)
    take_off(v, json_text(v->locks.items[0], "name"));
  free(list);
  answer_json(r, 200, locks_json(s));
}

static void add_locks(const struct secret *s, const struct secrets_version *v, cJSON *list) {
  for (size_t i = 0; i < v->locks.count; i++) {
    cJSON *o = cJSON_Duplicate(v->locks.items[i], true);
    cJSON_AddStringToObject(o, "secret_id", s->id);
    cJSON_AddStringToObject(o, "secret_group_id", s->group->id);
    cJSON_AddStringToObject(o, "secret_version_id", v->id);
    cJSON_AddStringToObject(o, "secret_version_alias",
                            v == secret_at(s, 0) ? "current" : "previous");
    cJSON_AddItemToArray(list, o);
  }
}

static void answer_list(struct req *r, cJSON *list) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddNumberToObject(body, "total_count", cJSON_GetArraySize(list));
  cJSON_AddNumberToObject(body, "limit", 25);
  cJSON_AddNumberToObject(body, "offset", 0);
  cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "first"), "href", "https://emulator/locks");
  cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "last"), "href", "https://emulator/locks");
  cJSON_AddItemToObject(body, "locks", list);
  answer_json(r, 200, body);
}

void secrets_locks_list(struct req *r) {
  const struct secret *s = secrets_find(r, "secrets-manager.secret-locks.list");
  bool one = s && !strcmp(r->segments[4], "versions");
  const struct secrets_version *v = one ? secrets_find_version(r, s) : NULL;
  if (!s || (one && !v))
    return;
  cJSON *list = cJSON_CreateArray();
  for (size_t back = 0; back < 2; back++) {
    const struct secrets_version *at = secret_at(s, back);
    if (at && (!one || at == v))
      add_locks(s, at, list);
  }
  answer_list(r, list);
}
