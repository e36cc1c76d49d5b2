// Sessions, and one request with a token.
#include "backends/ibm-secrets-manager/sm_session.h"

#include <stdio.h>
#include <string.h>

#include "backends/session.h"

#define BODY_MAX (4 * 1024 * 1024) // a payload is 1 MB at most
#define URL_MAX 2048

struct sm_session {
  struct session session; // first
  struct sm_server server;
};

// --- sessions ------------------------------------------------------------------------------------

static const size_t texts[] = {
    offsetof(struct sm_server, url),
    offsetof(struct sm_server, ca_file),
    offsetof(struct sm_server, key_file),
    offsetof(struct sm_server, key_credential),
};

static bool same(const void *x, const void *y) {
  const struct sm_server *a = x, *b = y;
  return a->timeout_ms == b->timeout_ms && a->tokens == b->tokens;
}

static struct transport *make_pool(const struct session *session) {
  const struct sm_server *v = &((const struct sm_session *)session)->server;
  const struct curl_options o = {.ca_file = v->ca_file,
                                 .allow_plain_loopback = true,
                                 .timeout_ms = v->timeout_ms,
                                 .max_body = BODY_MAX};
  return http_pool_new(&o, NULL, session->env);
}

static void forget(struct session *session) { // it holds no token
  (void)session;
}

static struct session_registry sessions = {
    .size = sizeof(struct sm_session),
    .server_at = offsetof(struct sm_session, server),
    .server_size = sizeof(struct sm_server),
    .texts = texts,
    .n_texts = sizeof texts / sizeof *texts,
    .same = same,
    .make_pool = make_pool,
    .forget = forget,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

struct sm_session *sm_session_get(const struct sm_server *server, struct env *env) {
  return session_get(&sessions, server, env);
}

void sm_session_put(struct sm_session *s) {
  session_put(&sessions, s ? &s->session : NULL);
}

void sm_sessions_finish(void) {
  session_finish(&sessions);
}

void sm_server_clear(struct sm_server *s) {
  session_server_clear(&sessions, s);
}

// --- requests ------------------------------------------------------------------------------------

// Whatever is the matter with the token, it is no answer about the secret.
static enum err token_of(const struct sm_session *s, const struct secret *refused,
                         struct secret **ret, struct error *e) {
  const struct sm_server *v = &s->server;
  const struct credential_file key = {CREDENTIAL_KEPT, "API key of Secrets Manager", v->key_file,
                                      v->key_credential};
  if (!v->tokens)
    return error_set(e, ERR_INTERNAL, "there is nobody who gives tokens");
  enum err err =
      v->tokens->get(v->tokens, v->key_file || v->key_credential ? &key : NULL, refused, ret, e);
  if (err == ERR_OK)
    return ERR_OK;
  error_wrap(e, "no token for Secrets Manager");
  if (err == ERR_CONFLICT || err == ERR_UNSURE)
    err = ERR_UNSENT;
  else if (!err_is_passing(err) && err != ERR_CANCELLED && err != ERR_INTERNAL)
    err = ERR_DENIED;
  e->kind = err;
  e->status = 0;
  return err;
}

static enum err send_once(struct sm_session *s, const struct http_request *r,
                          const struct secret *token, struct sm_reply *ret, struct error *e) {
  struct http_response h = {0};
  const struct http_header bearer = {.name = "Authorization", .secret = token, .prefix = "Bearer "};
  struct http_request with = *r;
  with.headers = &bearer;
  with.n_headers = 1;
  s->session.used = true;
  enum err err = http_exchange(s->session.http, &with, &h, e);
  if (err == ERR_OK && sm_reply_read(&h, token, r->body, ret) != ERR_OK)
    err = session_unread(r->replay == HTTP_REPLAY_NEVER, e);
  else if (err == ERR_INVALID && !e->text[0])
    error_set(e, err, "the token has characters that cannot be sent");
  http_response_clear(&h);
  return err == ERR_INVALID ? error_wrap(e, "connection"), ERR_REFUSED : err;
}

// A 401 comes before anything is done, so what was refused with one token may be sent with another.
static enum err with_token(struct sm_session *s, const struct http_request *r, struct sm_reply *ret,
                           struct error *e) {
  SECRET_AUTO token = NULL;
  SECRET_AUTO other = NULL;
  enum err err = token_of(s, NULL, &token, e);
  if (err == ERR_OK)
    err = send_once(s, r, token, ret, e);
  if (err != ERR_OK || ret->status != 401)
    return err;
  err = token_of(s, token, &other, e);
  if (err != ERR_OK || secret_equal(token, other))
    return err;
  sm_reply_clear(ret);
  return send_once(s, r, other, ret, e);
}

enum err sm_call(struct sm_session *s, const struct sm_request *q, struct sm_reply *ret,
                 struct error *e) {
  char url[URL_MAX];
  SECRET_AUTO body = NULL;
  int n = snprintf(url, sizeof url, "%s/api/v2/%s", s->server.url, q->path);
  if (n < 0 || (size_t)n >= sizeof url)
    return error_set(e, ERR_REFUSED, "the URL is too long");
  if (q->body && json_print(q->body, BODY_MAX, &body) != ERR_OK)
    return error_no_memory(e);
  const struct http_request r = {.method = q->method,
                                 .url = url,
                                 .body = body,
                                 .content_type = body ? "application/json" : NULL,
                                 .replay = q->write ? HTTP_REPLAY_NEVER : HTTP_REPLAY_SAFE,
                                 .prompt = q->write};
  return with_token(s, &r, ret, e);
}
