// The reload hook of a target (after_publish): tells consumers that a new key is in the sinks.
//
// The program gets no argument but those configured, no environment but PATH, and one JSON object
// on standard input: {"target", "key_id", "generation", "epoch", "sinks": [{"name", "place"}]}.
// Never a value. It may be run more than once in an epoch.
#ifndef ROTATOR_APP_HOOK_H
#define ROTATOR_APP_HOOK_H

#include "rotator/engine/tick.h"

// `ctx` is a const struct config_hook *. ERR_OK when it exited with 0 in its time.
enum err hook_after_publish(void *ctx, const struct target *t, const struct state *s,
                            struct error *e);

#endif
