// What a tick does beyond the table: watchers, the lock, the mark of stores without
// compare-and-set, refusals, back-off, old readings, hooks, stops.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void wish(struct rig *r) {
  struct wish w = {.grace_s = -1, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
}

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
                                      ROW_unsure,  ROW_disable, ROW_delete};
  struct rig *r = rig_new();
  struct heard h = {0};
  struct watcher w = {hear_begin, hear_end, &h};
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  wish(r);
  tick(&r->target, &r->io, &w, &r->result);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_string_equal(row_name(h.rows[i]), row_name(expected[i]));
  assert_int_equal(h.ended, h.begun + 1); // the last decision of the tick is told too
  rig_free(r);
}

// --- hooks ---------------------------------------------------------------------------------------

static unsigned hook_calls, hook_fails;
static enum err hook(void *ctx, const struct target *t, const struct state *s, struct error *err) {
  (void)ctx, (void)t;
  hook_calls++;
  assert_int_equal(s->phase, PHASE_PUBLISHING);
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
  wish(r);
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
  wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_reload);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(rig_live_keys(r), 2);
  rig_run(r);
  assert_int_equal(hook_calls, 3);
  assert_int_equal(rig_live_keys(r), 1);
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
  wish(r);
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

// --- what does not work --------------------------------------------------------------------------

struct refusal {
  const char *name;
  enum err kind;
};
static enum memory_fault refuse_writes(void *ctx, const struct memory_op *op) {
  const struct refusal *f = ctx;
  bool hit = op->kind == MEMORY_WRITE && f->name && strcmp(op->name, f->name) == 0;
  return hit ? memory_answer(f->kind) : MEMORY_FINE;
}

static void a_sink_that_refuses_keeps_the_old_key_and_not_the_other_sink(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"one", ERR_REFUSED};
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  wish(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_PUBLISHING);
  assert_true(r->result.attention);
  assert_int_equal(r->result.error.kind, ERR_REFUSED);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  assert_int_equal(r->result.working, WORKING_YES);
  f.name = NULL;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_home_that_refuses_is_attention(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"home", ERR_LIMIT};
  rig_init(r);
  wish(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.row, ROW_due);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  f.name = NULL;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void a_locked_previous_is_left_and_said(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_key(r, "ApiKey-1")->key.locked = true;
  wish(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.why, WHY_previous_locked);
  assert_false(rig_key(r, "ApiKey-1")->gone);
  rig_key(r, "ApiKey-1")->key.locked = false;
  rig_run(r);
  assert_true(rig_key(r, "ApiKey-1")->gone);
  rig_free(r);
}

static void an_outage_waits_with_growing_pauses(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  wish(r);
  r->iam_silent = true;
  int64_t last = 0, now;
  for (int i = 0; i < 6; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    assert_int_equal(r->result.end, TICK_WAIT);
    assert_int_equal(r->result.error.kind, ERR_UNSENT);
    now = r->result.again_ms - r->env.mono_ms;
    assert_true(now >= last / 2 && now <= 60000);
    last = now;
    fake_env_advance(&r->env, now);
  }
  assert_true(last > 8000);
  r->iam_silent = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static enum memory_fault old_readings(void *ctx, const struct memory_op *op) {
  unsigned *n = ctx;
  return op->kind == MEMORY_READ && strcmp(op->name, "home") == 0 && ++*n % 3 == 0 ? memory_stale(1)
                                                                                   : MEMORY_FINE;
}

static void old_readings_of_the_home_do_no_harm(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  unsigned n = 0;
  memory_space_set_fault(r->space, old_readings, &n);
  r->target.home->stale_reads = true;
  rig_init(r);
  wish(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_sink_that_vanished_is_made_anew_after_its_time(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.sinks[0].item->longest_ms = 34000;
  rig_init(r);
  rig_put_sink(r, "one", NULL);
  int64_t before = r->env.mono_ms;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_true(r->env.mono_ms - before >= 34000);
  rig_free(r);
}

static void how_long_it_was_gone_is_kept_over_runs(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.sinks[0].item->longest_ms = 90000;
  rig_init(r);
  rig_put_sink(r, "one", NULL);
  tick(&r->target, &r->io, NULL, &r->result);
  int64_t since = r->memory.absent_since_s[0];
  assert_true(since > 0);
  fake_env_advance(&r->env, 3600000);
  rig_restart(r);
  r->memory.absent_since_s[0] = r->memory.absent_since_s[1] = since; // as the run record brings it
  tick(&r->target, &r->io, NULL, &r->result);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_int_equal(r->memory.absent_since_s[1], 0);
  rig_free(r);
}

static void a_stop_ends_the_tick_before_the_next_act(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  wish(r);
  r->env.stop = true;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_STOPPED);
  assert_int_equal(rig_live_keys(r), 1);
  r->env.stop = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void a_wish_is_not_lost_to_another_writer(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"home", ERR_CONFLICT};
  struct wish w = {.grace_s = -1};
  rig_init(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e),
                   ERR_CONFLICT); // tried again, and then said
  f.name = NULL;
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
  rig_free(r);
}

static void observing_changes_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct state s = {0};
  struct view v;
  rig_init(r);
  wish(r);
  assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
  assert_int_equal(v.home, HOME_OK);
  assert_true(v.iam_answered);
  assert_int_equal(v.slots[SLOT_CURRENT].key, KEY_ACTIVE);
  assert_ptr_equal(v.state, &s);
  assert_int_equal(rig_live_keys(r), 1);
  state_clear(&s);
  rig_free(r);
}

static void a_complaint_proves_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->verdict = LOGS_COMPLAINED;
  wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_int_equal(r->result.why, WHY_proof_unknown);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rotation_is_told_step_by_step),
      cmocka_unit_test(the_hook_runs_once_an_epoch),
      cmocka_unit_test(a_failed_hook_holds_the_rotation),
      cmocka_unit_test(a_held_lock_is_busy),
      cmocka_unit_test(after_an_unclean_end_nobody_reads_before_the_time_is_over),
      cmocka_unit_test(a_sink_that_refuses_keeps_the_old_key_and_not_the_other_sink),
      cmocka_unit_test(a_home_that_refuses_is_attention),
      cmocka_unit_test(a_locked_previous_is_left_and_said),
      cmocka_unit_test(an_outage_waits_with_growing_pauses),
      cmocka_unit_test(old_readings_of_the_home_do_no_harm),
      cmocka_unit_test(a_sink_that_vanished_is_made_anew_after_its_time),
      cmocka_unit_test(how_long_it_was_gone_is_kept_over_runs),
      cmocka_unit_test(a_stop_ends_the_tick_before_the_next_act),
      cmocka_unit_test(a_wish_is_not_lost_to_another_writer),
      cmocka_unit_test(observing_changes_nothing),
      cmocka_unit_test(a_complaint_proves_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
