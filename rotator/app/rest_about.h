// What the index of rest depends on as a whole (rest.h): the same files mean the same only to the
// same program, of the same configuration, run by the same user.
#ifndef ROTATOR_APP_REST_ABOUT_H
#define ROTATOR_APP_REST_ABOUT_H

#include "rotator/base/text_digest.h"
#include "rotator/config/config.h"

// False: it cannot be told.
bool rest_about(const struct config *c, unsigned char ret[TEXT_SHA256_BYTES]);

#endif
