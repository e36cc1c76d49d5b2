// R1: sinks of class B and C that are linked, given another mode, restored or written anew as they
// are, in the middle of a grace.
#include "tests/unit/engine/fake_cloud.h"

static void make_files_of_sinks(struct rig *r) {
  for (int i = 0; i < 2; i++)
    r->target.sinks[i].item->class = STORE_CLASS_B;
  r->target.host_id = "host";
}

static enum phase phase_now(struct rig *r) {
  struct state s = rig_state(r);
  enum phase p = s.phase;
  state_clear(&s);
  return p;
}

// R1: a backup that links each night, a chmod, a disk under another number.
static void r1_other_metadata_changes_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  make_files_of_sinks(r);
  rig_init(r);
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  struct state before = rig_state(r);
  for (int i = 0; i < 5; i++) {
    memory_touch(r->space, "one");
    fake_env_advance(&r->env, 3600 * 1000LL);
    rig_restart(r);
    rig_run(r);
  }
  struct state after = rig_state(r);
  assert_int_equal(after.phase, PHASE_GRACE);
  assert_int_equal(after.seq, before.seq);
  state_clear(&before);
  state_clear(&after);
  fake_env_advance(&r->env, 82000 * 1000LL);
  rig_run(r);
  assert_int_equal(phase_now(r), PHASE_IDLE);
  rig_free(r);
}

// R1: a configuration tool that restores what is there.
static void r1_the_same_value_written_anew_puts_the_end_off(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  make_files_of_sinks(r);
  rig_init(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.reload_within_s = 7200;
  rig_wish(r);
  rig_run(r);
  fake_env_advance(&r->env, 86000 * 1000LL);
  struct state s = rig_state(r);
  struct store_record same = {.value = secret_dup(s.slots[SLOT_CURRENT].value)};
  int64_t since_s = s.phase_since_s;
  state_clear(&s);
  assert_int_equal(memory_poke(r->space, "two", &same), ERR_OK);
  store_record_clear(&same);
  rig_restart(r);
  rig_run(r);
  s = rig_state(r);
  assert_int_equal(s.phase, PHASE_GRACE);
  assert_int_equal(s.phase_since_s, since_s);
  assert_int_equal(s.moved, 0);
  assert_true(s.rewritten_s > since_s);
  state_clear(&s);
  fake_env_advance(&r->env, 7000 * 1000LL);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(rig_live_keys(r), 2);
  fake_env_advance(&r->env, 300 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// R1: each run sees one of the times; all of them say so from the third on.
static void r1_a_grace_that_keeps_restarting_is_told_by_each_run(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  make_files_of_sinks(r);
  rig_init(r);
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  for (int i = 1; i <= 4; i++) {
    struct state s = rig_state(r);
    struct store_record old = {.value = secret_dup(s.slots[SLOT_PREVIOUS].value)};
    state_clear(&s);
    assert_int_equal(memory_poke(r->space, "one", &old), ERR_OK);
    store_record_clear(&old);
    rig_restart(r);
    rig_run(r);
    assert_int_equal(r->result.phase, PHASE_GRACE);
    assert_int_equal(r->result.attention, i >= 3);
    rig_restart(r);
    rig_run(r); // nothing moved since
    assert_int_equal(r->result.attention, i >= 3);
    if (i >= 3)
      assert_int_equal(r->result.why, WHY_moved_often);
  }
  fake_env_advance(&r->env, 90000 * 1000LL);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_false(r->result.attention);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(r1_other_metadata_changes_nothing),
      cmocka_unit_test(r1_the_same_value_written_anew_puts_the_end_off),
      cmocka_unit_test(r1_a_grace_that_keeps_restarting_is_told_by_each_run)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
