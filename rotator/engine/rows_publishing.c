// Rows of `publishing` and `grace`.
#include "rotator/engine/rows.h"

#define MOVED_MAX 3 // how often grace may begin again before a person is told

// Grace began again and again in this rotation. Told for as long as it lasts: each run sees but one
// of the times.
static bool moved_often(seen v) {
  return v->state->moved >= MOVED_MAX;
}

// Nobody goes back to a dead key: that wish ends with the phase.
static bool wants_back(seen v) {
  return is_wished(v, WISH_BACK_TO) && has(v, SLOT_PREVIOUS) && !is_dead(v, SLOT_PREVIOUS) &&
         strcmp(v->state->wish.key_id, v->state->slots[SLOT_PREVIOUS].key_id) == 0;
}

bool row_swap(seen v, struct action *a) {
  bool failed = view_of(v, SLOT_CURRENT)->proof == PROOF_REFUTED || is_dead(v, SLOT_CURRENT);
  if (!v->iam_answered || !has(v, SLOT_PREVIOUS) || is_dead(v, SLOT_PREVIOUS) ||
      !(failed || wants_back(v)))
    return false;
  if (is_probed(v, SLOT_PREVIOUS))
    return act(a, ACT_CAS, failed ? WHY_refuted : WHY_rollback);
  return view_of(v, SLOT_PREVIOUS)->prove_again_s <= v->now_s &&
         prove(a, v, SLOT_PREVIOUS, PROOF_PROBE);
}

bool row_both_dead(seen v, struct action *a) {
  return v->iam_answered && is_dead(v, SLOT_CURRENT) &&
         (!has(v, SLOT_PREVIOUS) || is_dead(v, SLOT_PREVIOUS)) && act(a, ACT_CAS, WHY_current_dead);
}

bool row_publish(seen v, struct action *a) {
  if (!may_be_written(v))
    return false;
  for (size_t i = 0; i < v->n_sinks; i++) {
    const struct sink_view *s = &v->sinks[i];
    bool readable = s->value != SINK_SILENT && s->value != SINK_REFUSED;
    if (readable && !s->acted && (s->value != SINK_CURRENT || !s->stamped || !s->listed))
      return write_or_list(a, v, i);
  }
  return false;
}

bool row_reload(seen v, struct action *a) {
  if (!v->has_hook || v->state->hook_epoch >= v->state->epoch || !all_sinks_serve(v))
    return false;
  if (v->hook_done)
    return act(a, ACT_CAS, WHY_none);
  if (!v->hook_failed)
    return act(a, ACT_HOOK, WHY_none);
  a->attention = is_late(v);
  return wait_until(a, 0, WHY_hook_failed);
}

bool row_settle(seen v, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (!v->iam_answered || !all_sinks_serve(v) || is_dead(v, SLOT_CURRENT))
    return false;
  if (current->proof == PROOF_PROVEN)
    return act(a, ACT_CAS, WHY_none);
  return current->prove_again_s <= v->now_s && prove(a, v, SLOT_CURRENT, PROOF_FULL);
}

bool row_stuck(seen v, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  a->attention = is_dead(v, SLOT_CURRENT) || is_late(v) || moved_often(v);
  if (any_sink(v, SINK_REFUSED, &a->sink)) {
    a->attention = true;
    return wait_until(a, 0, WHY_sink_refused);
  }
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (doubts_current(v))
    return wait_until(a, current->look_again_s, WHY_absence);
  for (size_t i = 0; i < v->n_sinks; i++) {
    const struct sink_view *s = &v->sinks[i];
    if (s->value == SINK_CURRENT && s->stamped && s->listed)
      continue;
    a->sink = i;
    return wait_until(a, 0, WHY_sink_drift);
  }
  return wait_until(a, current->prove_again_s, why_unproven(current));
}

bool row_moved(seen v, struct action *a) {
  for (size_t i = 0; i < v->n_sinks; i++) {
    const struct sink_view *s = &v->sinks[i];
    if (s->value == SINK_SILENT || s->value == SINK_REFUSED ||
        (s->value == SINK_CURRENT && (s->noted || s->rewritten) && s->listed))
      continue;
    a->sink = i;
    a->attention = v->state->moved + 1 >= MOVED_MAX;
    return act(a, ACT_CAS, a->attention ? WHY_moved_often : WHY_sink_moved);
  }
  return false;
}

// The same value, written by somebody else: a restore, a configuration tool. Grace goes on, but not
// to its end before whoever read something else in between has read again. Its time is the clock's
// by which grace is counted, IAM's; without an answer of IAM nothing is retired either.
bool row_rewritten(seen v, struct action *a) {
  for (size_t i = 0; v->iam_answered && i < v->n_sinks; i++)
    if (v->sinks[i].value == SINK_CURRENT && v->sinks[i].rewritten) {
      a->sink = i;
      return act(a, ACT_CAS, WHY_sink_rewritten);
    }
  return false;
}

// Was previous used when consumers should have moved over?
static bool used_late(seen v) {
  return v->previous_used_known && v->previous_used_s >= 0 &&
         v->previous_used_s + IAM_MINUTE_S > v->state->phase_since_s + v->policy->reload_within_s;
}

// Before a probe, which would hide the use by others behind our own.
//
// In which order the keys were used is known only to who was there. If the old one was used late
// while the new one was not used at all, and then the new one is, they who were late have moved; if
// the new one was in use before, that may be others.
bool row_use(seen v, struct action *a) {
  if (!v->iam_answered || v->state->in_use_s > 0)
    return false;
  if (v->current_used_s > 0)
    return act(a, ACT_CAS, WHY_in_use);
  return v->current_unused && used_late(v) && v->previous_used_s > v->state->late_s &&
         act(a, ACT_CAS, WHY_used_late);
}

// May whoever used previous late, `ago_s` ago, be taken for moved over or gone? It has had the time
// for its next exchange, and was seen to move (row use). Else it may be one that exchanges rarely:
// after a whole grace without another exchange it is gone, or has read the new key.
static bool has_moved_over(seen v, int64_t ago_s) {
  int64_t next_s = v->policy->reload_within_s + POLICY_TOKEN_LIFE_S;
  int64_t grace_s = state_grace_s(v->state, v->policy);
  bool seen_to_move = v->state->in_use_s > 0 && v->previous_used_s <= v->state->late_s;
  int64_t enough_s = seen_to_move || grace_s < next_s ? next_s : grace_s;
  return ago_s > enough_s + IAM_MINUTE_S;
}

// The brake: has previous been used by anybody since consumers should have moved over, and not only
// by one who was late and has moved since?
static bool still_used(seen v) {
  if (state_grace_s(v->state, v->policy) == 0 || !used_late(v) ||
      has_moved_over(v, v->now_s - v->previous_used_s))
    return false;
  // `continue` goes on at the limit, be it 0; `stop` only where a limit is set.
  bool limited =
      v->policy->on_still_used == POLICY_STILL_USED_CONTINUE || v->policy->still_used_limit_s > 0;
  return !limited || v->now_s < grace_end(v) + v->policy->still_used_limit_s;
}

bool row_retire(seen v, struct action *a) {
  size_t i;
  bool asked = state_may_retire(v->state); // the brake is off, and grace is over
  if (!v->iam_answered || !has(v, SLOT_PREVIOUS) || hold_is_on(v) || v->sink_lost)
    return false;
  if (!asked && (!grace_is_over(v) || still_used(v)))
    return false;
  if (any_sink(v, SINK_SILENT, &i) || any_sink(v, SINK_REFUSED, &i) || wants_back(v))
    return false;
  if (!own_lets_go(v) || doubts_current(v))
    return false;
  if (needs_probe(v, a))
    return true;
  return is_probed(v, SLOT_CURRENT) && act(a, ACT_CAS, WHY_none);
}

bool row_serve(seen v, struct action *a) {
  int64_t end = grace_end(v), later = v->now_s + v->policy->look_every_s;
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (current->look_again_s > 0)
    return wait_until(a, current->look_again_s, WHY_absence);
  if (any_sink(v, SINK_REFUSED, &a->sink)) { // grace cannot end: told at once, not at its end
    a->attention = true;
    return wait_until(a, 0, WHY_sink_refused);
  }
  bool asked = state_may_retire(v->state);
  a->attention = moved_often(v);
  if (!asked && !grace_is_over(v))
    return wait_until(a, end, a->attention ? WHY_moved_often : WHY_grace);
  a->attention = a->attention || v->now_s > end + v->policy->alert_after_s;
  if (hold_is_on(v))
    return wait_until(a, v->state->hold.until_s ? v->state->hold.until_s : later, WHY_hold);
  if (v->sink_lost) {
    a->attention = true;
    return wait_until(a, later, WHY_sink_lost);
  }
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (!asked && still_used(v))
    return wait_until(a, later, WHY_still_used);
  if (!own_lets_go(v))
    return wait_for_own(a, v);
  return wait_until(a, current->prove_again_s, WHY_proof_unknown);
}
