#include "tests/unit/engine/fake_cloud.h"

#include <stdio.h>
#include <stdlib.h>

#include "rotator/base/text.h"
#include "rotator/engine/state.h"

// IAM by a certain token.
struct bearing {
  struct iam iam;
  struct rig *rig;
  char key_id[IAM_ID_MAX]; // "": it is forged
};

static void free_bearing(struct iam *c) {
  free(c);
}
static void free_nothing(struct iam *c) {
  (void)c;
}

static struct bearing *bearing_of(struct iam *c) {
  return c->ops->free == free_bearing ? (struct bearing *)c : NULL;
}
static struct rig *of_iam(struct iam *c) {
  return bearing_of(c) ? bearing_of(c)->rig : (struct rig *)((char *)c - offsetof(struct rig, iam));
}
static struct rig *of_logs(struct logs *l) {
  return (struct rig *)((char *)l - offsetof(struct rig, logs));
}

static enum err silent(const struct rig *r, struct error *e) {
  if (r->pause_ms == 0)
    return error_set(e, ERR_UNSENT, "IAM can't be reached");
  error_set(e, ERR_THROTTLED, "IAM asked for a pause");
  if (e)
    e->retry_after_ms = r->pause_ms;
  return ERR_THROTTLED;
}

struct fake_key *rig_key(struct rig *r, const char *id) {
  for (size_t i = 0; i < r->n_keys; i++)
    if (strcmp(r->keys[i].key.id, id) == 0)
      return &r->keys[i];
  return NULL;
}

struct fake_key *rig_key_of(struct rig *r, const struct secret *value) {
  for (size_t i = 0; i < r->n_keys; i++)
    if (!r->keys[i].gone && secret_equal(r->keys[i].value, value))
      return &r->keys[i];
  return NULL;
}

static int64_t server_time(struct iam *c) {
  return of_iam(c)->env.wall_ms / 1000;
}

static enum err fake_exchange(struct iam *c, const struct secret *value, bool fresh,
                              struct iam_token *ret, struct error *e) {
  struct fake_key *k = rig_key_of(of_iam(c), value);
  (void)fresh;
  if (of_iam(c)->slow_exchange_in > 0 && --of_iam(c)->slow_exchange_in == 0)
    fake_env_advance(&of_iam(c)->env, of_iam(c)->exchange_takes_ms);
  if (of_iam(c)->iam_silent)
    return silent(of_iam(c), e);
  if (!k || k->key.disabled || of_iam(c)->refuses_all)
    return error_set(e, ERR_REFUSED, "Provided API key could not be found");
  char text[IAM_ID_MAX + 32];
  snprintf(text, sizeof text, "header.%s.signature", k->key.id);
  *ret = (struct iam_token){.bearer = secret_copy_text(text), .expires_in_s = 3600};
  if (!ret->bearer)
    return error_no_memory(e);
  text_copy(ret->iam_id, sizeof ret->iam_id, k->key.iam_id);
  text_copy(ret->account, sizeof ret->account, k->key.account);
  return ERR_OK;
}

struct fake_key *rig_add_key(struct rig *r, const char *id, const char *value, const char *iam_id) {
  struct fake_key *k = &r->keys[r->n_keys++];
  assert_true(r->n_keys < FAKE_KEYS);
  text_copy(k->key.id, sizeof k->key.id, id);
  text_copy(k->key.iam_id, sizeof k->key.iam_id, iam_id);
  text_copy(k->key.account, sizeof k->key.account, "account");
  k->key.created_s = k->key.modified_s = r->env.wall_ms / 1000 / 60 * 60;
  k->key.last_authn_s = -1;
  k->value = secret_copy_text(value);
  return k;
}

// The key that a token was gained with; "": the token is forged.
static void key_of_token(const struct secret *bearer, char dst[IAM_ID_MAX]) {
  const char *text = secret_bytes(bearer), *end = strrchr(text, '.');
  dst[0] = '\0';
  if (strncmp(text, "header.", 7) == 0 && end > text + 6 && strcmp(end, ".signature") == 0)
    snprintf(dst, IAM_ID_MAX, "%.*s", (int)(end - text - 7), text + 7);
}

static struct iam *fake_bearing(struct iam *c, const struct secret *bearer) {
  struct bearing *b = calloc(1, sizeof *b);
  if (!b)
    return NULL;
  struct iam_ops *ops = &of_iam(c)->bearing_ops;
  *ops = *of_iam(c)->iam.ops;
  ops->free = free_bearing;
  *b = (struct bearing){.iam = {ops}, .rig = of_iam(c)};
  key_of_token(bearer, b->key_id);
  return &b->iam;
}

static struct secret *read_own(struct rig *r) {
  struct store_record record = {0};
  struct secret *value = NULL;
  if (r->copy)
    return secret_copy_text(r->copy);
  if (memory_peek(r->space, "one", &record, NULL))
    value = secret_dup(record.value);
  store_record_clear(&record);
  return value;
}

// By whose token is it? A management token is gained when it is first needed.
static enum err authenticate(struct iam *c, char dst[IAM_ID_MAX], struct error *e) {
  struct rig *r = of_iam(c);
  text_copy(dst, IAM_ID_MAX, bearing_of(c) ? bearing_of(c)->key_id : "");
  if (bearing_of(c))
    return dst[0] || r->takes_forged ? ERR_OK : error_set(e, ERR_DENIED, "the token is forged");
  if (!r->own)
    return ERR_OK;
  struct secret *key = r->gained ? NULL : read_own(r);
  struct fake_key *k = rig_key_of(r, r->gained ? r->gained : key);
  if (!r->gained && k && !k->key.disabled)
    r->gained = secret_dup(key);
  secret_free(key);
  if (!r->gained)
    return error_set(e, ERR_DENIED, "the management key is refused");
  text_copy(dst, IAM_ID_MAX, k ? k->key.id : "");
  return ERR_OK;
}

static enum err fake_credential(struct iam *c, const char *iam_id, struct iam_credential *ret,
                                struct error *e) {
  struct rig *r = of_iam(c);
  char by[IAM_ID_MAX];
  if (!r->own)
    return error_set(e, ERR_MISSING, "no key stands behind it");
  enum err err = authenticate(c, by, e);
  if (err != ERR_OK)
    return err;
  *ret = (struct iam_credential){.gained = secret_dup(r->gained), .read = read_own(r)};
  text_copy(ret->iam_id, sizeof ret->iam_id, iam_id);
  return ERR_OK;
}

static enum err fake_create(struct iam *c, const struct iam_create *spec, struct iam_key *ret,
                            struct error *e) {
  struct rig *r = of_iam(c);
  char id[IAM_ID_MAX], value[64];
  if (r->create_answer != ERR_OK)
    return error_set(e, r->create_answer, "create is refused");
  if (spec->value && rig_key_of(r, spec->value))
    return error_set(e, ERR_EXISTS, "the value exists");
  snprintf(id, sizeof id, "ApiKey-%zu", r->n_keys + 1);
  snprintf(value, sizeof value, "made-by-iam-%zu-aaaaaaaaaaaaaaaaaaaaaaaa", r->n_keys + 1);
  struct fake_key *k =
      rig_add_key(r, id, spec->value ? secret_bytes(spec->value) : value, spec->iam_id);
  if (!k->value) {
    r->n_keys--;
    return error_no_memory(e);
  }
  text_copy(k->key.description, sizeof k->key.description, spec->description);
  text_copy(k->key.name, sizeof k->key.name, spec->name);
  k->key.disabled = spec->disabled;
  k->manages_not = r->manages_not;
  if (r->created_answer != ERR_OK)
    return error_set(e, r->created_answer, "the value exists");
  *ret = k->key;
  ret->value = spec->value ? NULL : secret_copy_text(value);
  return spec->value || ret->value ? ERR_OK : error_no_memory(e);
}

static enum err fake_list(struct iam *c, const char *account, const char *iam_id,
                          struct iam_key_list *ret, struct error *e) {
  struct rig *r = of_iam(c);
  char by[IAM_ID_MAX];
  (void)account;
  r->lists++;
  r->listed_ms = r->env.mono_ms;
  if (r->slow_lists > 0 && r->slow_lists--) {
    void (*other)(struct rig *) = r->meanwhile;
    r->meanwhile = NULL;
    fake_env_advance(&r->env, r->list_takes_ms);
    if (other)
      other(r);
  }
  if (r->iam_silent)
    return silent(r, e);
  enum err err = authenticate(c, by, e);
  if (err != ERR_OK)
    return err;
  if (by[0] && rig_key(r, by)->manages_not)
    return error_set(e, ERR_DENIED, "not allowed");
  *ret = (struct iam_key_list){.keys = calloc(FAKE_KEYS, sizeof *ret->keys)};
  if (!ret->keys)
    return error_no_memory(e);
  for (size_t i = 0; i < r->n_keys && !r->list_hides; i++)
    if (!r->keys[i].gone && strcmp(r->keys[i].key.iam_id, iam_id) == 0 &&
        !(r->created_answer != ERR_OK && r->keys[i].key.disabled))
      ret->keys[ret->n++] = r->keys[i].key;
  return ERR_OK;
}

static void renew(struct rig *r, const char *key_id) {
  secret_free(r->gained);
  r->gained = secret_dup(rig_key(r, key_id)->value);
}

static enum err fake_get(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                         struct error *e) {
  struct fake_key *k = rig_key(of_iam(c), id);
  if (activity && of_iam(c)->use_silent)
    return error_set(e, ERR_UNSURE, "no answer");
  if (activity && of_iam(c)->renewed_in > 0 && --of_iam(c)->renewed_in == 0) {
    renew(of_iam(c), of_iam(c)->renewed_with);
  }
  if (!k || k->gone)
    return error_set(e, ERR_MISSING, "%s is not there", id);
  *ret = k->key;
  ret->has_activity = activity;
  return ERR_OK;
}

static enum err fake_find(struct iam *c, const struct secret *value, struct iam_key *ret,
                          struct error *e) {
  struct fake_key *k = rig_key_of(of_iam(c), value);
  if (of_iam(c)->find_silent)
    return error_set(e, ERR_THROTTLED, "not now");
  if (!k)
    return error_set(e, ERR_MISSING, "no key has this value");
  *ret = k->key;
  return ERR_OK;
}

static void note_end(struct rig *r) {
  int64_t age_ms = r->env.mono_ms - r->listed_ms;
  r->end_age_ms = age_ms > r->end_age_ms ? age_ms : r->end_age_ms;
}

static enum err authenticate_end(struct iam *c, struct error *e) {
  if (of_iam(c)->ends_with && !bearing_of(c))
    renew(of_iam(c), of_iam(c)->ends_with);
  return authenticate(c, of_iam(c)->ended_by, e);
}

static enum err set_disabled(struct iam *c, const char *id, bool disabled, struct error *e) {
  struct fake_key *k = rig_key(of_iam(c), id);
  if (!k || k->gone)
    return error_set(e, ERR_MISSING, "%s is not there", id);
  if (disabled && authenticate_end(c, e) != ERR_OK)
    return ERR_DENIED;
  if (disabled)
    note_end(of_iam(c));
  k->key.disabled = disabled;
  k->key.modified_s = of_iam(c)->env.wall_ms / 1000 / 60 * 60;
  return ERR_OK;
}
static enum err fake_enable(struct iam *c, const char *id, struct error *e) {
  return set_disabled(c, id, false, e);
}
static enum err fake_disable(struct iam *c, const char *id, struct error *e) {
  return set_disabled(c, id, true, e);
}

static enum err fake_remove(struct iam *c, const char *id, struct error *e) {
  struct fake_key *k = rig_key(of_iam(c), id);
  if (k && k->key.locked)
    return error_set(e, ERR_LOCKED, "%s is locked", id);
  if (authenticate_end(c, e) != ERR_OK)
    return ERR_DENIED;
  note_end(of_iam(c));
  if (k)
    k->gone = true;
  return ERR_OK;
}

static enum err fake_limit(struct iam *c, const char *account, const char *iam_id,
                           int64_t *ret_limit, int64_t *ret_count, struct error *e) {
  struct rig *r = of_iam(c);
  (void)account;
  if (r->limit_refused)
    return error_set(e, ERR_DENIED, "the limits may not be read");
  *ret_limit = 20;
  *ret_count = 0;
  for (size_t i = 0; i < r->n_keys; i++)
    *ret_count += !r->keys[i].gone && strcmp(r->keys[i].key.iam_id, iam_id) == 0;
  return ERR_OK;
}

static enum logs_verdict fake_send(struct logs *l, const struct secret *bearer,
                                   const struct logs_record *record, bool fresh, struct error *e) {
  struct rig *r = of_logs(l);
  (void)record, (void)fresh;
  char by[IAM_ID_MAX];
  key_of_token(bearer, by);
  if (!r->takes_forged && !by[0]) {
    error_set(e, ERR_DENIED, "forged");
    return LOGS_REFUSED;
  }
  r->logs_seen++;
  if (r->verdict != LOGS_ACCEPTED)
    error_set(e, ERR_UNSURE, "ingestion is out");
  return r->verdict;
}

static const struct iam_ops iam_ops = {.exchange = fake_exchange,
                                       .credential = fake_credential,
                                       .bearing = fake_bearing,
                                       .create = fake_create,
                                       .list = fake_list,
                                       .get = fake_get,
                                       .find_by_value = fake_find,
                                       .enable = fake_enable,
                                       .disable = fake_disable,
                                       .remove = fake_remove,
                                       .key_limit = fake_limit,
                                       .server_time_s = server_time,
                                       .free = free_nothing};
static const struct logs_ops logs_ops = {.send = fake_send};

unsigned rig_live_keys(struct rig *r) {
  unsigned n = 0;
  for (size_t i = 0; i < r->n_keys; i++)
    n += !r->keys[i].gone;
  return n;
}

struct rig *rig_new(void) {
  struct rig *r = calloc(1, sizeof *r);
  fake_env_init(&r->env, 1);
  r->iam.ops = &iam_ops;
  r->logs.ops = &logs_ops;
  r->space = memory_space_new();
  memory_init(&r->memory);
  r->target = (struct target){.name = "demo",
                              .account = "account",
                              .iam_id = "iam-ServiceId-1",
                              .instance = "guid",
                              .key_name = "demo-ingestion",
                              .key_words = "made for demo",
                              .application = "rotator",
                              .subsystem = "probe",
                              .severity = 3,
                              .host_id = "host-1",
                              .writer = "host-1/1 test",
                              .process_id = "0123456789abcdef",
                              .policy = POLICY_DEFAULT,
                              .memory = &r->memory,
                              .n_sinks = 2};
  r->target.policy.grace_s = r->target.policy.quarantine_s = 0;
  r->target.home = memory_open(r->space, STORE_HOME, "home", STORE_CLASS_A);
  r->target.sinks[0] =
      (struct engine_sink){"one", memory_open(r->space, STORE_SINK, "one", STORE_CLASS_A)};
  r->target.sinks[1] =
      (struct engine_sink){"two", memory_open(r->space, STORE_SINK, "two", STORE_CLASS_A)};
  r->io = (struct engine_io){.env = &r->env.env, .iam = &r->iam, .logs = &r->logs};
  return r;
}

void rig_free(struct rig *r) {
  store_item_free(r->target.home);
  for (size_t i = 0; i < r->target.n_sinks; i++)
    store_item_free(r->target.sinks[i].item);
  memory_space_unref(r->space);
  memory_clear(&r->memory);
  for (size_t i = 0; i < r->n_keys; i++)
    secret_free(r->keys[i].value);
  secret_free(r->gained);
  free(r);
}
