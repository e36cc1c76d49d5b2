#include "backends/session.h"

#include <stdlib.h>
#include <string.h>

// --- opening -------------------------------------------------------------------------------------

const struct store_setting *opening_find(const struct opening *o, const char *name) {
  return store_setting_find(o->settings, o->n, name);
}

const char *opening_text(const struct opening *o, const char *name) {
  return store_setting_get(o->settings, o->n, name);
}

bool opening_is_true(const struct opening *o, const char *name) {
  const char *text = opening_text(o, name);
  return text && strcmp(text, "true") == 0;
}

bool opening_keep(const struct opening *o, const char *name, char **dst) {
  const char *text = opening_text(o, name);
  *dst = text && *text ? strdup(text) : NULL;
  return *dst || !text || !*text;
}

enum err opening_check_pair(const struct opening *o, const char *cert, const char *key) {
  if (!cert == !key)
    return ERR_OK;
  return OPENING_WRONG(o, opening_find(o, cert ? "client_cert" : "client_key"),
                       "client_cert and client_key go together");
}

enum server_url server_url_kind(const char *url) {
  char host[256];
  bool https;
  int port;
  if (!http_url_host(url, host, sizeof host, &https, &port) || strpbrk(url, "?#@ "))
    return SERVER_URL_WRONG;
  return https                         ? SERVER_URL_HTTPS
         : http_host_is_loopback(host) ? SERVER_URL_LOOPBACK
                                       : SERVER_URL_PLAIN;
}

// --- the settings of a server --------------------------------------------------------------------

static char **text_at(const struct session_registry *r, const void *server, size_t i) {
  return (char **)(void *)((char *)(uintptr_t)server + r->texts[i]);
}

void session_server_clear(const struct session_registry *r, void *server) {
  for (size_t i = 0; i < r->n_texts; i++)
    free(*text_at(r, server, i));
  memset(server, 0, r->server_size);
}

// On a failure the texts that were not copied are NULL, so that the copy can be cleared.
static bool copy(const struct session_registry *r, void *dst, const void *src) {
  bool good = true;
  memcpy(dst, src, r->server_size);
  for (size_t i = 0; i < r->n_texts; i++) {
    char **text = text_at(r, dst, i);
    if (!*text)
      continue;
    *text = strdup(*text);
    good = good && *text;
  }
  return good;
}

static bool same(const struct session_registry *r, const void *a, const void *b) {
  for (size_t i = 0; i < r->n_texts; i++) {
    const char *x = *text_at(r, a, i), *y = *text_at(r, b, i);
    if (!x || !y ? x != y : strcmp(x, y) != 0)
      return false;
  }
  return !r->same || r->same(a, b);
}

// --- sessions ------------------------------------------------------------------------------------

static void *server_of(const struct session_registry *r, struct session *s) {
  return (char *)s + r->server_at;
}

static void destroy(const struct session_registry *r, struct session *s) {
  transport_free(s->http);
  r->forget(s);
  pthread_mutex_destroy(&s->token_lock);
  session_server_clear(r, server_of(r, s));
  free(s);
}

static struct session *make(struct session_registry *r, const void *server, struct env *env) {
  struct session *s = calloc(1, r->size);
  if (!s)
    return NULL;
  s->env = env;
  pthread_mutex_init(&s->token_lock, NULL);
  if (copy(r, server_of(r, s), server))
    s->http = r->make_pool(s);
  if (!s->http) {
    destroy(r, s);
    return NULL;
  }
  s->next = r->first;
  r->first = s;
  return s;
}

void *session_get(struct session_registry *r, const void *server, struct env *env) {
  pthread_mutex_lock(&r->lock);
  struct session *s = r->first;
  while (s && !(s->env == env && same(r, server_of(r, s), server)))
    s = s->next;
  if (!s)
    s = make(r, server, env);
  if (s)
    s->refs++;
  pthread_mutex_unlock(&r->lock);
  return s;
}

static void unlink_and_destroy(struct session_registry *r, struct session *s) {
  struct session **at = &r->first;
  while (*at != s)
    at = &(*at)->next;
  *at = s->next;
  destroy(r, s);
}

void session_put(struct session_registry *r, struct session *s) {
  if (!s)
    return;
  pthread_mutex_lock(&r->lock);
  if (--s->refs == 0 && !s->used)
    unlink_and_destroy(r, s);
  pthread_mutex_unlock(&r->lock);
}

void session_finish(struct session_registry *r) {
  pthread_mutex_lock(&r->lock);
  for (struct session *s = r->first, *next; s; s = next) {
    next = s->next;
    if (r->give_back)
      r->give_back(s);
    r->forget(s);
    http_pool_close_idle(s->http);
    s->used = false;
    if (s->refs == 0)
      unlink_and_destroy(r, s);
  }
  pthread_mutex_unlock(&r->lock);
}

enum err session_unread(bool write, struct error *e) {
  return write ? error_set(e, ERR_UNSURE, "out of memory: what was answered is not known")
               : error_no_memory(e);
}
