// Rows of `idle`.
#include "rotator/engine/rows.h"

bool row_heal(seen v, struct action *a) {
  if (!v->iam_answered || (has(v, SLOT_CURRENT) && !is_dead(v, SLOT_CURRENT)))
    return false;
  return v->state->failures < v->policy->failures_max && act(a, ACT_CAS, WHY_current_dead);
}

// Proof at rest: nothing else would show that the Sender role was taken away, or that the instance
// is gone. In grace as well, which may last; there the way back to the old key does not wait for
// it, be it that current is refuted already or that a person wishes so. A management credential
// that is refused is no hindrance: consumers do not use it.
bool row_probe(seen v, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  size_t i;
  if (!v->probe_due || !(v->iam_answered || v->iam_refused) || !any_sink(v, SINK_CURRENT, &i) ||
      is_dead(v, SLOT_CURRENT) || doubts_current(v) || current->proof == PROOF_REFUTED)
    return false;
  if (current->prove_again_s > v->now_s && is_wished(v, WISH_BACK_TO))
    return false;
  return prove(a, v, SLOT_CURRENT, PROOF_PROBE);
}

static bool unwritable_sink(seen v, size_t *ret) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].unwritable) {
      *ret = i;
      return true;
    }
  return false;
}

// Why a rotation that is due or wished does not begin; WHY_none: it may. What costs nothing is
// asked first.
enum why rows_blocked_cheaply(seen v) {
  if (hold_is_on(v))
    return WHY_hold;
  if (v->adopted_now)
    return WHY_adopted;
  if (v->state->failures >= v->policy->failures_max)
    return WHY_failures;
  if (v->sink_lost)
    return WHY_sink_lost;
  size_t i;
  if (any_sink(v, SINK_REFUSED, &i) || unwritable_sink(v, &i))
    return WHY_sink_refused;
  if (any_sink(v, SINK_SILENT, &i))
    return WHY_sink_silent;
  if (is_wished(v, WISH_ROTATE)) // the person who asks knows what time it is, and what fails
    return WHY_none;
  if (v->fleet_fails)
    return WHY_fleet_fails;
  return v->window_open ? WHY_none : WHY_window_closed;
}

static enum why blocked_by(seen v) {
  enum why why = rows_blocked_cheaply(v);
  if (why == WHY_none && !v->iam_answered)
    why = WHY_iam_silent;
  if (why == WHY_none && v->list_short)
    why = WHY_keys_hidden;
  if (why == WHY_none && v->own.is && !v->own.reads_current)
    why = v->own.other ? WHY_own_other : WHY_own_old;
  if (why == WHY_none && v->key_places_known && v->key_places < 2)
    why = WHY_key_places;
  return why;
}

bool row_due(seen v, struct action *a) {
  return wants_rotation(v) && blocked_by(v) == WHY_none &&
         act(a, ACT_CAS, is_wished(v, WISH_ROTATE) ? WHY_wished : WHY_due);
}

static bool is_too_old(seen v) {
  return has(v, SLOT_CURRENT) &&
         v->now_s - v->state->slots[SLOT_CURRENT].since_s > v->policy->max_age_s;
}

bool row_blocked(seen v, struct action *a) {
  // A dead current that heal gave up on is blocked too: heal is a rotation that is due.
  bool healing = v->iam_answered && (!has(v, SLOT_CURRENT) || is_dead(v, SLOT_CURRENT));
  if (!wants_rotation(v) && !healing)
    return false;
  // What was asked and gave no answer is told first: a person may have to end it, hold or not.
  bool silent = v->iam_asked && !v->iam_answered;
  enum why why = healing ? WHY_failures : silent ? WHY_iam_silent : blocked_by(v);
  if (!any_sink(v, SINK_REFUSED, &a->sink) &&
      !unwritable_sink(v, &a->sink)) // which one, for the message
    any_sink(v, SINK_SILENT, &a->sink);
  if (!healing && doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  a->attention = why == WHY_failures || why == WHY_key_places || why == WHY_sink_lost ||
                 why == WHY_sink_refused || why == WHY_own_other || is_too_old(v);
  if (why == WHY_iam_silent || why == WHY_sink_silent || why == WHY_keys_hidden)
    return wait_until(a, 0, why);
  if (why == WHY_failures)
    return attention(a, why);
  a->wait_s = why == WHY_window_closed ? policy_window_next(&v->policy->window, v->now_s)
                                       : v->now_s + v->policy->look_every_s;
  return act(a, ACT_REST, why);
}

bool row_rest(seen v, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (v->iam_asked && !v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (v->list_short) // what is left over is not shown either
    return wait_until(a, 0, WHY_keys_hidden);
  if (doubts_current(v))
    return wait_until(a, current->look_again_s, WHY_absence);
  size_t i;
  if (any_sink(v, SINK_REFUSED, &i)) {
    a->sink = i;
    return attention(a, WHY_sink_refused);
  }
  if (any_sink(v, SINK_SILENT, &i)) {
    a->sink = i;
    return wait_until(a, 0, WHY_sink_silent);
  }
  bool refused = view_of(v, SLOT_CURRENT)->verdict.kind == VERDICT_NOT_WORKING;
  a->attention = is_too_old(v) || v->sink_lost || refused;
  a->wait_s =
      v->due_s < v->now_s + v->policy->look_every_s ? v->due_s : v->now_s + v->policy->look_every_s;
  return act(a, ACT_REST,
             refused         ? WHY_refused
             : is_too_old(v) ? WHY_max_age
             : v->sink_lost  ? WHY_sink_lost
                             : WHY_not_due);
}

int64_t decide_rests_until_s(const struct view *v, const struct action *a) {
  bool plain = a->row == ROW_rest && a->kind == ACT_REST && a->why == WHY_not_due && !a->attention;
  if (!plain || v->iam_asked)
    return 0;
  const int64_t ends[] = {
      v->due_s, v->look_due_s, v->probe_due_s,
      v->state->slots[SLOT_CURRENT].since_s + v->policy->max_age_s + 1 // is_too_old
  };
  int64_t first_s = ends[0];
  for (size_t i = 1; i < sizeof ends / sizeof *ends; i++)
    first_s = ends[i] < first_s ? ends[i] : first_s;
  return first_s;
}
