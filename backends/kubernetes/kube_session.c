// Sessions, and the token of each.
#include "backends/kubernetes/kube_session.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/http_pool.h"
#include "backends/kubernetes/kube.h"
#include "rotator/base/text.h"

#define TOKEN_MAX (16 * 1024)
#define TOKEN_LIFE_MS 60000 // the file is read again after that
#define TIMEOUT_MS 40000    // above KUBE_LONGEST_MS: the answer of a slow write is worth having
#define DEADLINE_MS 60000

struct kube_session {
  struct kube_session *next;
  struct kube_server server;
  struct env *env;
  unsigned refs; // under `lock`
  struct http_pool *pool;
  pthread_mutex_t token_lock;
  struct secret *token;
  int64_t token_ms; // when it was read
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kube_session *sessions;

static char **field(const struct kube_server *s, size_t i) {
  struct kube_server *w = (struct kube_server *)(uintptr_t)s;
  char **const fields[] = {&w->url,         &w->ca_file,    &w->token_file,
                           &w->client_cert, &w->client_key, &w->user_agent};
  return i < sizeof fields / sizeof(*fields) ? fields[i] : NULL;
}

void kube_server_clear(struct kube_server *s) {
  for (size_t i = 0; field(s, i); i++)
    free(*field(s, i));
  *s = (struct kube_server){0};
}

static bool server_copy(struct kube_server *dst, const struct kube_server *src) {
  for (size_t i = 0; field(src, i); i++)
    if (*field(src, i) && !(*field(dst, i) = strdup(*field(src, i))))
      return false;
  return true;
}

static bool server_equal(const struct kube_server *a, const struct kube_server *b) {
  for (size_t i = 0; field(a, i); i++) {
    const char *x = *field(a, i), *y = *field(b, i);
    if ((!x || !y) ? x != y : strcmp(x, y) != 0)
      return false;
  }
  return true;
}

static void session_free(struct kube_session *s) {
  http_pool_free(s->pool);
  secret_free(s->token);
  pthread_mutex_destroy(&s->token_lock);
  kube_server_clear(&s->server);
  free(s);
}

static struct kube_session *session_new(const struct kube_server *server, struct env *env) {
  struct kube_session *s = calloc(1, sizeof(*s));
  if (!s)
    return NULL;
  pthread_mutex_init(&s->token_lock, NULL);
  s->env = env;
  if (server_copy(&s->server, server)) {
    struct retry_policy retry = {.tries = 4,
                                 .base_ms = 250,
                                 .cap_ms = 5000,
                                 .retry_after_cap_ms = 10000,
                                 .deadline_ms = DEADLINE_MS};
    struct curl_options o = {.user_agent = s->server.user_agent,
                             .ca_file = s->server.ca_file,
                             .client_cert = s->server.client_cert,
                             .client_key = s->server.client_key,
                             .allow_plain_loopback = true,
                             .timeout_ms = TIMEOUT_MS,
                             .max_body = KUBE_BODY_MAX};
    s->pool = http_pool_new(&o, &retry, env);
  }
  if (!s->pool) {
    session_free(s);
    return NULL;
  }
  return s;
}

struct kube_session *kube_session_get(const struct kube_server *server, struct env *env) {
  pthread_mutex_lock(&lock);
  struct kube_session *s = sessions;
  while (s && !(s->env == env && server_equal(&s->server, server)))
    s = s->next;
  if (!s && (s = session_new(server, env))) {
    s->next = sessions;
    sessions = s;
  }
  if (s)
    s->refs++;
  pthread_mutex_unlock(&lock);
  return s;
}

void kube_session_put(struct kube_session *s) {
  if (!s)
    return;
  pthread_mutex_lock(&lock);
  bool last = --s->refs == 0;
  struct kube_session **p = &sessions;
  while (last && *p != s)
    p = &(*p)->next;
  if (last)
    *p = s->next;
  pthread_mutex_unlock(&lock);
  if (last)
    session_free(s);
}

// --- token ---

static enum err read_token(const char *path, struct secret **ret, struct error *e) {
  char part[1024];
  ssize_t n = 1;
  SECRET_AUTO text = secret_new(TOKEN_MAX);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  enum err err = text ? ERR_OK : error_set(e, ERR_INTERNAL, "memory is exhausted");
  if (fd < 0)
    err = error_set(e, ERR_DENIED, "token file %s: %s", path, strerror(errno));
  while (err == ERR_OK && (n = read(fd, part, sizeof part)) > 0)
    if (secret_append(text, part, (size_t)n) != ERR_OK)
      err = error_set(e, ERR_DENIED, "token file %s is too large", path);
  if (err == ERR_OK && n < 0)
    err = error_set(e, ERR_DENIED, "token file %s: %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  secret_wipe(part, sizeof part);
  if (err != ERR_OK)
    return err;
  const char *s = secret_bytes(text);
  size_t from = strspn(s, " \t\r\n"), len = secret_len(text) - from;
  while (len > 0 && strchr(" \t\r\n", s[from + len - 1]))
    len--;
  if (len == 0)
    return error_set(e, ERR_DENIED, "token file %s is empty", path);
  *ret = secret_copy(s + from, len);
  return *ret ? ERR_OK : error_set(e, ERR_INTERNAL, "memory is exhausted");
}

// A file that cannot be read for a moment does no harm while the token of a minute ago is at hand.
enum err kube_session_token(struct kube_session *s, bool again, struct secret **ret,
                            struct error *e) {
  enum err err = ERR_OK;
  if (!s->server.token_file) {
    *ret = NULL;
    return ERR_OK;
  }
  pthread_mutex_lock(&s->token_lock);
  int64_t now = env_mono_ms(s->env);
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
    err = error_set(e, ERR_INTERNAL, "memory is exhausted");
  pthread_mutex_unlock(&s->token_lock);
  return err;
}

// --- requests ---

void kube_reply_clear(struct kube_reply *r) {
  json_free(r->json);
  *r = (struct kube_reply){0};
}

static void reply_read(const struct http_response *h, struct kube_reply *ret) {
  cJSON *json = json_parse(secret_bytes(h->body), secret_len(h->body));
  const char *kind = json_text(json, "kind"), *reason = json_text(json, "reason");
  int64_t seconds = 0;
  ret->status = h->status;
  ret->json = cJSON_IsObject(json) ? json : json_free(json);
  ret->retry_after_ms = h->retry_after_ms;
  text_copy(ret->trace, sizeof ret->trace, h->transaction);
  if (!kind || strcmp(kind, "Status") != 0)
    return;
  if (reason)
    text_printable(ret->reason, sizeof ret->reason, reason, strlen(reason));
  if (ret->retry_after_ms < 0 &&
      json_int(json_get(ret->json, "details"), "retryAfterSeconds", &seconds) && seconds > 0 &&
      seconds < 86400)
    ret->retry_after_ms = seconds * 1000;
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
  enum err err = kube_session_token(s, again, &token, e);
  if (err != ERR_OK)
    return err;
  struct http_header bearer = {.name = "Authorization", .secret = token, .prefix = "Bearer "};
  struct http_request with = *r;
  with.headers = &bearer;
  with.n_headers = token ? 1 : 0;
  err = http_pool_exchange(s->pool, &with, &h, e);
  if (err == ERR_OK)
    reply_read(&h, ret);
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
    err = error_set(e, ERR_INTERNAL, "memory is exhausted");
  if (err != ERR_OK)
    return err;
  struct http_request r = {.method = q->method,
                           .url = url,
                           .body = body,
                           .content_type = !body             ? NULL
                                           : q->content_type ? q->content_type
                                                             : "application/json",
                           .replay = q->once ? HTTP_REPLAY_NEVER : HTTP_REPLAY_SAFE};
  err = send_once(s, &r, false, ret, e);
  if (err != ERR_OK || ret->status != 401 || !s->server.token_file)
    return err;
  kube_reply_clear(ret);
  return send_once(s, &r, true, ret, e);
}
