// The clock, waiting and chance, as an interface: the real one below, a simulated one in the tests.
//
// A stop (SIGTERM, SIGINT) is part of the environment: env_stopping() turns true and every sleep
// ends at once. No new effect is begun after that.
#ifndef ROTATOR_BASE_ENV_H
#define ROTATOR_BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"

struct env;

struct env_ops {
  int64_t (*wall_ms)(struct env *env); // milliseconds since 1970 by the local clock; may jump
  // Never goes back, and goes on while the machine is suspended; its zero means nothing.
  int64_t (*mono_ms)(struct env *env);
  // Sleeps until `ms` have passed or a stop is asked for. ERR_OK or ERR_CANCELLED.
  enum err (*sleep_ms)(struct env *env, int64_t ms);
  // Fills buf with bytes fit for keys. ERR_OK or ERR_INTERNAL.
  enum err (*random)(struct env *env, void *buf, size_t len);
  bool (*stopping)(struct env *env);
};

struct env {
  const struct env_ops *ops;
};

// The process's real environment (getrandom, CLOCK_REALTIME, CLOCK_BOOTTIME, signals). One object;
// thread safe.
struct env *env_real(void);
// Installs handlers for SIGTERM and SIGINT that make env_real() stop. SIGPIPE is ignored. Once,
// before threads.
void env_real_catch_signals(void);

static inline int64_t env_wall_ms(struct env *env) {
  return env->ops->wall_ms(env);
}
static inline int64_t env_mono_ms(struct env *env) {
  return env->ops->mono_ms(env);
}
static inline enum err env_sleep_ms(struct env *env, int64_t ms) {
  return env->ops->sleep_ms(env, ms);
}
static inline enum err env_random(struct env *env, void *buf, size_t len) {
  return env->ops->random(env, buf, len);
}
static inline bool env_stopping(struct env *env) {
  return env->ops->stopping(env);
}
// True when stderr is the journal's own stream (JOURNAL_STREAM names its device and inode).
bool env_stderr_is_journal(void);
// Where systemd put credentials (CREDENTIALS_DIRECTORY); NULL: it passed none.
const char *env_credentials_dir(void);

// A number in [0, n); n > 0. For jitter, not for keys.
uint32_t env_random_below(struct env *env, uint32_t n);
// `digits` random hex digits (an even number, at most 64) and a NUL into dst. ERR_OK or
// ERR_INTERNAL.
enum err env_random_hex(struct env *env, char *dst, size_t digits);

#endif
