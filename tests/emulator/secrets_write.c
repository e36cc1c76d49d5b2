#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "route.h"
#include "secrets.h"
#include "util.h"

#define PAYLOAD_MAX (1024 * 1024)
#define DATA_MAX (512 * 1024)
#define METADATA_MAX (10 * 1024)

static size_t printed_len(const cJSON *o) {
  char *text = o ? cJSON_PrintUnformatted(o) : NULL;
  size_t len = text ? strlen(text) : 0;
  free(text);
  return len;
}

// What is wrong with the value of a body; NULL: nothing.
static const char *check_value(const cJSON *body, bool kv) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(body, kv ? "data" : "payload");
  if (kv ? !cJSON_IsObject(value) : !cJSON_IsString(value) || !*value->valuestring)
    return kv ? "data: missing, or no object" : "payload: missing, or no text";
  if (kv ? printed_len(value) > DATA_MAX : strlen(value->valuestring) > PAYLOAD_MAX)
    return "the value is too large";
  if (printed_len(cJSON_GetObjectItemCaseSensitive(body, "version_custom_metadata")) > METADATA_MAX)
    return "version_custom_metadata: too large";
  return NULL;
}

static struct secrets_version *add_version(struct req *r, struct secret *s, const cJSON *body) {
  const cJSON *meta = cJSON_GetObjectItemCaseSensitive(body, "version_custom_metadata");
  struct secrets_version *v = util_alloc(sizeof *v), *gone = secret_at(s, 1);
  util_uuid(v->id);
  v->created_ms = s->modified_ms = emu_now_ms(r->emu);
  v->created_by = util_dup(r->session.iam_id);
  v->value =
      cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(body, s->kv ? "data" : "payload"), true);
  v->metadata = meta ? cJSON_Duplicate(meta, true) : NULL;
  if (gone)
    version_drop_value(gone);
  list_add(&s->versions, v);
  return v;
}

void secrets_version_create(struct req *r) {
  struct secret *s = secrets_find(r, "secrets-manager.secret-version.create");
  const struct secrets_version *previous = s ? secret_at(s, 1) : NULL;
  if (!s)
    return;
  cJSON *body = req_json(r);
  const char *wrong = check_value(body, s->kv);
  if (previous && previous->locks.count)
    secrets_error(r, 412, "precondition_failed",
                  "The secret cannot be rotated because the secret version is locked.");
  else if (wrong)
    secrets_error(r, 400, "bad_request", wrong);
  else
    answer_json(r, 201, version_json(s, add_version(r, s, body), true));
  cJSON_Delete(body);
}

static bool is_name(const char *s) {
  static const char ends[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  size_t len = s ? strlen(s) : 0;
  return len >= 2 && len <= 256 && strspn(s, ends) > 0 && strchr(ends, s[len - 1]) &&
         strspn(s, "-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static const struct secrets_group *group_of(const struct secrets_manager *m, const cJSON *body) {
  const char *id = json_text(body, "secret_group_id");
  for (size_t i = 0; i < m->groups.count; i++) {
    const struct secrets_group *g = m->groups.items[i];
    if (!strcmp(g->id, id ? id : "default"))
      return g;
  }
  return NULL;
}

static bool exists(const struct secrets_manager *m, const char *name, bool kv) {
  for (size_t i = 0; i < m->secrets.count; i++) {
    const struct secret *s = m->secrets.items[i];
    if (s->kv == kv && !strcmp(s->name, name))
      return true;
  }
  return false;
}

static const char *check_secret(const cJSON *body, const struct secrets_group *group) {
  const char *type = json_text(body, "secret_type");
  if (!is_name(json_text(body, "name")))
    return "name: expected 2 to 256 letters, digits, '-' and '.'";
  if (!type || (strcmp(type, "kv") && strcmp(type, "arbitrary")))
    return "secret_type: this emulator has arbitrary and kv";
  if (!group)
    return "secret_group_id: no such group";
  return check_value(body, !strcmp(type, "kv"));
}

static cJSON *copy_of(const cJSON *body, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
  return item ? cJSON_Duplicate(item, true) : NULL;
}

static struct secret *add_secret(struct req *r, struct secrets_manager *m, const cJSON *body,
                                 const struct secrets_group *group) {
  struct secret *s = util_alloc(sizeof *s);
  util_uuid(s->id);
  s->name = util_dup(json_text(body, "name"));
  s->description = util_dup(json_text(body, "description"));
  s->expires = util_dup(json_text(body, "expiration_date"));
  s->kv = !strcmp(json_text(body, "secret_type"), "kv");
  s->group = group;
  s->custom_metadata = copy_of(body, "custom_metadata");
  s->labels = copy_of(body, "labels");
  s->created_by = util_dup(r->session.iam_id);
  s->created_ms = emu_now_ms(r->emu);
  add_version(r, s, body);
  list_add(&m->secrets, s);
  return s;
}

void secrets_create(struct req *r) {
  struct secrets_manager *m = secrets_of(r);
  cJSON *body = m ? req_json(r) : NULL;
  const struct secrets_group *group = m ? group_of(m, body) : NULL;
  const char *wrong = check_secret(body, group);
  if (!m || !secrets_may(r, m, "secrets-manager.secret.create", group ? group->id : NULL))
    ;
  else if (wrong)
    secrets_error(r, 400, "bad_request", wrong);
  else if (exists(m, json_text(body, "name"), !strcmp(json_text(body, "secret_type"), "kv")))
    secrets_error(r, 409, "conflict", "A secret with the same name already exists.");
  else
    answer_json(r, 201, secret_json(m, add_secret(r, m, body, group)));
  cJSON_Delete(body);
}

// A merge patch: of the members that tests of a rotator change.
void secrets_update(struct req *r) {
  struct secret *s = secrets_find(r, "secrets-manager.secret-metadata.update");
  cJSON *body = s ? req_json(r) : NULL;
  const cJSON *expires = cJSON_GetObjectItemCaseSensitive(body, "expiration_date");
  if (s && !body) {
    secrets_error(r, 400, "bad_request", "the body is no object");
  } else if (s) {
    if (expires)
      text_set(&s->expires, cJSON_GetStringValue(expires));
    if (json_text(body, "description"))
      text_set(&s->description, json_text(body, "description"));
    s->modified_ms = emu_now_ms(r->emu);
    answer_json(r, 200, secret_json(secrets_of(r), s));
  }
  cJSON_Delete(body);
}

void secrets_delete(struct req *r) {
  struct secret *s = secrets_find(r, "secrets-manager.secret.delete");
  if (!s)
    return;
  for (size_t back = 0; back < 2; back++) {
    const struct secrets_version *v = secret_at(s, back);
    if (v && v->locks.count) {
      secrets_error(r, 412, "precondition_failed",
                    "The secret cannot be deleted because the secret version is locked.");
      return;
    }
  }
  struct list *all = &secrets_of(r)->secrets;
  size_t at = 0;
  while (all->items[at] != s)
    at++;
  memmove(all->items + at, all->items + at + 1, (all->count - at - 1) * sizeof *all->items);
  all->count--;
  secret_free(s);
  answer_empty(r, 204);
}
