// AppRole: a role id, which is no secret, and a secret id, which is. Both are read at each login. A
// secret id that comes wrapped can be unwrapped once; it is kept in the session for another login.
// One that was refused is not sent again: it may be good for one login only, and failures lock the
// AppRole for everybody.
//
// A wrapped one is looked at before it is unwrapped: it must come from this very role's secret-id
// endpoint, else somebody put another in its place. A token that is used up already was unwrapped
// by somebody else, and that is said as loudly as can be.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "rotator/base/credential.h"
#include "rotator/base/text.h"

// --- a wrapped secret id -------------------------------------------------------------------------

#define INTERCEPTED                                                                                \
  "the wrapping token of the secret id is used up or expired: SOMEBODY MAY HAVE INTERCEPTED IT. "  \
  "Revoke the role's secret ids, look for the unwrapping in Vault's audit log, and hand over a "   \
  "new one"

static bool used_up(const struct vault_reply *r) {
  return (r->status == 400 || r->status == 403 || r->status == 404) &&
         ((r->said & VAULT_SAID_WRAPPING) || r->status != 400);
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
  if (!json_add_text(body, "token", secret_bytes(wrapping)))
    return error_no_memory(e);
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

static enum err unwrap(struct vault_session *s, const struct vault_auth_settings *a,
                       const struct secret *wrapping, struct secret **ret, struct error *e) {
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

// --- the login -----------------------------------------------------------------------------------

static enum err role_id(const struct vault_auth_settings *a, struct secret **ret, struct error *e) {
  if (a->role_id_file)
    return credential_read_word(
        &(struct credential_file){CREDENTIAL_HANDED, "role id", a->role_id_file, NULL}, ret, e);
  *ret = secret_copy_text(a->role_id);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err secret_id(struct vault_session *s, const struct vault_auth_settings *a,
                          struct vault_auth_memory *kept, struct secret **ret, struct error *e) {
  SECRET_AUTO wrapping = NULL;
  if (!a->secret_file && !a->secret_credential) // bind_secret_id=false
    return ERR_OK;
  const struct credential_file file = {CREDENTIAL_SECRET,
                                       a->wrapped ? "wrapped secret id" : "secret id",
                                       a->secret_file, a->secret_credential};
  if (!a->wrapped)
    return credential_read_word(&file, ret, e);
  enum err err = ERR_OK;
  if (!kept->unwrapped)
    err = credential_read_word(&file, &wrapping, e);
  if (err == ERR_OK && !kept->unwrapped)
    err = unwrap(s, a, wrapping, &kept->unwrapped, e);
  if (err != ERR_OK)
    return err;
  *ret = secret_dup(kept->unwrapped);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err approle_login(struct vault_session *s, const struct vault_auth_settings *a,
                              struct vault_auth_memory *kept, struct vault_login *ret,
                              struct error *e) {
  SECRET_AUTO role = NULL;
  SECRET_AUTO secret = NULL;
  enum err err = role_id(a, &role, e);
  if (err == ERR_OK)
    err = secret_id(s, a, kept, &secret, e);
  if (err != ERR_OK)
    return err;
  cJSON *body = cJSON_CreateObject();
  if (!json_add_text(body, "role_id", secret_bytes(role)) ||
      !json_add_text(body, "secret_id", secret ? secret_bytes(secret) : NULL))
    body = json_free(body);
  const struct vault_auth_request q = {
      .mount = a->mount ? a->mount : "approle",
      .body = body,
      .hint = "is the role id right, and the secret id neither used up (secret_id_num_uses) nor"
              " expired, or the AppRole locked after failures? It is not sent again before another"
              " is in its place",
      .once = secret ? secret : role,
      .kept = kept};
  return vault_auth_login(s, &q, ret, e);
}
const struct vault_auth_method vault_auth_approle = {"approle", approle_login};
