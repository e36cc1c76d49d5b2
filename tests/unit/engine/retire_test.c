// The end of a grace that a person asks for: what it ends, what it leaves, and when it is refused.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void wish(struct rig *r, bool compromised) {
  struct wish w = {.grace_s = -1, .compromised = compromised, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
}

static enum phase phase_of(struct rig *r) {
  struct state s = rig_state(r);
  enum phase p = s.phase;
  state_clear(&s);
  return p;
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
  assert_int_equal(phase_of(r), PHASE_RETIRING);
  assert_int_equal(r->result.row, ROW_quarantine); // which stays
  fake_env_advance(&r->env, 4000 * 1000LL);
  rig_run(r);
  assert_int_equal(phase_of(r), PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 1);
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_REFUSED); // nothing is in grace
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
  assert_int_equal(phase_of(r), PHASE_GRACE); // the wish was for ApiKey-1, not for ApiKey-2
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
  assert_int_equal(phase_of(r), PHASE_GRACE);
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
  assert_int_equal(phase_of(r), PHASE_GRACE);
  assert_int_equal(rig_live_keys(r), 2);
  struct state s = rig_state(r);
  assert_int_equal(s.wish.kind, WISH_NONE);
  state_clear(&s);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(retire_ends_a_grace_whose_old_key_is_used),
                                     cmocka_unit_test(retire_keeps_the_wish_for_another_rotation),
                                     cmocka_unit_test(retire_is_refused_with_the_reason),
                                     cmocka_unit_test(retire_ends_with_its_grace)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
