// scripted_service SHAPE…: a Secret Service on the session bus with one open collection in memory,
// for the ways of services that cannot be had in a test. It says "ready" on standard output, then
// what it was told to do with prompts. Shapes:
//   attributes     adds attributes of its own to every item (oo7, KeePassXC)
//   silent         every new item comes by a prompt that needs nobody (KeePassXC)
//   asks           … by a prompt that waits for somebody, and goes when it is dismissed
//   stuck          … that does not end when it is dismissed either
//   declined       … that somebody says no to
//   two            CreateItem replaces nothing (as a service whose match is another)
//   private        items are locked though the collection is open (KeePassXC, as it is installed)
//   forgetful      a secret is not kept
//   picky          the key of every other session is refused (KWallet before 6.25: one in 256)
//   garbles        every other session has the wrong key (the same, one in 128)
//   asks-to-delete an item is removed by a prompt that waits for somebody
#include <gio/gio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECRETS "/org/freedesktop/secrets"
#define COLLECTION SECRETS "/collection/only"
#define INTERFACE "org.freedesktop.Secret."

static const char xml[] =
    "<node><interface name='org.freedesktop.Secret.Service'>"
    "<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
    "<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
    "<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
    "<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
    "<method name='ReadAlias'><arg type='s' direction='in'/><arg type='o' direction='out'/>"
    "</method><property name='Collections' type='ao' access='read'/></interface>"
    "<interface name='org.freedesktop.Secret.Collection'>"
    "<method name='CreateItem'><arg type='a{sv}' direction='in'/>"
    "<arg type='(oayays)' direction='in'/><arg type='b' direction='in'/>"
    "<arg type='o' direction='out'/><arg type='o' direction='out'/></method>"
    "<property name='Locked' type='b' access='read'/></interface>"
    "<interface name='org.freedesktop.Secret.Item'>"
    "<method name='GetSecret'><arg type='o' direction='in'/>"
    "<arg type='(oayays)' direction='out'/></method>"
    "<method name='SetSecret'><arg type='(oayays)' direction='in'/></method>"
    "<method name='Delete'><arg type='o' direction='out'/></method>"
    "<property name='Locked' type='b' access='read'/>"
    "<property name='Attributes' type='a{ss}' access='read'/>"
    "<property name='Label' type='s' access='read'/></interface>"
    "<interface name='org.freedesktop.Secret.Prompt'>"
    "<method name='Prompt'><arg type='s' direction='in'/></method><method name='Dismiss'/>"
    "<signal name='Completed'><arg type='b'/><arg type='v'/></signal></interface></node>";

struct item {
  char path[80];
  GVariant *attributes;
  char *label;
  GVariant *bytes; // ay
  guint registered;
};
struct prompt {
  char path[80];
  GVariant *properties, *secret; // of the item to be made; NULL: it is about a removal
};

static char **shapes;
static GDBusConnection *bus;
static GDBusNodeInfo *node;
static GPtrArray *items;
static unsigned last_number, sessions;

static bool is(const char *shape) {
  return g_strv_contains((const char *const *)shapes, shape);
}

static void say(const char *what) {
  puts(what);
  fflush(stdout);
}

static guint offer(const char *path, const char *interface, const GDBusInterfaceVTable *table,
                   void *data) {
  return g_dbus_connection_register_object(
      bus, path, g_dbus_node_info_lookup_interface(node, interface), table, data, NULL, NULL);
}

// --- items ---

static GVariant *own_attributes(GVariant *given) {
  if (!is("attributes"))
    return g_variant_ref(given);
  GVariantBuilder all;
  GVariantIter iter;
  const char *name, *value;
  g_variant_builder_init(&all, G_VARIANT_TYPE("a{ss}"));
  g_variant_iter_init(&iter, given);
  while (g_variant_iter_next(&iter, "{&s&s}", &name, &value))
    g_variant_builder_add(&all, "{ss}", name, value);
  g_variant_builder_add(&all, "{ss}", "xdg:content-type", "text/plain");
  g_variant_builder_add(&all, "{ss}", "Uuid", "0123456789abcdef");
  return g_variant_ref_sink(g_variant_builder_end(&all));
}

static bool has(const struct item *item, GVariant *wanted) {
  GVariantIter iter;
  const char *name, *value, *got;
  g_variant_iter_init(&iter, wanted);
  while (g_variant_iter_next(&iter, "{&s&s}", &name, &value))
    if (!g_variant_lookup(item->attributes, name, "&s", &got) || strcmp(got, value) != 0)
      return false;
  return true;
}

static void keep(struct item *item, GVariant *secret) {
  g_clear_pointer(&item->bytes, g_variant_unref);
  item->bytes =
      is("forgetful")
          ? g_variant_ref_sink(g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "old", 3, 1))
          : g_variant_get_child_value(secret, 2);
}

static void on_item_call(GDBusConnection *c, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *arguments,
                         GDBusMethodInvocation *call, gpointer data);

static GVariant *item_property(GDBusConnection *c, const char *sender, const char *path,
                               const char *interface, const char *property, GError **error,
                               gpointer data) {
  const struct item *item = data;
  (void)c, (void)sender, (void)path, (void)interface, (void)error;
  if (strcmp(property, "Attributes") == 0)
    return g_variant_ref(item->attributes);
  if (strcmp(property, "Label") == 0)
    return g_variant_new_string(item->label);
  return g_variant_new_boolean(is("private"));
}

static const GDBusInterfaceVTable item_table = {on_item_call, item_property, NULL, {0}};

static const char *make_item(GVariant *properties, GVariant *secret, bool replace) {
  g_autoptr(GVariant) attributes =
      g_variant_lookup_value(properties, INTERFACE "Item.Attributes", G_VARIANT_TYPE("a{ss}"));
  for (guint i = 0; replace && !is("two") && i < items->len; i++)
    if (has(items->pdata[i], attributes)) {
      keep(items->pdata[i], secret);
      return ((struct item *)items->pdata[i])->path;
    }
  struct item *item = g_new0(struct item, 1);
  snprintf(item->path, sizeof item->path, COLLECTION "/%u", ++last_number);
  item->attributes = own_attributes(attributes);
  if (!g_variant_lookup(properties, INTERFACE "Item.Label", "s", &item->label))
    item->label = g_strdup("");
  keep(item, secret);
  item->registered = offer(item->path, INTERFACE "Item", &item_table, item);
  g_ptr_array_add(items, item);
  return item->path;
}

// --- prompts ---

static void complete(struct prompt *p, bool dismissed, const char *made) {
  g_dbus_connection_emit_signal(bus, NULL, p->path, INTERFACE "Prompt", "Completed",
                                g_variant_new("(bv)", dismissed, g_variant_new_object_path(made)),
                                NULL);
}

static void on_prompt_call(GDBusConnection *c, const char *sender, const char *path,
                           const char *interface, const char *method, GVariant *arguments,
                           GDBusMethodInvocation *call, gpointer data) {
  struct prompt *p = data;
  (void)c, (void)sender, (void)path, (void)interface, (void)arguments;
  g_dbus_method_invocation_return_value(call, NULL);
  say(strcmp(method, "Prompt") == 0 ? "prompted" : "dismissed");
  if (strcmp(method, "Dismiss") == 0) {
    if (!is("stuck"))
      complete(p, true, "/");
  } else if (p->properties && is("silent")) {
    complete(p, false, make_item(p->properties, p->secret, true));
  } else if (p->properties && is("declined")) {
    complete(p, true, "/");
  }
}

static const GDBusInterfaceVTable prompt_table = {on_prompt_call, NULL, NULL, {0}};

static const char *make_prompt(GVariant *properties, GVariant *secret) {
  struct prompt *p = g_new0(struct prompt, 1);
  snprintf(p->path, sizeof p->path, SECRETS "/prompt/%u", ++last_number);
  p->properties = properties ? g_variant_ref(properties) : NULL;
  p->secret = secret ? g_variant_ref(secret) : NULL;
  offer(p->path, INTERFACE "Prompt", &prompt_table, p);
  return p->path;
}

// --- methods ---

static void on_item_call(GDBusConnection *c, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *arguments,
                         GDBusMethodInvocation *call, gpointer data) {
  struct item *item = data;
  (void)c, (void)sender, (void)path, (void)interface;
  if (strcmp(method, "Delete") == 0 && is("asks-to-delete")) {
    g_dbus_method_invocation_return_value(call, g_variant_new("(o)", make_prompt(NULL, NULL)));
  } else if (strcmp(method, "Delete") == 0) {
    g_dbus_connection_unregister_object(bus, item->registered);
    g_ptr_array_remove(items, item);
    g_dbus_method_invocation_return_value(call, g_variant_new("(o)", "/"));
  } else if (is("private")) {
    g_dbus_method_invocation_return_dbus_error(call, INTERFACE "Error.IsLocked", "");
  } else if (strcmp(method, "SetSecret") == 0 && is("garbles") && sessions % 2) {
    g_dbus_method_invocation_return_error(call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT,
                                          "Can't find session");
  } else if (strcmp(method, "SetSecret") == 0) {
    g_autoptr(GVariant) secret = g_variant_get_child_value(arguments, 0);
    keep(item, secret);
    g_dbus_method_invocation_return_value(call, NULL);
  } else {
    const char *session = NULL;
    g_variant_get(arguments, "(&o)", &session);
    // (without encryption there is nothing to decrypt by; a parameter of one byte is as bad)
    gsize garbage = is("garbles") && sessions % 2;
    GVariant *empty = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "x", garbage, 1);
    g_dbus_method_invocation_return_value(
        call, g_variant_new("((o@ay@ays))", session, empty, item->bytes, "text/plain"));
  }
}

static void on_create(GVariant *arguments, GDBusMethodInvocation *call) {
  g_autoptr(GVariant) properties = g_variant_get_child_value(arguments, 0);
  g_autoptr(GVariant) secret = g_variant_get_child_value(arguments, 1);
  bool by_prompt = is("silent") || is("asks") || is("stuck") || is("declined");
  const char *prompt = by_prompt ? make_prompt(properties, secret) : "/";
  const char *item = by_prompt ? "/" : make_item(properties, secret, true);
  g_dbus_method_invocation_return_value(call, g_variant_new("(oo)", item, prompt));
}

static void on_search(GVariant *arguments, GDBusMethodInvocation *call) {
  g_autoptr(GVariant) wanted = g_variant_get_child_value(arguments, 0);
  GVariantBuilder open, locked;
  g_variant_builder_init(&open, G_VARIANT_TYPE("ao"));
  g_variant_builder_init(&locked, G_VARIANT_TYPE("ao"));
  for (guint i = 0; i < items->len; i++)
    if (has(items->pdata[i], wanted))
      g_variant_builder_add(is("private") ? &locked : &open, "o",
                            ((struct item *)items->pdata[i])->path);
  g_dbus_method_invocation_return_value(call, g_variant_new("(aoao)", &open, &locked));
}

static void on_call(GDBusConnection *c, const char *sender, const char *path, const char *interface,
                    const char *method, GVariant *arguments, GDBusMethodInvocation *call,
                    gpointer data) {
  const char *text = NULL;
  (void)c, (void)sender, (void)path, (void)interface, (void)data;
  if (strcmp(method, "CreateItem") == 0) {
    on_create(arguments, call);
  } else if (strcmp(method, "SearchItems") == 0) {
    on_search(arguments, call);
  } else if (strcmp(method, "ReadAlias") == 0) {
    g_variant_get(arguments, "(&s)", &text);
    g_dbus_method_invocation_return_value(
        call, g_variant_new("(o)", strcmp(text, "default") == 0 ? COLLECTION : "/"));
  } else {
    g_variant_get_child(arguments, 0, "&s", &text);
    sessions += strcmp(text, "plain") != 0; // (asked for first)
    if (is("picky") && sessions % 2)
      g_dbus_method_invocation_return_error(call, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "no");
    else if (strcmp(text, "plain") == 0)
      g_dbus_method_invocation_return_value(
          call, g_variant_new("(vo)", g_variant_new_string(""), SECRETS "/session/1"));
    else
      g_dbus_method_invocation_return_error(call, G_DBUS_ERROR, G_DBUS_ERROR_NOT_SUPPORTED, "no");
  }
}

static GVariant *property(GDBusConnection *c, const char *sender, const char *path,
                          const char *interface, const char *name, GError **error, gpointer data) {
  static const char *const collections[] = {COLLECTION};
  (void)c, (void)sender, (void)path, (void)interface, (void)error, (void)data;
  return strcmp(name, "Locked") == 0 ? g_variant_new_boolean(FALSE)
                                     : g_variant_new_objv(collections, 1);
}

static const GDBusInterfaceVTable table = {on_call, property, NULL, {0}};

static void on_name(GDBusConnection *c, const char *name, gpointer data) {
  (void)c, (void)name, (void)data;
  say("ready");
}

int main(int argc, char **argv) {
  (void)argc;
  shapes = argv + 1;
  items = g_ptr_array_new();
  node = g_dbus_node_info_new_for_xml(xml, NULL);
  bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
  if (!node || !bus)
    return 1;
  offer(SECRETS, INTERFACE "Service", &table, NULL);
  offer(COLLECTION, INTERFACE "Collection", &table, NULL);
  g_bus_own_name_on_connection(bus, "org.freedesktop.secrets", G_BUS_NAME_OWNER_FLAGS_NONE, on_name,
                               NULL, NULL, NULL);
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  g_main_loop_run(loop); // (it ends with the bus)
  return 0;
}
