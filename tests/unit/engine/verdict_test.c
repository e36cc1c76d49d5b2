// What a target says of its consumers' key, with the engine on memory stores and a cloud that
// works: what was seen counts, whoever saw it, and is not forgotten.
#include "tests/unit/engine/fake_cloud.h"

static void proven_by_the_rotation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  assert_string_equal(r->result.verdict.proven_by, "settle");
  assert_string_equal(r->result.verdict.key_id, rig_current(r));
  rig_free(r);
}

// One look is enough to say so; and it is not forgotten by a look that does not ask.
static void deleted_by_hand(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, rig_current(r))->gone = true;
  assert_int_equal(view_working(&(struct view){0}), WORKING_UNKNOWN);
  struct view v = rig_observe(r, true);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_deleted);
  v = rig_observe(r, false);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_true(v.look_due);
  rig_free(r);
}

// The next run does not wait for look_every, and mends it.
static void seen_dead_is_mended_at_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, rig_current(r))->gone = true;
  rig_observe(r, true);
  r->target.policy.look_every_s = 365 * 86400;
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES);
  assert_false(rig_key(r, rig_current(r))->gone);
  rig_free(r);
}

// Sender taken away: IAM shows the key alive, and nothing but a probe finds it out.
static void sender_taken_away(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_REFUSED;
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES); // proven a moment ago
  fake_env_advance(&r->env, 6 * 3600 * 1000);
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_NO);
  assert_int_equal(r->result.verdict.cause, CAUSE_sender_missing);
  assert_int_equal(r->result.row, ROW_rest);
  assert_int_equal(r->result.why, WHY_refused);
  assert_true(r->result.attention);
  // given back
  r->verdict = LOGS_ACCEPTED;
  fake_env_advance(&r->env, 3600 * 1000);
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES);
  rig_free(r);
}

// The Sender is gone, and then nobody answers: one try with each look, not one after another.
static void an_outage_after_a_refusal(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_REFUSED;
  fake_env_advance(&r->env, 6 * 3600 * 1000);
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_NO);
  r->verdict = LOGS_OUTAGE;
  fake_env_advance(&r->env, 3600 * 1000);
  unsigned before = r->logs_seen;
  rig_run(r);
  assert_int_equal(r->logs_seen, before + 1);
  assert_int_equal(r->result.working, WORKING_NO);
  assert_int_equal(r->result.row, ROW_rest);
  rig_run(r);
  assert_int_equal(r->logs_seen, before + 1);
  rig_free(r);
}

static void instance_gone(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_NO_INSTANCE;
  fake_env_advance(&r->env, 6 * 3600 * 1000);
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_NO);
  assert_int_equal(r->result.verdict.cause, CAUSE_instance_gone);
  rig_free(r);
}

// An outage is not a dead key, and the last proof is not today's.
static void an_outage_is_not_known(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_OUTAGE;
  fake_env_advance(&r->env, 6 * 3600 * 1000);
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_UNKNOWN);
  assert_int_equal(r->result.verdict.cause, CAUSE_unanswered);
  assert_true(r->result.verdict.proven_s > 0);
  rig_free(r);
}

static void no_probes_when_they_are_off(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->target.policy.probe_every_s = 0;
  r->verdict = LOGS_REFUSED;
  fake_env_advance(&r->env, 30LL * 86400 * 1000 / 2);
  unsigned before = r->logs_seen;
  rig_run(r);
  assert_int_equal(r->logs_seen, before);
  assert_int_equal(r->result.working, WORKING_YES);
  rig_free(r);
}

// Adopting takes IAM's word that the key is alive; that it sends is found out by the probe.
static void adopted_is_proven_before_it_is_said_to_work(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_add_key(r, "ApiKey-hand", "value-by-hand", r->target.iam_id);
  rig_put_sink(r, "one", "value-by-hand");
  rig_put_sink(r, "two", "value-by-hand");
  struct view v = rig_observe(r, true);
  assert_int_equal(view_working(&v), WORKING_UNKNOWN);
  unsigned before = r->logs_seen;
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES);
  assert_string_equal(r->result.verdict.proven_by, "probe");
  assert_true(r->logs_seen > before);
  rig_free(r);
}

// Each sink is judged by what it holds, be it nobody's.
static void verify_proves_what_each_sink_holds(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct state before = rig_state(r);
  rig_add_key(r, "ApiKey-foreign", "foreign-value", r->target.iam_id);
  rig_put_sink(r, "one", "foreign-value");
  rig_put_sink(r, "two", "garbage");
  struct view v = rig_verify(r);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_WORKING);
  assert_string_equal(v.sinks[0].verdict.key_id, "ApiKey-foreign");
  assert_string_equal(v.sinks[0].verdict.proven_by, "verify");
  assert_int_equal(v.sinks[1].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[1].verdict.cause, CAUSE_refused);
  struct state after = rig_state(r);
  assert_int_equal(before.seq, after.seq);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-foreign");
  state_clear(&before);
  state_clear(&after);
  rig_free(r);
}

static void verify_finds_a_lost_sender_now(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_REFUSED;
  struct view v = rig_verify(r);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_sender_missing);
  // and it stays so for those who only look
  v = rig_observe(r, false);
  assert_int_equal(view_working(&v), WORKING_NO);
  rig_free(r);
}

// What was seen against the key must end some day without anybody's word: it is tried again.
static void without_probes_a_refusal_is_tried_again(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->target.policy.probe_every_s = 0;
  r->verdict = LOGS_REFUSED;
  struct view v = rig_verify(r);
  assert_int_equal(view_working(&v), WORKING_NO);
  r->verdict = LOGS_ACCEPTED; // the role was given back
  fake_env_advance(&r->env, r->target.policy.look_every_s * 1000);
  unsigned before = r->logs_seen;
  rig_run(r);
  assert_true(r->logs_seen > before);
  assert_int_equal(r->result.working, WORKING_YES);
  before = r->logs_seen;
  fake_env_advance(&r->env, r->target.policy.look_every_s * 1000);
  rig_run(r);
  assert_int_equal(r->logs_seen, before);
  rig_free(r);
}

// Another identity's key may send as well: while nobody can be asked, nothing is said against it.
static void verify_of_somebody_elses_key(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  rig_add_key(r, "ApiKey-other", "of-another-identity", "iam-ServiceId-2");
  rig_put_sink(r, "one", "of-another-identity");
  r->verdict = LOGS_OUTAGE;
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  r->verdict = LOGS_ACCEPTED;
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_WORKING);
  r->verdict = LOGS_REFUSED;
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  rig_free(r);
}

// A key that IAM takes no request of is not refused while IAM gives us no answer either.
static void verify_in_an_outage_knows_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  r->verdict = LOGS_OUTAGE;
  r->iam_silent = true;
  struct view v = rig_verify(r);
  assert_int_equal(view_working(&v), WORKING_UNKNOWN);
  rig_free(r);
}

// A value that is in no slot was proven by hand; then its key is deleted, and nothing but the
// question for the value shows it.
static void a_foreign_key_that_worked_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  rig_add_key(r, "ApiKey-foreign", "foreign-value", r->target.iam_id);
  rig_put_sink(r, "one", "foreign-value");
  assert_int_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, "ApiKey-foreign")->gone = true;
  struct view v = rig_observe(r, true);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_deleted);
  assert_string_equal(v.sinks[0].verdict.key_id, "ApiKey-foreign");
  rig_free(r);
}

// A value of ours that another host has retired: the proof of it in our book is older than that.
static void a_retired_value_that_was_proven_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct evidence_book book = r->memory.book;
  struct state s = rig_state(r);
  SECRET_AUTO old = secret_dup(s.slots[SLOT_CURRENT].value);
  state_clear(&s);
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_run(r); // rotates
  r->memory.book = book;
  rig_put_sink(r, "one", secret_bytes(old));
  struct view v = rig_observe(r, false);
  assert_int_equal(v.sinks[0].value, SINK_RETIRED);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_retired);
  rig_free(r);
}

static const char *served;
static enum err read_nothing(struct store_item *it, struct store_record *ret,
                             struct store_version *ret_version, struct error *err) {
  (void)it, (void)ret, (void)ret_version;
  return error_set(err, ERR_REFUSED, "lines of others are in it");
}
static enum err read_served(struct store_item *it, struct secret **ret, struct error *err) {
  (void)it, (void)err;
  *ret = secret_copy_text(served);
  return ERR_OK;
}

// A file that is not ours to write: what consumers read there all the same is judged, and be it by
// a process that knows nothing of it but that the state has retired it.
static void a_retired_value_beside_lines_of_others(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct state s = rig_state(r);
  SECRET_AUTO old = secret_dup(s.slots[SLOT_CURRENT].value);
  state_clear(&s);
  rig_wish(r);
  rig_run(r);
  rig_restart(r);
  struct store_item *item = r->target.sinks[0].item;
  const struct store_ops *ops = item->ops;
  struct store_ops refusing = *ops;
  refusing.read = read_nothing;
  refusing.read_served = read_served;
  item->ops = &refusing;
  served = secret_bytes(old);
  struct verdict v = rig_observe(r, false).sinks[0].verdict;
  assert_int_equal(v.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.cause, CAUSE_retired);
  served = "a-value-of-somebody";
  assert_int_equal(rig_observe(r, false).sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  item->ops = ops;
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(proven_by_the_rotation),
      cmocka_unit_test(deleted_by_hand),
      cmocka_unit_test(seen_dead_is_mended_at_once),
      cmocka_unit_test(sender_taken_away),
      cmocka_unit_test(an_outage_after_a_refusal),
      cmocka_unit_test(instance_gone),
      cmocka_unit_test(an_outage_is_not_known),
      cmocka_unit_test(no_probes_when_they_are_off),
      cmocka_unit_test(without_probes_a_refusal_is_tried_again),
      cmocka_unit_test(adopted_is_proven_before_it_is_said_to_work),
      cmocka_unit_test(verify_proves_what_each_sink_holds),
      cmocka_unit_test(verify_finds_a_lost_sender_now),
      cmocka_unit_test(verify_of_somebody_elses_key),
      cmocka_unit_test(verify_in_an_outage_knows_nothing),
      cmocka_unit_test(a_foreign_key_that_worked_once),
      cmocka_unit_test(a_retired_value_that_was_proven_once),
      cmocka_unit_test(a_retired_value_beside_lines_of_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
