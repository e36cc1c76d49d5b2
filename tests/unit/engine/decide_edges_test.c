// The second at which each wait of the table ends, and the one before it.
#include "tests/unit/engine/decide_rows.h"

#define GRACE_S POLICY_DEFAULT.grace_s

// Grace is over since this second, current was probed, and the old key was used then.
static struct world used_at(int64_t when_s) {
  struct world w = world(PHASE_GRACE);
  w.state.phase_since_s = NOW - GRACE_S;
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
  w.view.previous_used_known = true;
  w.view.previous_used_s = when_s;
  return w;
}

// Grace over for so long, and held.
static struct world held_for(int64_t after_s) {
  struct world w = world(PHASE_GRACE);
  w.state.phase_since_s = NOW - GRACE_S - after_s;
  w.state.hold.on = true;
  return w;
}

static struct world disabled_at(int64_t when_s) {
  struct world w = world(PHASE_RETIRING);
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
  w.view.slots[SLOT_PREVIOUS].key = KEY_DISABLED;
  w.view.slots[SLOT_PREVIOUS].modified_s = w.state.disabled_s = when_s;
  return w;
}

void test_waits_end_to_the_second(void **unused) {
  BEGIN;
  const struct policy p = POLICY_DEFAULT;
  CASE(disabled_at(NOW - 60 - p.quarantine_s), 0, delete, ACT_DELETE);
  CASE(disabled_at(NOW - 59 - p.quarantine_s), 0, quarantine, ACT_WAIT);
  // the brake: late is what came after the minute in which consumers should have moved over
  CASE(used_at(NOW - GRACE_S + p.reload_within_s - 60), 0, retire, ACT_CAS);
  WHY(used_at(NOW - GRACE_S + p.reload_within_s - 59), 0, serve, WHY_still_used);
  // what a person is told of
  CASE(held_for(p.alert_after_s), 0, serve, ACT_WAIT);
  assert_false(a.attention);
  CASE(held_for(p.alert_after_s + 1), 0, serve, ACT_WAIT);
  assert_true(a.attention);
  CASE(world(PHASE_IDLE), w.state.slots[SLOT_CURRENT].since_s = NOW - p.max_age_s, rest, ACT_REST);
  assert_false(a.attention);
  CASE(world(PHASE_IDLE), w.state.slots[SLOT_CURRENT].since_s = NOW - p.max_age_s - 1, rest,
       ACT_REST);
  assert_true(a.attention);
}

void test_tries_are_due_to_the_second(void **unused) {
  BEGIN;
  CASE(world(PHASE_GRACE), (CURRENT.proof = PROOF_REFUTED, PREVIOUS.prove_again_s = NOW), swap,
       ACT_PROVE);
  CASE(used_at(-1), (CURRENT.proof = PROOF_NONE, CURRENT.prove_again_s = NOW), retire, ACT_PROVE);
  CASE(world(PHASE_PUBLISHING), CURRENT.prove_again_s = NOW, settle, ACT_PROVE);
  CASE(world(PHASE_PUBLISHING), CURRENT.prove_again_s = NOW + 1, stuck, ACT_WAIT);
  CASE(world(PHASE_GRACE),
       (w.view.probe_due = true, w.state.wish.kind = WISH_BACK_TO, CURRENT.prove_again_s = NOW),
       probe, ACT_PROVE);
  CASE(world(PHASE_GRACE),
       (w.view.probe_due = true, w.state.wish.kind = WISH_BACK_TO, CURRENT.prove_again_s = NOW + 1),
       serve, ACT_WAIT);
  // the hook of this very epoch has run
  CASE(world(PHASE_PUBLISHING), w.view.has_hook = true, settle, ACT_PROVE);
}

// A hold ends for commands when it ends for the table.
void test_a_hold_ends_to_the_second(void **unused) {
  BEGIN;
  w = world(PHASE_GRACE);
  w.state.hold.on = true;
  w.state.hold.until_s = NOW + 1;
  assert_non_null(transition_keeps_previous(view_of_world(&w)));
  w.state.hold.until_s = NOW;
  assert_null(transition_keeps_previous(view_of_world(&w)));
  state_clear(&w.state);
}
