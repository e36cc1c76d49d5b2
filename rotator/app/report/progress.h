// A run as it happens. For somebody at a terminal: one line a step, and under it what is being
// waited for, with the seconds left; of more than PROGRESS_EACH targets one line with counts, and
// how long it may take. For systemd, when it started us and asked to be told
// (NOTIFY_SOCKET): ready, stopping, and the step under way as the unit's status.
#ifndef ROTATOR_APP_REPORT_PROGRESS_H
#define ROTATOR_APP_REPORT_PROGRESS_H

#include "rotator/engine/tick.h"

// The command begins and ends, for systemd.
void progress_ready(void);
void progress_stopping(void);

#define PROGRESS_EACH 10

// Starts the lines for n targets (does nothing where nobody watches).
void progress_start(struct env *env, size_t n);
void progress_stop(void);

// Makes room for a line on standard error that is no step.
void progress_interrupt(void);

// A target is begun, its new key is proven, it wants a person: each once for a target, by any
// thread.
enum progress_what { PROGRESS_BEGUN, PROGRESS_ROTATED, PROGRESS_UNWELL, PROGRESS_COUNTS };
void progress_count(enum progress_what what);

// A step begins, ends. Called by one thread at a time.
void progress_begin(const struct step *s);
void progress_end(const struct step *s);

#endif
