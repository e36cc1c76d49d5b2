// Chance from a seed: splitmix64. Everything that happens in a run comes from one of these, so a
// seed is a whole run.
#ifndef TESTS_PROTOCOL_RNG_H
#define TESTS_PROTOCOL_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
  uint64_t x;
};

static inline uint64_t rng_next(struct rng *r) {
  uint64_t z = (r->x += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t rng_below(struct rng *r, uint64_t n) {
  return n ? rng_next(r) % n : 0;
}
static inline int64_t rng_between(struct rng *r, int64_t lo, int64_t hi) {
  return lo + (int64_t)rng_below(r, (uint64_t)(hi - lo + 1));
}
// True `per` times in 10,000.
static inline bool rng_chance(struct rng *r, unsigned per) {
  return per && rng_below(r, 10000) < per;
}

#endif
