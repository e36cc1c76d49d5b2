// What both ways of changing a state are made of (transition.c, order.c); of no use to others.
#ifndef ROTATOR_ENGINE_TRANSITION_STEPS_H
#define ROTATOR_ENGINE_TRANSITION_STEPS_H

#include "rotator/engine/transition.h"

void state_clear_wish(struct state *s);
// PHASE_COUNT: the state stays where it is. Sets phase, its time, and on publishing the epoch.
void state_enter(struct state *s, enum phase phase, int64_t now_s);
// A new generation, whose value is taken out of `in`.
void state_stage(struct state *s, const struct policy *p, struct transition_input *in,
                 int64_t now_s);
// A state from nothing, above every tag and stamp that was seen.
void state_begin(struct state *s, uint64_t above, const struct transition_input *in);
// NULL: none of them has that place.
const struct state_sink *state_find_place(const struct state_sink *sinks, size_t n,
                                          const char *place);

#endif
