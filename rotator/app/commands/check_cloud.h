// The part of `check` that asks IBM Cloud.
#ifndef ROTATOR_APP_COMMANDS_CHECK_CLOUD_H
#define ROTATOR_APP_COMMANDS_CHECK_CLOUD_H

#include "rotator/app/commands/finding.h"

// Rights, identity, Sender, quota, clock, TLS. True when the target could be bound, so that its
// stores can be looked at.
bool check_cloud(struct bound *b, struct findings *f);

#endif
