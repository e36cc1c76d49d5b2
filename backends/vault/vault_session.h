// A session (backends/session.h): one server, one identity, one token, shared by every item and
// thread that means the same (address, TLS, namespace, authentication).
//
// vault_send makes one exchange with a token that the caller gives, and follows the one redirect
// that a standby may answer with. vault_call is what stores use: it logs in when there is no token,
// renews it in time, logs in again once when the server does not know it any more, and waits for
// what passes by itself (a node that lags, an upgrade of the mount).
// vault_sessions_finish revokes what logins gave, at the end of the program.
#ifndef BACKENDS_VAULT_VAULT_SESSION_H
#define BACKENDS_VAULT_VAULT_SESSION_H

#include "backends/vault/vault_auth.h"
#include "rotator/base/env.h"
#include "rotator/base/json.h"

// Who and where. Strings may be NULL, where nothing is said.
struct vault_server {
  char *address; // "https://host:8200", without a slash at its end; of a socket "http://localhost"
  char *socket;  // path of a Unix socket
  char *space;   // namespace
  char *ca_bytes, *ca_path; // of the environment, where there is no ca_file
  char *ca_file, *client_cert, *client_key, *tls_server_name, *proxy;
  int64_t timeout_ms;
  int64_t tries; // of a request that may be repeated
  bool no_redirect;
  struct vault_auth_settings auth;
};
void vault_server_clear(struct vault_server *s);

struct vault_request {
  const char *method;
  const char *path;  // behind /v1/, percent-encoded, with its query
  const cJSON *body; // NULL: none
  bool login;        // the body holds credentials, and the name of a role, which is none
  bool write;        // never sent twice when an answer was lost
  bool root;         // not of the namespace
  bool quick;        // at the end of the program: not repeated, a short time
};

// Words of the server's text that decide what an answer means; one bit each.
enum vault_said {
  VAULT_SAID_OTHER_VERSION = 1 << 0, // a write with `cas` met another version
  VAULT_SAID_UPGRADING = 1 << 1,     // the mount is being made KV version 2
  VAULT_SAID_TOO_MUCH = 1 << 2,      // the JSON is larger than it may be
  VAULT_SAID_SEALED = 1 << 3,
  VAULT_SAID_OVERLOADED = 1 << 4,
  VAULT_SAID_NOT_ACTIVE = 1 << 5, // a standby without anybody to hand on to
  VAULT_SAID_INVALID = 1 << 6,    // of a login
  VAULT_SAID_WRAPPING = 1 << 7,   // a wrapping token is used up
  VAULT_SAID_NO_MOUNT = 1 << 8,
};

// Initialise with {0}; vault_reply_clear when done, also after an error.
struct vault_reply {
  int status;
  unsigned said;     // enum vault_said: from the whole text, be it shown or not
  cJSON *json;       // NULL: no body, or no JSON
  bool warned;       // it bears warnings
  char message[256]; // the errors of the body as one printable line, or a prefix of what it was
  char trace[64];    // request_id, ""
  int64_t retry_after_ms;
};
void vault_reply_clear(struct vault_reply *r);
const cJSON *vault_reply_data(const struct vault_reply *r); // "data", or NULL

struct vault_session;

// The session of that server, made when there is none. The settings are copied. NULL without
// memory. Every get has its put.
struct vault_session *vault_session_get(const struct vault_server *server, struct env *env);
void vault_session_put(struct vault_session *s);

// ERR_OK: an answer of any status is in *ret. Else the transport's error.
enum err vault_send(struct vault_session *s, const struct secret *token,
                    const struct vault_request *q, struct vault_reply *ret, struct error *e);
enum err vault_call(struct vault_session *s, const struct vault_request *q, struct vault_reply *ret,
                    struct error *e);
// What an answer's status means (vault.md of the contract), as an error with its text; ERR_OK for
// 200 and 204. `what` names the step. 404 is ERR_REFUSED here: what it means is the caller's.
enum err vault_outcome(const struct vault_request *q, const struct vault_reply *r, const char *what,
                       struct error *e);
// Every answer to a read that succeeded has an object `data`. Where that is missing, somebody else
// has answered, a proxy by its login page for example: ERR_UNSENT, as it says nothing of what is
// stored.
enum err vault_expect_data(const struct vault_reply *r, const char *what, struct error *e);

// The community edition has no namespaces and passes over a header that names one: ERR_REFUSED with
// what to do. ERR_OK also where none is configured, or the server does not say what it is.
enum err vault_namespace_check(struct vault_session *s, struct error *e);

// Revokes the tokens that logins gave, closes connections, frees sessions that no item holds.
// Nobody may be calling meanwhile. Failures are passed over: leases end by themselves.
void vault_sessions_finish(void);

#endif
