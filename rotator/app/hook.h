// The reload hook of a target, as struct target wants it; ctx is a const struct config_hook *.
// ERR_INVALID: it cannot be started, now or later.
#ifndef ROTATOR_APP_HOOK_H
#define ROTATOR_APP_HOOK_H

#include "rotator/engine/tick.h"

enum err hook_after_publish(void *ctx, const struct target *t, const struct state *s,
                            struct error *e);

#endif
