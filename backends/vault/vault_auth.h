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
  struct secret *token; // empty: none is sent, who listens there has one
  bool ours;            // we got it and we revoke it
  char accessor[64];    // of ours, by which it is known again; "": not said
  bool renewable;
  bool batch;      // can be neither renewed nor revoked
  int64_t lease_s; // 0: not known, or for ever
};

// What a session remembers for its method; {0} at first.
struct vault_auth_memory {
  struct secret *unwrapped; // a secret id that could be unwrapped once only
  struct secret *refused;   // what was sent and refused: not sent again before it is another
  struct error refusal;     // with these words
};
void vault_auth_forget(struct vault_auth_memory *m);

struct vault_auth_method {
  const char *name; // the word in the configuration
  // Gets a token; called with the session's lock held, so never twice at once. Any error that does
  // not pass by itself means that there is no token to be had.
  enum err (*login)(struct vault_session *s, const struct vault_auth_settings *a,
                    struct vault_auth_memory *kept, struct vault_login *ret, struct error *e);
};

extern const struct vault_auth_method vault_auth_token;    // a file or credential
extern const struct vault_auth_method vault_auth_ambient;  // VAULT_TOKEN, ~/.vault-token
extern const struct vault_auth_method vault_auth_listener; // an agent's, which has the token
extern const struct vault_auth_method vault_auth_approle;
extern const struct vault_auth_method vault_auth_kubernetes;

// --- for the methods ---

struct cJSON;
struct vault_auth_request {
  const char *mount;
  struct cJSON *body; // NULL: memory ran out over it. Freed
  const char *hint;   // what a refusal may come from
  // For methods whose failures are counted by the server: what is sent once, whatever the answer.
  // NULL: may be sent again.
  const struct secret *once;
  struct vault_auth_memory *kept;
};
// Sends a login to auth/MOUNT/login and reads its answer. ERR_DENIED: the login itself is refused,
// which says nothing of any policy; an answer that passes (sealed, a quota, a standby) keeps its
// kind.
enum err vault_auth_login(struct vault_session *s, const struct vault_auth_request *q,
                          struct vault_login *ret, struct error *e);
// The "auth" of an answer.
enum err vault_auth_take(const struct vault_reply *r, struct vault_login *ret, struct error *e);
// Is this a token that may go into a header? ERR_INVALID if not.
enum err vault_token_check(const struct secret *token, const char *what, struct error *e);

#endif
