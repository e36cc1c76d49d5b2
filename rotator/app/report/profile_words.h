// When the rotator may not become the trusted profile that it is configured to be: what is missing,
// and the command that adds it.
#ifndef ROTATOR_APP_REPORT_PROFILE_WORDS_H
#define ROTATOR_APP_REPORT_PROFILE_WORDS_H

#include "rotator/config/config.h"

// Does the error name the trusted profile of that section?
bool profile_is_named(const struct config_credential *c, const struct error *e);

// False: *e is no such refusal.
bool profile_words(const struct config_credential *c, const struct error *e, char *dst, size_t cap);

// The command that lets whoever `c` is become the profile. `profile` and `service_id` as they stand
// in a shell; service_id is used where a key's identity assumes it.
void profile_link_command(const struct config_credential *c, const char *profile,
                          const char *service_id, char *dst, size_t cap);

#endif
