#include "rotator/http/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { IDLE_MAX = 64 }; // as many as there can be workers

struct http_pool {
  struct transport base;
  struct curl_options options;
  struct retry_limits retry;
  struct env *env;
  struct http_gate *gate;
  pthread_mutex_t lock;
  struct transport *idle[IDLE_MAX];
  size_t n_idle;
};

static http_pool_maker *made_by_test;

void http_pool_use(http_pool_maker *make) {
  made_by_test = make;
}

// --- idle ones -----------------------------------------------------------------------------------

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

void http_pool_close_idle(struct transport *pool) {
  struct http_pool *p = (struct http_pool *)pool;
  for (struct transport *t = take(p); t; t = take(p))
    transport_free(t);
}

// --- new ones ------------------------------------------------------------------------------------

// The decorator of retry.h frees what it wraps; a test's transport is the test's.
struct borrowed {
  struct transport base;
  struct transport *of;
};

static void borrowed_together(struct transport *t, struct http_call *calls, size_t n) {
  http_together(((struct borrowed *)t)->of, calls, n);
}

static void borrowed_free(struct transport *t) {
  free(t);
}

static struct transport *borrow(struct transport *of) {
  static const struct transport_ops ops = {.together = borrowed_together, .free = borrowed_free};
  struct borrowed *b = of ? calloc(1, sizeof *b) : NULL;
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
  if (err)
    return err;
  inner = inner ? http_gate_transport_new(inner, p->gate) : NULL;
  struct transport *t = inner ? retry_transport_new(inner, &p->retry, p->env) : NULL;
  if (!t) {
    transport_free(inner);
    return error_no_memory(e);
  }
  *ret = t;
  return ERR_OK;
}

// --- the transport -------------------------------------------------------------------------------

static void none_made(struct http_call *calls, size_t n, enum err err, const struct error *why) {
  for (size_t i = 0; i < n; i++) {
    calls[i].err = err;
    if (calls[i].e)
      *calls[i].e = *why;
    if (calls[i].ended)
      calls[i].ended(&calls[i]);
  }
}

static void pool_together(struct transport *base, struct http_call *calls, size_t n) {
  struct http_pool *p = (struct http_pool *)base;
  struct transport *t = take(p);
  struct error why = {0};
  enum err err = t ? ERR_OK : make(p, &t, &why);
  if (err) {
    none_made(calls, n, err, &why);
    return;
  }
  http_together(t, calls, n);
  for (size_t i = 0; i < n && !err; i++)
    err = calls[i].err;
  if (err)
    transport_free(t);
  else
    put(p, t);
}

static void pool_free(struct transport *base) {
  struct http_pool *p = (struct http_pool *)base;
  http_pool_close_idle(base);
  http_gate_free(p->gate);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

struct transport *http_pool_new(const struct curl_options *o, const struct retry_limits *retry,
                                struct env *env) {
  static const struct transport_ops ops = {.together = pool_together, .free = pool_free};
  struct http_pool *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->base.ops = &ops;
  p->options = *o;
  p->retry = retry ? *retry : RETRY_DEFAULT;
  p->env = env;
  p->gate = http_gate_new(env);
  pthread_mutex_init(&p->lock, NULL);
  if (p->gate)
    return &p->base;
  pool_free(&p->base);
  return NULL;
}

struct http_gate *http_pool_gate(struct transport *pool) {
  return ((struct http_pool *)pool)->gate;
}
