// What can be known before a rotation: that there is a token and it may read, that the secret is of
// the right kind and stays, and that a write would not meet a lock. Whether the identity may write
// does not show before the first write: the service has no way to ask, and no trial can be taken
// away again without the right to delete.
#include <stdio.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm.h"
#include "rotator/base/text.h"

#define STATE_ACTIVE 1

static void add_names(const cJSON *locks, struct text_buf *b) {
  const cJSON *m = NULL;
  cJSON_ArrayForEach(m, locks) {
    char name[65];
    const char *text = json_text(m, "name");
    if (!text)
      continue;
    text_printable(name, sizeof name, text, strlen(text));
    text_buf_add(b, "%s%s", b->len ? ", " : "", name);
  }
}

static enum err tell_locks(const struct sm_item *k, const cJSON *locks, struct error *e) {
  struct text_buf names = TEXT_BUF(200);
  if (cJSON_GetArraySize(locks) == 0)
    return ERR_OK;
  add_names(locks, &names);
  enum err err =
      error_set(e, ERR_REFUSED,
                "consumers have not let go of the key before (locks on the previous"
                " version of secret %s: %s); they take the new key and remove their lock",
                k->id, text_buf_str(&names));
  text_buf_free(&names);
  return err;
}

// A lock on the version before the newest forbids the next one. That is a definite no, so that no
// rotation begins: the lock goes when its consumer has moved on and not by itself. Who may not look
// is let pass: the write tells.
static enum err check_locks(const struct sm_item *k, const cJSON *secret, struct error *e) {
  char path[SM_ID_MAX + 64];
  struct sm_reply r = {0};
  int64_t locks = 1; // not said
  json_int(secret, "locks_total", &locks);
  if (locks == 0)
    return ERR_OK;
  snprintf(path, sizeof path, "secrets/%s/versions/previous/locks", k->id);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "list of locks", &q, &r, e);
  if (err == ERR_OK)
    err = tell_locks(k, json_get(r.json, "locks"), e);
  else if (err == ERR_MISSING || r.status == 403) // no previous version
    err = ERR_OK;
  sm_reply_clear(&r);
  return err;
}

static enum err check_secret(const struct sm_item *k, const cJSON *secret, struct error *e) {
  const char *type = json_text(secret, "secret_type");
  int64_t state = STATE_ACTIVE;
  json_int(secret, "state", &state);
  if (type && strcmp(type, sm_type(k)) != 0)
    return error_set(e, ERR_REFUSED, "the secret is not of the type %s", sm_type(k));
  if (state != STATE_ACTIVE)
    return error_set(e, ERR_REFUSED, "the secret is not active: its state is %d", (int)state);
  enum err err = sm_stays(secret, e);
  return err == ERR_OK ? check_locks(k, secret, e) : err;
}

static enum err check_metadata(const struct sm_item *k, struct error *e) {
  char path[SM_ID_MAX + 64];
  struct sm_reply r = {0};
  snprintf(path, sizeof path, "secrets/%s/metadata", k->id);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "metadata", &q, &r, e);
  if (err == ERR_MISSING)
    err = error_set(e, ERR_UNSENT, "the secret was deleted just now");
  else if (err == ERR_OK)
    err = check_secret(k, r.json, e);
  sm_reply_clear(&r);
  return err;
}

enum err sm_check(struct store_item *it, struct error *e) {
  struct sm_item *k = sm_item_of(it);
  struct store_record r = {0};
  struct store_version v = {""};
  enum err err = it->ops->read(it, &r, &v, e);
  store_record_clear(&r);
  if (err == ERR_MISSING)
    err = v.text[0] ? ERR_OK : sm_may_make(k, e);
  if (err == ERR_OK && k->id[0])
    err = check_metadata(k, e);
  if (err == ERR_OK && e)
    *e = (struct error){0};
  return err;
}
