// What a tick does beyond the table: watchers, hooks, the lock, the mark of stores without
// compare-and-set.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rotator/engine/turn.h"
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

// --- watchers ------------------------------------------------------------------------------------

struct heard {
  unsigned begun, ended;
  enum row rows[128];
};
static void hear_begin(void *ctx, const struct step *s) {
  struct heard *h = ctx;
  (void)s;
  h->begun++;
}
static void hear_end(void *ctx, const struct step *s) {
  struct heard *h = ctx;
  if (h->ended < 128)
    h->rows[h->ended] = s->action->row;
  h->ended++;
}

static void a_rotation_is_told_step_by_step(void **unused) {
  (void)unused;
  static const enum row expected[] = {ROW_due,     ROW_create,  ROW_note,    ROW_enable,
                                      ROW_promote, ROW_promote, ROW_publish, ROW_publish,
                                      ROW_settle,  ROW_settle,  ROW_retire,  ROW_retire,
                                      ROW_disable, ROW_delete}; // retire's probe is a moment old
  struct rig *r = rig_new();
  struct heard h = {0};
  struct watcher w = {hear_begin, hear_end, &h};
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  tick(&r->target, &r->io, &w, &r->result);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_string_equal(row_name(h.rows[i]), row_name(expected[i]));
  assert_int_equal(h.ended, h.begun + 1); // the last decision of the tick is told too
  rig_free(r);
}

// --- hooks ---------------------------------------------------------------------------------------

static unsigned hook_calls, hook_fails;
static bool hook_broken;
static enum err hook(void *ctx, const struct target *t, const struct state *s, struct error *err) {
  (void)ctx, (void)t;
  hook_calls++;
  assert_int_equal(s->phase, PHASE_PUBLISHING);
  if (hook_broken)
    return error_set(err, ERR_INVALID, "cannot be started");
  return hook_fails > 0 && hook_fails-- ? error_set(err, ERR_REFUSED, "exit status 1") : ERR_OK;
}

static void the_hook_runs_once_an_epoch(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.hook = hook;
  hook_calls = 0;
  hook_fails = 0;
  rig_init(r);
  assert_int_equal(hook_calls, 1);
  rig_wish(r);
  rig_run(r);
  assert_int_equal(hook_calls, 2);
  rig_free(r);
}

static void a_failed_hook_holds_the_rotation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.hook = hook;
  hook_calls = 0;
  hook_fails = 2;
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_reload);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(rig_live_keys(r), 2);
  rig_run(r);
  assert_int_equal(hook_calls, 3);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// T11: what cannot be started is a person's matter at once, and what fails is tried again gently.
static void t11_a_hook_that_cannot_start_is_told(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.init = true;
  r->target.hook = hook;
  hook_calls = hook_fails = 0;
  hook_broken = true;
  rig_run(r);
  hook_broken = false;
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.why, WHY_hook_failed);
  assert_int_equal(hook_calls, 1);
  hook_fails = 4;
  int64_t begin = r->env.mono_ms, waited[5] = {0};
  for (unsigned i = 0; i < 5; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    waited[i] = r->result.again_ms - r->env.mono_ms;
    if (r->result.end == TICK_WAIT)
      fake_env_advance(&r->env, waited[i]);
  }
  assert_int_equal(hook_calls, 6);
  assert_true(waited[0] >= 5000 && waited[1] >= 10000 && waited[3] >= 40000);
  assert_true(r->env.mono_ms - begin > 75000);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  rig_free(r);
}

// --- the lock and the mark -----------------------------------------------------------------------

static void make_path(char path[64]) {
  strcpy(path, "/tmp/rotator-tick-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
}

static void a_held_lock_is_busy(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  char path[64];
  int fd = -1;
  make_path(path);
  rig_init(r);
  r->target.lock_path = path;
  assert_int_equal(file_lock(path, &r->env.env, 0, &fd, &e), ERR_OK);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_BUSY);
  file_unlock(fd);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_REST);
  unlink(path);
  rig_free(r);
}

static enum memory_fault lose_writes(void *ctx, const struct memory_op *op) {
  unsigned *lose = ctx;
  if (op->kind != MEMORY_WRITE || strcmp(op->name, "one") != 0 || *lose == 0)
    return MEMORY_FINE;
  --*lose;
  return MEMORY_LOSE;
}

static void after_an_unclean_end_nobody_reads_before_the_time_is_over(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  char path[64];
  unsigned lose = 1;
  make_path(path);
  unlink(path);
  r->target.sinks[0].item->class = STORE_CLASS_C;
  r->target.sinks[0].item->longest_ms = 90000;
  r->target.mark_path = path;
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  memory_space_set_fault(r->space, lose_writes, &lose);
  tick(&r->target, &r->io, NULL,
       &r->result); // the write to the sink gets no answer: the mark stays
  rig_restart(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.again_ms - r->env.mono_ms, 90000);
  fake_env_advance(&r->env, 89000);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.again_ms - r->env.mono_ms, 1000);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  unlink(path);
  rig_free(r);
}

// A store that answers at once, as files do, has no write under way that could be waited for.
static void what_takes_no_time_is_not_marked(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  char path[64];
  make_path(path);
  unlink(path);
  r->target.sinks[0].item->class = STORE_CLASS_C;
  r->target.mark_path = path;
  rig_init(r);
  assert_int_equal(access(path, F_OK), -1);
  rig_free(r);
}

// --- readings that are older than the state ------------------------------------------------------

static unsigned old_readings;
static struct store_ops truthful;
static const struct secret *old_value;
// What the sink held before another rotator wrote it: another value, or the same in another
// version.
static enum err read_old(struct store_item *it, struct store_record *ret, struct store_version *v,
                         struct error *err) {
  enum err res = truthful.read(it, ret, v, err);
  if (res == ERR_OK && old_readings > 0) {
    old_readings--;
    if (old_value) {
      ret->value = secret_free(ret->value);
      assert_non_null(ret->value = secret_dup(old_value));
    }
    strcpy(v->text, "0");
  }
  return res;
}

static void a_sink_that_was_read_before_the_grace_is_not_moved(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct store_ops ops;
  rig_init(r);
  r->target.policy.probe_every_s = 0; // a proof would be the first act
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(r->result.phase, PHASE_GRACE);
  struct state before = rig_state(r);
  struct store_item *sink = r->target.sinks[0].item;
  struct store_record old = {.value = secret_dup(before.slots[SLOT_PREVIOUS].value)};
  truthful = *sink->ops;
  ops = truthful;
  ops.read = read_old;
  sink->ops = &ops;
  for (int other_value = 0; other_value < 2; other_value++) {
    old_value = other_value ? old.value : NULL;
    old_readings = 1;
    rig_restart(r); // a process to which this state is new
    rig_run(r);
    struct state still = rig_state(r);
    assert_int_equal(old_readings, 0);
    assert_int_equal(still.seq, before.seq);
    state_clear(&still);
  }
  // a sink that really was moved shows it at the second reading, too
  assert_int_equal(memory_poke(r->space, "one", &old), ERR_OK);
  rig_restart(r);
  rig_run(r);
  struct state after = rig_state(r);
  assert_int_equal(after.moved, 1);
  state_clear(&before);
  state_clear(&after);
  store_record_clear(&old);
  rig_free(r);
}

// --- one rotation a run --------------------------------------------------------------------------

static void a_process_rotates_by_age_once(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_restart(r);
  r->target.policy.rotate_every_s = 0; // always due
  for (uint64_t generation = 2; generation < 4; generation++) {
    for (int i = 0; i < 3; i++)
      rig_run(r);
    struct state s = rig_state(r);
    assert_int_equal(s.phase, PHASE_IDLE);
    assert_int_equal(s.generation, generation);
    state_clear(&s);
    assert_int_equal(r->result.end, TICK_REST);
    rig_restart(r);
  }
  rig_run(r);
  rig_wish(r); // a person who asks is not held back by that
  rig_run(r);
  struct state s = rig_state(r);
  assert_int_equal(s.generation, 5);
  state_clear(&s);
  rig_free(r);
}

// --- a look that grew old ------------------------------------------------------------------------

// In grace, which is over, with current probed a moment ago: the next act is `retire`.
static struct rig *about_to_retire(void) {
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 7200;
  r->target.policy.reload_within_s = 600;
  rig_wish(r);
  rig_run(r);
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_GRACE);
  state_clear(&s);
  fake_env_advance(&r->env, 7201 * 1000);
  return r;
}

static struct heard heard_of(struct rig *r) {
  struct heard h = {0};
  struct watcher w = {hear_begin, hear_end, &h};
  tick(&r->target, &r->io, &w, &r->result);
  return h;
}

static unsigned times(const struct heard *h, enum row row) {
  unsigned n = 0;
  for (unsigned i = 0; i < h->ended; i++)
    n += h->rows[i] == row;
  return n;
}

static void what_was_seen_too_long_ago_is_seen_anew(void **unused) {
  (void)unused;
  static const struct {
    int64_t takes_ms;
    unsigned slow, more_lists;
  } cases[] = {
      {READING_GOOD_MS, 1, 0}, // still good
      {READING_GOOD_MS + 1, 2,
       1}, // that of the probe, of which nothing hangs, and that of `retire`
  };
  unsigned lists = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig *r = about_to_retire();
    r->lists = 0;
    r->list_takes_ms = cases[i].takes_ms;
    r->slow_lists = cases[i].slow;
    struct heard h = heard_of(r);
    assert_int_equal(times(&h, ROW_retire), 2); // the probe, and the step
    assert_int_equal(rig_live_keys(r), 1);
    assert_int_equal(r->lists, i == 0 ? r->lists : lists + cases[i].more_lists);
    lists = r->lists;
    rig_free(r);
  }
}

// Slow for ever: nothing is retired on it, and it is said why.
static void who_is_always_slow_is_waited_for(void **unused) {
  (void)unused;
  struct rig *r = about_to_retire();
  r->list_takes_ms = READING_GOOD_MS + 1;
  r->slow_lists = 1000;
  heard_of(r);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.row, ROW_retire);
  assert_int_equal(r->result.why, WHY_look_old);
  assert_int_equal(rig_live_keys(r), 2);
  r->slow_lists = 0;
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// A service that asks for a pause is not asked again before it is over.
static void a_pause_that_was_asked_for_is_kept(void **unused) {
  (void)unused;
  struct rig *r = about_to_retire();
  r->iam_silent = true;
  r->pause_ms = 17 * 1000;
  heard_of(r);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.error.kind, ERR_THROTTLED);
  assert_true(r->result.again_ms - r->env.mono_ms >= 17 * 1000);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sink_that_was_read_before_the_grace_is_not_moved),
      cmocka_unit_test(a_rotation_is_told_step_by_step),
      cmocka_unit_test(the_hook_runs_once_an_epoch),
      cmocka_unit_test(a_failed_hook_holds_the_rotation),
      cmocka_unit_test(t11_a_hook_that_cannot_start_is_told),
      cmocka_unit_test(a_held_lock_is_busy),
      cmocka_unit_test(a_process_rotates_by_age_once),
      cmocka_unit_test(what_was_seen_too_long_ago_is_seen_anew),
      cmocka_unit_test(who_is_always_slow_is_waited_for),
      cmocka_unit_test(a_pause_that_was_asked_for_is_kept),
      cmocka_unit_test(what_takes_no_time_is_not_marked),
      cmocka_unit_test(after_an_unclean_end_nobody_reads_before_the_time_is_over)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
