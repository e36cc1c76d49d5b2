// Rows of `retiring`: beyond the point of no return.
#include "rotator/engine/rows.h"

// IAM changes no locked key, and unlocking is a person's.
static bool on_previous(struct action *a, enum act_kind kind, seen v) {
  on_key(a, kind, v, SLOT_PREVIOUS);
  return view_of(v, SLOT_PREVIOUS)->locked ? attention(a, WHY_previous_locked) : true;
}

// Since when previous is disabled is noted when that was seen, and no longer when it is active, or
// about to be: so the note is never older than the disabling, however late that was sent.
bool row_noted(seen v, struct action *a) {
  enum key_seen key = view_of(v, SLOT_PREVIOUS)->key;
  bool noted = v->state->disabled_s > 0, disabled = key == KEY_DISABLED && !hold_is_on(v);
  if (!v->iam_answered || is_dead(v, SLOT_CURRENT) || quarantine_of(v) == 0)
    return false;
  if (disabled && !noted)
    return act(a, ACT_CAS, WHY_noted_disabled);
  return noted && (key == KEY_ACTIVE || key == KEY_DISABLED) && !disabled &&
         act(a, ACT_CAS, WHY_noted_active);
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

// No source says that IAM moves modified_at when a key is disabled; so the quarantine counts from
// our own note of having seen it disabled, where that is later. Not noted: it has not begun.
static bool quarantine_is_over(seen v, int64_t *ret_end_s) {
  int64_t modified = view_of(v, SLOT_PREVIOUS)->modified_s, noted = v->state->disabled_s;
  *ret_end_s = (modified > noted ? modified : noted) + IAM_MINUTE_S + quarantine_of(v);
  return quarantine_of(v) == 0 || (noted > 0 && v->now_s >= *ret_end_s);
}

// Would a row below send a disable or a delete now?
static bool would_send(seen v) {
  enum key_seen key = view_of(v, SLOT_PREVIOUS)->key;
  int64_t end_s;
  return key == KEY_ACTIVE || key == KEY_EXPIRED ||
         (key == KEY_DISABLED && quarantine_is_over(v, &end_s));
}

// Section 8: current is dead, and the old key is what we are authenticated with. It cannot become
// current again, and to end it would leave nothing that a key could be made with in its place.
static bool is_our_last(seen v) {
  enum key_seen key = view_of(v, SLOT_PREVIOUS)->key;
  return v->own.is && v->own.by_previous && is_dead(v, SLOT_CURRENT) && key != KEY_ABSENT &&
         key != KEY_GONE;
}

// What our credential is read from is behind, or a hand was in it: it may be a sink that is to be
// mended, or that current is dead.
static bool wait_for_own_key(seen v, struct action *a) {
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  a->attention = is_late(v);
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  return wait_until(a, v->now_s + v->policy->look_every_s, WHY_own_old);
}

bool row_unsure(seen v, struct action *a) {
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (is_our_last(v))
    return attention(a, WHY_own_last);
  if (is_dead(v, SLOT_CURRENT) || !would_send(v))
    return false;
  if (v->own.is && !(v->own.reads_current && v->own.by_current))
    return wait_for_own_key(v, a);
  if (is_probed(v, SLOT_CURRENT))
    return false;
  if (view_of(v, SLOT_PREVIOUS)->locked) // nothing can be sent, so nothing need be proven
    return attention(a, WHY_previous_locked);
  if (needs_probe(v, a))
    return true;
  a->attention = true;
  return wait_until(a, view_of(v, SLOT_CURRENT)->prove_again_s, WHY_proof_unknown);
}

bool row_disable(seen v, struct action *a) {
  return view_of(v, SLOT_PREVIOUS)->key == KEY_ACTIVE && on_previous(a, ACT_DISABLE, v);
}

bool row_quarantine(seen v, struct action *a) {
  int64_t end_s;
  if (view_of(v, SLOT_PREVIOUS)->key != KEY_DISABLED || quarantine_is_over(v, &end_s) ||
      is_dead(v, SLOT_CURRENT))
    return false;
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  return wait_until(a, end_s, WHY_quarantine);
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
  return wait_until(a, view_of(v, SLOT_PREVIOUS)->look_again_s,
                    v->list_short ? WHY_keys_hidden : WHY_absence);
}
