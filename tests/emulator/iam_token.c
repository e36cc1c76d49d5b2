// The token endpoint. The order of the checks is part of what clients see: grant, response type,
// client, then the credential.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authz.h"
#include "errors.h"
#include "iam_token.h"
#include "journal.h"
#include "route.h"
#include "util.h"

#define GRANT_PREFIX "urn:ibm:params:oauth:grant-type:"

static void token_error(struct req *r, int status, const char *code, const char *message,
                        const char *details) {
  struct error e = {.status = status, .message_code = code, .message = message, .details = details};
  error_reply(r, &e);
}

static void missing_field(struct req *r, const char *name) {
  char *details = util_format("Property '%s' is missing or empty.", name);
  token_error(r, 400, "BXNIM0109E", "Property missing or empty", details);
  free(details);
}

static cJSON *account_claim(const char *account) {
  cJSON *c = cJSON_CreateObject();
  cJSON_AddBoolToObject(c, "valid", true);
  cJSON_AddStringToObject(c, "bss", account);
  cJSON_AddBoolToObject(c, "frozen", true);
  cJSON_AddStringToObject(c, "boundary", "global");
  return c;
}

static const char *sub_type(const struct identity *who) {
  return who->kind == IDENTITY_SERVICE   ? "ServiceId"
         : who->kind == IDENTITY_PROFILE ? "Profile"
                                         : "User";
}

static cJSON *authn_claim(const struct identity *who) {
  cJSON *c = cJSON_CreateObject();
  cJSON_AddStringToObject(c, "sub", who->id);
  cJSON_AddStringToObject(c, "iam_id", who->iam_id);
  if (who->kind != IDENTITY_USER)
    cJSON_AddStringToObject(c, "sub_type", sub_type(who));
  cJSON_AddStringToObject(c, "name", who->name);
  return c;
}

static cJSON *make_claims(struct req *r, const struct grant *g, int64_t iat, int64_t exp) {
  const struct identity *who = g->who;
  char jti[96], hex[33];
  util_random_hex(hex, 32);
  snprintf(jti, sizeof jti, "%s-%x.%lx", hex, r->emu->epoch, g->key ? g->key->serial : 0);
  cJSON *c = cJSON_CreateObject();
  cJSON_AddStringToObject(c, "iam_id", who->iam_id);
  cJSON_AddStringToObject(c, "id", who->iam_id);
  cJSON_AddStringToObject(c, "realmid", who->kind == IDENTITY_USER ? "IBMid" : "iam");
  cJSON_AddStringToObject(c, "jti", jti);
  cJSON_AddStringToObject(c, "identifier", who->id);
  cJSON_AddStringToObject(c, "name", who->name);
  cJSON_AddStringToObject(c, "sub", who->id);
  if (who->kind != IDENTITY_USER)
    cJSON_AddStringToObject(c, "sub_type", sub_type(who));
  cJSON_AddItemToObject(c, "authn", authn_claim(g->authn ? g->authn : who));
  cJSON_AddItemToObject(
      c, "account", account_claim(r->fx.wrong_account ? r->fx.wrong_account : who->account->id));
  cJSON_AddNumberToObject(c, "iat", (double)iat);
  cJSON_AddNumberToObject(c, "exp", (double)exp);
  cJSON_AddStringToObject(c, "iss", "https://iam.cloud.ibm.com/identity");
  cJSON_AddStringToObject(c, "grant_type", g->type);
  cJSON_AddStringToObject(c, "scope", g->scope ? g->scope : "ibm openid");
  cJSON_AddStringToObject(c, "client_id", g->client ? g->client : "default");
  cJSON_AddNumberToObject(c, "acr", 1);
  cJSON_AddItemToArray(cJSON_AddArrayToObject(c, "amr"), cJSON_CreateString("pwd"));
  return c;
}

char *token_issue(struct req *r, const struct grant *g, int64_t *ret_iat, int64_t *ret_exp) {
  long life = r->fx.expires_in >= 0 ? r->fx.expires_in : g->who->account->token_life_s;
  if (g->life_s && g->life_s < life)
    life = g->life_s;
  *ret_iat = emu_now_ms(r->emu) / 1000;
  *ret_exp = *ret_iat + life;
  cJSON *claims = make_claims(r, g, *ret_iat, *ret_exp);
  // An RSA signature takes most of a millisecond: not under the lock. Whatever was borrowed from
  // the model must not be used afterwards.
  pthread_mutex_unlock(&r->emu->lock);
  char *token = jwt_sign(r->emu->jwt, claims);
  pthread_mutex_lock(&r->emu->lock);
  cJSON_Delete(claims);
  return token;
}

static void answer_token(struct req *r, const struct grant *g) {
  int64_t iat, exp;
  char *scope = util_dup(g->scope ? g->scope : "ibm openid");
  char *token = token_issue(r, g, &iat, &exp);
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "access_token", token);
  cJSON_AddStringToObject(body, "refresh_token", "not_supported");
  cJSON_AddStringToObject(body, "token_type", "Bearer");
  cJSON_AddNumberToObject(body, "expires_in", (double)(exp - iat));
  cJSON_AddNumberToObject(body, "expiration", (double)exp);
  cJSON_AddStringToObject(body, "scope", scope);
  answer_json(r, 200, body);
  free(token);
  free(scope);
}

enum key_verdict key_verdict(const struct emu *emu, const struct key *k) {
  int64_t now = emu_now_ms(emu);
  if (!k || k->owner->deleted || !key_visible(k, VIEW_TOKEN, now, 0))
    return KEY_UNKNOWN;
  if (k->disabled && !(k->disabled_lag > 0 && now < k->disabled_ms + k->disabled_lag))
    return KEY_DISABLED;
  if (k->expires_ms && now >= k->expires_ms)
    return KEY_EXPIRED;
  return KEY_ACCEPTED;
}

// IBM-Cloud-Tenant: the accounts the key must belong to.
static bool tenant_ok(struct req *r, const struct account *account) {
  const char *wanted = req_header(r, "IBM-Cloud-Tenant");
  if (!wanted || !*wanted)
    return true;
  char *copy = util_dup(wanted), *rest = copy, *part;
  bool found = false;
  while ((part = strsep(&rest, ", ")))
    found |= !strcmp(part, account->id);
  free(copy);
  return found;
}

// Older bodies repeated the offered key; whoever logs errorDetails then logs a secret.
static void key_not_found(struct req *r, const char *value) {
  char *details = NULL;
  if (r->emu->settings.echo_apikey)
    details = util_format("BXNIM0102E: Unable to find Object. Object Type: 'ApiKey' with ID: '%s' "
                          "not found.",
                          value);
  token_error(r, 400, "BXNIM0415E", "Provided API key could not be found.", details);
  free(details);
}

static void grant_apikey(struct req *r, const struct pairs *form, struct grant *g) {
  const struct settings *s = &r->emu->settings;
  const char *value = pairs_get(form, "apikey");
  if (!value || !*value) {
    missing_field(r, "apikey");
    return;
  }
  struct key *k = model_key_by_value(r->emu->model, value);
  switch (key_verdict(r->emu, k)) {
  case KEY_UNKNOWN:
    key_not_found(r, value);
    return;
  case KEY_DISABLED:
    token_error(r, s->disabled_key_status, "BXNIM0462E", "Provided API key is disabled.", NULL);
    return;
  case KEY_EXPIRED:
    token_error(r, s->expired_key_status, s->expired_key_code, "Provided API key has expired.",
                NULL);
    return;
  case KEY_ACCEPTED:
    break;
  }
  if (!tenant_ok(r, k->owner->account)) {
    token_error(r, 400, "BXNIM9002E", "Provided API key belongs to another account.", NULL);
    return;
  }
  k->authn_count++;
  k->owner->authn_count++;
  k->last_authn_ms = k->owner->last_authn_ms = emu_now_ms(r->emu);
  g->who = k->owner;
  g->key = k;
  journal_event(r,
                k->owner->kind == IDENTITY_USER ? "iam-identity.user-apikey.login"
                                                : "iam-identity.serviceid-apikey.login",
                k->id, true);
  answer_token(r, g);
}

struct identity *token_find_profile(struct req *r, const char *id, const char *name,
                                    const char *crn) {
  const struct list *all = &r->emu->model->identity_list;
  if (crn && strrchr(crn, ':'))
    id = strrchr(crn, ':') + 1;
  for (size_t i = 0; i < all->count; i++) {
    struct identity *p = all->items[i];
    if (p->kind != IDENTITY_PROFILE || p->deleted)
      continue;
    if ((id && !strcmp(p->id, id)) || (!id && name && !strcmp(p->name, name)))
      return p;
  }
  return NULL;
}

static bool names_text(const cJSON *list, const char *text) {
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (cJSON_IsString(item) && !strcmp(item->valuestring, text))
      return true;
  }
  return false;
}

// A token of a cluster's service account: its subject, for IAM, not over yet. The cluster's
// signature is not looked at.
static bool is_service_account(const struct req *r, const cJSON *accounts, const char *token) {
  static const char prefix[] = "system:serviceaccount:";
  cJSON *claims = jwt_claims(token);
  const char *subject = json_text(claims, "sub");
  const cJSON *end = cJSON_GetObjectItem(claims, "exp");
  bool fits = subject && !strncmp(subject, prefix, sizeof prefix - 1) &&
              names_text(accounts, subject + sizeof prefix - 1) &&
              names_text(cJSON_GetObjectItem(claims, "aud"), "iam") && cJSON_IsNumber(end) &&
              end->valuedouble * 1000 > (double)emu_now_ms(r->emu);
  cJSON_Delete(claims);
  return fits;
}

static void profile_refused(struct req *r) {
  token_error(r, 400, "BXNIM0398E", "The selected trusted profile is not eligible.",
              "The given token may not assume the trusted profile.");
}

// Both profile grants: find the profile, and whether the presented token may be it.
static void grant_profile(struct req *r, const struct pairs *form, struct grant *g, bool assume) {
  const char *field = assume ? "access_token" : "cr_token";
  const char *token = pairs_get(form, field);
  const char *id = pairs_get(form, "profile_id"), *name = pairs_get(form, "profile_name"),
             *crn = pairs_get(form, "profile_crn");
  struct session session;
  if (!token || !*token) {
    missing_field(r, field);
    return;
  }
  if (!id && !name && !crn) {
    missing_field(r, "profile_id");
    return;
  }
  struct identity *profile = token_find_profile(r, id, name, crn);
  bool ok = profile != NULL;
  if (ok && assume) {
    ok = jwt_check(r->emu->jwt, token, &session) && session.epoch == r->emu->epoch &&
         session.exp * 1000 > emu_now_ms(r->emu);
    g->authn = ok ? model_identity(r->emu->model, session.iam_id) : NULL;
    ok = g->authn && g->authn->account == profile->account &&
         (!profile->assumed_by || names_text(profile->assumed_by, g->authn->id));
  } else if (ok) {
    ok = names_text(profile->cr_tokens, token) ||
         is_service_account(r, profile->service_accounts, token);
  }
  if (!ok) {
    profile_refused(r);
    return;
  }
  g->who = profile;
  snprintf(r->who, sizeof r->who, "%s", profile->iam_id);
  profile->authn_count++;
  profile->last_authn_ms = emu_now_ms(r->emu);
  answer_token(r, g);
}

// Basic authentication names a client; both halves or none.
static bool read_client(struct req *r, struct grant *g, char **ret_client) {
  const char *value = req_header(r, "Authorization");
  *ret_client = NULL;
  if (!value || strncasecmp(value, "Basic ", 6))
    return true;
  char *pair = util_unb64(value + 6), *colon = pair ? strchr(pair, ':') : NULL;
  if (!colon || colon == pair || !colon[1]) {
    free(pair);
    token_error(r, 400, "BXNIM0310E", "The client is unknown.", NULL);
    return false;
  }
  *colon = '\0';
  *ret_client = pair;
  g->client = pair;
  return true;
}

static void run_grant(struct req *r, const struct pairs *form) {
  static const char *const refused[] = {"refresh_token", "password", GRANT_PREFIX "passcode"};
  const char *type = pairs_get(form, "grant_type"), *want = pairs_get(form, "response_type");
  const char *scope = pairs_get(form, "scope");
  struct grant g = {.type = type, .scope = scope && *scope ? scope : NULL};
  char *client = NULL;
  if (!type || !*type) {
    missing_field(r, "grant_type");
    return;
  }
  if (want && strcmp(want, "cloud_iam")) {
    token_error(r, 400, "BXNIM0106E", "Property validation failed",
                "response_type: valid values are [cloud_iam].");
    return;
  }
  if (!read_client(r, &g, &client))
    return;
  if (!strcmp(type, GRANT_PREFIX "apikey")) {
    grant_apikey(r, form, &g);
  } else if (!strcmp(type, GRANT_PREFIX "cr-token")) {
    grant_profile(r, form, &g, false);
  } else if (!strcmp(type, GRANT_PREFIX "assume")) {
    grant_profile(r, form, &g, true);
  } else {
    bool known = false;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
      known |= !strcmp(type, refused[i]);
    if (known)
      token_error(r, 400, "BXNIM0453E", "This grant is not available here.", NULL);
    else
      token_error(r, 400, "BXNIM0106E", "Property validation failed",
                  "grant_type: valid values are [" GRANT_PREFIX "apikey, " GRANT_PREFIX
                  "cr-token, " GRANT_PREFIX "assume].");
  }
  free(client);
}

void token_post(struct req *r) {
  const char *type = req_header(r, "Content-Type");
  struct pairs form = {0};
  if (type && !strncasecmp(type, "application/x-www-form-urlencoded", 33) && r->body)
    pairs_parse_form(&form, r->body);
  run_grant(r, &form);
  pairs_free(&form);
}

void token_keys(struct req *r) {
  answer_json(r, 200, jwt_jwks(r->emu->jwt));
}

void token_discovery(struct req *r) {
  char *base = util_format("%s://%s/identity", r->tls ? "https" : "http",
                           req_header(r, "Host") ? req_header(r, "Host") : "localhost");
  // Only what is there: a client that follows an address must not end at a 404.
  static const char *const names[][2] = {
      {"token_endpoint", "token"},
      {"jwks_uri", "keys"},
  };
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "issuer", "https://iam.cloud.ibm.com/identity");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *url = util_format("%s/%s", base, names[i][1]);
    cJSON_AddStringToObject(body, names[i][0], url);
    free(url);
  }
  answer_json(r, 200, body);
  free(base);
}
