// Rows that stop everything, rows without a state, of any phase, and of `idle`.
#include "tests/unit/engine/decide_rows.h"

ROW(unreadable) {
  BEGIN;
  CASE(world(PHASE_IDLE), w.view.home = HOME_SILENT, unreadable, ACT_WAIT);
  CASE(world(PHASE_IDLE), w.view.home = HOME_REFUSED, unreadable, ACT_ATTENTION);
}

ROW(corrupt) {
  BEGIN;
  CASE(world(PHASE_GRACE), w.view.home = HOME_CORRUPT, corrupt, ACT_ATTENTION);
  CASE(world(PHASE_GRACE), (w.view.home = HOME_BACK, w.view.back_for_s = 9), corrupt, ACT_WAIT);
  CASE(world(PHASE_GRACE), (w.view.home = HOME_BACK, w.view.back_for_s = 10), corrupt,
       ACT_ATTENTION);
  CASE(world(PHASE_IDLE), w.view.witness_ahead = true, corrupt, ACT_ATTENTION);
}

ROW(rebound) {
  BEGIN;
  CASE(world(PHASE_RETIRING), w.view.home = HOME_REBOUND, rebound, ACT_ATTENTION);
}

ROW(other_host) {
  BEGIN;
  CASE(world(PHASE_PUBLISHING), w.view.other_host = true, other_host, ACT_ATTENTION);
}

ROW(adopt) {
  BEGIN;
  CASE(nothing(SINK_UNJUDGED), (w.view.sinks_agree = true, w.view.adoptable = &w.adoptable), adopt,
       ACT_CAS);
  CASE(nothing(SINK_UNJUDGED), w.view.iam_asked = w.view.iam_answered = false, adopt, ACT_LOOK);
  CASE(nothing(SINK_UNJUDGED), w.view.iam_answered = false, adopt, ACT_WAIT);
  CASE(nothing(SINK_UNJUDGED), w.sinks[1].value = SINK_SILENT, adopt, ACT_WAIT);
  CASE(nothing(SINK_REFUSED), 0, adopt, ACT_ATTENTION);
  // R3: a list that hides keys is no evidence that no other lineage has one
  WHY(nothing(SINK_UNJUDGED),
      (w.view.sinks_agree = w.view.list_short = true, w.view.adoptable = &w.adoptable), adopt,
      WHY_keys_hidden);
  assert_int_equal(a.kind, ACT_WAIT);
  WHY(nothing(SINK_EMPTY), w.view.command_init = w.view.list_short = true, adopt, WHY_keys_hidden);
  assert_int_equal(a.kind, ACT_WAIT);
}

ROW(first) {
  BEGIN;
  CASE(nothing(SINK_EMPTY), w.view.command_init = true, first, ACT_CAS);
}

ROW(unclear) {
  BEGIN;
  // the command is not init
  CASE(nothing(SINK_EMPTY), 0, unclear, ACT_ATTENTION);
  CASE(nothing(SINK_EMPTY), (w.view.command_init = true, w.view.tags_seen = true), unclear,
       ACT_ATTENTION);
  // one value, and IAM does not know it as an active key of this identity
  WHY(nothing(SINK_UNJUDGED), w.view.sinks_agree = true, unclear, WHY_value_not_ours);
  WHY(nothing(SINK_UNJUDGED), 0, unclear, WHY_sinks_disagree);
  WHY(nothing(SINK_UNJUDGED),
      (w.view.sinks_agree = true, w.view.adoptable = &w.adoptable, w.view.tags_seen = true),
      unclear, WHY_tags_without_state);
}

ROW(drift) {
  BEGIN;
  static const enum phase phases[] = {PHASE_IDLE, PHASE_STAGED, PHASE_RETIRING};
  for (int i = 0; i < 3; i++) {
    CASE(world(phases[i]), w.sinks[1].value = SINK_RETIRED, drift, ACT_WRITE_SINK);
    assert_int_equal(a.sink, 1);
  }
  // durable before effect: it is listed before it is written
  CASE(world(PHASE_IDLE), (w.sinks[0].value = SINK_EMPTY, w.sinks[0].listed = false), drift,
       ACT_CAS);
  // whoever put the current key there: on the list, under the name of today; IAM need not be asked
  for (int i = 0; i < 3; i++) {
    WHY(world(phases[i]), (w.sinks[1].listed = false, w.view.iam_answered = false), drift,
        WHY_sink_unlisted);
    assert_int_equal(a.kind, ACT_CAS);
    assert_int_equal(a.sink, 1);
    WHY(world(phases[i]), w.sinks[0].renamed = true, drift, WHY_sink_unlisted);
  }
  // passed over in this tick
  CASE(world(PHASE_IDLE), (w.sinks[0].value = SINK_EMPTY, w.sinks[0].acted = true), rest, ACT_REST);
  // a dead key is never written
  CASE(world(PHASE_IDLE), (w.sinks[0].value = SINK_EMPTY, CURRENT.dead = true), heal, ACT_CAS);
  CASE(world(PHASE_IDLE),
       (w.sinks[0].value = SINK_EMPTY, w.view.iam_asked = w.view.iam_answered = false), adopt,
       ACT_LOOK);
}

ROW(foreign) {
  BEGIN;
  for (int p = 0; p < PHASE_COUNT; p++) {
    CASE(world((enum phase)p), w.sinks[1].value = SINK_FOREIGN, foreign, ACT_ATTENTION);
    assert_int_equal(a.sink, 1);
    WHY(world((enum phase)p), w.sinks[1].value = SINK_CORRUPT, foreign, WHY_sink_corrupt);
    assert_int_equal(a.kind, ACT_ATTENTION);
  }
}

ROW(stray) {
  BEGIN;
  for (int p = 0; p < PHASE_COUNT; p++) {
    CASE(world((enum phase)p), (strcpy(w.view.stray_id, "ApiKey-stray")), stray, ACT_DELETE);
    assert_string_equal(a.key_id, "ApiKey-stray");
  }
  CASE(world(PHASE_IDLE), (strcpy(w.view.stray_id, "ApiKey-stray"), w.view.stray_locked = true),
       stray, ACT_ATTENTION);
  // our own key: it may be what we are authenticated with, when current is dead
  CASE(world(PHASE_IDLE), (strcpy(w.view.stray_id, "ApiKey-stray"), w.view.own.is = true), stray,
       ACT_DELETE);
  CASE(world(PHASE_IDLE),
       (strcpy(w.view.stray_id, "ApiKey-stray"), w.view.own.is = CURRENT.dead = true), heal,
       ACT_CAS);
}

ROW(heal) {
  BEGIN;
  // nothing is written that this look shows bad, be it once
  CASE(world(PHASE_IDLE), w.sinks[0].value = SINK_RETIRED, drift, ACT_WRITE_SINK);
  WHY(world(PHASE_IDLE),
      (w.sinks[0].value = SINK_RETIRED, CURRENT.key = KEY_ABSENT, CURRENT.look_again_s = NOW + 10),
      rest, WHY_absence);
  // our own key: nor what it does not show alive
  CASE(world(PHASE_IDLE), (w.sinks[0].value = SINK_RETIRED, w.view.own.is = true), drift,
       ACT_WRITE_SINK);
  CASE(world(PHASE_IDLE),
       (w.sinks[0].value = SINK_RETIRED, w.view.own.is = true, CURRENT.key = KEY_ABSENT,
        CURRENT.look_again_s = NOW + 10),
       rest, ACT_WAIT);
  // a hold does not keep a dead key
  CASE(world(PHASE_IDLE), (CURRENT.dead = true, w.state.hold.on = true, w.view.window_open = false),
       heal, ACT_CAS);
  CASE(world(PHASE_IDLE), (slot_clear(&w.state.slots[SLOT_CURRENT])), heal, ACT_CAS);
  CASE(world(PHASE_IDLE), (CURRENT.dead = true, w.state.failures = 3), blocked, ACT_ATTENTION);
  // seen once is not dead
  CASE(world(PHASE_IDLE), (CURRENT.key = KEY_DISABLED, CURRENT.look_again_s = NOW + 10), rest,
       ACT_WAIT);
  assert_int_equal(a.wait_s, NOW + 10);
}

static struct world due(void) {
  struct world w = world(PHASE_IDLE);
  w.view.due = true;
  return w;
}

ROW(probe) {
  BEGIN;
  // nothing is due, or a rotation cannot begin: at rest and in grace the key is proven all the same
  CASE(world(PHASE_IDLE), w.view.probe_due = true, probe, ACT_PROVE);
  assert_int_equal(a.slot, SLOT_CURRENT);
  assert_int_equal(a.proof, PROOF_PROBE);
  CASE(world(PHASE_GRACE), w.view.probe_due = true, probe, ACT_PROVE);
  CASE(world(PHASE_IDLE), (w.view.probe_due = w.view.due = w.state.hold.on = true), probe,
       ACT_PROVE);
  // the second try of a refusal comes later
  CASE(world(PHASE_IDLE), (w.view.probe_due = true, CURRENT.prove_again_s = NOW + 10), probe,
       ACT_WAIT);
  CASE(world(PHASE_IDLE), (w.view.probe_due = true, w.view.iam_asked = w.view.iam_answered = false),
       adopt, ACT_LOOK);
  // what is dead is not asked
  CASE(world(PHASE_IDLE), (w.view.probe_due = CURRENT.dead = true), heal, ACT_CAS);
  CASE(world(PHASE_IDLE), (w.view.probe_due = true, CURRENT.look_again_s = NOW + 5), rest,
       ACT_WAIT);
  // in grace, the way back goes first: refuted already, or wished for
  CASE(world(PHASE_GRACE), (w.view.probe_due = true, CURRENT.proof = PROOF_REFUTED), swap,
       ACT_PROVE);
  assert_int_equal(a.slot, SLOT_PREVIOUS);
  CASE(world(PHASE_GRACE),
       (w.view.probe_due = true, CURRENT.prove_again_s = NOW + 10, w.state.wish.kind = WISH_BACK_TO,
        strcpy(w.state.wish.key_id, "ApiKey-previous")),
       swap, ACT_PROVE);
  // no sink serves it: the sink is mended first
  CASE(world(PHASE_IDLE),
       (w.view.probe_due = true, w.sinks[0].value = w.sinks[1].value = SINK_EMPTY), drift,
       ACT_WRITE_SINK);
}

ROW(due) {
  BEGIN;
  CASE(due(), 0, due, ACT_CAS);
  // a person who asks does not wait for a window
  CASE(world(PHASE_IDLE), (w.state.wish.kind = WISH_ROTATE, w.view.window_open = false), due,
       ACT_CAS);
  CASE(due(), (w.view.key_places_known = true, w.view.key_places = 2), due, ACT_CAS);
  // … nor for what fails elsewhere; and a dead key is replaced whatever fails
  CASE(world(PHASE_IDLE), (w.state.wish.kind = WISH_ROTATE, w.view.fleet_fails = true), due,
       ACT_CAS);
  CASE(world(PHASE_IDLE), (CURRENT.dead = true, w.view.fleet_fails = true), heal, ACT_CAS);
}

ROW(blocked) {
  BEGIN;
  WHY(due(), w.state.hold.on = true, blocked, WHY_hold);
  WHY(due(), w.view.window_open = false, blocked, WHY_window_closed);
  WHY(due(), w.view.fleet_fails = true, blocked, WHY_fleet_fails);
  assert_int_equal(a.kind, ACT_REST);
  assert_false(a.attention);
  WHY(due(), w.view.sink_lost = true, blocked, WHY_sink_lost);
  WHY(due(), w.state.failures = 3, blocked, WHY_failures);
  WHY(due(), (w.view.key_places_known = true, w.view.key_places = 1), blocked, WHY_key_places);
  WHY(due(), w.view.iam_answered = false, blocked, WHY_iam_silent);
  WHY(due(), w.view.list_short = true, blocked, WHY_keys_hidden); // R3
  assert_int_equal(a.kind, ACT_WAIT);
  WHY(due(), w.view.adopted_now = true, blocked, WHY_adopted);
  WHY(due(), w.sinks[0].value = SINK_REFUSED, blocked, WHY_sink_refused);
  WHY(due(), w.sinks[1].unwritable = true, blocked, WHY_sink_refused);
  assert_true(a.attention);
  assert_int_equal(a.sink, 1);
  WHY(due(), w.sinks[0].value = SINK_SILENT, blocked, WHY_sink_silent);
  // an expired hold is none
  CASE(due(), (w.state.hold = (struct hold){.on = true, .until_s = NOW}), due, ACT_CAS);
}

ROW(rest) {
  BEGIN;
  // IAM is not asked
  CASE(world(PHASE_IDLE), w.view.iam_asked = w.view.iam_answered = false, rest, ACT_REST);
  assert_int_equal(a.wait_s, NOW + w.policy.look_every_s);
  CASE(world(PHASE_IDLE), (w.view.iam_asked = w.view.iam_answered = false, w.view.look_due = true),
       adopt, ACT_LOOK);
  CASE(world(PHASE_IDLE),
       (w.state.slots[SLOT_CURRENT].since_s = NOW - 91 * DAY,
        w.view.iam_asked = w.view.iam_answered = false),
       rest, ACT_REST);
  assert_true(a.attention);
  assert_int_equal(a.why, WHY_max_age);
  CASE(world(PHASE_IDLE), w.sinks[1].value = SINK_REFUSED, rest, ACT_ATTENTION);
  CASE(world(PHASE_IDLE), w.view.iam_answered = false, rest, ACT_WAIT);
  // R3: no rest while there may be keys that nobody sees; a dead key is replaced all the same
  WHY(world(PHASE_IDLE), w.view.list_short = true, rest, WHY_keys_hidden);
  assert_int_equal(a.kind, ACT_WAIT);
  CASE(world(PHASE_IDLE), w.view.list_short = CURRENT.dead = true, heal, ACT_CAS);
  // it does not work, and IAM shows it alive: a person is told for as long as that is so
  WHY(world(PHASE_IDLE), CURRENT.verdict.kind = VERDICT_NOT_WORKING, rest, WHY_refused);
  assert_true(a.attention);
}
