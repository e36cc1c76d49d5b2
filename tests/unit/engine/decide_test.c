// One test a row of the table, with the row's name; where a row has more than one face, one case each.
#include "tests/unit/engine/world.h"

#define ROW(name) static void row_##name(void **unused)
#define BEGIN (void)unused

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
  assert_row(decided(&w), unclear, ACT_ATTENTION);  // the command is not init
  w = nothing(SINK_EMPTY);
  w.view.command_init = true;
  w.view.tags_seen = true;
  assert_row(decided(&w), unclear, ACT_ATTENTION);
  w = nothing(SINK_UNJUDGED);
  w.view.sinks_agree = true;  // one value, and IAM does not know it as an active key of this identity
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
  w.sinks[0].listed = false;  // durable before effect: it is listed before it is written
  assert_row(decided(&w), drift, ACT_CAS);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.sinks[0].acted = true;  // passed over in this tick
  assert_row(decided(&w), rest, ACT_REST);
  w = world(PHASE_IDLE);
  w.sinks[0].value = SINK_EMPTY;
  w.view.slots[SLOT_CURRENT].dead = true;  // a dead key is never written
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
  w.state.hold.on = true;  // a hold does not keep a dead key
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
  w.view.slots[SLOT_CURRENT].key = KEY_DISABLED;  // seen once is not dead
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
  w.view.window_open = false;  // a person who asks does not wait for a window
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
  w = world(PHASE_IDLE);  // an expired hold is none
  w.state.hold = (struct hold){.on = true, .until_s = NOW};
  w.view.due = true;
  assert_row(decided(&w), due, ACT_CAS);
}

ROW(rest) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.iam_asked = w.view.iam_answered = false;
  struct action a = decided(&w);
  assert_row(a, rest, ACT_REST);  // IAM is not asked
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
  w.state.pending_from_iam = true;  // another process staged it, a minute ago: it has two
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
  w = unnoted();  // found active (IAM ignored "disabled"): noted first all the same
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
  w.view.slots[SLOT_PENDING].key = KEY_ABSENT;  // once is not gone
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
  w.view.slots[SLOT_PENDING].proof = PROOF_PROBED;  // a probe is not enough
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
    assert_row(a, swap, ACT_PROVE);  // never to a key that was not probed now
    assert_int_equal(a.slot, SLOT_PREVIOUS);
    w = world(phases[i]);
    w.state.wish.kind = WISH_BACK_TO;
    strcpy(w.state.wish.key_id, "ApiKey-previous");
    w.view.slots[SLOT_PREVIOUS].proof = PROOF_PROBED;
    assert_row(decided(&w), swap, ACT_CAS);
    w = world(phases[i]);
    w.state.wish.kind = WISH_BACK_TO;
    strcpy(w.state.wish.key_id, "ApiKey-another");  // a wish for a key that is not previous is not ours to fulfil
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
  w.sinks[0].stamped = false;  // the right value without this epoch's stamp is not published
  assert_row(decided(&w), publish, ACT_WRITE_SINK);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].listed = false;
  assert_row(decided(&w), publish, ACT_CAS);
  w = world(PHASE_PUBLISHING);
  w.sinks[0].value = SINK_SILENT;  // one that fails does not keep the other from being written
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
  w.sinks[0].stamped = false;  // not before every sink is written
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
  w.view.slots[SLOT_CURRENT].dead = true;  // and previous can't be probed
  w.view.slots[SLOT_PREVIOUS].proof = PROOF_UNKNOWN;
  w.view.slots[SLOT_PREVIOUS].prove_again_s = NOW + 5;
  a = decided(&w);
  assert_row(a, stuck, ACT_WAIT);
  assert_true(a.attention);
}

ROW(moved) {
  BEGIN;
  struct world w = world(PHASE_GRACE);
  w.sinks[1].noted = false;  // the value is right, but somebody wrote it
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
  w = world(PHASE_GRACE);  // used before reload_within was over, within IAM's minute: quiet
  end_grace(&w);
  w.view.previous_used_known = true;
  w.view.previous_used_s = w.state.phase_since_s + w.policy.reload_within_s - 60;
  assert_row(decided(&w), retire, ACT_CAS);
  w = world(PHASE_GRACE);  // grace 0: the brake is off
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
  w.view.slots[SLOT_CURRENT].dead = true;  // a hold must not block heal for ever
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
  w.view.slots[SLOT_CURRENT].dead = true;  // heal shall start
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

static void working_key(void **unused) {
  BEGIN;
  struct world w = world(PHASE_IDLE);
  w.view.sinks = w.sinks;
  w.view.state = &w.state;
  assert_int_equal(view_working(&w.view), WORKING_YES);
  w.sinks[1].value = SINK_EMPTY;
  assert_int_equal(view_working(&w.view), WORKING_NO);
  w.sinks[1].value = SINK_FOREIGN;
  assert_int_equal(view_working(&w.view), WORKING_UNKNOWN);
  w.sinks[1].value = SINK_CURRENT;
  w.view.slots[SLOT_CURRENT].dead = true;
  assert_int_equal(view_working(&w.view), WORKING_NO);
  state_clear(&w.state);
}

int main(void) {
#define X(name) cmocka_unit_test(row_##name),
  const struct CMUnitTest tests[] = {ROW_LIST(X) cmocka_unit_test(working_key)};
#undef X
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
