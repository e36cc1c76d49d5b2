// Bringing targets forward: the engine over all of them, with what it does shown, logged, written
// into the history, and remembered for the next run.
#ifndef ROTATOR_APP_ADVANCE_H
#define ROTATOR_APP_ADVANCE_H

#include "rotator/app/app.h"
#include "rotator/app/report/outcome.h"

// A target whose next step is further away than this is left to a later run. Shorter than the
// longest back-off, so that an outage ends a run.
#define ADVANCE_PATIENCE_S 30
#define ADVANCE_FOREVER_S (INT64_MAX / 4000) // whatever the wait

struct advance {
  struct app *app;
  int64_t patience_s; // −1: ADVANCE_PATIENCE_S
  bool wait_busy;     // another run that holds the lock is waited for
  // As fleet_options.done.
  bool (*done)(void *ctx, const struct target *t, const struct tick_result *r);
  void *done_ctx;
  struct breaker *breaker; // keeps new rotations from beginning; NULL: none
  struct metrics *metrics; // each target's end is entered there; NULL: nowhere
  struct rest *rest;       // of advance_each_and_report: what need not be read; NULL: all is
};

// Until each target is done, rests, or waits too long; a command has the target's outcome from
// advance_finish. results[i] belongs to targets[i]. ERR_INTERNAL or ERR_REFUSED when it could not
// begin at all.
enum err advance_targets(const struct advance *how, struct managed *const *targets, size_t n,
                         struct tick_result *results, struct error *e);

// The same for a fleet whose targets are made when they are needed. Of more than ADVANCE_GROUP, so
// many at a time are ticked once; most are at rest then and can be given back. Those that have a
// short wait before them stay until all have been ticked, and go on together.
#define ADVANCE_GROUP 256
struct advance_each {
  size_t n;
  // Is it known already that nothing is to be done for it? Then it is not made. NULL: of none.
  bool (*rests)(void *ctx, size_t i);
  struct managed *(*make)(void *ctx, size_t i); // NULL: no memory
  // It goes no further in this run. Called in this thread; may give the target back.
  void (*ended)(void *ctx, size_t i, struct tick_result *r);
  void *ctx;
};
enum err advance_each(const struct advance *how, const struct advance_each *each, struct error *e);

// Keeps in m->seen what the view shows of consumers.
void advance_saw(struct managed *m, const struct view *v);

// A command observed without acting: what it saw of the values in the sinks is kept for the next
// run. Failing is no matter for the command (a person without rights may observe, too).
void advance_keep_evidence(struct managed *m);

// Adds to an outcome what systemd says of the units that restart its consumers.
void advance_add_watch(struct managed *m, struct outcome *o);

// What the end of the target's tick means for the answer; remembered for its next run (last_run.h).
void advance_finish(struct managed *m, const struct tick_result *r, enum goal goal,
                    struct outcome *ret);

#endif
