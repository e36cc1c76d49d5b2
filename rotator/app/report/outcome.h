// From how a tick ended to what the program answers. Pure.
#ifndef ROTATOR_APP_REPORT_OUTCOME_H
#define ROTATOR_APP_REPORT_OUTCOME_H

#include "rotator/app/app.h"
#include "rotator/app/path_units.h"
#include "rotator/engine/tick.h"

// The worse of two exit statuses: 4, 3, 1, 2, 75, 5, 0.
int exit_worse(int a, int b);

enum goal {
  GOAL_NONE,    // `run`: bring it forward
  GOAL_REACHED, // a command by hand, and what was wanted is there
  GOAL_MISSED,  // … and it is not
};

struct outcome {
  int exit;
  bool fault;  // something failed that may pass by itself
  bool silent; // nothing that a person must read now
  // All is well with the keys, but the unit that is to restart a consumer has failed; text "": no.
  struct path_unit_failure watch;
};

// `fault_since_s`: since when runs have met a fault (0: not before this one).
void outcome_of(const struct tick_result *r, enum goal goal, int64_t alert_after_s,
                int64_t fault_since_s, int64_t now_s, struct outcome *ret);

// Whatever is found beside the keys: with nothing worse to say, a person is needed for it.
void outcome_add_watch(struct outcome *o, const struct path_unit_failure *f);

// Did the run find out how the target stands? Not where another run or a stop was in the way, nor
// where a fault is kept silent because it is young: the status 0 of these says nothing.
bool outcome_is_seen(const struct tick_result *r, const struct outcome *o);

// A no that time does not change: rights, a full disk, a setting.
bool outcome_is_definite(enum err err);
// Waiting for an answer that was a definite no: missing rights, a credential that is not accepted.
bool outcome_is_refusal(const struct tick_result *r);
// Waiting for what only a person can give: that, a sink that cannot be written, a hook that cannot
// be started. No command waits for it; the next run goes on from there.
bool outcome_is_for_person(const struct tick_result *r);

#endif
