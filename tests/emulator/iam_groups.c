#include "iam_groups.h"

#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "iam_keys.h"
#include "journal.h"
#include "route.h"
#include "util.h"

// What group_id means the default group, when a test gives it a name; else NULL.
static const char *default_id(const struct req *r) {
  const char *id = r->emu->settings.default_group_id;
  return *id ? id : NULL;
}

bool group_shows(const struct req *r, const struct identity *i) {
  const char *given = req_query(r, "group_id"), *none = default_id(r);
  if (i->kind != IDENTITY_SERVICE)
    return true;
  if (!given || !*given)
    return !i->group_id || !r->emu->settings.default_group_only;
  return i->group_id ? !strcmp(given, i->group_id) : none && !strcmp(given, none);
}

static struct group *find_in(const struct req *r, const struct account *a, const char *id) {
  struct group *g = model_group(r->emu->model, id);
  return g && !g->deleted && g->account == a ? g : NULL;
}

static bool is_default(const struct req *r, const char *id) {
  const char *none = default_id(r);
  return !id || !*id || (none && !strcmp(id, none));
}

bool group_query_ok(struct req *r, const struct account *a) {
  const char *given = req_query(r, "group_id");
  struct error e = {.status = r->emu->settings.unknown_group_status,
                    .code = "invalid_input",
                    .message_code = "BXNIM9008E",
                    .message = "group_id: no such group of service IDs."};
  if (e.status == 200 || is_default(r, given) || find_in(r, a, given))
    return true;
  error_reply(r, &e);
  return false;
}

void group_add_id(const struct req *r, cJSON *object, const struct identity *i) {
  const char *id = i->group_id ? i->group_id : default_id(r);
  if (id && (req_flag(r, "show_group_id") || !r->emu->settings.group_id_on_request))
    cJSON_AddStringToObject(object, "group_id", id);
}

bool group_join(struct req *r, struct identity *i, const cJSON *body) {
  const char *id = json_text(body, "group_id");
  if (is_default(r, id))
    return true;
  if (!find_in(r, i->account, id)) {
    error_bad_request(r, "group_id: no such group of service IDs.");
    return false;
  }
  text_set(&i->group_id, id);
  return true;
}

size_t group_members(const struct model *m, const struct group *g) {
  const struct list *all = &m->identity_list;
  size_t n = 0;
  for (size_t at = 0; at < all->count; at++) {
    const struct identity *i = all->items[at];
    n += !i->deleted && i->group_id && !strcmp(i->group_id, g->id);
  }
  return n;
}

static cJSON *group_json(const struct group *g) {
  char created[32], modified[32];
  char *crn = util_format("crn:v1:bluemix:public:iam-identity::a/%s::serviceidgroup:%s",
                          g->account->id, g->id);
  util_minute_time(created, g->created_ms);
  util_minute_time(modified, g->modified_ms);
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "id", g->id);
  cJSON_AddStringToObject(out, "entity_tag", g->tag.text);
  cJSON_AddStringToObject(out, "account_id", g->account->id);
  cJSON_AddStringToObject(out, "crn", crn);
  cJSON_AddStringToObject(out, "name", g->name);
  if (g->description)
    cJSON_AddStringToObject(out, "description", g->description);
  cJSON_AddStringToObject(out, "created_at", created);
  cJSON_AddStringToObject(out, "created_by", g->created_by);
  cJSON_AddStringToObject(out, "modified_at", modified);
  free(crn);
  return out;
}

static void answer_group(struct req *r, int status, const struct group *g) {
  answer_header(r, "ETag", g->tag.text);
  answer_json(r, status, group_json(g));
}

static bool may(struct req *r, const char *action, const struct account *a) {
  if (authz_identity(r, action, NULL, a))
    return true;
  char *full = util_format("iam-identity.%s", action);
  error_forbidden(r, full);
  free(full);
  return false;
}

void groups_list(struct req *r) {
  const char *id = req_query(r, "account_id");
  const struct account *a = id && *id ? model_account(r->emu->model, id) : authz_caller(r)->account;
  if (!a) {
    error_bad_request(r, "account_id: no such account.");
    return;
  }
  if (!may(r, "serviceid-group.get", a))
    return;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "serviceid_groups");
  for (size_t i = 0; i < a->groups.count; i++) {
    const struct group *g = a->groups.items[i];
    if (!g->deleted)
      cJSON_AddItemToArray(list, group_json(g));
  }
  answer_json(r, 200, body);
}

// A name is there, not empty, and no other group's. False: answered with the error.
static bool name_ok(struct req *r, const struct account *a, const char *name,
                    const struct group *self) {
  struct error e = {.status = r->emu->settings.duplicate_group_status,
                    .code = "conflict",
                    .message_code = "BXNIM9009E",
                    .message = "A group of service IDs of this name exists."};
  if (!name || !*name) {
    error_bad_request(r, "name: missing or empty.");
    return false;
  }
  for (size_t i = 0; i < a->groups.count; i++) {
    const struct group *g = a->groups.items[i];
    if (g != self && !g->deleted && !strcmp(g->name, name)) {
      error_reply(r, &e);
      return false;
    }
  }
  return true;
}

void groups_create(struct req *r) {
  cJSON *body = req_json(r);
  const char *account = json_text(body, "account_id"), *name = json_text(body, "name");
  struct account *a = account ? model_account(r->emu->model, account) : NULL;
  if (!a) {
    error_bad_request(r, "account_id: missing, or no such account.");
  } else if (may(r, "serviceid-group.create", a) && name_ok(r, a, name, NULL)) {
    struct group *g = model_group_add(r->emu->model, a, NULL, name, emu_now_ms(r->emu));
    text_set(&g->description, json_text(body, "description"));
    text_set(&g->created_by, r->session.iam_id);
    journal_event(r, "iam-identity.serviceid-group.create", g->id, true);
    answer_group(r, 201, g);
  }
  cJSON_Delete(body);
}

// NULL: answered.
static struct group *find(struct req *r, const char *action) {
  struct group *g = find_in(r, authz_caller(r)->account, r->segments[2]);
  if (!g) {
    error_not_found(r, "ServiceIdGroup", r->segments[2]);
    return NULL;
  }
  return may(r, action, g->account) ? g : NULL;
}

void groups_get(struct req *r) {
  const struct group *g = find(r, "serviceid-group.get");
  if (g)
    answer_group(r, 200, g);
}

void groups_update(struct req *r) {
  cJSON *body = req_json(r);
  struct group *g = find(r, "serviceid-group.update");
  const char *name = json_text(body, "name"), *description = json_text(body, "description");
  if (g && name_ok(r, g->account, name, g) && tag_matches(r, body, &g->tag)) {
    text_set(&g->name, name);
    if (description)
      text_set(&g->description, *description ? description : NULL);
    g->modified_ms = emu_now_ms(r->emu);
    tag_bump(&g->tag);
    journal_event(r, "iam-identity.serviceid-group.update", g->id, true);
    answer_group(r, 200, g);
  }
  cJSON_Delete(body);
}

void groups_delete(struct req *r) {
  struct group *g = find(r, "serviceid-group.delete");
  struct error e = {.status = r->emu->settings.full_group_status,
                    .code = "delete_not_possible",
                    .message_code = "BXNIM0105E",
                    .message = "The group still has service IDs."};
  if (!g)
    return;
  if (group_members(r->emu->model, g) && e.status != 204) {
    error_reply(r, &e);
    return;
  }
  g->deleted = true;
  journal_event(r, "iam-identity.serviceid-group.delete", g->id, true);
  answer_empty(r, 204);
}
