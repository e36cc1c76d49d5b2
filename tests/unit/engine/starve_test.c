// Memory runs out at one allocation of what the engine does, and at another one, all through whole
// rotations and orders. Whatever is said of it, consumers keep a key that works, what is said to be
// done is done, and once there is memory again everything comes to rest with nothing left over.
#include <stdio.h>
#include <unistd.h>

#include "rotator/engine/fleet.h"
#include "tests/support/starve.h"
#include "tests/unit/engine/fake_cloud.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 5 // a sanitizer makes a world several times slower: fewer of them
#else
#define SLOWER 1
#endif

struct scene {
  void (*make_ready)(struct rig *r);
  enum err (*act)(struct rig *r, struct error *e);
  void (*done)(struct rig *r); // it answered ERR_OK: what must be so, beside the promise
  long step;                   // each so-many-th allocation
  bool empty;                  // consumers have no key that works before
  bool order;                  // of a person, who gives it again where it failed
};

static void ask_for_rotation(struct rig *r) {
  struct wish w = {.grace_s = -1, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, NULL), ERR_OK);
}

// How many allocations there were.
static long starve(const struct scene *scene) {
  bool enough = false;
  long n = 0;
  for (; !enough; n += scene->step * SLOWER) {
    struct rig *r = rig_new();
    struct error e = {0};
    scene->make_ready(r);
    starve_at(n);
    enum err err = scene->act(r, &e);
    enough = starve_over();
    if (enough)
      assert_int_equal(err, ERR_OK);
    if (err != ERR_OK) // a sentence, whatever it is
      assert_true(e.kind == err && e.text[0]);
    if (!scene->empty)
      rig_serves_a_live_key(r);
    if (err == ERR_OK && scene->done)
      scene->done(r);
    if (n % 2)
      rig_restart(r);
    if (err != ERR_OK && scene->order)
      assert_int_equal(scene->act(r, &e), ERR_OK);
    rig_comes_to_rest(r);
    rig_free(r);
  }
  return n;
}

// --- ticks ---------------------------------------------------------------------------------------

// A run of the scheduled job. Who rests says that nothing is left to do.
static enum err run(struct rig *r, struct error *e) {
  rig_run(r);
  *e = r->result.error;
  if (r->result.end == TICK_FAILED)
    return ERR_INTERNAL;
  if (r->result.end == TICK_REST)
    return ERR_OK;
  return e->kind != ERR_OK ? e->kind : error_set(e, ERR_UNSURE, "it waits");
}

static void one_key_is_left(struct rig *r) {
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_IDLE);
  state_clear(&s);
  assert_int_equal(rig_live_keys(r), 1);
}

static void rotated(struct rig *r) {
  one_key_is_left(r);
  assert_string_not_equal(rig_sink_key(r, "one"), "ApiKey-1");
}

static void wished(struct rig *r) {
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  ask_for_rotation(r);
}

static void memory_runs_out_in_a_rotation(void **unused) {
  (void)unused;
  const struct scene scene = {wished, run, rotated, .step = 11};
  assert_true(starve(&scene) > 2000);
}

// The home serves old readings, a sink has nothing but the lock: more is written.
static char mark[64];
static void wished_of_class_c(struct rig *r) {
  snprintf(mark, sizeof mark, "/tmp/rotator-starve-%d", (int)getpid());
  r->target.mark_path = mark;
  r->target.home->stale_reads = true;
  r->target.sinks[0].item->class = STORE_CLASS_C;
  r->target.sinks[0].item->longest_ms = 1000;
  wished(r);
}
static enum err run_and_tidy(struct rig *r, struct error *e) {
  enum err err = run(r, e);
  long left = starve_left;
  starve_left = -1;
  unlink(mark);
  starve_left = left;
  return err;
}

static void memory_runs_out_where_more_is_written(void **unused) {
  (void)unused;
  const struct scene scene = {wished_of_class_c, run_and_tidy, rotated, .step = 101};
  assert_true(starve(&scene) > 2000);
  unlink(mark);
}

static void wished_of_iam(struct rig *r) {
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  r->target.policy.origin = POLICY_ORIGIN_IAM;
  ask_for_rotation(r);
}

static void memory_runs_out_while_iam_makes_the_value(void **unused) {
  (void)unused;
  const struct scene scene = {wished_of_iam, run, rotated, .step = 17};
  assert_true(starve(&scene) > 2000);
}

static void to_be_adopted(struct rig *r) {
  rig_add_key(r, "ApiKey-hand", "made-by-hand", "iam-ServiceId-1");
  rig_put_sink(r, "one", "made-by-hand");
  rig_put_sink(r, "two", "made-by-hand");
}

static void memory_runs_out_while_a_key_is_adopted(void **unused) {
  (void)unused;
  const struct scene scene = {to_be_adopted, run, one_key_is_left, .step = 7};
  assert_true(starve(&scene) > 100);
}

// The rotator's own key: the second run, which ends the old one.
static void published_of_our_own(struct rig *r) {
  rig_init(r);
  r->own = r->target.own = true;
  rig_restart(r);
  ask_for_rotation(r);
  rig_run(r);
  assert_int_equal(r->result.why, WHY_own_run);
  rig_restart(r);
}

static void memory_runs_out_while_our_own_key_is_ended(void **unused) {
  (void)unused;
  const struct scene scene = {published_of_our_own, run, rotated, .step = 17};
  assert_true(starve(&scene) > 500);
}

// --- orders --------------------------------------------------------------------------------------

static enum err order_rotation(struct rig *r, struct error *e) {
  struct wish w = {.grace_s = -1, .by = "test"};
  return wish_rotate(&r->target, &r->io, &w, e);
}
static void is_wished(struct rig *r) {
  struct state s = rig_state(r);
  assert_int_equal(s.wish.kind, WISH_ROTATE);
  state_clear(&s);
}

static void in_grace(struct rig *r) {
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  r->target.policy.grace_s = 600;
  r->target.policy.reload_within_s = 60;
  ask_for_rotation(r);
  for (int i = 0; i < 20 && r->result.phase != PHASE_GRACE; i++)
    tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_GRACE);
}
static enum err order_retire(struct rig *r, struct error *e) {
  struct wish w = {.grace_s = -1, .by = "test"};
  return wish_retire(&r->target, &r->io, &w, e);
}
static void may_retire(struct rig *r) {
  struct state s = rig_state(r);
  assert_true(state_may_retire(&s));
  state_clear(&s);
}

static void foreign_in_one(struct rig *r) {
  rig_init(r);
  rig_add_key(r, "ApiKey-hand", "made-by-hand", "iam-ServiceId-1");
  rig_put_sink(r, "one", "made-by-hand");
}
static enum err order_keep_sink(struct rig *r, struct error *e) {
  return repair_keep_sink(&r->target, &r->io, "one", e);
}
static void hand_made_is_current(struct rig *r) {
  struct state s = rig_state(r);
  assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-hand");
  state_clear(&s);
}

static void foreign_without_a_key(struct rig *r) {
  rig_init(r);
  rig_put_sink(r, "two", "nobody-s");
}
// It says how many sinks that was for: none, where the sink could not be read.
static enum err order_keep_state(struct rig *r, struct error *e) {
  size_t n = 0;
  enum err err = repair_keep_state(&r->target, &r->io, &n, e);
  assert_true(n <= (err == ERR_OK));
  return err == ERR_OK && n == 0 ? error_set(e, ERR_UNSURE, "for no sink") : err;
}

static void memory_runs_out_under_an_order(void **unused) {
  (void)unused;
  static const struct scene scenes[] = {
      {rig_init, order_rotation, is_wished, .step = 3, .order = true},
      {in_grace, order_retire, may_retire, .step = 3, .order = true},
      {foreign_in_one, order_keep_sink, hand_made_is_current, .step = 3, .order = true},
      {foreign_without_a_key, order_keep_state, NULL, .step = 3, .empty = true, .order = true},
  };
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
    assert_true(starve(&scenes[i]) > 50);
}

// Forgotten as a whole, or not at all.
static void memory_runs_out_while_a_target_is_forgotten(void **unused) {
  (void)unused;
  bool enough = false;
  for (long n = 0; !enough; n += SLOWER) {
    struct rig *r = rig_new();
    struct error e = {0};
    struct store_record record = {0};
    rig_init(r);
    starve_at(n);
    enum err err = target_forget(&r->target, &r->io, &e);
    enough = starve_over();
    assert_true(err == ERR_OK || (!enough && e.kind == err && e.text[0]));
    assert_true(memory_peek(r->space, "home", &record, NULL));
    assert_int_equal(strcmp(secret_bytes(record.value), STATE_FORGOTTEN) == 0, err == ERR_OK);
    store_record_clear(&record);
    rig_serves_a_live_key(r);
    if (err != ERR_OK)
      rig_comes_to_rest(r);
    rig_free(r);
  }
}

// Who looks is shown what there is, or is told that it could not be looked at.
static void memory_runs_out_while_somebody_looks(void **unused) {
  (void)unused;
  for (int verify = 0; verify < 2; verify++) {
    bool enough = false;
    for (long n = 0; !enough; n += 1 + 2 * (SLOWER - 1)) {
      struct rig *r = rig_new();
      struct error e = {0};
      struct state s = {0};
      struct view v = {0};
      rig_init(r);
      starve_at(n);
      enum err err = verify ? tick_verify(&r->target, &r->io, false, &s, &v, &e)
                            : tick_observe(&r->target, &r->io, true, &s, &v, &e);
      enough = starve_over();
      assert_true(err == ERR_OK || (!enough && e.kind == err && e.text[0]));
      if (err == ERR_OK && enough)
        assert_int_equal(view_working(&v), WORKING_YES);
      if (err == ERR_OK && v.state)
        assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-1");
      assert_int_not_equal(view_working(&v), WORKING_NO);
      state_clear(&s);
      rig_free(r);
    }
  }
}

// --- the fleet -----------------------------------------------------------------------------------

static bool give_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                    struct error *err) {
  struct rig *r = ctx;
  (void)worker, (void)t, (void)err;
  *ret = r->io;
  return true;
}

// No target has rested of which nothing was looked at, whatever stood in the results before.
static void memory_runs_out_before_a_fleet_runs(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct target *list[] = {&r->target};
  struct fleet_options o = {.jobs = 1, .io = give_io, .io_ctx = r};
  rig_init(r);
  for (int n = 0; n < 2; n++) {
    struct tick_result result = {.end = TICK_REST};
    starve_at(n);
    fleet_run(list, 1, &o, &r->env.env, &result);
    assert_false(starve_over());
    assert_int_equal(result.end, TICK_FAILED);
    assert_int_equal(result.error.kind, ERR_INTERNAL);
    assert_int_equal(result.working, WORKING_UNKNOWN);
  }
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out_in_a_rotation),
                                     cmocka_unit_test(memory_runs_out_where_more_is_written),
                                     cmocka_unit_test(memory_runs_out_while_iam_makes_the_value),
                                     cmocka_unit_test(memory_runs_out_while_a_key_is_adopted),
                                     cmocka_unit_test(memory_runs_out_while_our_own_key_is_ended),
                                     cmocka_unit_test(memory_runs_out_under_an_order),
                                     cmocka_unit_test(memory_runs_out_while_a_target_is_forgotten),
                                     cmocka_unit_test(memory_runs_out_while_somebody_looks),
                                     cmocka_unit_test(memory_runs_out_before_a_fleet_runs)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
