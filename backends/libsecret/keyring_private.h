// Inside of the files keyring*.c.
#ifndef BACKENDS_LIBSECRET_KEYRING_PRIVATE_H
#define BACKENDS_LIBSECRET_KEYRING_PRIVATE_H

#include <libsecret/secret.h>

#include "backends/libsecret/keyring.h"

#define CALL_MS 10000 // one answer of the service
#define SERVICE_PATH "/org/freedesktop/secrets"
#define ITEM_INTERFACE "org.freedesktop.Secret.Item"
#define PROMPT_INTERFACE "org.freedesktop.Secret.Prompt"

struct keyring {
  SecretService *service;
  char path[256]; // object path of the collection
};

// Our one item, or NULL in *ret when there is none. ERR_REFUSED: there are several, or it is in
// another keyring.
enum err keyring_find(struct keyring *k, const struct keyring_item *i, SecretItem **ret,
                      struct error *e);

// --- keyring_provider.c ---

// One call of the service. NULL and *error: it failed.
GVariant *keyring_call(SecretService *s, const char *path, const char *interface,
                       const char *method, GVariant *arguments, const char *type, GError **error);

// A property of the collection at `path`, or NULL and *error.
GVariant *keyring_property(SecretService *s, const char *path, const char *name, GError **error);

// A program that provides the service. What a person does where there is no default keyring, where
// it is locked, and where it asks before each access.
struct provider {
  const char *process; // its name as the kernel has it: 15 characters
  const char *name, *none, *locked, *barred;
  const char *bus, *path; // KWallet's own interface; NULL: it is none
  bool garbles;           // one session in some hundred has the wrong key
};
const struct provider *keyring_provider(SecretService *s); // never NULL
// Unlocks the collection where that asks nobody: KWallet's, of a wallet that is open.
void keyring_unlock_open_wallet(SecretService *s, const char *path);

// --- keyring_fail.c ---

// Is the collection unlocked? ERR_LOCKED with what to do.
enum err keyring_check_unlocked(SecretService *s, const char *path, struct error *e);
// The decision for a GError of any domain, and what to do as text. `g` may be NULL (libsecret fails
// without one when it is used wrongly). `writes`: what is not definite is ERR_UNSURE.
enum err keyring_fail(SecretService *s, const GError *g, bool writes, struct error *e);
// The same for a call about one item of the keyring. What is locked there though the keyring is
// open is kept for a person to allow: ERR_DENIED. `what`: "reads it", "writes it".
enum err keyring_fail_item(struct keyring *k, const GError *g, const char *what, bool writes,
                           struct error *e);
enum err keyring_barred(struct keyring *k, const char *what, struct error *e);
// What to do where there is no default keyring: in the words of the program that provides the
// service.
enum err keyring_none(SecretService *s, struct error *e);

#endif
