// The IAM client over HTTP, and the authenticators it can use.
#ifndef ROTATOR_CLOUD_IAM_HTTP_H
#define ROTATOR_CLOUD_IAM_HTTP_H

#include "rotator/base/env.h"
#include "rotator/cloud/iam.h"
#include "rotator/http/transport.h"

// Where a management token comes from. One object may be shared by all threads (it locks itself); a
// token is exchanged once and shared until 80 % of its life is over.
struct iam_auth;

struct iam_auth_ops {
  // A copy of a usable token. refused: a token that was handed out earlier and then answered 401;
  // another is got, unless somebody else has got one meanwhile (so concurrent callers share one
  // exchange). NULL: none. Errors as for exchange in iam.h; t is used by the caller that does the
  // exchange.
  enum err (*token)(struct iam_auth *a, struct transport *t, const struct secret *refused,
                    struct iam_token *ret, struct error *e);
  void (*free)(struct iam_auth *a);
};
struct iam_auth {
  const struct iam_auth_ops *ops;
};

// API key of the management identity. read_key is called for every exchange (the file may have been
// replaced), in whichever thread needs one but never by two at once; it returns a new secret or
// NULL with *e set. iam_url without trailing slash ("https://iam.cloud.ibm.com"); a trailing
// /identity/token is stripped as the SDKs do.
struct iam_auth *iam_auth_apikey_new(const char *iam_url, struct env *env,
                                     struct secret *(*read_key)(void *ctx, struct error *e),
                                     void *ctx);
void iam_auth_free(struct iam_auth *a);

// t and auth stay the caller's and must outlive it.
struct iam *iam_http_new(const char *iam_url, struct transport *t, struct iam_auth *auth,
                         struct env *env);

// Is this value fit to be sent as an API key at all (not empty, no newline or NUL, no template left
// unfilled)? Text in e.
enum err iam_value_check(const struct secret *value, struct error *e);

#endif
