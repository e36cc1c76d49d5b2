// The part of `init` that makes what is missing in IBM Cloud, apart from keys.
#ifndef ROTATOR_APP_COMMANDS_INIT_CLOUD_H
#define ROTATOR_APP_COMMANDS_INIT_CLOUD_H

#include "rotator/app/app.h"

// Finds or makes the service ID, finds or grants Sender, and binds the target. ERR_OK also when
// Sender could neither be seen nor granted (said on standard error): it may come from an access
// group, and the proof of the first key will tell.
enum err init_cloud(struct app *a, struct bound *b, struct error *e);

#endif
