// Running the engine over the selected targets: fleet, history, progress, log, note of the last runs.
#ifndef ROTATOR_APP_DRIVE_H
#define ROTATOR_APP_DRIVE_H

#include "rotator/app/app.h"
#include "rotator/app/report/outcome.h"

// A target whose next step is further away than this is left to a later run. Shorter than the
// longest back-off, so that an outage ends a run.
#define DRIVE_PATIENCE_S 30

struct drive {
  struct app *app;
  int64_t patience_s; // −1: DRIVE_PATIENCE_S
  // As fleet_options.done.
  bool (*done)(void *ctx, const struct target *t, const struct tick_result *r);
  void *done_ctx;
};

// results[i] belongs to targets[i]. ERR_INTERNAL or ERR_REFUSED when it could not begin at all.
enum err drive_run(const struct drive *d, struct managed *const *targets, size_t n,
                   struct tick_result *results, struct error *e);

// What comes out of it for the target, entered into its note of the last run, which is saved.
void drive_finish(struct managed *m, const struct tick_result *r, enum goal goal,
                  struct outcome *ret);

#endif
