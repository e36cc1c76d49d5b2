// Whose Secret is it? Some owners would write their old value back over ours, hours later: Helm at
// the next upgrade, kubectl at the next apply, an operator at once. Such a Secret is refused,
// unless the configuration says force_owner; nothing helps where no value can be changed at all.
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "rotator/base/text.h"

#define HINT " (rotate at its source, or set force_owner)"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static enum err refuse_locked(const cJSON *secret, struct error *e) {
  const char *type = json_text(secret, "type");
  char shown[64];
  if (json_bool(secret, "immutable", false))
    return error_set(e, ERR_REFUSED,
                     "the Secret is immutable: make another without 'immutable: true' and let"
                     " consumers read that");
  if (json_get(json_get(secret, "metadata"), "deletionTimestamp"))
    return error_set(e, ERR_REFUSED, "the Secret is being deleted");
  if (!type || strcmp(type, "Opaque") == 0 || !strstr(type, "kubernetes.io/"))
    return ERR_OK;
  text_printable(shown, sizeof shown, type, strlen(type));
  return error_set(e, ERR_REFUSED, "the Secret is of type %s, not Opaque", shown);
}

static enum err refuse_reference(const cJSON *metadata, struct error *e) {
  const cJSON *first = cJSON_GetArrayItem(json_get(metadata, "ownerReferences"), 0);
  const char *kind = json_text(first, "kind"), *name = json_text(first, "name");
  char shown[160] = "something", named[80] = "";
  if (!first)
    return ERR_OK;
  if (kind)
    text_printable(shown, 64, kind, strlen(kind));
  if (name)
    text_printable(named, sizeof named, name, strlen(name));
  return error_set(e, ERR_REFUSED, "the Secret is owned by %s %s" HINT, shown, named);
}

static enum err refuse_helm(const cJSON *metadata, struct error *e) {
  const char *manager = json_text(json_get(metadata, "labels"), "app.kubernetes.io/managed-by");
  const char *release = json_text(json_get(metadata, "annotations"), "meta.helm.sh/release-name");
  char shown[64] = "";
  if (!release && (!manager || strcmp(manager, "Helm") != 0))
    return ERR_OK;
  if (release)
    text_printable(shown, sizeof shown, release, strlen(release));
  return error_set(e, ERR_REFUSED,
                   "the Secret belongs to Helm%s%s, whose next upgrade would bring the old key"
                   " back" HINT,
                   release ? " release " : "", shown);
}

// The copy of the manifest that kubectl keeps: only a manifest with our key in it is one that
// brings the old value back. (The copy itself still shows that old value.)
static enum err refuse_applied(const struct kube_item *k, const cJSON *metadata, struct error *e) {
  const char *text = json_text(json_get(metadata, "annotations"), LAST_APPLIED);
  JSON_AUTO applied = NULL;
  if (text && json_read(text, strlen(text), &applied) == ERR_INTERNAL)
    return error_no_memory(e);
  if (!json_get(json_get(applied, "data"), k->key) &&
      !json_get(json_get(applied, "stringData"), k->key))
    return ERR_OK;
  return error_set(e, ERR_REFUSED,
                   "the next 'kubectl apply' would bring the old key back: take %s out of the"
                   " manifest, then: kubectl annotate secret %s --namespace=%s " LAST_APPLIED
                   "- (or set force_owner)",
                   k->key, k->name, k->namespace);
}

// Whoever applied our key by server-side apply will apply it again.
static enum err refuse_manager(const struct kube_item *k, const cJSON *metadata, struct error *e) {
  char field[KUBE_KEY_MAX + 3] = "f:", shown[64];
  const cJSON *entry = NULL;
  text_copy(field + 2, sizeof field - 2, k->key);
  cJSON_ArrayForEach(entry, json_get(metadata, "managedFields")) {
    const char *operation = json_text(entry, "operation"), *manager = json_text(entry, "manager");
    if (!operation || strcmp(operation, "Apply") != 0 ||
        !json_get(json_get(json_get(entry, "fieldsV1"), "f:data"), field))
      continue;
    text_printable(shown, sizeof shown, manager ? manager : "?", manager ? strlen(manager) : 1);
    return error_set(e, ERR_REFUSED,
                     "%s is applied by '%s', which would bring the old key back" HINT, k->key,
                     shown);
  }
  return ERR_OK;
}

enum err kube_owner_check(const struct kube_item *k, const cJSON *secret, struct error *e) {
  const cJSON *metadata = json_get(secret, "metadata");
  enum err err = refuse_locked(secret, e);
  if (err != ERR_OK || k->force_owner)
    return err;
  err = refuse_reference(metadata, e);
  if (err == ERR_OK)
    err = refuse_helm(metadata, e);
  if (err == ERR_OK)
    err = refuse_applied(k, metadata, e);
  return err == ERR_OK ? refuse_manager(k, metadata, e) : err;
}
