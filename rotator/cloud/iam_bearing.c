// A client whose calls bear one given token: for what must be done, or shown to be possible, with a
// certain key. It has the service and the transport of the client that it was made of.
#include <stddef.h>
#include <stdlib.h>

#include "rotator/cloud/iam_call.h"

struct bearing {
  struct iam_http h; // first: it is used as one
  struct iam_ops ops;
  struct iam_auth auth;
  struct iam_auth_ops auth_ops;
  struct secret *bearer;
};

static struct bearing *bearing_of(struct iam_auth *a) {
  return (struct bearing *)((char *)a - offsetof(struct bearing, auth));
}

// There is but this one: what was refused is refused.
static enum err given(struct iam_auth *a, struct transport *t, const struct secret *refused,
                      struct iam_token *ret, struct error *e) {
  (void)t;
  if (refused)
    return error_set(e, ERR_DENIED, "the token was refused");
  struct secret *copy = secret_dup(bearing_of(a)->bearer);
  if (!copy)
    return error_no_memory(e);
  *ret = (struct iam_token){.bearer = copy};
  return ERR_OK;
}

static void not_ours(struct iam_auth *a) {
  (void)a;
}

static void free_bearing(struct iam *c) {
  struct bearing *b = (struct bearing *)c;
  secret_free(b->bearer);
  free(b);
}

struct iam *iam_http_bearing(struct iam *c, const struct secret *bearer) {
  struct bearing *b = calloc(1, sizeof *b);
  struct secret *copy = b ? secret_dup(bearer) : NULL;
  if (!copy) {
    free(b);
    return NULL;
  }
  b->h = *iam_http_of(c); // its URL stays the other's
  b->ops = *c->ops;
  b->ops.free = free_bearing;
  b->auth_ops = (struct iam_auth_ops){.token = given, .free = not_ours};
  b->auth.ops = &b->auth_ops;
  b->h.base.ops = &b->ops;
  b->h.auth = &b->auth;
  b->bearer = copy;
  return &b->h.base;
}
