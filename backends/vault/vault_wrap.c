// A wrapped secret id: a token that can be exchanged for the secret id once. It is looked at first:
// it must come from this very role's secret-id endpoint, else somebody put another in its place. A
// token that is used up already was unwrapped by somebody else, and that is said as loudly as can
// be.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/text.h"

#define INTERCEPTED                                                                                \
  "the wrapping token of the secret id is used up or expired: SOMEBODY MAY HAVE INTERCEPTED IT. "  \
  "Revoke the role's secret ids, look for the unwrapping in Vault's audit log, and hand over a "   \
  "new one"

static bool used_up(const struct vault_reply *r) {
  return (r->status == 400 || r->status == 403 || r->status == 404) &&
         (strstr(r->message, "wrapping token") || r->status != 400);
}

static enum err check_path(const struct vault_auth_settings *a, const struct vault_reply *r,
                           struct error *e) {
  char want[600];
  const char *path = json_text(vault_reply_data(r), "creation_path");
  snprintf(want, sizeof want, "auth/%s/role/%s/secret-id", a->mount ? a->mount : "approle",
           a->role);
  if (path && strcmp(path, want) == 0)
    return ERR_OK;
  char shown[100] = "";
  if (path)
    text_printable(shown, sizeof shown, path, strlen(path));
  return error_set(e, ERR_DENIED,
                   "the wrapping token was made at '%s', not at %s: it was NOT unwrapped; somebody"
                   " may have put it in the place of the right one",
                   shown, want);
}

static enum err look_up(struct vault_session *s, const struct vault_auth_settings *a,
                        const struct secret *wrapping, struct error *e) {
  struct vault_reply r = {0};
  JSON_AUTO body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "token", secret_bytes(wrapping));
  const struct vault_request q = {.method = "POST", .path = "sys/wrapping/lookup", .body = body};
  enum err err = vault_send(s, NULL, &q, &r, e);
  if (err == ERR_OK && used_up(&r))
    err = error_set(e, ERR_DENIED, "%s", INTERCEPTED);
  else if (err == ERR_OK)
    err = vault_outcome(&q, &r, "look-up of the wrapping token", e);
  if (err == ERR_OK)
    err = check_path(a, &r, e);
  vault_reply_clear(&r);
  return err;
}

enum err vault_unwrap_secret_id(struct vault_session *s, const struct vault_auth_settings *a,
                                const struct secret *wrapping, struct secret **ret,
                                struct error *e) {
  struct vault_reply r = {0};
  const struct vault_request q = {.method = "POST", .path = "sys/wrapping/unwrap", .write = true};
  enum err err = vault_token_check(wrapping, "wrapped secret id", e);
  if (err == ERR_OK)
    err = look_up(s, a, wrapping, e);
  if (err == ERR_OK) // as the client token, without a body: both together would burn it
    err = vault_send(s, wrapping, &q, &r, e);
  else
    return err;
  if (err == ERR_OK && used_up(&r))
    err = error_set(e, ERR_DENIED, "%s", INTERCEPTED);
  else if (err == ERR_OK)
    err = vault_outcome(&q, &r, "unwrapping of the secret id", e);
  if (err == ERR_OK && !(*ret = json_secret(vault_reply_data(&r), "secret_id")))
    err = error_set(e, ERR_CORRUPT, "what was unwrapped holds no secret_id");
  vault_reply_clear(&r);
  return err;
}
