#include "rotator/app/commands/common.h"
#include "rotator/app/commands/plan.h"

int command_run(struct app *a) {
  if (a->cli.dry_run)
    return plan_all(a, false);
  struct drive d = {.app = a, .patience_s = a->cli.patience_s};
  return drive_and_report(a, &d, false);
}
