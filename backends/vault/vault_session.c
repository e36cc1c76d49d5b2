// The registry of sessions and the pool of transports of each.
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault_session_internal.h"
#include "rotator/http/retry.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vault_session *registry;
static vault_transport_maker *maker;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum err started = ERR_INTERNAL;
static struct error start_error;

// --- who and where ---

enum { TEXTS = 15 };

static void list_texts(struct vault_server *s, char **ret[TEXTS]) {
  char **const all[TEXTS] = {
      &s->address,           &s->socket,           &s->space,
      &s->user_agent,        &s->ca_file,          &s->client_cert,
      &s->client_key,        &s->tls_server_name,  &s->proxy,
      &s->auth.mount,        &s->auth.role,        &s->auth.role_id,
      &s->auth.role_id_file, &s->auth.secret_file, &s->auth.secret_credential};
  memcpy(ret, all, sizeof all);
}

void vault_server_clear(struct vault_server *s) {
  char **texts[TEXTS];
  list_texts(s, texts);
  for (size_t i = 0; i < TEXTS; i++)
    free(*texts[i]);
  memset(s, 0, sizeof(*s));
}

static bool copy(struct vault_server *dst, const struct vault_server *src) {
  char **texts[TEXTS];
  bool good = true;
  *dst = *src;
  list_texts(dst, texts);
  for (size_t i = 0; i < TEXTS; i++)
    if (*texts[i]) {
      *texts[i] = strdup(*texts[i]);
      good = good && *texts[i];
    }
  return good;
}

static bool same(const struct vault_server *a, const struct vault_server *b) {
  char **x[TEXTS], **y[TEXTS];
  list_texts((struct vault_server *)(uintptr_t)a, x);
  list_texts((struct vault_server *)(uintptr_t)b, y);
  for (size_t i = 0; i < TEXTS; i++)
    if (!*x[i] != !*y[i] || (*x[i] && strcmp(*x[i], *y[i]) != 0))
      return false;
  return a->timeout_ms == b->timeout_ms && a->tries == b->tries &&
         a->no_redirect == b->no_redirect && a->auth.method == b->auth.method &&
         a->auth.wrapped == b->auth.wrapped;
}

// --- registry ---

static void destroy(struct vault_session *s) {
  for (size_t i = 0; i < s->n_idle; i++)
    transport_free(s->idle[i]);
  free(s->idle);
  secret_free(s->login.token);
  secret_free(s->kept);
  pthread_mutex_destroy(&s->pool_lock);
  pthread_mutex_destroy(&s->token_lock);
  vault_server_clear(&s->server);
  free(s);
}

static struct vault_session *make(const struct vault_server *server, struct env *env) {
  struct vault_session *s = calloc(1, sizeof(*s));
  if (!s)
    return NULL;
  s->env = env;
  pthread_mutex_init(&s->pool_lock, NULL);
  pthread_mutex_init(&s->token_lock, NULL);
  if (!copy(&s->server, server)) {
    destroy(s);
    return NULL;
  }
  s->next = registry;
  registry = s;
  return s;
}

struct vault_session *vault_session_get(const struct vault_server *server, struct env *env) {
  pthread_mutex_lock(&registry_lock);
  struct vault_session *s = registry;
  while (s && !(s->env == env && same(&s->server, server)))
    s = s->next;
  if (!s)
    s = make(server, env);
  if (s)
    s->refs++;
  pthread_mutex_unlock(&registry_lock);
  return s;
}

// Without a token and a connection nothing is lost when it goes. Others wait for the end.
void vault_session_put(struct vault_session *s) {
  if (!s)
    return;
  pthread_mutex_lock(&registry_lock);
  s->refs--;
  if (s->refs == 0 && !s->login.token && s->n_idle == 0 && !s->kept) {
    struct vault_session **at = &registry;
    while (*at != s)
      at = &(*at)->next;
    *at = s->next;
    destroy(s);
  }
  pthread_mutex_unlock(&registry_lock);
}

const struct vault_server *vault_session_server(const struct vault_session *s) {
  return &s->server;
}
struct env *vault_session_env(const struct vault_session *s) {
  return s->env;
}

static bool never(struct env *env) {
  (void)env;
  return false;
}

static void close_idle(struct vault_session *s) {
  while (s->n_idle > 0)
    transport_free(s->idle[--s->n_idle]);
}

// After a stop no transport begins anything, and yet a token must not outlive the program: it is
// revoked in surroundings that know of no stop, within seconds.
static void revoke(struct vault_session *s) {
  struct env *env = s->env;
  struct env_ops ops = *env_real()->ops;
  struct env calm = {.ops = &ops};
  ops.stopping = never;
  if (env_stopping(env)) {
    close_idle(s);
    s->env = &calm;
  }
  vault_token_drop(s);
  close_idle(s);
  s->env = env;
}

void vault_sessions_finish(void) {
  struct vault_session **at = &registry;
  while (*at) {
    struct vault_session *s = *at;
    revoke(s);
    if (s->refs > 0) {
      at = &s->next;
    } else {
      *at = s->next;
      destroy(s);
    }
  }
}

// --- pool ---

void vault_sessions_use(vault_transport_maker *make_transport) {
  maker = make_transport;
}

static void start(void) {
  started = curl_transport_global_init(&start_error);
}

static struct transport *make_transport(struct vault_session *s, struct error *e) {
  const struct vault_server *v = &s->server;
  struct transport *inner = NULL;
  const struct curl_options o = {.user_agent = v->user_agent,
                                 .ca_file = v->ca_file,
                                 .client_cert = v->client_cert,
                                 .client_key = v->client_key,
                                 .tls_server_name = v->tls_server_name,
                                 .unix_socket = v->socket,
                                 .proxy = v->proxy,
                                 .allow_plain_loopback = true,
                                 .timeout_ms = v->timeout_ms,
                                 .max_body = 4 * 1024 * 1024};
  if (maker) {
    inner = maker(&o, s->env);
  } else {
    pthread_once(&once, start);
    if (started != ERR_OK) {
      *e = start_error;
      return NULL;
    }
    if (curl_transport_new(&o, s->env, &inner, e) != ERR_OK)
      return NULL;
  }
  struct retry_policy p = RETRY_DEFAULT;
  p.tries = (unsigned)(v->tries > 0 ? v->tries : 1);
  struct transport *t = inner ? retry_transport_new(inner, &p, s->env) : NULL;
  if (!t)
    error_no_memory(e);
  return t;
}

struct transport *vault_pool_take(struct vault_session *s, struct error *e) {
  struct transport *t = NULL;
  pthread_mutex_lock(&s->pool_lock);
  if (s->n_idle > 0)
    t = s->idle[--s->n_idle];
  pthread_mutex_unlock(&s->pool_lock);
  return t ? t : make_transport(s, e);
}

void vault_pool_put(struct vault_session *s, struct transport *t) {
  pthread_mutex_lock(&s->pool_lock);
  if (s->n_idle == s->idle_cap) {
    size_t cap = s->idle_cap ? s->idle_cap * 2 : 4;
    struct transport **grown = realloc(s->idle, cap * sizeof(struct transport *));
    if (grown) {
      s->idle = grown;
      s->idle_cap = cap;
    }
  }
  if (s->n_idle < s->idle_cap) {
    s->idle[s->n_idle++] = t;
    t = NULL;
  }
  pthread_mutex_unlock(&s->pool_lock);
  transport_free(t);
}
