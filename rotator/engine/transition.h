// The only place that changes a state: what each row's CAS writes. Pure.
#ifndef ROTATOR_ENGINE_TRANSITION_H
#define ROTATOR_ENGINE_TRANSITION_H

#include "rotator/engine/decide.h"

// What a transition needs besides the view: values and ids that were made for it.
struct transition_input {
  struct secret *fresh_value;     // due, heal, first: the new value (taken over); NULL with origin iam
  struct secret *adopted_value;   // adopt: the sinks' value (taken over)
  const char *lineage;            // adopt, first: of the new state
  const char *account, *iam_id, *instance, *host, *writer, *stager;
  const struct state_sink *sinks;  // of the configuration, with the versions just read
  size_t n_sinks;
};

// Writes the successor of v->state (or the first state) to *ret: seq + 1, phase_since where the phase changes, epoch on
// entering publishing. ERR_INTERNAL without memory or for a row that has no transition.
enum err transition(const struct view *v, const struct policy *p, const struct action *a, struct transition_input *in,
                    struct state *ret);

#endif
