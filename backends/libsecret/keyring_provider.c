// The programs that provide a Secret Service differ in how a keyring comes to be, how it is opened,
// and what a person has to allow; what is told should be about the one that is there.
//
// KWallet calls a collection locked until a program has unlocked it, also where the wallet behind
// it was opened by the log-in. It is unlocked then, by a prompt that needs nobody; KWallet's own
// interface says whether the wallet is open, for else the prompt is a dialogue.
//
// Before 6.25 (KDE bug 514194) it also leaves out zero bytes at the beginning of the numbers by
// which a session's key is agreed on. One session in a hundred and some has the wrong key then.
#define SECRET_API_SUBJECT_TO_CHANGE // a collection by its path
#include <stdio.h>
#include <string.h>

#include "backends/libsecret/keyring_private.h"
#include "rotator/base/text.h"

#define KWALLET                                                                                    \
  .name = "KWallet", .garbles = true,                                                              \
  .none = "log in twice with a password where pam_kwallet is set up: the first time makes the "    \
          "wallet, and a wallet is offered from the next time on",                                 \
  .locked = "it is opened by a log-in with the password where pam_kwallet is set up",              \
  .barred = "answer its question once, in a desktop session"
#define GNOME_KEYRING                                                                              \
  .none = "log in once with a password on this account, or enable rotator-keyring.service "        \
          "(HEADLESS HOSTS in rotator-store-libsecret(5))",                                        \
  .locked = "it is unlocked by a log-in with the password, by rotator-keyring.service (HEADLESS "  \
            "HOSTS in rotator-store-libsecret(5)), or by `rotator-libsecret unlock` in a desktop " \
            "session",                                                                             \
  .barred = "allow it there"

// What cannot be found out is most likely gnome-keyring, but is not called so.
static const struct provider unknown = {.process = "", .name = "its service", GNOME_KEYRING};

static const struct provider providers[] = {
    {.process = "gnome-keyring-d", .name = "gnome-keyring", GNOME_KEYRING},
    {.process = "keepassxc",
     .name = "KeePassXC",
     .none = "expose a group of the open database: Database Settings, Secret Service Integration",
     .locked = "open the database in KeePassXC",
     .barred = "take away the mark at 'Confirm when passwords are retrieved by clients' in its "
               "settings, Secret Service Integration"},
    {.process = "kwalletd5", KWALLET, .bus = "org.kde.kwalletd5", .path = "/modules/kwalletd5"},
    {.process = "kwalletd6", KWALLET, .bus = "org.kde.kwalletd6", .path = "/modules/kwalletd6"},
    {.process = "ksecretd", KWALLET, .bus = "org.kde.ksecretd", .path = "/ksecretd"},
    {.process = "oo7-daemon",
     .name = "oo7-daemon",
     .none = "log in once with a password where pam_oo7 is set up, or start `oo7-daemon --login` "
             "with the password on its standard input",
     .locked = "it is unlocked by a log-in with the password where pam_oo7 is set up, or by "
               "`oo7-daemon --login` with the password on its standard input",
     .barred = "allow it there"},
};

GVariant *keyring_call(SecretService *s, const char *path, const char *interface,
                       const char *method, GVariant *arguments, const char *type, GError **error) {
  GDBusConnection *bus = g_dbus_proxy_get_connection(G_DBUS_PROXY(s));
  return g_dbus_connection_call_sync(bus, g_dbus_proxy_get_name(G_DBUS_PROXY(s)), path, interface,
                                     method, arguments, G_VARIANT_TYPE(type),
                                     G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, error);
}

GVariant *keyring_property(SecretService *s, const char *path, const char *name, GError **error) {
  GVariant *value = NULL;
  g_autoptr(GVariant) answer =
      keyring_call(s, path, "org.freedesktop.DBus.Properties", "Get",
                   g_variant_new("(ss)", "org.freedesktop.Secret.Collection", name), "(v)", error);
  if (answer)
    g_variant_get(answer, "(v)", &value);
  return value;
}

static void process_of_service(SecretService *s, char *dst, size_t cap) {
  char path[64], line[32];
  guint32 pid = 0;
  GDBusConnection *bus = g_dbus_proxy_get_connection(G_DBUS_PROXY(s));
  g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionUnixProcessID", g_variant_new("(s)", g_dbus_proxy_get_name(G_DBUS_PROXY(s))),
      G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, 1000, NULL, NULL);
  text_copy(dst, cap, "");
  if (!answer)
    return;
  g_variant_get(answer, "(u)", &pid);
  snprintf(path, sizeof path, "/proc/%u/comm", (unsigned)pid);
  FILE *f = fopen(path, "re");
  if (f && fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = '\0';
    text_copy(dst, cap, line);
  }
  if (f)
    fclose(f);
}

const struct provider *keyring_provider(SecretService *s) {
  char process[32];
  process_of_service(s, process, sizeof process);
  for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
    if (strcmp(providers[i].process, process) == 0)
      return &providers[i];
  return &unknown;
}

// Is the wallet that has the collection's label open?
static bool wallet_is_open(SecretService *s, const struct provider *p, const char *path) {
  gboolean open = FALSE;
  g_autoptr(GVariant) label = keyring_property(s, path, "Label", NULL);
  if (!label || !g_variant_is_of_type(label, G_VARIANT_TYPE_STRING))
    return false;
  g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
      g_dbus_proxy_get_connection(G_DBUS_PROXY(s)), p->bus, p->path, "org.kde.KWallet", "isOpen",
      g_variant_new("(s)", g_variant_get_string(label, NULL)), G_VARIANT_TYPE("(b)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, NULL);
  if (answer)
    g_variant_get(answer, "(b)", &open);
  return open;
}

void keyring_unlock_open_wallet(SecretService *s, const char *path) {
  const struct provider *p = keyring_provider(s);
  const char *paths[] = {path, NULL};
  char **unlocked = NULL;
  if (!p->bus || !wallet_is_open(s, p, path))
    return;
  secret_service_unlock_dbus_paths_sync(s, paths, NULL, &unlocked, NULL);
  g_strfreev(unlocked);
}
