// Queries of an instance at a gentle pace: a decorator of a reader.
//
// An instance takes ten queries a minute, from everybody who asks it. So all that ask for us on
// this host, the workers of a fleet and several processes, keep their queries 10.5 s apart, which
// is six a minute at most (pace.h), by a file of the state directory, <guid>.queries.
#ifndef ROTATOR_APP_QUERY_BUDGET_H
#define ROTATOR_APP_QUERY_BUDGET_H

#include "rotator/base/env.h"
#include "rotator/cloud/logs_reader.h"

#define QUERY_APART_MS 10500

// Whoever comes too early is answered LOGS_ASK_LATER, with the time that is left, and nothing is
// sent. `inner` becomes the decorator's. NULL without memory (then `inner` is freed).
struct logs_reader *query_budget_new(struct logs_reader *inner, const char *state_dir,
                                     const char *guid, struct env *env);

#endif
