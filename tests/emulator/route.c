#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "journal.h"
#include "util.h"

struct route {
  const char *method, *pattern; // * stands for one segment
  handler_fn *handler;
  enum family family;
};

// The first match wins.
static const struct route routes[] = {
    {"POST", "/identity/token", token_post, FAMILY_TOKEN},
    {"POST", "/oidc/token", token_post, FAMILY_TOKEN},
    {"GET", "/identity/keys", token_keys, FAMILY_TOKEN},
    {"GET", "/identity/.well-known/openid-configuration", token_discovery, FAMILY_TOKEN},
    {"GET", "/v1/apikeys", keys_list, FAMILY_IDENTITY},
    {"POST", "/v1/apikeys", keys_create, FAMILY_IDENTITY},
    {"GET", "/v1/apikeys/details", keys_details, FAMILY_IDENTITY},
    {"GET", "/v1/apikeys/*", keys_get, FAMILY_IDENTITY},
    {"PUT", "/v1/apikeys/*", keys_update, FAMILY_IDENTITY},
    {"DELETE", "/v1/apikeys/*", keys_delete, FAMILY_IDENTITY},
    {"POST", "/v1/apikeys/*/lock", keys_lock, FAMILY_IDENTITY},
    {"DELETE", "/v1/apikeys/*/lock", keys_unlock, FAMILY_IDENTITY},
    {"POST", "/v1/apikeys/*/disable", keys_disable, FAMILY_IDENTITY},
    {"DELETE", "/v1/apikeys/*/disable", keys_enable, FAMILY_IDENTITY},
    {"GET", "/v1/serviceids", serviceids_list, FAMILY_IDENTITY},
    {"POST", "/v1/serviceids", serviceids_create, FAMILY_IDENTITY},
    {"GET", "/v1/serviceids/*", serviceids_get, FAMILY_IDENTITY},
    {"PUT", "/v1/serviceids/*", serviceids_update, FAMILY_IDENTITY},
    {"DELETE", "/v1/serviceids/*", serviceids_delete, FAMILY_IDENTITY},
    {"POST", "/v1/serviceids/*/lock", serviceids_lock, FAMILY_IDENTITY},
    {"DELETE", "/v1/serviceids/*/lock", serviceids_unlock, FAMILY_IDENTITY},
    {"GET", "/v1/serviceid_groups", groups_list, FAMILY_IDENTITY},
    {"POST", "/v1/serviceid_groups", groups_create, FAMILY_IDENTITY},
    {"GET", "/v1/serviceid_groups/*", groups_get, FAMILY_IDENTITY},
    {"PUT", "/v1/serviceid_groups/*", groups_update, FAMILY_IDENTITY},
    {"DELETE", "/v1/serviceid_groups/*", groups_delete, FAMILY_IDENTITY},
    {"GET", "/v1/accounts/*/limits/identity", limits_identity, FAMILY_IDENTITY},
    {"POST", "/v1/accounts/*/limits/identity", limits_identity, FAMILY_IDENTITY},
    {"GET", "/v1/profiles", profiles_list, FAMILY_IDENTITY},
    {"GET", "/v1/profiles/*", profiles_get, FAMILY_IDENTITY},
    {"GET", "/v1/profile_templates", templates_list, FAMILY_IDENTITY},
    {"GET", "/v1/account_settings_templates", templates_list, FAMILY_IDENTITY},
    {"GET", "/v1/policies", policies_list, FAMILY_POLICY},
    {"POST", "/v1/policies", policies_create, FAMILY_POLICY},
    {"GET", "/v1/policies/*", policies_get, FAMILY_POLICY},
    {"PUT", "/v1/policies/*", policies_update, FAMILY_POLICY},
    {"PATCH", "/v1/policies/*", policies_patch, FAMILY_POLICY},
    {"DELETE", "/v1/policies/*", policies_delete, FAMILY_POLICY},
    {"GET", "/v2/policies", policies_list, FAMILY_POLICY},
    {"POST", "/v2/policies", policies_create, FAMILY_POLICY},
    {"GET", "/v2/policies/*", policies_get, FAMILY_POLICY},
    {"PUT", "/v2/policies/*", policies_update, FAMILY_POLICY},
    {"DELETE", "/v2/policies/*", policies_delete, FAMILY_POLICY},
    {"GET", "/v2/roles", roles_list, FAMILY_POLICY},
    {"POST", "/v2/roles", roles_create, FAMILY_POLICY},
    {"GET", "/v2/roles/*", roles_get, FAMILY_POLICY},
    {"PUT", "/v2/roles/*", roles_update, FAMILY_POLICY},
    {"DELETE", "/v2/roles/*", roles_delete, FAMILY_POLICY},
    {"POST", "/instances/*/logs/v1/singles", ingress_post, FAMILY_LOGS},
    {"POST", "/instances/*/v1/query", query_post, FAMILY_LOGS},
    {"POST", "/_control/seed", control_seed, FAMILY_CONTROL},
    {"GET", "/_control/keys", control_keys, FAMILY_CONTROL},
    {"GET", "/_control/policies", control_policies, FAMILY_CONTROL},
    {"GET", "/_control/identities", control_identities, FAMILY_CONTROL},
    {"GET", "/_control/logs", control_logs, FAMILY_CONTROL},
    {"GET", "/_control/requests", control_requests, FAMILY_CONTROL},
    {"GET", "/_control/events", control_events, FAMILY_CONTROL},
    {"GET", "/_control/stats", control_stats, FAMILY_CONTROL},
    {"GET", "/_control/secrets", control_secrets, FAMILY_CONTROL},
    {"POST", "/_control/check-value", control_check_value, FAMILY_CONTROL},
    {"GET", "/_control/clock", control_clock_get, FAMILY_CONTROL},
    {"POST", "/_control/clock", control_clock_post, FAMILY_CONTROL},
    {"GET", "/_control/faults", control_faults_get, FAMILY_CONTROL},
    {"POST", "/_control/faults", control_faults_post, FAMILY_CONTROL},
    {"DELETE", "/_control/faults", control_faults_delete, FAMILY_CONTROL},
    {"DELETE", "/_control/faults/*", control_faults_delete, FAMILY_CONTROL},
    {"POST", "/_control/latency", control_latency, FAMILY_CONTROL},
    {"GET", "/_control/settings", control_settings_get, FAMILY_CONTROL},
    {"POST", "/_control/settings", control_settings_post, FAMILY_CONTROL},
    {"POST", "/_control/leak", control_leak, FAMILY_CONTROL},
    {"POST", "/_control/hand", control_hand, FAMILY_CONTROL},
    {"POST", "/_control/reset", control_reset, FAMILY_CONTROL},
};

static const struct route ingress_routes[] = {
    {"POST", "/logs/v1/singles", ingress_post, FAMILY_LOGS},
    {"POST", "/instances/*/logs/v1/singles", ingress_post, FAMILY_LOGS},
};

static const struct route api_routes[] = {
    {"POST", "/v1/query", query_post, FAMILY_LOGS},
};

#define SECRETS_ROUTE(method, path, handler) {method, "/api/v2/" path, handler, FAMILY_SECRETS}
static const struct route secrets_routes[] = {
    SECRETS_ROUTE("GET", "secrets", secrets_list),
    SECRETS_ROUTE("POST", "secrets", secrets_create),
    SECRETS_ROUTE("GET", "secret_groups/*/secret_types/*/secrets/*", secrets_get_by_name),
    SECRETS_ROUTE("GET", "secrets/*", secrets_get),
    SECRETS_ROUTE("DELETE", "secrets/*", secrets_delete),
    SECRETS_ROUTE("GET", "secrets/*/metadata", secrets_metadata),
    SECRETS_ROUTE("PATCH", "secrets/*/metadata", secrets_update),
    SECRETS_ROUTE("GET", "secrets/*/versions", secrets_versions),
    SECRETS_ROUTE("POST", "secrets/*/versions", secrets_version_create),
    SECRETS_ROUTE("GET", "secrets/*/versions/*", secrets_version_get),
    SECRETS_ROUTE("GET", "secrets/*/locks", secrets_locks_list),
    SECRETS_ROUTE("POST", "secrets/*/locks_bulk", secrets_locks_create),
    SECRETS_ROUTE("DELETE", "secrets/*/locks_bulk", secrets_locks_delete),
    SECRETS_ROUTE("GET", "secrets/*/versions/*/locks", secrets_locks_list),
    SECRETS_ROUTE("POST", "secrets/*/versions/*/locks_bulk", secrets_locks_create),
    SECRETS_ROUTE("DELETE", "secrets/*/versions/*/locks_bulk", secrets_locks_delete),
};

static const struct route imds_routes[] = {
    {"PUT", "/instance_identity/v1/token", imds_token, FAMILY_IMDS},
    {"PUT", "/identity/v1/token", imds_token, FAMILY_IMDS},
    {"POST", "/instance_identity/v1/iam_token", imds_iam_token, FAMILY_IMDS},
    {"POST", "/identity/v1/iam_tokens", imds_iam_token, FAMILY_IMDS},
};

#define COUNT(table) (sizeof table / sizeof *(table))

static bool path_matches(const struct req *r, const char *pattern) {
  size_t i = 0;
  while (*pattern) {
    pattern++; // the slash
    size_t len = strcspn(pattern, "/");
    if (i == r->segment_count)
      return false;
    bool any = len == 1 && *pattern == '*';
    if (!any && (strlen(r->segments[i]) != len || strncmp(r->segments[i], pattern, len)))
      return false;
    pattern += len;
    i++;
  }
  return i == r->segment_count;
}

struct table {
  const struct route *routes;
  size_t count;
};

// <guid>[.private].<region>.secrets-manager..., or /instances/<guid>/api/v2/... on any host.
static bool is_secrets(struct req *r) {
  bool by_path = r->segment_count > 3 && !strcmp(r->segments[0], "instances") &&
                 !strcmp(r->segments[2], "api");
  if (r->secrets)
    return true;
  if (!by_path && (!r->host || !strstr(r->host, ".secrets-manager.")))
    return false;
  r->secrets = true;
  free(r->guid);
  r->guid =
      by_path ? util_dup(r->segments[1]) : util_format("%.*s", (int)strcspn(r->host, "."), r->host);
  if (by_path) {
    r->segment_count -= 2;
    memmove(r->segments, r->segments + 2, r->segment_count * sizeof *r->segments);
  }
  return true;
}

// <guid>.ingress... and <guid>.api... host names serve Cloud Logs, everything else IAM.
static struct table pick_table(struct req *r) {
  static const struct table iam = {routes, COUNT(routes)};
  static const struct table ingress = {ingress_routes, COUNT(ingress_routes)};
  static const struct table api = {api_routes, COUNT(api_routes)};
  static const struct table imds = {imds_routes, COUNT(imds_routes)};
  const char *dot = r->host ? strchr(r->host, '.') : NULL;
  static const struct table secrets = {secrets_routes, COUNT(secrets_routes)};
  if (r->imds)
    return imds;
  if (is_secrets(r))
    return secrets;
  if (!dot || (strncmp(dot, ".ingress.", 9) && strncmp(dot, ".api.", 5)))
    return iam;
  free(r->guid);
  r->guid = util_format("%.*s", (int)(dot - r->host), r->host);
  return dot[1] == 'i' ? ingress : api;
}

static const struct route *find_route(struct req *r, bool *ret_path_known) {
  struct table table = pick_table(r);
  *ret_path_known = false;
  for (size_t i = 0; i < table.count; i++) {
    if (!path_matches(r, table.routes[i].pattern))
      continue;
    *ret_path_known = true;
    r->family = table.routes[i].family;
    if (!strcmp(table.routes[i].method, r->method))
      return table.routes + i;
  }
  return NULL;
}

static void make_transaction(struct req *r) {
  const char *given = req_header(r, "Transaction-Id");
  if (given && *given && strlen(given) < sizeof r->transaction) {
    snprintf(r->transaction, sizeof r->transaction, "%s", given);
    return;
  }
  char hex[33];
  util_random_hex(hex, 32);
  snprintf(r->transaction, sizeof r->transaction, "ZW11bGF0b3I-%s", hex);
}

// A token request shows who asks by the key it brings.
static void identify_by_key(struct req *r) {
  struct pairs form = {0};
  if (!r->body_len || r->body_len > 65536)
    return;
  pairs_parse_form(&form, r->body);
  const char *value = pairs_get(&form, "apikey");
  const struct key *key = value ? model_key_by_value(r->emu->model, value) : NULL;
  if (key) {
    snprintf(r->who, sizeof r->who, "%s", key->owner->iam_id);
    snprintf(r->key_id, sizeof r->key_id, "%s", key->id);
  }
  pairs_free(&form);
}

void route_prepare(struct req *r) {
  bool known;
  make_transaction(r);
  find_route(r, &known);
  bool control = r->family == FAMILY_CONTROL;
  if (r->family != FAMILY_TOKEN && !control && !r->imds)
    authz_read_token(r);
  pthread_mutex_lock(&r->emu->lock);
  r->started_ms = emu_now_ms(r->emu);
  authz_settle_token(r);
  if (r->family == FAMILY_TOKEN)
    identify_by_key(r);
  if (!control) {
    struct fault_subject subject = {r->method, r->path, r->host, *r->who ? r->who : NULL,
                                    *r->key_id ? r->key_id : NULL};
    faults_apply(r->emu->faults, &subject, &r->fx);
    r->fx.delay_ms += r->emu->settings.latency_ms;
  }
  pthread_mutex_unlock(&r->emu->lock);
}

void route_prepare_late(struct req *r) {
  bool known;
  make_transaction(r);
  find_route(r, &known);
  if (r->family != FAMILY_TOKEN && !r->imds)
    authz_read_token(r);
  pthread_mutex_lock(&r->emu->lock);
  r->started_ms = emu_now_ms(r->emu);
  pthread_mutex_unlock(&r->emu->lock);
}

static void method_not_allowed(struct req *r) {
  struct error e = {.status = 405,
                    .code = "method_not_allowed",
                    .message_code = "BXNIM0060E",
                    .message = "Web exception: HTTP 405 Method Not Allowed"};
  error_reply(r, &e);
}

void route_run(struct req *r) {
  bool known;
  const struct route *route = find_route(r, &known);
  pthread_mutex_lock(&r->emu->lock);
  if (route) {
    bool guarded =
        r->family == FAMILY_IDENTITY || r->family == FAMILY_POLICY || r->family == FAMILY_SECRETS;
    // The token may have run out, or its identity been deleted, while the request was delayed.
    authz_settle_token(r);
    if (guarded && r->token_state != TOKEN_GOOD)
      error_unauthorized(r);
    else if (r->coding_status)
      error_coding(r, r->coding_status);
    else
      route->handler(r);
  } else if (known) {
    method_not_allowed(r);
  } else {
    r->family = FAMILY_GATEWAY;
    error_gateway_not_found(r);
  }
  pthread_mutex_unlock(&r->emu->lock);
}
