// What all commands that change a state have in common: no key is kept unproven, and they try again
// when somebody was faster.
#include "rotator/base/atomic_file.h"
#include "rotator/engine/tag.h"
#include "tests/support/scratch.h"
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void a_key_is_kept_after_a_full_proof_only(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_add_key(r, "ApiKey-by-hand", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  rig_put_sink(r, "one", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa");
  r->takes_forged = true; // an endpoint that takes anything proves nothing
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_CORRUPT);
  assert_non_null(strstr(e.text, "forged"));
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  r->takes_forged = false;
  r->target.policy.proof_span_s = 10;
  unsigned before = r->logs_seen;
  int64_t began_ms = env_mono_ms(r->io.env);
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_OK);
  assert_int_equal(r->logs_seen - before, r->target.policy.proof_count);
  assert_true(env_mono_ms(r->io.env) - began_ms >= 10000);
  rig_free(r);
}

// A key of ours of before: it stays the key of its generation, of which there is one.
static void a_key_of_ours_is_kept_with_its_generation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct tag tag = {.generation = 1};
  rig_init(r);
  rig_wish(r);
  rig_run(r);
  struct state s = rig_state(r);
  struct fake_key *k =
      rig_add_key(r, "ApiKey-before", "of-before-aaaaaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  assert_int_equal(s.slots[SLOT_CURRENT].generation, 2);
  strcpy(tag.lineage, s.lineage);
  tag_binding(s.account, s.iam_id, s.instance, tag.binding);
  state_clear(&s);
  tag_format(&tag, "made for demo", k->key.description);
  rig_put_sink(r, "one", "of-before-aaaaaaaaaaaaaaaaaaaaaaaaaa");
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_OK);
  s = rig_state(r);
  assert_int_equal(s.slots[SLOT_CURRENT].generation, 1);
  assert_int_equal(s.slots[SLOT_PREVIOUS].generation, 2);
  state_clear(&s);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-before");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// Another rotator is faster, as often as ctx says.
static enum memory_fault be_beaten(void *ctx, const struct memory_op *op) {
  int *times = ctx;
  if (op->kind != MEMORY_WRITE || strcmp(op->name, "home") != 0 || *times == 0)
    return MEMORY_FINE;
  --*times;
  return memory_answer(ERR_CONFLICT);
}

static void commands_try_again_after_a_conflict(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct hold hold = {.by = "test"};
  size_t n;
  int times;
  rig_init(r);
  rig_add_key(r, "ApiKey-by-hand", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  memory_space_set_fault(r->space, be_beaten, &times);
  times = 3;
  assert_int_equal(wish_hold(&r->target, &r->io, &hold, &e), ERR_OK);
  times = 3;
  assert_int_equal(wish_resume(&r->target, &r->io, &e), ERR_OK);
  rig_put_sink(r, "two", "somebody-elses-value-aaaaaaaaaaaaaaa");
  times = 3;
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
  assert_int_equal(n, 1);
  rig_put_sink(r, "one", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa");
  times = 3;
  assert_int_equal(repair_keep_sink(&r->target, &r->io, "one", &e), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  times = 3;
  assert_int_equal(target_forget(&r->target, &r->io, &e), ERR_OK);
  rig_restart(r);
  times = 1000;
  assert_int_equal(repair_new_key(&r->target, &r->io, &e), ERR_CONFLICT); // not for ever
  memory_space_set_fault(r->space, NULL, NULL);
  rig_free(r);
}

static enum memory_fault be_old(void *ctx, const struct memory_op *op) {
  const bool *old = ctx;
  return *old && op->kind == MEMORY_READ && strcmp(op->name, "home") == 0 ? memory_stale(1)
                                                                          : MEMORY_FINE;
}

// A state that this process has seen a newer one of is not changed by an order: it is an old
// reading.
static void no_order_is_written_over_an_old_state(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct hold hold = {.by = "test"};
  bool old = false;
  rig_init(r);
  memory_space_set_fault(r->space, be_old, &old);
  assert_int_equal(wish_hold(&r->target, &r->io, &hold, &e), ERR_OK);
  rig_run(r);
  old = true;
  assert_int_equal(wish_resume(&r->target, &r->io, &e), ERR_CORRUPT);
  assert_non_null(strstr(e.text, "older than one seen before"));
  old = false;
  struct state s = rig_state(r);
  assert_true(s.hold.on);
  state_clear(&s);
  assert_int_equal(wish_resume(&r->target, &r->io, &e), ERR_OK);
  memory_space_set_fault(r->space, NULL, NULL);
  rig_free(r);
}

// While a run works on the target, no command writes its state.
static void a_command_waits_for_the_lock(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct scratch scratch;
  struct hold hold = {.by = "test"};
  int fd = -1;
  scratch_new(&scratch);
  rig_init(r);
  r->target.lock_path = scratch_path(&scratch, "lock");
  assert_int_equal(file_lock(scratch.path, &r->env.env, 0, &fd, &e), ERR_OK);
  assert_int_equal(wish_hold(&r->target, &r->io, &hold, &e), ERR_BUSY);
  struct state s = rig_state(r);
  assert_false(s.hold.on);
  state_clear(&s);
  file_unlock(fd);
  assert_int_equal(wish_hold(&r->target, &r->io, &hold, &e), ERR_OK);
  rig_free(r);
  scratch_remove(&scratch);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_key_is_kept_after_a_full_proof_only),
                                     cmocka_unit_test(a_key_of_ours_is_kept_with_its_generation),
                                     cmocka_unit_test(commands_try_again_after_a_conflict),
                                     cmocka_unit_test(no_order_is_written_over_an_old_state),
                                     cmocka_unit_test(a_command_waits_for_the_lock)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
