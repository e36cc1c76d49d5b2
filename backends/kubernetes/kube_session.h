// A session (backends/session.h): one API server and one identity, shared by every item and thread
// that means the same. kube_call makes one request with the token as it is now: projected tokens
// are replaced under us, so the file is read again after a minute, and at once when the server does
// not take the token (then the request is sent a second time).
#ifndef BACKENDS_KUBERNETES_KUBE_SESSION_H
#define BACKENDS_KUBERNETES_KUBE_SESSION_H

#include "rotator/base/env.h"
#include "rotator/base/json.h"

// Strings may be NULL, where nothing is said.
struct kube_server {
  char *url; // "https://host:6443", without a slash at its end; NULL: that of the pod we run in
  char *ca_file, *token_file, *client_cert, *client_key;
};
void kube_server_clear(struct kube_server *s);

struct kube_request {
  const char *method;
  const char *path;         // percent-encoded, with its query
  const char *content_type; // NULL: application/json
  const cJSON *body;        // NULL: none
  bool once;                // never sent twice when an answer was lost
};

// Initialise with {0}; kube_reply_clear when done, also after an error.
struct kube_reply {
  int status;
  cJSON *json;     // an object; NULL: the body was none
  char reason[64]; // of a kind Status, "" where there is none
  char trace[128];
  int64_t retry_after_ms; // -1: not said
};
void kube_reply_clear(struct kube_reply *r);

struct kube_session;

// The session of that server, made when there is none. The settings are copied. NULL without
// memory. Every get has its put.
struct kube_session *kube_session_get(const struct kube_server *server, struct env *env);
void kube_session_put(struct kube_session *s); // NULL allowed
// Closes connections, forgets tokens, frees sessions that no item holds. Nobody may be calling
// meanwhile.
void kube_sessions_finish(void);

// ERR_OK: an answer of any status is in *ret. Else the transport's error, or ERR_DENIED,
// ERR_REFUSED when there is no token or no server to ask.
enum err kube_call(struct kube_session *s, const struct kube_request *q, struct kube_reply *ret,
                   struct error *e);

#endif
