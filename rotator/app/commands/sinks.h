// What the sinks hold, for status and repair: never a value.
#ifndef ROTATOR_APP_COMMANDS_SINKS_H
#define ROTATOR_APP_COMMANDS_SINKS_H

#include "rotator/base/json.h"
#include "rotator/engine/tick.h"

const char *sink_value_text(enum sink_value v);
// "2 current" or "fleet: old key, host: no answer".
void sinks_summary(const struct view *v, char *dst, size_t cap);
// "sinks": [{"name", "place", "holds"}]; o NULL: nothing.
void sinks_answer(const struct target *t, const struct view *v, cJSON *o);

#endif
