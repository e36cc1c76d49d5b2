// A heap would be faster than the scan for the target that is due first; with a scan per tick of
// some ten thousand entries against requests of milliseconds it does not show, and a queue that is
// a plain array can be read at a glance. Targets that were never ticked are taken in their order,
// without a scan.
#include "rotator/engine/fleet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 500 // how often a lock that another run holds is tried

enum place { WAITING, RUNNING, FINISHED };

struct entry {
  struct target *target;
  struct tick_result *result;
  enum place place;
  int64_t due_ms;
  struct { // what it waits for, and since when
    bool is;
    enum row row;
    enum why why;
    uint64_t seq;
    int64_t since_ms;
  } wait;
};

struct fleet {
  const struct fleet_options *o;
  struct env *env;
  struct entry *entries;
  size_t n, fresh, unfinished; // entries[fresh…] were never ticked
  int64_t began_ms;
  pthread_mutex_t lock, watch_lock;
  pthread_cond_t changed;
};

struct worker {
  struct fleet *fleet;
  unsigned number;
  pthread_t thread;
};

static struct entry *first_due(struct fleet *f) {
  struct entry *best = NULL;
  if (f->fresh < f->n)
    return &f->entries[f->fresh];
  for (size_t i = 0; i < f->fresh; i++) {
    struct entry *e = &f->entries[i];
    if (e->place == WAITING && (!best || e->due_ms < best->due_ms))
      best = e;
  }
  return best;
}

static void wait_for(struct fleet *f, int64_t ms) {
  // A stop can't signal a condition: it is noticed within a quarter of a second.
  ms = ms > 250 ? 250 : ms;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += ms / 1000;
  until.tv_nsec += ms % 1000 * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_cond_timedwait(&f->changed, &f->lock, &until);
}

// The next target that is due, its place taken; NULL when all are finished or a stop was asked for.
// Called with the lock.
static struct entry *take(struct fleet *f) {
  while (f->unfinished > 0 && !env_stopping(f->env)) {
    struct entry *e = first_due(f);
    int64_t now = env_mono_ms(f->env);
    if (e && e->due_ms <= now) {
      e->place = RUNNING;
      if (f->fresh < f->n && e == &f->entries[f->fresh])
        f->fresh++;
      return e;
    }
    wait_for(f, e ? e->due_ms - now : 250);
  }
  return NULL;
}

// Whoever watches hears from one worker at a time.
static void watch_begin(void *ctx, const struct step *s) {
  struct fleet *f = ctx;
  pthread_mutex_lock(&f->watch_lock);
  if (f->o->watcher->begin)
    f->o->watcher->begin(f->o->watcher->ctx, s);
  pthread_mutex_unlock(&f->watch_lock);
}
static void watch_end(void *ctx, const struct step *s) {
  struct fleet *f = ctx;
  pthread_mutex_lock(&f->watch_lock);
  if (f->o->watcher->end)
    f->o->watcher->end(f->o->watcher->ctx, s);
  pthread_mutex_unlock(&f->watch_lock);
}

static void tick_entry(struct fleet *f, struct entry *e, unsigned worker) {
  struct watcher w = {watch_begin, watch_end, f};
  struct engine_io io = {.env = f->env};
  struct tick_result r = tick_result(NULL, NULL, NULL);
  if (f->o->io(f->o->io_ctx, worker, e->target, &io, &r.error))
    tick(e->target, &io, f->o->watcher ? &w : NULL, &r);
  *e->result = r;
}

// How long has it waited for this? A state that was written meanwhile is a step on the way.
static int64_t waited_ms(struct entry *e, int64_t now_ms) {
  const struct tick_result *r = e->result;
  bool same = e->wait.is && e->wait.row == r->row && e->wait.why == r->why && e->wait.seq == r->seq;
  if (!same) {
    e->wait.is = true;
    e->wait.row = r->row;
    e->wait.why = r->why;
    e->wait.seq = r->seq;
    e->wait.since_ms = now_ms;
  }
  return now_ms - e->wait.since_ms;
}

static bool is_finished(const struct fleet *f, struct entry *e, int64_t now_ms) {
  const struct tick_result *r = e->result;
  if (r->end == TICK_STOPPED || r->end == TICK_FAILED || r->end == TICK_ATTENTION ||
      r->end == TICK_REST)
    return true;
  if (r->again_ms == INT64_MAX && r->end != TICK_BUSY)
    return true;
  if (f->o->done && f->o->done(f->o->done_ctx, e->target, r))
    return true;
  int64_t whole_ms = f->o->patience_ms > FLEET_WHOLE_MS ? f->o->patience_ms : FLEET_WHOLE_MS;
  if (now_ms - f->began_ms > whole_ms)
    return true;
  if (r->end == TICK_BUSY)
    return !f->o->wait_busy;
  if (r->of_mark) // which has an end of its own
    return false;
  return r->again_ms - now_ms > f->o->patience_ms ||
         waited_ms(e, now_ms) / FLEET_PATIENCES > f->o->patience_ms;
}

static void *work(void *arg) {
  struct worker *w = arg;
  struct fleet *f = w->fleet;
  pthread_mutex_lock(&f->lock);
  for (struct entry *e; (e = take(f));) {
    pthread_mutex_unlock(&f->lock);
    tick_entry(f, e, w->number);
    pthread_mutex_lock(&f->lock);
    e->due_ms = e->result->end == TICK_BUSY ? env_mono_ms(f->env) + BUSY_MS : e->result->again_ms;
    e->place = is_finished(f, e, env_mono_ms(f->env)) ? FINISHED : WAITING;
    f->unfinished -= e->place == FINISHED;
    pthread_cond_broadcast(&f->changed);
  }
  pthread_mutex_unlock(&f->lock);
  return NULL;
}

static void init_queue(struct fleet *f, struct target *const *targets,
                       struct tick_result *results) {
  for (size_t i = 0; i < f->n; i++) {
    results[i] = tick_result(NULL, NULL, NULL);
    results[i].end = TICK_STOPPED;
    f->entries[i] =
        (struct entry){.target = targets[i], .result = &results[i], .due_ms = INT64_MIN};
  }
}

static void fail_all(struct tick_result *results, size_t n) {
  for (size_t i = 0; i < n; i++) {
    results[i] = tick_result(NULL, NULL, NULL);
    error_no_memory(&results[i].error);
  }
}

static void run_workers(struct fleet *f, struct worker *workers, unsigned jobs) {
  unsigned started = 0;
  for (unsigned i = 1; i < jobs; i++) {
    workers[i] = (struct worker){.fleet = f, .number = i};
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
      break;
    started = i;
  }
  workers[0] = (struct worker){.fleet = f};
  work(&workers[0]);
  for (unsigned i = 1; i <= started; i++)
    pthread_join(workers[i].thread, NULL);
}

static void run_queue(struct fleet *f, struct worker *workers, unsigned jobs) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&f->changed, &attr);
  pthread_condattr_destroy(&attr);
  pthread_mutex_init(&f->lock, NULL);
  pthread_mutex_init(&f->watch_lock, NULL);
  run_workers(f, workers, jobs);
  pthread_mutex_destroy(&f->lock);
  pthread_mutex_destroy(&f->watch_lock);
  pthread_cond_destroy(&f->changed);
}

void fleet_run(struct target *const *targets, size_t n, const struct fleet_options *o,
               struct env *env, struct tick_result *results) {
  unsigned jobs = o->jobs > n ? (unsigned)n : o->jobs;
  struct fleet f = {.o = o, .env = env, .n = n, .unfinished = n, .began_ms = env_mono_ms(env)};
  f.entries = calloc(n + 1, sizeof *f.entries);
  struct worker *workers = calloc(jobs + 1, sizeof *workers);
  if (f.entries && workers) {
    init_queue(&f, targets, results);
    run_queue(&f, workers, jobs);
  } else {
    fail_all(results, n);
  }
  free(f.entries);
  free(workers);
}
