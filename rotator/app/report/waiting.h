// What a command given by hand waits for, on standard error: the first time that something refuses
// for good what only a person can change, what to do about it; and, where no terminal shows the
// steps (progress.h), one line each half minute. Never of `run`, whose words cron would mail.
#ifndef ROTATOR_APP_REPORT_WAITING_H
#define ROTATOR_APP_REPORT_WAITING_H

#include "rotator/base/log.h"
#include "rotator/engine/tick.h"

// Once, before the command; `by_hand`: else everything here does nothing.
void waiting_setup(struct env *env, bool by_hand);
void waiting_stop(void);

// How loudly a wait of the whole run is told, once: to a person who gave the command or watches it;
// else it is only noted.
enum log_level waiting_level(void);
// The command itself waits for `text` (a clause); NULL: not any more.
void waiting_for(const char *target, const char *text);
// A step of the engine ended. Called by one thread at a time.
void waiting_step(const struct step *s);

#endif
