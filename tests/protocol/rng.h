// Chance from a seed: splitmix64. Everything that happens in a run comes from one of these, so a
// seed is a whole run. While there are bytes given, choices are theirs instead (tests/fuzz); what
// must be unlike all else, such as an id, is drawn all the same.
#ifndef TESTS_PROTOCOL_RNG_H
#define TESTS_PROTOCOL_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
  uint64_t x;
  const uint8_t *given;
  size_t n_given;
};

// As many of the given bytes as a number below n needs.
static inline uint64_t rng_given(struct rng *r, uint64_t n) {
  uint64_t v = 0, most = n - 1;
  do {
    v = v << 8 | *r->given++;
    most >>= 8;
  } while (--r->n_given > 0 && most > 0);
  return v % n;
}

static inline uint64_t rng_next(struct rng *r) {
  uint64_t z = (r->x += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t rng_below(struct rng *r, uint64_t n) {
  if (n > 1 && r->n_given > 0)
    return rng_given(r, n);
  return n ? rng_next(r) % n : 0;
}
static inline int64_t rng_between(struct rng *r, int64_t lo, int64_t hi) {
  return lo + (int64_t)rng_below(r, (uint64_t)(hi - lo + 1));
}
// True `per` times in 10,000. A given byte says it in one go, however seldom: yes from 192 on.
static inline bool rng_chance(struct rng *r, unsigned per) {
  if (per && per < 10000 && r->n_given > 0)
    return rng_given(r, 256) >= 192;
  return per && rng_below(r, 10000) < per;
}

#endif
