// What every authenticator does with the token that it gets: keep it, share it, renew it. Internal
// to rotator/cloud; how a token is got is one file a kind (iam_auth_*.c).
#ifndef ROTATOR_CLOUD_IAM_AUTH_H
#define ROTATOR_CLOUD_IAM_AUTH_H

#include "rotator/cloud/iam_http.h"

struct iam_auth_way {
  // One token, got anew; never called by two threads at once. Errors as for exchange in iam.h.
  // deadline_ms 0: the transport's.
  enum err (*get)(void *ctx, struct transport *t, int64_t deadline_ms, struct iam_token *ret,
                  struct error *e);
  void (*free)(void *ctx);
};

// Takes ctx, NULL included; frees it also when it fails. NULL without memory.
struct iam_auth *iam_auth_new(const struct iam_auth_way *way, void *ctx, struct env *env);

#endif
