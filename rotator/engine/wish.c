// The frame of every command that changes a state: under the target's lock, and when no earlier
// write can still be under way, read everything, make the successor (transition.c), write it by
// CAS; all again when somebody was faster.
#include "rotator/engine/wish.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"

#define CHANGE_TRIES 10
#define CHANGE_LOCK_MS 30000

struct command {
  struct target *t;
  const struct engine_io *io;
  struct order order;
  bool ask_iam;
  size_t count; // keep state: the sinks with a content that is not ours
};

// --- the frame -----------------------------------------------------------------------------------

// Wishes and the like need a state; what asks IAM wants to know what is there, and gets along
// without.
static enum err usable(const struct command *c, struct turn *u, struct error *e) {
  enum err err = ERR_OK;
  if (c->ask_iam &&
      (!u->view.iam_answered || u->view.home == HOME_SILENT || u->view.home == HOME_REFUSED)) {
    if (u->error.kind == ERR_OK)
      error_set(&u->error, ERR_UNSURE, "the home store gave no answer");
    err = u->error.kind;
  } else if (c->ask_iam && !u->view.state && u->view.list_short) {
    err = u->error.kind; // what stands above every tag must have seen every tag
  } else if (!c->ask_iam && !u->view.state) {
    if (u->view.home == HOME_ABSENT) // whatever else went wrong
      error_set(&u->error, ERR_MISSING, "the target has no state yet");
    else if (u->view.home == HOME_REBOUND)
      error_set(&u->error, ERR_REFUSED,
                "the configuration names another identity or instance than the state does");
    else if (u->error.kind == ERR_OK)
      error_set(&u->error, ERR_UNSURE, "the home store gave no answer");
    err = u->error.kind;
  } else if (!c->ask_iam && u->view.home != HOME_OK) {
    err =
        error_set(&u->error, ERR_CORRUPT, "the state that was read is older than one seen before");
  }
  if (err != ERR_OK && e)
    *e = u->error;
  return err;
}

typedef enum err change(struct command *c, struct turn *u, struct error *e);

static enum err change_once(struct command *c, change *make, struct error *e) {
  struct turn *u = turn_new();
  if (!u)
    return error_no_memory(e);
  turn_read_stores(u, c->t, c->io);
  if (c->ask_iam)
    turn_ask_iam(u, c->t, c->io);
  enum err err = usable(c, u, e);
  if (err == ERR_OK)
    err = make(c, u, e);
  turn_free(u);
  return err;
}

static enum err change_state(struct command *c, change *make, struct error *e) {
  int lock = -1;
  enum err err =
      c->t->lock_path ? file_lock(c->t->lock_path, c->io->env, CHANGE_LOCK_MS, &lock, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  err = mark_blocks(c->t, c->io) ? mark_error(c->t, c->io, e) : ERR_CONFLICT;
  for (int i = 0; i < CHANGE_TRIES && err == ERR_CONFLICT; i++)
    err = change_once(c, make, e);
  file_unlock(lock);
  return err;
}

// --- orders --------------------------------------------------------------------------------------

// A state that is begun anew stands above what keys and sinks show, and above what the old document
// said, where it could be read.
static uint64_t highest_seen(const struct command *c, const struct turn *u) {
  uint64_t seen[] = {u->view.tag_generation, u->state.seq, u->state.generation,
                     c->t->memory->max_generation};
  uint64_t highest = 0;
  for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
    highest = seen[i] > highest ? seen[i] : highest;
  return highest;
}

static enum err write_ordered(struct command *c, struct turn *u, struct slot *kept,
                              struct error *e) {
  struct act_input input;
  struct state next = {0};
  enum err err = act_input(u, c->t, c->io, c->order.kind == ORDER_NEW_KEY, &input);
  if (err != ERR_OK)
    err = error_set(e, err, "no randomness for a new state");
  input.in.above = highest_seen(c, u);
  if (kept) {
    input.in.kept = *kept;
    memset(kept, 0, sizeof *kept);
  }
  if (err == ERR_OK)
    err = transition_ordered(&u->view, &c->order, &input.in, &next, e);
  if (err == ERR_OK)
    err = act_cas(u, c->t, &next, e);
  if (err == ERR_OK)
    c->t->memory->back_since_ms = 0; // what was written is the newest there is
  act_input_clear(&input);
  state_clear(&next);
  return err;
}

static enum err obey(struct command *c, struct turn *u, struct error *e) {
  return write_ordered(c, u, NULL, e);
}

static enum err give_order(struct target *t, const struct engine_io *io, struct order order,
                           bool ask_iam, struct error *e) {
  struct command c = {.t = t, .io = io, .order = order, .ask_iam = ask_iam};
  return change_state(&c, obey, e);
}

enum err wish_rotate(struct target *t, const struct engine_io *io, const struct wish *w,
                     struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_ROTATE, .wish = *w}, false, e);
}

enum err wish_rollback(struct target *t, const struct engine_io *io, const struct wish *w,
                       struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_ROLLBACK, .wish = *w}, false, e);
}

enum err wish_hold(struct target *t, const struct engine_io *io, const struct hold *h,
                   struct error *e) {
  struct order order = {.kind = ORDER_HOLD, .hold = *h};
  order.hold.on = true;
  return give_order(t, io, order, false, e);
}

enum err wish_resume(struct target *t, const struct engine_io *io, struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_HOLD}, false, e);
}

enum err repair_take_host(struct target *t, const struct engine_io *io, struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_TAKE_HOST, .name = t->host_id}, false, e);
}

enum err repair_drop_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_DROP_SINK, .name = sink}, false, e);
}

enum err repair_new_key(struct target *t, const struct engine_io *io, struct error *e) {
  return give_order(t, io, (struct order){.kind = ORDER_NEW_KEY}, true, e);
}

// --- the end of a grace --------------------------------------------------------------------------

// The successor must work before anybody is cut off; row `retire` asks it once more.
static enum err retire(struct command *c, struct turn *u, struct error *e) {
  if (!u->view.state || u->view.home != HOME_OK)
    return error_set(e, ERR_MISSING, "there is no state that could be changed");
  if (transition_keeps_previous(&u->view))
    return obey(c, u, e); // which says it
  const struct slot *current = &u->state.slots[SLOT_CURRENT];
  if (u->view.slots[SLOT_CURRENT].key != KEY_ACTIVE)
    return error_set(e, ERR_REFUSED, "the new key %s is not active in IAM", current->key_id);
  enum err err = prove_key(u, c->t, c->io, current, e);
  if (err != ERR_OK) {
    error_wrap(e, "the new key is not proven now");
    return err;
  }
  return obey(c, u, e);
}

enum err wish_retire(struct target *t, const struct engine_io *io, const struct wish *w,
                     struct error *e) {
  struct command c = {
      .t = t, .io = io, .order = {.kind = ORDER_RETIRE, .wish = *w}, .ask_iam = true};
  return change_state(&c, retire, e);
}

// --- repairs that read the sinks -----------------------------------------------------------------

static enum err keep_state(struct command *c, struct turn *u, struct error *e) {
  c->count = 0;
  for (size_t i = 0; i < u->view.n_sinks; i++)
    c->count += u->view.sinks[i].value == SINK_FOREIGN || u->view.sinks[i].value == SINK_CORRUPT;
  bool nothing = u->view.home == HOME_OK && c->count == 0;
  return nothing ? ERR_OK : obey(c, u, e);
}

enum err repair_keep_state(struct target *t, const struct engine_io *io, size_t *ret_sinks,
                           struct error *e) {
  struct command c = {.t = t, .io = io, .order = {.kind = ORDER_KEEP_STATE}, .ask_iam = true};
  enum err err = change_state(&c, keep_state, e);
  if (err == ERR_OK)
    *ret_sinks = c.count;
  return err;
}

// The sink that the order names, when its value may be kept.
static enum err find_kept(const struct command *c, const struct turn *u, size_t *ret,
                          struct error *e) {
  size_t i = 0;
  while (i < c->t->n_sinks && strcmp(c->t->sinks[i].name, c->order.name) != 0)
    i++;
  *ret = i;
  if (i == c->t->n_sinks)
    return error_set(e, ERR_MISSING, "the target has no sink %s", c->order.name);
  if (u->sinks[i].result != ERR_OK)
    return error_set(e, ERR_REFUSED, "sink %s holds no value that can be read", c->order.name);
  if (u->view.home == HOME_OK && u->state.phase != PHASE_IDLE && u->state.phase != PHASE_STAGED)
    return error_set(e, ERR_REFUSED,
                     "a rotation is in phase %s: `--keep state` first, or let it end",
                     phase_name(u->state.phase));
  if (u->view.sinks[i].value == SINK_CURRENT)
    return error_set(e, ERR_REFUSED, "sink %s holds the current key already", c->order.name);
  return ERR_OK;
}

// Is it an active key of this identity?
static enum err judge_kept(const struct target *t, const struct iam_key *key, struct error *e) {
  if (strcmp(key->iam_id, t->iam_id) != 0 || strcmp(key->account, t->account) != 0)
    return error_set(e, ERR_REFUSED, "%s belongs to %s, not to this target's identity", key->id,
                     key->iam_id);
  if (key->disabled || key->expired)
    return error_set(e, ERR_REFUSED, "%s is %s", key->id, key->disabled ? "disabled" : "expired");
  return ERR_OK;
}

static enum err make_slot(const struct turn *u, const struct iam_key *key,
                          const struct secret *value, struct slot *ret, struct error *e) {
  struct tag tag;
  struct slot slot = {.used = true,
                      .value = secret_dup(value),
                      .since_s = key->created_s,
                      .adopted_s = u->view.now_s};
  if (!slot.value)
    return error_no_memory(e);
  text_copy(slot.key_id, sizeof slot.key_id, key->id);
  if (u->view.home == HOME_OK && tag_parse(key->description, &tag) &&
      strcmp(tag.lineage, u->state.lineage) == 0)
    slot.generation = tag.generation;
  *ret = slot;
  return ERR_OK;
}

static enum err keep_sink(struct command *c, struct turn *u, struct error *e) {
  struct iam_key key = {0};
  struct slot kept = {0};
  size_t i;
  enum err err = find_kept(c, u, &i, e);
  if (err != ERR_OK)
    return err;
  const struct secret *value = u->sinks[i].record.value;
  err = c->io->iam->ops->find_by_value(c->io->iam, value, &key, e);
  if (err == ERR_OK)
    err = judge_kept(c->t, &key, e);
  if (err == ERR_OK)
    err = make_slot(u, &key, value, &kept, e);
  if (err == ERR_OK)
    err = prove_key(u, c->t, c->io, &kept, e);
  if (err == ERR_OK)
    err = write_ordered(c, u, &kept, e);
  slot_clear(&kept);
  iam_key_clear(&key);
  return err;
}

enum err repair_keep_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e) {
  struct command c = {
      .t = t, .io = io, .order = {.kind = ORDER_KEEP_SINK, .name = sink}, .ask_iam = true};
  return change_state(&c, keep_sink, e);
}

// --- forget --------------------------------------------------------------------------------------

static enum err forget(struct command *c, struct turn *u, struct error *e) {
  struct store_record record = {0};
  if (!u->view.state)
    return error_set(e, ERR_MISSING, "the target has no state");
  if (u->state.phase != PHASE_IDLE)
    return error_set(e, ERR_REFUSED, "a rotation is in phase %s: let it end, or roll it back",
                     phase_name(u->state.phase));
  record.value = secret_copy_text(STATE_FORGOTTEN);
  if (!record.value)
    return error_no_memory(e);
  enum err err = mark_write_item(c->t, c->t->home, &record, &u->home_version, e);
  store_record_clear(&record);
  return err;
}

enum err target_forget(struct target *t, const struct engine_io *io, struct error *e) {
  struct command c = {.t = t, .io = io, .ask_iam = true};
  return change_state(&c, forget, e);
}
