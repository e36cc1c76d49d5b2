// Rows of `staged` and `publishing`.
#include "tests/unit/engine/decide_rows.h"

ROW(give_up) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  w.state.wish.kind = WISH_GIVE_UP;
  assert_row(decided(&w), give_up, ACT_CAS);
  w = world(PHASE_STAGED);
  w.state.wish.kind = WISH_BACK_TO;
  assert_row(decided(&w), give_up, ACT_CAS);
}

static struct world unnoted(void) {
  struct world w = world(PHASE_STAGED);
  w.state.slots[SLOT_PENDING].key_id[0] = '\0';
  w.view.slots[SLOT_PENDING] = (struct slot_view){.key = KEY_NOT_ASKED};
  return w;
}

ROW(create) {
  BEGIN;
  struct world w = unnoted();
  assert_row(decided(&w), create, ACT_CREATE);
  w = unnoted();
  w.view.create_refused = true;
  assert_row(decided(&w), create, ACT_ATTENTION);
  w = unnoted();
  w.state.pending_from_iam = true; // another process staged it, a minute ago: it has two
  assert_row(decided(&w), create, ACT_WAIT);
  w = unnoted();
  w.state.pending_from_iam = true;
  w.state.phase_since_s = NOW - 120;
  assert_row(decided(&w), create, ACT_CAS);
  w = unnoted();
  w.state.pending_from_iam = w.view.is_stager = true;
  assert_row(decided(&w), create, ACT_CREATE);
  w = unnoted();
  w.view.iam_answered = false;
  assert_row(decided(&w), await, ACT_WAIT);
}

ROW(note) {
  BEGIN;
  struct world w = unnoted();
  strcpy(w.view.found_id, "ApiKey-found");
  struct action a = decided(&w);
  assert_row(a, note, ACT_CAS);
  assert_string_equal(a.key_id, "ApiKey-found");
  w = unnoted(); // found active (IAM ignored "disabled"): noted first all the same
  strcpy(w.view.found_id, "ApiKey-found");
  w.view.found_active = true;
  assert_row(decided(&w), note, ACT_CAS);
}

ROW(taken) {
  BEGIN;
  struct world w = unnoted();
  w.view.value_taken = true;
  assert_row(decided(&w), taken, ACT_CAS);
}

ROW(enable) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].key = KEY_DISABLED;
  struct action a = decided(&w);
  assert_row(a, enable, ACT_ENABLE);
  assert_string_equal(a.key_id, "ApiKey-pending");
}

ROW(lost) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].key = KEY_GONE;
  assert_row(decided(&w), lost, ACT_CAS);
  w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].key = KEY_ABSENT; // once is not gone
  w.view.slots[SLOT_PENDING].look_again_s = NOW + 10;
  assert_row(decided(&w), await, ACT_WAIT);
}

ROW(promote) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  struct action a = decided(&w);
  assert_row(a, promote, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_FULL);
  assert_int_equal(a.slot, SLOT_PENDING);
  w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].proof = PROOF_PROVEN;
  assert_row(decided(&w), promote, ACT_CAS);
  w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].proof = PROOF_PROBED; // a probe is not enough
  assert_row(decided(&w), promote, ACT_PROVE);
}

ROW(refute) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].proof = PROOF_REFUTED;
  w.view.slots[SLOT_PENDING].refutations = 3;
  assert_row(decided(&w), refute, ACT_CAS);
  w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].proof = PROOF_REFUTED;
  w.view.slots[SLOT_PENDING].refutations = 2;
  assert_row(decided(&w), promote, ACT_PROVE);
}

ROW(await) {
  BEGIN;
  struct world w = world(PHASE_STAGED);
  w.view.slots[SLOT_PENDING].proof = PROOF_UNKNOWN;
  w.view.slots[SLOT_PENDING].prove_again_s = NOW + 4;
  struct action a = decided(&w);
  assert_row(a, await, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW + 4);
  assert_false(a.attention);
  w = world(PHASE_STAGED);
  w.view.iam_answered = false;
  w.state.phase_since_s = NOW - w.policy.alert_after_s - 1;
  a = decided(&w);
  assert_row(a, await, ACT_WAIT);
  assert_true(a.attention);
}

ROW(swap) {
  BEGIN;
  static const enum phase phases[] = {PHASE_PUBLISHING, PHASE_GRACE};
  for (int i = 0; i < 2; i++) {
    struct world w = world(phases[i]);
    w.view.slots[SLOT_CURRENT].proof = PROOF_REFUTED;
    w.view.slots[SLOT_PREVIOUS].proof = PROOF_PROBED;
    assert_row(decided(&w), swap, ACT_CAS);
    w = world(phases[i]);
    w.view.slots[SLOT_CURRENT].dead = true;
    struct action a = decided(&w);
    assert_row(a, swap, ACT_PROVE); // never to a key that was not probed now
    assert_int_equal(a.slot, SLOT_PREVIOUS);
    w = world(phases[i]);
    w.state.wish.kind = WISH_BACK_TO;
    strcpy(w.state.wish.key_id, "ApiKey-previous");
    w.view.slots[SLOT_PREVIOUS].proof = PROOF_PROBED;
    assert_row(decided(&w), swap, ACT_CAS);
    w = world(phases[i]);
    w.state.wish.kind = WISH_BACK_TO;
    strcpy(w.state.wish.key_id,
           "ApiKey-another"); // a wish for a key that is not previous is not ours to fulfil
    w.view.slots[SLOT_PREVIOUS].proof = PROOF_PROBED;
    assert_string_not_equal(row_name(decided(&w).row), "swap");
    w = world(phases[i]);
    w.view.slots[SLOT_CURRENT].proof = PROOF_REFUTED;
    w.view.slots[SLOT_PREVIOUS].dead = true;
    assert_string_not_equal(row_name(decided(&w).row), "swap");
  }
}

ROW(both_dead) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  w.view.slots[SLOT_CURRENT].dead = w.view.slots[SLOT_PREVIOUS].dead = true;
  assert_row(decided(&w), both_dead, ACT_CAS);
  w = world(PHASE_PUBLISHING);
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  w.view.slots[SLOT_CURRENT].dead = true;
  assert_row(decided(&w), both_dead, ACT_CAS);
}

ROW(publish) {
  BEGIN;
  struct world w = world(PHASE_PUBLISHING);
  w.sinks[1].value = SINK_PREVIOUS;
  struct action a = decided(&w);
  assert_row(a, publish, ACT_WRITE_SINK);
  assert_int_equal(a.sink, 1);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].stamped = false; // the right value without this epoch's stamp is not published
  assert_row(decided(&w), publish, ACT_WRITE_SINK);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].listed = false;
  assert_row(decided(&w), publish, ACT_CAS);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].value = SINK_SILENT; // one that fails does not keep the other from being written
  w.sinks[1].value = SINK_EMPTY;
  a = decided(&w);
  assert_row(a, publish, ACT_WRITE_SINK);
  assert_int_equal(a.sink, 1);
}

ROW(reload) {
  BEGIN;
  struct world w = world(PHASE_PUBLISHING);
  w.view.has_hook = true;
  w.state.hook_epoch = 6;
  assert_row(decided(&w), reload, ACT_HOOK);
  w = world(PHASE_PUBLISHING);
  w.view.has_hook = true;
  w.state.hook_epoch = 6;
  w.view.hook_done = true;
  assert_row(decided(&w), reload, ACT_CAS);
  w = world(PHASE_PUBLISHING);
  w.view.has_hook = true;
  w.state.hook_epoch = 6;
  w.view.hook_failed = true;
  assert_row(decided(&w), reload, ACT_WAIT);
  w = world(PHASE_PUBLISHING);
  w.view.has_hook = true;
  w.state.hook_epoch = 6;
  w.sinks[0].stamped = false; // not before every sink is written
  assert_row(decided(&w), publish, ACT_WRITE_SINK);
}

ROW(settle) {
  BEGIN;
  struct world w = world(PHASE_PUBLISHING);
  struct action a = decided(&w);
  assert_row(a, settle, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_FULL);
  w = world(PHASE_PUBLISHING);
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROVEN;
  assert_row(decided(&w), settle, ACT_CAS);
  w = world(PHASE_PUBLISHING);
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
  assert_row(decided(&w), settle, ACT_PROVE);
}

ROW(stuck) {
  BEGIN;
  struct world w = world(PHASE_PUBLISHING);
  w.sinks[0].value = SINK_SILENT;
  struct action a = decided(&w);
  assert_row(a, stuck, ACT_WAIT);
  assert_false(a.attention);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].value = SINK_REFUSED;
  a = decided(&w);
  assert_row(a, stuck, ACT_WAIT);
  assert_true(a.attention);
  w = world(PHASE_PUBLISHING);
  w.view.slots[SLOT_CURRENT].dead = true; // and previous can't be probed
  w.view.slots[SLOT_PREVIOUS].proof = PROOF_UNKNOWN;
  w.view.slots[SLOT_PREVIOUS].prove_again_s = NOW + 5;
  a = decided(&w);
  assert_row(a, stuck, ACT_WAIT);
  assert_true(a.attention);
}
