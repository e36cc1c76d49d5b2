// The only place that changes a state: what each row's CAS writes. Pure.
#ifndef ROTATOR_ENGINE_TRANSITION_H
#define ROTATOR_ENGINE_TRANSITION_H

#include "rotator/engine/decide.h"

// What a transition needs besides the view: values and ids that were made for it.
struct transition_input {
  struct secret *fresh_value; // due, heal, first: the new value (taken over); NULL with origin iam
  struct secret *adopted_value; // adopt: the sinks' value (taken over)
  const char *lineage;          // adopt, first: of the new state
  const char *account, *iam_id, *instance, *host, *writer, *stager;
  const struct state_sink *sinks; // of the configuration, with the versions just read
  size_t n_sinks;
};

// Writes the successor of v->state (or the first state) to *ret: seq + 1, phase_since where the
// phase changes, epoch on entering publishing. ERR_INTERNAL without memory or for a row that has no
// transition.
enum err transition(const struct view *v, const struct action *a, struct transition_input *in,
                    struct state *ret);

// The phase that a state in `s` (NULL: none yet) is in once the act is done; PHASE_COUNT: none.
enum phase transition_phase(const struct state *s, const struct action *a);

// What people ask for by `repair` and `rotate --compromised` (wish.c). s->seq is that of the write
// to come. A state from nothing, above every tag and stamp that was seen; seq and generation are
// still to be raised.
void transition_begin(struct state *s, uint64_t above, const struct transition_input *in);
// → staged, with a fresh value and the next seq.
void transition_new_key(struct state *s, const struct policy *p, struct transition_input *in,
                        int64_t now_s);
// → publishing, `kept` (taken over) current and the old current previous. Only from idle and
// staged.
void transition_keep(struct state *s, const struct slot *kept, int64_t now_s);
// Grace and quarantine of the rotation under way are 0 from now on.
void transition_hurry(struct state *s);

#endif
