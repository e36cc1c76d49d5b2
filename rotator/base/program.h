// Could a program be started, as far as its file shows? The kernel starts what begins with "#!" and
// an interpreter, and what is in a binary format of this system; anything else ends in "Exec format
// error" or, for an interpreter that is not there, in a "No such file" that names the wrong one.
#ifndef ROTATOR_BASE_PROGRAM_H
#define ROTATOR_BASE_PROGRAM_H

#include "rotator/base/error.h"

// ERR_OK, or ERR_REFUSED with what is wrong. What cannot be read is believed: it may be run all the
// same.
enum err program_check(const char *path, struct error *e);

#endif
