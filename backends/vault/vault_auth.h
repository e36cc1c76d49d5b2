// Where a token comes from. Each method is a small piece of its own behind one interface; a new one
// (JWT, certificate, userpass) is a file with a `struct vault_auth_method`, a line in vault_auth.c,
// and its options in vault_options.c.
#ifndef BACKENDS_VAULT_VAULT_AUTH_H
#define BACKENDS_VAULT_VAULT_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

struct vault_session;
struct vault_auth_method;
struct vault_reply;

// Settings of all methods in one place; each reads its own. NULL: not given.
struct vault_auth_settings {
  const struct vault_auth_method *method;
  char *mount;                           // of the method: "approle"
  char *role;                            // kubernetes; approle: for the path a wrapped id is from
  char *role_id, *role_id_file;          // approle
  char *secret_file, *secret_credential; // secret id or token: file, or systemd credential
  bool wrapped;                          // the secret id is a wrapping token
};

// What a login gives.
struct vault_login {
  struct secret *token;
  bool ours; // we got it and we revoke it
  bool renewable;
  bool batch;      // can be neither renewed nor revoked
  int64_t lease_s; // 0: not known, or for ever
};

struct vault_auth_method {
  const char *name; // the word in the configuration
  // Gets a token; called with the session's lock held, so never twice at once. `kept` is the
  // method's own memory in the session (a secret id that could be unwrapped once only), NULL at
  // first. Any error that does not pass by itself means that there is no token to be had.
  enum err (*login)(struct vault_session *s, const struct vault_auth_settings *a,
                    struct secret **kept, struct vault_login *ret, struct error *e);
};

extern const struct vault_auth_method vault_auth_token;   // a file or credential
extern const struct vault_auth_method vault_auth_ambient; // VAULT_TOKEN, ~/.vault-token
extern const struct vault_auth_method vault_auth_approle;
extern const struct vault_auth_method vault_auth_kubernetes;

// --- for the methods ---

// Sends a login to auth/MOUNT/login and reads its answer; the body is freed.
struct cJSON;
enum err vault_auth_login(struct vault_session *s, const char *mount, struct cJSON *body,
                          struct vault_login *ret, struct error *e);
// The "auth" of an answer.
enum err vault_auth_take(const struct vault_reply *r, struct vault_login *ret, struct error *e);
// Is this a token that may go into a header? ERR_INVALID if not.
enum err vault_token_check(const struct secret *token, const char *what, struct error *e);

#endif
