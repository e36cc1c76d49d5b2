// What every authenticator does with the token that it gets: keep it, share it, renew it. Internal
// to rotator/cloud; how a token is got is one file a kind (iam_auth_*.c).
#ifndef ROTATOR_CLOUD_IAM_AUTH_H
#define ROTATOR_CLOUD_IAM_AUTH_H

#include "rotator/cloud/iam_http.h"

struct iam_auth_way {
  // One token, got anew; never called by two threads at once. Errors as for exchange in iam.h.
  // deadline_ms 0: the transport's. *ret_by is empty: `gained` and the identity whose key that is
  // are filled in where an API key stands behind it.
  enum err (*get)(void *ctx, struct transport *t, int64_t deadline_ms, struct iam_token *ret,
                  struct iam_credential *ret_by, struct error *e);
  // The key as it is read now, never beside a get; NULL with *e set when it can't be. The callback
  // is NULL where no key stands behind it.
  struct secret *(*read)(void *ctx, struct error *e);
  void (*free)(void *ctx);
};

// Takes ctx, NULL included; frees it also when it fails. NULL without memory.
struct iam_auth *iam_auth_new(const struct iam_auth_way *way, void *ctx, struct env *env);

#endif
