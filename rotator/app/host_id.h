// Which host this is, for states whose stores belong to one.
#ifndef ROTATOR_APP_HOST_ID_H
#define ROTATOR_APP_HOST_ID_H

#include "rotator/config/config.h"
#include "rotator/engine/state.h"

// The machine id, unless the configuration says otherwise. A container has none, or another one
// with each start: then host_id must be configured. "": not known.
void host_id_find(const struct config *c, char dst[STATE_WHO_MAX]);

#endif
