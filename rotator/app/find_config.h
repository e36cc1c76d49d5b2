// Which configuration is meant, and what is said to somebody who has none yet.
#ifndef ROTATOR_APP_FIND_CONFIG_H
#define ROTATOR_APP_FIND_CONFIG_H

#include "rotator/app/app.h"

#define FIND_CONFIG_SERVICE "/etc/rotator/rotator.yaml"

// The one given, else the service's, else the user's own, whether that is there or not. To be
// freed; NULL without memory.
char *find_config(const char *given);

// Says that there is none, where it is looked for, and how to come from there to the first
// rotation. `text`: what is the matter besides, or NULL. Returns the exit status.
int find_config_failed(const struct app *a, const char *text);

#endif
