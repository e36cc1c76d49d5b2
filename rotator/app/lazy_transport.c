#include "rotator/app/lazy_transport.h"

#include <pthread.h>
#include <stdlib.h>

#include "rotator/http/retry.h"

struct lazy {
  struct transport base;
  struct curl_options options;
  struct env *env;
  struct transport *inner; // NULL until the first exchange
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum err started = ERR_INTERNAL;
static struct error start_error;

static void start(void) {
  started = curl_transport_global_init(&start_error);
}

static enum err make_inner(struct lazy *l, struct error *e) {
  struct transport *curl = NULL;
  pthread_once(&once, start);
  if (started != ERR_OK) {
    if (e)
      *e = start_error;
    return started;
  }
  enum err err = curl_transport_new(&l->options, l->env, &curl, e);
  if (err != ERR_OK)
    return err;
  l->inner = retry_transport_new(curl, &RETRY_DEFAULT, l->env);
  return l->inner ? ERR_OK : error_no_memory(e);
}

static enum err exchange(struct transport *t, const struct http_request *req,
                         struct http_response *ret, struct error *e) {
  struct lazy *l = (struct lazy *)t;
  enum err err = l->inner ? ERR_OK : make_inner(l, e);
  return err == ERR_OK ? http_exchange(l->inner, req, ret, e) : err;
}

static void lazy_free(struct transport *t) {
  struct lazy *l = (struct lazy *)t;
  transport_free(l->inner);
  free(l);
}

static const struct transport_ops ops = {.exchange = exchange, .free = lazy_free};

struct transport *lazy_transport_new(const struct curl_options *o, struct env *env) {
  struct lazy *l = calloc(1, sizeof *l);
  if (!l)
    return NULL;
  *l = (struct lazy){.base = {.ops = &ops}, .options = *o, .env = env};
  return &l->base;
}

void lazy_transport_cleanup(void) {
  if (started == ERR_OK)
    curl_transport_global_cleanup();
}
