// The look before anything is changed: rights as the server sees them, the Secret as it is, and a
// patch that goes the whole way (validation, admission, quota) and is then not stored.
#include <string.h>

#include "backends/kubernetes/kube.h"

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
    return error_set(e, ERR_INTERNAL, "memory is exhausted");
  enum err err =
      v->text[0] ? kube_patch(k, body, true, &reply, e) : kube_create(k, body, true, &reply, e);
  kube_reply_clear(&reply);
  // Somebody wrote between our reading and this: it went as far as it could.
  return err == ERR_CONFLICT ? ERR_OK : err;
}

enum err kube_check(struct store_item *it, struct error *e) {
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
