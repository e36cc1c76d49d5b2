// IAM as the engine sees it. Every call is: the request travels (a switch point), its fate is drawn, it takes effect or is
// read, the answer travels (another). A change may be lost with its effect done, undone or still to come, or come twice.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/protocol/sim.h"

enum change_kind { CHANGE_CREATE, CHANGE_ENABLE, CHANGE_DISABLE, CHANGE_REMOVE };
static const char *const change_names[] = {"create", "enable", "disable", "delete"};

// A change as it travels: a copy of what the caller said.
struct change {
  enum change_kind kind;
  char id[IAM_ID_MAX], owner[IAM_ID_MAX], name[64], description[IAM_DESC_MAX], value[64];
  bool has_value, disabled;
  int made;          // create: the key that came of it, −1 none
  char writer[32];
};

static struct proc *of(struct iam *c) { return ((struct fake_iam *)c)->p; }

static enum err cancelled(struct error *e) { return error_set(e, ERR_CANCELLED, "stopped"); }

static enum err say(struct error *e, enum err kind, int status, const char *code, const char *text) {
  error_set(e, kind, "%s", text);
  if (e) {
    e->status = status;
    text_copy(e->code, sizeof e->code, code);
  }
  return kind;
}

// How long ago the replica is that answers.
static int64_t lag(struct sim *s, int64_t most_ms) {
  return rng_chance(&s->rng, 5000) ? 0 : rng_between(&s->rng, 0, most_ms);
}

static int64_t minute_s(int64_t ms) { return ms < 0 ? -1 : ms / MINUTE_MS * 60; }

static void describe_key(const struct sim *s, int i, const struct key_past *seen, struct iam_key *ret) {
  const struct sim_key *k = &s->keys[i];
  *ret = (struct iam_key){.disabled = seen->disabled, .locked = k->locked, .created_s = minute_s(k->created_ms),
                          .expires_s = -1, .last_authn_s = -1};
  // modified_at belongs to the reading: the moment of the last change that this replica knows.
  ret->modified_s = minute_s(seen->from_ms + s->server_offset_ms);
  text_copy(ret->id, sizeof ret->id, k->id);
  text_copy(ret->iam_id, sizeof ret->iam_id, k->owner);
  text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  text_copy(ret->name, sizeof ret->name, k->name);
  text_copy(ret->description, sizeof ret->description, k->description);
  snprintf(ret->entity_tag, sizeof ret->entity_tag, "%u-%d", k->n_past, i);
}

// ---- changes ----

static enum err create_effect(struct sim *s, struct change *c, struct error *e) {
  int places = 0;
  for (int i = 0; i < s->n_keys; i++)
    places += s->keys[i].exists && strcmp(s->keys[i].owner, c->owner) == 0;
  if (places >= 20)
    return say(e, ERR_LIMIT, 422, "BXNIM0151E", "the limit of keys is reached");
  struct key_spec k = {.owner = SIM_IDENTITY, .value = c->has_value ? c->value : NULL, .name = c->name,
                       .description = c->description, .disabled = c->disabled && !s->p.disabled_ignored};
  c->made = key_make(s, &k);
  if (c->made < 0)
    return say(e, rng_chance(&s->rng, 8000) ? ERR_EXISTS : ERR_REFUSED, 409, "BXNIM0xxxE", "the value exists");
  return ERR_OK;
}

static enum err id_effect(struct sim *s, struct change *c, struct error *e) {
  int i = key_by_id(s, c->id);
  struct sim_key *k = i < 0 ? NULL : &s->keys[i];
  if (!k || !k->exists)
    return c->kind == CHANGE_REMOVE ? ERR_OK : say(e, ERR_MISSING, 404, "not_found", "no such key");
  if (k->locked)
    return say(e, ERR_LOCKED, 409, "locked", "the key is locked");
  if (c->kind == CHANGE_ENABLE) {
    key_switch(s, i, false);
    return ERR_OK;
  }
  check_key_dies(s, i, change_names[c->kind]);
  if (c->kind == CHANGE_DISABLE) {
    key_switch(s, i, true);
  } else {
    k->removed = true;
    key_remove(s, i);
  }
  return ERR_OK;
}

static enum err take_effect(struct sim *s, struct change *c, struct error *e) {
  enum err got = c->kind == CHANGE_CREATE ? create_effect(s, c, e) : id_effect(s, c, e);
  check_now(s);
  return got;
}

static void land_late(struct sim *s, void *arg) {
  struct change *c = arg;
  s->totals->late_landed++;
  sim_note(s, "a late %s of %s lands", change_names[c->kind], c->writer);
  take_effect(s, c, NULL);
}

static void send_later(struct sim *s, const struct change *c) {
  struct change *copy = malloc(sizeof *copy);
  if (!copy)
    abort();
  *copy = *c;
  sim_at(s, s->now_ms + fate_late_ms(s), land_late, copy, true);
}

// The whole way of a change: there, its fate, and back.
static enum err change(struct proc *p, struct change *c, struct error *e) {
  struct sim *s = p->sim;
  c->made = -1;
  text_copy(c->writer, sizeof c->writer, p->writer);
  if (!p->ghost)
    check_request(p, change_names[c->kind], c->kind == CHANGE_CREATE ? NULL : c->id);
  if (!proc_point(p))
    return cancelled(e);
  enum fate f = fate_draw(s, true, s->iam_down_ms);
  enum err got = fate_error(s, f, e);
  struct error mine = {0};
  if (f == FATE_LATE || f == FATE_TWICE)
    send_later(s, c);
  if (f == FATE_FINE || f == FATE_TWICE || f == FATE_UNANSWERED) {
    enum err done = take_effect(s, c, &mine);
    if (f != FATE_UNANSWERED) {
      got = done;
      if (e && done)
        *e = mine;
    }
  }
  if (got == ERR_OK)
    p->server_known = true;
  sim_note(s, "%s IAM: %s key %d → %s", p->writer, change_names[c->kind],
           c->kind == CHANGE_CREATE ? c->made : key_by_id(s, c->id), err_name(got));
  return proc_point(p) ? got : cancelled(e);
}

static enum err iam_create(struct iam *i, const struct iam_create *spec, struct iam_key *ret, struct error *e) {
  struct proc *p = of(i);
  struct change c = {.kind = CHANGE_CREATE, .disabled = spec->disabled, .has_value = spec->value != NULL};
  text_copy(c.owner, sizeof c.owner, spec->iam_id);
  text_copy(c.name, sizeof c.name, spec->name);
  text_copy(c.description, sizeof c.description, spec->description);
  text_copy(c.value, sizeof c.value, secret_bytes(spec->value));
  if (!p->ghost && !spec->disabled)
    sim_violate(p->sim, "S3", "a key is asked for that is active from birth");
  if (!p->ghost && strcmp(c.owner, SIM_IDENTITY) != 0)
    sim_violate(p->sim, "S6", "a key is made for another identity");
  enum err got = change(p, &c, e);
  if (got != ERR_OK)
    return got;
  struct sim *s = p->sim;
  const struct sim_key *k = &s->keys[c.made];
  describe_key(s, c.made, &k->past[0], ret);
  if (!c.has_value)
    ret->value = secret_copy_text(k->value);
  return ERR_OK;
}

static enum err by_id(struct iam *i, enum change_kind kind, const char *id, struct error *e) {
  struct change c = {.kind = kind};
  text_copy(c.id, sizeof c.id, id);
  return change(of(i), &c, e);
}
static enum err iam_enable(struct iam *i, const char *id, struct error *e) { return by_id(i, CHANGE_ENABLE, id, e); }
static enum err iam_disable(struct iam *i, const char *id, struct error *e) { return by_id(i, CHANGE_DISABLE, id, e); }
static enum err iam_remove(struct iam *i, const char *id, struct error *e) { return by_id(i, CHANGE_REMOVE, id, e); }

static enum err iam_describe(struct iam *i, const char *id, const char *entity_tag, const char *name,
                             const char *description, struct error *e) {
  (void)entity_tag, (void)name, (void)description;
  check_request(of(i), "describe", id);
  return proc_point(of(i)) ? ERR_OK : cancelled(e);
}

// ---- readings ----

// Sends a reading and draws its fate: ERR_OK when it is answered.
static enum err ask(struct proc *p, struct error *e) {
  if (!proc_point(p))
    return cancelled(e);
  return fate_error(p->sim, fate_draw(p->sim, false, p->sim->iam_down_ms), e);
}

static enum err answer(struct proc *p, enum err got, struct error *e) {
  if (got != ERR_UNSENT && got != ERR_UNSURE)
    p->server_known = true;
  return proc_point(p) ? got : cancelled(e);
}

static enum err exchange_effect(struct proc *p, const struct secret *value, bool fresh, struct iam_token *ret,
                                struct error *e) {
  struct sim *s = p->sim;
  int i = key_by_value(s, secret_bytes(value));
  struct key_past seen = {0};
  if (i >= 0)
    seen = key_as_of(&s->keys[i], s->now_ms - lag(s, s->p.token_lag_ms));
  s->event++;
  if (!seen.exists)
    return say(e, ERR_REFUSED, 400, "BXNIM0415E", "the key could not be found");
  if (seen.disabled)
    return say(e, ERR_REFUSED, 400, "BXNIM0462E", "the key is disabled");
  s->keys[i].used_ms = sim_server_ms(s);
  s->keys[i].uses++;
  char text[128];
  fake_token_text(s, fresh ? i : -1, text, sizeof text);
  *ret = (struct iam_token){.bearer = secret_copy_text(text), .expires_in_s = 3600,
                            .expires_at_ms = fake_mono_ms(p) + 3590 * 1000};
  text_copy(ret->iam_id, sizeof ret->iam_id, s->keys[i].owner);
  text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  return ERR_OK;
}

static enum err iam_exchange(struct iam *c, const struct secret *value, bool fresh, struct iam_token *ret,
                             struct error *e) {
  struct proc *p = of(c);
  struct iam_token token = {0};
  enum err got = ask(p, e);
  if (got == ERR_OK)
    got = exchange_effect(p, value, fresh, &token, e);
  sim_note(p->sim, "%s IAM: exchange of key %d → %s", p->writer, key_by_value(p->sim, secret_bytes(value)),
           err_name(got));
  got = answer(p, got, e);
  if (got == ERR_OK)
    *ret = token;
  else
    secret_free(token.bearer);
  return got;
}

static enum err iam_whoami(struct iam *c, struct iam_token *ret, struct error *e) {
  struct proc *p = of(c);
  enum err got = answer(p, ask(p, e), e);
  if (got == ERR_OK) {
    *ret = (struct iam_token){0};
    text_copy(ret->iam_id, sizeof ret->iam_id, "iam-ServiceId-management");
    text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  }
  return got;
}

static enum err list_effect(struct sim *s, const char *iam_id, struct iam_key_list *ret, struct error *e) {
  struct iam_key *keys = calloc((size_t)s->n_keys + 1, sizeof *keys);
  if (!keys)
    return error_set(e, ERR_INTERNAL, "memory is exhausted");
  int64_t at = s->now_ms - lag(s, s->p.list_lag_ms);
  size_t n = 0;
  for (int i = 0; i < s->n_keys; i++) {
    struct key_past seen = key_as_of(&s->keys[i], rng_chance(&s->rng, 1000) ? s->now_ms : at);
    if (seen.exists && strcmp(s->keys[i].owner, iam_id) == 0)
      describe_key(s, i, &seen, &keys[n++]);
  }
  *ret = (struct iam_key_list){.keys = keys, .n = n};
  return ERR_OK;
}

static enum err iam_list(struct iam *c, const char *account, const char *iam_id, struct iam_key_list *ret,
                         struct error *e) {
  struct proc *p = of(c);
  struct iam_key_list list = {0};
  (void)account;
  enum err got = ask(p, e);
  if (got == ERR_OK)
    got = list_effect(p->sim, iam_id, &list, e);
  sim_note(p->sim, "%s IAM: list → %s, %zu keys", p->writer, err_name(got), list.n);
  got = answer(p, got, e);
  if (got == ERR_OK)
    *ret = list;
  else
    iam_key_list_clear(&list);
  return got;
}

static int find(const struct sim *s, const char *id, const char *value) {
  int i = id ? key_by_id(s, id) : key_by_value(s, value);
  bool hidden = i >= 0 && !id && s->p.hidden_values && strcmp(s->keys[i].owner, SIM_IDENTITY) != 0;
  return hidden ? -1 : i;
}

// One key, by id or by value.
static enum err one(struct proc *p, const char *id, const char *value, bool activity, struct iam_key *ret,
                    struct error *e) {
  struct sim *s = p->sim;
  enum err got = ask(p, e);
  struct key_past seen = {0};
  struct iam_key key = {0};
  int i = -1;
  if (got == ERR_OK) {
    i = find(s, id, value);
    if (i >= 0)
      seen = key_as_of(&s->keys[i], s->now_ms - lag(s, s->p.list_lag_ms));
    got = seen.exists ? ERR_OK : say(e, ERR_MISSING, 404, "not_found", "no such key");
  }
  if (got == ERR_OK) {
    describe_key(s, i, &seen, &key);
    key.has_activity = activity;
    key.last_authn_s = minute_s(s->keys[i].used_ms);
    key.authn_count = s->keys[i].uses;
  }
  sim_note(s, "%s IAM: key %d by %s → %s%s", p->writer, i, id ? "id" : "value", err_name(got),
           got == ERR_OK && key.disabled ? ", disabled" : "");
  got = answer(p, got, e);
  if (got == ERR_OK)
    *ret = key;
  return got;
}

static enum err iam_get(struct iam *c, const char *id, bool activity, struct iam_key *ret, struct error *e) {
  return one(of(c), id, NULL, activity, ret, e);
}

static enum err iam_find_by_value(struct iam *c, const struct secret *value, struct iam_key *ret, struct error *e) {
  return one(of(c), NULL, secret_bytes(value), false, ret, e);
}

static enum err iam_key_limit(struct iam *c, const char *account, const char *iam_id, int64_t *ret_limit,
                              int64_t *ret_count, struct error *e) {
  struct proc *p = of(c);
  (void)account, (void)iam_id;
  enum err got = ask(p, e);
  int64_t count = 0;
  for (int i = 0; i < p->sim->n_keys; i++)
    count += p->sim->keys[i].exists && strcmp(p->sim->keys[i].owner, SIM_IDENTITY) == 0;
  if (got == ERR_OK && !p->sim->p.tight_limit)
    got = say(e, ERR_DENIED, 403, "insufficent_permissions", "not allowed");
  got = answer(p, got, e);
  if (got == ERR_OK) {
    *ret_limit = 20;
    *ret_count = count;
  }
  return got;
}

static int64_t iam_server_time_s(struct iam *c) {
  struct proc *p = of(c);
  return p->server_known ? sim_server_ms(p->sim) / 1000 : -1;
}

static void iam_nothing(struct iam *c) { (void)c; }

static const struct iam_ops fake_iam_ops = {
  .exchange = iam_exchange, .whoami = iam_whoami, .create = iam_create, .list = iam_list, .get = iam_get,
  .find_by_value = iam_find_by_value, .describe = iam_describe, .enable = iam_enable, .disable = iam_disable,
  .remove = iam_remove, .key_limit = iam_key_limit, .server_time_s = iam_server_time_s, .free = iam_nothing};

void fake_iam_init(struct proc *p) { p->iam = (struct fake_iam){.base = {.ops = &fake_iam_ops}, .p = p}; }
