// GET and POST /v1/accounts/{id}/limits/identity: how much of each limit is used.
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "route.h"
#include "util.h"

#define SERVICE_IDS_PER_GROUP 2000

static void add_identity(struct req *r, cJSON *list, const struct account *a, const char *iam_id) {
  const struct identity *i = model_identity(r->emu->model, iam_id);
  if (!i || i->account != a)
    return;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "iam_id", i->iam_id);
  cJSON_AddNumberToObject(item, "count", (double)identity_live_keys(i));
  cJSON_AddItemToArray(list, item);
}

static void add_from_text(struct req *r, cJSON *list, const struct account *a, const char *ids) {
  char *copy = util_dup(ids), *rest = copy, *id;
  while ((id = strsep(&rest, ",")))
    add_identity(r, list, a, id);
  free(copy);
}

// There is one group of service IDs here, the default one, and it has no id to be asked for.
static void add_groups(cJSON *body) {
  cJSON *group = cJSON_AddObjectToObject(body, "serviceids_per_group");
  cJSON_AddNumberToObject(group, "limit", SERVICE_IDS_PER_GROUP);
  cJSON_AddArrayToObject(group, "serviceid_groups");
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
  const cJSON *asked = cJSON_GetObjectItem(given, "apikeys_per_identity"), *item;
  const char *query = req_query(r, "apikeys_per_identity");
  cJSON *body = cJSON_CreateObject();
  cJSON_AddItemToObject(body, "context", error_identity_context(r));
  cJSON *keys = cJSON_AddObjectToObject(body, "apikeys_per_identity");
  cJSON_AddNumberToObject(keys, "limit", (double)a->key_limit);
  cJSON *list = cJSON_AddArrayToObject(keys, "identities");
  if (query)
    add_from_text(r, list, a, query);
  cJSON_ArrayForEach(item, asked) {
    if (cJSON_IsString(item))
      add_identity(r, list, a, item->valuestring);
  }
  add_groups(body);
  answer_json(r, 200, body);
  cJSON_Delete(given);
}
