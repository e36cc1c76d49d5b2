// What a target says of its consumers' key, with the engine on memory stores and a cloud that
// works: what was seen counts, whoever saw it, and is not forgotten.
#include "tests/unit/engine/fake_cloud.h"

static void at_rest(struct rig *r) {
  rig_init(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->result.working, WORKING_YES);
}

static const char *current(struct rig *r) {
  static char id[IAM_ID_MAX];
  struct state s = rig_state(r);
  strcpy(id, s.slots[SLOT_CURRENT].key_id);
  state_clear(&s);
  return id;
}

static struct view observe(struct rig *r, bool ask_iam) {
  struct state s = {0};
  struct view v;
  assert_int_equal(tick_observe(&r->target, &r->io, ask_iam, &s, &v, NULL), ERR_OK);
  v.state = NULL;
  state_clear(&s);
  return v;
}

static void proven_by_the_rotation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  assert_string_equal(r->result.verdict.proven_by, "settle");
  assert_string_equal(r->result.verdict.key_id, current(r));
  rig_free(r);
}

// One look is enough to say so; and it is not forgotten by a look that does not ask.
static void deleted_by_hand(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, current(r))->gone = true;
  assert_int_equal(view_working(&(struct view){0}), WORKING_UNKNOWN);
  struct view v = observe(r, true);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_deleted);
  v = observe(r, false);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_true(v.look_due);
  rig_free(r);
}

// The next run does not wait for look_every, and mends it.
static void seen_dead_is_mended_at_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, current(r))->gone = true;
  observe(r, true);
  r->target.policy.look_every_s = 365 * 86400;
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES);
  assert_false(rig_key(r, current(r))->gone);
  rig_free(r);
}

// Sender taken away: IAM shows the key alive, and nothing but a probe finds it out.
static void sender_taken_away(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
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
  at_rest(r);
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
  at_rest(r);
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
  at_rest(r);
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
  at_rest(r);
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
  struct view v = observe(r, true);
  assert_int_equal(view_working(&v), WORKING_UNKNOWN);
  unsigned before = r->logs_seen;
  rig_run(r);
  assert_int_equal(r->result.working, WORKING_YES);
  assert_string_equal(r->result.verdict.proven_by, "probe");
  assert_true(r->logs_seen > before);
  rig_free(r);
}

static struct view verify(struct rig *r) {
  struct state s = {0};
  struct view v;
  struct error e;
  assert_int_equal(tick_verify(&r->target, &r->io, false, &s, &v, &e), ERR_OK);
  v.state = NULL;
  state_clear(&s);
  return v;
}

// Each sink is judged by what it holds, be it nobody's.
static void verify_proves_what_each_sink_holds(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  struct state before = rig_state(r);
  rig_add_key(r, "ApiKey-foreign", "foreign-value", r->target.iam_id);
  rig_put_sink(r, "one", "foreign-value");
  rig_put_sink(r, "two", "garbage");
  struct view v = verify(r);
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
  at_rest(r);
  r->verdict = LOGS_REFUSED;
  struct view v = verify(r);
  assert_int_equal(view_working(&v), WORKING_NO);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_sender_missing);
  // and it stays so for those who only look
  v = observe(r, false);
  assert_int_equal(view_working(&v), WORKING_NO);
  rig_free(r);
}

// A key that IAM takes no request of is not refused while IAM gives us no answer either.
static void verify_in_an_outage_knows_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  r->verdict = LOGS_OUTAGE;
  r->iam_silent = true;
  struct view v = verify(r);
  assert_int_equal(view_working(&v), WORKING_UNKNOWN);
  rig_free(r);
}

// A value that is in no slot was proven by hand; then its key is deleted, and nothing but the
// question for the value shows it.
static void a_foreign_key_that_worked_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  rig_add_key(r, "ApiKey-foreign", "foreign-value", r->target.iam_id);
  rig_put_sink(r, "one", "foreign-value");
  assert_int_equal(verify(r).sinks[0].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, "ApiKey-foreign")->gone = true;
  struct view v = observe(r, true);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_deleted);
  assert_string_equal(v.sinks[0].verdict.key_id, "ApiKey-foreign");
  rig_free(r);
}

// A value of ours that another host has retired: the proof of it in our book is older than that.
static void a_retired_value_that_was_proven_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  struct evidence_book book = r->memory.book;
  struct state s = rig_state(r);
  SECRET_AUTO old = secret_dup(s.slots[SLOT_CURRENT].value);
  state_clear(&s);
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_run(r); // rotates
  r->memory.book = book;
  rig_put_sink(r, "one", secret_bytes(old));
  struct view v = observe(r, false);
  assert_int_equal(v.sinks[0].value, SINK_RETIRED);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[0].verdict.cause, CAUSE_retired);
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
  struct view v = observe(r, true);
  assert_int_equal(v.sinks[0].verdict.kind, VERDICT_NOT_KNOWN);
  assert_int_equal(v.sinks[1].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.sinks[1].verdict.cause, CAUSE_disabled);
  rig_free(r);
}

// A pending key that passed once and is gone: its value may come to stand in a sink some day.
static void a_pending_that_was_proven_and_is_gone(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  r->target.policy.proof_count = 3;
  r->target.policy.propagation_s = 300;
  r->target.policy.proof_span_s = 4 * 3600;
  fake_env_advance(&r->env, 30LL * 86400 * 1000);
  rig_run(r); // until the second exchange, two hours from now
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_int_equal(observe(r, false).slots[SLOT_PENDING].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, 120 * 1000);
  struct fake_key *pending = rig_key(r, s.slots[SLOT_PENDING].key_id);
  pending->key.disabled = true; // as a replica shows it that lags
  observe(r, true);
  assert_int_equal(observe(r, false).slots[SLOT_PENDING].verdict.kind, VERDICT_WORKING);
  fake_env_advance(&r->env, r->target.policy.propagation_s * 1000); // no replica lags for so long
  observe(r, true);
  struct verdict v = observe(r, false).slots[SLOT_PENDING].verdict;
  assert_int_equal(v.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.cause, CAUSE_disabled);
  pending->gone = true;
  observe(r, true);
  v = observe(r, false).slots[SLOT_PENDING].verdict;
  assert_int_equal(v.kind, VERDICT_NOT_WORKING);
  assert_int_equal(v.cause, CAUSE_deleted);
  state_clear(&s);
  rig_free(r);
}

// A proof that another clock dated into the future does not hide that the key is gone.
static void a_proof_of_the_future(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  for (int i = 0; i < EVIDENCE_MAX; i++)
    if (r->memory.book.of[i].proven_s > 0)
      r->memory.book.of[i].proven_s += 2 * 86400;
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, current(r))->gone = true;
  struct view v = observe(r, true);
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
  at_rest(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.reload_within_s = 60;
  struct wish w = {.grace_s = -1, .by = "test"};
  struct error e;
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
  rig_run(r);
  struct fake_key *k = rig_add_key(r, "ApiKey-hand", "of-a-hand", r->target.iam_id);
  remember_value(r, "ApiKey-hand");
  k->key.disabled = true;
  r->use_silent = true;
  assert_false(observe(r, true).iam_answered);
  assert_int_equal(shown_of(r, "ApiKey-hand"), CAUSE_disabled);
  k->key.disabled = false;
  observe(r, true);
  assert_int_equal(shown_of(r, "ApiKey-hand"), CAUSE_none);
  rig_free(r);
}

// The key of that value is a stray, and is deleted by us: no list shows it any more.
static void what_we_deleted_is_known_dead(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  at_rest(r);
  struct fake_key *k = rig_add_key(r, "ApiKey-stray", "of-a-stray", r->target.iam_id);
  strcpy(k->key.description, rig_key(r, current(r))->key.description);
  remember_value(r, "ApiKey-stray");
  r->target.policy.look_every_s = 60;
  rig_run(r);
  assert_true(k->gone);
  assert_int_equal(shown_of(r, "ApiKey-stray"), CAUSE_deleted);
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
      cmocka_unit_test(adopted_is_proven_before_it_is_said_to_work),
      cmocka_unit_test(verify_proves_what_each_sink_holds),
      cmocka_unit_test(verify_finds_a_lost_sender_now),
      cmocka_unit_test(verify_in_an_outage_knows_nothing),
      cmocka_unit_test(a_foreign_key_that_worked_once),
      cmocka_unit_test(a_retired_value_that_was_proven_once),
      cmocka_unit_test(sinks_that_disagree_are_judged),
      cmocka_unit_test(a_pending_that_was_proven_and_is_gone),
      cmocka_unit_test(a_proof_of_the_future),
      cmocka_unit_test(what_the_list_shows_counts_at_once),
      cmocka_unit_test(what_we_deleted_is_known_dead),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
