#include "rotator/http/transport.h"

#include <string.h>

enum err http_exchange(struct transport *t, const struct http_request *req,
                       struct http_response *ret, struct error *e) {
  return t->ops->exchange(t, req, ret, e);
}

void http_response_clear(struct http_response *r) {
  secret_free(r->body);
  *r = (struct http_response){.retry_after_ms = -1, .date_s = -1};
}

void transport_free(struct transport *t) {
  if (t)
    t->ops->free(t);
}
