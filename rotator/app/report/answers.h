// With --json: the one document that a command answers with on standard output. Without --json
// every function here does nothing, so that commands need not ask.
#ifndef ROTATOR_APP_REPORT_ANSWERS_H
#define ROTATOR_APP_REPORT_ANSWERS_H

#include "rotator/app/app.h"

//
// It is printed as it comes: the object of a target when the next one is begun, so that a fleet
// is never in memory as a whole.

// Begins it (a->answer, a->targets): {"rotator": 1, "command", "targets": []}.
void answer_begin(struct app *a);
// Adds "exit" and prints it. Returns the exit status, which is EXIT_BUG instead of EXIT_FINE when
// standard output could not be written.
int answer_end(struct app *a, int status);

// A new object in "targets" for this target (owned by the answer); NULL: no answer is made.
cJSON *answer_target(struct app *a, const char *target);
// The object that answer_target made last; NULL: none.
cJSON *answer_last_target(const struct app *a);

// Members of such an object `o`.
// "error": null or an object.
void answer_add_error(cJSON *o, const struct error *e);
// What was seen of consumers. "working": "yes", "no", "unknown"; "reason": the cause, null when it
// works; "sinks": [{"name", "place", "holds", "verdict", "reason", "text", "seen_at", "proven_at",
// "proven_by"}], null where there is nothing to say. Never a value.
void answer_add_consumers(cJSON *o, const struct managed *m);
// Whose keys they are. "identity": {"kind": "service_id" or "user", "configured", "iam_id": null
// where it is not known}.
void answer_add_identity(cJSON *o, const struct managed *m);
// A text, null where it is "".
void answer_add_text(cJSON *o, const char *name, const char *text);
// "attention", "exit" and "next" (a whole command, null when all is well).
void answer_add_end(cJSON *o, int exit, const char *next);

#endif
