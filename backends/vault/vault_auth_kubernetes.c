// Kubernetes: the service account's token, read anew at each login, for the kubelet replaces it.
#include "backends/vault/vault.h"

#define SERVICE_ACCOUNT_TOKEN "/var/run/secrets/kubernetes.io/serviceaccount/token"

static enum err kubernetes_login(struct vault_session *s, const struct vault_auth_settings *a,
                                 struct secret **kept, struct vault_login *ret, struct error *e) {
  SECRET_AUTO jwt = NULL;
  (void)kept;
  const char *file = a->secret_file ? a->secret_file : SERVICE_ACCOUNT_TOKEN;
  enum err err = vault_auth_read(file, NULL, false, "service account token", &jwt, e);
  if (err != ERR_OK)
    return err;
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "role", a->role);
  cJSON_AddStringToObject(body, "jwt", secret_bytes(jwt));
  return vault_auth_login(s, a->mount ? a->mount : "kubernetes", body, ret, e);
}
const struct vault_auth_method vault_auth_kubernetes = {"kubernetes", kubernetes_login};
