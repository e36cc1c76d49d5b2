#include "timer.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "util.h"

struct timer_entry {
  int64_t due_ns;
  uint64_t order; // equal times fire in the order they were set
  timer_fn *fn;
  void *arg;
};

struct timers {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  struct timer_entry *heap;
  size_t count, cap;
  uint64_t order;
  bool stopping;
};

static int64_t monotonic_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool earlier(const struct timer_entry *a, const struct timer_entry *b) {
  return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_push(struct timers *t, struct timer_entry entry) {
  if (t->count == t->cap) {
    t->cap = t->cap ? t->cap * 2 : 64;
    t->heap = util_realloc(t->heap, t->cap * sizeof *t->heap);
  }
  size_t i = t->count++;
  for (; i && earlier(&entry, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
    t->heap[i] = t->heap[(i - 1) / 2];
  t->heap[i] = entry;
}

static struct timer_entry heap_pop(struct timers *t) {
  struct timer_entry top = t->heap[0], last = t->heap[--t->count];
  size_t i = 0;
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= t->count)
      break;
    if (child + 1 < t->count && earlier(&t->heap[child + 1], &t->heap[child]))
      child++;
    if (!earlier(&t->heap[child], &last))
      break;
    t->heap[i] = t->heap[child];
    i = child;
  }
  t->heap[i] = last;
  return top;
}

static void wait_until(struct timers *t, int64_t due_ns) {
  struct timespec ts = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
  pthread_cond_timedwait(&t->wake, &t->lock, &ts);
}

static void *timers_run(void *arg) {
  struct timers *t = arg;
  pthread_mutex_lock(&t->lock);
  while (!t->stopping || t->count) {
    if (!t->count) {
      pthread_cond_wait(&t->wake, &t->lock);
    } else if (!t->stopping && t->heap[0].due_ns > monotonic_ns()) {
      wait_until(t, t->heap[0].due_ns);
    } else {
      struct timer_entry entry = heap_pop(t);
      bool stopping = t->stopping;
      pthread_mutex_unlock(&t->lock);
      entry.fn(entry.arg, stopping);
      pthread_mutex_lock(&t->lock);
    }
  }
  pthread_mutex_unlock(&t->lock);
  return NULL;
}

struct timers *timers_new(void) {
  struct timers *t = util_alloc(sizeof *t);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->wake, &attr);
  pthread_condattr_destroy(&attr);
  if (pthread_create(&t->thread, NULL, timers_run, t))
    abort();
  return t;
}

bool timers_after(struct timers *t, long ms, timer_fn *fn, void *arg, void (*prepare)(void *arg)) {
  pthread_mutex_lock(&t->lock);
  bool ok = !t->stopping;
  if (ok) {
    if (prepare)
      prepare(arg);
    heap_push(t, (struct timer_entry){monotonic_ns() + (int64_t)ms * 1000000, t->order++, fn, arg});
    pthread_cond_signal(&t->wake);
  }
  pthread_mutex_unlock(&t->lock);
  return ok;
}

void timers_stop(struct timers *t) {
  pthread_mutex_lock(&t->lock);
  if (t->stopping) {
    pthread_mutex_unlock(&t->lock);
    return;
  }
  t->stopping = true;
  pthread_cond_signal(&t->wake);
  pthread_mutex_unlock(&t->lock);
  pthread_join(t->thread, NULL);
}

void timers_free(struct timers *t) {
  if (!t)
    return;
  pthread_cond_destroy(&t->wake);
  pthread_mutex_destroy(&t->lock);
  free(t->heap);
  free(t);
}
