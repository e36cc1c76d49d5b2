// Memory runs out at each of the first allocations of one step in turn, for the steps that
// starve_test.c, which goes through whole rotations, passes by with its strides.
#include "tests/support/starve.h"
#include "tests/unit/engine/fake_cloud.h"

#define STEP_BY_STEP 40 // allocations; of those after it, each so-many-th

struct step_of {
  struct rig *rig;
  enum row row;
  enum act_kind kind;
  long n;                       // the allocation that fails, of the first such step
  bool met, enough;             // it came to that step; and all its allocations were granted
  enum err err;                 // what became of it
  void (*after)(struct rig *r); // what must be so after a step that failed
};

static bool is_meant(const struct step_of *x, const struct step *s) {
  return !x->met && s->action->row == x->row && s->action->kind == x->kind;
}
static void begin(void *ctx, const struct step *s) {
  struct step_of *x = ctx;
  if (is_meant(x, s))
    starve_at(x->n);
}
static void end(void *ctx, const struct step *s) {
  struct step_of *x = ctx;
  if (!is_meant(x, s))
    return;
  x->enough = starve_over();
  x->met = true;
  x->err = s->result;
}

// The ticks up to that step. It failed where memory was wanted, and consumers have a key that
// works; once there is memory again the rotation is done.
static void rotate(struct step_of *x) {
  struct watcher w = {begin, end, x};
  struct rig *r = x->rig;
  for (int i = 0; i < 50 && !x->met; i++) {
    tick(&r->target, &r->io, &w, &r->result);
    if (r->result.end == TICK_WAIT && r->result.again_ms != INT64_MAX)
      fake_env_advance(&r->env, r->result.again_ms - r->env.mono_ms);
  }
  assert_true(x->met);
  rig_serves_a_live_key(r);
  if (x->err != ERR_OK && x->after)
    x->after(r);
  if (x->n % 2)
    rig_restart(r);
  rig_comes_to_rest(r);
  assert_string_not_equal(rig_sink_key(r, "one"), "ApiKey-1");
}

// There is at least one allocation that the step cannot do without.
static void starve(struct step_of step, void (*make_ready)(struct rig *r)) {
  unsigned failed = 0;
  step.enough = false;
  for (step.n = 0; !step.enough; step.n += step.n < STEP_BY_STEP ? 1 : 13) {
    step.rig = rig_new();
    step.met = false;
    make_ready(step.rig);
    rig_wish(step.rig);
    rotate(&step);
    if (step.enough)
      assert_int_equal(step.err, ERR_OK);
    failed += step.err != ERR_OK;
    rig_free(step.rig);
  }
  assert_true(failed > 0);
}

static void of_iam(struct rig *r) {
  rig_init(r);
  r->target.policy.origin = POLICY_ORIGIN_IAM;
}
// Nothing but the value is missing, and nobody has it a second time.
static void is_not_noted(struct rig *r) {
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_string_equal(s.slots[SLOT_PENDING].key_id, "");
  state_clear(&s);
}
static void memory_runs_out_while_the_key_that_iam_made_is_noted(void **unused) {
  (void)unused;
  starve((struct step_of){.row = ROW_note, .kind = ACT_CAS, .after = is_not_noted}, of_iam);
}

static void at_home_where_readings_are_old(struct rig *r) {
  rig_init(r);
  r->target.home->stale_reads = true;
}
// The state is confirmed before a sink is written (rule 9): without that nothing is written.
static void sinks_hold_the_old_key(struct rig *r) {
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-1");
}
static void memory_runs_out_while_the_state_is_confirmed(void **unused) {
  (void)unused;
  starve(
      (struct step_of){.row = ROW_publish, .kind = ACT_WRITE_SINK, .after = sinks_hold_the_old_key},
      at_home_where_readings_are_old);
}

static void our_own_without_an_instance(struct rig *r) {
  rig_init(r);
  r->own = r->target.own = true;
  r->io.logs = NULL;
  rig_restart(r);
}
// That a forged token is refused could not be tried: that is no proof.
static void is_not_proven(struct rig *r) {
  assert_int_equal(rig_phase(r), PHASE_STAGED);
}
static void memory_runs_out_while_our_own_key_is_proven(void **unused) {
  (void)unused;
  starve((struct step_of){.row = ROW_promote, .kind = ACT_PROVE, .after = is_not_proven},
         our_own_without_an_instance);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_runs_out_while_the_key_that_iam_made_is_noted),
      cmocka_unit_test(memory_runs_out_while_the_state_is_confirmed),
      cmocka_unit_test(memory_runs_out_while_our_own_key_is_proven)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
