// Sessions, and the token of each.
#include "backends/kubernetes/kube_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "backends/session.h"
#include "rotator/base/credential.h"
#include "rotator/base/text.h"

#define TOKEN_LIFE_MS 60000 // the file is read again after that
#define TIMEOUT_MS 40000    // above KUBE_LONGEST_MS: the answer of a slow write is worth having
#define DEADLINE_MS 60000

struct kube_session {
  struct session session; // first
  struct kube_server server;
  struct secret *token; // under session.token_lock
  int64_t token_ms;     // when it was read
};

// --- sessions ------------------------------------------------------------------------------------

static const size_t texts[] = {
    offsetof(struct kube_server, url),        offsetof(struct kube_server, ca_file),
    offsetof(struct kube_server, token_file), offsetof(struct kube_server, client_cert),
    offsetof(struct kube_server, client_key),
};

static struct transport *make_pool(const struct session *session) {
  const struct kube_server *v = &((const struct kube_session *)session)->server;
  const struct retry_limits retry = {.tries = 4,
                                     .base_ms = 250,
                                     .cap_ms = 5000,
                                     .retry_after_cap_ms = 10000,
                                     .deadline_ms = DEADLINE_MS};
  const struct curl_options o = {.ca_file = v->ca_file,
                                 .client_cert = v->client_cert,
                                 .client_key = v->client_key,
                                 .allow_plain_loopback = true,
                                 .timeout_ms = TIMEOUT_MS,
                                 .max_body = KUBE_BODY_MAX};
  return http_pool_new(&o, &retry, session->env);
}

static void forget(struct session *session) {
  struct kube_session *s = (struct kube_session *)session;
  s->token = secret_free(s->token);
}

static struct session_registry sessions = {
    .size = sizeof(struct kube_session),
    .server_at = offsetof(struct kube_session, server),
    .server_size = sizeof(struct kube_server),
    .texts = texts,
    .n_texts = sizeof texts / sizeof *texts,
    .make_pool = make_pool,
    .forget = forget,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

struct kube_session *kube_session_get(const struct kube_server *server, struct env *env) {
  return session_get(&sessions, server, env);
}

void kube_session_put(struct kube_session *s) {
  session_put(&sessions, s ? &s->session : NULL);
}

void kube_sessions_finish(void) {
  session_finish(&sessions);
}

void kube_server_clear(struct kube_server *s) {
  session_server_clear(&sessions, s);
}

// --- token ---------------------------------------------------------------------------------------

static enum err read_token(const char *path, struct secret **ret, struct error *e) {
  const struct credential_file file = {CREDENTIAL_HANDED, "token file", path, NULL};
  enum err err = credential_read_word(&file, ret, e);
  if (err == ERR_OK || err == ERR_INTERNAL)
    return err;
  e->kind = ERR_DENIED; // without a token nothing is known of the Secret
  return ERR_DENIED;
}

// A file that cannot be read for a moment does no harm while the token of a minute ago is at hand.
static enum err session_token(struct kube_session *s, bool again, struct secret **ret,
                              struct error *e) {
  enum err err = ERR_OK;
  if (!s->server.token_file) {
    *ret = NULL;
    return ERR_OK;
  }
  pthread_mutex_lock(&s->session.token_lock);
  int64_t now = env_mono_ms(s->session.env);
  if (again || !s->token || now - s->token_ms >= TOKEN_LIFE_MS) {
    struct secret *fresh = NULL;
    err = read_token(s->server.token_file, &fresh, e);
    if (err == ERR_OK) {
      secret_free(s->token);
      s->token = fresh;
      s->token_ms = now;
    } else if (s->token && !again) {
      err = ERR_OK;
    }
  }
  if (err == ERR_OK && !(*ret = secret_dup(s->token)))
    err = error_no_memory(e);
  pthread_mutex_unlock(&s->session.token_lock);
  return err;
}

// --- requests ---

void kube_reply_clear(struct kube_reply *r) {
  json_free(r->json);
  *r = (struct kube_reply){0};
}

// ERR_INTERNAL: there was no memory for what it says.
static enum err reply_read(const struct http_response *h, struct kube_reply *ret) {
  cJSON *json = NULL;
  enum err err = json_read(secret_bytes(h->body), secret_len(h->body), &json);
  const char *kind = json_text(json, "kind"), *reason = json_text(json, "reason");
  int64_t seconds = 0;
  ret->status = h->status;
  ret->json = cJSON_IsObject(json) ? json : json_free(json);
  ret->retry_after_ms = h->retry_after_ms;
  text_copy(ret->trace, sizeof ret->trace, h->transaction);
  if (!kind || strcmp(kind, "Status") != 0)
    return err == ERR_INTERNAL ? err : ERR_OK;
  if (reason)
    text_printable(ret->reason, sizeof ret->reason, reason, strlen(reason));
  if (ret->retry_after_ms < 0 &&
      json_int(json_get(ret->json, "details"), "retryAfterSeconds", &seconds) && seconds > 0 &&
      seconds < 86400)
    ret->retry_after_ms = seconds * 1000;
  return ERR_OK;
}

static enum err url_of(const struct kube_session *s, const char *path, char *dst, size_t cap,
                       struct error *e) {
  const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
  int n = 0;
  if (s->server.url)
    n = snprintf(dst, cap, "%s%s", s->server.url, path);
  else if (!host || !*host || !port || !*port)
    return error_set(e, ERR_REFUSED,
                     "not in a pod of a cluster (no KUBERNETES_SERVICE_HOST): set 'server'");
  else
    n = snprintf(dst, cap, strchr(host, ':') ? "https://[%s]:%s%s" : "https://%s:%s%s", host, port,
                 path);
  return n > 0 && (size_t)n < cap ? ERR_OK : error_set(e, ERR_REFUSED, "the URL is too long");
}

static enum err send_once(struct kube_session *s, const struct http_request *r, bool again,
                          struct kube_reply *ret, struct error *e) {
  struct http_response h = {0};
  SECRET_AUTO token = NULL;
  enum err err = session_token(s, again, &token, e);
  if (err != ERR_OK)
    return err;
  struct http_header bearer = {.name = "Authorization", .secret = token, .prefix = "Bearer "};
  struct http_request with = *r;
  with.headers = &bearer;
  with.n_headers = token ? 1 : 0;
  s->session.used = true;
  err = http_exchange(s->session.http, &with, &h, e);
  if (err == ERR_OK && reply_read(&h, ret) != ERR_OK)
    err = session_unread(r->replay == HTTP_REPLAY_NEVER, e);
  else if (err == ERR_INVALID && !e->text[0])
    error_set(e, err, "the token has characters that cannot be sent");
  http_response_clear(&h);
  return err == ERR_INVALID ? error_wrap(e, "connection"), ERR_REFUSED : err;
}

enum err kube_call(struct kube_session *s, const struct kube_request *q, struct kube_reply *ret,
                   struct error *e) {
  char url[KUBE_PATH_MAX * 3];
  SECRET_AUTO body = NULL;
  enum err err = url_of(s, q->path, url, sizeof url, e);
  if (err == ERR_OK && q->body && json_print(q->body, KUBE_BODY_MAX, &body) != ERR_OK)
    err = error_no_memory(e);
  if (err != ERR_OK)
    return err;
  struct http_request r = {.method = q->method,
                           .url = url,
                           .body = body,
                           .content_type = !body             ? NULL
                                           : q->content_type ? q->content_type
                                                             : "application/json",
                           .replay = q->once ? HTTP_REPLAY_NEVER : HTTP_REPLAY_SAFE,
                           .prompt = q->once};
  err = send_once(s, &r, false, ret, e);
  if (err != ERR_OK || ret->status != 401 || !s->server.token_file)
    return err;
  kube_reply_clear(ret);
  return send_once(s, &r, true, ret, e);
}
