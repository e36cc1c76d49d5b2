// A session (backends/session.h): one instance and one identity. Its tokens come from the rotator's
// surroundings (struct store_tokens), which keep them; one that the service does not take is asked
// for anew, once a request.
#ifndef BACKENDS_IBM_SECRETS_MANAGER_SM_SESSION_H
#define BACKENDS_IBM_SECRETS_MANAGER_SM_SESSION_H

#include "backends/store.h"
#include "rotator/base/json.h"

// Strings may be NULL, where nothing is said.
struct sm_server {
  char *url; // "https://GUID.eu-de.secrets-manager.appdomain.cloud", without a slash at its end
  char *ca_file;
  char *key_file, *key_credential; // of the API key; neither: the rotator's own identity
  int64_t timeout_ms;
  const struct store_tokens *tokens;
};
void sm_server_clear(struct sm_server *s);

struct sm_request {
  const char *method;
  const char *path;  // below /api/v2, percent-encoded, with its query
  const cJSON *body; // NULL: none
  bool write;        // never sent twice when an answer was lost
};

// Initialise with {0}; sm_reply_clear when done, also after an error.
struct sm_reply {
  int status;
  cJSON *json;       // an object; NULL: the body was none
  char code[64];     // errors[0].code, "" where there is none
  char message[200]; // of an error, one printable line; "" where it repeats what was sent
  char trace[128];
  int64_t retry_after_ms; // -1: not said
};
void sm_reply_clear(struct sm_reply *r);
// What a status means, as an error with its text; ERR_OK for 200 and 201 with an object. `what`
// names the step. ERR_MISSING: a 404 in the words of the service.
enum err sm_outcome(const struct sm_request *q, const struct sm_reply *r, const char *what,
                    struct error *e);

struct http_response;
// sm_reply.c: reads an answer to a request with that token and body (NULL: none). ERR_INTERNAL:
// there was no memory for what it says.
enum err sm_reply_read(const struct http_response *h, const struct secret *token,
                       const struct secret *body, struct sm_reply *ret);

struct sm_session;

// The session of that server, made when there is none. The settings are copied. NULL without
// memory. Every get has its put.
struct sm_session *sm_session_get(const struct sm_server *server, struct env *env);
void sm_session_put(struct sm_session *s); // NULL allowed
// Closes connections, frees sessions that no item holds. Nobody may be calling meanwhile.
void sm_sessions_finish(void);

// ERR_OK: an answer of any status is in *ret. Else the error of the transport, or of the token:
// ERR_DENIED where there is none to be had.
enum err sm_call(struct sm_session *s, const struct sm_request *q, struct sm_reply *ret,
                 struct error *e);

#endif
