// How often a rotation asks IAM for the list of keys: a look is carried over the turns that need no
// new one, and no further.
#include "tests/unit/engine/fake_cloud.h"

static struct rig *rig_with_wish(void) {
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  r->lists = 0;
  return r;
}

// Before due, retire, disable and delete, and one that shows that the old key is gone, as the
// answer to its deletion did.
static void a_rotation_looks_five_times(void **unused) {
  (void)unused;
  struct rig *r = rig_with_wish();
  r->target.policy.absence_apart_s = 0;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(rig_live_keys(r), 1);
  assert_int_equal(r->lists, 5);
  rig_free(r);
}

static struct rig *slow;
static enum err slow_hook(void *ctx, const struct target *t, const struct state *s,
                          struct error *err) {
  (void)ctx, (void)t, (void)s, (void)err;
  fake_env_advance(&slow->env, 11000);
  return ERR_OK;
}

static void an_old_look_is_not_carried(void **unused) {
  (void)unused;
  struct rig *r = slow = rig_with_wish();
  r->target.policy.absence_apart_s = 0;
  r->target.hook = slow_hook;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->lists, 6);
  rig_free(r);
}

// What became of a request without an answer is asked.
static void no_look_is_carried_over_a_lost_answer(void **unused) {
  (void)unused;
  struct rig *r = rig_with_wish();
  r->create_answer = ERR_UNSURE;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_create);
  assert_int_equal(r->lists, 2);
  rig_free(r);
}

// A look ends with its tick, and so does what it takes of memory.
static void no_look_outlives_its_tick(void **unused) {
  (void)unused;
  struct rig *r = rig_with_wish();
  r->target.policy.proof_span_s = 10;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_int_equal(r->lists, 1);
  assert_null(r->memory.carried.list.keys);
  fake_env_advance(&r->env, 5000);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_int_equal(r->lists, 2);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_rotation_looks_five_times),
                                     cmocka_unit_test(an_old_look_is_not_carried),
                                     cmocka_unit_test(no_look_is_carried_over_a_lost_answer),
                                     cmocka_unit_test(no_look_outlives_its_tick)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
