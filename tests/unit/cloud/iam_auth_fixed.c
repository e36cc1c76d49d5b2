#include "tests/unit/cloud/iam_auth_fixed.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/cloud/iam_decode.h"

struct fixed {
  struct iam_auth base;
  struct iam_token claims; // without bearer
  struct secret *bearer;
};

static enum err token(struct iam_auth *a, struct transport *t, const struct secret *refused,
                      struct iam_token *ret, struct error *e) {
  const struct fixed *f = (struct fixed *)a;
  (void)t;
  if (refused && secret_equal(refused, f->bearer))
    return error_set(e, ERR_DENIED, "the fixed token was refused");
  struct secret *bearer = secret_dup(f->bearer);
  if (!bearer)
    return error_no_memory(e);
  *ret = f->claims;
  ret->bearer = bearer;
  return ERR_OK;
}

static void free_fixed(struct iam_auth *a) {
  struct fixed *f = (struct fixed *)a;
  secret_free(f->bearer);
  free(f);
}

static const struct iam_auth_ops ops = {.token = token, .free = free_fixed};

struct iam_auth *iam_auth_fixed_new(const struct secret *bearer) {
  struct fixed *f = calloc(1, sizeof *f);
  struct secret *copy = secret_dup(bearer);
  int64_t life_s;
  if (!f || !copy) {
    free(f);
    secret_free(copy);
    return NULL;
  }
  f->base.ops = &ops;
  f->bearer = copy;
  f->claims.expires_at_ms = INT64_MAX;
  iam_decode_claims(secret_bytes(copy), secret_len(copy), &f->claims, &life_s, NULL);
  return &f->base;
}
