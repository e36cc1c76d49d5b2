// Root's commands run as rotator.service does.
//
// The timer's runs have a user, credentials and a sandbox of their own. A command that root types
// would have none of them: no management key, files that then belong to root, and a `check` that
// passes where the timer is refused. So, where the service is installed, root's command is handed
// to rotator-as-service, which gives it the unit's own settings, drop-ins included.
#ifndef ROTATOR_APP_AS_SERVICE_H
#define ROTATOR_APP_AS_SERVICE_H

#include <stdbool.h>

#include "rotator/app/cli.h"

// Set, to anything, for what rotator-as-service starts: that is where it is meant to be.
#define AS_SERVICE_MARK "ROTATOR_AS_SERVICE"

// Takes the place of this process when the command is meant to run as the service does; returns
// when it is not. It is not: with --here; for another user than root; in a unit already (systemd
// has given credentials, a state directory or a notify socket); for a configuration that is not
// the service's (`config`); for what needs no credential and may come before there is one (help,
// init --print-policy); where the program lies beside no rotator-as-service.
void as_service_exec(const struct cli *c, const char *config, char **argv);

#endif
