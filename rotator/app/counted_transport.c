// A worker's thread works on one target at a time and says so before: the clients in between need
// not know whom they send for.
#include "rotator/app/counted_transport.h"

#include <stdlib.h>

struct counted {
  struct transport transport; // first
  struct transport *inner;
};

static _Thread_local unsigned *counter;

static void counted_together(struct transport *t, struct http_call *calls, size_t n) {
  struct counted *c = (struct counted *)t;
  http_together(c->inner, calls, n);
  for (size_t i = 0; i < n && counter; i++) {
    unsigned tries = calls[i].ret->tries;
    *counter += tries > 0 || calls[i].err == ERR_THROTTLED ? tries : 1;
  }
}

static void counted_free(struct transport *t) {
  struct counted *c = (struct counted *)t;
  transport_free(c->inner);
  free(c);
}

struct transport *counted_transport_new(struct transport *inner) {
  static const struct transport_ops ops = {.together = counted_together, .free = counted_free};
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
