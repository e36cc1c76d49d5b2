// IAM as the engine sees it. Every call is: the request travels (a switch point), its fate is
// drawn, it takes effect or is read, the answer travels (another). A change may be lost with its
// effect done, undone or still to come, or come twice.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/protocol/fake_iam.h"

enum change_kind { CHANGE_CREATE, CHANGE_ENABLE, CHANGE_DISABLE, CHANGE_REMOVE };
static const char *const change_names[] = {"create", "enable", "disable", "delete"};

// A change as it travels: a copy of what the caller said.
struct change {
  enum change_kind kind;
  char id[IAM_ID_MAX], owner[IAM_ID_MAX], name[64], description[IAM_DESC_MAX], value[64];
  bool has_value, disabled;
  int made; // create: the key that came of it, −1 none
  char writer[32];
};

static enum err create_effect(struct sim *s, struct change *c, struct error *e) {
  int places = 0;
  for (int i = 0; i < s->n_keys; i++)
    places += s->keys[i].exists && strcmp(s->keys[i].owner, c->owner) == 0;
  if (places >= 20)
    return fake_iam_say(e, ERR_LIMIT, 422, "BXNIM0151E", "the limit of keys is reached");
  struct key_spec k = {.owner = SIM_IDENTITY,
                       .value = c->has_value ? c->value : NULL,
                       .name = c->name,
                       .description = c->description,
                       .disabled = c->disabled && !s->p.disabled_ignored};
  c->made = key_make(s, &k);
  if (c->made < 0)
    return fake_iam_say(e, rng_chance(&s->rng, 8000) ? ERR_EXISTS : ERR_REFUSED, 409, "BXNIM0xxxE",
                        "the value exists");
  return ERR_OK;
}

static enum err id_effect(struct sim *s, struct change *c, struct error *e) {
  int i = key_by_id(s, c->id);
  struct sim_key *k = i < 0 ? NULL : &s->keys[i];
  if (!k || !k->exists)
    return c->kind == CHANGE_REMOVE ? ERR_OK
                                    : fake_iam_say(e, ERR_MISSING, 404, "not_found", "no such key");
  if (k->locked)
    return fake_iam_say(e, ERR_LOCKED, 409, "locked", "the key is locked");
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
  enum err err = c->kind == CHANGE_CREATE ? create_effect(s, c, e) : id_effect(s, c, e);
  check_now(s);
  return err;
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
  sim_at(s, s->now_ms + fate_late_ms(s), land_late, copy, free);
}

// The whole way of a change: there, its fate, and back.
static enum err change(struct iam *iam, struct change *c, struct error *e) {
  struct proc *p = fake_iam_proc(iam);
  struct sim *s = p->sim;
  c->made = -1;
  text_copy(c->writer, sizeof c->writer, p->writer);
  if (!p->ghost)
    check_request(p, change_names[c->kind], c->kind == CHANGE_CREATE ? NULL : c->id);
  if (!proc_point(p))
    return fake_iam_cancelled(e);
  enum err denied = own_authenticate((struct fake_iam *)iam, e);
  if (denied != ERR_OK)
    return denied;
  own_check_request((struct fake_iam *)iam, change_names[c->kind], key_by_id(s, c->id));
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
  if (got == ERR_OK && c->kind != CHANGE_CREATE)
    shown_key_by_id(p, key_by_id(s, c->id), c->kind == CHANGE_ENABLE,
                    false); // as much as a list does
  return proc_point(p) ? got : fake_iam_cancelled(e);
}

static enum err iam_create(struct iam *i, const struct iam_create *spec, struct iam_key *ret,
                           struct error *e) {
  struct proc *p = fake_iam_proc(i);
  struct change c = {
      .kind = CHANGE_CREATE, .disabled = spec->disabled, .has_value = spec->value != NULL};
  text_copy(c.owner, sizeof c.owner, spec->iam_id);
  text_copy(c.name, sizeof c.name, spec->name);
  text_copy(c.description, sizeof c.description, spec->description);
  text_copy(c.value, sizeof c.value, secret_bytes(spec->value));
  if (!p->ghost && !spec->disabled)
    sim_violate(p->sim, "S3", "a key is asked for that is active from birth");
  if (!p->ghost && strcmp(c.owner, SIM_IDENTITY) != 0)
    sim_violate(p->sim, "S6", "a key is made for another identity");
  enum err err = change(i, &c, e);
  if (err != ERR_OK)
    return err;
  struct sim *s = p->sim;
  const struct sim_key *k = &s->keys[c.made];
  fake_iam_describe(s, c.made, &k->past[0], ret);
  if (!c.has_value)
    ret->value = secret_copy_text(k->value);
  return ERR_OK;
}

static enum err by_id(struct iam *i, enum change_kind kind, const char *id, struct error *e) {
  struct change c = {.kind = kind};
  text_copy(c.id, sizeof c.id, id);
  return change(i, &c, e);
}
static enum err iam_enable(struct iam *i, const char *id, struct error *e) {
  return by_id(i, CHANGE_ENABLE, id, e);
}
static enum err iam_disable(struct iam *i, const char *id, struct error *e) {
  return by_id(i, CHANGE_DISABLE, id, e);
}
static enum err iam_remove(struct iam *i, const char *id, struct error *e) {
  return by_id(i, CHANGE_REMOVE, id, e);
}

static enum err iam_describe(struct iam *i, const char *id, const char *entity_tag,
                             const char *name, const char *description, struct error *e) {
  (void)entity_tag, (void)name, (void)description;
  check_request(fake_iam_proc(i), "describe", id);
  return proc_point(fake_iam_proc(i)) ? ERR_OK : fake_iam_cancelled(e);
}

static void iam_free_bearing(struct iam *c) {
  if (((struct fake_iam *)c)->bears)
    free(c);
}

static const struct iam_ops fake_iam_ops = {.exchange = fake_iam_exchange,
                                            .exchange_each = fake_iam_exchange_each,
                                            .whoami = fake_iam_whoami,
                                            .credential = own_credential,
                                            .bearing = own_bearing,
                                            .create = iam_create,
                                            .list = fake_iam_list,
                                            .get = fake_iam_get,
                                            .find_by_value = fake_iam_find_by_value,
                                            .describe = iam_describe,
                                            .enable = iam_enable,
                                            .disable = iam_disable,
                                            .remove = iam_remove,
                                            .key_limit = fake_iam_key_limit,
                                            .server_time_s = fake_iam_server_time_s,
                                            .free = iam_free_bearing};

void fake_iam_init(struct proc *p) {
  p->iam = (struct fake_iam){.base = {.ops = &fake_iam_ops}, .p = p};
}
