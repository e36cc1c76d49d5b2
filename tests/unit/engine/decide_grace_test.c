// Rows of `grace` and `retiring`.
#include "tests/unit/engine/decide_rows.h"

ROW(moved) {
  BEGIN;
  // the value is right, but somebody wrote it
  CASE(world(PHASE_GRACE), w.sinks[1].noted = false, moved, ACT_CAS);
  assert_false(a.attention);
  CASE(world(PHASE_GRACE), (w.sinks[1].value = SINK_PREVIOUS, w.state.moved = 2), moved, ACT_CAS);
  assert_true(a.attention);
  // another value, or a sink that is new to the list, is moved however it was written
  CASE(world(PHASE_GRACE),
       (w.sinks[1].value = SINK_PREVIOUS, w.sinks[1].noted = false, w.sinks[1].rewritten = true),
       moved, ACT_CAS);
  CASE(world(PHASE_GRACE), (w.sinks[1].listed = false, w.sinks[1].rewritten = true), moved,
       ACT_CAS);
}

static struct world rewritten(void) {
  struct world w = world(PHASE_GRACE);
  w.sinks[1].class = STORE_CLASS_B;
  w.sinks[1].noted = false;
  w.sinks[1].rewritten = true;
  return w;
}

// R1: the same bytes, written by somebody else, are not moved.
ROW(rewritten) {
  BEGIN;
  CASE(rewritten(), 0, rewritten, ACT_CAS);
  assert_int_equal(a.sink, 1);
  assert_false(a.attention);
  CASE(rewritten(), w.state.phase_since_s = NOW - 2 * DAY, rewritten, ACT_CAS); // before it ends
  // its time is IAM's
  CASE(rewritten(), w.view.iam_answered = false, serve, ACT_WAIT);
}

// Grace is over, and current was probed.
static struct world ended(void) {
  struct world w = world(PHASE_GRACE);
  w.state.phase_since_s = NOW - 2 * DAY;
  w.view.slots[SLOT_CURRENT].proof = PROOF_PROBED;
  return w;
}

// … and somebody used the old key.
static struct world used(int64_t when_s) {
  struct world w = ended();
  w.view.previous_used_known = true;
  w.view.previous_used_s = when_s;
  return w;
}

// A short grace that ended long after the old key was last used, which was late; the new one came
// into use after that.
static struct world used_late(int64_t ago_s) {
  struct world w = used(NOW - POLICY_DEFAULT.reload_within_s - 3600 - ago_s);
  w.state.phase_since_s = w.view.previous_used_s - w.policy.reload_within_s - 120;
  w.state.grace_s = 3600;
  w.state.late_s = w.view.previous_used_s;
  w.state.in_use_s = w.view.previous_used_s + 60;
  return w;
}

// The same in a grace of a day, of which the old key's last use was `ago_s` ago.
static struct world used_late_in_a_day(int64_t ago_s) {
  struct world w = used(NOW - ago_s);
  w.state.phase_since_s = NOW - 4 * DAY;
  return w;
}

// Grace that somebody was late in, a while ago.
static struct world late_now(void) {
  struct world w = world(PHASE_GRACE);
  w.state.phase_since_s = NOW - 4 * 3600;
  w.view.previous_used_known = true;
  w.view.previous_used_s = NOW - 600;
  w.view.current_unused = true;
  return w;
}

// R11: who used which key first is noted when it is seen.
ROW(use) {
  BEGIN;
  WHY(world(PHASE_GRACE), w.view.current_used_s = NOW - 60, use, WHY_in_use);
  assert_int_equal(a.kind, ACT_CAS);
  WHY(late_now(), 0, use, WHY_used_late);
  assert_int_equal(a.kind, ACT_CAS);
  WHY(late_now(), w.view.current_used_s = NOW - 60, use, WHY_in_use);
  WHY(late_now(), w.state.late_s = NOW - 7200, use, WHY_used_late); // once more
  // noted, or not to be told
  CASE(world(PHASE_GRACE), (w.view.current_used_s = NOW - 60, w.state.in_use_s = NOW - 600), serve,
       ACT_WAIT);
  CASE(world(PHASE_GRACE), (w.view.current_used_s = NOW - 60, w.view.iam_answered = false), serve,
       ACT_WAIT);
  CASE(late_now(), w.state.in_use_s = NOW - 7200, serve, ACT_WAIT);
  CASE(late_now(), w.view.current_unused = false, serve, ACT_WAIT);
  CASE(late_now(), w.state.late_s = NOW - 600, serve, ACT_WAIT);
  CASE(late_now(), w.view.previous_used_s = NOW - 3 * 3600, serve, ACT_WAIT); // in time
}

// R11: a consumer that exchanges every few hours, late once, is no consumer that moved over.
static struct world seen_to_move(int64_t ago_s) {
  struct world w = used_late_in_a_day(ago_s);
  w.state.late_s = w.view.previous_used_s;
  w.state.in_use_s = w.view.previous_used_s + 60;
  return w;
}

void test_r11_late_use_counts_until_the_new_key_is_in_use(void **unused) {
  BEGIN;
  int64_t next_s = POLICY_DEFAULT.reload_within_s + 3600;
  // nobody was seen to use the new key: a send every four hours is not cut off …
  WHY(used_late_in_a_day(4 * 3600), 0, serve, WHY_still_used);
  WHY(used_late_in_a_day(DAY + 60), 0, serve, WHY_still_used);
  // … and one that is gone is not waited for, for ever
  CASE(used_late_in_a_day(DAY + 61), 0, retire, ACT_CAS);
  // the new key came into use after that: it moved over
  CASE(seen_to_move(next_s + 61), 0, retire, ACT_CAS);
  WHY(seen_to_move(next_s + 59), 0, serve, WHY_still_used);
  // others may have used it before: that says nothing of this one
  WHY(seen_to_move(next_s + 61), w.state.late_s = 0, serve, WHY_still_used);
  WHY(used_late_in_a_day(next_s + 61), w.state.late_s = w.view.previous_used_s, serve,
      WHY_still_used);
  // nor does it of one who used the old key once more
  WHY(seen_to_move(next_s + 61), w.state.late_s -= 60, serve, WHY_still_used);
  CASE(seen_to_move(DAY + 61), w.state.late_s = 0, retire, ACT_CAS);
  // a grace shorter than a token's life says nothing of anybody: then that life counts
  WHY(used_late_in_a_day(next_s + 59), w.state.grace_s = 1800, serve, WHY_still_used);
  CASE(used_late_in_a_day(next_s + 61), w.state.grace_s = 1800, retire, ACT_CAS);
}

// A person said in this grace that the old key may go.
static struct world asked(struct world w, enum wish_kind kind) {
  w.state.wish = (struct wish){.kind = kind, .at_s = w.state.phase_since_s};
  strcpy(w.state.wish.key_id, "ApiKey-previous");
  return w;
}

// R1: the end of grace after a sink was written anew `ago_s` ago.
static struct world written_ago(int64_t ago_s) {
  struct world w = ended();
  w.state.phase_since_s = NOW - w.policy.grace_s - 60;
  w.state.rewritten_s = NOW - ago_s;
  return w;
}

void test_r1_readers_of_what_stood_between(void **unused) {
  BEGIN;
  CASE(written_ago(POLICY_DEFAULT.reload_within_s), 0, retire, ACT_CAS);
  WHY(written_ago(POLICY_DEFAULT.reload_within_s - 1), 0, serve, WHY_grace);
  assert_int_equal(a.wait_s, NOW + 1);
  // but no longer than another grace, however often it is written
  CASE(written_ago(1), w.state.phase_since_s = NOW - 2 * w.policy.grace_s, retire, ACT_CAS);
  WHY(written_ago(1), w.state.phase_since_s = NOW - 2 * w.policy.grace_s + 1, serve, WHY_grace);
  // whoever ends the grace by hand, or wants none, ends that as well
  CASE(written_ago(1), w.state.grace_s = 0, retire, ACT_CAS);
  CASE(asked(written_ago(1), WISH_RETIRE), 0, retire, ACT_CAS);
}

// R1: a grace that began again three times is told for as long as it lasts, by whatever run.
void test_r1_attention_over_runs(void **unused) {
  BEGIN;
  WHY(world(PHASE_GRACE), w.state.moved = 2, serve, WHY_grace);
  assert_false(a.attention);
  WHY(world(PHASE_GRACE), w.state.moved = 3, serve, WHY_moved_often);
  assert_true(a.attention);
  CASE(world(PHASE_PUBLISHING),
       (w.state.moved = 3, CURRENT.proof = PROOF_UNKNOWN, CURRENT.prove_again_s = NOW + 9), stuck,
       ACT_WAIT);
  assert_true(a.attention);
  CASE(ended(), w.state.moved = 3, retire, ACT_CAS);
}

ROW(retire) {
  BEGIN;
  CASE(ended(), 0, retire, ACT_CAS);
  CASE(ended(), CURRENT.proof = PROOF_NONE, retire, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_PROBE);
  // used before reload_within was over, within IAM's minute: quiet
  CASE(used(NOW - 2 * DAY + POLICY_DEFAULT.reload_within_s - 60), 0, retire, ACT_CAS);
  // grace 0: the brake is off
  CASE(used(NOW - 60), w.state.grace_s = 0, retire, ACT_CAS);
  // dead, or not there, in this look: the second one comes first
  WHY(ended(), (CURRENT.key = KEY_DISABLED, CURRENT.look_again_s = NOW + 9), serve, WHY_absence);
  // our own key (section 8)
  static const struct own_view ours = {
      .is = true, .reads_current = true, .by_current = true, .began_after = true};
  CASE(ended(), w.view.own = ours, retire, ACT_CAS);
  WHY(ended(), (w.view.own = ours, w.view.own.began_after = false), serve, WHY_own_run);
  WHY(ended(), (w.view.own = ours, w.view.own.by_current = false), serve, WHY_own_run);
  WHY(ended(), (w.view.own = ours, w.view.own.reads_current = false), serve, WHY_own_old);
  CASE(used(NOW - 60), w.policy.on_still_used = POLICY_STILL_USED_CONTINUE, retire, ACT_CAS);
  // used late, and not for reload_within and a token's life since: moved over
  CASE(used_late(61), 0, retire, ACT_CAS);
  CASE(used_late(59), 0, serve, ACT_WAIT);
  // stop, with a limit that is reached
  CASE(used(NOW - 60), w.policy.still_used_limit_s = DAY, retire, ACT_CAS);
}

void test_retire_as_asked(void **unused) {
  BEGIN;
  // neither the brake nor the grace counts, the probe does
  CASE(asked(used(NOW - 60), WISH_RETIRE), 0, retire, ACT_CAS);
  CASE(asked(used(NOW - 60), WISH_ROTATE), 0, retire, ACT_CAS);
  CASE(asked(world(PHASE_GRACE), WISH_RETIRE), CURRENT.proof = PROOF_PROBED, retire, ACT_CAS);
  CASE(asked(used(NOW - 60), WISH_RETIRE), CURRENT.proof = PROOF_NONE, retire, ACT_PROVE);
  assert_int_equal(a.proof, PROOF_PROBE);
  WHY(asked(used(NOW - 60), WISH_RETIRE),
      (CURRENT.proof = PROOF_UNKNOWN, CURRENT.prove_again_s = NOW + 8), serve, WHY_proof_unknown);
  // … and so does everything else
  WHY(asked(used(NOW - 60), WISH_RETIRE), w.state.hold.on = true, serve, WHY_hold);
  WHY(asked(used(NOW - 60), WISH_RETIRE), w.view.sink_lost = true, serve, WHY_sink_lost);
  WHY(asked(used(NOW - 60), WISH_RETIRE), w.sinks[0].value = SINK_SILENT, serve, WHY_sink_silent);
  CASE(asked(used(NOW - 60), WISH_RETIRE), w.sinks[1].noted = false, moved, ACT_CAS);
  // asked for of another key, or before this grace began, or something else: not asked for
  WHY(asked(used(NOW - 60), WISH_RETIRE), strcpy(w.state.wish.key_id, "ApiKey-other"), serve,
      WHY_still_used);
  WHY(asked(used(NOW - 60), WISH_RETIRE), w.state.wish.at_s--, serve, WHY_still_used);
  WHY(asked(used(NOW - 60), WISH_GIVE_UP), 0, serve, WHY_still_used);
}

ROW(serve) {
  BEGIN;
  CASE(world(PHASE_GRACE), 0, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_grace);
  // what keeps grace from ending is told when it is seen
  WHY(world(PHASE_GRACE), w.sinks[1].value = SINK_REFUSED, serve, WHY_sink_refused);
  assert_true(a.attention);
  CASE(ended(), w.state.hold.on = true, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_hold);
  CASE(ended(), w.view.sink_lost = true, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_sink_lost);
  CASE(ended(), w.sinks[0].value = SINK_SILENT, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_sink_silent);
  CASE(ended(), w.sinks[1].value = SINK_REFUSED, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_sink_refused);
  CASE(used(NOW - 60), 0, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_still_used);
  CASE(ended(), w.view.iam_answered = false, serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_iam_silent);
  CASE(ended(), (CURRENT.proof = PROOF_UNKNOWN, CURRENT.prove_again_s = NOW + 8), serve, ACT_WAIT);
  assert_int_equal(a.why, WHY_proof_unknown);
}

ROW(held) {
  BEGIN;
  CASE(world(PHASE_RETIRING), (w.state.hold.on = true, PREVIOUS.key = KEY_DISABLED), held,
       ACT_ENABLE);
  assert_string_equal(a.key_id, "ApiKey-previous");
  CASE(world(PHASE_RETIRING), w.state.hold.on = true, held, ACT_WAIT);
  WHY(world(PHASE_RETIRING),
      (w.state.hold.on = true, PREVIOUS.key = KEY_DISABLED, PREVIOUS.locked = true), held,
      WHY_previous_locked);
  // a hold must not block heal for ever
  CASE(world(PHASE_RETIRING), (w.state.hold.on = true, CURRENT.dead = true), disable, ACT_DISABLE);
}

ROW(unsure) {
  BEGIN;
  CASE(world(PHASE_RETIRING), 0, unsure, ACT_PROVE);
  CASE(world(PHASE_RETIRING), (CURRENT.proof = PROOF_UNKNOWN, CURRENT.prove_again_s = NOW + 8),
       unsure, ACT_WAIT);
  assert_true(a.attention);
  WHY(world(PHASE_RETIRING), PREVIOUS.locked = true, unsure, WHY_previous_locked);
  CASE(world(PHASE_RETIRING), w.view.iam_answered = false, unsure, ACT_WAIT);
}

static struct world probed_retiring(enum key_seen previous) {
  struct world w = world(PHASE_RETIRING);
  CURRENT.proof = PROOF_PROBED;
  PREVIOUS.key = previous;
  w.state.phase_since_s = NOW - 2 * DAY;
  w.state.disabled_s = previous == KEY_DISABLED ? NOW - 2 * DAY : 0;
  return w;
}

// R2: the quarantine counts from what was seen, not from what was to be done.
ROW(noted) {
  BEGIN;
  WHY(probed_retiring(KEY_DISABLED), w.state.disabled_s = 0, noted, WHY_noted_disabled);
  assert_int_equal(a.kind, ACT_CAS);
  // the note must not outlive the disabling: somebody enabled it, or a hold wants to
  WHY(probed_retiring(KEY_ACTIVE), w.state.disabled_s = NOW - DAY, noted, WHY_noted_active);
  WHY(probed_retiring(KEY_DISABLED), w.state.hold.on = true, noted, WHY_noted_active);
  // nothing to note: no look, no quarantine, a dead current, or nothing new
  CASE(probed_retiring(KEY_DISABLED), (w.state.disabled_s = 0, w.view.iam_answered = false), unsure,
       ACT_WAIT);
  CASE(probed_retiring(KEY_DISABLED), (w.state.disabled_s = 0, w.state.quarantine_s = 0), delete,
       ACT_DELETE);
  CASE(probed_retiring(KEY_DISABLED), (w.state.disabled_s = 0, CURRENT.dead = true), delete,
       ACT_DELETE);
  CASE(probed_retiring(KEY_GONE), w.state.disabled_s = NOW - DAY, retired, ACT_CAS);
}

ROW(disable) {
  BEGIN;
  WHY(probed_retiring(KEY_ACTIVE), PREVIOUS.locked = true, disable, WHY_previous_locked);
  assert_int_equal(a.kind, ACT_ATTENTION);
  CASE(probed_retiring(KEY_ACTIVE), w.state.phase_since_s = NOW - 60, disable, ACT_DISABLE);
  assert_string_equal(a.key_id, "ApiKey-previous");
  CASE(probed_retiring(KEY_ACTIVE), 0, disable, ACT_DISABLE); // however long after
}

ROW(quarantine) {
  BEGIN;
  CASE(probed_retiring(KEY_DISABLED), PREVIOUS.modified_s = NOW - 120, quarantine, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW - 120 + 60 + w.policy.quarantine_s);
  // R2: IAM has not moved modified_at, or says nothing: our own note counts
  CASE(probed_retiring(KEY_DISABLED),
       (PREVIOUS.modified_s = NOW - DAY, w.state.disabled_s = NOW - 30), quarantine, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW - 30 + 60 + w.policy.quarantine_s);
  CASE(probed_retiring(KEY_DISABLED), (PREVIOUS.modified_s = -1, w.state.disabled_s = NOW - 30),
       quarantine, ACT_WAIT);
  assert_int_equal(a.wait_s, NOW - 30 + 60 + w.policy.quarantine_s);
  // current was not seen by this look: the next one decides, whenever the quarantine ends
  WHY(probed_retiring(KEY_DISABLED),
      (PREVIOUS.modified_s = NOW - 120, CURRENT.look_again_s = NOW + 9), quarantine, WHY_absence);
  assert_int_equal(a.wait_s, NOW + 9);
  // heal shall start
  CASE(probed_retiring(KEY_DISABLED), (PREVIOUS.modified_s = NOW - 120, CURRENT.dead = true),
       delete, ACT_DELETE);
}

ROW(delete) {
  BEGIN;
  CASE(probed_retiring(KEY_DISABLED), 0, delete, ACT_DELETE);
  assert_string_equal(a.key_id, "ApiKey-previous");
  CASE(probed_retiring(KEY_EXPIRED), 0, delete, ACT_DELETE);
  CASE(probed_retiring(KEY_DISABLED), PREVIOUS.locked = true, delete, ACT_ATTENTION);
  CASE(probed_retiring(KEY_DISABLED), (w.state.quarantine_s = 0, PREVIOUS.modified_s = NOW), delete,
       ACT_DELETE);
}

ROW(retired) {
  BEGIN;
  CASE(probed_retiring(KEY_GONE), 0, retired, ACT_CAS);
  CASE(probed_retiring(KEY_ABSENT), PREVIOUS.look_again_s = NOW + 10, retired, ACT_WAIT);
}
