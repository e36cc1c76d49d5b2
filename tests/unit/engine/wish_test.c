// Wishes, holds and the ways out of attention, each from the situation that it is meant for to its
// end.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void wish(struct rig *r, bool compromised) {
  struct wish w = {.grace_s = -1, .compromised = compromised, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
}

static void rotate(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  wish(r, false);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void rotate_forgives_failures(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  struct wish give_up = {.by = "test"};
  for (int i = 0; i < 3; i++) {
    r->verdict = LOGS_OUTAGE;
    wish(r, false);
    tick(&r->target, &r->io, NULL, &r->result);
    assert_int_equal(rig_phase(r), PHASE_STAGED);
    assert_int_equal(wish_rollback(&r->target, &r->io, &give_up, &e), ERR_OK);
    tick(&r->target, &r->io, NULL, &r->result);
    assert_int_equal(rig_phase(r), PHASE_IDLE);
  }
  r->verdict = LOGS_ACCEPTED;
  wish(r, false);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(rig_live_keys(r), 1); // those that were given up were strays
  rig_free(r);
}

static void rollback_in_grace(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  wish(r, false);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  struct wish w = {.by = "test"};
  assert_int_equal(wish_rollback(&r->target, &r->io, &w, &e), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  fake_env_advance(&r->env, 86400 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 1);
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-1");
  rig_free(r);
}

static void rollback_where_there_is_no_way_back(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.by = "test"};
  assert_int_equal(wish_rollback(&r->target, &r->io, &w, &e), ERR_MISSING); // no state yet
  rig_init(r);
  assert_int_equal(wish_rollback(&r->target, &r->io, &w, &e), ERR_REFUSED);
  r->target.policy.quarantine_s = 7200;
  wish(r, false);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_RETIRING);
  assert_int_equal(wish_rollback(&r->target, &r->io, &w, &e), ERR_REFUSED);
  rig_free(r);
}

static void compromised_in_grace_hurries_it(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.quarantine_s = 7200;
  wish(r, false);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  wish(r, true); // the rotation under way ends, and another one is made and ended at once
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-3");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void hold_and_resume(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.quarantine_s = 7200;
  wish(r, false);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_quarantine);
  assert_true(rig_key(r, "ApiKey-1")->key.disabled);
  struct hold h = {.by = "test", .reason = "the new key looks bad"};
  assert_int_equal(wish_hold(&r->target, &r->io, &h, &e), ERR_OK);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_held);
  assert_false(rig_key(r, "ApiKey-1")->key.disabled); // the old key works again, and is not current
  assert_int_equal(wish_resume(&r->target, &r->io, &e), ERR_OK);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_quarantine);
  fake_env_advance(&r->env, 7300 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_foreign_value_is_written_over_knowingly(void **unused) {
  (void)unused;
  static const enum phase phases[] = {PHASE_IDLE, PHASE_GRACE, PHASE_RETIRING};
  for (int i = 0; i < 3; i++) {
    struct rig *r = rig_new();
    size_t n = 0;
    rig_init(r);
    r->target.policy.grace_s = phases[i] == PHASE_GRACE ? 86400 : 0;
    r->target.policy.quarantine_s = phases[i] == PHASE_RETIRING ? 7200 : 0;
    if (phases[i] != PHASE_IDLE)
      wish(r, false);
    rig_run(r);
    assert_int_equal(rig_phase(r), phases[i]);
    rig_put_sink(r, "two", "somebody-elses-value-aaaaaaaaaaaaaaa");
    rig_run(r);
    assert_int_equal(r->result.row, ROW_foreign);
    assert_int_equal(r->result.end, TICK_ATTENTION);
    assert_string_equal(rig_sink_key(r, "two"), "?");
    assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    rig_run(r);
    assert_string_equal(rig_sink_key(r, "two"), rig_sink_key(r, "one"));
    assert_int_not_equal(r->result.end, TICK_ATTENTION);
    assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
    assert_int_equal(n, 0); // again: nothing to do
    rig_free(r);
  }
}

// Reads of sink "two" do not decode, until it is written.
static enum memory_fault garbled(void *ctx, const struct memory_op *op) {
  bool *garbage = ctx;
  if (strcmp(op->name, "two") != 0)
    return MEMORY_FINE;
  if (op->kind == MEMORY_WRITE)
    *garbage = false;
  return *garbage && op->kind == MEMORY_READ ? memory_answer(ERR_CORRUPT) : MEMORY_FINE;
}

static void what_does_not_decode_is_written_over_knowingly(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  bool garbage = false;
  size_t n = 0;
  r->target.sinks[1].item->class = STORE_CLASS_C;
  rig_init(r);
  memory_space_set_fault(r->space, garbled, &garbage);
  garbage = true;
  rig_run(r);
  assert_int_equal(r->result.why, WHY_sink_corrupt);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
  assert_int_equal(n, 1);
  rig_run(r);
  assert_false(garbage);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-1");
  memory_space_set_fault(r->space, NULL, NULL);
  rig_free(r);
}

static void a_key_found_in_a_sink_is_kept(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_add_key(r, "ApiKey-by-hand", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  rig_put_sink(r, "two", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa");
  rig_run(r);
  assert_int_equal(r->result.row, ROW_foreign);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "three", &e), ERR_MISSING);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e),
                   ERR_REFUSED); // holds current already
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "two", &e), ERR_OK);
  assert_int_equal(rig_phase(r), PHASE_PUBLISHING);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-by-hand");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_key_that_does_not_work_is_not_kept(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  struct fake_key *other =
      rig_add_key(r, "ApiKey-other", "of-another-identity-aaaaaaaaaaaaaaaa", "iam-ServiceId-2");
  rig_put_sink(r, "one", "of-another-identity-aaaaaaaaaaaaaaaa");
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "iam-ServiceId-2"));
  strcpy(other->key.iam_id, r->target.iam_id);
  other->key.disabled = true;
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_REFUSED);
  other->key.disabled = false;
  r->verdict = LOGS_REFUSED;
  assert_int_not_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_OK);
  rig_put_sink(r, "one", NULL);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_REFUSED);
  rig_put_sink(r, "one", "nobodys-value-aaaaaaaaaaaaaaaaaaaaaa");
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_MISSING);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  rig_free(r);
}

static void keep_sink_is_refused_in_the_middle_of_a_rotation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  wish(r, false);
  rig_run(r);
  rig_add_key(r, "ApiKey-by-hand", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  rig_put_sink(r, "one", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa");
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "--keep state"));
  rig_free(r);
}

static void lose_state(struct rig *r, const char *instead) {
  rig_put_sink(r, "home", instead);
  rig_restart(r);
}

static void a_lost_state_begins_anew_with_a_new_key(void **unused) {
  (void)unused;
  static const char *const instead[] = {NULL, "{\"rotator_state\":1,\"sha256\":\"\",\"state\":{}}"};
  for (int i = 0; i < 2; i++) {
    struct rig *r = rig_new();
    rig_init(r);
    assert_int_equal(repair_new_key(&r->target, &r->io, &e), ERR_REFUSED); // the state is good
    lose_state(r, instead[i]);
    rig_run(r);
    assert_int_equal(r->result.row, i == 0 ? ROW_unclear : ROW_corrupt);
    assert_int_equal(r->result.end, TICK_ATTENTION);
    assert_int_equal(repair_new_key(&r->target, &r->io, &e), ERR_OK);
    rig_run(r);
    assert_int_equal(rig_phase(r), PHASE_IDLE);
    assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
    assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
    assert_int_equal(rig_live_keys(r), 2); // a key of another lineage is left alone
    struct state s = rig_state(r);
    assert_true(s.generation > 1);
    state_clear(&s);
    rig_free(r);
  }
}

static void a_lost_state_begins_anew_with_a_key_that_is_there(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  lose_state(r, NULL);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "two", &e), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  wish(r, false);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1); // the kept key is ours by its id
  rig_free(r);
}

static void another_host_takes_over(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.home->class = STORE_CLASS_B;
  rig_init(r);
  r->target.host_id = "host-2";
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_other_host);
  r->iam_silent = true; // which is not asked
  assert_int_equal(repair_take_host(&r->target, &r->io, &e), ERR_OK);
  r->iam_silent = false;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  rig_free(r);
}

static void a_sink_is_dropped(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "two", &e),
                   ERR_REFUSED); // still configured
  store_item_free(r->target.sinks[1].item);
  r->target.n_sinks = 1;
  wish(r, false);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_blocked);
  assert_int_equal(r->result.why, WHY_sink_lost);
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "three", &e), ERR_MISSING);
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "two", &e), ERR_OK);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void forgotten_and_taken_up_again(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct store_record record = {0};
  rig_init(r);
  r->target.policy.grace_s = 86400;
  wish(r, false);
  rig_run(r);
  assert_int_equal(target_forget(&r->target, &r->io, &e), ERR_REFUSED);
  fake_env_advance(&r->env, 86400 * 1000LL);
  rig_run(r);
  assert_int_equal(target_forget(&r->target, &r->io, &e), ERR_OK);
  assert_true(memory_peek(r->space, "home", &record, NULL));
  assert_string_equal(secret_bytes(record.value), STATE_FORGOTTEN);
  store_record_clear(&record);
  assert_int_equal(rig_live_keys(r), 1);
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_unclear); // nothing begins by itself
  assert_int_equal(target_forget(&r->target, &r->io, &e), ERR_MISSING);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_OK);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  rig_free(r);
}

static void nothing_is_changed_while_iam_is_silent(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  size_t n;
  rig_init(r);
  r->iam_silent = true;
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_UNSENT);
  assert_int_equal(repair_new_key(&r->target, &r->io, &e), ERR_UNSENT);
  assert_int_equal(target_forget(&r->target, &r->io, &e), ERR_UNSENT);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rotate),
      cmocka_unit_test(rotate_forgives_failures),
      cmocka_unit_test(rollback_in_grace),
      cmocka_unit_test(rollback_where_there_is_no_way_back),
      cmocka_unit_test(compromised_in_grace_hurries_it),
      cmocka_unit_test(hold_and_resume),
      cmocka_unit_test(what_does_not_decode_is_written_over_knowingly),
      cmocka_unit_test(a_foreign_value_is_written_over_knowingly),
      cmocka_unit_test(a_key_found_in_a_sink_is_kept),
      cmocka_unit_test(a_key_that_does_not_work_is_not_kept),
      cmocka_unit_test(keep_sink_is_refused_in_the_middle_of_a_rotation),
      cmocka_unit_test(a_lost_state_begins_anew_with_a_new_key),
      cmocka_unit_test(a_lost_state_begins_anew_with_a_key_that_is_there),
      cmocka_unit_test(another_host_takes_over),
      cmocka_unit_test(a_sink_is_dropped),
      cmocka_unit_test(forgotten_and_taken_up_again),
      cmocka_unit_test(nothing_is_changed_while_iam_is_silent)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
