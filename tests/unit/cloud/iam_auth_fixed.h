// A management token that is there already.
#ifndef TESTS_UNIT_CLOUD_IAM_AUTH_FIXED_H
#define TESTS_UNIT_CLOUD_IAM_AUTH_FIXED_H

#include "rotator/cloud/iam_http.h"

// Once refused it is refused for ever (ERR_DENIED); claims that do not decode stay empty. The
// bearer is copied. NULL without memory.
struct iam_auth *iam_auth_fixed_new(const struct secret *bearer);

#endif
