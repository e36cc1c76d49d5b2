// Rows of `staged`.
#include "rotator/engine/rows.h"

#define SEARCH_STEP_S 20  // a wait that no run's patience is too short for
#define STAGER_TIME_S 120 // what the process that staged has for itself (origin iam)

static bool is_noted(seen v) {
  return v->state->slots[SLOT_PENDING].key_id[0] != '\0';
}

bool row_give_up(seen v, struct action *a) {
  return (is_wished(v, WISH_GIVE_UP) || is_wished(v, WISH_BACK_TO)) &&
         act(a, ACT_CAS, WHY_rollback);
}

// With origin iam only the process that staged may ask IAM for the value; the others drop what it
// left behind. Not under its hands, though: hosts with one timetable would drop each other's for
// ever.
static bool drop_left_behind(struct action *a, seen v) {
  int64_t until = v->state->phase_since_s + STAGER_TIME_S;
  return v->now_s < until ? wait_until(a, until, WHY_not_stager) : act(a, ACT_CAS, WHY_not_stager);
}

bool row_create(seen v, struct action *a) {
  if (!v->iam_answered || is_noted(v) || v->found_id[0] || v->value_taken)
    return false;
  if (v->state->pending_from_iam && !v->is_stager)
    return drop_left_behind(a, v);
  if (v->list_short)
    return wait_until(a, 0, WHY_keys_hidden);
  a->slot = SLOT_PENDING;
  return v->create_refused ? attention(a, WHY_create_refused) : act(a, ACT_CREATE, WHY_none);
}

bool row_note(seen v, struct action *a) {
  if (is_noted(v) || !v->found_id[0])
    return false;
  if (v->state->pending_from_iam && !v->is_stager)
    return drop_left_behind(a, v);
  memcpy(a->key_id, v->found_id, sizeof a->key_id);
  a->slot = SLOT_PENDING;
  a->attention = false;
  return act(a, ACT_CAS, WHY_none);
}

bool row_taken(seen v, struct action *a) {
  return !is_noted(v) && v->value_taken && act(a, ACT_CAS, WHY_value_taken);
}

bool row_enable(seen v, struct action *a) {
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  if (!v->iam_answered || !is_noted(v) || pending->key != KEY_DISABLED)
    return false;
  on_key(a, ACT_ENABLE, v, SLOT_PENDING);
  return pending->locked ? attention(a, WHY_pending_locked) : true;
}

bool row_lost(seen v, struct action *a) {
  enum key_seen key = view_of(v, SLOT_PENDING)->key;
  return v->iam_answered && is_noted(v) && (key == KEY_GONE || key == KEY_EXPIRED) &&
         act(a, ACT_CAS, WHY_key_gone);
}

// A new key is published when its test log was found, where that is asked for. Not found is not
// known: it holds back only what is said to need it. Another log is sent after a while: the one
// before may have been dropped for good.
bool row_arrive(seen v, struct action *a) {
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  if (!v->iam_answered || !is_noted(v) || pending->key != KEY_ACTIVE ||
      pending->proof == PROOF_REFUTED)
    return false;
  a->slot = SLOT_PENDING;
  switch (pending->arrival) {
  case ARRIVAL_UNSENT: // the full proof sends one; after it another probe does
    return is_probed(v, SLOT_PENDING) && prove(a, v, SLOT_PENDING, PROOF_PROBE);
  case ARRIVAL_SENT:
    if (pending->arrive_again_s > v->now_s + SEARCH_STEP_S)
      return wait_until(a, v->now_s + SEARCH_STEP_S, WHY_arrival_pending);
    if (pending->arrive_again_s > v->now_s)
      return wait_until(a, pending->arrive_again_s, WHY_arrival_pending);
    return act(a, ACT_SEARCH, WHY_arrival_pending); // what who only observes is told
  case ARRIVAL_MISSED:
    a->attention = is_late(v);
    return v->policy->arrival_required &&
           wait_until(a, pending->arrive_again_s, WHY_arrival_missed);
  case ARRIVAL_REFUSED:
    a->attention = true;
    return v->policy->arrival_required &&
           wait_until(a, pending->arrive_again_s, WHY_arrival_refused);
  default:
    return false;
  }
}

// Publishing goes on, and says what is not known.
static enum why why_unsearched(const struct slot_view *pending) {
  if (pending->arrival == ARRIVAL_REFUSED)
    return WHY_arrival_refused;
  return pending->arrival == ARRIVAL_MISSED ? WHY_arrival_missed : WHY_none;
}

bool row_promote(seen v, struct action *a) {
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  if (!v->iam_answered || !is_noted(v) || pending->key != KEY_ACTIVE)
    return false;
  if (pending->proof == PROOF_PROVEN)
    return act(a, ACT_CAS, why_unsearched(pending));
  bool ready = pending->prove_again_s <= v->now_s && pending->refutations < v->policy->refute_count;
  return ready && prove(a, v, SLOT_PENDING, PROOF_FULL);
}

bool row_refute(seen v, struct action *a) {
  return v->iam_answered && is_noted(v) &&
         view_of(v, SLOT_PENDING)->refutations >= v->policy->refute_count &&
         act(a, ACT_CAS, WHY_refuted);
}

bool row_await(seen v, struct action *a) {
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  a->attention = is_late(v);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (pending->key == KEY_ABSENT)
    return wait_until(a, pending->look_again_s, WHY_absence);
  return wait_until(a, pending->prove_again_s, why_unproven(pending));
}
