#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secrets.h"
#include "util.h"

void list_add(struct list *l, void *item) {
  if (l->count == l->cap) {
    l->cap = l->cap ? l->cap * 2 : 8;
    l->items = util_realloc(l->items, l->cap * sizeof *l->items);
  }
  l->items[l->count++] = item;
}

void tag_bump(struct tag *t) {
  char hex[33];
  util_random_hex(hex, 32);
  snprintf(t->text, sizeof t->text, "%u-%s", ++t->revision, hex);
}

void text_set(char **text, const char *value) {
  char *copy = util_dup(value);
  free(*text);
  *text = copy;
}

struct model *model_new(void) {
  return util_alloc(sizeof(struct model));
}

struct account *model_account(const struct model *m, const char *id) {
  return map_get(&m->accounts, id);
}

struct account *model_account_add(struct model *m, const char *id) {
  struct account *a = model_account(m, id);
  if (a)
    return a;
  a = util_alloc(sizeof *a);
  if (id) {
    a->id = util_dup(id);
  } else {
    a->id = util_alloc(33);
    util_random_hex(a->id, 32);
  }
  a->token_life_s = 3600;
  a->key_limit = 20;
  map_put(&m->accounts, a->id, a);
  list_add(&m->account_list, a);
  return a;
}

struct identity *model_identity(const struct model *m, const char *id) {
  struct identity *i = map_get(&m->identities, id);
  return i && !i->deleted ? i : NULL;
}

struct identity *model_identity_add(struct model *m, struct account *a, enum identity_kind kind,
                                    const char *id, const char *name, int64_t now) {
  static const char *const prefix[] = {"ServiceId-", "IBMid-", "Profile-"};
  struct identity *i = util_alloc(sizeof *i);
  char uuid[37];
  util_uuid(uuid);
  if (id && !strncmp(id, "iam-", 4) && kind != IDENTITY_USER)
    id += 4;
  i->kind = kind;
  i->id = id ? util_dup(id) : util_format("%s%s", prefix[kind], uuid);
  i->iam_id = kind == IDENTITY_USER ? util_dup(i->id) : util_format("iam-%s", i->id);
  i->account = a;
  i->name = util_dup(name);
  i->created_ms = i->modified_ms = now;
  tag_bump(&i->tag);
  map_put(&m->identities, i->id, i);
  map_put(&m->identities, i->iam_id, i);
  list_add(&m->identity_list, i);
  list_add(&a->identities, i);
  return i;
}

struct key *model_key(const struct model *m, const char *id) {
  return map_get(&m->keys_by_id, id);
}

struct key *model_key_by_value(const struct model *m, const char *value) {
  return map_get(&m->keys_by_value, value);
}

struct key *model_key_by_serial(const struct model *m, unsigned long serial) {
  return serial && serial <= m->key_list.count ? m->key_list.items[serial - 1] : NULL;
}

struct key *model_key_add(struct model *m, struct identity *owner, const char *id,
                          const char *value, const char *name, int64_t now) {
  struct key *k = util_alloc(sizeof *k);
  unsigned char raw[33];
  char uuid[37];
  util_uuid(uuid);
  if (id)
    snprintf(k->id, sizeof k->id, "%s", id);
  else
    snprintf(k->id, sizeof k->id, "ApiKey-%s", uuid);
  util_random(raw, sizeof raw);
  k->value = value ? util_dup(value) : util_b64url(raw, sizeof raw);
  k->name = util_dup(name);
  k->owner = owner;
  k->created_ms = k->modified_ms = now;
  tag_bump(&k->tag);
  list_add(&m->key_list, k);
  k->serial = m->key_list.count;
  map_put(&m->keys_by_id, k->id, k);
  map_put(&m->keys_by_value, k->value, k);
  list_add(&owner->keys, k);
  list_add(&owner->account->keys, k);
  return k;
}

struct policy *model_policy_add(struct model *m, struct account *a, const char *subject,
                                int64_t now) {
  struct policy *p = util_alloc(sizeof *p);
  util_uuid(p->id);
  p->account = a;
  p->subject_key = util_dup("iam_id");
  p->subject = util_dup(subject);
  p->type = util_dup("access");
  p->attributes = cJSON_CreateArray();
  p->confers = true;
  p->created_ms = p->modified_ms = now;
  tag_bump(&p->tag);
  map_put(&m->policies, p->id, p);
  list_add(&m->policy_list, p);
  list_add(&a->policies, p);
  struct identity *owner = model_identity(m, subject);
  if (owner)
    list_add(&owner->policies, p);
  return p;
}

struct policy *model_policy(const struct model *m, const char *id) {
  return map_get(&m->policies, id);
}

struct role *model_role(const struct model *m, const char *crn) {
  return map_get(&m->roles, crn);
}

struct role *model_role_add(struct model *m, struct account *a, const char *crn, const char *name,
                            const char *service) {
  struct role *role = util_alloc(sizeof *role);
  util_uuid(role->id);
  role->crn = util_dup(crn);
  role->name = util_dup(name);
  role->service = util_dup(service);
  role->account = a;
  map_put(&m->roles, role->crn, role);
  list_add(&m->role_list, role);
  list_add(&a->roles, role);
  return role;
}

struct group *model_group(const struct model *m, const char *id) {
  return map_get(&m->groups, id);
}

struct group *model_group_add(struct model *m, struct account *a, const char *id, const char *name,
                              int64_t now) {
  struct group *g = util_alloc(sizeof *g);
  char uuid[37];
  util_uuid(uuid);
  g->id = id ? util_dup(id) : util_format("ServiceIdGroup-%s", uuid);
  g->name = util_dup(name);
  g->account = a;
  g->created_ms = g->modified_ms = now;
  tag_bump(&g->tag);
  map_put(&m->groups, g->id, g);
  list_add(&m->group_list, g);
  list_add(&a->groups, g);
  return g;
}

struct instance *model_instance(const struct model *m, const char *guid) {
  return map_get(&m->instances, guid);
}

struct instance *model_instance_add(struct model *m, struct account *a, const char *guid,
                                    const char *region) {
  struct instance *i = model_instance(m, guid);
  if (i)
    return i;
  i = util_alloc(sizeof *i);
  i->guid = guid ? util_dup(guid) : util_alloc(37);
  if (!guid)
    util_uuid(i->guid);
  i->region = util_dup(region);
  i->account = a;
  map_put(&m->instances, i->guid, i);
  list_add(&m->instance_list, i);
  return i;
}

// A thing is hidden only by a lag or a stale list that asks for it: a clock that was set back must
// not make everything vanish.
bool key_visible(const struct key *k, enum key_view view, int64_t now, long stale_ms) {
  long new_lag = k->new_lag[view] + stale_ms, deleted_lag = k->deleted_lag[view] + stale_ms;
  if (new_lag > 0 && now < k->created_ms + new_lag)
    return false;
  return !k->deleted || (deleted_lag > 0 && now < k->deleted_ms + deleted_lag);
}

void key_new_lags(struct key *k, const long lags[LAG_COUNT]) {
  k->new_lag[VIEW_TOKEN] = lags[LAG_NEW_KEY_TOKEN];
  k->new_lag[VIEW_LIST] = lags[LAG_NEW_KEY_LIST];
  k->new_lag[VIEW_GET] = lags[LAG_NEW_KEY_GET];
}

void key_delete(struct key *k, int64_t now, const long lags[LAG_COUNT]) {
  k->deleted = true;
  k->deleted_ms = now;
  k->deleted_lag[VIEW_TOKEN] = lags[LAG_DELETED_KEY_TOKEN];
  k->deleted_lag[VIEW_LIST] = lags[LAG_DELETED_KEY_LIST];
  k->deleted_lag[VIEW_GET] = lags[LAG_DELETED_KEY_GET];
}

void model_sweep_expired(struct model *m, int64_t now) {
  static const long none[LAG_COUNT];
  for (size_t i = 0; i < m->key_list.count; i++) {
    struct key *k = m->key_list.items[i];
    if (!k->deleted && k->expires_ms && now > k->expires_ms + KEY_EXPIRED_KEPT_MS &&
        now > k->modified_ms + KEY_EXPIRED_KEPT_MS)
      key_delete(k, now, none);
  }
}

size_t identity_live_keys(const struct identity *i) {
  size_t n = 0;
  for (size_t k = 0; k < i->keys.count; k++)
    n += !((struct key *)i->keys.items[k])->deleted;
  return n;
}

void policy_delete(struct policy *p, int64_t now) {
  p->deleted = true;
  p->deleted_ms = now;
}

void policy_clear_roles(struct policy *p) {
  for (size_t i = 0; i < p->roles.count; i++)
    free(p->roles.items[i]);
  p->roles.count = 0;
}

bool policy_visible(const struct policy *p, int64_t now) {
  return !p->deleted && !(p->get_lag > 0 && now < p->created_ms + p->get_lag);
}

bool policy_in_force(const struct policy *p, int64_t now) {
  if (!p->confers || (p->enforce_lag > 0 && now < p->created_ms + p->enforce_lag))
    return false;
  return !p->deleted || (p->removed_lag > 0 && now < p->deleted_ms + p->removed_lag);
}

const char *policy_attribute(const struct policy *p, const char *key) {
  const cJSON *item;
  cJSON_ArrayForEach(item, p->attributes) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "key"));
    if (name && !strcmp(name, key))
      return cJSON_GetStringValue(cJSON_GetObjectItem(item, "value"));
  }
  return NULL;
}

void history_add(cJSON **history, int64_t now, const char *iam_id, const char *account,
                 const char *action, const char *message) {
  char when[32];
  util_minute_time(when, now);
  if (!*history)
    *history = cJSON_CreateArray();
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "timestamp", when);
  cJSON_AddStringToObject(item, "iam_id", iam_id);
  cJSON_AddStringToObject(item, "iam_id_account", account);
  cJSON_AddStringToObject(item, "action", action);
  cJSON_AddItemToObject(item, "params", cJSON_CreateArray());
  cJSON_AddStringToObject(item, "message", message);
  cJSON_AddItemToArray(*history, item);
}

static void free_identity(struct identity *i) {
  char *owned[] = {i->id, i->iam_id, i->name, i->description, i->group_id, i->created_by};
  for (size_t n = 0; n < sizeof owned / sizeof *owned; n++)
    free(owned[n]);
  cJSON_Delete(i->instance_crns);
  cJSON_Delete(i->history);
  cJSON_Delete(i->cr_tokens);
  cJSON_Delete(i->service_accounts);
  cJSON_Delete(i->assumed_by);
  free(i->keys.items);
  free(i->policies.items);
  free(i);
}

static void free_key(struct key *k) {
  free(k->value);
  free(k->name);
  free(k->description);
  free(k->action_when_leaked);
  free(k->created_by);
  cJSON_Delete(k->history);
  free(k);
}

static void free_policy(struct policy *p) {
  char *owned[] = {p->subject_key, p->subject,    p->type,
                   p->description, p->created_by, p->modified_by};
  for (size_t n = 0; n < sizeof owned / sizeof *owned; n++)
    free(owned[n]);
  policy_clear_roles(p);
  free(p->roles.items);
  cJSON_Delete(p->attributes);
  cJSON_Delete(p->tags);
  cJSON_Delete(p->extra);
  free(p);
}

static void free_role(struct role *role) {
  char *owned[] = {role->crn,         role->name,    role->display_name,
                   role->description, role->service, role->created_by};
  for (size_t n = 0; n < sizeof owned / sizeof *owned; n++)
    free(owned[n]);
  cJSON_Delete(role->actions);
  free(role);
}

static void free_group(struct group *g) {
  free(g->id);
  free(g->name);
  free(g->description);
  free(g->created_by);
  free(g);
}

static void free_instance(struct instance *i) {
  for (size_t n = 0; n < i->logs.count; n++) {
    struct log_line *line = i->logs.items[n];
    free(line->application);
    free(line->subsystem);
    free(line->text);
    free(line->iam_id);
    cJSON_Delete(line->labels);
    free(line);
  }
  free(i->logs.items);
  free(i->guid);
  free(i->region);
  free(i);
}

static void free_account(struct account *a) {
  free(a->id);
  free(a->identities.items);
  free(a->keys.items);
  free(a->policies.items);
  free(a->roles.items);
  free(a->groups.items);
  free(a);
}

#define FREE_LIST(list, type, fn)                                                                  \
  do {                                                                                             \
    for (size_t at = 0; at < (list).count; at++)                                                   \
      fn((type *)(list).items[at]);                                                                \
    free((list).items);                                                                            \
  } while (0)

void model_free(struct model *m) {
  if (!m)
    return;
  FREE_LIST(m->identity_list, struct identity, free_identity);
  FREE_LIST(m->key_list, struct key, free_key);
  FREE_LIST(m->policy_list, struct policy, free_policy);
  FREE_LIST(m->role_list, struct role, free_role);
  FREE_LIST(m->group_list, struct group, free_group);
  FREE_LIST(m->instance_list, struct instance, free_instance);
  FREE_LIST(m->secrets_list, struct secrets_manager, secrets_manager_free);
  FREE_LIST(m->account_list, struct account, free_account);
  map_free(&m->accounts);
  map_free(&m->identities);
  map_free(&m->keys_by_id);
  map_free(&m->keys_by_value);
  map_free(&m->policies);
  map_free(&m->instances);
  map_free(&m->roles);
  map_free(&m->groups);
  free(m);
}
