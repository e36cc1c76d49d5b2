// One round of a proof: a value is exchanged for tokens, and each token is used as consumers use
// it. What the answers say of the value is in the outcome, and entered into its evidence. proof.c
// decides how many rounds there are, when, and what follows.
#ifndef ROTATOR_ENGINE_TRIAL_H
#define ROTATOR_ENGINE_TRIAL_H

#include "rotator/engine/turn.h"

#define TRIAL_ROUND_MAX 4 // exchanges side by side; then as many logs and a forged one

enum outcome { PASSED, REFUSED, UNKNOWN, STOPPED };

struct prover {
  struct turn *u;
  struct target *t;
  const struct engine_io *io;
  const char *step; // stands in the test logs
  struct error *e;  // why a round did not pass
};

// n exchanges (1 … TRIAL_ROUND_MAX), each with its test log. `tamper_refused`: NULL, or whether a
// changed token was refused before; if not, one is tried, and *tamper_refused says how that went.
// PASSED: all did. Else the first that did not says what it was.
enum outcome trial_round(struct prover *p, const struct slot *slot, unsigned n,
                         bool *tamper_refused);
// A token of the value alone; PASSED: to be cleared by the caller. What else comes of it is
// evidence.
enum outcome trial_token(struct prover *p, const struct slot *slot, struct iam_token *ret);

#endif
