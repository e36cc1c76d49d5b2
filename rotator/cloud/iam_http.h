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
  // As in iam.h. NULL: no API key stands behind it.
  enum err (*credential)(struct iam_auth *a, struct transport *t, const char *iam_id,
                         struct iam_credential *ret, struct error *e);
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
// The same, and with the token that the key gets, the trusted profile is assumed. Its strings must
// outlive the authenticator.
struct iam_profile;
struct iam_auth *iam_auth_assume_new(const char *iam_url, struct env *env,
                                     const struct iam_profile *profile,
                                     struct secret *(*read_key)(void *ctx, struct error *e),
                                     void *ctx);
// The token of the pod or job that we are, for a trusted profile: no key at all. It is read from
// `file` (NULL: where the platforms put it) for every exchange. That path and the profile's strings
// must outlive the authenticator.
struct iam_auth *iam_auth_compute_new(const char *iam_url, struct env *env,
                                      const struct iam_profile *profile, const char *file);
// The metadata service of a virtual server at that URL ("http://169.254.169.254"), in that version
// of its API ("2022-03-01", "2025-08-26"); of the profile id or CRN, or none for the server's
// default. Takes t, also when it fails, which is used for the service alone: it should wait for a
// connection for a short time only, and use no proxy. `version` and the profile's strings must
// outlive the authenticator.
struct iam_auth *iam_auth_metadata_new(const char *url, const char *version,
                                       const struct iam_profile *profile, struct transport *t,
                                       struct env *env);
void iam_auth_free(struct iam_auth *a);

// t and auth stay the caller's and must outlive it.
struct iam *iam_http_new(const char *iam_url, struct transport *t, struct iam_auth *auth,
                         struct env *env);

// Is this value fit to be sent as an API key at all (not empty, no newline or NUL, no template left
// unfilled)? Text in e.
enum err iam_value_check(const struct secret *value, struct error *e);

#endif
