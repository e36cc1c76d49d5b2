#include "rotator/engine/wish.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/transition.h"
#include "rotator/engine/turn.h"

static int64_t now_s(const struct engine_io *io) {
  int64_t server = io->iam ? io->iam->ops->server_time_s(io->iam) : -1;
  return server > 0 ? server : env_wall_ms(io->env) / 1000;
}

// --- wishes --------------------------------------------------------------------------------------

static enum err set_rotate(void *ctx, struct state *s, struct error *e) {
  (void)e;
  s->wish = *(const struct wish *)ctx;
  s->wish.kind = WISH_ROTATE;
  s->failures = 0;
  // The key that leaked may be the one that a rotation under way is about to retire: it shall not
  // wait for its grace.
  if (s->wish.compromised && s->phase != PHASE_IDLE && s->phase != PHASE_STAGED)
    transition_hurry(s);
  return ERR_OK;
}

enum err wish_rotate(struct target *t, const struct engine_io *io, const struct wish *w,
                     struct error *e) {
  struct wish copy = *w;
  return tick_change_state(t, io, set_rotate, &copy, e);
}

static enum err set_rollback(void *ctx, struct state *s, struct error *e) {
  const struct wish *w = ctx;
  switch (s->phase) {
  case PHASE_STAGED:
    s->wish = *w;
    s->wish.kind = WISH_GIVE_UP;
    return ERR_OK;
  case PHASE_PUBLISHING:
  case PHASE_GRACE:
    if (!s->slots[SLOT_PREVIOUS].used)
      return error_set(e, ERR_REFUSED, "there is no previous key to go back to");
    s->wish = *w;
    s->wish.kind = WISH_BACK_TO;
    text_copy(s->wish.key_id, sizeof s->wish.key_id, s->slots[SLOT_PREVIOUS].key_id);
    return ERR_OK;
  case PHASE_RETIRING:
    return error_set(
        e, ERR_REFUSED,
        "%s is past the point of no return: consumers were proven to have its successor",
        s->slots[SLOT_PREVIOUS].key_id);
  default:
    return error_set(e, ERR_REFUSED, "no rotation is under way");
  }
}

enum err wish_rollback(struct target *t, const struct engine_io *io, const struct wish *w,
                       struct error *e) {
  struct wish copy = *w;
  return tick_change_state(t, io, set_rollback, &copy, e);
}

static enum err set_hold(void *ctx, struct state *s, struct error *e) {
  (void)e;
  s->hold = *(const struct hold *)ctx;
  return ERR_OK;
}

enum err wish_hold(struct target *t, const struct engine_io *io, const struct hold *h,
                   struct error *e) {
  struct hold copy = *h;
  copy.on = true;
  return tick_change_state(t, io, set_hold, &copy, e);
}

enum err wish_resume(struct target *t, const struct engine_io *io, struct error *e) {
  struct hold none = {0};
  return tick_change_state(t, io, set_hold, &none, e);
}

// --- repairs that change one thing ---------------------------------------------------------------

static enum err set_host(void *ctx, struct state *s, struct error *e) {
  (void)e;
  text_copy(s->host, sizeof s->host, ctx);
  return ERR_OK;
}

enum err repair_take_host(struct target *t, const struct engine_io *io, struct error *e) {
  char host[STATE_WHO_MAX];
  text_copy(host, sizeof host, t->host_id);
  return tick_change_state(t, io, set_host, host, e);
}

struct drop {
  const struct target *t;
  const char *name;
};

static enum err drop_sink(void *ctx, struct state *s, struct error *e) {
  const struct drop *d = ctx;
  for (size_t i = 0; i < d->t->n_sinks; i++)
    if (strcmp(d->t->sinks[i].name, d->name) == 0)
      return error_set(e, ERR_REFUSED, "sink %s is in the configuration: take it out there first",
                       d->name);
  for (size_t i = 0; i < s->n_sinks; i++) {
    if (strcmp(s->sinks[i].name, d->name) != 0)
      continue;
    memmove(&s->sinks[i], &s->sinks[i + 1], (s->n_sinks - i - 1) * sizeof s->sinks[0]);
    memset(&s->sinks[--s->n_sinks], 0, sizeof s->sinks[0]);
    return ERR_OK;
  }
  return error_set(e, ERR_MISSING, "the state lists no sink %s", d->name);
}

enum err repair_drop_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e) {
  struct drop d = {t, sink};
  return tick_change_state(t, io, drop_sink, &d, e);
}

// --- repairs that need a reading of sinks and IAM ------------------------------------------------

// Runs `change` under the target's lock on a whole reading, IAM included.
static enum err with_turn(struct target *t, const struct engine_io *io,
                          enum err (*change)(void *ctx, struct turn *u, struct error *e), void *ctx,
                          struct error *e) {
  int lock = -1;
  enum err err = t->lock_path ? file_lock(t->lock_path, io->env, 30000, &lock, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  if (mark_blocks(t, io)) {
    file_unlock(lock);
    return mark_error(t, io, e);
  }
  struct turn *u = turn_new();
  if (!u) {
    file_unlock(lock);
    return error_no_memory(e);
  }
  turn_read_stores(u, t, io);
  turn_ask_iam(u, t, io);
  if (!u->view.iam_answered || u->view.home == HOME_SILENT || u->view.home == HOME_REFUSED) {
    err = u->error.kind != ERR_OK
              ? u->error.kind
              : error_set(&u->error, ERR_UNSURE, "the home store gave no answer");
    if (e)
      *e = u->error;
  } else {
    err = change(ctx, u, e);
  }
  turn_free(u);
  file_unlock(lock);
  return err;
}

struct repair {
  struct target *t;
  const struct engine_io *io;
  const char *sink;
  size_t count;
  char lineage[STATE_LINEAGE_MAX]; // of a state begun anew
};

static enum err keep_state(void *ctx, struct turn *u, struct error *e) {
  struct repair *r = ctx;
  struct state next = {0};
  if (!u->view.state || u->view.home != HOME_OK)
    return error_set(e, ERR_REFUSED, "there is no state that could be kept");
  if (state_copy(&u->state, &next) != ERR_OK)
    return error_no_memory(e);
  next.seq++;
  text_copy(next.writer, sizeof next.writer, r->t->writer);
  for (size_t i = 0; i < u->view.n_sinks; i++)
    if (u->view.sinks[i].value == SINK_FOREIGN) {
      if (state_add_retired(&next, u->sinks[i].record.value) != ERR_OK) {
        state_clear(&next);
        return error_no_memory(e);
      }
      r->count++;
    }
  enum err err = r->count > 0 ? act_cas(u, r->t, &next, e) : ERR_OK;
  state_clear(&next);
  return err;
}

enum err repair_keep_state(struct target *t, const struct engine_io *io, size_t *ret_sinks,
                           struct error *e) {
  struct repair r = {.t = t, .io = io};
  enum err err = with_turn(t, io, keep_state, &r, e);
  if (err == ERR_OK)
    *ret_sinks = r.count;
  return err;
}

static enum err begin_state(struct repair *r, struct turn *u, struct transition_input *in,
                            struct state *next, struct error *e) {
  if (env_random_hex(r->io->env, r->lineage, STATE_LINEAGE_MAX - 1) != ERR_OK)
    return error_set(e, ERR_INTERNAL, "no randomness");
  *in = (struct transition_input){.lineage = r->lineage,
                                  .account = r->t->account,
                                  .iam_id = r->t->iam_id,
                                  .instance = r->t->instance,
                                  .stager = r->t->process_id};
  // Above what the keys and sinks show, and above what the old document said, where it could be
  // read.
  uint64_t above = u->view.tag_generation;
  above = u->state.seq > above ? u->state.seq : above;
  above = u->state.generation > above ? u->state.generation : above;
  above = r->t->memory->max_generation > above ? r->t->memory->max_generation : above;
  transition_begin(next, above, in);
  text_copy(next->writer, sizeof next->writer, r->t->writer);
  text_copy(next->host, sizeof next->host, r->t->host_id);
  return ERR_OK;
}

// Values that stand in the sinks now may be written over by the new state.
static void expect_values(struct state *s, const struct turn *u, const struct secret *except) {
  for (size_t i = 0; i < u->view.n_sinks; i++) {
    const struct secret *value = u->sinks[i].result == ERR_OK ? u->sinks[i].record.value : NULL;
    if (value && !secret_equal(value, except))
      state_add_retired(s, value);
  }
}

static enum err new_key(void *ctx, struct turn *u, struct error *e) {
  struct repair *r = ctx;
  struct transition_input in;
  struct state next = {0};
  if (u->view.home == HOME_OK)
    return error_set(e, ERR_REFUSED,
                     "there is a good state: `rotator rotate` makes a new key under it");
  enum err err = begin_state(r, u, &in, &next, e);
  if (err != ERR_OK)
    return err;
  expect_values(&next, u, NULL);
  if (r->t->policy.origin == POLICY_ORIGIN_ROTATOR) {
    in.fresh_value = act_fresh_value(r->io->env);
    if (!in.fresh_value) {
      state_clear(&next);
      return error_set(e, ERR_INTERNAL, "a fresh value could not be made");
    }
  }
  transition_new_key(&next, &r->t->policy, &in, now_s(r->io));
  r->t->memory->max_seq = r->t->memory->max_generation = 0;
  r->t->memory->back_since_ms = 0;
  err = act_cas(u, r->t, &next, e);
  state_clear(&next);
  return err;
}

enum err repair_new_key(struct target *t, const struct engine_io *io, struct error *e) {
  struct repair r = {.t = t, .io = io};
  return with_turn(t, io, new_key, &r, e);
}

// The key that the sink's value belongs to, when it is an active one of this identity and can send.
static enum err prove_kept(struct repair *r, struct turn *u, size_t sink, struct slot *ret,
                           struct error *e) {
  struct iam_key key = {0};
  struct iam_token token = {0};
  struct tag tag;
  const struct secret *value = u->sinks[sink].record.value;
  enum err err = r->io->iam->ops->find_by_value(r->io->iam, value, &key, e);
  if (err == ERR_OK &&
      (strcmp(key.iam_id, r->t->iam_id) != 0 || strcmp(key.account, r->t->account) != 0))
    err = error_set(e, ERR_REFUSED, "%s belongs to %s, not to this target's identity", key.id,
                    key.iam_id);
  if (err == ERR_OK && (key.disabled || key.expired))
    err = error_set(e, ERR_REFUSED, "%s is %s", key.id, key.disabled ? "disabled" : "expired");
  if (err == ERR_OK)
    err = r->io->iam->ops->exchange(r->io->iam, value, true, &token, e);
  if (err == ERR_OK) {
    struct logs_record record = {.application = r->t->application,
                                 .subsystem = r->t->subsystem,
                                 .severity = r->t->severity,
                                 .computer = r->t->host_id,
                                 .rotation = "repair",
                                 .key_id = key.id,
                                 .step = "repair",
                                 .nonce = "repair"};
    if (r->io->logs->ops->send(r->io->logs, token.bearer, &record, true, e) != LOGS_ACCEPTED)
      err = e && e->kind != ERR_OK ? e->kind : ERR_REFUSED;
  }
  if (err == ERR_OK) {
    *ret = (struct slot){.used = true,
                         .value = secret_dup(value),
                         .since_s = key.created_s,
                         .adopted_s = now_s(r->io)};
    text_copy(ret->key_id, sizeof ret->key_id, key.id);
    if (u->view.state && tag_parse(key.description, &tag) &&
        strcmp(tag.lineage, u->state.lineage) == 0)
      ret->generation = tag.generation;
  }
  iam_token_clear(&token);
  iam_key_clear(&key);
  return err;
}

static enum err keep_slot(struct repair *r, struct turn *u, struct slot *kept, struct error *e) {
  struct transition_input in;
  struct state next = {0};
  bool fresh = u->view.home != HOME_OK;
  enum err err = fresh ? begin_state(r, u, &in, &next, e) : state_copy(&u->state, &next);
  if (err == ERR_OK) {
    next.seq++;
    expect_values(&next, u, kept->value);
    transition_keep(&next, kept, now_s(r->io));
    memset(kept, 0, sizeof *kept);
    if (fresh) {
      r->t->memory->max_seq = r->t->memory->max_generation = 0;
      r->t->memory->back_since_ms = 0;
    }
    err = act_cas(u, r->t, &next, e);
  }
  state_clear(&next);
  return err;
}

static enum err keep_sink(void *ctx, struct turn *u, struct error *e) {
  struct repair *r = ctx;
  struct slot kept = {0};
  size_t i = 0;
  while (i < r->t->n_sinks && strcmp(r->t->sinks[i].name, r->sink) != 0)
    i++;
  if (i == r->t->n_sinks)
    return error_set(e, ERR_MISSING, "the target has no sink %s", r->sink);
  if (u->sinks[i].result != ERR_OK)
    return error_set(e, ERR_REFUSED, "sink %s holds no value that can be read", r->sink);
  if (u->view.home == HOME_OK && u->state.phase != PHASE_IDLE && u->state.phase != PHASE_STAGED)
    return error_set(e, ERR_REFUSED,
                     "a rotation is in phase %s: `--keep state` first, or let it end",
                     phase_name(u->state.phase));
  if (u->view.sinks[i].value == SINK_CURRENT)
    return error_set(e, ERR_REFUSED, "sink %s holds the current key already", r->sink);
  enum err err = prove_kept(r, u, i, &kept, e);
  if (err == ERR_OK)
    err = keep_slot(r, u, &kept, e);
  slot_clear(&kept);
  return err;
}

enum err repair_keep_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e) {
  struct repair r = {.t = t, .io = io, .sink = sink};
  return with_turn(t, io, keep_sink, &r, e);
}

// --- forget --------------------------------------------------------------------------------------

static enum err forget(void *ctx, struct turn *u, struct error *e) {
  struct repair *r = ctx;
  struct store_record record = {0};
  if (!u->view.state)
    return error_set(e, ERR_MISSING, "the target has no state");
  if (u->state.phase != PHASE_IDLE)
    return error_set(e, ERR_REFUSED, "a rotation is in phase %s: let it end, or roll it back",
                     phase_name(u->state.phase));
  record.value = secret_copy_text(STATE_FORGOTTEN);
  enum err err = mark_write_item(r->t, r->t->home, &record, &u->home_version, e);
  store_record_clear(&record);
  return err;
}

enum err target_forget(struct target *t, const struct engine_io *io, struct error *e) {
  struct repair r = {.t = t, .io = io};
  return with_turn(t, io, forget, &r, e);
}
