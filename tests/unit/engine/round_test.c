// What goes side by side in a proof, and what one answer among several means.
#include "rotator/engine/tag.h"
#include "tests/unit/engine/fake_cloud.h"

enum { MOST = 64 };

static struct {
  const struct iam_ops *real_iam;
  const struct logs_ops *real_logs;
  struct iam_ops iam;
  struct logs_ops logs;
  size_t tokens[MOST], n_tokens; // exchanges of each batch
  size_t mails[MOST], n_mails;   // logs of each batch
  const char *step;              // in whose batches the log `at` (−1: each) meets `verdict`
  int at;
  enum logs_verdict verdict;
  int exchange_fails; // likewise, of the exchanges of a round; −1: none
  struct rig *slow;   // its first round of several takes longer than a minute; NULL: it does not
} seen;

static void exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                          size_t n) {
  seen.tokens[seen.n_tokens++ % MOST] = n;
  if (n > 1 && seen.slow) {
    fake_env_advance(&seen.slow->env, 61000);
    seen.slow = NULL;
  }
  for (size_t i = n; i-- > 0;) { // in whatever order
    ret[i].err = (int)i == seen.exchange_fails && n > 1
                     ? error_set(&ret[i].error, ERR_UNSURE, "no answer")
                     : seen.real_iam->exchange(c, value, true, &ret[i].token, &ret[i].error);
  }
}

static void send_each(struct logs *l, struct logs_sending *s, size_t n) {
  seen.mails[seen.n_mails++ % MOST] = n;
  for (size_t i = n; i-- > 0;) {
    bool meant = seen.step && strcmp(s[i].record->step, seen.step) == 0;
    if (meant && (seen.at < 0 || seen.at == (int)i)) {
      s[i].verdict = seen.verdict;
      error_set(&s[i].error, ERR_UNSURE, "log %zu", i);
    } else {
      s[i].verdict = seen.real_logs->send(l, s[i].bearer, s[i].record, false, &s[i].error);
    }
  }
}

// A first key that is settled, a rotation that is wished for, and proofs of this span.
static struct rig *open_rig(int64_t span_s) {
  struct rig *r = rig_new();
  rig_init(r);
  rig_wish(r);
  memset(&seen, 0, sizeof seen);
  seen.exchange_fails = -1;
  seen.real_iam = r->iam.ops;
  seen.real_logs = r->logs.ops;
  seen.iam = *r->iam.ops;
  seen.logs = *r->logs.ops;
  seen.iam.exchange_each = exchange_each;
  seen.logs.send_each = send_each;
  r->iam.ops = &seen.iam;
  r->logs.ops = &seen.logs;
  r->target.policy.proof_span_s = span_s;
  return r;
}

static void assert_sizes(const size_t *got, size_t n_got, const size_t *expected, size_t n) {
  assert_int_equal(n_got, n);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(got[i], expected[i]);
}

static void without_a_span_each_proof_is_one_round(void **unused) {
  (void)unused;
  struct rig *r = open_rig(0);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_rest);
  static const size_t tokens[] = {3, 3, 1}, mails[] = {4, 4, 1}; // promote, settle, retire
  assert_sizes(seen.tokens, seen.n_tokens, tokens, 3);
  assert_sizes(seen.mails, seen.n_mails, mails, 3);
  rig_free(r);
}

static void what_has_to_be_spread_goes_alone(void **unused) {
  (void)unused;
  struct rig *r = open_rig(10);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_rest);
  static const size_t tokens[] = {1, 1, 1, 3, 1}, mails[] = {2, 1, 1, 4, 1};
  assert_sizes(seen.tokens, seen.n_tokens, tokens, 5);
  assert_sizes(seen.mails, seen.n_mails, mails, 5);
  rig_free(r);
}

// Exchanges more than a minute after those before do not belong to them: the span begins anew.
static void a_round_that_lasts_counts_as_one(void **unused) {
  (void)unused;
  struct rig *r = open_rig(10);
  seen.slow = r;
  rig_run(r);
  assert_int_equal(r->result.row, ROW_rest);
  static const size_t tokens[] = {1, 1, 1, 3, 1, 1, 1};
  assert_sizes(seen.tokens, seen.n_tokens, tokens, 7);
  rig_free(r);
}

static void more_than_a_round_takes_another(void **unused) {
  (void)unused;
  struct rig *r = open_rig(0);
  r->target.policy.proof_count = 6;
  rig_run(r);
  static const size_t tokens[] = {4, 2, 4, 2, 1}, mails[] = {5, 2, 5, 2, 1};
  assert_sizes(seen.tokens, seen.n_tokens, tokens, 5);
  assert_sizes(seen.mails, seen.n_mails, mails, 5);
  rig_free(r);
}

static const struct evidence *evidence_of(struct rig *r, enum slot_name slot) {
  char binding[TAG_BINDING_MAX], print[EVIDENCE_PRINT_MAX];
  struct state s = rig_state(r);
  tag_binding(r->target.account, r->target.iam_id, r->target.instance, binding);
  evidence_print(binding, s.slots[slot].value, print);
  const struct evidence *found = evidence_find(&r->memory.book, print);
  state_clear(&s);
  return found;
}

static void settle_with(struct rig *r, int at, enum logs_verdict v) {
  seen.step = "settle";
  seen.at = at;
  seen.verdict = v;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_stuck);
}

// One log of three is not answered: the others stand in the evidence, and the round does not pass.
static void one_that_fails_fails_the_round(void **unused) {
  (void)unused;
  for (int at = 0; at < 4; at++) { // three logs, and the forged one
    struct rig *r = open_rig(0);
    settle_with(r, at, LOGS_OUTAGE);
    assert_int_equal(r->memory.proofs[SLOT_CURRENT].passed, 0);
    assert_int_equal(r->memory.proofs[SLOT_CURRENT].verdict, PROOF_UNKNOWN);
    assert_int_equal(r->memory.proofs[SLOT_CURRENT].tamper_refused, at == 1 || at == 2);
    assert_true(evidence_of(r, SLOT_CURRENT)->proven_s > 0);
    seen.step = NULL;
    rig_run(r);
    assert_int_equal(r->result.row, ROW_rest);
    rig_free(r);
  }
}

static void one_token_that_is_missing_fails_it_too(void **unused) {
  (void)unused;
  struct rig *r = open_rig(0);
  seen.exchange_fails = 1;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_int_equal(seen.tokens[0], 3);
  assert_int_equal(seen.mails[0], 3); // of two tokens, and the forged one
  seen.exchange_fails = -1;
  rig_run(r);
  assert_int_equal(r->result.row, ROW_rest);
  rig_free(r);
}

// They came at one time, so they are seen once. Twice, apart, is another round.
static void refusals_of_one_round_are_one(void **unused) {
  (void)unused;
  struct rig *r = open_rig(0);
  settle_with(r, -1, LOGS_REFUSED);
  const struct evidence *x = evidence_of(r, SLOT_CURRENT);
  assert_int_equal(x->refusals, 1);
  assert_int_equal(x->refusal, CAUSE_none);
  rig_free(r);
}

// A forged log that is taken beside good ones proves nothing, whoever is answered first.
static void an_endpoint_that_takes_all_proves_nothing(void **unused) {
  (void)unused;
  struct rig *r = open_rig(0);
  r->takes_forged = true;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_non_null(strstr(r->result.error.text, "forged"));
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_span_each_proof_is_one_round),
      cmocka_unit_test(what_has_to_be_spread_goes_alone),
      cmocka_unit_test(a_round_that_lasts_counts_as_one),
      cmocka_unit_test(more_than_a_round_takes_another),
      cmocka_unit_test(one_that_fails_fails_the_round),
      cmocka_unit_test(one_token_that_is_missing_fails_it_too),
      cmocka_unit_test(refusals_of_one_round_are_one),
      cmocka_unit_test(an_endpoint_that_takes_all_proves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
