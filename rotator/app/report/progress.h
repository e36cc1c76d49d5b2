// A run as it happens. For somebody at a terminal: one line a step, and under it what is being
// waited for, with the seconds left. For systemd, when it started us and asked to be told
// (NOTIFY_SOCKET): ready, stopping, and the step under way as the unit's status.
#ifndef ROTATOR_APP_REPORT_PROGRESS_H
#define ROTATOR_APP_REPORT_PROGRESS_H

#include "rotator/engine/tick.h"

// The command begins and ends, for systemd.
void progress_ready(void);
void progress_stopping(void);

// Starts the lines (does nothing where nobody watches). `single`: they need not name the target.
void progress_start(struct env *env, bool single);
void progress_stop(void);

// Makes room for a line on standard error that is no step.
void progress_interrupt(void);

// A step begins, ends. Called by one thread at a time.
void progress_begin(const struct step *s);
void progress_end(const struct step *s);

#endif
