// AppRole: a role id, which is no secret, and a secret id, which is. Both are read at each login. A
// secret id that comes wrapped can be unwrapped once; it is kept in the session for another login.
#include "backends/vault/vault.h"

static enum err role_id(const struct vault_auth_settings *a, struct secret **ret, struct error *e) {
  if (a->role_id_file)
    return vault_auth_read(a->role_id_file, NULL, false, "role id", ret, e);
  *ret = secret_copy_text(a->role_id);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err secret_id(struct vault_session *s, const struct vault_auth_settings *a,
                          struct secret **kept, struct secret **ret, struct error *e) {
  SECRET_AUTO wrapping = NULL;
  if (!a->secret_file && !a->secret_credential) // bind_secret_id=false
    return ERR_OK;
  if (!a->wrapped)
    return vault_auth_read(a->secret_file, a->secret_credential, true, "secret id", ret, e);
  enum err err = ERR_OK;
  if (!*kept)
    err = vault_auth_read(a->secret_file, a->secret_credential, true, "wrapped secret id",
                          &wrapping, e);
  if (err == ERR_OK && !*kept)
    err = vault_unwrap_secret_id(s, a, wrapping, kept, e);
  if (err != ERR_OK)
    return err;
  *ret = secret_dup(*kept);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err approle_login(struct vault_session *s, const struct vault_auth_settings *a,
                              struct secret **kept, struct vault_login *ret, struct error *e) {
  SECRET_AUTO role = NULL;
  SECRET_AUTO secret = NULL;
  enum err err = role_id(a, &role, e);
  if (err == ERR_OK)
    err = secret_id(s, a, kept, &secret, e);
  if (err != ERR_OK)
    return err;
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "role_id", secret_bytes(role));
  if (secret)
    cJSON_AddStringToObject(body, "secret_id", secret_bytes(secret));
  return vault_auth_login(s, a->mount ? a->mount : "approle", body, ret, e);
}
const struct vault_auth_method vault_auth_approle = {"approle", approle_login};
