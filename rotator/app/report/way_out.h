// The command that ends what a target is stuck in, for this person in this set-up: pasted as it is.
//
// A reason names it in decision_words.c; what depends on more than the reason is worked out here:
// the command that unlocks this key, that grants this right, the name of this sink. A reason that
// only a person can end says what there is to decide or to mend, beside the command that goes on
// afterwards.
#ifndef ROTATOR_APP_REPORT_WAY_OUT_H
#define ROTATOR_APP_REPORT_WAY_OUT_H

#include "rotator/app/report/report.h"

struct way_out {
  char next[1000];    // the whole command
  const char *person; // what a person has to decide or to mend before it; NULL: nothing
};

// After a tick, or a look that answers like one.
void way_out_of(const struct app *a, const struct managed *m, const struct tick_result *r,
                struct way_out *ret);

// The same with what lies beside the keys: a unit that failed, what the command itself knows.
void way_out_after(const struct app *a, const struct managed *m, const struct tick_result *r,
                   const struct outcome *o, struct way_out *ret);

// Where consumers were seen to have no key that works, or that is not known: what ends the cause.
void way_out_for_consumers(const struct app *a, const struct managed *m, struct way_out *ret);

// "ibmcloud iam service-api-key-unlock ApiKey-… ServiceId-… --force", and then the command given
// (NULL: nothing).
void way_out_unlock(const struct managed *m, const char *key_id, const char *then, char *dst,
                    size_t cap);

#endif
