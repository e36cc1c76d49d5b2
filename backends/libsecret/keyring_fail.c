// What a failure means, and what to do about it.
#include <string.h>

#include "backends/libsecret/keyring_private.h"
#include "rotator/base/text.h"

enum err keyring_none(SecretService *s, struct error *e) {
  return error_set(e, ERR_REFUSED, "there is no default keyring yet: %s",
                   keyring_provider(s)->none);
}

static enum err is_locked(SecretService *s, struct error *e) {
  return error_set(e, ERR_LOCKED, "the keyring is locked: %s", keyring_provider(s)->locked);
}

enum err keyring_check_unlocked(SecretService *s, const char *path, struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(GVariant) locked = keyring_property(s, path, "Locked", &g);
  if (!locked)
    return keyring_fail(s, g, false, e);
  if (g_variant_is_of_type(locked, G_VARIANT_TYPE_BOOLEAN) && !g_variant_get_boolean(locked))
    return ERR_OK;
  return is_locked(s, e);
}

enum err keyring_barred(struct keyring *k, const char *what, struct error *e) {
  enum err err = keyring_check_unlocked(k->service, k->path, e);
  if (err != ERR_OK)
    return err;
  const struct provider *p = keyring_provider(k->service);
  return error_set(e, ERR_DENIED,
                   "the keyring is open, but %s wants a person to say yes each time a program %s, "
                   "and an unattended run has none: %s, or take another store",
                   p->name, what, p->barred);
}

static bool is_one_of(const GError *g, GQuark domain, const int *codes, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (g_error_matches(g, domain, codes[i]))
      return true;
  return false;
}
#define IS(g, domain, codes) is_one_of(g, domain, codes, G_N_ELEMENTS(codes))

// Its words, without the error's name that D-Bus puts before them.
static void words_of(char *dst, size_t cap, const GError *g) {
  const char *prefix = g ? strstr(g->message, "GDBus.Error:") : NULL;
  const char *words = prefix ? strstr(prefix, ": ") : NULL;
  words = words ? words + 2 : g ? g->message : "no reason given";
  text_printable(dst, cap, words, strlen(words));
}

static bool says_missing(const GError *g) {
  static const int codes[] = {G_DBUS_ERROR_UNKNOWN_METHOD, G_DBUS_ERROR_UNKNOWN_OBJECT,
                              G_DBUS_ERROR_UNKNOWN_INTERFACE};
  return IS(g, G_DBUS_ERROR, codes) ||
         g_error_matches(g, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT);
}

enum err keyring_fail(SecretService *s, const GError *g, bool writes, struct error *e) {
  static const int no_service[] = {G_DBUS_ERROR_SERVICE_UNKNOWN, G_DBUS_ERROR_SPAWN_FAILED,
                                   G_DBUS_ERROR_SPAWN_EXEC_FAILED, G_DBUS_ERROR_SPAWN_CHILD_EXITED,
                                   G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND};
  static const int no_answer[] = {G_DBUS_ERROR_NO_REPLY, G_DBUS_ERROR_TIMEOUT,
                                  G_DBUS_ERROR_TIMED_OUT, G_DBUS_ERROR_DISCONNECTED,
                                  G_DBUS_ERROR_NAME_HAS_NO_OWNER};
  static const int io[] = {G_IO_ERROR_TIMED_OUT, G_IO_ERROR_CLOSED, G_IO_ERROR_CANCELLED,
                           G_IO_ERROR_BROKEN_PIPE};
  char said[256];
  words_of(said, sizeof said, g);
  if (s && g_error_matches(g, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    return is_locked(s, e);
  if (IS(g, G_DBUS_ERROR, no_service))
    return error_set(e, ERR_REFUSED,
                     "nothing on this bus provides org.freedesktop.secrets: "
                     "install and start gnome-keyring (%s)",
                     said);
  if (says_missing(g))
    return error_set(e, ERR_REFUSED, "the keyring is not there (%s)", said);
  if (g_error_matches(g, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
    return error_set(e, ERR_DENIED, "the service denies it (%s)", said);
  if (IS(g, G_DBUS_ERROR, no_answer) || IS(g, G_IO_ERROR, io))
    return error_set(e, writes ? ERR_UNSURE : ERR_UNSENT, "the service did not answer (%s)", said);
  return error_set(e, writes ? ERR_UNSURE : ERR_REFUSED, "the Secret Service failed (%s)", said);
}

enum err keyring_fail_item(struct keyring *k, const GError *g, const char *what, bool writes,
                           struct error *e) {
  if (g_error_matches(g, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
      g_error_matches(g, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) // (by quiet_service.h)
    return keyring_barred(k, what, e);
  // (KWallet says so of a session when it cannot decrypt by its key)
  if (says_missing(g) && keyring_provider(k->service)->garbles)
    return error_set(e, ERR_CORRUPT, "the service cannot decrypt what was sent");
  return keyring_fail(k->service, g, writes, e);
}
