// Rows of `grace` and `retiring`.
#include "tests/unit/engine/decide_rows.h"

ROW(moved) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  w.sinks[1].noted = false; // the value is right, but somebody wrote it
  struct action a = decided(&w);
  assert_row(a, moved, ACT_CAS);
  assert_false(a.attention);
  w = world(PHASE_GRACE);
  w.sinks[1].value = SINK_PREVIOUS;
  w.state.moved = 2;
  a = decided(&w);
  assert_row(a, moved, ACT_CAS);
  assert_true(a.attention);
}

static void end_grace(struct world *w) {
  w->state.phase_since_s = NOW - 2 * DAY;
  w->view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
}

ROW(done) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  end_grace(&w);
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  assert_row(decided(&w), done, ACT_CAS);
  w = world(PHASE_GRACE);
  end_grace(&w);
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  w.view.slots[SLOT_CURRENT].proof = PROOF_NONE;
  assert_row(decided(&w), done, ACT_PROVE);
}

ROW(retire) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  end_grace(&w);
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.slots[SLOT_CURRENT].proof = PROOF_NONE;
  struct action a = decided(&w);
  assert_row(a, retire, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_PROBE);
  w = world(PHASE_GRACE); // used before reload_within was over, within IAM's minute: quiet
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = w.state.phase_since_s + w.policy.reload_within_s - 60;
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(PHASE_GRACE); // grace 0: the brake is off
  end_grace(&w);
  w.state.grace_s = 0;
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - 60;
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.policy.on_still_used = POLICY_STILL_USED_CONTINUE;
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - 60;
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(
      PHASE_GRACE); // used late, and not for reload_within and a token's life since: moved over
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - w.policy.reload_within_s - 3600 - 61;
  w.state.phase_since_s = w.view.previous_used_s - w.policy.reload_within_s - 120;
  w.state.grace_s = 3600;
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - w.policy.reload_within_s - 3600 - 59;
  w.state.phase_since_s = w.view.previous_used_s - w.policy.reload_within_s - 120;
  w.state.grace_s = 3600;
  assert_row(decided(&w), serve, ACT_WAIT);
  w = world(PHASE_GRACE); // stop, with a limit that is reached
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - 60;
  w.policy.still_used_limit_s = DAY;
  assert_row(decided(&w), retire, ACT_CAS);
}

static enum why why_served(struct world *w) {
  struct action a = decided(w);
  assert_string_equal(row_name(a.row), "serve");
  assert_int_equal(a.kind, ACT_WAIT);
  return a.why;
}

ROW(serve) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  assert_int_equal(why_served(&w), WHY_grace);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.state.hold.on = true;
  assert_int_equal(why_served(&w), WHY_hold);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.sink_lost = true;
  assert_int_equal(why_served(&w), WHY_sink_lost);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.sinks[0].value = SINK_SILENT;
  assert_int_equal(why_served(&w), WHY_sink_silent);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.sinks[1].value = SINK_REFUSED;
  assert_int_equal(why_served(&w), WHY_sink_refused);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - 60;
  assert_int_equal(why_served(&w), WHY_still_used);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.iam_answered = false;
  assert_int_equal(why_served(&w), WHY_iam_silent);
  w = world(PHASE_GRACE);
  end_grace(&w);
  w.view.slots[SLOT_CURRENT].proof = PROOF_UNKNOWN;
  w.view.slots[SLOT_CURRENT].prove_again_s = NOW + 8;
  assert_int_equal(why_served(&w), WHY_proof_unknown);
}

ROW(held) {
  BEGIN;
  struct world w = world(PHASE_RETIRING);
  w.state.hold.on = true;
  w.view.slots[SLOT_PREVIOUS].key = KEY_DISABLED;
  struct action a = decided(&w);
  assert_row(a, held, ACT_ENABLE);
  assert_string_equal(a.key_id, "ApiKey-previous");
  w = world(PHASE_RETIRING);
  w.state.hold.on = true;
  assert_row(decided(&w), held, ACT_WAIT);
  w = world(PHASE_RETIRING);
  w.state.hold.on = true;
  w.view.slots[SLOT_CURRENT].dead = true; // a hold must not block heal for ever
  assert_row(decided(&w), disable, ACT_DISABLE);
}

ROW(unsure) {
  BEGIN;
  struct world w = world(PHASE_RETIRING);
  assert_row(decided(&w), unsure, ACT_PROVE);
  w = world(PHASE_RETIRING);
  w.view.slots[SLOT_CURRENT].proof = PROOF_UNKNOWN;
  w.view.slots[SLOT_CURRENT].prove_again_s = NOW + 8;
  struct action a = decided(&w);
  assert_row(a, unsure, ACT_WAIT);
  assert_true(a.attention);
  w = world(PHASE_RETIRING);
  w.view.iam_answered = false;
  assert_row(decided(&w), unsure, ACT_WAIT);
}

static struct world probed_retiring(enum key_seen previous) {
  struct world w = world(PHASE_RETIRING);
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
  w.view.slots[SLOT_PREVIOUS].key = previous;
  return w;
}

ROW(disable) {
  BEGIN;
  struct world w = probed_retiring(KEY_ACTIVE);
  struct action a = decided(&w);
  assert_row(a, disable, ACT_DISABLE);
  assert_string_equal(a.key_id, "ApiKey-previous");
}

ROW(quarantine) {
  BEGIN;
  struct world w = probed_retiring(KEY_DISABLED);
  w.view.slots[SLOT_PREVIOUS].modified_s = NOW - 120;
  struct action a = decided(&w);
  assert_row(a, quarantine, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW - 120 + 60 + w.policy.quarantine_s);
  w = probed_retiring(KEY_DISABLED);
  w.view.slots[SLOT_PREVIOUS].modified_s = NOW - 120;
  w.view.slots[SLOT_CURRENT].dead = true; // heal shall start
  assert_row(decided(&w), delete, ACT_DELETE);
}

ROW(delete) {
  BEGIN;
  struct world w = probed_retiring(KEY_DISABLED);
  struct action a = decided(&w);
  assert_row(a, delete, ACT_DELETE);
  assert_string_equal(a.key_id, "ApiKey-previous");
  w = probed_retiring(KEY_EXPIRED);
  assert_row(decided(&w), delete, ACT_DELETE);
  w = probed_retiring(KEY_DISABLED);
  w.view.slots[SLOT_PREVIOUS].locked = true;
  assert_row(decided(&w), delete, ACT_ATTENTION);
  w = probed_retiring(KEY_DISABLED);
  w.state.quarantine_s = 0;
  w.view.slots[SLOT_PREVIOUS].modified_s = NOW;
  assert_row(decided(&w), delete, ACT_DELETE);
}

ROW(retired) {
  BEGIN;
  struct world w = probed_retiring(KEY_GONE);
  assert_row(decided(&w), retired, ACT_CAS);
  w = probed_retiring(KEY_ABSENT);
  w.view.slots[SLOT_PREVIOUS].look_again_s = NOW + 10;
  assert_row(decided(&w), retired, ACT_WAIT);
}
