// ucontext does the switching. AddressSanitizer and ThreadSanitizer are told of each switch: the
// first keeps a shadow of every stack, the second a shadow of every thread of control.
#include "tests/protocol/co.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define CO_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define CO_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define CO_TSAN 1
#endif
#ifdef CO_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CO_TSAN
#include <sanitizer/tsan_interface.h>
#endif

enum { CO_STACK = 1 << 20, CO_GUARD = 1 << 12, CO_SPARE = 32 };

struct co {
  ucontext_t inside, outside;
  char *stack; // guard page first
  void (*run)(void *arg);
  void *arg;
  bool ended;
#ifdef CO_ASAN
  void *fake_inside, *fake_outside;
  const void *outer_bottom;
  size_t outer_size;
#endif
#ifdef CO_TSAN
  void *fiber, *outer_fiber;
#endif
};

static char *spare[CO_SPARE];
static unsigned n_spare;

static char *stack_take(void) {
  if (n_spare > 0)
    return spare[--n_spare];
  char *p = mmap(NULL, CO_STACK, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED || mprotect(p, CO_GUARD, PROT_NONE) != 0) {
    fprintf(stderr, "protocol_sim: out of memory, for a stack\n");
    abort();
  }
  return p;
}

static void stack_give(char *p) {
  if (n_spare < CO_SPARE)
    spare[n_spare++] = p;
  else
    munmap(p, CO_STACK);
}

void co_drop_stacks(void) {
  while (n_spare > 0)
    munmap(spare[--n_spare], CO_STACK);
}

static void leave(struct co *c, bool for_ever) {
#ifdef CO_ASAN
  __sanitizer_start_switch_fiber(for_ever ? NULL : &c->fake_inside, c->outer_bottom, c->outer_size);
#endif
#ifdef CO_TSAN
  __tsan_switch_to_fiber(c->outer_fiber, 0);
#endif
  (void)for_ever;
  swapcontext(&c->inside, &c->outside);
#ifdef CO_ASAN
  __sanitizer_finish_switch_fiber(c->fake_inside, &c->outer_bottom, &c->outer_size);
#endif
}

// makecontext hands over ints only: the pointer travels in two halves.
static void enter(unsigned hi, unsigned lo) {
  struct co *c =
      (struct co *)(uintptr_t)((uint64_t)hi << 32 | lo); // NOLINT: that is how makecontext wants it
#ifdef CO_ASAN
  __sanitizer_finish_switch_fiber(NULL, &c->outer_bottom, &c->outer_size);
#endif
  c->run(c->arg);
  c->ended = true;
  leave(c, true);
}

struct co *co_new(void (*run)(void *arg), void *arg) {
  struct co *c = calloc(1, sizeof *c);
  if (!c)
    abort();
  c->run = run;
  c->arg = arg;
  c->stack = stack_take();
  getcontext(&c->inside);
  c->inside.uc_stack.ss_sp = c->stack + CO_GUARD;
  c->inside.uc_stack.ss_size = CO_STACK - CO_GUARD;
  uint64_t p = (uintptr_t)c;
  makecontext(&c->inside, (void (*)(void))enter, 2, (unsigned)(p >> 32), (unsigned)p);
#ifdef CO_TSAN
  c->fiber = __tsan_create_fiber(0);
#endif
  return c;
}

void co_resume(struct co *c) {
#ifdef CO_ASAN
  __sanitizer_start_switch_fiber(&c->fake_outside, c->stack + CO_GUARD, CO_STACK - CO_GUARD);
#endif
#ifdef CO_TSAN
  c->outer_fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(c->fiber, 0);
#endif
  swapcontext(&c->outside, &c->inside);
#ifdef CO_ASAN
  __sanitizer_finish_switch_fiber(c->fake_outside, NULL, NULL);
#endif
}

void co_yield (struct co *c) {
  leave(c, false);
}

bool co_ended(const struct co *c) {
  return c->ended;
}

void co_free(struct co *c) {
  stack_give(c->stack);
#ifdef CO_TSAN
  __tsan_destroy_fiber(c->fiber);
#endif
  free(c);
}
