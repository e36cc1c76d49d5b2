#include "rotator/app/commands/common.h"
#include "rotator/app/commands/plan.h"

// One rotation a run: with a rotate_every of seconds the next would be due at once, for ever.
static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  (void)ctx;
  return bound_of(t)->told.promoted && r->phase == PHASE_IDLE;
}

int command_run(struct app *a) {
  if (a->cli.dry_run)
    return plan_all(a, false);
  struct drive d = {.app = a, .patience_s = a->cli.patience_s, .done = is_done};
  return drive_and_report(a, &d, false);
}
