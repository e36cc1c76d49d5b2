#include "tests/protocol/plant.h"

#include <string.h>

#include "rotator/engine/transition.h"
#include "rotator/engine/turn.h"
#include "tests/protocol/sim.h"

void __real_decide(const struct view *v, struct action *ret);
void __wrap_decide(const struct view *v, struct action *ret);
enum err __real_transition(const struct view *v, const struct action *a,
                           struct transition_input *in, struct state *ret);
enum err __wrap_transition(const struct view *v, const struct action *a,
                           struct transition_input *in, struct state *ret);

bool __real_turn_is_old(const struct turn *u, const struct engine_io *io, const struct action *a);
bool __wrap_turn_is_old(const struct turn *u, const struct engine_io *io, const struct action *a);
void __real_turn_judge(struct turn *u, struct target *t);
void __wrap_turn_judge(struct turn *u, struct target *t);
void __real_evidence_iam(struct evidence *e, enum cause seen, int64_t now_s);
void __wrap_evidence_iam(struct evidence *e, enum cause seen, int64_t now_s);
bool __real_evidence_refused(struct evidence *e, enum cause seen, int64_t now_s, int64_t now_ms,
                             int64_t apart_ms);
bool __wrap_evidence_refused(struct evidence *e, enum cause seen, int64_t now_s, int64_t now_ms,
                             int64_t apart_ms);
void __real_evidence_unanswered(struct evidence *e, int64_t now_s);
void __wrap_evidence_unanswered(struct evidence *e, int64_t now_s);

enum err __real_own_manages(struct target *t, const struct engine_io *io,
                            const struct secret *bearer, const char *key_id, bool *ret_shown,
                            struct error *e);
enum err __wrap_own_manages(struct target *t, const struct engine_io *io,
                            const struct secret *bearer, const char *key_id, bool *ret_shown,
                            struct error *e);
enum err __real_own_iam(struct turn *u, struct target *t, const struct engine_io *io,
                        struct iam **ret, struct iam **ret_made, struct error *e);
enum err __wrap_own_iam(struct turn *u, struct target *t, const struct engine_io *io,
                        struct iam **ret, struct iam **ret_made, struct error *e);
enum err __real_prove_value(struct turn *u, struct target *t, const struct engine_io *io,
                            const struct slot *slot, const char *step, struct error *e);
enum err __wrap_prove_value(struct turn *u, struct target *t, const struct engine_io *io,
                            const struct slot *slot, const char *step, struct error *e);

static struct sim *sim;

void plant_enter(struct sim *s) {
  sim = s;
  plant_carry_enter(s);
}

bool planted(const struct sim *s, enum plant p) {
  return s->plant == (int)p;
}

static const char *const names[] = {
#define X(name, NAME, scenario, text) #name,
    PLANT_LIST(X)
#undef X
};
static const char *const texts[] = {
#define X(name, NAME, scenario, text) text,
    PLANT_LIST(X)
#undef X
};
static const char *const homes[] = {
#define X(name, NAME, scenario, text) #scenario,
    PLANT_LIST(X)
#undef X
};

const char *plant_name(enum plant p) {
  return names[p];
}
const char *plant_text(enum plant p) {
  return texts[p];
}
const char *plant_scenario(enum plant p) {
  return homes[p];
}

enum plant plant_find(const char *name) {
  int p = 0;
  while (p < PLANT_COUNT && strcmp(names[p], name) != 0)
    p++;
  return (enum plant)p;
}

static bool in_phase(const struct view *v, enum phase p) {
  return v->state && v->state->phase == p;
}

bool __real_store_version_same_write(const struct store_version *a, const struct store_version *b);
bool __wrap_store_version_same_write(const struct store_version *a, const struct store_version *b);

bool __wrap_store_version_same_write(const struct store_version *a, const struct store_version *b) {
  return sim && planted(sim, PLANT_MOVED_BY_IDENTITY) ? strcmp(a->text, b->text) == 0
                                                      : __real_store_version_same_write(a, b);
}

// ---- another view ----

struct distorted {
  struct view view;
  struct sink_view sinks[STATE_SINKS_MAX];
  struct state state; // a shallow copy: never freed
};

static void distort_sinks(struct distorted *d) {
  for (size_t i = 0; i < d->view.n_sinks; i++) {
    struct sink_view *s = &d->sinks[i];
    if (planted(sim, PLANT_NO_STAMP))
      s->stamped = true;
    if (planted(sim, PLANT_UNLISTED_NEVER) && in_phase(&d->view, PHASE_IDLE) &&
        s->value == SINK_CURRENT)
      s->listed = true;
    if (planted(sim, PLANT_RENAMED_NEVER))
      s->renamed = false;
    if (planted(sim, PLANT_MOVED_IGNORED) && s->value == SINK_CURRENT)
      s->noted = true;
    if (planted(sim, PLANT_MOVED_BY_IDENTITY))
      s->rewritten = false;
    if (planted(sim, PLANT_REWRITE_IGNORED) && s->rewritten) {
      s->rewritten = false;
      s->noted = true;
    }
    if (planted(sim, PLANT_MEND_IN_GRACE) && in_phase(&d->view, PHASE_GRACE)) {
      s->noted = true;
      s->value = SINK_CURRENT;
    }
  }
  bool published = in_phase(&d->view, PHASE_PUBLISHING) && d->sinks[0].value == SINK_CURRENT &&
                   d->sinks[0].stamped;
  if (planted(sim, PLANT_ONE_SINK_ENOUGH) && (published || in_phase(&d->view, PHASE_GRACE)))
    d->view.n_sinks = 1;
}

static void show_stray(struct view *v, bool other_lineage) {
  for (int i = 0; v->state && i < sim->n_keys; i++) {
    const struct sim_key *k = &sim->keys[i];
    if (!k->exists || !k->tagged ||
        (strcmp(k->tag.lineage, v->state->lineage) == 0) == other_lineage)
      continue;
    bool in_slot = k->tag.generation == v->state->slots[SLOT_PENDING].generation;
    for (int j = 0; j < SLOT_COUNT; j++)
      in_slot = in_slot || strcmp(v->state->slots[j].key_id, k->id) == 0;
    if (!in_slot)
      memcpy(v->stray_id, k->id, sizeof v->stray_id);
  }
}

static void distort_keys(struct view *v) {
  struct slot_view *current = &v->slots[SLOT_CURRENT], *previous = &v->slots[SLOT_PREVIOUS],
                   *pending = &v->slots[SLOT_PENDING];
  if (planted(sim, PLANT_PROMOTE_UNPROVEN) && pending->key == KEY_ACTIVE)
    pending->proof = PROOF_PROVEN;
  if (planted(sim, PLANT_ARRIVAL_GUESSED) && pending->arrival == ARRIVAL_SENT)
    pending->arrival = ARRIVAL_FOUND;
  if (planted(sim, PLANT_ARRIVAL_OPTIONAL) && pending->arrival == ARRIVAL_MISSED)
    pending->arrival = ARRIVAL_OFF;
  if (planted(sim, PLANT_SETTLE_UNPROVEN) && in_phase(v, PHASE_PUBLISHING) &&
      current->proof != PROOF_REFUTED)
    current->proof = PROOF_PROVEN;
  if (planted(sim, PLANT_RETIRE_UNPROVEN) && in_phase(v, PHASE_GRACE) &&
      current->proof != PROOF_REFUTED)
    current->proof = PROOF_PROBED;
  if (planted(sim, PLANT_DISABLE_UNPROVEN) && in_phase(v, PHASE_RETIRING) &&
      current->proof != PROOF_REFUTED)
    current->proof = PROOF_PROBED;
  if (planted(sim, PLANT_RETIRE_WISH_UNPROVEN) && v->state && state_may_retire(v->state) &&
      current->proof != PROOF_REFUTED)
    current->proof = PROOF_PROBED;
  if (planted(sim, PLANT_SWAP_UNPROVEN))
    previous->proof = PROOF_PROBED;
  if (planted(sim, PLANT_STRAY_NEVER))
    v->stray_id[0] = '\0';
  if (planted(sim, PLANT_STRAY_NO_BOUND) && v->iam_answered)
    show_stray(v, false);
  if (planted(sim, PLANT_STRAY_ANY_LINEAGE) && v->iam_answered)
    show_stray(v, true);
  if (planted(sim, PLANT_TAKE_STRANGERS) && v->value_taken) {
    int i = key_by_value(sim, secret_bytes(v->state->slots[SLOT_PENDING].value));
    v->value_taken = false;
    memcpy(v->found_id, sim->keys[i].id, sizeof v->found_id);
  }
}

static void distort_brake(struct distorted *d) {
  struct view *v = &d->view;
  if (!in_phase(v, PHASE_GRACE) || !v->previous_used_known)
    return;
  int64_t used_s = v->previous_used_s, reload_s = v->policy->reload_within_s;
  bool late = used_s + 60 > v->state->phase_since_s + reload_s;
  if (planted(sim, PLANT_LATE_FORGIVEN) && v->now_s - used_s > reload_s + POLICY_TOKEN_LIFE_S + 60)
    v->previous_used_known = false;
  if (planted(sim, PLANT_LATE_FOR_EVER) && late && v->state->in_use_s == 0)
    v->previous_used_s = v->now_s;
  if (planted(sim, PLANT_ONE_FOR_ALL) && v->state->in_use_s > 0) {
    d->state.late_s = used_s;
    v->state = &d->state;
  }
}

static void distort_own(struct view *v) {
  struct own_view *own = &v->own;
  if (planted(sim, PLANT_OWN_SAME_RUN))
    own->began_after = true;
  if (planted(sim, PLANT_OWN_OLD_TOKEN))
    own->by_current = true;
  if (planted(sim, PLANT_OWN_NOT_READ))
    own->reads_current = own->by_current = true;
  if (planted(sim, PLANT_OWN_BY_CACHED) && in_phase(v, PHASE_RETIRING))
    own->reads_current = own->by_current = true;
  if (planted(sim, PLANT_OWN_LAST_ENDED))
    own->by_previous = false;
  if (planted(sim, PLANT_OWN_UNKNOWN))
    own->is = false;
}

static void distort_rest(struct distorted *d) {
  struct view *v = &d->view;
  if (planted(sim, PLANT_NO_GRACE) && v->state) {
    d->state.grace_s = 0;
    v->state = &d->state;
  }
  if (planted(sim, PLANT_HOLD_RETIRES) && in_phase(v, PHASE_GRACE)) {
    d->state.hold.on = false;
    v->state = &d->state;
  }
  enum key_seen previous = v->slots[SLOT_PREVIOUS].key;
  bool retiring = in_phase(v, PHASE_RETIRING), disabled = previous == KEY_DISABLED;
  if (retiring && disabled && planted(sim, PLANT_QUARANTINE_BY_IAM))
    d->state.disabled_s = 1;
  if (retiring && disabled && planted(sim, PLANT_NOTED_BEFOREHAND))
    d->state.disabled_s = d->state.phase_since_s;
  if (retiring && (!disabled || d->state.hold.on) && planted(sim, PLANT_NOTE_STAYS))
    d->state.disabled_s = 0;
  if (retiring)
    v->state = &d->state;
  if (planted(sim, PLANT_REWRITE_FOR_EVER) && in_phase(v, PHASE_GRACE) &&
      v->state->rewritten_s > 0 && v->now_s < v->state->rewritten_s + v->policy->reload_within_s) {
    d->state.phase_since_s = v->now_s;
    v->state = &d->state;
  }
  if (planted(sim, PLANT_HOOK_SKIPPED))
    v->has_hook = false;
  if (planted(sim, PLANT_LIST_BELIEVED))
    v->list_short = false;
}

// ---- another act ----

static bool sink_differs(const struct view *v, size_t *ret) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_CURRENT && v->sinks[i].value != SINK_SILENT && v->sinks[i].listed)
      return *ret = i, true;
  return false;
}

static void change_act(const struct view *v, struct action *a) {
  const struct state *s = v->state;
  if (planted(sim, PLANT_DISABLE_EARLY) && a->row == ROW_serve && s->slots[SLOT_PREVIOUS].used) {
    a->kind = ACT_DISABLE;
    a->row = ROW_disable;
    memcpy(a->key_id, s->slots[SLOT_PREVIOUS].key_id, sizeof a->key_id);
  }
  if (planted(sim, PLANT_ENABLE_UNNOTED) && a->row == ROW_note && a->kind == ACT_CAS &&
      !v->found_active)
    a->kind = ACT_ENABLE;
  if (planted(sim, PLANT_MEND_IN_GRACE) && in_phase(v, PHASE_GRACE) && sink_differs(v, &a->sink)) {
    a->kind = ACT_WRITE_SINK;
    a->row = ROW_drift;
  }
  bool dead = v->slots[SLOT_CURRENT].dead;
  if (planted(sim, PLANT_DEAD_CURRENT_WAITS) && in_phase(v, PHASE_RETIRING) && dead &&
      a->kind != ACT_LOOK)
    *a = (struct action){.row = ROW_unsure, .kind = ACT_WAIT};
  if (planted(sim, PLANT_HELD_DEAD) && in_phase(v, PHASE_RETIRING) && dead && s->hold.on &&
      a->kind != ACT_LOOK)
    *a = (struct action){.row = ROW_held, .kind = ACT_WAIT};
  if (planted(sim, PLANT_DRIFT_WITHOUT_CURRENT) && s && !s->slots[SLOT_CURRENT].used &&
      a->kind != ACT_LOOK)
    *a = (struct action){.row = ROW_drift, .kind = ACT_WAIT};
}

void __wrap_decide(const struct view *v, struct action *ret) {
  if (!sim || sim->plant == PLANT_NONE) {
    __real_decide(v, ret);
    return;
  }
  struct distorted d = {.view = *v};
  memcpy(d.sinks, v->sinks, v->n_sinks * sizeof *v->sinks);
  d.view.sinks = d.sinks;
  if (v->state)
    d.state = *v->state;
  distort_sinks(&d);
  distort_keys(&d.view);
  distort_rest(&d);
  distort_brake(&d);
  distort_own(&d.view);
  if (!d.view.carried || !plant_goes_too_far(&d.view, ret))
    __real_decide(&d.view, ret);
  change_act(v, ret);
}

bool __wrap_turn_is_old(const struct turn *u, const struct engine_io *io, const struct action *a) {
  return !(sim && planted(sim, PLANT_LOOK_NEVER_OLD)) && __real_turn_is_old(u, io, a);
}

// ---- another next state ----

enum err __wrap_transition(const struct view *v, const struct action *a,
                           struct transition_input *in, struct state *ret) {
  enum err err = __real_transition(v, a, in, ret);
  if (err != ERR_OK || !sim || !v->state)
    return err;
  if (planted(sim, PLANT_GRACE_FROM_PUBLISHING) && a->row == ROW_settle)
    ret->phase_since_s = v->state->phase_since_s;
  if (planted(sim, PLANT_RETIRE_WISH_OUTLIVES) && v->state->wish.kind == WISH_RETIRE &&
      (a->row == ROW_moved || a->row == ROW_settle)) {
    ret->wish = v->state->wish;
    ret->wish.at_s = INT32_MAX;
  }
  if (planted(sim, PLANT_WISH_STAYS) && a->row == ROW_swap) {
    ret->wish = v->state->wish;
    if (ret->wish.kind == WISH_BACK_TO)
      memcpy(ret->wish.key_id, ret->slots[SLOT_PREVIOUS].key_id, sizeof ret->wish.key_id);
  }
  if (planted(sim, PLANT_SWAP_NO_EPOCH) && a->row == ROW_swap)
    ret->epoch = v->state->epoch;
  if (planted(sim, PLANT_TAKE_STRANGERS) && a->row == ROW_note)
    memcpy(ret->slots[SLOT_PENDING].key_id, a->key_id, sizeof a->key_id);
  return err;
}

// ---- other evidence, and other verdicts ----

static bool planted_now(enum plant p) {
  return sim && planted(sim, p);
}

void __wrap_turn_judge(struct turn *u, struct target *t) {
  __real_turn_judge(u, t);
  for (size_t i = 0; planted_now(PLANT_VERDICT_FROM_MEMORY) && i < u->view.n_sinks; i++)
    if (u->sink_views[i].value == SINK_CURRENT)
      u->sink_views[i].verdict = (struct verdict){.kind = VERDICT_WORKING};
}

void __wrap_evidence_iam(struct evidence *e, enum cause seen, int64_t now_s) {
  if (planted_now(PLANT_DEATH_IGNORED) && seen != CAUSE_none)
    return;
  __real_evidence_iam(e, seen, now_s);
  if (planted_now(PLANT_REFUSAL_FORGOTTEN) && seen == CAUSE_none)
    e->refusal = CAUSE_none;
  if (planted_now(PLANT_ALIVE_IS_PROOF) && seen == CAUSE_none)
    evidence_proven(e, "look", now_s);
}

bool __wrap_evidence_refused(struct evidence *e, enum cause seen, int64_t now_s, int64_t now_ms,
                             int64_t apart_ms) {
  if (planted_now(PLANT_ONE_REFUSAL) && e->refusals++ == 0)
    e->refused_ms = now_ms - apart_ms;
  return __real_evidence_refused(e, seen, now_s, now_ms, apart_ms);
}

void __wrap_evidence_unanswered(struct evidence *e, int64_t now_s) {
  if (planted_now(PLANT_OUTAGE_IS_REFUSAL))
    e->refusal = CAUSE_refused;
  __real_evidence_unanswered(e, now_s);
}

enum err __wrap_own_manages(struct target *t, const struct engine_io *io,
                            const struct secret *bearer, const char *key_id, bool *ret_shown,
                            struct error *e) {
  if (!planted_now(PLANT_OWN_UNMANAGED) || !io->logs)
    return __real_own_manages(t, io, bearer, key_id, ret_shown, e);
  *ret_shown = true;
  return ERR_OK;
}

enum err __wrap_own_iam(struct turn *u, struct target *t, const struct engine_io *io,
                        struct iam **ret, struct iam **ret_made, struct error *e) {
  if (!planted_now(PLANT_OWN_BY_CACHED) && !planted_now(PLANT_OWN_UNKNOWN))
    return __real_own_iam(u, t, io, ret, ret_made, e);
  *ret_made = NULL;
  *ret = turn_iam(u, io);
  return ERR_OK;
}

enum err __wrap_prove_value(struct turn *u, struct target *t, const struct engine_io *io,
                            const struct slot *slot, const char *step, struct error *e) {
  return planted_now(PLANT_VERIFY_FROM_BOOK) ? ERR_OK : __real_prove_value(u, t, io, slot, step, e);
}
