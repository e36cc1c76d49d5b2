#include "backends/libsecret/quiet_service.h"

// The macro below asks for these names.
typedef struct {
  SecretService parent;
} QuietService;
typedef struct {
  SecretServiceClass parent;
} QuietServiceClass;
// cppcheck-suppress unknownMacro
G_DEFINE_TYPE(QuietService, quiet_service, SECRET_TYPE_SERVICE)

#define WORDS "the service wants to ask somebody, and nobody is there"

static GVariant *refuse_sync(SecretService *self, SecretPrompt *prompt, GCancellable *cancellable,
                             const GVariantType *type, GError **error) {
  (void)self, (void)prompt, (void)cancellable, (void)type;
  g_set_error_literal(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, WORDS);
  return NULL;
}

static void refuse_async(SecretService *self, SecretPrompt *prompt, const GVariantType *type,
                         GCancellable *cancellable, GAsyncReadyCallback done, gpointer data) {
  (void)prompt, (void)type, (void)cancellable;
  g_task_report_new_error(self, done, data, NULL, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, WORDS);
}

static GVariant *refuse_finish(SecretService *self, GAsyncResult *result, GError **error) {
  (void)self;
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void quiet_service_class_init(QuietServiceClass *class) {
  class->parent.prompt_sync = refuse_sync;
  class->parent.prompt_async = refuse_async;
  class->parent.prompt_finish = refuse_finish;
}

static void quiet_service_init(QuietService *self) {
  (void)self;
}
