// GET and POST /v1/accounts/{id}/limits/identity: how much of each limit is used.
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "iam_groups.h"
#include "route.h"
#include "util.h"

#define SERVICE_IDS_PER_GROUP 2000
#define GROUPS 50 // 100,000 service IDs an account

static void add_identity(struct req *r, cJSON *list, const struct account *a, const char *iam_id) {
  const struct identity *i = model_identity(r->emu->model, iam_id);
  if (!i || i->account != a)
    return;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "iam_id", i->iam_id);
  cJSON_AddNumberToObject(item, "count", (double)identity_live_keys(i));
  cJSON_AddItemToArray(list, item);
}

static void add_group(struct req *r, cJSON *list, const struct account *a, const char *id) {
  const struct group *g = model_group(r->emu->model, id);
  if (!g || g->deleted || g->account != a)
    return;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "group_id", g->id);
  cJSON_AddNumberToObject(item, "count", (double)group_members(r->emu->model, g));
  cJSON_AddItemToArray(list, item);
}

// The ids asked for, by query (with commas) or in the body (a list).
static void add_asked(struct req *r, const cJSON *given, const char *name,
                      void (*add)(struct req *, cJSON *, const struct account *, const char *),
                      cJSON *list) {
  const struct account *a = model_account(r->emu->model, r->segments[2]);
  const char *query = req_query(r, name);
  char *copy = util_dup(query), *rest = copy, *id;
  const cJSON *item;
  while (copy && (id = strsep(&rest, ",")))
    add(r, list, a, id);
  free(copy);
  cJSON_ArrayForEach(item, cJSON_GetObjectItem(given, name)) {
    if (cJSON_IsString(item))
      add(r, list, a, item->valuestring);
  }
}

static size_t live_groups(const struct account *a) {
  size_t n = 0;
  for (size_t i = 0; i < a->groups.count; i++)
    n += !((const struct group *)a->groups.items[i])->deleted;
  return n;
}

static cJSON *add_limit(cJSON *body, const char *name, long limit) {
  cJSON *out = cJSON_AddObjectToObject(body, name);
  cJSON_AddNumberToObject(out, "limit", (double)limit);
  return out;
}

void limits_identity(struct req *r) {
  const struct account *a = model_account(r->emu->model, r->segments[2]);
  const struct identity *caller = authz_caller(r);
  if (!a) {
    error_not_found(r, "Account", r->segments[2]);
    return;
  }
  if (!caller || caller->account != a) {
    error_forbidden(r, "iam-identity.account.get");
    return;
  }
  cJSON *given = r->method[0] == 'P' ? req_json(r) : NULL;
  cJSON *body = cJSON_CreateObject();
  cJSON_AddItemToObject(body, "context", error_identity_context(r));
  if (req_flag(r, "serviceid_groups") || json_true(given, "serviceid_groups"))
    cJSON_AddNumberToObject(add_limit(body, "serviceid_groups", GROUPS), "count",
                            (double)live_groups(a));
  cJSON *keys = add_limit(body, "apikeys_per_identity", a->key_limit);
  add_asked(r, given, "apikeys_per_identity", add_identity,
            cJSON_AddArrayToObject(keys, "identities"));
  cJSON *groups = add_limit(body, "serviceids_per_group", SERVICE_IDS_PER_GROUP);
  add_asked(r, given, "serviceids_per_group", add_group,
            cJSON_AddArrayToObject(groups, "serviceid_groups"));
  answer_json(r, 200, body);
  cJSON_Delete(given);
}
