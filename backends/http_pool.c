#include "backends/http_pool.h"

#include <pthread.h>
#include <stdlib.h>

#define IDLE_MAX 64 // as many as there can be workers

struct http_pool {
  struct curl_options options;
  struct retry_policy retry;
  struct env *env;
  pthread_mutex_t lock;
  struct transport *idle[IDLE_MAX];
  size_t n_idle;
};

static http_pool_maker *made_by_test;

void http_pool_use(http_pool_maker *make) {
  made_by_test = make;
}

struct http_pool *http_pool_new(const struct curl_options *o, const struct retry_policy *retry,
                                struct env *env) {
  struct http_pool *p = calloc(1, sizeof(*p));
  if (!p)
    return NULL;
  p->options = *o;
  p->retry = *retry;
  p->env = env;
  pthread_mutex_init(&p->lock, NULL);
  return p;
}

struct http_pool *http_pool_free(struct http_pool *p) {
  if (!p)
    return NULL;
  for (size_t i = 0; i < p->n_idle; i++)
    transport_free(p->idle[i]);
  pthread_mutex_destroy(&p->lock);
  free(p);
  return NULL;
}

static struct transport *take(struct http_pool *p) {
  struct transport *t = NULL;
  pthread_mutex_lock(&p->lock);
  if (p->n_idle > 0)
    t = p->idle[--p->n_idle];
  pthread_mutex_unlock(&p->lock);
  return t;
}

static void put(struct http_pool *p, struct transport *t) {
  pthread_mutex_lock(&p->lock);
  if (p->n_idle < IDLE_MAX) {
    p->idle[p->n_idle++] = t;
    t = NULL;
  }
  pthread_mutex_unlock(&p->lock);
  transport_free(t);
}

// The decorator of retry.h frees what it wraps; a test's transport is the test's.
struct borrowed {
  struct transport base;
  struct transport *of;
};

static enum err borrowed_exchange(struct transport *t, const struct http_request *req,
                                  struct http_response *ret, struct error *e) {
  return http_exchange(((struct borrowed *)t)->of, req, ret, e);
}

static void borrowed_free(struct transport *t) {
  free(t);
}

static struct transport *borrow(struct transport *of) {
  static const struct transport_ops ops = {borrowed_exchange, borrowed_free};
  struct borrowed *b = of ? calloc(1, sizeof(*b)) : NULL;
  if (!b)
    return NULL;
  b->base.ops = &ops;
  b->of = of;
  return &b->base;
}

static enum err make(struct http_pool *p, struct transport **ret, struct error *e) {
  struct transport *inner = NULL;
  enum err err = ERR_OK;
  if (made_by_test)
    inner = borrow(made_by_test(&p->options, p->env));
  else
    err = curl_transport_new(&p->options, p->env, &inner, e);
  if (err != ERR_OK)
    return err;
  struct transport *t = inner ? retry_transport_new(inner, &p->retry, p->env) : NULL;
  if (!t)
    return error_set(e, ERR_INTERNAL, "memory is exhausted");
  *ret = t;
  return ERR_OK;
}

enum err http_pool_exchange(struct http_pool *p, const struct http_request *req,
                            struct http_response *ret, struct error *e) {
  struct transport *t = take(p);
  enum err err = t ? ERR_OK : make(p, &t, e);
  if (err != ERR_OK)
    return err;
  err = http_exchange(t, req, ret, e);
  if (err == ERR_OK)
    put(p, t);
  else
    transport_free(t); // a certificate's file may have been replaced: the next one reads it anew
  return err;
}
