// Filling the model from JSON: --seed, --demo and POST /_control/seed.
#ifndef EMU_SEED_H
#define EMU_SEED_H

#include <cjson/cJSON.h>

#include "emu.h"

// Lock held. Returns what was made, with ids and key values; NULL and ret_error (to be freed) when
// the seed is wrong, in which case a part of it may have been applied.
cJSON *seed_apply(struct emu *emu, const cJSON *seed, char **ret_error);
// One account, instance, service ID with Sender and a management identity; the management key
// goes to key_file (0600). False: the file could not be written.
bool seed_demo(struct emu *emu, const char *key_file);

#endif
