// The way to an unlocked keyring, and what to tell a person when it is barred.
#define SECRET_API_SUBJECT_TO_CHANGE // a collection by its path
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/libsecret/keyring_private.h"
#include "backends/libsecret/quiet_service.h"
#include "rotator/base/text.h"

#define CALL_MS 10000 // one answer of the service
#define SERVICE_PATH "/org/freedesktop/secrets"
#define TIMER_HINT                                                                                 \
  "run rotator from the user's own timer (rotator-user.timer) after `loginctl enable-linger USER`"

// The bus of a user who lingers is at a place that is known, even when cron says nothing about it.
static void find_bus(void) {
  char path[64], address[96];
  struct stat st;
  if (getenv("DBUS_SESSION_BUS_ADDRESS") || getenv("XDG_RUNTIME_DIR"))
    return;
  snprintf(path, sizeof path, "/run/user/%u/bus", (unsigned)geteuid());
  if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
    return;
  snprintf(address, sizeof address, "unix:path=%s", path);
  setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
}

static enum err check_surroundings(struct error *e) {
  const char *backend = getenv("SECRET_BACKEND");
  if (backend && strcmp(backend, "service") != 0)
    return error_set(e, ERR_REFUSED,
                     "SECRET_BACKEND is set, and not to 'service': only the Secret Service is "
                     "supported here; unset it");
  unsetenv("SECRET_SERVICE_BUS_NAME");
  find_bus();
  return ERR_OK;
}

static bool is_one_of(const GError *g, GQuark domain, const int *codes, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (g_error_matches(g, domain, codes[i]))
      return true;
  return false;
}
#define IS(g, domain, codes) is_one_of(g, domain, codes, G_N_ELEMENTS(codes))

enum err keyring_fail(const GError *g, bool writes, struct error *e) {
  static const int no_service[] = {G_DBUS_ERROR_SERVICE_UNKNOWN, G_DBUS_ERROR_SPAWN_FAILED,
                                   G_DBUS_ERROR_SPAWN_EXEC_FAILED, G_DBUS_ERROR_SPAWN_CHILD_EXITED,
                                   G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND};
  static const int no_object[] = {G_DBUS_ERROR_UNKNOWN_METHOD, G_DBUS_ERROR_UNKNOWN_OBJECT,
                                  G_DBUS_ERROR_UNKNOWN_INTERFACE};
  static const int no_answer[] = {G_DBUS_ERROR_NO_REPLY, G_DBUS_ERROR_TIMEOUT,
                                  G_DBUS_ERROR_TIMED_OUT, G_DBUS_ERROR_DISCONNECTED,
                                  G_DBUS_ERROR_NAME_HAS_NO_OWNER};
  static const int io[] = {G_IO_ERROR_TIMED_OUT, G_IO_ERROR_CLOSED, G_IO_ERROR_CANCELLED,
                           G_IO_ERROR_BROKEN_PIPE};
  char said[256] = "no reason given";
  const char *prefix = g ? strstr(g->message, "GDBus.Error:") : NULL;
  const char *words = prefix ? strstr(prefix, ": ") : NULL; // behind the error's name
  words = words ? words + 2 : g ? g->message : NULL;
  if (words)
    text_printable(said, sizeof said, words, strlen(words));
  if (g_error_matches(g, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    return error_set(e, ERR_LOCKED,
                     "the keyring is locked (%s): log in, or run `rotator-libsecret "
                     "unlock` in a desktop session",
                     said);
  if (IS(g, G_DBUS_ERROR, no_service))
    return error_set(e, ERR_REFUSED,
                     "nothing on this bus provides org.freedesktop.secrets: "
                     "install and start gnome-keyring (%s)",
                     said);
  if (IS(g, G_DBUS_ERROR, no_object) ||
      g_error_matches(g, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
    return error_set(e, ERR_REFUSED, "the keyring is not there (%s)", said);
  if (g_error_matches(g, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
    return error_set(e, ERR_DENIED, "the service denies it (%s)", said);
  if (IS(g, G_DBUS_ERROR, no_answer) || IS(g, G_IO_ERROR, io))
    return error_set(e, writes ? ERR_UNSURE : ERR_UNSENT, "the service did not answer (%s)", said);
  return error_set(e, writes ? ERR_UNSURE : ERR_REFUSED, "the Secret Service failed (%s)", said);
}

static enum err connect_service(GType type, SecretService **ret, struct error *e) {
  g_autoptr(GError) g = NULL;
  bool said = getenv("DBUS_SESSION_BUS_ADDRESS") != NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &g);
  if (!bus && said)
    return error_set(e, ERR_UNSENT,
                     "the session bus of DBUS_SESSION_BUS_ADDRESS does not answer: "
                     "is the user's session (or lingering) over? %s",
                     TIMER_HINT);
  if (!bus)
    return error_set(e, ERR_REFUSED,
                     "there is no D-Bus session bus, and so no keyring: a system "
                     "unit and cron have none; %s",
                     TIMER_HINT);
  g_dbus_connection_set_exit_on_close(bus, FALSE);
  *ret =
      SECRET_SERVICE(secret_service_open_sync(type, NULL, SECRET_SERVICE_OPEN_SESSION, NULL, &g));
  if (!*ret)
    return keyring_fail(g, false, e);
  g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(*ret), CALL_MS);
  return ERR_OK;
}

static GVariant *call(SecretService *s, const char *path, const char *interface, const char *method,
                      GVariant *arguments, const char *type, GError **error) {
  GDBusConnection *bus = g_dbus_proxy_get_connection(G_DBUS_PROXY(s));
  return g_dbus_connection_call_sync(bus, g_dbus_proxy_get_name(G_DBUS_PROXY(s)), path, interface,
                                     method, arguments, G_VARIANT_TYPE(type),
                                     G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, error);
}

// The object path that an alias stands for; what is no alias is taken as the last part of a path.
static enum err find_collection(SecretService *s, const char *name, char *dst, size_t cap,
                                struct error *e) {
  g_autoptr(GError) g = NULL;
  const char *path = NULL;
  g_autoptr(GVariant) answer = call(s, SERVICE_PATH, "org.freedesktop.Secret.Service", "ReadAlias",
                                    g_variant_new("(s)", name), "(o)", &g);
  if (!answer)
    return keyring_fail(g, false, e);
  g_variant_get(answer, "(&o)", &path);
  if (strcmp(path, "/") != 0) {
    text_copy(dst, cap, path);
    return ERR_OK;
  }
  if (strcmp(name, "default") == 0)
    return error_set(
        e, ERR_REFUSED,
        "there is no default keyring yet: log in once with a password on this account, "
        "or make one with `gnome-keyring-daemon --unlock`");
  snprintf(dst, cap, SERVICE_PATH "/collection/%s", name);
  if (!g_variant_is_object_path(dst))
    return error_set(e, ERR_REFUSED, "there is no keyring named %s", name);
  return ERR_OK;
}

static enum err check_unlocked(SecretService *s, const char *path, struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(GVariant) locked = NULL;
  g_autoptr(GVariant) answer =
      call(s, path, "org.freedesktop.DBus.Properties", "Get",
           g_variant_new("(ss)", "org.freedesktop.Secret.Collection", "Locked"), "(v)", &g);
  if (!answer)
    return keyring_fail(g, false, e);
  g_variant_get(answer, "(v)", &locked);
  if (g_variant_is_of_type(locked, G_VARIANT_TYPE_BOOLEAN) && !g_variant_get_boolean(locked))
    return ERR_OK;
  return error_set(e, ERR_LOCKED,
                   "the keyring is locked: it is unlocked by a log-in with the password, by "
                   "`gnome-keyring-daemon --unlock` before the timer's unit, or by "
                   "`rotator-libsecret unlock` in a desktop session");
}

enum err keyring_open(const char *collection, struct keyring **ret, struct error *e) {
  struct keyring *k = calloc(1, sizeof(*k));
  unsetenv("DISPLAY"); // or GLib may start a bus of its own there, with an empty keyring
  unsetenv("WAYLAND_DISPLAY");
  enum err err = k ? check_surroundings(e) : error_no_memory(e);
  if (err == ERR_OK)
    err = connect_service(quiet_service_get_type(), &k->service, e);
  if (err == ERR_OK)
    err = find_collection(k->service, collection, k->path, sizeof k->path, e);
  if (err == ERR_OK)
    err = check_unlocked(k->service, k->path, e);
  if (err == ERR_OK)
    *ret = k;
  else
    keyring_close(k);
  return err;
}

struct keyring *keyring_close(struct keyring *k) {
  if (k)
    g_clear_object(&k->service);
  free(k);
  return NULL;
}

enum err keyring_unlock(const char *collection, struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(SecretService) s = NULL;
  g_autoptr(SecretCollection) c = NULL;
  char path[256];
  enum err err = check_surroundings(e);
  if (err == ERR_OK)
    err = connect_service(SECRET_TYPE_SERVICE, &s, e);
  if (err == ERR_OK)
    err = find_collection(s, collection, path, sizeof path, e);
  if (err != ERR_OK)
    return err;
  c = secret_collection_new_for_dbus_path_sync(s, path, SECRET_COLLECTION_NONE, NULL, &g);
  if (!c)
    return keyring_fail(g, false, e);
  GList one = {.data = c};
  if (secret_service_unlock_sync(s, &one, NULL, NULL, &g) < 0)
    return keyring_fail(g, false, e);
  return check_unlocked(s, path, e);
}
