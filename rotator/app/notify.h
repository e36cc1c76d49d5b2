// Tells a program (`notify` of the configuration) when the verdict on a target changes.
//
// A target is well, wants a person (attention), or its consumers may have no working key (broken).
// Events are the changes of that, once each, and back (recovered); and a new key that was published
// and proven (rotated). What was told is kept in the target's record (last_run.h) after the program
// has ended well: until then the next run tells it again. So nothing is lost through a program that
// fails, and an event comes twice only where we died between its end and the record.
//
// All events of a run are one document on the program's standard input, so that a fault of a whole
// fleet is one mail. It gets no environment but PATH, and never a value:
//   {"rotator": 1, "command", "at", "events": [{"target", "event", "was", …}]}
// Of the first NOTIFY_WHOLE events each has the members of the target in the JSON answer too.
#ifndef ROTATOR_APP_NOTIFY_H
#define ROTATOR_APP_NOTIFY_H

#include "rotator/app/report/outcome.h"

#define NOTIFY_WHOLE 100

// How a target's run ended, after advance_finish. Does nothing where nobody is to be told. True:
// there is something to tell of it, or to keep for that.
bool notify_add(struct app *a, struct managed *m, const struct tick_result *r,
                const struct outcome *o);
// Starts the program if there is something to tell. The command's own answer does not depend on it:
// what goes wrong is logged.
void notify_send(struct app *a);
void notify_free(struct app *a);

#endif
