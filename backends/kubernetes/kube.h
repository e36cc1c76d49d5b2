// Inside the Kubernetes store. kube_open.c makes an item from settings, kubernetes.c looks at it,
// reads and writes it, kube_secret.c lays a record out in a Secret, kube_owner.c says whose a
// Secret is, kube_status.c says what an answer means. Requests go through kube_session.h.
#ifndef BACKENDS_KUBERNETES_KUBE_H
#define BACKENDS_KUBERNETES_KUBE_H

#include "backends/kubernetes/kube_session.h"
#include "backends/store.h"

#define KUBE_LONGEST_MS 34000           // the API server gives a write no more time
#define KUBE_BODY_MAX (3 * 1024 * 1024) // of a request, and of an answer that is looked at
#define KUBE_PREFIX "rotator.ibm-cloud-logs/"
#define KUBE_NAMESPACE_MAX 63
#define KUBE_NAME_MAX 253
#define KUBE_KEY_MAX 63 // the annotation of a key bears its name
#define KUBE_PATH_MAX 512

#define KUBE_POD_DIR "/var/run/secrets/kubernetes.io/serviceaccount/"

struct kube_item {
  struct store_item item; // first: the engine's pointer is ours
  struct kube_session *session;
  struct env *env;
  char namespace[KUBE_NAMESPACE_MAX + 1]; // "": that of the pod, which cannot be read
  char name[KUBE_NAME_MAX + 1];
  char key[KUBE_KEY_MAX + 1];
  bool create, force_owner;
};

static inline struct kube_item *kube_item_of(struct store_item *it) {
  return (struct kube_item *)it;
}

extern const struct store_ops kube_ops;

// kube_client.c: the requests of an item. ERR_OK: done, the object is in ret->json. The errors are
// those of store.h; ERR_MISSING: there is no such Secret.
enum err kube_get(const struct kube_item *k, struct kube_reply *ret, struct error *e);
// A merge patch, and a creation. `dry`: the whole way of a write, but nothing is stored.
// ERR_CONFLICT: another version is there, or none (create: one is).
enum err kube_patch(const struct kube_item *k, const cJSON *patch, bool dry, struct kube_reply *ret,
                    struct error *e);
enum err kube_create(const struct kube_item *k, const cJSON *object, bool dry,
                     struct kube_reply *ret, struct error *e);
// May we do `verb` with the Secret? ERR_DENIED with the rule that grants it; ERR_OK also when the
// server does not tell.
enum err kube_may(const struct kube_item *k, const char *verb, struct error *e);

// kube_status.c: what an answer means to the request; `verb` and `k` are for the text. Texts of the
// server are quoted only where they cannot hold what was sent.
enum err kube_outcome(const struct kube_item *k, const char *verb, bool write,
                      const struct kube_reply *r, struct error *e);

// kube_secret.c
// Our record in a Secret. ERR_MISSING: the key is not there, or empty. *ret is zeroed before.
enum err kube_secret_read(const struct kube_item *k, const cJSON *secret, struct store_record *ret,
                          struct error *e);
// The patch that puts the record under a version (uid and resourceVersion), or, with an empty one,
// the object to create. NULL without memory or chance.
cJSON *kube_secret_write(const struct kube_item *k, const struct store_record *r,
                         const struct store_version *expect);
// "UID/RESOURCEVERSION". ERR_UNSURE: the object has none.
enum err kube_secret_version(const cJSON *secret, struct store_version *ret, struct error *e);
bool kube_version_split(const struct store_version *v, char *uid, char *resource, size_t cap);

// kube_owner.c: is the Secret ours to write? ERR_REFUSED with who else writes it, or why nobody
// can.
enum err kube_owner_check(const struct kube_item *k, const cJSON *secret, struct error *e);

// "kubectl create secret generic NAME --namespace=NS", what the person does who misses it.
#define KUBE_CREATE_COMMAND "kubectl create secret generic %s --namespace=%s"

#endif
