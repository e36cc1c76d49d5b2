// The rotator's own credential: read anew for every exchange, so that it may be replaced at any
// time.
#ifndef ROTATOR_APP_CREDENTIAL_H
#define ROTATOR_APP_CREDENTIAL_H

#include "rotator/base/error.h"
#include "rotator/base/secret.h"
#include "rotator/config/config.h"

// Where it would be read from: the file, or the credential below $CREDENTIALS_DIRECTORY. False (and
// a text in e) when the configuration names a credential and systemd passed none.
bool credential_path(const struct config_credential *c, char *dst, size_t cap, struct error *e);

// `ctx` is a const struct config_credential *. The key: the value of a store's item, or the file's
// text without a trailing newline,
// or the member "apikey" of the JSON that `ibmcloud iam api-key-create --file` writes. NULL with *e
// set when it can't be read or can't be a key (empty, newline or NUL inside, a template left
// unfilled).
struct secret *credential_read(void *ctx, struct error *e);

#endif
