// What the methods share, and the ones that only read: a token of a file, of the environment; and
// Kubernetes, which hands in what it read.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/credential.h"

enum err vault_token_check(const struct secret *token, const char *what, struct error *e) {
  const char *s = secret_bytes(token);
  size_t len = secret_len(token);
  if (len > 0 && s[0] == '{')
    return error_set(e, ERR_INVALID,
                     "%s: JSON in place of a token: an agent's sink with wrap_ttl is not read",
                     what);
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f)
      return error_set(e, ERR_INVALID, "%s: no token: byte %zu is not printable", what, i + 1);
  return len > 0 ? ERR_OK : error_set(e, ERR_INVALID, "%s: the token is empty", what);
}

// --- answers of a login ---

enum err vault_auth_take(const struct vault_reply *r, struct vault_login *ret, struct error *e) {
  const cJSON *auth = json_get(r->json, "auth");
  const char *type = json_text(auth, "token_type");
  struct vault_login got = {.ours = true, .token = json_secret(auth, "client_token")};
  if (cJSON_IsObject(json_get(auth, "mfa_requirement")))
    return secret_free(got.token),
           error_set(e, ERR_DENIED, "the login asks for a second factor, which is not supported");
  if (!got.token)
    return error_set(e, ERR_CORRUPT, "the answer to the login holds no token");
  got.renewable = json_bool(auth, "renewable", false);
  got.batch = type && strcmp(type, "batch") == 0;
  json_int(auth, "lease_duration", &got.lease_s);
  json_copy_text(auth, "accessor", got.accessor, sizeof got.accessor);
  if (vault_token_check(got.token, "the login's token", e) != ERR_OK)
    return secret_free(got.token), ERR_INVALID;
  *ret = got;
  return ERR_OK;
}

// Answers that come before anybody looks at what was sent.
static bool passes(const struct vault_reply *r) {
  return r->status == 412 || r->status == 429 || r->status > 500 || r->status < 400 ||
         (r->status == 500 && (r->said & VAULT_SAID_NOT_ACTIVE));
}

// Vault 1.13 answers 500 for a secret id that is used up, newer ones 400.
static enum err login_outcome(const struct vault_auth_request *q, const struct vault_request *sent,
                              const struct vault_reply *r, struct error *e) {
  bool refused = r->status < 500 ? !passes(r) : r->said & VAULT_SAID_INVALID;
  if (!refused || r->status < 400)
    return vault_outcome(sent, r, "login", e);
  error_set(e, ERR_DENIED, "the login is refused, HTTP %d%s%s; %s", r->status,
            r->message[0] ? ": " : "", r->message, q->hint);
  if (e)
    e->status = r->status;
  return ERR_DENIED;
}

static void remember(const struct vault_auth_request *q, const struct error *e) {
  secret_free(q->kept->refused);
  q->kept->refused = secret_dup(q->once);
  q->kept->refusal = *e;
}

static enum err log_in(struct vault_session *s, const struct vault_auth_request *q,
                       struct vault_login *ret, struct error *e) {
  char path[600];
  struct vault_reply r = {0};
  snprintf(path, sizeof path, "auth/%s/login", q->mount);
  const struct vault_request sent = {
      .method = "POST", .path = path, .body = q->body, .login = true, .write = true};
  enum err err = vault_send(s, NULL, &sent, &r, e);
  if (err == ERR_OK)
    err = login_outcome(q, &sent, &r, e);
  if (err == ERR_OK)
    err = vault_auth_take(&r, ret, e);
  if (err != ERR_OK)
    error_wrap(e, "auth/%s", q->mount);
  if (err != ERR_OK && q->once && r.status > 0 && !passes(&r))
    remember(q, e);
  vault_reply_clear(&r);
  return err;
}

enum err vault_auth_login(struct vault_session *s, const struct vault_auth_request *q,
                          struct vault_login *ret, struct error *e) {
  JSON_AUTO owned = q->body;
  if (!owned)
    return error_no_memory(e);
  if (q->once && q->kept->refused && secret_equal(q->once, q->kept->refused)) {
    *e = q->kept->refusal;
    return e->kind;
  }
  return log_in(s, q, ret, e);
}

void vault_auth_forget(struct vault_auth_memory *m) {
  secret_free(m->unwrapped);
  secret_free(m->refused);
  *m = (struct vault_auth_memory){0};
}

// --- tokens that are there already ---

static enum err token_login(struct vault_session *s, const struct vault_auth_settings *a,
                            struct vault_auth_memory *kept, struct vault_login *ret,
                            struct error *e) {
  struct secret *token = NULL;
  (void)s, (void)kept;
  const struct credential_file file = {CREDENTIAL_SECRET, "Vault token", a->secret_file,
                                       a->secret_credential};
  enum err err = credential_read_word(&file, &token, e);
  if (err == ERR_OK)
    err = vault_token_check(token, "Vault token", e);
  if (err != ERR_OK) {
    secret_free(token);
    return err;
  }
  *ret = (struct vault_login){.token = token};
  return ERR_OK;
}
const struct vault_auth_method vault_auth_token = {"token", token_login};

// As the command does it: the variable, else the file that `vault login` leaves.
static enum err ambient_login(struct vault_session *s, const struct vault_auth_settings *a,
                              struct vault_auth_memory *kept, struct vault_login *ret,
                              struct error *e) {
  const char *given = vault_env("TOKEN"), *file = getenv("BAO_TOKEN_PATH"), *home = getenv("HOME");
  char path[4096];
  struct secret *token = NULL;
  (void)s, (void)a, (void)kept;
  enum err err = ERR_OK;
  if (given) {
    token = secret_copy_text(given);
    err = token ? ERR_OK : error_no_memory(e);
  } else if ((file && *file) || (home && *home)) {
    snprintf(path, sizeof path, "%s%s", file && *file ? file : home,
             file && *file ? "" : "/.vault-token");
    const struct credential_file left = {CREDENTIAL_SECRET, "no auth is configured; Vault token",
                                         path, NULL};
    err = credential_read_word(&left, &token, e);
  } else {
    err = error_set(e, ERR_INVALID, "no auth is configured, and there is no VAULT_TOKEN");
  }
  if (err == ERR_OK)
    err = vault_token_check(token, "Vault token", e);
  if (err != ERR_OK) {
    secret_free(token);
    return err;
  }
  *ret = (struct vault_login){.token = token};
  return ERR_OK;
}
const struct vault_auth_method vault_auth_ambient = {"environment", ambient_login};

// --- an agent or proxy that has a token for whoever asks it

static enum err listener_login(struct vault_session *s, const struct vault_auth_settings *a,
                               struct vault_auth_memory *kept, struct vault_login *ret,
                               struct error *e) {
  (void)s, (void)a, (void)kept;
  *ret = (struct vault_login){.token = secret_new(0)};
  return ret->token ? ERR_OK : error_no_memory(e);
}
const struct vault_auth_method vault_auth_listener = {"listener", listener_login};

// --- Kubernetes: the token of the service account, read at each login, for the kubelet replaces it

#define SERVICE_ACCOUNT_TOKEN "/var/run/secrets/kubernetes.io/serviceaccount/token"

// Vault has the API server review the token, and answers a plain "permission denied" when the API
// server gave no answer as well as when it said no (seen with Vault 1.13). The first passes, so it
// is no verdict. Whatever it refuses by itself it says in other words.
static enum err not_reviewed(enum err err, struct error *e) {
  static const char plain[] = ": permission denied; ";
  char *at = strstr(e->text, plain);
  if (err != ERR_DENIED || e->status != 403 || !at)
    return err;
  at += strlen(plain) - 2;
  snprintf(at, sizeof e->text - (size_t)(at - e->text),
           ". Vault says so also when it cannot reach the Kubernetes API server, which reviews the "
           "token");
  return e->kind = ERR_UNSENT;
}

static enum err kubernetes_login(struct vault_session *s, const struct vault_auth_settings *a,
                                 struct vault_auth_memory *kept, struct vault_login *ret,
                                 struct error *e) {
  SECRET_AUTO jwt = NULL;
  (void)kept;
  const char *path = a->secret_file ? a->secret_file : SERVICE_ACCOUNT_TOKEN;
  const struct credential_file file = {CREDENTIAL_HANDED, "service account token", path, NULL};
  enum err err = credential_read_word(&file, &jwt, e);
  if (err != ERR_OK)
    return err;
  cJSON *body = cJSON_CreateObject();
  if (!json_add_text(body, "role", a->role) || !json_add_text(body, "jwt", secret_bytes(jwt)))
    body = json_free(body);
  const struct vault_auth_request q = {
      .mount = a->mount ? a->mount : "kubernetes",
      .body = body,
      .hint = "are role, audience and service account those of the role in Vault, and may Vault ask"
              " the API server?"};
  struct error why = {0};
  err = vault_auth_login(s, &q, ret, &why);
  if (err == ERR_OK)
    return ERR_OK;
  err = not_reviewed(err, &why);
  if (e)
    *e = why;
  return err;
}
const struct vault_auth_method vault_auth_kubernetes = {"kubernetes", kubernetes_login};
