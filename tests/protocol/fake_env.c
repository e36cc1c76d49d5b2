// Clock, waiting and chance of one process. Its wall clock is its host's, its monotonic clock
// begins anywhere.
#include <string.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

static struct proc *of(struct env *env) {
  return ((struct fake_env *)env)->p;
}

static int64_t wall_ms(struct env *env) {
  struct proc *p = of(env);
  return p->sim->now_ms + p->sim->host_offset_ms[p->host];
}

int64_t fake_mono_ms(struct proc *p) {
  return p->sim->now_ms + p->mono_base_ms;
}

static int64_t mono_ms(struct env *env) {
  return fake_mono_ms(of(env));
}

static enum err sleep_ms(struct env *env, int64_t ms) {
  struct proc *p = of(env);
  if (p->stopping)
    p->stop_seen = true;
  if (p->ghost || p->stopping || !proc_point(p))
    return ERR_CANCELLED;
  if (ms > 0 && !proc_wait(p, ms))
    return ERR_CANCELLED;
  p->stop_seen = p->stop_seen || p->stopping;
  return p->stopping ? ERR_CANCELLED : ERR_OK;
}

static enum err random_bytes(struct env *env, void *buf, size_t len) {
  struct proc *p = of(env);
  unsigned char *b = buf;
  for (size_t i = 0; i < len; i++)
    b[i] = (unsigned char)rng_next(&p->sim->rng);
  proc_point(p);
  return ERR_OK;
}

static bool stopping(struct env *env) {
  struct proc *p = of(env);
  p->stop_seen = p->stop_seen || p->stopping;
  return p->ghost || (p->stopping && !planted(p->sim, PLANT_STOP_IGNORED));
}

static const struct env_ops fake_env_ops = {.wall_ms = wall_ms,
                                            .mono_ms = mono_ms,
                                            .sleep_ms = sleep_ms,
                                            .random = random_bytes,
                                            .stopping = stopping};

void fake_env_init(struct proc *p) {
  p->env = (struct fake_env){.base = {.ops = &fake_env_ops}, .p = p};
  p->mono_base_ms = rng_between(&p->sim->rng, 0, 1000 * 1000);
}
