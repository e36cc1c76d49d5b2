#include "secrets.h"

#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "route.h"
#include "util.h"

// --- what there is -------------------------------------------------------------------------------

struct secrets_manager *secrets_add(struct model *m, struct account *a, const char *guid,
                                    const char *region) {
  char made[37];
  util_uuid(made);
  for (size_t i = 0; guid && i < m->secrets_list.count; i++) {
    struct secrets_manager *s = m->secrets_list.items[i];
    if (!strcmp(s->guid, guid))
      return s;
  }
  struct secrets_manager *s = util_alloc(sizeof *s);
  s->guid = util_dup(guid ? guid : made);
  s->region = util_dup(region);
  s->account = a;
  list_add(&m->secrets_list, s);
  secrets_add_group(s, "default", "default");
  return s;
}

void secrets_add_group(struct secrets_manager *s, const char *id, const char *name) {
  char made[37];
  struct secrets_group *g = util_alloc(sizeof *g);
  util_uuid(made);
  g->id = util_dup(id ? id : made);
  g->name = util_dup(name);
  list_add(&s->groups, g);
}

void version_drop_value(struct secrets_version *v) {
  cJSON_Delete(v->value);
  v->value = NULL;
}

static void version_free(struct secrets_version *v) {
  for (size_t i = 0; i < v->locks.count; i++)
    cJSON_Delete(v->locks.items[i]);
  free(v->locks.items);
  free(v->created_by);
  version_drop_value(v);
  cJSON_Delete(v->metadata);
  free(v);
}

void secret_free(struct secret *s) {
  char *owned[] = {s->name, s->description, s->created_by, s->expires};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
    free(owned[i]);
  for (size_t i = 0; i < s->versions.count; i++)
    version_free(s->versions.items[i]);
  free(s->versions.items);
  cJSON_Delete(s->custom_metadata);
  cJSON_Delete(s->labels);
  free(s);
}

void secrets_manager_free(struct secrets_manager *s) {
  for (size_t i = 0; i < s->secrets.count; i++)
    secret_free(s->secrets.items[i]);
  for (size_t i = 0; i < s->groups.count; i++) {
    struct secrets_group *g = s->groups.items[i];
    free(g->id);
    free(g->name);
    free(g);
  }
  free(s->secrets.items);
  free(s->groups.items);
  free(s->guid);
  free(s->region);
  free(s);
}

struct secrets_version *secret_at(const struct secret *s, size_t back) {
  return back < s->versions.count ? s->versions.items[s->versions.count - 1 - back] : NULL;
}

// --- who asks for what ---------------------------------------------------------------------------

void secrets_error(struct req *r, int status, const char *code, const char *message) {
  struct error e = {.status = status, .code = code, .message = message};
  error_reply(r, &e);
}

struct secrets_manager *secrets_of(struct req *r) {
  const struct list *all = &r->emu->model->secrets_list;
  for (size_t i = 0; i < all->count; i++) {
    struct secrets_manager *m = all->items[i];
    if (r->guid && !strcmp(m->guid, r->guid))
      return m;
  }
  secrets_error(r, 404, "not_found", "No such instance.");
  return NULL;
}

bool secrets_may(struct req *r, const struct secrets_manager *m, const char *action,
                 const char *group_id) {
  const struct secrets_place at = {m->guid, m->region, group_id};
  if (authz_secrets(r, action, m->account, &at))
    return true;
  error_forbidden(r, action);
  return false;
}

struct secret *secrets_find(struct req *r, const char *action) {
  struct secrets_manager *m = secrets_of(r);
  for (size_t i = 0; m && i < m->secrets.count; i++) {
    struct secret *s = m->secrets.items[i];
    if (!strcmp(s->id, r->segments[3]))
      return secrets_may(r, m, action, s->group->id) ? s : NULL;
  }
  if (m)
    secrets_error(r, 404, "not_found", "The requested secret was not found.");
  return NULL;
}

struct secrets_version *secrets_find_version(struct req *r, const struct secret *s) {
  const char *id = r->segments[5];
  if (!strcmp(id, "current"))
    return secret_at(s, 0);
  struct secrets_version *v = !strcmp(id, "previous") ? secret_at(s, 1) : NULL;
  for (size_t i = 0; !v && i < s->versions.count; i++) {
    struct secrets_version *one = s->versions.items[i];
    if (!strcmp(one->id, id))
      v = one;
  }
  if (!v)
    secrets_error(r, 404, "not_found", "The requested secret version was not found.");
  return v;
}

// --- how it looks --------------------------------------------------------------------------------

static void add_time(cJSON *o, const char *name, int64_t ms) {
  char text[32];
  util_milli_time(text, ms);
  cJSON_AddStringToObject(o, name, text);
}

static const char *type_of(const struct secret *s) {
  return s->kv ? "kv" : "arbitrary";
}

static size_t count_locks(const struct secret *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->versions.count; i++)
    n += ((const struct secrets_version *)s->versions.items[i])->locks.count;
  return n;
}

// A secret's metadata; its value is not in it.
cJSON *secret_json(const struct secrets_manager *m, const struct secret *s) {
  const struct secrets_version *newest = secret_at(s, 0);
  char *crn = util_format("crn:v1:bluemix:public:secrets-manager:%s:a/%s:%s:secret:%s", m->region,
                          m->account->id, m->guid, s->id);
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "id", s->id);
  cJSON_AddStringToObject(o, "name", s->name);
  cJSON_AddStringToObject(o, "crn", crn);
  cJSON_AddStringToObject(o, "created_by", s->created_by);
  add_time(o, "created_at", s->created_ms);
  add_time(o, "updated_at", s->modified_ms);
  cJSON_AddStringToObject(o, "secret_type", type_of(s));
  cJSON_AddStringToObject(o, "secret_group_id", s->group->id);
  if (s->description)
    cJSON_AddStringToObject(o, "description", s->description);
  cJSON_AddItemToObject(o, "custom_metadata",
                        s->custom_metadata ? cJSON_Duplicate(s->custom_metadata, true)
                                           : cJSON_CreateObject());
  cJSON_AddItemToObject(o, "labels",
                        s->labels ? cJSON_Duplicate(s->labels, true) : cJSON_CreateArray());
  cJSON_AddBoolToObject(o, "downloaded", newest->downloaded);
  cJSON_AddNumberToObject(o, "locks_total", (double)count_locks(s));
  cJSON_AddNumberToObject(o, "versions_total", (double)s->versions.count);
  cJSON_AddNumberToObject(o, "state", 1);
  cJSON_AddStringToObject(o, "state_description", "active");
  if (s->expires)
    cJSON_AddStringToObject(o, "expiration_date", s->expires);
  free(crn);
  return o;
}

static void add_value(const struct secret *s, struct secrets_version *v, cJSON *o) {
  if (!v->value)
    return;
  v->downloaded = true;
  cJSON_AddItemToObject(o, s->kv ? "data" : "payload", cJSON_Duplicate(v->value, true));
}

cJSON *version_json(const struct secret *s, struct secrets_version *v, bool with_value) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "id", v->id);
  cJSON_AddStringToObject(o, "secret_id", s->id);
  cJSON_AddStringToObject(o, "secret_name", s->name);
  cJSON_AddStringToObject(o, "secret_type", type_of(s));
  cJSON_AddStringToObject(o, "secret_group_id", s->group->id);
  cJSON_AddStringToObject(o, "created_by", v->created_by);
  add_time(o, "created_at", v->created_ms);
  cJSON_AddBoolToObject(o, "auto_rotated", false);
  cJSON_AddBoolToObject(o, "downloaded", v->downloaded || (with_value && v->value));
  cJSON_AddBoolToObject(o, "payload_available", v->value != NULL);
  if (v == secret_at(s, 0))
    cJSON_AddStringToObject(o, "alias", "current");
  if (v == secret_at(s, 1))
    cJSON_AddStringToObject(o, "alias", "previous");
  if (v->metadata)
    cJSON_AddItemToObject(o, "version_custom_metadata", cJSON_Duplicate(v->metadata, true));
  if (s->expires)
    cJSON_AddStringToObject(o, "expiration_date", s->expires);
  if (with_value)
    add_value(s, v, o);
  return o;
}

// --- reading -------------------------------------------------------------------------------------

static void answer_secret(struct req *r, const struct secret *s) {
  cJSON *o = secret_json(secrets_of(r), s);
  add_value(s, secret_at(s, 0), o);
  answer_json(r, 200, o);
}

void secrets_get(struct req *r) {
  const struct secret *s = secrets_find(r, "secrets-manager.secret.read");
  if (s)
    answer_secret(r, s);
}

void secrets_get_by_name(struct req *r) {
  struct secrets_manager *m = secrets_of(r);
  for (size_t i = 0; m && i < m->secrets.count; i++) {
    const struct secret *s = m->secrets.items[i];
    if (strcmp(s->group->name, r->segments[3]) || strcmp(type_of(s), r->segments[5]) ||
        strcmp(s->name, r->segments[7]))
      continue;
    if (secrets_may(r, m, "secrets-manager.secret.read", s->group->id))
      answer_secret(r, s);
    return;
  }
  if (m && secrets_may(r, m, "secrets-manager.secret.read", NULL))
    secrets_error(r, 404, "not_found", "The requested secret was not found.");
}

void secrets_metadata(struct req *r) {
  const struct secret *s = secrets_find(r, "secrets-manager.secret-metadata.read");
  if (s)
    answer_json(r, 200, secret_json(secrets_of(r), s));
}

// Is `what` one of the comma-separated list? Without a list, anything is.
static bool is_among(const char *list, const char *what) {
  size_t len = strlen(what);
  for (const char *at = list; at && *at; at += strspn(at, ",")) {
    size_t n = strcspn(at, ",");
    if (n == len && !strncmp(at, what, n))
      return true;
    at += n;
  }
  return !list || !*list;
}

static long number_or(const struct req *r, const char *name, long otherwise) {
  const char *text = req_query(r, name);
  return text ? strtol(text, NULL, 10) : otherwise;
}

static bool shows(struct req *r, const struct secrets_manager *m, const struct secret *s) {
  const char *search = req_query(r, "search");
  const struct secrets_place at = {m->guid, m->region, s->group->id};
  return (!search || strstr(s->name, search)) && is_among(req_query(r, "groups"), s->group->id) &&
         is_among(req_query(r, "secret_types"), type_of(s)) &&
         authz_secrets(r, "secrets-manager.secrets.list", m->account, &at);
}

static void add_page(struct req *r, cJSON *body, const char *path, long limit, long offset) {
  char *url = util_format("https://%s/api/v2/%s?limit=%ld", r->host ? r->host : "", path, limit);
  const char *const names[] = {"first", "last"};
  for (int i = 0; i < 2; i++)
    cJSON_AddStringToObject(cJSON_AddObjectToObject(body, names[i]), "href", url);
  cJSON_AddNumberToObject(body, "limit", (double)limit);
  cJSON_AddNumberToObject(body, "offset", (double)offset);
  free(url);
}

void secrets_list(struct req *r) {
  struct secrets_manager *m = secrets_of(r);
  long limit = number_or(r, "limit", 200), offset = number_or(r, "offset", 0), n = 0;
  if (!m || !secrets_may(r, m, "secrets-manager.secrets.list", NULL))
    return;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "secrets");
  for (size_t i = 0; i < m->secrets.count; i++) {
    const struct secret *s = m->secrets.items[i];
    if (!shows(r, m, s))
      continue;
    if (n >= offset && n < offset + limit)
      cJSON_AddItemToArray(list, secret_json(m, s));
    n++;
  }
  cJSON_AddNumberToObject(body, "total_count", (double)n);
  add_page(r, body, "secrets", limit, offset);
  answer_json(r, 200, body);
}

void secrets_versions(struct req *r) {
  const struct secret *s = secrets_find(r, "secrets-manager.secret-metadata.read");
  if (!s)
    return;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "versions");
  for (size_t i = s->versions.count; i > 0 && s->versions.count - i < 50; i--)
    cJSON_AddItemToArray(list, version_json(s, s->versions.items[i - 1], false));
  cJSON_AddNumberToObject(body, "total_count", (double)s->versions.count);
  answer_json(r, 200, body);
}

void secrets_version_get(struct req *r) {
  const struct secret *s = secrets_find(r, "secrets-manager.secret.read");
  struct secrets_version *v = s ? secrets_find_version(r, s) : NULL;
  if (v)
    answer_json(r, 200, version_json(s, v, true));
}

// For tests: all secrets, and what became of their values, never a value.
void control_secrets(struct req *r) {
  const struct list *all = &r->emu->model->secrets_list;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "secrets");
  for (size_t i = 0; i < all->count; i++) {
    const struct secrets_manager *m = all->items[i];
    for (size_t k = 0; k < m->secrets.count; k++) {
      const struct secret *s = m->secrets.items[k];
      cJSON *o = secret_json(m, s), *versions = cJSON_AddArrayToObject(o, "versions");
      for (size_t n = 0; n < s->versions.count; n++)
        cJSON_AddItemToArray(versions, version_json(s, s->versions.items[n], false));
      cJSON_AddItemToArray(list, o);
    }
  }
  answer_json(r, 200, body);
}
