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

#define OPEN_TRIES 3
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

// A session has a key pair of its own. KWallet 5 refuses one whose public half happens to begin
// with a zero byte, one in 256: then another is made.
static SecretService *open_session(GType type, GError **error) {
  SecretService *s = NULL;
  for (int i = 0; i < OPEN_TRIES && !s; i++) {
    g_clear_error(error);
    s = SECRET_SERVICE(
        secret_service_open_sync(type, NULL, SECRET_SERVICE_OPEN_SESSION, NULL, error));
    if (!s && !g_error_matches(*error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS))
      break;
  }
  return s;
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
  *ret = open_session(type, &g);
  if (!*ret)
    return keyring_fail(NULL, g, false, e);
  g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(*ret), CALL_MS);
  return ERR_OK;
}

// The object path that an alias stands for; what is no alias is taken as the last part of a path.
static enum err find_collection(SecretService *s, const char *name, char *dst, size_t cap,
                                struct error *e) {
  g_autoptr(GError) g = NULL;
  const char *path = NULL;
  g_autoptr(GVariant) answer = keyring_call(s, SERVICE_PATH, "org.freedesktop.Secret.Service",
                                            "ReadAlias", g_variant_new("(s)", name), "(o)", &g);
  if (!answer)
    return keyring_fail(s, g, false, e);
  g_variant_get(answer, "(&o)", &path);
  if (strcmp(path, "/") != 0) {
    text_copy(dst, cap, path);
    return ERR_OK;
  }
  if (strcmp(name, "default") == 0)
    return keyring_none(s, e);
  snprintf(dst, cap, SERVICE_PATH "/collection/%s", name);
  if (!g_variant_is_object_path(dst))
    return error_set(e, ERR_REFUSED, "there is no keyring named %s", name);
  return ERR_OK;
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
    err = keyring_check_unlocked(k->service, k->path, e);
  if (err == ERR_LOCKED) {
    keyring_unlock_open_wallet(k->service, k->path);
    err = keyring_check_unlocked(k->service, k->path, e);
  }
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
    return keyring_fail(s, g, false, e);
  GList one = {.data = c};
  if (secret_service_unlock_sync(s, &one, NULL, NULL, &g) < 0)
    return keyring_fail(s, g, false, e);
  return keyring_check_unlocked(s, path, e);
}
