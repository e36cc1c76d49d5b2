#include "backends/libsecret/quiet_service.h"

#include <stdbool.h>

// The macro below asks for these names.
typedef struct {
  SecretService parent;
} QuietService;
typedef struct {
  SecretServiceClass parent;
} QuietServiceClass;
// cppcheck-suppress unknownMacro
G_DEFINE_TYPE(QuietService, quiet_service, SECRET_TYPE_SERVICE)

#define DISMISS_MS 1000 // to a prompt that is told to go

struct completion {
  bool seen, late;
  gboolean dismissed;
  GVariant *result;
};

static void on_completed(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *signal, GVariant *said, gpointer data) {
  struct completion *c = data;
  (void)bus, (void)sender, (void)path, (void)interface, (void)signal;
  if (c->seen || !g_variant_is_of_type(said, G_VARIANT_TYPE("(bv)")))
    return;
  g_variant_get(said, "(bv)", &c->dismissed, &c->result);
  c->seen = true;
}

static gboolean on_late(gpointer data) {
  struct completion *c = data;
  c->late = true;
  return G_SOURCE_REMOVE;
}

// Calls a method of the prompt and waits for its word. Signals come to `context` alone.
static void ask(SecretPrompt *prompt, GMainContext *context, const char *method,
                GVariant *arguments, int limit_ms, struct completion *c) {
  GDBusProxy *proxy = G_DBUS_PROXY(prompt);
  GSource *timer = g_timeout_source_new((guint)limit_ms);
  g_source_set_callback(timer, on_late, c, NULL);
  g_source_attach(timer, context);
  c->late = false;
  // (what it answers is no word yet; a service may well answer only after its dialogue)
  g_dbus_connection_call(g_dbus_proxy_get_connection(proxy), g_dbus_proxy_get_name(proxy),
                         g_dbus_proxy_get_object_path(proxy), "org.freedesktop.Secret.Prompt",
                         method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE, limit_ms, NULL, NULL,
                         NULL);
  while (!c->seen && !c->late)
    g_main_context_iteration(context, TRUE);
  g_source_destroy(timer);
  g_source_unref(timer);
}

static GVariant *judge(const struct completion *c, const GVariantType *type, GError **error) {
  if (!c->seen)
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "its prompt does not end");
  else if (c->dismissed || !c->result)
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                        "the service wants to ask somebody, and nobody is there");
  else if (type && !g_variant_is_of_type(c->result, type))
    g_set_error_literal(error, SECRET_ERROR, SECRET_ERROR_PROTOCOL,
                        "its prompt ends with a result of another type");
  else
    return g_variant_ref(c->result);
  return NULL;
}

static GVariant *complete(SecretPrompt *prompt, const GVariantType *type, GError **error) {
  GDBusProxy *proxy = G_DBUS_PROXY(prompt);
  GDBusConnection *bus = g_dbus_proxy_get_connection(proxy);
  struct completion c = {0};
  GMainContext *context = g_main_context_new();
  g_main_context_push_thread_default(context);
  guint listening = g_dbus_connection_signal_subscribe(
      bus, g_dbus_proxy_get_name(proxy), "org.freedesktop.Secret.Prompt", "Completed",
      g_dbus_proxy_get_object_path(proxy), NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_completed, &c, NULL);
  ask(prompt, context, "Prompt", g_variant_new("(s)", ""), PROMPT_MS, &c);
  if (!c.seen)
    ask(prompt, context, "Dismiss", NULL, DISMISS_MS, &c);
  g_dbus_connection_signal_unsubscribe(bus, listening);
  g_main_context_pop_thread_default(context);
  g_main_context_unref(context);
  GVariant *result = judge(&c, type, error);
  g_clear_pointer(&c.result, g_variant_unref);
  return result;
}

static GVariant *prompt_sync(SecretService *self, SecretPrompt *prompt, GCancellable *cancellable,
                             const GVariantType *type, GError **error) {
  (void)self, (void)cancellable;
  return complete(prompt, type, error);
}

// (The program has nothing else to do: it may as well wait here.)
static void prompt_async(SecretService *self, SecretPrompt *prompt, const GVariantType *type,
                         GCancellable *cancellable, GAsyncReadyCallback done, gpointer data) {
  g_autoptr(GTask) task = g_task_new(self, cancellable, done, data);
  GError *error = NULL;
  GVariant *result = complete(prompt, type, &error);
  if (result)
    g_task_return_pointer(task, result, (GDestroyNotify)g_variant_unref);
  else
    g_task_return_error(task, error);
}

static GVariant *prompt_finish(SecretService *self, GAsyncResult *result, GError **error) {
  (void)self;
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void quiet_service_class_init(QuietServiceClass *class) {
  class->parent.prompt_sync = prompt_sync;
  class->parent.prompt_async = prompt_async;
  class->parent.prompt_finish = prompt_finish;
}

static void quiet_service_init(QuietService *self) {
  (void)self;
}
