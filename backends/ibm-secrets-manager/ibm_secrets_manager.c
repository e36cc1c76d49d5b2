// The store of IBM Cloud Secrets Manager: one item is one secret, arbitrary or kv. Class C.
//
// Why not A. Each write makes a version whose id is the service's own and never comes back, so a
// reading says for certain which writing it shows. But nothing makes a write depend on a version:
// whatever is sent later wins, and a request that was delayed wins over all that was written since.
// So the caller's lock and one host protect it, as for every store of class C, and the version that
// the caller expects is not looked at.
//
// What the versions give is knowledge after the event. Each write bears a number of its own; after
// it the list of versions must show ours as the newest one and, before it, the one that was there
// when we began. If not, somebody else writes this secret, and the caller is told that nothing is
// sure and reads again. By the same number a write whose answer was lost is found; it is not sent
// again.
//
// The service keeps the values of two versions, the newest and the one before: two writes in a row
// push what consumers had out of reach. It is not asked to keep more than the newest; the key that
// may have to come back is in the rotator's state. A lock that a consumer hung on the version
// before forbids the next write (412): the one before is still in use, so the write waits.
//
// The value before the newest cannot be destroyed, only pushed out by the next write. It is a
// retired key then, deleted at IBM Cloud, or an older state.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm.h"
#include "rotator/base/text.h"

#define LOST_READS 4 // for a write without an answer, over three seconds

// --- reading -------------------------------------------------------------------------------------

static enum err take(struct sm_item *k, const cJSON *version, struct store_record *ret,
                     struct store_version *ret_version, struct error *e) {
  struct store_version v = {""};
  char id[SM_ID_MAX];
  enum err err = sm_id_of(version, id, e);
  if (err == ERR_OK)
    err = sm_stays(version, e);
  if (err != ERR_OK)
    return err;
  text_copy(v.text, sizeof v.text, id);
  err = sm_record_read(k, version, ret, e);
  if (err == ERR_OK || err == ERR_MISSING || err == ERR_CORRUPT)
    *ret_version = v;
  return err;
}

static enum err sm_read(struct store_item *it, struct store_record *ret,
                        struct store_version *ret_version, struct error *e) {
  struct sm_item *k = sm_item_of(it);
  JSON_AUTO version = NULL;
  struct store_record r = {0};
  enum err err = sm_current(k, &version, e);
  if (err == ERR_MISSING)
    ret_version->text[0] = '\0';
  else if (err == ERR_OK)
    err = take(k, version, &r, ret_version, e);
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  return err;
}

// Until its date consumers read a value that is refused.
static enum err sm_read_served(struct store_item *it, struct secret **ret, struct error *e) {
  struct sm_item *k = sm_item_of(it);
  JSON_AUTO version = NULL;
  struct store_record r = {0};
  enum err err = sm_current(k, &version, e);
  if (err == ERR_OK)
    err = sm_record_read(k, version, &r, e);
  if (err == ERR_OK) {
    *ret = r.value;
    r.value = NULL;
  }
  store_record_clear(&r);
  return err;
}

// --- writing -------------------------------------------------------------------------------------

static const char *id_with_alias(const cJSON *versions, const char *alias) {
  const cJSON *m = NULL;
  cJSON_ArrayForEach(m, versions) {
    const char *text = json_text(m, "alias");
    if (text && strcmp(text, alias) == 0)
      return json_text(m, "id");
  }
  return NULL;
}

static bool is_text(const char *a, const char *b) {
  return a && strcmp(a, b) == 0;
}

static enum err list_versions(const struct sm_item *k, struct sm_reply *r, struct error *e) {
  char path[SM_ID_MAX + 64];
  snprintf(path, sizeof path, "secrets/%s/versions", k->id);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "list of versions", &q, r, e);
  if (err == ERR_OK && !cJSON_IsArray(json_get(r->json, "versions")))
    err = error_set(e, ERR_UNSENT, "list of versions: the answer holds none");
  return err;
}

// Did our version take the place of the one that was there when we began? A list that still shows
// that one as the newest is late.
static enum err confirm(const struct sm_item *k, const char *ours, const char *before,
                        struct error *e) {
  struct sm_patience patience = {0};
  for (bool late = true; late;) {
    struct sm_reply r = {0};
    enum err err = list_versions(k, &r, e);
    const cJSON *versions = json_get(r.json, "versions");
    bool newest = is_text(id_with_alias(versions, "current"), ours);
    bool good = newest && is_text(id_with_alias(versions, "previous"), before);
    late = err == ERR_OK && is_text(id_with_alias(versions, "current"), before);
    sm_reply_clear(&r);
    if (err != ERR_OK)
      return error_wrap(e, "written, but whether alone is not known"), ERR_UNSURE;
    if (good)
      return ERR_OK;
    if (!late)
      return error_set(e, ERR_UNSURE, "somebody else writes this secret: %s",
                       newest ? "another version came just before ours"
                              : "another version came after ours");
    if (!sm_wait(k, &patience))
      break;
  }
  return error_set(e, ERR_UNSURE, "written, but the list of versions does not show it");
}

// A write without an answer: is it the newest version by now? Else *e stays as it is, for it may
// land later.
static enum err look_for(struct sm_item *k, const char *mark, char ours[SM_ID_MAX],
                         struct error *e) {
  struct sm_patience patience = {0};
  for (int i = 0; i < LOST_READS && sm_wait(k, &patience); i++) {
    JSON_AUTO version = NULL;
    struct error of_look;
    if (sm_current(k, &version, &of_look) == ERR_OK && sm_record_is_marked(version, mark))
      return sm_id_of(version, ours, e);
  }
  return ERR_UNSURE;
}

static enum err post_version(struct sm_item *k, const cJSON *body, const char *mark,
                             char ours[SM_ID_MAX], struct error *e) {
  char path[SM_ID_MAX + 64];
  struct sm_reply r = {0};
  snprintf(path, sizeof path, "secrets/%s/versions", k->id);
  const struct sm_request q = {.method = "POST", .path = path, .body = body, .write = true};
  enum err err = sm_ask(k, "write", &q, &r, e);
  if (err == ERR_LOCKED)
    error_set(e, err,
              "the version before the newest is locked: its consumers have not let go of the older"
              " key (secret %s)",
              k->id);
  if (err == ERR_MISSING) // deleted since we read
    err = error_set(e, ERR_UNSURE, "the secret was deleted meanwhile");
  else if (err == ERR_OK)
    err = sm_id_of(r.json, ours, e);
  else if (err == ERR_UNSURE)
    err = look_for(k, mark, ours, e);
  sm_reply_clear(&r);
  return err;
}

static enum err add_version(struct sm_item *k, const cJSON *body, const char *mark,
                            const char *before, struct store_version *ret, struct error *e) {
  char ours[SM_ID_MAX];
  enum err err = post_version(k, body, mark, ours, e);
  if (err != ERR_OK)
    return err;
  text_copy(k->replaced, sizeof k->replaced, before);
  err = confirm(k, ours, before, e);
  if (err == ERR_OK)
    text_copy(ret->text, sizeof ret->text, ours);
  return err;
}

// The answer bears the secret's id and not the version's.
static enum err see_made(struct sm_item *k, const char *mark, char ours[SM_ID_MAX],
                         struct error *e) {
  JSON_AUTO version = NULL;
  if (sm_current(k, &version, e) != ERR_OK)
    return error_wrap(e, "made, but not seen"), ERR_UNSURE;
  if (!sm_record_is_marked(version, mark))
    return error_set(e, ERR_UNSURE, "somebody else writes this secret");
  return sm_id_of(version, ours, e);
}

static enum err make_secret(struct sm_item *k, const cJSON *body, const char *mark,
                            struct store_version *ret, struct error *e) {
  char ours[SM_ID_MAX];
  struct sm_reply r = {0};
  const struct sm_request q = {.method = "POST", .path = "secrets", .body = body, .write = true};
  enum err err = sm_ask(k, "create", &q, &r, e);
  if (err == ERR_OK)
    err = sm_id_of(r.json, k->id, e);
  if (err == ERR_OK)
    err = see_made(k, mark, ours, e);
  else if (err == ERR_UNSURE)
    err = look_for(k, mark, ours, e);
  sm_reply_clear(&r);
  if (err == ERR_OK)
    text_copy(ret->text, sizeof ret->text, ours);
  return err;
}

static enum err sm_write(struct store_item *it, const struct store_record *r,
                         const struct store_version *expect, struct store_version *ret_version,
                         struct error *e) {
  struct sm_item *k = sm_item_of(it);
  JSON_AUTO current = NULL;
  JSON_AUTO body = NULL;
  char mark[20], before[SM_ID_MAX] = "";
  (void)expect; // class C
  enum err err = sm_current(k, &current, e);
  if (err == ERR_MISSING)
    err = sm_may_make(k, e);
  if (err == ERR_OK && current)
    err = sm_id_of(current, before, e);
  if (err == ERR_OK)
    err = sm_record_write(k, r, current, mark, &body, e);
  if (err != ERR_OK)
    return err;
  struct store_version v = {""};
  err = current ? add_version(k, body, mark, before, &v, e) : make_secret(k, body, mark, &v, e);
  if (err == ERR_OK)
    *ret_version = v;
  return err;
}

static void sm_free(struct store_item *it) {
  struct sm_item *k = sm_item_of(it);
  sm_session_put(k->session);
  free(k);
}

const struct store_ops sm_ops = {
    .read = sm_read,
    .read_served = sm_read_served,
    .write = sm_write,
    .check = sm_check,
    .free = sm_free,
};
