// Rows that stop everything, rows without a state, of any phase, and of `idle`.
#include "tests/unit/engine/decide_rows.h"

ROW(unreadable) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.home = HOME_SILENT;
  assert_row(decided(&w), unreadable, ACT_WAIT);
  w = world(PHASE_IDLE);
  w.view.home = HOME_REFUSED;
  assert_row(decided(&w), unreadable, ACT_ATTENTION);
}

ROW(corrupt) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  w.view.home = HOME_CORRUPT;
  assert_row(decided(&w), corrupt, ACT_ATTENTION);
  w = world(PHASE_GRACE);
  w.view.home = HOME_BACK;
  w.view.back_for_s = 9;
  assert_row(decided(&w), corrupt, ACT_WAIT);
  w = world(PHASE_GRACE);
  w.view.home = HOME_BACK;
  w.view.back_for_s = 10;
  assert_row(decided(&w), corrupt, ACT_ATTENTION);
  w = world(PHASE_IDLE);
  w.view.witness_ahead = true;
  assert_row(decided(&w), corrupt, ACT_ATTENTION);
}

ROW(rebound) {
  BEGIN;
  struct world w = world(PHASE_RETIRING);
  w.view.home = HOME_REBOUND;
  assert_row(decided(&w), rebound, ACT_ATTENTION);
}

ROW(other_host) {
  BEGIN;
  struct world w = world(PHASE_PUBLISHING);
  w.view.other_host = true;
  assert_row(decided(&w), other_host, ACT_ATTENTION);
}

ROW(adopt) {
  BEGIN;
  struct world w = nothing(SINK_UNJUDGED);
  w.view.sinks_agree = true;
  w.view.adoptable = &w.adoptable;
  assert_row(decided(&w), adopt, ACT_CAS);
  w = nothing(SINK_UNJUDGED);
  w.view.iam_asked = w.view.iam_answered = false;
  assert_int_equal(decided(&w).kind, ACT_LOOK);
  w = nothing(SINK_UNJUDGED);
  w.view.iam_answered = false;
  assert_row(decided(&w), adopt, ACT_WAIT);
  w = nothing(SINK_UNJUDGED);
  w.sinks[1].value = SINK_SILENT;
  assert_row(decided(&w), adopt, ACT_WAIT);
  w = nothing(SINK_REFUSED);
  assert_row(decided(&w), adopt, ACT_ATTENTION);
}

ROW(first) {
  BEGIN;
  struct world w = nothing(SINK_EMPTY);
  w.view.command_init = true;
  assert_row(decided(&w), first, ACT_CAS);
}

ROW(unclear) {
  BEGIN;
  struct world w = nothing(SINK_EMPTY);
  assert_row(decided(&w), unclear, ACT_ATTENTION); // the command is not init
  w = nothing(SINK_EMPTY);
  w.view.command_init = true;
  w.view.tags_seen = true;
  assert_row(decided(&w), unclear, ACT_ATTENTION);
  w = nothing(SINK_UNJUDGED);
  w.view.sinks_agree =
      true; // one value, and IAM does not know it as an active key of this identity
  assert_int_equal(decided(&w).why, WHY_value_not_ours);
  w = nothing(SINK_UNJUDGED);
  assert_int_equal(decided(&w).why, WHY_sinks_disagree);
  w = nothing(SINK_UNJUDGED);
  w.view.sinks_agree = true;
  w.view.adoptable = &w.adoptable;
  w.view.tags_seen = true;
  assert_int_equal(decided(&w).why, WHY_tags_without_state);
}

ROW(drift) {
  BEGIN;
  static const enum phase phases[] = {PHASE_IDLE, PHASE_STAGED, PHASE_RETIRING};
  for (int i = 0; i < 3; i++) {
    struct world w = world(phases[i]);
    w.sinks[1].value = SINK_RETIRED;
    struct action a = decided(&w);
    assert_row(a, drift, ACT_WRITE_SINK);
    assert_int_equal(a.sink, 1);
  }
  struct world w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.sinks[0].listed = false; // durable before effect: it is listed before it is written
  assert_row(decided(&w), drift, ACT_CAS);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.sinks[0].acted = true; // passed over in this tick
  assert_row(decided(&w), rest, ACT_REST);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.view.slots[SLOT_CURRENT].dead = true; // a dead key is never written
  assert_row(decided(&w), heal, ACT_CAS);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.view.iam_asked = w.view.iam_answered = false;
  assert_int_equal(decided(&w).kind, ACT_LOOK);
}

ROW(foreign) {
  BEGIN;
  for (int p = 0; p < PHASE_COUNT; p++) {
    struct world w = world((enum phase)p);
    w.sinks[1].value = SINK_FOREIGN;
    struct action a = decided(&w);
    assert_row(a, foreign, ACT_ATTENTION);
    assert_int_equal(a.sink, 1);
  }
}

ROW(stray) {
  BEGIN;
  for (int p = 0; p < PHASE_COUNT; p++) {
    struct world w = world((enum phase)p);
    strcpy(w.view.stray_id, "ApiKey-stray");
    struct action a = decided(&w);
    assert_row(a, stray, ACT_DELETE);
    assert_string_equal(a.key_id, "ApiKey-stray");
  }
  struct world w = world(PHASE_IDLE);
  strcpy(w.view.stray_id, "ApiKey-stray");
  w.view.stray_locked = true;
  assert_row(decided(&w), stray, ACT_ATTENTION);
}

ROW(heal) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.slots[SLOT_CURRENT].dead = true;
  w.state.hold.on = true; // a hold does not keep a dead key
  w.view.window_open = false;
  assert_row(decided(&w), heal, ACT_CAS);
  w = world(PHASE_IDLE);
  slot_clear(&w.state.slots[SLOT_CURRENT]);
  assert_row(decided(&w), heal, ACT_CAS);
  w = world(PHASE_IDLE);
  w.view.slots[SLOT_CURRENT].dead = true;
  w.state.failures = 3;
  assert_row(decided(&w), blocked, ACT_ATTENTION);
  w = world(PHASE_IDLE);
  w.view.slots[SLOT_CURRENT].key = KEY_DISABLED; // seen once is not dead
  w.view.slots[SLOT_CURRENT].look_again_s = NOW + 10;
  struct action a = decided(&w);
  assert_row(a, rest, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW + 10);
}

ROW(due) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.due = true;
  assert_row(decided(&w), due, ACT_CAS);
  w = world(PHASE_IDLE);
  w.state.wish.kind = WISH_ROTATE;
  w.view.window_open = false; // a person who asks does not wait for a window
  assert_row(decided(&w), due, ACT_CAS);
  w = world(PHASE_IDLE);
  w.view.due = true;
  w.view.key_places_known = true;
  w.view.key_places = 2;
  assert_row(decided(&w), due, ACT_CAS);
}

static enum why why_blocked(struct world *w) {
  w->view.due = true;
  struct action a = decided(w);
  assert_string_equal(row_name(a.row), "blocked");
  return a.why;
}

ROW(blocked) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.state.hold.on = true;
  assert_int_equal(why_blocked(&w), WHY_hold);
  w = world(PHASE_IDLE);
  w.view.window_open = false;
  assert_int_equal(why_blocked(&w), WHY_window_closed);
  w = world(PHASE_IDLE);
  w.view.sink_lost = true;
  assert_int_equal(why_blocked(&w), WHY_sink_lost);
  w = world(PHASE_IDLE);
  w.state.failures = 3;
  assert_int_equal(why_blocked(&w), WHY_failures);
  w = world(PHASE_IDLE);
  w.view.key_places_known = true;
  w.view.key_places = 1;
  assert_int_equal(why_blocked(&w), WHY_key_places);
  w = world(PHASE_IDLE);
  w.view.iam_answered = false;
  assert_int_equal(why_blocked(&w), WHY_iam_silent);
  w = world(PHASE_IDLE);
  w.view.adopted_now = true;
  assert_int_equal(why_blocked(&w), WHY_adopted);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_REFUSED;
  assert_int_equal(why_blocked(&w), WHY_sink_refused);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_SILENT;
  assert_int_equal(why_blocked(&w), WHY_sink_silent);
  w = world(PHASE_IDLE); // an expired hold is none
  w.state.hold = (struct hold){.on = true, .until_s = NOW};
  w.view.due = true;
  assert_row(decided(&w), due, ACT_CAS);
}

ROW(rest) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.iam_asked = w.view.iam_answered = false;
  struct action a = decided(&w);
  assert_row(a, rest, ACT_REST); // IAM is not asked
  assert_int_equal(a.wait_s, NOW + w.policy.look_every_s);
  w = world(PHASE_IDLE);
  w.view.iam_asked = w.view.iam_answered = false;
  w.view.look_due = true;
  assert_int_equal(decided(&w).kind, ACT_LOOK);
  w = world(PHASE_IDLE);
  w.state.slots[SLOT_CURRENT].since_s = NOW - 91 * DAY;
  w.view.iam_asked = w.view.iam_answered = false;
  a = decided(&w);
  assert_true(a.attention);
  assert_int_equal(a.why, WHY_max_age);
  w = world(PHASE_IDLE);
  w.sinks[1].value = SINK_REFUSED;
  assert_row(decided(&w), rest, ACT_ATTENTION);
  w = world(PHASE_IDLE);
  w.view.iam_answered = false;
  assert_row(decided(&w), rest, ACT_WAIT);
}
