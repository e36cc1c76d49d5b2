// Rows of `staged` and `publishing`.
#include "tests/unit/engine/decide_rows.h"

ROW(give_up) {
  BEGIN;
  CASE(world(PHASE_STAGED), w.state.wish.kind = WISH_GIVE_UP, give_up, ACT_CAS);
  CASE(world(PHASE_STAGED), w.state.wish.kind = WISH_BACK_TO, give_up, ACT_CAS);
}

static struct world unnoted(void) {
  struct world w = world(PHASE_STAGED);
  w.state.slots[SLOT_PENDING].key_id[0] = '\0';
  PENDING = (struct slot_view){.key = KEY_NOT_ASKED};
  return w;
}

ROW(create) {
  BEGIN;
  CASE(unnoted(), 0, create, ACT_CREATE);
  CASE(unnoted(), w.view.create_refused = true, create, ACT_ATTENTION);
  // another process staged it, a minute ago: it has two
  CASE(unnoted(), w.state.pending_from_iam = true, create, ACT_WAIT);
  CASE(unnoted(), (w.state.pending_from_iam = true, w.state.phase_since_s = NOW - 120), create,
       ACT_CAS);
  CASE(unnoted(), (w.state.pending_from_iam = w.view.is_stager = true), create, ACT_CREATE);
  CASE(unnoted(), w.view.iam_answered = false, await, ACT_WAIT);
}

ROW(note) {
  BEGIN;
  CASE(unnoted(), (strcpy(w.view.found_id, "ApiKey-found")), note, ACT_CAS);
  assert_string_equal(a.key_id, "ApiKey-found");
  // found active (IAM ignored "disabled"): noted first all the same
  CASE(unnoted(), (strcpy(w.view.found_id, "ApiKey-found"), w.view.found_active = true), note,
       ACT_CAS);
}

ROW(taken) {
  BEGIN;
  CASE(unnoted(), w.view.value_taken = true, taken, ACT_CAS);
}

ROW(enable) {
  BEGIN;
  CASE(world(PHASE_STAGED), PENDING.key = KEY_DISABLED, enable, ACT_ENABLE);
  assert_string_equal(a.key_id, "ApiKey-pending");
  WHY(world(PHASE_STAGED), (PENDING.key = KEY_DISABLED, PENDING.locked = true), enable,
      WHY_pending_locked);
  assert_int_equal(a.kind, ACT_ATTENTION);
}

ROW(lost) {
  BEGIN;
  CASE(world(PHASE_STAGED), PENDING.key = KEY_GONE, lost, ACT_CAS);
  // once is not gone
  CASE(world(PHASE_STAGED), (PENDING.key = KEY_ABSENT, PENDING.look_again_s = NOW + 10), await,
       ACT_WAIT);
}

// Its test log was sent, and is looked for.
static struct world sent(enum arrival_seen seen, bool required) {
  struct world w = world(PHASE_STAGED);
  PENDING.proof = PROOF_PROVEN;
  PENDING.arrival = seen;
  PENDING.arrive_again_s = 0;
  w.policy.arrival_required = required;
  return w;
}

ROW(arrive) {
  BEGIN;
  for (int required = 0; required < 2; required++) {
    CASE(sent(ARRIVAL_SENT, required), 0, arrive, ACT_SEARCH);
    assert_int_equal(a.why, WHY_arrival_pending);
    assert_int_equal(a.slot, SLOT_PENDING);
    WHY(sent(ARRIVAL_SENT, required), PENDING.arrive_again_s = NOW + 7, arrive,
        WHY_arrival_pending);
    assert_int_equal(a.kind, ACT_WAIT);
    assert_int_equal(a.wait_s, NOW + 7);
    // No run's patience is too short for it.
    CASE(sent(ARRIVAL_SENT, required), PENDING.arrive_again_s = NOW + 90, arrive, ACT_WAIT);
    assert_int_equal(a.wait_s, NOW + 20);
    // Proven by a proof that nobody noted a log of: one more.
    CASE(sent(ARRIVAL_UNSENT, required), 0, arrive, ACT_PROVE);
    assert_int_equal(a.proof, PROOF_PROBE);
    CASE(sent(ARRIVAL_UNSENT, required), PENDING.prove_again_s = NOW + 3, arrive, ACT_WAIT);
    CASE(sent(ARRIVAL_UNSENT, required), PENDING.proof = PROOF_NONE, promote, ACT_PROVE);
    CASE(sent(ARRIVAL_FOUND, required), 0, promote, ACT_CAS);
    CASE(sent(ARRIVAL_OFF, required), 0, promote, ACT_CAS);
    CASE(sent(ARRIVAL_SENT, required), w.view.iam_answered = false, await, ACT_WAIT);
    CASE(sent(ARRIVAL_SENT, required), PENDING.key = KEY_GONE, lost, ACT_CAS);
    // A key that is refused is refuted, whatever became of its logs.
    CASE(sent(ARRIVAL_MISSED, required), (PENDING.proof = PROOF_REFUTED, PENDING.refutations = 3),
         refute, ACT_CAS);
    CASE(sent(ARRIVAL_SENT, required), w.state.wish.kind = WISH_GIVE_UP, give_up, ACT_CAS);
  }
  // Not known is no refusal: it holds back where it is said to.
  WHY(sent(ARRIVAL_MISSED, false), 0, promote, WHY_arrival_missed);
  assert_int_equal(a.kind, ACT_CAS);
  WHY(sent(ARRIVAL_REFUSED, false), 0, promote, WHY_arrival_refused);
  assert_int_equal(a.kind, ACT_CAS);
  WHY(sent(ARRIVAL_MISSED, true), PENDING.arrive_again_s = NOW + 600, arrive, WHY_arrival_missed);
  assert_int_equal(a.kind, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW + 600);
  assert_false(a.attention);
  WHY(sent(ARRIVAL_MISSED, true), w.state.phase_since_s = NOW - w.policy.alert_after_s - 1, arrive,
      WHY_arrival_missed);
  assert_true(a.attention);
  WHY(sent(ARRIVAL_REFUSED, true), 0, arrive, WHY_arrival_refused);
  assert_true(a.attention);
}

ROW(promote) {
  BEGIN;
  CASE(world(PHASE_STAGED), 0, promote, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_FULL);
  assert_int_equal(a.slot, SLOT_PENDING);
  CASE(world(PHASE_STAGED), PENDING.proof = PROOF_PROVEN, promote, ACT_CAS);
  // a probe is not enough
  CASE(world(PHASE_STAGED), PENDING.proof = PROOF_PROBED, promote, ACT_PROVE);
}

ROW(refute) {
  BEGIN;
  CASE(world(PHASE_STAGED), (PENDING.proof = PROOF_REFUTED, PENDING.refutations = 3), refute,
       ACT_CAS);
  CASE(world(PHASE_STAGED), (PENDING.proof = PROOF_REFUTED, PENDING.refutations = 2), promote,
       ACT_PROVE);
}

ROW(await) {
  BEGIN;
  CASE(world(PHASE_STAGED), (PENDING.proof = PROOF_UNKNOWN, PENDING.prove_again_s = NOW + 4), await,
       ACT_WAIT);
  assert_int_equal(a.wait_s, NOW + 4);
  assert_false(a.attention);
  CASE(world(PHASE_STAGED),
       (w.view.iam_answered = false, w.state.phase_since_s = NOW - w.policy.alert_after_s - 1),
       await, ACT_WAIT);
  assert_true(a.attention);
}

ROW(swap) {
  BEGIN;
  static const enum phase phases[] = {PHASE_PUBLISHING, PHASE_GRACE};
  for (int i = 0; i < 2; i++) {
    CASE(world(phases[i]), (CURRENT.proof = PROOF_REFUTED, PREVIOUS.proof = PROOF_PROBED), swap,
         ACT_CAS);
    // never to a key that was not probed now
    CASE(world(phases[i]), CURRENT.dead = true, swap, ACT_PROVE);
    assert_int_equal(a.slot, SLOT_PREVIOUS);
    CASE(world(phases[i]),
         (w.state.wish.kind = WISH_BACK_TO, strcpy(w.state.wish.key_id, "ApiKey-previous"),
          PREVIOUS.proof = PROOF_PROBED),
         swap, ACT_CAS);
    // a wish for a key that is not previous is not ours to fulfil
    w = world(phases[i]);
    w.state.wish.kind = WISH_BACK_TO;
    strcpy(w.state.wish.key_id, "ApiKey-another");
    PREVIOUS.proof = PROOF_PROBED;
    assert_string_not_equal(row_name(decided(&w).row), "swap");
    w = world(phases[i]);
    CURRENT.proof = PROOF_REFUTED;
    PREVIOUS.dead = true;
    assert_string_not_equal(row_name(decided(&w).row), "swap");
  }
}

ROW(both_dead) {
  BEGIN;
  CASE(world(PHASE_GRACE), (CURRENT.dead = PREVIOUS.dead = true), both_dead, ACT_CAS);
  CASE(world(PHASE_PUBLISHING), (slot_clear(&w.state.slots[SLOT_PREVIOUS]), CURRENT.dead = true),
       both_dead, ACT_CAS);
}

ROW(publish) {
  BEGIN;
  CASE(world(PHASE_PUBLISHING), w.sinks[1].value = SINK_PREVIOUS, publish, ACT_WRITE_SINK);
  assert_int_equal(a.sink, 1);
  // the right value without this epoch's stamp is not published
  CASE(world(PHASE_PUBLISHING), w.sinks[0].stamped = false, publish, ACT_WRITE_SINK);
  CASE(world(PHASE_PUBLISHING), w.sinks[0].listed = false, publish, ACT_CAS);
  // one that fails does not keep the other from being written
  CASE(world(PHASE_PUBLISHING), (w.sinks[0].value = SINK_SILENT, w.sinks[1].value = SINK_EMPTY),
       publish, ACT_WRITE_SINK);
  assert_int_equal(a.sink, 1);
  // nothing is written that this look shows bad, be it once
  WHY(world(PHASE_PUBLISHING),
      (w.sinks[0].value = SINK_RETIRED, CURRENT.key = KEY_ABSENT, CURRENT.look_again_s = NOW + 10),
      stuck, WHY_absence);
  assert_int_equal(a.wait_s, NOW + 10);
  // our own key: nor what it does not show alive
  CASE(world(PHASE_PUBLISHING), (w.sinks[0].value = SINK_RETIRED, w.view.own.is = true), publish,
       ACT_WRITE_SINK);
  CASE(world(PHASE_PUBLISHING), (w.sinks[0].value = SINK_RETIRED, CURRENT.key = KEY_NOT_ASKED),
       publish, ACT_WRITE_SINK);
  CASE(world(PHASE_PUBLISHING),
       (w.sinks[0].value = SINK_RETIRED, w.view.own.is = true, CURRENT.key = KEY_NOT_ASKED), stuck,
       ACT_WAIT);
}

static struct world before_reload(void) {
  struct world w = world(PHASE_PUBLISHING);
  w.view.has_hook = true;
  w.state.hook_epoch = 6;
  return w;
}

ROW(reload) {
  BEGIN;
  CASE(before_reload(), 0, reload, ACT_HOOK);
  CASE(before_reload(), w.view.hook_done = true, reload, ACT_CAS);
  CASE(before_reload(), w.view.hook_failed = true, reload, ACT_WAIT);
  // not before every sink is written
  CASE(before_reload(), w.sinks[0].stamped = false, publish, ACT_WRITE_SINK);
}

ROW(settle) {
  BEGIN;
  CASE(world(PHASE_PUBLISHING), 0, settle, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_FULL);
  CASE(world(PHASE_PUBLISHING), CURRENT.proof = PROOF_PROVEN, settle, ACT_CAS);
  CASE(world(PHASE_PUBLISHING), CURRENT.proof = PROOF_PROBED, settle, ACT_PROVE);
}

ROW(stuck) {
  BEGIN;
  CASE(world(PHASE_PUBLISHING), w.sinks[0].value = SINK_SILENT, stuck, ACT_WAIT);
  assert_false(a.attention);
  CASE(world(PHASE_PUBLISHING), w.sinks[0].value = SINK_REFUSED, stuck, ACT_WAIT);
  assert_true(a.attention);
  // and previous can't be probed
  CASE(world(PHASE_PUBLISHING),
       (CURRENT.dead = true, PREVIOUS.proof = PROOF_UNKNOWN, PREVIOUS.prove_again_s = NOW + 5),
       stuck, ACT_WAIT);
  assert_true(a.attention);
}
