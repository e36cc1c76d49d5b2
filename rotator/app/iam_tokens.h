// Tokens of one IAM, for the stores that are services of IBM Cloud (struct store_tokens): those of
// the rotator's own identity, and those of API keys that a store has for itself. Each is exchanged
// once for all threads and kept (cloud/iam_http.h).
#ifndef ROTATOR_APP_IAM_TOKENS_H
#define ROTATOR_APP_IAM_TOKENS_H

#include "backends/store.h"
#include "rotator/cloud/iam_http.h"

// iam_url, t and own stay the caller's and must outlive it. NULL without memory.
struct store_tokens *iam_tokens_new(const char *iam_url, struct transport *t, struct iam_auth *own,
                                    struct env *env);
void iam_tokens_free(struct store_tokens *t); // NULL allowed

#endif
