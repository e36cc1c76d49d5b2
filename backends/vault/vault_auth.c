// What the methods share, and the ones that only read: a token of a file, of the environment.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/vault/vault.h"
#include "rotator/base/atomic_file.h"

#define CREDENTIAL_MAX (64 * 1024) // a Kubernetes token is some KiB

static enum err credential_path(const char *file, const char *credential, const char *what,
                                char *dst, size_t cap, struct error *e) {
  const char *dir = getenv("CREDENTIALS_DIRECTORY");
  if (!file && (!dir || !*dir))
    return error_set(e, ERR_INVALID,
                     "%s: credential '%s': systemd passed none ($CREDENTIALS_DIRECTORY is not set)",
                     what, credential);
  int n = file ? snprintf(dst, cap, "%s", file) : snprintf(dst, cap, "%s/%s", dir, credential);
  return n > 0 && (size_t)n < cap ? ERR_OK
                                  : error_set(e, ERR_INVALID, "%s: its path is too long", what);
}

static enum err check_private(const char *path, const char *what, struct error *e) {
  struct stat st;
  if (stat(path, &st) == 0 && st.st_mode & (S_IRWXO | S_IWGRP))
    return error_set(e, ERR_REFUSED, "%s: %s has mode %04o: chmod 0600 (or 0640) it", what, path,
                     (unsigned)(st.st_mode & 07777));
  return ERR_OK;
}

// A projected token of Kubernetes is reached through links, so links are followed here; and the
// sink of an agent belongs to the agent's user.
static enum err read_path(const char *path, const char *what, struct secret **ret,
                          struct error *e) {
  struct stat st;
  struct file_rules rules = {.owner = (uid_t)-1, .group = (gid_t)-1, .max_bytes = CREDENTIAL_MAX};
  char *real = realpath(path, NULL);
  if (real && stat(real, &st) == 0)
    rules.owner = st.st_uid;
  enum err err = file_read(real ? real : path, &rules, ret, NULL, e);
  free(real);
  if (err == ERR_OK)
    return ERR_OK;
  error_wrap(e, "%s", what);
  if (err == ERR_MISSING && e) // of the secret nothing is known: this is no evidence of absence
    e->kind = ERR_DENIED;
  return err == ERR_MISSING ? ERR_DENIED : err;
}

enum err vault_auth_read(const char *file, const char *credential, bool private, const char *what,
                         struct secret **ret, struct error *e) {
  char path[4096];
  SECRET_AUTO bytes = NULL;
  enum err err = credential_path(file, credential, what, path, sizeof path, e);
  if (err == ERR_OK && private)
    err = check_private(path, what, e);
  if (err == ERR_OK)
    err = read_path(path, what, &bytes, e);
  if (err != ERR_OK)
    return err;
  const char *text = secret_bytes(bytes);
  size_t len = secret_len(bytes), from = 0;
  while (len > 0 && strchr(" \t\r\n", text[len - 1]))
    len--;
  while (from < len && strchr(" \t\r\n", text[from]))
    from++;
  if (from == len)
    return error_set(e, ERR_INVALID, "%s: %s is empty", what, path);
  *ret = secret_copy(text + from, len - from);
  return *ret ? ERR_OK : error_no_memory(e);
}

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
  if (vault_token_check(got.token, "the login's token", e) != ERR_OK)
    return secret_free(got.token), ERR_INVALID;
  *ret = got;
  return ERR_OK;
}

enum err vault_auth_login(struct vault_session *s, const char *mount, cJSON *body,
                          struct vault_login *ret, struct error *e) {
  char path[600];
  JSON_AUTO owned = body;
  struct vault_reply r = {0};
  snprintf(path, sizeof path, "auth/%s/login", mount);
  const struct vault_request q = {.method = "POST", .path = path, .body = owned, .write = true};
  enum err err = owned ? vault_send(s, NULL, &q, &r, e) : error_no_memory(e);
  if (err == ERR_OK)
    err = vault_outcome(&q, &r, "login", e); // bad credentials are 400 here
  if (err == ERR_OK)
    err = vault_auth_take(&r, ret, e);
  if (err != ERR_OK)
    error_wrap(e, "auth/%s", mount);
  vault_reply_clear(&r);
  return err;
}

// --- tokens that are there already ---

static enum err token_login(struct vault_session *s, const struct vault_auth_settings *a,
                            struct secret **kept, struct vault_login *ret, struct error *e) {
  struct secret *token = NULL;
  (void)s, (void)kept;
  enum err err =
      vault_auth_read(a->secret_file, a->secret_credential, true, "Vault token", &token, e);
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
                              struct secret **kept, struct vault_login *ret, struct error *e) {
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
    err = vault_auth_read(path, NULL, true, "no auth is configured; Vault token", &token, e);
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
