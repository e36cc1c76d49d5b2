// Steps as they happen, for somebody at a terminal: one line a step, and under it what is being
// waited for, with the seconds left.
#ifndef ROTATOR_APP_REPORT_PROGRESS_H
#define ROTATOR_APP_REPORT_PROGRESS_H

#include "rotator/engine/tick.h"

// Starts it (does nothing where nobody watches). `single`: the lines need not name the target.
void progress_start(struct env *env, bool single);
void progress_stop(void);

// A step begins, ends. Called by one thread at a time.
void progress_begin(const struct step *s);
void progress_end(const struct step *s);

#endif
