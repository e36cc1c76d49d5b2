// The only place that changes a state: what each row's CAS writes. Pure.
#ifndef ROTATOR_ENGINE_TRANSITION_H
#define ROTATOR_ENGINE_TRANSITION_H

#include "rotator/engine/decide.h"

// What a transition needs besides the view: values and ids that were made for it.
struct transition_input {
  struct secret *fresh_value;   // due, heal, first, new key: the new value (taken over); NULL with
                                // origin iam
  struct secret *adopted_value; // adopt: the sinks' value (taken over)
  struct slot kept;             // keep sink: the proven key found there (taken over)
  const char *lineage;          // of a new state
  const char *account, *iam_id, *instance, *host, *writer, *stager;
  const struct state_sink *sinks; // of the configuration, with the versions just read
  size_t n_sinks;
  // What the sinks of the view hold, NULL where it is not known: some orders count it as older.
  const struct secret *const *sink_values;
  uint64_t above; // a new state by order begins above this
};

// Writes the successor of v->state (or the first state) to *ret: seq + 1, phase_since where the
// phase changes, epoch on entering publishing. ERR_INTERNAL without memory or for a row that has no
// transition.
enum err transition(const struct view *v, const struct action *a, struct transition_input *in,
                    struct state *ret);

// The phase that a state in `s` (NULL: none yet) is in once the act is done; PHASE_COUNT: none.
enum phase transition_phase(const struct state *s, const struct action *a);

// Why the old key may not go now, whoever asks for it, as far as v->state (not NULL) and the sinks
// show; NULL: it may, once the new one is proven.
const char *transition_keeps_previous(const struct view *v);

// What a person orders by a command. Only the tick acts on the state that comes of it.
enum order_kind {
  ORDER_ROTATE,     // wish
  ORDER_ROLLBACK,   // wish
  ORDER_RETIRE,     // wish: the old key may go though it is still used
  ORDER_HOLD,       // hold (resume: one that is not on)
  ORDER_TAKE_HOST,  // name: the host
  ORDER_DROP_SINK,  // name: the sink
  ORDER_KEEP_STATE, // foreign values in the sinks, and what is no value, count as older
                    // ones of ours
  ORDER_KEEP_SINK,  // name: the sink; its key becomes current, the old one previous
  ORDER_NEW_KEY,    // a new state with a fresh value
};
struct order {
  enum order_kind kind;
  struct wish wish;
  struct hold hold;
  const char *name;
};

// The successor of v->state as ordered; for keep sink and new key, where the state cannot be used,
// a new one above every tag and stamp seen. ERR_REFUSED or ERR_MISSING with the reason in words.
enum err transition_ordered(const struct view *v, const struct order *o,
                            struct transition_input *in, struct state *ret, struct error *e);

#endif
