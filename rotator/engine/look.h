// A look at IAM under way (observe_iam.c), and the questions about single values in it (look.c).
#ifndef ROTATOR_ENGINE_LOOK_H
#define ROTATOR_ENGINE_LOOK_H

#include "rotator/engine/turn.h"

struct look {
  struct turn *u;
  struct target *t;
  const struct engine_io *io;
  struct iam *iam;
  struct iam_key_list list;
  int64_t mono_ms;
};

// Does the key bear our tag? *ret_same_lineage tells whether of this lineage (never without a
// state).
bool look_bears_tag(const struct look *l, const struct iam_key *k, struct tag *ret,
                    bool *ret_same_lineage);
enum key_seen look_seen(const struct iam_key *k);

// What IAM shows of a key is evidence of its value.
void look_enter_evidence(const struct look *l, const struct secret *value, const char *key_id,
                         enum key_seen seen);
// The same, at once, of every key in the list whose value was judged before: a question that
// follows may get no answer, and what is a stray goes without a further look. Not of pending, which
// is born disabled.
void look_enter_listed(const struct look *l);
// Who uses which key in grace, for the brake.
enum err look_at_use(struct look *l, struct error *e);

// Is what IAM shows of the pending key evidence of its value?
bool look_pending_counts(const struct look *l, enum key_seen seen);

// A value in a sink that is in no slot: asks whose key it is.
enum err look_judge_stranger(struct look *l, size_t sink, struct error *e);
// Without a state: is the sinks' one value an active key that can be adopted?
enum err look_for_adoptable(struct look *l, struct error *e);

#endif
