#include "authz.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void authz_read_token(struct req *r) {
  const char *value = req_header(r, "Authorization");
  r->token_state = TOKEN_NONE;
  if (!value)
    return;
  r->token_state = TOKEN_BAD;
  if (strncasecmp(value, "Bearer ", 7))
    return;
  if (jwt_check(r->emu->jwt, value + 7, &r->session))
    r->token_state = TOKEN_GOOD;
}

void authz_settle_token(struct req *r) {
  if (r->token_state != TOKEN_GOOD)
    return;
  snprintf(r->who, sizeof r->who, "%s", r->session.iam_id);
  const struct key *key = model_key_by_serial(r->emu->model, r->session.key_serial);
  if (r->session.epoch != r->emu->epoch)
    r->token_state = TOKEN_BAD;
  else if (r->session.exp * 1000 <= emu_now_ms(r->emu))
    r->token_state = TOKEN_EXPIRED;
  else if (!authz_caller(r))
    r->token_state = TOKEN_BAD; // the service ID is gone, and its tokens with it
  if (key && r->session.epoch == r->emu->epoch)
    snprintf(r->key_id, sizeof r->key_id, "%s", key->id);
}

struct identity *authz_caller(const struct req *r) {
  return r->token_state == TOKEN_GOOD ? model_identity(r->emu->model, r->session.iam_id) : NULL;
}

const char *role_name(const char *role_crn) {
  const char *colon = strrchr(role_crn, ':');
  return colon ? colon + 1 : role_crn;
}

static bool value_matches(const char *comparison, const cJSON *value, const char *actual) {
  if (cJSON_IsArray(value)) {
    const cJSON *one;
    cJSON_ArrayForEach(one, value) {
      if (value_matches(comparison, one, actual))
        return true;
    }
    return false;
  }
  if (!cJSON_IsString(value))
    return cJSON_IsBool(value); // stringExists
  if (!strncmp(comparison, "stringMatch", 11))
    return !fnmatch(value->valuestring, actual, 0);
  return !strcmp(value->valuestring, actual);
}

// True when the policy does not restrict this attribute, or restricts it to the actual value.
static bool attribute_allows(const struct policy *p, const char *key, const char *actual) {
  const cJSON *item;
  cJSON_ArrayForEach(item, p->attributes) {
    const char *name = json_text(item, "key"), *comparison = json_text(item, "operator");
    if (name && !strcmp(name, key) &&
        !value_matches(comparison ? comparison : "stringEquals", cJSON_GetObjectItem(item, "value"),
                       actual ? actual : ""))
      return false;
  }
  return true;
}

// Custom roles hold single actions.
static bool has_action(const struct emu *emu, const struct policy *p, const char *action) {
  for (size_t i = 0; action && i < p->roles.count; i++) {
    const struct role *role = model_role(emu->model, p->roles.items[i]);
    const cJSON *item;
    const cJSON *actions = role && !role->deleted ? role->actions : NULL;
    cJSON_ArrayForEach(item, actions) {
      if (cJSON_IsString(item) && !strcmp(item->valuestring, action))
        return true;
    }
  }
  return false;
}

static bool has_role(const struct policy *p, const char *const *roles) {
  for (size_t i = 0; i < p->roles.count; i++) {
    for (const char *const *role = roles; *role; role++) {
      if (!strcmp(role_name(p->roles.items[i]), *role))
        return true;
    }
  }
  return false;
}

struct question {
  const char *service;
  const char *const *roles;      // any of these, NULL at the end
  const char *action;            // or this one in a custom role
  const char *instance, *region; // of Cloud Logs
  const char *resource; // a service ID or group; "" only account-wide rights count; NULL: not asked
};

static bool holds(const struct emu *emu, const struct identity *who, const struct question *q) {
  if (!who)
    return false;
  if (who->owner)
    return true;
  for (size_t i = 0; i < who->policies.count; i++) {
    const struct policy *p = who->policies.items[i];
    if (policy_in_force(p, emu_now_ms(emu)) &&
        (has_role(p, q->roles) || has_action(emu, p, q->action)) &&
        attribute_allows(p, "serviceName", q->service) &&
        attribute_allows(p, "serviceInstance", q->instance) &&
        attribute_allows(p, "region", q->region) &&
        (!q->resource || attribute_allows(p, "resource", q->resource)))
      return true;
  }
  return false;
}

struct action {
  const char *name;
  const char *roles[6];
};

static const struct action identity_actions[] = {
    {"apikey.create", {"Administrator", "Operator"}},
    {"apikey.delete", {"Administrator", "Operator"}},
    {"apikey.get", {"Administrator", "Editor", "Operator"}},
    {"apikey.list", {"Administrator", "Editor", "Operator"}},
    {"apikey.update", {"Administrator", "Editor", "Operator"}},
    {"apikey.lock", {"Administrator", "Editor"}},
    {"user-apikey.create", {"UserApiKeyCreator"}},
    {"serviceid.get", {"Administrator", "Editor", "Operator", "Viewer"}},
    {"serviceid.update", {"Administrator", "Editor", "Operator"}},
    {"serviceid.lock", {"Administrator", "Editor"}},
    {"serviceid.delete", {"Administrator", "Operator"}},
    {"serviceid.create", {"ServiceIdCreator", "Administrator"}},
    {"serviceid-group.get", {"Administrator", "Editor", "Operator", "Viewer"}},
    {"serviceid-group.create", {"Administrator"}},
    {"serviceid-group.update", {"Administrator", "Editor"}},
    {"serviceid-group.delete", {"Administrator"}},
};

static const char *const operator_roles[] = {"Operator", NULL};

bool authz_identity(const struct req *r, const char *action, const struct identity *target,
                    const struct account *account) {
  const struct settings *settings = &r->emu->settings;
  const struct identity *who = authz_caller(r);
  if (!who || who->account != account)
    return false;
  bool is_lock = strstr(action, ".lock") != NULL;
  if (!strcmp(action, "serviceid.create") && !settings->restrict_service_ids)
    return true;
  if (!strcmp(action, "user-apikey.create") && !settings->restrict_user_keys)
    return true;
  if (target && target == who && (who->kind == IDENTITY_USER || settings->self_rotation))
    return true;
  if (target && settings->creator_manages && target->created_by &&
      !strcmp(target->created_by, who->iam_id))
    return true;
  struct question q = {.service = "iam-identity", .resource = target ? target->id : ""};
  for (size_t i = 0; i < sizeof identity_actions / sizeof *identity_actions; i++) {
    q.roles = identity_actions[i].roles;
    if (!strcmp(identity_actions[i].name, action) && holds(r->emu, who, &q))
      return true;
  }
  q.roles = operator_roles;
  return is_lock && settings->operator_may_lock && holds(r->emu, who, &q);
}

static bool on_instance(const struct emu *emu, const struct identity *who,
                        const struct instance *to, const char *const *roles, const char *action) {
  struct question q = {.service = "logs",
                       .action = action,
                       .roles = roles,
                       .instance = to->guid,
                       .region = to->region,
                       .resource = ""};
  return who && who->account == to->account && holds(emu, who, &q);
}

bool authz_send(const struct emu *emu, const struct identity *who, const struct instance *to) {
  static const char *const roles[] = {"Sender", "Writer", "Manager", NULL};
  return on_instance(emu, who, to, roles, "logs.data-ingress.send");
}

bool authz_query(const struct emu *emu, const struct identity *who, const struct instance *to) {
  static const char *const roles[] = {"Reader", "Writer", "Manager", NULL};
  return on_instance(emu, who, to, roles, "logs.logs-data-api-high.read");
}

static const struct action secrets_actions[] = {
    {"secrets-manager.secrets.list", {"Reader", "Writer", "Manager"}},
    {"secrets-manager.secret.read", {"SecretsReader", "Writer", "Manager"}},
    {"secrets-manager.secret-metadata.read", {"Reader", "SecretsReader", "Writer", "Manager"}},
    {"secrets-manager.secret-metadata.update", {"Writer", "Manager"}},
    {"secrets-manager.secret.create", {"Writer", "Manager"}},
    {"secrets-manager.secret-version.create", {"Writer", "Manager"}},
    {"secrets-manager.secret-locks.list", {"Reader", "SecretsReader", "Writer", "Manager"}},
    {"secrets-manager.secret-locks.create", {"Writer", "Manager"}},
    {"secrets-manager.secret-locks.delete", {"Manager"}},
    {"secrets-manager.secret.delete", {"Manager"}},
};

bool authz_secrets(const struct req *r, const char *action, const struct account *account,
                   const struct secrets_place *at) {
  const struct identity *who = authz_caller(r);
  struct question q = {.service = "secrets-manager",
                       .instance = at->guid,
                       .region = at->region,
                       .resource = at->group};
  for (size_t i = 0; i < sizeof secrets_actions / sizeof *secrets_actions; i++) {
    q.roles = secrets_actions[i].roles;
    if (!strcmp(secrets_actions[i].name, action))
      return who && who->account == account && holds(r->emu, who, &q);
  }
  return false;
}

static bool policy_right(const struct req *r, const struct policy *p, const char *const *roles) {
  const struct identity *who = authz_caller(r);
  struct question q = {.service = "iam-access-management", .roles = roles, .resource = ""};
  if (!who || who->account != p->account)
    return false;
  if (holds(r->emu, who, &q))
    return true;
  static const char *const administrator[] = {"Administrator", NULL};
  q.roles = administrator;
  q.service = policy_attribute(p, "serviceName");
  q.instance = policy_attribute(p, "serviceInstance");
  q.resource = policy_attribute(p, "resource");
  return holds(r->emu, who, &q);
}

bool authz_policy_read(const struct req *r, const struct policy *p) {
  static const char *const roles[] = {"Administrator", "Editor", "Operator", "Viewer", NULL};
  return policy_right(r, p, roles);
}

bool authz_policy_write(const struct req *r, const struct policy *p) {
  static const char *const roles[] = {"Administrator", "Editor", NULL};
  return policy_right(r, p, roles);
}

// Sender is the one role whose grant is known to need the role itself or Administrator on the
// instance; the rest is taken on trust.
bool authz_can_confer(const struct emu *emu, const struct identity *granter,
                      const struct policy *p) {
  static const char *const sender[] = {"Sender", NULL};
  static const char *const enough[] = {"Sender", "Administrator", NULL};
  if (!granter || granter->downgrant == DOWNGRANT_NEVER || !has_role(p, sender))
    return true;
  if (granter->downgrant == DOWNGRANT_ALWAYS)
    return false;
  struct question q = {.service = "logs",
                       .roles = enough,
                       .resource = "",
                       .instance = policy_attribute(p, "serviceInstance"),
                       .region = policy_attribute(p, "region")};
  return holds(emu, granter, &q);
}
