// audit: what a run did to a target, as log lines in the target's own instance.
//
// The engine knows nothing of it. Its effects are noted as they are done (audit_step), and sent in
// one request when the target's run has ended (audit_send), so that nothing is held up by them.
// The token is the one with which a test log was accepted last in this run (audit_client.h). Each
// line is sent once and never again: what is lost is said and counted, and nothing is doubled. The
// history on this host has all of it.
#ifndef ROTATOR_APP_AUDIT_H
#define ROTATOR_APP_AUDIT_H

#include "rotator/app/compose.h"

// An effect, or what failed in its place. Where no audit is configured: nothing.
void audit_step(struct managed *m, const struct step *s);
// Sends what was noted. A failure is logged, and no matter for the run.
void audit_send(struct managed *m);

#endif
