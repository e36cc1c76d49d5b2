// The secret behind an item: found by group, type and name, and then read by its id.
//
// Nothing tells a name that is not there from a group that is not there or may not be seen. So a
// 404 to the name is held against the list of secrets, which shows whatever this identity may see:
// a name is unique for its type in the whole instance. Only when the list does not have it either
// the item is absent.
#include <stdio.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm.h"
#include "rotator/base/text.h"
#include "rotator/http/transport.h"

#define PATH_MAX_ (SM_NAME_MAX * 3 * 2 + 256)
#define PAGE 100
#define PAGES_MAX 100

// What grants the role, behind what went wrong.
static void add_grant(const struct sm_item *k, struct error *e) {
  if (!e)
    return;
  bool inside = k->group_id[0] && strcmp(k->group_id, "default") != 0;
  size_t len = strlen(e->text);
  snprintf(
      e->text + len, sizeof e->text - len,
      "; it needs the role Writer: ibmcloud iam service-policy-create SERVICE_ID --roles Writer"
      " --service-name secrets-manager --service-instance %s%s%s",
      k->guid, inside ? " --resource-type secret-group --resource " : "",
      inside ? k->group_id : "");
}

enum err sm_ask(const struct sm_item *k, const char *what, const struct sm_request *q,
                struct sm_reply *ret, struct error *e) {
  enum err err = sm_call(k->session, q, ret, e);
  if (err == ERR_OK)
    err = sm_outcome(q, ret, what, e);
  if (err == ERR_DENIED && ret->status == 403)
    add_grant(k, e);
  return err;
}

enum err sm_id_of(const cJSON *o, char dst[SM_ID_MAX], struct error *e) {
  const char *id = json_text(o, "id");
  size_t len = id ? strlen(id) : 0;
  if (len == 0 || len >= SM_ID_MAX ||
      strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != len)
    return error_set(e, ERR_UNSURE, "the answer bears no id: is this Secrets Manager?");
  memcpy(dst, id, len + 1);
  return ERR_OK;
}

bool sm_wait(const struct sm_item *k, struct sm_patience *p) {
  int64_t ms = p->next_ms ? p->next_ms : 200;
  if (p->waited_ms >= SM_LAG_MS || env_sleep_ms(k->env, ms) != ERR_OK)
    return false;
  p->waited_ms += ms;
  p->next_ms = ms < 1600 ? ms * 2 : ms;
  return true;
}

// --- by name -------------------------------------------------------------------------------------

// Is a secret of our name on this page? Its group's id in `group`, then.
static bool is_on(const struct sm_item *k, const cJSON *secrets, char group[SM_ID_MAX]) {
  const cJSON *m = NULL;
  cJSON_ArrayForEach(m, secrets) {
    const char *name = json_text(m, "name"), *type = json_text(m, "secret_type");
    if (!name || strcmp(name, k->name) != 0 || (type && strcmp(type, sm_type(k)) != 0))
      continue;
    if (!json_copy_text(m, "secret_group_id", group, SM_ID_MAX))
      text_copy(group, SM_ID_MAX, "?");
    return true;
  }
  return false;
}

// One page of the list, from `offset` on. *ret_more: there may be another.
static enum err list_page(const struct sm_item *k, size_t offset, char group[SM_ID_MAX],
                          bool *ret_more, struct error *e) {
  char path[PATH_MAX_], name[SM_NAME_MAX * 3 + 1];
  struct sm_reply r = {0};
  if (!http_encode(name, sizeof name, k->name))
    return error_set(e, ERR_REFUSED, "the name is too long");
  snprintf(path, sizeof path, "secrets?search=%s&secret_types=%s&limit=%d&offset=%zu", name,
           sm_type(k), PAGE, offset);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "list of secrets", &q, &r, e);
  const cJSON *secrets = json_get(r.json, "secrets");
  if (err == ERR_OK && !cJSON_IsArray(secrets))
    err = error_set(e, ERR_UNSENT, "list of secrets: the answer holds none");
  *ret_more = err == ERR_OK && !is_on(k, secrets, group) && cJSON_GetArraySize(secrets) >= PAGE;
  sm_reply_clear(&r);
  return err;
}

// The list against a 404 to the name.
static enum err confirm_absent(const struct sm_item *k, struct error *e) {
  char group[SM_ID_MAX] = "";
  bool more = true;
  enum err err = ERR_OK;
  for (size_t i = 0; err == ERR_OK && more; i++) {
    if (i == PAGES_MAX)
      return error_set(e, ERR_REFUSED, "list of secrets: it has no end");
    err = list_page(k, i * PAGE, group, &more, e);
  }
  if (err == ERR_MISSING)
    return error_set(e, ERR_REFUSED, "list of secrets: there is none at this address");
  if (err != ERR_OK)
    return err;
  if (!group[0])
    return error_set(e, ERR_MISSING, "there is no such secret");
  const char *ours = k->group_id[0] ? k->group_id : k->group;
  if (strcmp(group, ours) == 0)
    return error_set(e, ERR_UNSENT, "the list shows the secret, but it cannot be read yet");
  return error_set(e, ERR_REFUSED,
                   "a secret of this name is in the group with the id %s, not in the group '%s'"
                   " (names are unique in an instance, and a secret cannot move)",
                   group, k->group);
}

// Unless it was found already.
static enum err find(struct sm_item *k, struct error *e) {
  char path[PATH_MAX_], group[SM_NAME_MAX * 3 + 1], name[SM_NAME_MAX * 3 + 1];
  struct sm_reply r = {0};
  if (k->id[0])
    return ERR_OK;
  if (!http_encode(group, sizeof group, k->group) || !http_encode(name, sizeof name, k->name))
    return error_set(e, ERR_REFUSED, "the name is too long");
  snprintf(path, sizeof path, "secret_groups/%s/secret_types/%s/secrets/%s", group, sm_type(k),
           name);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "read", &q, &r, e);
  if (err == ERR_MISSING)
    err = confirm_absent(k, e);
  else if (err == ERR_OK)
    err = sm_id_of(r.json, k->id, e);
  sm_reply_clear(&r);
  return err;
}

// --- its newest version --------------------------------------------------------------------------

static enum err current_once(struct sm_item *k, cJSON **ret, struct error *e) {
  char path[SM_ID_MAX + 64];
  struct sm_reply r = {0};
  snprintf(path, sizeof path, "secrets/%s/versions/current", k->id);
  const struct sm_request q = {.method = "GET", .path = path};
  enum err err = sm_ask(k, "read", &q, &r, e);
  if (err == ERR_OK) {
    *ret = r.json;
    r.json = NULL;
  }
  sm_reply_clear(&r);
  return err;
}

static bool is_replaced(const struct sm_item *k, const cJSON *version) {
  const char *id = json_text(version, "id");
  return k->replaced[0] && id && strcmp(id, k->replaced) == 0;
}

// A version never comes back, so one that we saw replaced is a late reading.
static enum err current_of(struct sm_item *k, cJSON **ret, struct error *e) {
  struct sm_patience patience = {0};
  for (;;) {
    enum err err = current_once(k, ret, e);
    if (err != ERR_OK || !is_replaced(k, *ret))
      return err;
    *ret = json_free(*ret);
    if (!sm_wait(k, &patience))
      return error_set(e, ERR_UNSENT, "the readings lag behind our own write");
  }
}

enum err sm_current(struct sm_item *k, cJSON **ret, struct error *e) {
  bool known = k->id[0] != '\0';
  enum err err = find(k, e);
  if (err == ERR_OK)
    err = current_of(k, ret, e);
  if (err != ERR_MISSING || !k->id[0])
    return err;
  k->id[0] = '\0'; // it was deleted; another of its name may be there
  if (known)
    return sm_current(k, ret, e);
  return error_set(e, ERR_UNSENT, "the secret is there, and its newest version is not");
}

enum err sm_stays(const cJSON *o, struct error *e) {
  char when[40] = "";
  const char *text = json_text(o, "expiration_date");
  if (!text)
    return ERR_OK;
  text_printable(when, sizeof when, text, strlen(text));
  return error_set(
      e, ERR_REFUSED,
      "the service destroys its value at %s, and consumers would lose the key: take the"
      " expiration date away",
      when);
}

enum err sm_may_make(const struct sm_item *k, struct error *e) {
  if (k->group_id[0])
    return ERR_OK;
  return error_set(e, ERR_REFUSED,
                   "there is no such secret, and to make it in the group '%s' the group's id is"
                   " needed: set group_id",
                   k->group);
}
