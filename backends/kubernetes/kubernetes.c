// The Kubernetes store: one item is one key of one Secret. Class A: a version is the Secret's uid
// and resourceVersion, and a write is a merge patch that bears both, so the API server itself
// refuses it when anybody wrote in between. A Secret that was deleted and made anew has another
// uid.
//
// Beside the value, in the same patch, stands an annotation of ours that bears the key's name:
// stamp, key id, and a number that differs each time, because a patch that changes nothing makes no
// new resourceVersion. Other keys, labels and annotations are not in the patch and stay as they
// are.
//
// Usually the Secret is made by whoever installs the rotator, and the rotator may only read and
// patch it. Then a Secret that is not there is no evidence of anything, and refused.
#include <stdlib.h>
#include <string.h>

#include "backends/kubernetes/kube.h"

static enum err absent(const struct kube_item *k, struct error *e) {
  if (k->create)
    return error_set(e, ERR_MISSING, "there is no such Secret");
  return error_set(e, ERR_REFUSED, "there is no such Secret; make it: " KUBE_CREATE_COMMAND,
                   k->name, k->namespace);
}

static enum err take(const struct kube_item *k, const cJSON *secret, struct store_record *ret,
                     struct store_version *ret_version, struct error *e) {
  struct store_version v;
  enum err err = kube_secret_version(secret, &v, e);
  if (err == ERR_OK)
    err = kube_owner_check(k, secret, e);
  if (err != ERR_OK)
    return err;
  err = kube_secret_read(k, secret, ret, e);
  if (err == ERR_OK || err == ERR_MISSING || err == ERR_CORRUPT)
    *ret_version = v;
  return err;
}

static enum err kube_read(struct store_item *it, struct store_record *ret,
                          struct store_version *ret_version, struct error *e) {
  const struct kube_item *k = kube_item_of(it);
  struct kube_reply reply = {0};
  struct store_record r = {0};
  enum err err = kube_get(k, &reply, e);
  if (err == ERR_MISSING) {
    err = absent(k, e);
    if (err == ERR_MISSING)
      memset(ret_version, 0, sizeof(*ret_version));
  } else if (err == ERR_OK) {
    err = take(k, reply.json, &r, ret_version, e);
  }
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  kube_reply_clear(&reply);
  return err;
}

// What "must be absent" means now: the version of a Secret without our value, or "" for no Secret.
static enum err expect_absent(struct kube_item *k, struct store_version *ret, struct error *e) {
  struct store_record r = {0};
  struct store_version v = {""};
  enum err err = kube_read(&k->item, &r, &v, e);
  store_record_clear(&r);
  if (err == ERR_OK || err == ERR_CORRUPT)
    return error_set(e, ERR_CONFLICT, "there is a value already");
  if (err != ERR_MISSING)
    return err;
  *ret = v;
  return ERR_OK;
}

// The answer to a write that was done must say under which version.
static enum err written(const struct kube_reply *reply, struct store_version *ret,
                        struct error *e) {
  struct store_version v;
  enum err err = kube_secret_version(reply->json, &v, e);
  if (err == ERR_OK)
    *ret = v;
  return err;
}

static enum err kube_write(struct store_item *it, const struct store_record *r,
                           const struct store_version *expect, struct store_version *ret_version,
                           struct error *e) {
  struct kube_item *k = kube_item_of(it);
  struct store_version v = *expect;
  struct kube_reply reply = {0};
  char uid[STORE_VERSION_MAX], resource[STORE_VERSION_MAX];
  enum err err = v.text[0] == '\0' ? expect_absent(k, &v, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  if (v.text[0] != '\0' && !kube_version_split(&v, uid, resource, sizeof uid))
    return error_set(e, ERR_CONFLICT, "the expected version is none of a Secret");
  JSON_AUTO body = kube_secret_write(k, r, &v);
  if (!body)
    return error_no_memory(e);
  err = v.text[0] == '\0' ? kube_create(k, body, false, &reply, e)
                          : kube_patch(k, body, false, &reply, e);
  if (err == ERR_OK)
    err = written(&reply, ret_version, e);
  kube_reply_clear(&reply);
  return err;
}

// --- checks before anything is changed -----------------------------------------------------------
//
// Rights as the server sees them, the Secret as it is, and a patch that goes the whole way
// (validation, admission, quota) and is then not stored.

// The value that is there, or, where none is, something of the same shape.
static enum err dry_run(const struct kube_item *k, const struct store_record *r,
                        const struct store_version *v, struct error *e) {
  struct store_record probe = *r;
  struct kube_reply reply = {0};
  SECRET_AUTO stand_in = secret_copy_text("rotator-check-dry-run");
  if (!probe.value)
    probe.value = stand_in;
  JSON_AUTO body = probe.value ? kube_secret_write(k, &probe, v) : NULL;
  if (!body)
    return error_no_memory(e);
  enum err err =
      v->text[0] ? kube_patch(k, body, true, &reply, e) : kube_create(k, body, true, &reply, e);
  kube_reply_clear(&reply);
  // Somebody wrote between our reading and this: it went as far as it could.
  return err == ERR_CONFLICT ? ERR_OK : err;
}

static enum err kube_check(struct store_item *it, struct error *e) {
  const struct kube_item *k = kube_item_of(it);
  struct store_record r = {0};
  struct store_version v = {""};
  if (!k->namespace[0])
    return it->ops->read(it, &r, &v, e); // says so
  enum err err = kube_may(k, "get", e);
  if (err == ERR_OK)
    err = kube_may(k, "patch", e);
  if (err == ERR_OK) {
    err = it->ops->read(it, &r, &v, e);
    if (err == ERR_MISSING && v.text[0] == '\0')
      err = kube_may(k, "create", e);
    else if (err == ERR_MISSING)
      err = ERR_OK;
  }
  if (err == ERR_OK)
    err = dry_run(k, &r, &v, e);
  store_record_clear(&r);
  return err;
}

static void kube_free(struct store_item *it) {
  struct kube_item *k = kube_item_of(it);
  kube_session_put(k->session);
  free(k);
}

const struct store_ops kube_ops = {
    .read = kube_read,
    .write = kube_write,
    .check = kube_check,
    .free = kube_free,
};
