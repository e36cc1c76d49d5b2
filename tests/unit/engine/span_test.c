// How long a proof takes: the span of a new key once, by whoever saw it; else twice.
#include "tests/unit/engine/fake_cloud.h"

static struct rig *rig_with_wish(void) {
  struct rig *r = rig_new();
  rig_init(r);
  rig_wish(r);
  return r;
}

// Ticks until the first key is disabled; how long that took.
static int64_t run_to_disabled(struct rig *r) {
  int64_t begin = r->env.mono_ms;
  for (int i = 0; i < 100 && !rig_key(r, "ApiKey-1")->key.disabled; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    if (r->result.end == TICK_WAIT && !rig_key(r, "ApiKey-1")->key.disabled)
      fake_env_advance(&r->env, r->result.again_ms - r->env.mono_ms);
  }
  assert_true(rig_key(r, "ApiKey-1")->key.disabled);
  return r->env.mono_ms - begin;
}

static void a_leaked_key_waits_for_one_span(void **unused) {
  (void)unused;
  struct rig *r = rig_with_wish();
  unsigned logs = r->logs_seen;
  int64_t ms = run_to_disabled(r);
  assert_true(ms >= 10000 && ms <= 12000);
  assert_int_equal(r->logs_seen - logs, 3 + 3 + 1); // promote, settle, retire
  rig_free(r);
}

static unsigned hook_fails;
static struct rig *hooked;
static int64_t hook_takes_ms;
static enum err hook(void *ctx, const struct target *t, const struct state *s, struct error *err) {
  (void)ctx, (void)t, (void)s;
  fake_env_advance(&hooked->env, hook_takes_ms);
  return hook_fails > 0 && hook_fails-- ? error_set(err, ERR_REFUSED, "exit status 1") : ERR_OK;
}

static void another_process_takes_the_span(void **unused) {
  (void)unused;
  struct rig *r = hooked = rig_with_wish();
  r->target.hook = hook;
  hook_fails = 1;
  hook_takes_ms = 0;
  for (int i = 0; i < 9 && r->result.row != ROW_reload; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    fake_env_advance(&r->env, r->result.again_ms - r->env.mono_ms);
  }
  assert_int_equal(r->result.row, ROW_reload);
  rig_restart(r);
  assert_true(run_to_disabled(r) >= 10000);
  rig_free(r);
}

static void who_was_away_takes_the_span(void **unused) {
  (void)unused;
  struct rig *r = hooked = rig_with_wish();
  r->target.hook = hook;
  hook_fails = 0;
  hook_takes_ms = 61000;
  assert_true(run_to_disabled(r) >= 10000 + 61000 + 10000);
  rig_free(r);
}

static void what_failed_in_between_ends_it(void **unused) {
  (void)unused;
  struct passing_memory m = {0};
  passing_enter(&m, "", 0);
  passing_enter(&m, "", 20000);
  assert_false(passing_spans(&m, "", 10000, 20000)); // a value that is in no slot
  passing_enter(&m, "a", 30000);
  passing_enter(&m, "a", 40000);
  assert_true(passing_spans(&m, "a", 10000, 40000));
  assert_true(passing_spans(&m, "a", 10000, 100000));
  assert_false(passing_spans(&m, "a", 10000, 100001)); // the next would be too far away
  assert_false(passing_spans(&m, "a", 10001, 40000));
  assert_false(passing_spans(&m, "b", 0, 40000));
  passing_end(&m);
  assert_false(passing_spans(&m, "a", 0, 40000));
  passing_enter(&m, "a", 50000);
  passing_enter(&m, "b", 60000);
  assert_false(passing_spans(&m, "b", 1, 60000));
}

// Exchanges a minute apart belong to one proof, and no longer ones.
static void exchanges_belong_together_for_a_minute(void **unused) {
  (void)unused;
  struct passing_memory m = {0};
  passing_enter(&m, "print", 1000);
  passing_enter(&m, "print", 61000);
  assert_true(passing_spans(&m, "print", 60000, 121000));
  assert_false(passing_spans(&m, "print", 60000, 121001)); // nobody may add one to them any more
  passing_enter(&m, "print", 121001);
  assert_false(passing_spans(&m, "print", 1, 121001));
}

static void stop_before_a_proof(void *ctx, const struct step *s) {
  struct rig *r = ctx;
  if (s->action->kind == ACT_PROVE)
    r->env.stop = true;
}

// Told to stop, it begins no proof; and it says so, not that the key was found wanting.
static void a_stop_begins_no_proof(void **unused) {
  (void)unused;
  struct rig *r = rig_with_wish();
  struct watcher w = {.begin = stop_before_a_proof, .ctx = r};
  unsigned logs = r->logs_seen;
  for (int i = 0; i < 10 && !r->env.stop; i++) {
    tick(&r->target, &r->io, &w, &r->result);
    if (r->result.end == TICK_WAIT)
      fake_env_advance(&r->env, r->result.again_ms - r->env.mono_ms);
  }
  assert_int_equal(r->result.end, TICK_STOPPED);
  assert_int_equal(r->logs_seen, logs);
  assert_int_equal(rig_phase(r), PHASE_STAGED);
  r->env.stop = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_leaked_key_waits_for_one_span),
                                     cmocka_unit_test(another_process_takes_the_span),
                                     cmocka_unit_test(who_was_away_takes_the_span),
                                     cmocka_unit_test(what_failed_in_between_ends_it),
                                     cmocka_unit_test(a_stop_begins_no_proof),
                                     cmocka_unit_test(exchanges_belong_together_for_a_minute)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
