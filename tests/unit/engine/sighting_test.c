// What IAM shows of a key is evidence of the key's value: by which sighting, and from when on.
#include "tests/unit/engine/fake_cloud.h"

// A pending key that passed once and is gone: its value may come to stand in a sink some day.
static void a_pending_that_was_proven_and_is_gone(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->target.policy.proof_count = 3;
  r->target.policy.propagation_s = 300;
  r->target.policy.proof_span_s = 4 * 3600;
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_run(r); // until the second exchange, two hours from now
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_int_equal(rig_observe(r, false).slots[SLOT_PENDING].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 120 * 1000);
  struct fake_key *pending = rig_key(r, s.slots[SLOT_PENDING].key_id);
  pending->key.disabled = true; // as a replica shows it that lags
  rig_observe(r, true);
  assert_int_equal(rig_observe(r, false).slots[SLOT_PENDING].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, r->target.policy.propagation_s * 1000); // no replica lags for so long
  rig_observe(r, true);
  struct verdict v = rig_observe(r, false).slots[SLOT_PENDING].verdict;
  assert_int_equal(v.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.cause, CAUSE_disabled);
  pending->gone = true;
  rig_observe(r, true);
  v = rig_observe(r, false).slots[SLOT_PENDING].verdict;
  assert_int_equal(v.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.cause, CAUSE_deleted);
  state_clear(&s);
  rig_free(r);
}

// A proof that another clock dated into the future does not hide that the key is gone.
static void a_proof_of_the_future(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  for (int i = 0; i < EVIDENCE_MAX; i++)
    if (r->memory.book.of[i].proven_s > 0)
      r->memory.book.of[i].proven_s += 2 * 86400;
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, rig_current(r))->gone = true;
  struct view v = rig_observe(r, true);
  assert_int_equal(view_working(&v), WORKING_NO);
  rig_free(r);
}

// A value of that key, proven once; in no slot and no sink now.
static const struct evidence *remember_value(struct rig *r, const char *key_id) {
  static const char print[] = "0123456789abcdef0123456789abcdef";
  struct evidence *e = evidence_enter(&r->memory.book, print, key_id);
  evidence_proven(e, "verify", env_wall_ms(r->io.env) / 1000);
  fake_env_advance(&r->env, 120 * 1000);
  return e;
}

static enum cause shown_of(struct rig *r, const char *key_id) {
  const struct evidence *e = evidence_of_key(&r->memory.book, key_id);
  assert_non_null(e);
  return e->iam;
}

// The list shows the key of a value that may come back, and the look then gets no answer.
static void what_the_list_shows_counts_at_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.reload_within_s = 60;
  rig_wish(r);
  rig_run(r);
  struct fake_key *k = rig_add_key(r, "ApiKey-hand", "of-a-hand", r->target.iam_id);
  remember_value(r, "ApiKey-hand");
  k->key.disabled = true;
  r->use_silent = true;
  assert_false(rig_observe(r, true).iam_answered);
  assert_int_equal(shown_of(r, "ApiKey-hand"), CAUSE_disabled);
  k->key.disabled = false;
  rig_observe(r, true);
  assert_int_equal(shown_of(r, "ApiKey-hand"), CAUSE_none);
  rig_free(r);
}

// The key of that value is a stray, and is deleted by us: no list shows it any more.
static void what_we_deleted_is_known_dead(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct fake_key *k = rig_add_key(r, "ApiKey-stray", "of-a-stray", r->target.iam_id);
  strcpy(k->key.description, rig_key(r, rig_current(r))->key.description);
  remember_value(r, "ApiKey-stray");
  r->target.policy.look_every_s = 60;
  rig_run(r);
  assert_true(k->gone);
  assert_int_equal(shown_of(r, "ApiKey-stray"), CAUSE_deleted);
  rig_free(r);
}

// Without a state, and with sinks that disagree: a look tells which of the values is dead.
static void sinks_that_disagree_are_judged(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_add_key(r, "ApiKey-one", "value-one", r->target.iam_id);
  rig_add_key(r, "ApiKey-two", "value-two", r->target.iam_id)->key.disabled = true;
  rig_put_sink(r, "one", "value-one");
  rig_put_sink(r, "two", "value-two");
  struct view v = rig_observe(r, true);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  assert_int_equal(v.sinks[1].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[1].verdict.cause, CAUSE_disabled);
  rig_free(r);
}

// What this host knows of both values is that they worked once. Another host deleted one of them
// since, and of all that this look asks for only the keys' list is answered.
static void a_question_for_a_value_without_an_answer(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_add_key(r, "ApiKey-one", "value-one", r->target.iam_id);
  rig_add_key(r, "ApiKey-two", "value-two", r->target.iam_id);
  rig_put_sink(r, "one", "value-one");
  rig_put_sink(r, "two", "value-two");
  rig_verify(r);
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_key(r, "ApiKey-two")->gone = true;
  r->find_silent = true;
  struct view v = rig_observe(r, true);
  assert_true(v.iam_answered);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(v.sinks[i].verdict.kind, VERDICT_NOT_KNOWN);
    assert_int_equal(v.sinks[i].verdict.cause, CAUSE_unasked);
    assert_true(v.sinks[i].verdict.proven_s > 0); // it is told all the same
  }
  v = rig_verify(r); // a proof of now needs no answer of that kind
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  r->find_silent = false;
  v = rig_observe(r, true);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  assert_int_equal(v.sinks[1].verdict.kind, VERDICT_NOT_WORKING);
  rig_free(r);
}

// The same of a value of ours that was retired and proven by hand since: what speaks for it is old.
static void a_retired_value_without_an_answer(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct state s = rig_state(r);
  SECRET_AUTO old = secret_dup(s.slots[SLOT_CURRENT].value);
  rig_add_key(r, "ApiKey-again", secret_bytes(old), r->target.iam_id);
  state_clear(&s);
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_run(r); // rotates
  fake_env_advance(&r->env, 3600 * 1000);
  rig_put_sink(r, "one", secret_bytes(old));
  struct view v = rig_verify(r);
  assert_int_equal(v.sinks[0].value, SINK_RETIRED);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 3600 * 1000);
  r->find_silent = true;
  v = rig_observe(r, true);
  assert_true(v.iam_answered);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_unasked);
  rig_free(r);
}

// A look that is broken off for want of that answer is none: what was known before still stands,
// and nobody is called for an outage.
static void a_look_that_is_broken_off(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  rig_add_key(r, "ApiKey-foreign", "foreign-value", r->target.iam_id);
  rig_put_sink(r, "one", "foreign-value");
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 3600 * 1000);
  r->find_silent = true;
  struct view v = rig_observe(r, true);
  assert_false(v.iam_answered);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pending_that_was_proven_and_is_gone),
      cmocka_unit_test(a_proof_of_the_future),
      cmocka_unit_test(what_the_list_shows_counts_at_once),
      cmocka_unit_test(what_we_deleted_is_known_dead),
      cmocka_unit_test(sinks_that_disagree_are_judged),
      cmocka_unit_test(a_question_for_a_value_without_an_answer),
      cmocka_unit_test(a_retired_value_without_an_answer),
      cmocka_unit_test(a_look_that_is_broken_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
