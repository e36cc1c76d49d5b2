// Trusted profiles, to be looked at only: they are made by seeds. The templates that the vendor's
// tests list beside them never exist.
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "page.h"
#include "route.h"
#include "util.h"

static cJSON *profile_json(struct req *r, const void *item) {
  const struct identity *p = item;
  char created[32], modified[32];
  char *crn =
      util_format("crn:v1:bluemix:public:iam-identity::a/%s::profile:%s", p->account->id, p->id);
  (void)r;
  util_minute_time(created, p->created_ms);
  util_minute_time(modified, p->modified_ms);
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "id", p->id);
  cJSON_AddStringToObject(out, "entity_tag", p->tag.text);
  cJSON_AddStringToObject(out, "crn", crn);
  cJSON_AddStringToObject(out, "name", p->name);
  if (p->description)
    cJSON_AddStringToObject(out, "description", p->description);
  cJSON_AddStringToObject(out, "created_at", created);
  cJSON_AddStringToObject(out, "modified_at", modified);
  cJSON_AddStringToObject(out, "iam_id", p->iam_id);
  cJSON_AddStringToObject(out, "account_id", p->account->id);
  free(crn);
  return out;
}

static const char *profile_field(const void *item, const char *name, bool *ret_known) {
  const struct identity *p = item;
  *ret_known = !strcmp(name, "name") || !strcmp(name, "description");
  if (!p || !*ret_known)
    return NULL;
  return *name == 'n' ? p->name : p->description;
}

static int64_t profile_created(const void *item) {
  return ((const struct identity *)item)->created_ms;
}

static int64_t profile_modified(const void *item) {
  return ((const struct identity *)item)->modified_ms;
}

void profiles_list(struct req *r) {
  static const struct page_kind kind = {"profiles", profile_field, profile_created,
                                        profile_modified, profile_json};
  const char *account = req_query(r, "account_id"), *name = req_query(r, "name");
  const struct identity *caller = authz_caller(r);
  const struct account *a = caller->account;
  if (!account || strcmp(account, a->id)) {
    error_bad_request(r, "account_id: not the account of the token.");
    return;
  }
  struct list shown = {0};
  for (size_t i = 0; i < a->identities.count; i++) {
    struct identity *p = a->identities.items[i];
    if (p->kind == IDENTITY_PROFILE && !p->deleted && (!name || !strcmp(name, p->name)))
      list_add(&shown, p);
  }
  page_answer(r, &kind, &shown);
  free(shown.items);
}

void profiles_get(struct req *r) {
  const struct identity *p = model_identity(r->emu->model, r->segments[2]);
  if (!p || p->kind != IDENTITY_PROFILE || p->account != authz_caller(r)->account) {
    error_not_found(r, "Profile", r->segments[2]);
    return;
  }
  answer_header(r, "ETag", p->tag.text);
  answer_json(r, 200, profile_json(r, p));
}

void templates_list(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddNumberToObject(body, "offset", 0);
  cJSON_AddNumberToObject(body, "limit", 20);
  cJSON_AddArrayToObject(body, r->segments[1]);
  answer_json(r, 200, body);
}
