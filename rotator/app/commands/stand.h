// How a target stands, in every command the same: what was seen of consumers, and what a run would
// answer to it.
#ifndef ROTATOR_APP_COMMANDS_STAND_H
#define ROTATOR_APP_COMMANDS_STAND_H

#include "rotator/app/advance.h"
#include "rotator/app/app.h"
#include "rotator/app/report/report.h"

// One reading of a target, and what would be done about it. Clear with observed_clear.
struct observed {
  struct engine_io io;
  struct state state;
  struct view view;
  struct action action;
  struct error error; // the last thing that went wrong while reading; kind ERR_OK: nothing
};
enum observe {
  OBSERVE_OFFLINE,
  OBSERVE_AS_NEEDED,
  OBSERVE_AT_IAM,
  OBSERVE_VERIFY,
  OBSERVE_ARRIVAL
};
// As needed: IAM is asked when the engine would ask it. Verify: what each sink holds is proven, too
// (tick_verify). Arrival: and its test log is looked for. What was seen is kept for the next run.
// The error, when it could not be bound.
enum err observe(struct managed *m, enum observe how, struct observed *ret, struct error *e);
void observed_clear(struct observed *l);

// Reads the target without asking anybody, unless it was read in this run: what was seen before
// is enough to not stay silent about a dead key.
void observe_offline(struct managed *m);

// What observing, and a tick that had nothing to write, do not see: that a local home refuses what
// a write would need (a full disk, a right that is missing); and, where the last run called a
// person, that another store still does, or that the step that failed is the next one still. So
// that the reason stays visible until it is gone. Changes *r, if it says nothing else; the target
// is bound.
void recall_trouble(struct managed *m, struct tick_result *r);

// The reason of that name (of last_run.h); WHY_none: there is none of that name.
enum why why_of_name(const char *name);

// "prod: Consumers have a working key: ApiKey-…": the first line of an answer for people.
void say_working(const struct managed *m);

// What a run would answer to what was read, without doing anything.
void judge_observed(struct managed *m, const struct observed *l, struct tick_result *ret,
                    struct outcome *ret_outcome);
// The same, reported and put into the JSON answer. Returns the exit status.
int report_observed(struct app *a, struct managed *m, const struct observed *l);

// What a command that has another subject says of consumers: puts it into `o` (NULL: none), and
// when what was seen says that they have no working key, reports that and returns EXIT_PAGE; else
// EXIT_FINE.
int report_verdict(struct app *a, struct managed *m, const char *step, cJSON *o);

// report_failure that says what is known of consumers, whatever failed.
int report_no_success(struct app *a, struct managed *m, const char *step, const struct error *e);

#endif
