// An environment for tests: a clock that moves only when somebody sleeps (or the test moves it),
// sleeps that are recorded and take no time, and chance that is the same for the same seed. Its
// fields may be read and set at any time.
//
//   struct fake_env f;
//   fake_env_init(&f, 1);
//   thing_under_test(&f.env);
//   assert_int_equal(f.n_sleeps, 2);
#ifndef TESTS_SUPPORT_FAKE_ENV_H
#define TESTS_SUPPORT_FAKE_ENV_H

#include <stdatomic.h>

#include "rotator/base/env.h"

#define FAKE_ENV_SLEEPS 256
#define FAKE_ENV_WALL_MS 1795498800000 // 2026-11-24T05:40:00Z

struct fake_env {
  struct env env;
  int64_t wall_ms, mono_ms;
  int64_t read_costs_ms; // each reading of the monotonic clock moves both clocks on by this
  uint64_t seed;
  atomic_bool stop;      // env_stopping(); sleeps end at once. May be set from another thread
  int stop_after_sleeps; // > 0: the stop comes while the n-th sleep lasts, half way through
  bool random_fails;     // env_random() answers ERR_INTERNAL
  int64_t sleeps[FAKE_ENV_SLEEPS]; // as asked for; the first ones only, when there are more
  size_t n_sleeps;
};

// Wall clock FAKE_ENV_WALL_MS, monotonic clock 1000000.
void fake_env_init(struct fake_env *f, uint64_t seed);
// Moves both clocks.
void fake_env_advance(struct fake_env *f, int64_t ms);
// All sleeps together, as asked for.
int64_t fake_env_slept(const struct fake_env *f);

#endif
