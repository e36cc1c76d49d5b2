// The command that ends what a target is stuck in, for this person in this set-up: pasted as it is.
//
// A reason names it in decision_words.c; what depends on more than the reason is worked out here:
// the command that unlocks this key, that grants this right, the name of this sink. A reason that
// only a person can end says what there is to decide or to mend, beside the command that goes on
// afterwards.
#ifndef ROTATOR_APP_REPORT_WAY_OUT_H
#define ROTATOR_APP_REPORT_WAY_OUT_H

#include "rotator/app/report/report.h"

#define WAY_OUT_HINT_MAX 1000
// When IAM, or the metadata service of a virtual server, did not let the rotator, or the reader of
// proof.arrival, be its trusted profile: what is missing, and the command that adds it. False when
// *e is no such refusal.
bool way_out_profile(const struct managed *m, const struct error *e, char *dst, size_t cap);

// When IAM or Cloud Logs refused for lack of rights: which action is missing, and which role has
// it; and what way_out_profile says. False when *e is no such refusal. `row`: at which row it
// happened; ROW_COUNT: at none.
bool way_out_rights(const struct managed *m, enum row row, const struct error *e, char *dst,
                    size_t cap);
// The row at which a right was missing, for the above; ROW_COUNT: at none of its own.
enum row way_out_row_of_rights(const struct tick_result *r);
// Is a refusal there about the proof of a key (the sender's rights), and not about the management
// identity's?
bool way_out_is_of_proof(const struct managed *m, enum row row);
// Is it a store that refused? That is no matter of IBM Cloud's rights.
bool way_out_is_of_store(enum why why);

struct way_out {
  char next[1000];    // the whole command
  const char *person; // what a person has to decide or to mend before it; NULL: nothing
};

// After a tick, or an observation that answers like one.
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
