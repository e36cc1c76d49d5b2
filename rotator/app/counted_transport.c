// A worker's thread works on one target at a time and says so before: the clients in between need
// not know whom they send for.
#include "rotator/app/counted_transport.h"

#include <stdlib.h>

struct counted {
  struct transport transport; // first
  struct transport *inner;
};

static _Thread_local unsigned *counter;

static enum err counted_exchange(struct transport *t, const struct http_request *req,
                                 struct http_response *ret, struct error *e) {
  struct counted *c = (struct counted *)t;
  enum err err = http_exchange(c->inner, req, ret, e);
  if (counter)
    *counter += ret->tries > 0 || err == ERR_THROTTLED ? ret->tries : 1;
  return err;
}

static void counted_free(struct transport *t) {
  struct counted *c = (struct counted *)t;
  transport_free(c->inner);
  free(c);
}

struct transport *counted_transport_new(struct transport *inner) {
  static const struct transport_ops ops = {.exchange = counted_exchange, .free = counted_free};
  struct counted *c = inner ? calloc(1, sizeof *c) : NULL;
  if (!c) {
    transport_free(inner);
    return NULL;
  }
  c->transport.ops = &ops;
  c->inner = inner;
  return &c->transport;
}

void counted_transport_for(unsigned *requests) {
  counter = requests;
}

void counted_transport_forget(const unsigned *requests) {
  if (counter == requests)
    counter = NULL;
}
