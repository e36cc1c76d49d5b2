// The one act of a turn: one CAS, or one request. What it leaves behind beyond the effect itself is
// in memory.h and may be lost. A write that got no answer is not known to have failed; the next
// turn reads again and sees.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/transition.h"
#include "rotator/engine/turn.h"

// --- the state -----------------------------------------------------------------------------------

// Writes the state, and remembers how far it has come.
static enum err write_state(struct turn *u, struct target *t, const struct state *next,
                            struct error *e) {
  struct store_record record = {0};
  struct state back = {0};
  enum err err = state_encode(next, &record.value, &back, e);
  if (err == ERR_OK)
    err = mark_write_item(t, t->home, &record, &u->home_version, e);
  if (err == ERR_OK) {
    memory_wrote(t->memory, record.value, &back);
    record.value = NULL;
    t->memory->max_seq = next->seq;
    t->memory->max_generation = next->generation;
  }
  store_record_clear(&record);
  state_clear(&back);
  return err;
}

// A changed state is progress: what was tried in vain is worth another try.
enum err act_cas(struct turn *u, struct target *t, const struct state *next, struct error *e) {
  enum err err = write_state(u, t, next, e);
  if (err == ERR_OK) {
    memset(t->memory->sink_acted, 0, sizeof t->memory->sink_acted);
    t->memory->hook_failed = false;
    t->memory->backoff = 0;
  }
  return err;
}

enum err act_input(struct turn *u, struct target *t, const struct engine_io *io, bool fresh,
                   struct act_input *ret) {
  memset(ret, 0, sizeof *ret);
  for (size_t i = 0; i < t->n_sinks; i++) {
    text_copy(ret->sinks[i].name, sizeof ret->sinks[i].name, t->sinks[i].name);
    text_copy(ret->sinks[i].place, sizeof ret->sinks[i].place, t->sinks[i].item->place);
    ret->sinks[i].noted = u->sinks[i].version;
    ret->values[i] = u->sinks[i].result == ERR_OK ? u->sinks[i].record.value : NULL;
  }
  ret->in = (struct transition_input){.lineage = ret->lineage,
                                      .account = t->account,
                                      .iam_id = t->iam_id,
                                      .instance = t->instance,
                                      .host = target_is_of_one_host(t) ? t->host_id : "",
                                      .writer = t->writer,
                                      .stager = t->process_id,
                                      .sinks = ret->sinks,
                                      .n_sinks = t->n_sinks,
                                      .sink_values = ret->values};
  if (env_random_hex(io->env, ret->lineage, STATE_LINEAGE_MAX - 1) != ERR_OK)
    return ERR_INTERNAL;
  if (fresh && t->policy.origin == POLICY_ORIGIN_ROTATOR)
    ret->in.fresh_value = iam_value_new(io->env);
  return fresh && t->policy.origin == POLICY_ORIGIN_ROTATOR && !ret->in.fresh_value ? ERR_INTERNAL
                                                                                    : ERR_OK;
}

void act_input_clear(struct act_input *i) {
  secret_free(i->in.fresh_value);
  secret_free(i->in.adopted_value);
  slot_clear(&i->in.kept);
}

// The values that are at hand already.
static enum err fill_values(struct turn *u, struct target *t, const struct action *a,
                            struct transition_input *in) {
  if (a->row == ROW_adopt &&
      !(in->adopted_value = secret_dup(u->sinks[u->adoptable_sink].record.value)))
    return ERR_INTERNAL;
  if (a->row == ROW_note && u->state.pending_from_iam &&
      !(in->fresh_value = secret_dup(t->memory->created_value)))
    return ERR_INTERNAL;
  return ERR_OK;
}

// What a process remembers of a change that it made.
static void remember(struct target *t, const struct view *v, const struct state *next,
                     const struct action *a) {
  struct memory *m = t->memory;
  if (v->state && v->state->phase == PHASE_STAGED && next->phase == PHASE_IDLE)
    m->dropped = true;
  if (a->row == ROW_adopt)
    m->adopted = true;
  if (a->row == ROW_promote && v->state->slots[SLOT_CURRENT].used)
    m->rotated = true;
  if (next->phase != PHASE_STAGED || next->slots[SLOT_PENDING].key_id[0]) {
    m->created_id[0] = '\0';
    m->create_refused = false;
    m->unfound_ms = 0;
    m->created_value = secret_free(m->created_value);
  }
}

// Values that only a retired key had are of no use to anybody. A store that may not destroy is no
// reason to keep a state in `retiring`; one that gave no answer is asked again.
static enum err destroy_old(struct target *t, struct error *e) {
  for (size_t i = 0; i < t->n_sinks; i++) {
    enum err err = store_destroy_old(t->sinks[i].item, e);
    if (err_is_passing(err))
      return err;
  }
  return ERR_OK;
}

static enum err too_old(struct error *e) {
  return error_set(e, ERR_UNSENT, "what it rests on was seen more than %d s ago: it was not sent",
                   READING_GOOD_MS / 1000);
}

// Rule 12, once more: what had to be made ready for the act may have taken its time as well.
static enum err still_good(const struct turn *u, const struct engine_io *io, const struct action *a,
                           struct error *e) {
  return turn_is_old(u, io, a) ? too_old(e) : ERR_OK;
}

static enum err do_cas(struct turn *u, struct target *t, const struct engine_io *io,
                       const struct action *a, struct error *e) {
  bool stages = a->row == ROW_first || a->row == ROW_heal || a->row == ROW_due;
  struct act_input input;
  struct state next = {0};
  enum err err = a->row == ROW_retired ? destroy_old(t, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  if (act_input(u, t, io, stages, &input) != ERR_OK || fill_values(u, t, a, &input.in) != ERR_OK ||
      transition(&u->view, a, &input.in, &next) != ERR_OK)
    err = error_set(e, ERR_INTERNAL, "the next state could not be made");
  else
    err = still_good(u, io, a, e);
  if (err == ERR_OK)
    err = act_cas(u, t, &next, e);
  if (err == ERR_OK)
    remember(t, &u->view, &next, a);
  // The probe that it rests on was of the state before, which nobody else has changed since.
  if (err == ERR_OK && a->row == ROW_retire)
    t->memory->proofs[SLOT_CURRENT].seq = next.seq;
  act_input_clear(&input);
  state_clear(&next);
  return err;
}

// --- sinks ---------------------------------------------------------------------------------------

static enum err confirm_state(struct turn *u, struct target *t, const struct engine_io *io,
                              struct error *e) {
  struct state next = {0};
  if (state_copy(&u->state, &next) != ERR_OK)
    return error_no_memory(e);
  next.seq++;
  int64_t now_ms = env_mono_ms(io->env);
  enum err err = write_state(u, t, &next, e);
  if (err == ERR_OK)
    u->began_ms = now_ms;
  state_clear(&next);
  return err;
}

// Does the state that was read still name current? It may be old where its store serves old
// readings, and no version tells where the sink is not there, should this process have been slow:
// then it is confirmed by writing it unchanged, and the sink write is sent only if that succeeded
// (rule 9).
static enum err still_current(struct turn *u, struct target *t, const struct engine_io *io,
                              const struct store_version *sink, struct error *e) {
  bool confirm = t->home->stale_reads || turn_absence_is_old(u, io, sink);
  enum err err = confirm ? confirm_state(u, t, io, e) : ERR_OK;
  return err == ERR_OK && turn_absence_is_old(u, io, sink) ? too_old(e) : err;
}

static enum err do_write_sink(struct turn *u, struct target *t, const struct engine_io *io,
                              const struct action *a, struct error *e) {
  const struct slot *current = &u->state.slots[SLOT_CURRENT];
  enum err err = still_current(u, t, io, &u->sinks[a->sink].version, e);
  if (err != ERR_OK)
    return err;
  t->memory->sink_acted[a->sink] = true;
  struct store_record record = {
      .value = current->value, .stamp = u->state.epoch, .created_s = current->since_s};
  text_copy(record.key_id, sizeof record.key_id, current->key_id);
  text_copy(record.key_name, sizeof record.key_name, t->key_name);
  return mark_write_item(t, t->sinks[a->sink].item, &record, &u->sinks[a->sink].version, e);
}

// --- IAM -----------------------------------------------------------------------------------------

// What IAM did for us is what it would show of that key's value.
static void enter_done(struct target *t, const struct turn *u, const char *key_id, enum cause c) {
  struct evidence *e = evidence_of_key(&t->memory->book, key_id);
  if (e)
    evidence_iam(e, c, u->view.now_s);
}

static enum err do_create(struct turn *u, struct target *t, const struct engine_io *io,
                          struct error *e) {
  struct memory *m = t->memory;
  const struct slot *pending = &u->state.slots[SLOT_PENDING];
  struct tag tag = {.generation = pending->generation};
  char description[IAM_DESC_MAX];
  struct iam_key key = {0};
  memcpy(tag.binding, u->binding, sizeof tag.binding);
  memcpy(tag.lineage, u->state.lineage, sizeof tag.lineage);
  tag_format(&tag, t->key_words ? t->key_words : "", description);
  struct iam_create spec = {.iam_id = t->iam_id,
                            .account = t->account,
                            .name = t->key_name,
                            .disabled = true,
                            .description = description,
                            .value = pending->value,
                            .action_when_leaked = t->action_when_leaked};
  enum err err = turn_iam(u, io)->ops->create(turn_iam(u, io), &spec, &key, e);
  if (err == ERR_OK) {
    carry_created(m, &key);
    text_copy(m->created_id, sizeof m->created_id, key.id);
    m->created_generation = u->state.generation;
    m->created_disabled = key.disabled;
    secret_free(m->created_value);
    m->created_value = u->state.pending_from_iam ? key.value : NULL;
    key.value = u->state.pending_from_iam ? NULL : key.value;
  } else if (err == ERR_REFUSED || err == ERR_EXISTS) {
    // It may mean that the value exists: the next look asks who has it before this counts as a
    // refusal.
    if (m->create_refused_generation != u->state.generation)
      m->unfound_ms = 0;
    m->create_refused = true;
    m->create_refused_generation = u->state.generation;
    m->create_error = *e;
    err = ERR_UNSURE;
  }
  iam_key_clear(&key);
  return err;
}

static enum err do_enable(struct turn *u, struct target *t, const struct engine_io *io,
                          const struct action *a, struct error *e) {
  enum err err = turn_iam(u, io)->ops->enable(turn_iam(u, io), a->key_id, e);
  if (err == ERR_OK) {
    enter_done(t, u, a->key_id, CAUSE_none);
    carry_enabled(t->memory, a->key_id);
  }
  if (err == ERR_OK && a->slot == SLOT_PENDING) {
    text_copy(t->memory->enabled_id, sizeof t->memory->enabled_id, a->key_id);
    t->memory->enabled_ms = env_mono_ms(io->env);
  }
  return err;
}

// The old key, or a stray. What we are authenticated with goes by its successor's hand alone.
static enum err do_away_with(struct turn *u, struct target *t, const struct engine_io *io,
                             const struct action *a, struct error *e) {
  struct memory *m = t->memory;
  struct iam *iam, *made;
  if (a->row == ROW_stray && m->n_strays < MEMORY_STRAYS_MAX)
    text_copy(m->strays_acted[m->n_strays++], IAM_ID_MAX, a->key_id);
  enum err err = own_iam(u, t, io, &iam, &made, e);
  if (err == ERR_OK)
    err = still_good(u, io, a, e);
  if (err == ERR_OK)
    err = a->kind == ACT_DISABLE ? iam->ops->disable(iam, a->key_id, e)
                                 : iam->ops->remove(iam, a->key_id, e);
  if (err == ERR_OK)
    enter_done(t, u, a->key_id, a->kind == ACT_DISABLE ? CAUSE_disabled : CAUSE_deleted);
  if (err == ERR_OK && a->kind == ACT_DELETE) // IAM says that it is gone: the first of two times
    memory_sight(m, a->key_id, true, true, env_mono_ms(io->env));
  iam_free(made);
  return err;
}

static enum err do_hook(struct turn *u, struct target *t, struct error *e) {
  enum err err = t->hook(t->hook_ctx, t, &u->state, e);
  if (err == ERR_OK)
    t->memory->hook_done_epoch = u->state.epoch;
  else
    t->memory->hook_failed = true;
  return err;
}

enum err act_do(struct turn *u, struct target *t, const struct engine_io *io,
                const struct action *a, struct error *e) {
  switch (a->kind) {
  case ACT_CAS:
    return do_cas(u, t, io, a, e);
  case ACT_PROVE:
    return prove_step(u, t, io, a, e);
  case ACT_SEARCH:
    return arrival_search(u, t, io, &u->state.slots[a->slot], e);
  case ACT_WRITE_SINK:
    return do_write_sink(u, t, io, a, e);
  case ACT_CREATE:
    return do_create(u, t, io, e);
  case ACT_ENABLE:
    return do_enable(u, t, io, a, e);
  case ACT_DISABLE:
  case ACT_DELETE:
    return do_away_with(u, t, io, a, e);
  case ACT_HOOK:
    return do_hook(u, t, e);
  default:
    return error_set(e, ERR_INTERNAL, "not an act");
  }
}
