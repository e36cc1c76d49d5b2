// How a target stands, in every command the same: what was seen of consumers, and what a run would
// answer to it.
#ifndef ROTATOR_APP_COMMANDS_STAND_H
#define ROTATOR_APP_COMMANDS_STAND_H

#include "rotator/app/commands/common.h"

// "prod: Consumers have a working key: ApiKey-…": the first line of an answer for people.
void say_working(const struct managed *m);

// What a run would answer to what was read, without doing anything.
void judge_look(struct managed *m, const struct look *l, struct tick_result *ret,
                struct outcome *ret_outcome);
// The same, reported and put into the JSON answer. Returns the exit status.
int report_look(struct app *a, struct managed *m, const struct look *l);

// What a command that has another subject says of consumers: puts it into `o` (NULL: none), and
// when what was seen says that they have no working key, reports that and returns EXIT_PAGE; else
// EXIT_FINE.
int report_verdict(struct app *a, struct managed *m, const char *step, cJSON *o);

// Reads the target without asking anybody, unless it was read in this run: what earlier looks saw
// is enough to not stay silent about a dead key.
void look_offline(struct managed *m);
// report_failure that says what is known of consumers, whatever failed.
int report_no_success(struct app *a, struct managed *m, const char *step, const struct error *e);

#endif
