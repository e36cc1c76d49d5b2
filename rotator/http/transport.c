#include "rotator/http/transport.h"

#include <string.h>

enum err http_exchange(struct transport *t, const struct http_request *req,
                       struct http_response *ret, struct error *e) {
  if (t->ops->exchange)
    return t->ops->exchange(t, req, ret, e);
  struct http_call one = {.req = req, .ret = ret, .e = e};
  t->ops->together(t, &one, 1);
  return one.err;
}

static void one_by_one(struct transport *t, struct http_call *calls, size_t n) {
  for (size_t i = 0; i < n; i++) {
    calls[i].err = t->ops->exchange(t, calls[i].req, calls[i].ret, calls[i].e);
    if (calls[i].ended)
      calls[i].ended(&calls[i]);
  }
}

void http_together(struct transport *t, struct http_call *calls, size_t n) {
  void (*send)(struct transport *, struct http_call *, size_t) =
      t->ops->together ? t->ops->together : one_by_one;
  for (size_t at = 0, some; at < n; at += some) {
    some = n - at < HTTP_TOGETHER_MAX ? n - at : HTTP_TOGETHER_MAX;
    send(t, calls + at, some);
  }
}

void http_response_clear(struct http_response *r) {
  secret_free(r->body);
  *r = (struct http_response){.retry_after_ms = -1, .date_s = -1};
}

void transport_free(struct transport *t) {
  if (t)
    t->ops->free(t);
}
