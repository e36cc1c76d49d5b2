// A credential of the rotator's own, and what gets tokens by it. It is read anew for every
// exchange, so that it may be replaced at any time.
#ifndef ROTATOR_APP_CREDENTIAL_H
#define ROTATOR_APP_CREDENTIAL_H

#include "rotator/base/error.h"
#include "rotator/base/secret.h"
#include "rotator/cloud/iam_http.h"
#include "rotator/cloud/iam_profile.h"
#include "rotator/config/config.h"

// Has systemd given a directory of credentials and not the one that is configured, or
// rotator.service's stand-in for it? Then *e says so.
bool credential_is_missing(const struct config_credential *c, struct error *e);

// For tests, apart from the authenticators below. `ctx` is a const struct config_credential * with
// a key. The key: the value of a store's item, or the file's
// text without a trailing newline, or the member "apikey" of the JSON that `ibmcloud iam
// api-key-create --file` writes. NULL with *e set when it can't be read or can't be a key (empty, a
// template left unfilled, a byte that no key has: the text says which).
struct secret *credential_read(void *ctx, struct error *e);

// Gets tokens from that IAM as a section of the configuration says; all threads may share it, and
// both must outlive it. NULL without memory.
struct iam_auth *credential_auth_new(const struct config *config, const struct config_credential *c,
                                     const char *iam_url, struct env *env);

// The trusted profile that the section names, or an empty one.
struct iam_profile credential_profile(const struct config_credential *c);

// What can be known of the credential without contacting anything: can it be read? Says in dst what
// it is; on an error *e says what is wrong.
enum err credential_describe(const struct config_credential *c, char *dst, size_t cap,
                             struct error *e);

#endif
