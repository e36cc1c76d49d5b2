// Items of ours in one keyring of the Secret Service, for rotator-libsecret.
//
// An item has three attributes: xdg:schema KEYRING_SCHEMA, kind ("sink" or "home") and item (its
// name); what others the service adds is left alone. No secret is in them, nor in the label: the
// service keeps both in clear. Its secret is the bytes alone, so that consumers need no more than
// `secret-tool lookup`.
//
// What the service would call "not there" is believed only of an unlocked keyring: of a locked one,
// libsecret says the same.
#ifndef BACKENDS_LIBSECRET_KEYRING_H
#define BACKENDS_LIBSECRET_KEYRING_H

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

#define KEYRING_SCHEMA "com.ibm.cloud.logs.rotator"

struct keyring;
struct keyring_item {
  const char *kind, *name;
};

// Connects, and looks whether the keyring is there and unlocked. `collection` is an alias or the
// last part of an object path. ERR_LOCKED, ERR_UNSENT (no answer now), ERR_REFUSED (no bus, no
// service, no such keyring), each with what to do.
enum err keyring_open(const char *collection, struct keyring **ret, struct error *e);
struct keyring *keyring_close(struct keyring *k); // NULL allowed; always NULL

// ERR_MISSING: not there, or empty, which a service that was killed while it wrote leaves behind.
// ERR_REFUSED: what is there is not ours alone. ERR_DENIED: the service wants a person to allow it.
// ERR_CORRUPT: it cannot be decrypted, with the key of this session: open another, and try again.
enum err keyring_read(struct keyring *k, const struct keyring_item *i, struct secret **ret,
                      struct error *e);
// Makes or replaces it. ERR_UNSURE: perhaps. ERR_CORRUPT: as for a read; nothing was written.
enum err keyring_write(struct keyring *k, const struct keyring_item *i, const struct secret *value,
                       struct error *e);
// Would reads and writes be possible? The item is left as it is; a trial item, of the kind "trial"
// and with the same name, is made, replaced, read and removed.
enum err keyring_check(struct keyring *k, const struct keyring_item *i, struct error *e);

// Asks the person at the screen to unlock the keyring, by the service's own dialogue.
enum err keyring_unlock(const char *collection, struct error *e);

#endif
