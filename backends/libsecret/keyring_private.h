// Inside of keyring.c and keyring_open.c.
#ifndef BACKENDS_LIBSECRET_KEYRING_PRIVATE_H
#define BACKENDS_LIBSECRET_KEYRING_PRIVATE_H

#include <libsecret/secret.h>

#include "backends/libsecret/keyring.h"

struct keyring {
  SecretService *service;
  char path[256]; // object path of the collection
};

// The decision for a GError of any domain, and what to do as text. `g` may be NULL (libsecret fails
// without one when it is used wrongly). `writes`: what is not definite is ERR_UNSURE.
enum err keyring_fail(const GError *g, bool writes, struct error *e);

#endif
