// The fleet with real ticks on memory stores and an IAM that is never needed or never answers: who
// is ticked, who waits, who ends, what a stop does.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "backends/memory/memory.h"
#include "rotator/engine/fleet.h"
#include "rotator/engine/memory.h"
#include "rotator/engine/tag.h"
#include "tests/unit/engine/world.h"

#define TARGETS 40

struct farm {
  struct memory_space *space;
  struct target targets[TARGETS];
  struct target *list[TARGETS];
  struct memory memories[TARGETS];
  struct tick_result results[TARGETS];
  char names[TARGETS][16];
  int told, io_refused;
  int threads_seen[64];
};

static enum err no_list(struct iam *c, const char *account, const char *iam_id,
                        struct iam_key_list *ret, struct error *e) {
  (void)c, (void)account, (void)iam_id, (void)ret;
  return error_set(e, ERR_UNSENT, "IAM can't be reached");
}
static int64_t no_time(struct iam *c) {
  return (void)c, -1;
}
static const struct iam_ops silent_ops = {.list = no_list, .server_time_s = no_time};
static struct iam silent = {&silent_ops};

static void put_state_as(struct farm *f, int i, int64_t since_s, uint64_t seq) {
  struct world w = world(PHASE_IDLE);
  struct store_record r = {0};
  char home[32];
  snprintf(home, sizeof home, "home-%d", i);
  w.state.seq = seq;
  w.state.slots[SLOT_CURRENT].since_s = since_s;
  w.state.n_sinks = 1;
  strcpy(w.state.sinks[0].name, "one");
  snprintf(w.state.sinks[0].place, sizeof w.state.sinks[0].place, "%s",
           f->targets[i].sinks[0].item->place);
  assert_int_equal(state_encode(&w.state, &r.value, NULL, NULL), ERR_OK);
  assert_int_equal(memory_poke(f->space, home, &r), ERR_OK);
  store_record_clear(&r);
  r = (struct store_record){.value = secret_copy_text("current-value"), .stamp = w.state.epoch};
  assert_int_equal(memory_poke(f->space, f->names[i], &r), ERR_OK);
  store_record_clear(&r);
  state_clear(&w.state);
}

static void put_state(struct farm *f, int i, int64_t since_s) {
  put_state_as(f, i, since_s, 10);
}

// Proven a moment ago: at rest, IAM is not needed.
static void put_evidence(struct target *t, int64_t now_s) {
  char binding[TAG_BINDING_MAX], print[EVIDENCE_PRINT_MAX];
  SECRET_AUTO value = secret_copy_text("current-value");
  tag_binding(t->account, t->iam_id, t->instance, binding);
  evidence_print(binding, value, print);
  evidence_proven(evidence_enter(&t->memory->book, print, "ApiKey-current"), "settle", now_s);
}

static struct farm *farm_new(void) {
  struct farm *f = calloc(1, sizeof *f);
  int64_t now = env_wall_ms(env_real()) / 1000;
  f->space = memory_space_new();
  for (int i = 0; i < TARGETS; i++) {
    struct target *t = &f->targets[i];
    char home[32];
    snprintf(f->names[i], sizeof f->names[i], "target-%d", i);
    snprintf(home, sizeof home, "home-%d", i);
    memory_init(&f->memories[i]);
    f->memories[i].last_look_s = now;
    *t = (struct target){.name = f->names[i],
                         .account = "a",
                         .iam_id = "iam-ServiceId-x",
                         .instance = "g",
                         .key_name = "k",
                         .host_id = "h",
                         .writer = "w",
                         .process_id = "0000000000000000",
                         .policy = POLICY_DEFAULT,
                         .memory = &f->memories[i],
                         .n_sinks = 1};
    t->home = memory_open(f->space, STORE_HOME, home, STORE_CLASS_A);
    t->sinks[0] =
        (struct engine_sink){"one", memory_open(f->space, STORE_SINK, f->names[i], STORE_CLASS_A)};
    put_evidence(t, now);
    f->list[i] = t;
    put_state(f, i, now - DAY);
  }
  return f;
}

static void farm_free(struct farm *f) {
  for (int i = 0; i < TARGETS; i++) {
    store_item_free(f->targets[i].home);
    store_item_free(f->targets[i].sinks[0].item);
    memory_clear(&f->memories[i]);
  }
  memory_space_unref(f->space);
  free(f);
}

static bool give_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                    struct error *e) {
  struct farm *f = ctx;
  __atomic_add_fetch(&f->threads_seen[worker % 64], 1, __ATOMIC_RELAXED);
  if (f->io_refused && t == f->list[f->io_refused]) {
    error_set(e, ERR_INVALID, "no such CA file");
    return false;
  }
  ret->iam = &silent;
  return true;
}

static void count(void *ctx, const struct step *s) {
  (void)s;
  ((struct farm *)ctx)->told++;
}

static struct fleet_options options(struct farm *f, struct watcher *w) {
  *w = (struct watcher){.end = count, .ctx = f};
  return (struct fleet_options){.jobs = 4, .io = give_io, .io_ctx = f, .watcher = w};
}

static void everyone_is_ticked_once_when_nothing_is_due(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  fleet_run(f->list, TARGETS, &o, env_real(), f->results);
  for (int i = 0; i < TARGETS; i++) {
    assert_int_equal(f->results[i].end, TICK_REST);
    assert_int_equal(f->results[i].working, WORKING_YES);
    assert_string_equal(f->results[i].current_id, "ApiKey-current");
  }
  assert_int_equal(f->told, TARGETS);
  farm_free(f);
}

// Threads that cannot be had: those that are there do the work.
static int threads_refused;
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg) {
  return threads_refused > 0 ? EAGAIN : __real_pthread_create(t, a, f, arg);
}
static void one_worker_does_the_work_of_those_that_cannot_be_had(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  threads_refused = 1;
  fleet_run(f->list, TARGETS, &o, env_real(), f->results);
  threads_refused = 0;
  for (int i = 0; i < TARGETS; i++)
    assert_int_equal(f->results[i].end, TICK_REST);
  assert_int_equal(f->threads_seen[0], TARGETS);
  farm_free(f);
}

static void a_bad_target_stops_no_other(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  struct store_record garbage = {.value = secret_copy_text("garbage")};
  f->io_refused = 7;
  assert_int_equal(memory_poke(f->space, "home-3", &garbage), ERR_OK);
  store_record_clear(&garbage);
  f->memories[5].last_look_s = 0; // wants IAM, which is silent: waits, beyond our patience
  fleet_run(f->list, TARGETS, &o, env_real(), f->results);
  for (int i = 0; i < TARGETS; i++)
    if (i != 3 && i != 5 && i != 7)
      assert_int_equal(f->results[i].end, TICK_REST);
  assert_int_equal(f->results[3].end, TICK_ATTENTION);
  assert_int_equal(f->results[3].row, ROW_corrupt);
  assert_int_equal(f->results[5].end, TICK_WAIT);
  assert_int_equal(f->results[5].error.kind, ERR_UNSENT);
  assert_int_equal(f->results[7].end, TICK_FAILED);
  assert_string_equal(f->results[7].error.text, "no such CA file");
  farm_free(f);
}

static bool after_three(void *ctx, const struct target *t, const struct tick_result *r) {
  (void)r;
  int *times = ctx;
  return strcmp(t->name, "target-5") == 0 && ++*times == 3;
}

static void a_target_that_waits_is_put_back(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  int times = 0;
  f->memories[5].last_look_s = 0;
  o.patience_ms = 60000;
  o.jobs = 1; // a waiting target holds no worker: the others are served while it waits
  o.done = after_three;
  o.done_ctx = &times;
  for (int i = 0; i < TARGETS; i++)
    f->targets[i].policy.look_every_s = 7200; // at rest for longer than our patience
  fleet_run(f->list, TARGETS, &o, env_real(), f->results);
  assert_int_equal(times, 3);
  assert_int_equal(f->results[TARGETS - 1].end, TICK_REST);
  farm_free(f);
}

// A clock that runs 4,000 times as fast as the real one.
static int64_t fast_mono_ms(struct env *env) {
  (void)env;
  static int64_t start;
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  int64_t us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
  int64_t none = 0;
  __atomic_compare_exchange_n(&start, &none, us, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return 1 + (us - __atomic_load_n(&start, __ATOMIC_RELAXED)) * 4;
}

// A local clock that stands still: who rests goes on resting, however long a slow machine takes.
static int64_t still_ms;
static int64_t still_wall_ms(struct env *env) {
  return (void)env, still_ms;
}

// However short the intervals: what rests is finished, and what waits in vain is left to the next
// run.
static void a3_a_run_ends_whatever_the_intervals(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  struct env_ops ops = *env_real()->ops;
  struct env fast = {&ops};
  ops.mono_ms = fast_mono_ms;
  ops.wall_ms = still_wall_ms;
  still_ms = f->memories[0].last_look_s * 1000;
  o.patience_ms = 30000;
  for (int i = 0; i < TARGETS; i++)
    f->targets[i].policy.look_every_s = 1;
  f->memories[5].last_look_s = 0; // wants IAM, which never answers
  fleet_run(f->list, TARGETS, &o, &fast, f->results);
  assert_int_equal(f->results[1].end, TICK_REST);
  assert_int_equal(f->results[5].end, TICK_WAIT);
  assert_true(f->told < 100 * TARGETS); // it ended, and not by the test's time limit
  farm_free(f);
}

// Each time that the target waits, somebody has written its state meanwhile: it never waits for the
// same thing again, and never for long.
static void undo(void *ctx, const struct step *s) {
  struct farm *f = ctx;
  count(ctx, s);
  if (s->target != &f->targets[5])
    return;
  f->memories[5].backoff = 0;
  put_state_as(f, 5, env_wall_ms(env_real()) / 1000 - DAY, 10 + (uint64_t)f->told);
}

static void a3_a_whole_run_ends_though_somebody_keeps_writing(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  struct env_ops ops = *env_real()->ops;
  struct env fast = {&ops};
  ops.mono_ms = fast_mono_ms;
  o.patience_ms = 30000;
  w.end = undo;
  f->memories[5].last_look_s = 0; // wants IAM, which never answers
  int64_t began_ms = env_mono_ms(&fast);
  fleet_run(f->list, TARGETS, &o, &fast, f->results);
  int64_t lasted_ms = env_mono_ms(&fast) - began_ms;
  assert_int_equal(f->results[5].end, TICK_WAIT);
  // longer than one wait may last, and no longer than a run may
  assert_true(lasted_ms > FLEET_PATIENCES * o.patience_ms);
  assert_true(lasted_ms > FLEET_WHOLE_MS && lasted_ms < FLEET_WHOLE_MS + FLEET_WHOLE_MS / 2);
  farm_free(f);
}

// Longer than any patience: whoever comes later would have to begin to wait anew, and the target
// would never go on.
static void an_unclean_end_is_waited_for(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  struct env_ops ops = *env_real()->ops;
  struct env fast = {&ops};
  char path[] = "/tmp/rotator-fleet-mark-XXXXXX";
  int fd = mkstemp(path);
  assert_int_equal(3, write(fd, "set", 3));
  close(fd);
  ops.mono_ms = fast_mono_ms;
  o.patience_ms = 0;
  f->targets[1].mark_path = path;
  f->targets[1].sinks[0].item->class = STORE_CLASS_C;
  f->targets[1].sinks[0].item->longest_ms = 90000;
  int64_t began_ms = env_mono_ms(&fast);
  fleet_run(f->list, TARGETS, &o, &fast, f->results);
  assert_false(f->results[1].of_mark);
  assert_true(env_mono_ms(&fast) - began_ms >= 90000);
  unlink(path);
  farm_free(f);
}

static void a_busy_target_is_said_or_waited_for(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  char path[] = "/tmp/rotator-fleet-lock-XXXXXX";
  int fd = mkstemp(path), lock = -1;
  close(fd);
  assert_int_equal(file_lock(path, env_real(), 0, &lock, NULL), ERR_OK);
  f->targets[1].lock_path = path;
  fleet_run(f->list, TARGETS, &o, env_real(), f->results);
  assert_int_equal(f->results[1].end, TICK_BUSY);
  assert_int_equal(f->results[2].end, TICK_REST);
  file_unlock(lock);
  o.wait_busy = true;
  fleet_run(f->list, 2, &o, env_real(), f->results);
  assert_int_equal(f->results[1].end, TICK_REST);
  unlink(path);
  farm_free(f);
}

static bool stop_now(struct env *env) {
  return (void)env, true;
}

static void a_stop_begins_nothing(void **unused) {
  (void)unused;
  struct farm *f = farm_new();
  struct watcher w;
  struct fleet_options o = options(f, &w);
  struct env_ops ops = *env_real()->ops;
  struct env stopped = {&ops};
  ops.stopping = stop_now;
  fleet_run(f->list, TARGETS, &o, &stopped, f->results);
  for (int i = 0; i < TARGETS; i++)
    assert_int_equal(f->results[i].end, TICK_STOPPED);
  assert_int_equal(f->told, 0);
  farm_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everyone_is_ticked_once_when_nothing_is_due),
      cmocka_unit_test(one_worker_does_the_work_of_those_that_cannot_be_had),
      cmocka_unit_test(a_bad_target_stops_no_other),
      cmocka_unit_test(a_target_that_waits_is_put_back),
      cmocka_unit_test(a3_a_run_ends_whatever_the_intervals),
      cmocka_unit_test(a3_a_whole_run_ends_though_somebody_keeps_writing),
      cmocka_unit_test(an_unclean_end_is_waited_for),
      cmocka_unit_test(a_busy_target_is_said_or_waited_for),
      cmocka_unit_test(a_stop_begins_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
