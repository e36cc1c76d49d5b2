// The environment of the `vault` and `bao` commands, where the configuration says nothing. What
// cannot be honoured is an error, not a silent difference to what the command does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text_time.h"

const char *vault_env(const char *name) {
  char full[64];
  static const char *const prefixes[] = {"BAO_", "VAULT_"};
  for (size_t i = 0; i < 2; i++) {
    snprintf(full, sizeof full, "%s%s", prefixes[i], name);
    const char *value = getenv(full);
    if (value)
      return *value ? value : NULL;
  }
  return NULL;
}

static bool take(char **field, const char *name) {
  const char *value = *field ? NULL : vault_env(name);
  if (!value)
    return true;
  *field = strdup(value);
  return *field != NULL;
}

// Go's spelling of a boolean. -1: none.
static int boolean(const char *s) {
  static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
  static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
  for (size_t i = 0; i < 6; i++) {
    if (strcmp(s, yes[i]) == 0)
      return 1;
    if (strcmp(s, no[i]) == 0)
      return 0;
  }
  return -1;
}

static enum err take_bool(bool *field, const char *name, struct error *e) {
  const char *value = vault_env(name);
  int b = value ? boolean(value) : 0;
  if (b < 0)
    return error_set(e, ERR_INVALID, "VAULT_%s in the environment is neither true nor false", name);
  *field = b == 1;
  return ERR_OK;
}

static enum err take_timeout(struct vault_server *s, struct error *e) {
  const char *value = s->timeout_ms > 0 ? NULL : vault_env("CLIENT_TIMEOUT");
  int64_t seconds = 60;
  if (value && strspn(value, "0123456789") == strlen(value) && strlen(value) < 6)
    seconds = strtoll(value, NULL, 10);
  else if (value && text_parse_duration(value, &seconds) != ERR_OK)
    return error_set(e, ERR_INVALID, "VAULT_CLIENT_TIMEOUT in the environment is no time like 60s");
  if (s->timeout_ms <= 0)
    s->timeout_ms = (seconds > 0 ? seconds : 60) * 1000;
  return ERR_OK;
}

static enum err take_tries(struct vault_server *s, struct error *e) {
  const char *value = vault_env("MAX_RETRIES");
  s->tries = 3;
  if (!value)
    return ERR_OK;
  if (strspn(value, "0123456789") != strlen(value) || strlen(value) > 2)
    return error_set(e, ERR_INVALID, "VAULT_MAX_RETRIES in the environment is no small number");
  s->tries = strtoll(value, NULL, 10) + 1;
  return ERR_OK;
}

static enum err refuse_skip(struct error *e) {
  bool skip = false;
  enum err err = take_bool(&skip, "SKIP_VERIFY", e);
  if (err != ERR_OK)
    return err;
  if (skip)
    return error_set(e, ERR_INVALID,
                     "VAULT_SKIP_VERIFY in the environment: a server is always verified here; give"
                     " its authority as ca_file");
  return ERR_OK;
}

// The first that says where the authorities are.
static bool take_authorities(struct vault_server *s) {
  return take(&s->ca_file, "CACERT") && (s->ca_file || take(&s->ca_bytes, "CACERT_BYTES")) &&
         (s->ca_file || s->ca_bytes || take(&s->ca_path, "CAPATH"));
}

static bool take_texts(struct vault_server *s) {
  bool pair = s->client_cert || s->client_key;
  return take(&s->address, "AGENT_ADDR") && take(&s->address, "ADDR") &&
         take(&s->space, "NAMESPACE") && take_authorities(s) &&
         (pair || (take(&s->client_cert, "CLIENT_CERT") && take(&s->client_key, "CLIENT_KEY"))) &&
         take(&s->tls_server_name, "TLS_SERVER_NAME") && take(&s->proxy, "PROXY_ADDR") &&
         take(&s->proxy, "HTTP_PROXY");
}

enum err vault_env_complete(struct vault_server *s, struct error *e) {
  enum err err = refuse_skip(e);
  if (err == ERR_OK)
    err = take_timeout(s, e);
  if (err == ERR_OK)
    err = take_tries(s, e);
  if (err == ERR_OK)
    err = take_bool(&s->no_redirect, "DISABLE_REDIRECTS", e);
  if (err == ERR_OK && !take_texts(s))
    err = error_no_memory(e);
  return err;
}
