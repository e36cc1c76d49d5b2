// What is not believed at once, or not at all: one look that shows a key dead or gone, a refusal of
// every key, a token of somebody else, a state that is older than what the sinks bear, and keys of
// another target of the same identity.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

// A rotation that has come to a pending key, ApiKey-2, enabled and not proven.
static struct rig *rig_staged(void) {
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.absence_apart_s = 10;
  r->verdict = LOGS_OUTAGE;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_STAGED);
  assert_false(rig_key(r, "ApiKey-2")->key.disabled);
  return r;
}

static void one_look_is_no_death(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.absence_apart_s = 10;
  rig_restart(r);
  rig_key(r, "ApiKey-1")->key.disabled = true; // as a replica shows it that is behind
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_IDLE);
  assert_int_equal(r->result.why, WHY_absence);
  rig_key(r, "ApiKey-1")->key.disabled = false;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->n_keys, 1);
  rig_free(r);
}

static void one_look_loses_no_pending_key(void **unused) {
  (void)unused;
  struct rig *r = rig_staged();
  rig_key(r, "ApiKey-2")->gone = true;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_STAGED);
  assert_int_equal(r->result.why, WHY_absence);
  rig_key(r, "ApiKey-2")->gone = false;
  r->verdict = LOGS_ACCEPTED;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(r->n_keys, 2);
  rig_free(r);
}

// An IAM that refuses whatever it is given says nothing about the new key.
static void a_refusal_of_all_refutes_none(void **unused) {
  (void)unused;
  struct rig *r = rig_staged();
  r->target.policy.propagation_s = 0;
  r->verdict = LOGS_ACCEPTED;
  r->refuses_all = true;
  for (int i = 0; i < 20; i++) {
    fake_env_advance(&r->env, 60 * 1000);
    tick(&r->target, &r->io, NULL, &r->result);
  }
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_int_equal(s.failures, 0);
  state_clear(&s);
  r->refuses_all = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void a_token_of_another_account_proves_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_staged();
  r->target.policy.propagation_s = 0;
  r->verdict = LOGS_ACCEPTED;
  strcpy(rig_key(r, "ApiKey-2")->key.account, "another");
  rig_run(r);
  assert_true(rig_key(r, "ApiKey-2")->gone); // refuted, and the wish is for another one
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-3");
  rig_free(r);
}

// The Sender was taken away since: the old key stays, though the new one was proven an hour ago.
static void a_proof_of_an_hour_ago_retires_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 7 * 3600;
  rig_wish(r);
  rig_run(r);
  fake_env_advance(&r->env, 6 * 3600 * 1000);
  unsigned before = r->logs_seen;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->logs_seen, before + 1); // the probe
  r->verdict = LOGS_REFUSED;
  fake_env_advance(&r->env, 3600 * 1000);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.why, WHY_proof_unknown);
  assert_int_equal(r->result.phase, PHASE_GRACE);
  assert_int_equal(rig_live_keys(r), 2);
  rig_free(r);
}

// The state of before the publishing: its generation is that of the newest key, so that no tag
// tells, but the sinks bear a later stamp.
static void a_stamp_tells_that_the_state_went_back(void **unused) {
  (void)unused;
  struct rig *r = rig_staged();
  struct store_record backup = {0};
  assert_true(memory_peek(r->space, "home", &backup, NULL));
  r->target.policy.grace_s = 86400;
  r->verdict = LOGS_ACCEPTED;
  rig_run(r);
  assert_int_equal(r->result.phase, PHASE_GRACE);
  assert_int_equal(memory_poke(r->space, "home", &backup), ERR_OK);
  store_record_clear(&backup);
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_corrupt);
  assert_int_equal(r->result.why, WHY_home_back);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  rig_free(r);
}

// A value of ours that was retired is no stranger's, of whom a person would be told.
static void a_retired_value_is_nobody_elses(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct state s = {0};
  struct view v;
  rig_init(r);
  rig_wish(r);
  rig_run(r);
  rig_put_sink(r, "one", secret_bytes(rig_key(r, "ApiKey-1")->value));
  assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
  assert_int_equal(v.sinks[0].value, SINK_RETIRED);
  assert_int_equal(e.kind, ERR_OK);
  state_clear(&s);
  rig_free(r);
}

static void keys_of_another_target_are_not_ours(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  store_item_free(r->target.home);
  r->target.home = memory_open(r->space, STORE_HOME, "other-home", STORE_CLASS_A);
  for (size_t i = 0; i < r->target.n_sinks; i++) {
    const char *name = i ? "other-two" : "other-one";
    store_item_free(r->target.sinks[i].item);
    r->target.sinks[i] =
        (struct engine_sink){name, memory_open(r->space, STORE_SINK, name, STORE_CLASS_A)};
  }
  r->target.instance = "another";
  rig_restart(r);
  r->target.init = true;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "other-one"), "ApiKey-2");
  assert_false(rig_key(r, "ApiKey-1")->gone);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_look_is_no_death),
                                     cmocka_unit_test(one_look_loses_no_pending_key),
                                     cmocka_unit_test(a_refusal_of_all_refutes_none),
                                     cmocka_unit_test(a_token_of_another_account_proves_nothing),
                                     cmocka_unit_test(a_proof_of_an_hour_ago_retires_nothing),
                                     cmocka_unit_test(a_stamp_tells_that_the_state_went_back),
                                     cmocka_unit_test(a_retired_value_is_nobody_elses),
                                     cmocka_unit_test(keys_of_another_target_are_not_ours)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
