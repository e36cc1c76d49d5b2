// --dry-run: what would be done to each selected target, step by step, with the requests.
#ifndef ROTATOR_APP_COMMANDS_PLAN_H
#define ROTATOR_APP_COMMANDS_PLAN_H

#include "rotator/app/app.h"

// `init`: as the first set-up would see it.
int plan_all(struct app *a, bool init);
// The steps from that row on, printed, and added to `steps` (NULL: not).
void plan_way(const struct bound *b, enum row first, cJSON *steps);

#endif
