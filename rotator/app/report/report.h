// What people read when a command ends: errors on standard error, results on standard output or in
// the JSON answer.
//
// An error has always the same shape: the first line says whether consumers have a working key,
// then what failed, where, and what the service said, and the last line is the command that comes
// next.
#ifndef ROTATOR_APP_REPORT_REPORT_H
#define ROTATOR_APP_REPORT_REPORT_H

#include "rotator/app/app.h"
#include "rotator/app/report/outcome.h"

struct trouble {
  const char *target; // NULL: of no target
  bool apart;         // of no consumers, or of none that are worked on: nothing is said of them
  enum working working;
  const struct verdict *verdict; // what that rests on; NULL: nothing was seen
  const char *step;              // row or command; NULL: none
  const char *text;              // NULL: the error's
  const struct error *error;     // NULL: none
  const char *hint, *note;       // more lines, each one or several; NULL: none
  const char *next;              // the whole next command; NULL: "check TARGET"
};
void report_trouble(const struct app *a, const struct trouble *t);
// Of so many targets in one command the trouble is told in full, and of those after them in a line
// each: what a fleet has in common has been read by then.
#define REPORT_WHOLE 10

// A mistake in what was typed, or in a part of the configuration beside the targets that are worked
// on (each tells of its own consumers): nothing is said of consumers. `hint`:
// more lines, joined by newlines; NULL: that nothing was contacted. `next` as in struct trouble.
void report_usage(const struct app *a, const char *text, const char *hint, const char *next);
// Targets that cannot be worked on for their configuration: what becomes of their consumers is not
// known.
void report_unusable(const struct app *a, const char *text, const char *hint, const char *next);

// Sentences on one line: a full stop goes between two of them unless the first has an end of its
// own ("?"); those that are NULL or "" are left out, and the lines of one follow each other
// likewise. For tests, which see the joints alone: the program joins them in report.c only.
void report_join(char *dst, size_t cap, const char *const *texts, size_t n);

// One line on standard error, of no target in particular.
void report_line(const struct app *a, const char *text);

// Tells `text`, in the answer too, unless something was told before: whoever ran out of memory may
// have had none for words.
void report_exhausted(const struct app *a, const char *text);

// "rotator -c FILE repair prod-logs": a command for the configuration in use. `command` may have
// words of its own; target may be NULL.
void report_next(const struct app *a, const char *command, const char *target, char *dst,
                 size_t cap);

// What comes out of a tick: the error, when there is one, and the object in the JSON answer.
// Results for people when all is well are the commands' own. m->seen: what happened on the way.
void report_result(struct app *a, struct managed *m, const struct tick_result *r,
                   const struct outcome *o);

// The members that the JSON answer would have of it, added to x.
void report_describe(struct app *a, struct managed *m, const struct tick_result *r,
                     const struct outcome *o, cJSON *x);

// A target that could not even be bound or observed, reported as report_result would. Returns the
// exit status.
int report_failure(struct app *a, struct managed *m, const char *step, const struct error *e);

// For a result that saw nothing: what this command saw of the target before, if anything, stands.
void report_stand_by(const struct managed *m, struct tick_result *r);

// The command that report_failure names as the next one.
void report_failure_next(struct app *a, struct managed *m, const struct error *e, char *dst,
                         size_t cap);

// Of the configuration: mistakes that concern the targets meant, or all of them.
void report_mistakes(const struct app *a, bool all);

// "403 BXNIM0513E, transaction 4b1c…" or "".
void report_service_said(const struct error *e, char *dst, size_t cap);

#endif
