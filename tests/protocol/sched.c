// Time and order. The queue is a heap by time, ties by chance. A rotator that waits is an event
// like any other; where it would be the very next one, it goes on without a switch.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/protocol/sim.h"

static bool earlier(const struct sim_event *a, const struct sim_event *b) {
  return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b) {
  struct sim_event t = *a;
  *a = *b;
  *b = t;
}

void sim_at(struct sim *s, int64_t at_ms, void (*run)(struct sim *s, void *arg), void *arg,
            void (*drop)(void *arg)) {
  if (s->n_queue == s->cap_queue) {
    s->cap_queue = s->cap_queue ? 2 * s->cap_queue : 64;
    s->queue = realloc(s->queue, s->cap_queue * sizeof *s->queue);
    if (!s->queue)
      abort();
  }
  size_t i = s->n_queue++;
  s->queue[i] = (struct sim_event){.at_ms = at_ms < s->now_ms ? s->now_ms : at_ms,
                                   .order = rng_next(&s->rng),
                                   .run = run,
                                   .arg = arg,
                                   .drop = drop};
  for (; i > 0 && earlier(&s->queue[i], &s->queue[(i - 1) / 2]); i = (i - 1) / 2)
    swap(&s->queue[i], &s->queue[(i - 1) / 2]);
}

static struct sim_event take(struct sim *s) {
  struct sim_event top = s->queue[0];
  s->queue[0] = s->queue[--s->n_queue];
  for (size_t i = 0;;) {
    size_t least = i, left = 2 * i + 1, right = left + 1;
    if (left < s->n_queue && earlier(&s->queue[left], &s->queue[least]))
      least = left;
    if (right < s->n_queue && earlier(&s->queue[right], &s->queue[least]))
      least = right;
    if (least == i)
      return top;
    swap(&s->queue[i], &s->queue[least]);
    i = least;
  }
}

bool sim_step(struct sim *s) {
  if (s->n_queue == 0)
    return false;
  struct sim_event ev = take(s);
  s->now_ms = ev.at_ms;
  s->totals->events++;
  ev.run(s, ev.arg);
  if (ev.drop)
    ev.drop(ev.arg);
  return true;
}

static void nothing(struct sim *s, void *arg) {
  (void)s, (void)arg;
}

void sim_forget_proc(struct sim *s, const struct proc *p) {
  for (size_t i = 0; i < s->n_queue; i++)
    if (s->queue[i].arg == p)
      s->queue[i].run = nothing;
}

void sim_forget(struct sim *s) {
  for (size_t i = 0; i < s->n_queue; i++)
    if (s->queue[i].drop)
      s->queue[i].drop(s->queue[i].arg);
  s->n_queue = 0;
}

bool proc_wait(struct proc *p, int64_t ms) {
  struct sim *s = p->sim;
  if (p->ghost)
    return false;
  int64_t at = s->now_ms + ms;
  if (s->n_queue > 0 && s->queue[0].at_ms <= at) {
    sim_at(s, at, proc_wake, p, NULL);
    co_yield (p->co);
  } else {
    s->now_ms = at;
  }
  p->ghost = p->ghost || s->over;
  return !p->ghost;
}

static int64_t draw_delay(struct sim *s) {
  if (s->faults && rng_chance(&s->rng, s->p.pause)) {
    static const int64_t most[] = {10 * 1000, 2 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS,
                                   40 * (int64_t)HOUR_MS};
    s->totals->pauses++;
    return rng_between(&s->rng, 1000, most[rng_below(&s->rng, sizeof most / sizeof *most)]);
  }
  if (s->faults && rng_chance(&s->rng, s->p.slow))
    return rng_between(&s->rng, 100, 8000);
  return rng_between(&s->rng, 1, 40);
}

static void die(struct proc *p) {
  struct sim *s = p->sim;
  proc_died(p);
  p->ghost = true;
  s->totals->crashes++;
  sim_note(s, "%s dies", p->writer);
}

bool proc_point(struct proc *p) {
  return proc_point_within(p, INT64_MAX);
}

bool proc_point_within(struct proc *p, int64_t most_ms) {
  struct sim *s = p->sim;
  s->totals->calls++;
  if (p->ghost) {
    if (++p->ghost_calls > 100000) {
      fprintf(stderr,
              "seed %llu: a dead process does not end: the engine loops in spite of a stop\n",
              (unsigned long long)s->seed);
      abort();
    }
    return false;
  }
  int64_t delay_ms = draw_delay(s);
  if (!proc_wait(p, delay_ms < most_ms ? delay_ms : most_ms))
    return false;
  if (s->faults && rng_chance(&s->rng, s->p.crash))
    die(p);
  else if (s->faults && rng_chance(&s->rng, s->p.stop) && !p->stopping) {
    p->stopping = true;
    s->totals->stops++;
    sim_note(s, "%s is asked to stop", p->writer);
  }
  return !p->ghost;
}
