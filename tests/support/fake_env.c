#include "tests/support/fake_env.h"

static struct fake_env *self(struct env *env) {
  return (struct fake_env *)env;
}

void fake_env_advance(struct fake_env *f, int64_t ms) {
  f->wall_ms += ms;
  f->mono_ms += ms;
}

static int64_t fake_wall_ms(struct env *env) {
  return self(env)->wall_ms;
}

static int64_t fake_mono_ms(struct env *env) {
  fake_env_advance(self(env), self(env)->read_costs_ms);
  return self(env)->mono_ms;
}

static enum err fake_sleep_ms(struct env *env, int64_t ms) {
  struct fake_env *f = self(env);
  if (f->n_sleeps < FAKE_ENV_SLEEPS)
    f->sleeps[f->n_sleeps] = ms;
  f->n_sleeps++;
  if (f->stop)
    return ERR_CANCELLED;
  if (f->stop_after_sleeps > 0 && --f->stop_after_sleeps == 0) {
    fake_env_advance(f, ms / 2);
    f->stop = true;
    return ERR_CANCELLED;
  }
  fake_env_advance(f, ms > 0 ? ms : 0);
  return ERR_OK;
}

// splitmix64: any seed is a good one.
static uint64_t next(struct fake_env *f) {
  uint64_t z = f->seed += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static enum err fake_random(struct env *env, void *buf, size_t len) {
  struct fake_env *f = self(env);
  if (f->random_fails)
    return ERR_INTERNAL;
  for (size_t i = 0; i < len; i++)
    ((unsigned char *)buf)[i] = (unsigned char)(next(f) >> 32);
  return ERR_OK;
}

static bool fake_stopping(struct env *env) {
  return self(env)->stop;
}

void fake_env_init(struct fake_env *f, uint64_t seed) {
  static const struct env_ops ops = {fake_wall_ms, fake_mono_ms, fake_sleep_ms, fake_random,
                                     fake_stopping};
  *f = (struct fake_env){
      .env = {&ops}, .wall_ms = FAKE_ENV_WALL_MS, .mono_ms = 1000000, .seed = seed};
}

int64_t fake_env_slept(const struct fake_env *f) {
  int64_t sum = 0;
  for (size_t i = 0; i < f->n_sleeps && i < FAKE_ENV_SLEEPS; i++)
    sum += f->sleeps[i];
  return sum;
}
