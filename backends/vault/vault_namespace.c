// Does the server know of namespaces? Only what it says of itself tells: to the community edition a
// header that names one is nothing at all, and what is read and written is the root's.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "backends/vault/vault_session_internal.h"

// Newer servers say whether they are Enterprise; before that the version did ("1.13.1+ent").
// OpenBao, which begins with version 2, says neither, and has namespaces.
static bool is_community(const cJSON *health) {
  const cJSON *enterprise = json_get(health, "enterprise");
  const char *version = json_text(health, "version");
  if (cJSON_IsBool(enterprise))
    return cJSON_IsFalse(enterprise);
  return version && (version[0] == '0' || version[0] == '1') && version[1] == '.' &&
         !strchr(version, '+');
}

enum err vault_namespace_check(struct vault_session *s, struct error *e) {
  struct vault_reply r = {0};
  // A standby, a sealed one, answers with another status and the same body.
  const struct vault_request q = {.method = "GET", .path = "sys/health", .root = true};
  if (!s->server.space)
    return ERR_OK;
  enum err err = vault_send(s, NULL, &q, &r, e);
  if (err == ERR_OK && is_community(r.json))
    err = error_set(e, ERR_REFUSED,
                    "the server is Vault's community edition, which passes over the namespace"
                    " '%.100s' and answers from its root: leave out namespace and VAULT_NAMESPACE",
                    s->server.space);
  vault_reply_clear(&r);
  return err;
}
