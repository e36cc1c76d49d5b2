// The preflight: whether a service lets a program make, read, replace and read an item without
// asking a person shows only when it is tried. The item for that has the kind "trial", which no
// consumer reads. It is removed again, but where the service would ask a person about that it is
// kept for the next time: asking is what an unattended run must not do.
//
// Two checks at once would see each other's item come and go. A name on the bus, which is given up
// by the end of the program whatever that is, lets one at a time through.
#include <string.h>

#include "backends/libsecret/keyring_private.h"

#define TURN_NAME "com.ibm.cloud.logs.rotator.trial"
#define TURN_MS 5000
#define TURN_PAUSE_MS 20
#define DO_NOT_QUEUE 4u // of org.freedesktop.DBus.RequestName
#define IN_QUEUE_OR_TAKEN(answer) ((answer) == 2u || (answer) == 3u)

// A bus that gives nobody names lets everybody through.
static void wait_for_turn(struct keyring *k) {
  GDBusConnection *bus = g_dbus_proxy_get_connection(G_DBUS_PROXY(k->service));
  gint64 end = g_get_monotonic_time() + (gint64)TURN_MS * 1000;
  guint32 said = 3;
  while (IN_QUEUE_OR_TAKEN(said) && g_get_monotonic_time() < end) {
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        g_variant_new("(su)", TURN_NAME, DO_NOT_QUEUE), G_VARIANT_TYPE("(u)"),
        G_DBUS_CALL_FLAGS_NONE, TURN_MS, NULL, NULL);
    if (!answer)
      return;
    g_variant_get(answer, "(u)", &said);
    if (IN_QUEUE_OR_TAKEN(said))
      g_usleep(TURN_PAUSE_MS * 1000);
  }
}

static enum err write_and_read(struct keyring *k, const struct keyring_item *trial,
                               const char *text, struct error *e) {
  SECRET_AUTO value = secret_copy_text(text);
  SECRET_AUTO got = NULL;
  if (!value)
    return error_no_memory(e);
  enum err err = keyring_write(k, trial, value, e);
  if (err == ERR_OK)
    err = keyring_read(k, trial, &got, e);
  if (err == ERR_MISSING || (err == ERR_OK && !secret_equal(got, value)))
    return error_set(e, ERR_REFUSED,
                     "the keyring does not give back what was written into it (a trial item)");
  return err;
}

static void remove_item(struct keyring *k, SecretItem *item) {
  const char *prompt = NULL;
  g_autoptr(GVariant) answer =
      keyring_call(k->service, g_dbus_proxy_get_object_path(G_DBUS_PROXY(item)), ITEM_INTERFACE,
                   "Delete", NULL, "(o)", NULL);
  if (!answer)
    return; // (nothing but this trial ever removes an item)
  g_variant_get(answer, "(&o)", &prompt);
  if (strcmp(prompt, "/") == 0)
    return;
  GVariant *dismissed =
      keyring_call(k->service, prompt, PROMPT_INTERFACE, "Dismiss", NULL, "()", NULL);
  g_clear_pointer(&dismissed, g_variant_unref);
}

static enum err try_all(struct keyring *k, const struct keyring_item *trial, struct error *e) {
  g_autoptr(SecretItem) item = NULL;
  enum err err = write_and_read(k, trial, "a-new-item", e);
  if (err == ERR_OK)
    err = write_and_read(k, trial, "the-item-replaced", e);
  if (keyring_find(k, trial, &item, NULL) == ERR_OK && item)
    remove_item(k, item);
  return err;
}

enum err keyring_check(struct keyring *k, const struct keyring_item *i, struct error *e) {
  const struct keyring_item trial = {"trial", i->name};
  SECRET_AUTO present = NULL;
  enum err err = keyring_read(k, i, &present, e);
  if (err != ERR_OK && err != ERR_MISSING)
    return err;
  wait_for_turn(k);
  return try_all(k, &trial, e);
}
