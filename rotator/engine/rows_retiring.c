// Rows of `retiring`: beyond the point of no return.
#include "rotator/engine/rows.h"

// IAM changes no locked key, and unlocking is a person's.
static bool on_previous(struct action *a, enum act_kind kind, seen v) {
  on_key(a, kind, v, SLOT_PREVIOUS);
  return view_of(v, SLOT_PREVIOUS)->locked ? attention(a, WHY_previous_locked) : true;
}

bool row_held(seen v, struct action *a) {
  if (!hold_is_on(v) || is_dead(v, SLOT_CURRENT))
    return false;
  if (v->iam_answered && view_of(v, SLOT_PREVIOUS)->key == KEY_DISABLED)
    return on_previous(a, ACT_ENABLE, v);
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  return wait_until(
      a, v->state->hold.until_s ? v->state->hold.until_s : v->now_s + v->policy->look_every_s,
      WHY_hold);
}

#define NOTED_FOR_S 120 // how old the note of a disabling may be when it is sent

// No source says that IAM moves modified_at when a key is disabled; so the quarantine counts from
// our own note of it, the time at which `retiring` began, where that is later.
static int64_t quarantine_end(seen v) {
  int64_t modified = view_of(v, SLOT_PREVIOUS)->modified_s, noted = v->state->phase_since_s;
  int64_t quarantine = quarantine_of(v);
  if (quarantine == 0)
    return 0;
  return (modified > noted ? modified : noted) + IAM_MINUTE_S + quarantine;
}

// Would a row below send a disable or a delete now?
static bool would_send(seen v) {
  enum key_seen key = view_of(v, SLOT_PREVIOUS)->key;
  return key == KEY_ACTIVE || key == KEY_EXPIRED ||
         (key == KEY_DISABLED && v->now_s >= quarantine_end(v));
}

bool row_unsure(seen v, struct action *a) {
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (is_probed(v, SLOT_CURRENT) || is_dead(v, SLOT_CURRENT) || !would_send(v))
    return false;
  if (view_of(v, SLOT_PREVIOUS)->locked) // nothing can be sent, so nothing need be proven
    return attention(a, WHY_previous_locked);
  if (needs_probe(v, a))
    return true;
  a->attention = true;
  return wait_until(a, view_of(v, SLOT_CURRENT)->prove_again_s, WHY_proof_unknown);
}

// A hold, or a crash, may lie between the beginning of `retiring` and this: then it begins anew,
// for what it notes is when the key was disabled.
bool row_disable(seen v, struct action *a) {
  if (view_of(v, SLOT_PREVIOUS)->key != KEY_ACTIVE)
    return false;
  if (v->now_s - v->state->phase_since_s > NOTED_FOR_S && quarantine_of(v) > 0 &&
      !is_dead(v, SLOT_CURRENT) && !view_of(v, SLOT_PREVIOUS)->locked) {
    a->row = ROW_retire;
    return act(a, ACT_CAS, WHY_none);
  }
  return on_previous(a, ACT_DISABLE, v);
}

bool row_quarantine(seen v, struct action *a) {
  int64_t end = quarantine_end(v);
  if (view_of(v, SLOT_PREVIOUS)->key != KEY_DISABLED || v->now_s >= end || is_dead(v, SLOT_CURRENT))
    return false;
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  return wait_until(a, end, WHY_quarantine);
}

bool row_delete(seen v, struct action *a) {
  const struct slot_view *previous = view_of(v, SLOT_PREVIOUS);
  if (previous->key != KEY_DISABLED && previous->key != KEY_EXPIRED)
    return false;
  return on_previous(a, ACT_DELETE, v);
}

bool row_retired(seen v, struct action *a) {
  if (view_of(v, SLOT_PREVIOUS)->key == KEY_GONE)
    return act(a, ACT_CAS, WHY_none);
  return wait_until(a, view_of(v, SLOT_PREVIOUS)->look_again_s, WHY_absence);
}
