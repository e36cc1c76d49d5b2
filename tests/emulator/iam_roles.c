// GET /v2/roles: what a service offers; and custom roles, which an account makes of single actions.
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "iam_keys.h"
#include "route.h"
#include "util.h"

struct offered {
  const char *crn, *name, *description;
  const char *actions[4];
};

#define SEND "logs.data-ingress.send"
#define READ "logs.logs-data-api-high.read", "logs.logs-data-api-low.read"

static const struct offered logs_roles[] = {
    {"crn:v1:bluemix:public:logs::::serviceRole:Sender", "Sender", "Sends logs.", {SEND}},
    {"crn:v1:bluemix:public:iam::::serviceRole:Reader", "Reader", "Reads logs.", {READ}},
    {"crn:v1:bluemix:public:iam::::serviceRole:Writer", "Writer", "Both.", {SEND, READ}},
    {"crn:v1:bluemix:public:iam::::serviceRole:Manager", "Manager", "Manages.", {SEND, READ}},
};

static const struct offered identity_roles[] = {
    {"crn:v1:bluemix:public:iam-identity::::serviceRole:ServiceIdCreator",
     "Service ID creator",
     "Creates service IDs.",
     {"iam-identity.serviceid.create"}},
    {"crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator",
     "User API key creator",
     "Creates user API keys.",
     {"iam-identity.user-apikey.create"}},
};

static const struct offered platform_roles[] = {
    {"crn:v1:bluemix:public:iam::::role:Viewer", "Viewer", "Views.", {NULL}},
    {"crn:v1:bluemix:public:iam::::role:Operator", "Operator", "Operates.", {NULL}},
    {"crn:v1:bluemix:public:iam::::role:Editor", "Editor", "Edits.", {NULL}},
    {"crn:v1:bluemix:public:iam::::role:Administrator", "Administrator", "Administers.", {NULL}},
};

static void add_offered(cJSON *body, const char *name, const struct offered *roles, size_t count) {
  cJSON *list = cJSON_AddArrayToObject(body, name);
  for (size_t i = 0; i < count; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "display_name", roles[i].name);
    cJSON_AddStringToObject(item, "description", roles[i].description);
    cJSON *actions = cJSON_AddArrayToObject(item, "actions");
    for (const char *const *a = roles[i].actions; *a; a++)
      cJSON_AddItemToArray(actions, cJSON_CreateString(*a));
    cJSON_AddStringToObject(item, "crn", roles[i].crn);
    cJSON_AddItemToArray(list, item);
  }
}

static cJSON *role_json(const struct req *r, const struct role *role) {
  const char *host = req_header(r, "Host");
  char created[32], modified[32];
  char *href = util_format("%s://%s/v2/roles/%s", r->tls ? "https" : "http",
                           host ? host : "localhost", role->id);
  util_milli_time(created, role->created_ms);
  util_milli_time(modified, role->modified_ms);
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "id", role->id);
  cJSON_AddStringToObject(out, "crn", role->crn);
  cJSON_AddStringToObject(out, "name", role->name);
  cJSON_AddStringToObject(out, "display_name", role->display_name);
  cJSON_AddStringToObject(out, "description", role->description ? role->description : "");
  cJSON_AddStringToObject(out, "account_id", role->account->id);
  cJSON_AddStringToObject(out, "service_name", role->service);
  cJSON_AddItemToObject(out, "actions", cJSON_Duplicate(role->actions, true));
  cJSON_AddStringToObject(out, "created_at", created);
  cJSON_AddStringToObject(out, "created_by_id", role->created_by);
  cJSON_AddStringToObject(out, "last_modified_at", modified);
  cJSON_AddStringToObject(out, "last_modified_by_id", role->created_by);
  cJSON_AddStringToObject(out, "href", href);
  free(href);
  return out;
}

static void add_custom(struct req *r, cJSON *body, const struct account *a, const char *service) {
  cJSON *list = cJSON_AddArrayToObject(body, "custom_roles");
  for (size_t i = 0; a && i < a->roles.count; i++) {
    const struct role *role = a->roles.items[i];
    if (!role->deleted && (!service || !strcmp(service, role->service)))
      cJSON_AddItemToArray(list, role_json(r, role));
  }
}

#define COUNT(table) (sizeof table / sizeof *(table))

void roles_list(struct req *r) {
  const char *service = req_query(r, "service_name"), *group = req_query(r, "service_group_id");
  const char *account = req_query(r, "account_id");
  const struct account *a = account ? model_account(r->emu->model, account) : NULL;
  cJSON *body = cJSON_CreateObject();
  add_custom(r, body, a == authz_caller(r)->account ? a : NULL, service);
  if (service && !strcmp(service, "logs"))
    add_offered(body, "service_roles", logs_roles, COUNT(logs_roles));
  else if ((service && !strcmp(service, "iam-identity")) || (group && !strcmp(group, "IAM")))
    add_offered(body, "service_roles", identity_roles, COUNT(identity_roles));
  else
    cJSON_AddArrayToObject(body, "service_roles");
  add_offered(body, "system_roles", platform_roles, COUNT(platform_roles));
  answer_json(r, 200, body);
}

// Custom roles are managed by whoever may write policies account-wide.
static bool may_write(struct req *r, struct account *a) {
  struct policy probe = {.account = a};
  if (a && authz_policy_write(r, &probe))
    return true;
  error_forbidden(r, "iam-access-management.customRole.create");
  return false;
}

static bool set_members(struct req *r, struct role *role, const cJSON *body) {
  const cJSON *actions = cJSON_GetObjectItem(body, "actions");
  const char *display = json_text(body, "display_name");
  if (!display || !*display || !cJSON_IsArray(actions) || !actions->child) {
    error_bad_request(r, "display_name and actions are required.");
    return false;
  }
  text_set(&role->display_name, display);
  text_set(&role->description, json_text(body, "description"));
  cJSON_Delete(role->actions);
  role->actions = cJSON_Duplicate(actions, true);
  role->modified_ms = emu_now_ms(r->emu);
  tag_bump(&role->tag);
  return true;
}

static void answer_role(struct req *r, int status, const struct role *role) {
  answer_header(r, "ETag", role->tag.text);
  answer_json(r, status, role_json(r, role));
}

void roles_create(struct req *r) {
  cJSON *body = req_json(r);
  const char *name = json_text(body, "name"), *service = json_text(body, "service_name");
  const char *account = json_text(body, "account_id");
  struct account *a = account ? model_account(r->emu->model, account) : NULL;
  const cJSON *actions = cJSON_GetObjectItem(body, "actions");
  if (!a || !name || !*name || !service || !json_text(body, "display_name") ||
      !cJSON_IsArray(actions) || !actions->child) {
    error_bad_request(r, "name, display_name, account_id, service_name or actions: missing.");
  } else if (may_write(r, a)) {
    char *crn = util_format("crn:v1:bluemix:public:%s::a/%s::customRole:%s", service, a->id, name);
    const struct role *other = model_role(r->emu->model, crn);
    if (other && !other->deleted) {
      struct error e = {
          .status = 409, .code = "role_conflict_error", .message = "A role of this name exists."};
      error_reply(r, &e);
    } else {
      struct role *role = model_role_add(r->emu->model, a, crn, name, service);
      role->created_ms = emu_now_ms(r->emu);
      role->created_by = util_dup(r->session.iam_id);
      if (set_members(r, role, body))
        answer_role(r, 201, role);
    }
    free(crn);
  }
  cJSON_Delete(body);
}

static struct role *find(struct req *r) {
  const struct account *a = authz_caller(r)->account;
  for (size_t i = 0; i < a->roles.count; i++) {
    struct role *role = a->roles.items[i];
    if (!role->deleted && !strcmp(role->id, r->segments[2]))
      return role;
  }
  struct error e = {.status = 404, .code = "role_not_found", .message = "No such role."};
  error_reply(r, &e);
  return NULL;
}

void roles_get(struct req *r) {
  const struct role *role = find(r);
  if (role)
    answer_role(r, 200, role);
}

void roles_update(struct req *r) {
  cJSON *body = req_json(r);
  struct role *role = find(r);
  if (role && may_write(r, role->account) && tag_matches(r, NULL, &role->tag) &&
      set_members(r, role, body))
    answer_role(r, 200, role);
  cJSON_Delete(body);
}

void roles_delete(struct req *r) {
  struct role *role = find(r);
  if (!role || !may_write(r, role->account))
    return;
  role->deleted = true;
  answer_empty(r, 204);
}
