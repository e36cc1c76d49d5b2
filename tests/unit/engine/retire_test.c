// The end of a grace that a person asks for: what it ends, what it leaves, and when it is refused.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void wish(struct rig *r, bool compromised) {
  struct wish w = {.grace_s = -1, .compromised = compromised, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
}

// Grace is over, and somebody exchanged the old key a minute ago.
static void stay_in_grace(struct rig *r) {
  rig_init(r);
  r->target.policy.grace_s = 7200;
  r->target.policy.reload_within_s = 3600;
  r->target.policy.quarantine_s = 3900;
  wish(r, false);
  rig_run(r);
  fake_env_advance(&r->env, 7300 * 1000LL);
  rig_key(r, "ApiKey-1")->key.last_authn_s = env_wall_ms(r->io.env) / 1000 - 60;
  rig_run(r);
  assert_int_equal(r->result.why, WHY_still_used);
}

static void retire_ends_a_grace_whose_old_key_is_used(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.by = "test"};
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_MISSING); // no state yet
  stay_in_grace(r);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_RETIRING);
  assert_int_equal(r->result.row, ROW_quarantine); // which stays
  fake_env_advance(&r->env, 4000 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 1);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_REFUSED); // nothing is in grace
  rig_free(r);
}

static int64_t wall_s(struct rig *r) {
  return env_wall_ms(r->io.env) / 1000;
}

// Grace of a day, `after_s` into it; the old key was used just now, by one who should not have.
static void be_late(struct rig *r, int64_t after_s) {
  rig_init(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.reload_within_s = 7200;
  wish(r, false);
  rig_run(r);
  fake_env_advance(&r->env, after_s * 1000);
  rig_key(r, "ApiKey-1")->key.last_authn_s = wall_s(r);
}

static void pass(struct rig *r, int64_t s) {
  fake_env_advance(&r->env, s * 1000);
  rig_restart(r);
  rig_run(r);
}

// R11: it exchanges every four hours, and still holds the old key.
static void r11_a_rare_consumer_is_not_cut_off(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  be_late(r, 10800);
  for (int i = 0; i < 12; i++) {
    pass(r, 4 * 3600 - 60);
    assert_int_equal(rig_live_keys(r), 2);
    fake_env_advance(&r->env, 60 * 1000);
    rig_key(r, "ApiKey-1")->key.last_authn_s = wall_s(r);
  }
  assert_int_equal(r->result.why, WHY_still_used);
  assert_true(r->result.attention); // after alert_after, and `retire` ends it
  pass(r, 86400 + 120);             // it is gone
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// R11: another consumer uses the new key all the time; that shows nothing of this one.
static void r11_another_consumer_does_not_stand_for_it(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  be_late(r, 10800);
  rig_key(r, "ApiKey-1")->key.last_authn_s = -1;
  rig_key(r, "ApiKey-2")->key.last_authn_s = wall_s(r);
  rig_run(r); // perhaps another rotator's proof
  struct state s = rig_state(r);
  assert_int_equal(s.in_use_s, 0);
  state_clear(&s);
  fake_env_advance(&r->env, 240 * 1000);
  rig_run(r); // perhaps one by a process that began after this one had read the book
  s = rig_state(r);
  assert_int_equal(s.in_use_s, 0);
  state_clear(&s);
  rig_restart(r);
  rig_run(r);
  s = rig_state(r);
  assert_int_equal(s.in_use_s, rig_key(r, "ApiKey-2")->key.last_authn_s);
  state_clear(&s);
  fake_env_advance(&r->env, 3600 * 1000);
  int64_t late_s = wall_s(r);
  rig_key(r, "ApiKey-1")->key.last_authn_s = late_s;
  while (wall_s(r) < late_s + 86400 - 3600) {
    rig_key(r, "ApiKey-2")->key.last_authn_s = wall_s(r);
    pass(r, 3600);
    assert_int_equal(rig_live_keys(r), 2);
  }
  pass(r, 3600 + 120);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// R11: late once, and then seen with the new key: nothing is put off.
static void r11_one_that_moved_over_late_holds_nothing_up(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  be_late(r, 80000);
  pass(r, 100); // a look that sees the old key used, and the new one not
  fake_env_advance(&r->env, 300 * 1000);
  rig_key(r, "ApiKey-2")->key.last_authn_s = wall_s(r);
  pass(r, 6200); // grace is over
  assert_int_equal(r->result.why, WHY_still_used);
  pass(r, 10800 + 120 - 6600);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// Our own exchanges are no consumer's.
static void r11_the_rotators_own_use_shows_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  be_late(r, 60);
  rig_key(r, "ApiKey-2")->key.last_authn_s = wall_s(r) - 30; // the proof before grace
  rig_run(r);
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_GRACE);
  assert_int_equal(s.in_use_s, 0);
  state_clear(&s);
  rig_free(r);
}

// No answer is not a fact: the brake is not off because IAM did not say who uses the old key.
static void r11_no_answer_about_its_use_waits(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  be_late(r, 86000);
  r->use_silent = true;
  fake_env_advance(&r->env, 500 * 1000);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(rig_live_keys(r), 2);
  assert_int_equal(r->result.why, WHY_iam_silent);
  r->use_silent = false;
  rig_run(r);
  assert_int_equal(r->result.why, WHY_still_used);
  rig_free(r);
}

static void retire_keeps_the_wish_for_another_rotation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.by = "test"};
  stay_in_grace(r);
  wish(r, false);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_OK);
  wish(r, false); // once more: both stay asked for
  r->target.policy.quarantine_s = 0;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-3");
  assert_true(rig_key(r, "ApiKey-1")->gone);
  assert_int_equal(rig_phase(r), PHASE_GRACE); // the wish was for ApiKey-1, not for ApiKey-2
  rig_free(r);
}

static void retire_is_refused_with_the_reason(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.by = "test"};
  struct hold h = {.by = "test"};
  stay_in_grace(r);
  r->verdict = LOGS_REFUSED; // the new key does not work now
  assert_int_not_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_OK);
  assert_non_null(strstr(e.text, "not proven"));
  r->verdict = LOGS_ACCEPTED;
  assert_int_equal(wish_hold(&r->target, &r->io, &h, &e), ERR_OK);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "hold"));
  assert_int_equal(wish_resume(&r->target, &r->io, &e), ERR_OK);
  rig_put_sink(r, "one", NULL);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "every sink"));
  r->iam_silent = true;
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_UNSENT);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  rig_free(r);
}

// A grace that begins again asks again.
static void retire_ends_with_its_grace(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.by = "test"};
  stay_in_grace(r);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_OK);
  rig_put_sink(r, "one", NULL); // somebody touches a sink before the next run
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_int_equal(rig_live_keys(r), 2);
  struct state s = rig_state(r);
  assert_int_equal(s.wish.kind, WISH_NONE);
  state_clear(&s);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(retire_ends_a_grace_whose_old_key_is_used),
      cmocka_unit_test(r11_a_rare_consumer_is_not_cut_off),
      cmocka_unit_test(r11_another_consumer_does_not_stand_for_it),
      cmocka_unit_test(r11_one_that_moved_over_late_holds_nothing_up),
      cmocka_unit_test(r11_the_rotators_own_use_shows_nothing),
      cmocka_unit_test(r11_no_answer_about_its_use_waits),
      cmocka_unit_test(retire_keeps_the_wish_for_another_rotation),
      cmocka_unit_test(retire_is_refused_with_the_reason),
      cmocka_unit_test(retire_ends_with_its_grace)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
