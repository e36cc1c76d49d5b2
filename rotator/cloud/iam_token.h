// The token exchange, used by the client (proofs) and by the authenticator (management token).
#ifndef ROTATOR_CLOUD_IAM_TOKEN_H
#define ROTATOR_CLOUD_IAM_TOKEN_H

#include "rotator/base/env.h"
#include "rotator/cloud/iam.h"
#include "rotator/http/transport.h"

#define IAM_TRANSACTION_MAX 48

struct iam_exchange {
  const char *base; // as iam_url_base gives it
  struct transport *transport;
  struct env *env;
  const struct secret *value; // what is exchanged: an API key, or the token of another grant
  bool fresh;
  int64_t deadline_ms; // 0: the transport's default
};

// Errors as for exchange in iam.h. *ret_date_s: the server's clock where it was said; left alone
// otherwise, NULL allowed.
enum err iam_token_exchange(const struct iam_exchange *x, struct iam_token *ret,
                            int64_t *ret_date_s, struct error *e);
// The same n times (1 … IAM_TOGETHER_MAX), side by side.
void iam_token_exchange_each(const struct iam_exchange *x, struct iam_exchanged *ret, size_t n,
                             int64_t *ret_date_s);

// Any other grant: the form is sent as it is. `what` says what is being done, for the error; the
// value is kept out of it.
enum err iam_token_grant(const struct iam_exchange *x, const char *what, const struct secret *form,
                         struct iam_token *ret, struct error *e);

// A transaction id of our own, so that a request whose answer got lost can be found in the
// service's logs.
void iam_transaction(struct env *env, char dst[IAM_TRANSACTION_MAX]);

#endif
