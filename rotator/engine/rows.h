// The rows of the table, one function each, and the words they are written in. Internal to decide:
// rows_*.c hold the rows by phase, decide.c tries them in order.
//
// A row function returns true if the row matches, and then has filled in the act.
#ifndef ROTATOR_ENGINE_ROWS_H
#define ROTATOR_ENGINE_ROWS_H

#include <string.h>

#include "rotator/engine/decide.h"

#define IAM_MINUTE_S 60 // IAM's times have minute precision

typedef const struct view *seen;

#define X(name) bool row_##name(seen v, struct action *a);
ROW_LIST(X)
#undef X

// Why a rotation that is due or wished does not begin, as far as it is known without asking IAM;
// WHY_none: it may.
enum why rows_blocked_cheaply(seen v);

static inline bool act(struct action *a, enum act_kind kind, enum why why) {
  a->kind = kind;
  a->why = why;
  return true;
}

static inline bool wait_until(struct action *a, int64_t until_s, enum why why) {
  a->wait_s = until_s;
  return act(a, ACT_WAIT, why);
}

static inline bool attention(struct action *a, enum why why) {
  a->attention = true;
  return act(a, ACT_ATTENTION, why);
}

static inline bool on_key(struct action *a, enum act_kind kind, seen v, enum slot_name slot) {
  a->slot = slot;
  memcpy(a->key_id, v->state->slots[slot].key_id, sizeof a->key_id);
  return act(a, kind, WHY_none);
}

static inline const struct slot_view *view_of(seen v, enum slot_name s) {
  return &v->slots[s];
}
static inline bool has(seen v, enum slot_name s) {
  return v->state && v->state->slots[s].used;
}
static inline bool is_dead(seen v, enum slot_name s) {
  return has(v, s) && view_of(v, s)->dead;
}

static inline bool is_probed(seen v, enum slot_name s) {
  return view_of(v, s)->proof == PROOF_PROBED || view_of(v, s)->proof == PROOF_PROVEN;
}

// Asks for a proof of the slot, or waits for the time when the next try makes sense.
static inline bool prove(struct action *a, seen v, enum slot_name s, enum proof_kind kind) {
  const struct slot_view *sv = view_of(v, s);
  a->slot = s;
  a->proof = kind;
  if (sv->prove_again_s > v->now_s)
    return wait_until(a, sv->prove_again_s,
                      sv->proof == PROOF_UNKNOWN ? WHY_proof_unknown : WHY_proof_pending);
  return act(a, ACT_PROVE, WHY_none);
}

// Current looked bad in this look: whatever waits for long waits for the second look first, so that
// its death is not missed.
static inline bool doubts_current(seen v) {
  return v->iam_answered && view_of(v, SLOT_CURRENT)->look_again_s > 0;
}

static inline bool hold_is_on(seen v) {
  return v->state->hold.on && (v->state->hold.until_s == 0 || v->now_s < v->state->hold.until_s);
}

static inline bool is_late(seen v) {
  return v->now_s - v->state->phase_since_s > v->policy->alert_after_s;
}

static inline bool any_sink(seen v, enum sink_value value, size_t *ret) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == value) {
      *ret = i;
      return true;
    }
  return false;
}

static inline bool all_sinks_serve(seen v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_CURRENT || !v->sinks[i].stamped || !v->sinks[i].listed)
      return false;
  return true;
}

static inline bool is_wished(seen v, enum wish_kind kind) {
  return v->state->wish.kind == kind;
}
static inline bool wants_rotation(seen v) {
  return (v->due && !v->rotated_now) || is_wished(v, WISH_ROTATE);
}

static inline int64_t quarantine_of(seen v) {
  return v->state->quarantine_s >= 0 ? v->state->quarantine_s : v->policy->quarantine_s;
}
static inline int64_t grace_end(seen v) {
  return state_grace_end_s(v->state, v->policy);
}
static inline bool grace_is_over(seen v) {
  return v->now_s >= grace_end(v);
}

static inline bool is_drifted(const struct sink_view *s) {
  return s->value == SINK_EMPTY || s->value == SINK_PREVIOUS || s->value == SINK_PENDING ||
         s->value == SINK_RETIRED;
}

// Section 8: may the old key be put beyond return, though it may be our own? Not by whoever was
// authenticated with it, nor in the run that published the new one, nor while the next run would
// still read it.
static inline bool own_lets_go(seen v) {
  return !v->own.is || (v->own.reads_current && v->own.by_current && v->own.began_after);
}

// … and why not. Nothing that this process could wait for makes it another one.
static inline bool wait_for_own(struct action *a, seen v) {
  if (v->own.reads_current)
    return wait_until(a, grace_end(v), WHY_own_run);
  return wait_until(a, v->now_s + v->policy->look_every_s, WHY_own_old);
}

// Section 8: a key that this look does not show alive is not written where our own is read from. A
// hand may have put there what is all that still authenticates us, and two looks show a death.
static inline bool own_doubts_current(seen v) {
  return v->own.is && view_of(v, SLOT_CURRENT)->key != KEY_ACTIVE;
}

// May current be written to sinks? Not while this look shows it bad, be it once: the sink may hold
// what works, put there by a hand, and the second look is seconds away.
static inline bool may_be_written(seen v) {
  return v->iam_answered && !is_dead(v, SLOT_CURRENT) && !doubts_current(v) &&
         !own_doubts_current(v);
}

// A probe of current, for rows that need one "now". True when the row is to ask for it or wait.
static inline bool needs_probe(seen v, struct action *a) {
  return !is_probed(v, SLOT_CURRENT) && view_of(v, SLOT_CURRENT)->prove_again_s <= v->now_s &&
         prove(a, v, SLOT_CURRENT, PROOF_PROBE);
}

// A sink that the state does not list yet is listed first (durable before effect), then written.
static inline bool write_or_list(struct action *a, seen v, size_t sink) {
  a->sink = sink;
  return act(a, v->sinks[sink].listed ? ACT_WRITE_SINK : ACT_CAS, WHY_sink_drift);
}

static inline enum why why_unproven(const struct slot_view *s) {
  if (s->proof == PROOF_UNKNOWN)
    return WHY_proof_unknown;
  return s->proof == PROOF_REFUTED ? WHY_propagation : WHY_proof_pending;
}

#endif
