// The proof of a key that has no instance of Cloud Logs: that it may manage keys.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

// A run of a process of its own.
static void run(struct rig *r) {
  rig_restart(r);
  rig_run(r);
}

// Nothing is sent to Cloud Logs: the proof is that the keys can be managed.
static void without_an_instance_management_is_the_proof(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  unsigned before = r->logs_seen;
  r->io.logs = NULL;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_int_equal(r->logs_seen, before);
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  rig_key(r, "ApiKey-2")->manages_not = true; // its rights were taken away
  rig_restart(r);
  struct view v = rig_verify(r);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_manager_missing);
  rig_free(r);
}

// A list that is given for any token shows nothing.
static void a_list_for_a_forged_token_is_no_proof(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  r->io.logs = NULL;
  r->takes_forged = true;
  rig_wish(r);
  for (int i = 0; i < 3; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    fake_env_advance(&r->env, 20000);
  }
  assert_int_equal(r->result.error.kind, ERR_CORRUPT);
  assert_int_equal(rig_phase(r), PHASE_STAGED);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  r->takes_forged = false;
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  rig_free(r);
}

// A list that does not have the key that it was asked with is an old one: not known, and no more.
static void a_list_without_the_key_is_not_known(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  struct state s = {0};
  struct view v = {0};
  r->io.logs = NULL;
  rig_restart(r);
  r->list_hides = true;
  tick_verify(&r->target, &r->io, false, &s, &v, &e);
  assert_int_equal(e.kind, ERR_UNSURE);
  assert_non_null(strstr(e.text, "the list of keys that ApiKey-1 was shown does not have it"));
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  r->list_hides = false;
  state_clear(&s);
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_WORKING);
  rig_free(r);
}

// That the value in a sink is a key of somebody else is what is said of it, whatever else that key
// may not do.
static void another_identity_is_named_first(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  struct state s = {0};
  struct view v = {0};
  r->io.logs = NULL;
  rig_add_key(r, "ApiKey-other", "of-another-identity", "iam-ServiceId-2")->manages_not = true;
  rig_put_sink(r, "two", "of-another-identity");
  rig_restart(r);
  assert_int_equal(tick_verify(&r->target, &r->io, false, &s, &v, &e), ERR_OK);
  assert_int_equal(e.kind, ERR_REFUSED);
  assert_non_null(strstr(e.text, "is a key of iam-ServiceId-2"));
  assert_int_equal(v.sinks[1].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  state_clear(&s);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_an_instance_management_is_the_proof),
      cmocka_unit_test(a_list_for_a_forged_token_is_no_proof),
      cmocka_unit_test(a_list_without_the_key_is_not_known),
      cmocka_unit_test(another_identity_is_named_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
