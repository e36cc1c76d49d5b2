// The reload hook of a target, as struct target wants it.
#ifndef ROTATOR_APP_HOOK_H
#define ROTATOR_APP_HOOK_H

#include "rotator/config/config.h"
#include "rotator/engine/tick.h"

struct hook {
  const struct config_hook *config;
  struct env *env;
};

// ctx is a struct hook *. ERR_INVALID: it cannot be started, now or later.
enum err hook_after_publish(void *ctx, const struct target *t, const struct state *s,
                            struct error *e);

#endif
