// The requests of an item: where they go and what they ask for.
#include <stdio.h>
#include <string.h>

#include "backends/kubernetes/kube.h"

#define MERGE_PATCH "application/merge-patch+json"
#define MANAGER "fieldManager=rotator&fieldValidation=Strict"

static enum err path_of(const struct kube_item *k, bool named, const char *query, char *dst,
                        struct error *e) {
  if (!k->namespace[0])
    return error_set(e, ERR_REFUSED,
                     "the namespace is not known: not in a pod, or its file is not mounted: set"
                     " 'namespace'");
  // Name and namespace were checked: there is nothing to encode in them.
  snprintf(dst, KUBE_PATH_MAX, "/api/v1/namespaces/%s/secrets%s%s%s%s", k->namespace,
           named ? "/" : "", named ? k->name : "", query ? "?" : "", query ? query : "");
  return ERR_OK;
}

static bool is_ours(const struct kube_item *k, const cJSON *o) {
  const char *kind = json_text(o, "kind");
  const char *name = json_text(json_get(o, "metadata"), "name");
  return kind && strcmp(kind, "Secret") == 0 && name && strcmp(name, k->name) == 0;
}

static enum err call(const struct kube_item *k, const char *verb, const struct kube_request *q,
                     struct kube_reply *ret, struct error *e) {
  enum err err = kube_call(k->session, q, ret, e);
  if (err == ERR_OK)
    err = kube_outcome(k, verb, q->once, ret, e);
  if (err == ERR_OK && !is_ours(k, ret->json))
    err = error_set(e, ERR_UNSURE, "%s: the answer is not this Secret", verb);
  return err;
}

enum err kube_get(const struct kube_item *k, struct kube_reply *ret, struct error *e) {
  char path[KUBE_PATH_MAX];
  enum err err = path_of(k, true, NULL, path, e);
  struct kube_request q = {.method = "GET", .path = path};
  return err == ERR_OK ? call(k, "get", &q, ret, e) : err;
}

enum err kube_patch(const struct kube_item *k, const cJSON *patch, bool dry, struct kube_reply *ret,
                    struct error *e) {
  char path[KUBE_PATH_MAX];
  enum err err = path_of(k, true, dry ? MANAGER "&dryRun=All" : MANAGER, path, e);
  struct kube_request q = {
      .method = "PATCH", .path = path, .content_type = MERGE_PATCH, .body = patch, .once = true};
  if (err == ERR_OK)
    err = call(k, "patch", &q, ret, e);
  if (err == ERR_MISSING)
    err = error_set(e, ERR_CONFLICT, "the Secret was deleted meanwhile");
  return err;
}

enum err kube_create(const struct kube_item *k, const cJSON *object, bool dry,
                     struct kube_reply *ret, struct error *e) {
  char path[KUBE_PATH_MAX];
  enum err err = path_of(k, false, dry ? MANAGER "&dryRun=All" : MANAGER, path, e);
  struct kube_request q = {.method = "POST", .path = path, .body = object, .once = true};
  return err == ERR_OK ? call(k, "create", &q, ret, e) : err;
}

static cJSON *review(const struct kube_item *k, const char *verb) {
  cJSON *o = cJSON_CreateObject();
  cJSON *a = cJSON_AddObjectToObject(cJSON_AddObjectToObject(o, "spec"), "resourceAttributes");
  if (a && cJSON_AddStringToObject(o, "apiVersion", "authorization.k8s.io/v1") &&
      cJSON_AddStringToObject(o, "kind", "SelfSubjectAccessReview") &&
      cJSON_AddStringToObject(a, "namespace", k->namespace) &&
      cJSON_AddStringToObject(a, "verb", verb) &&
      cJSON_AddStringToObject(a, "resource", "secrets") &&
      (strcmp(verb, "create") == 0 || cJSON_AddStringToObject(a, "name", k->name)))
    return o;
  return json_free(o);
}

static enum err not_allowed(const struct kube_item *k, const char *verb, struct error *e) {
  if (strcmp(verb, "create") == 0)
    return error_set(e, ERR_DENIED,
                     "may not create secrets in namespace %s; a Role rule grants it: {apiGroups:"
                     " [\"\"], resources: [secrets], verbs: [create]}; or make it by hand and leave"
                     " 'create' out: " KUBE_CREATE_COMMAND,
                     k->namespace, k->name, k->namespace);
  return error_set(e, ERR_DENIED,
                   "may not %s secrets/%s in namespace %s; a Role rule grants it: {apiGroups:"
                   " [\"\"], resources: [secrets], resourceNames: [%s], verbs: [get, patch]}",
                   verb, k->name, k->namespace, k->name);
}

enum err kube_may(const struct kube_item *k, const char *verb, struct error *e) {
  JSON_AUTO body = review(k, verb);
  struct kube_reply reply = {0};
  struct kube_request q = {.method = "POST",
                           .path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                           .body = body};
  if (!body)
    return error_no_memory(e);
  enum err err = kube_call(k->session, &q, &reply, e);
  const cJSON *status = json_get(reply.json, "status");
  bool answered = err == ERR_OK && reply.status == 201 && json_get(status, "allowed");
  if (err == ERR_OK && reply.status == 401)
    err = kube_outcome(k, verb, false, &reply, e);
  else if (answered && !json_bool(status, "allowed", true))
    err = not_allowed(k, verb, e);
  kube_reply_clear(&reply);
  return err;
}
