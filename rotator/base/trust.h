// Who could change what runs as us? A program that is given keys, a hook, a configuration that
// names one: whoever can change it, or put another in its place, can take every key.
#ifndef ROTATOR_BASE_TRUST_H
#define ROTATOR_BASE_TRUST_H

#include "rotator/base/error.h"

// Can nobody but root and we ourselves put another program, or another directory, in its place?
// ERR_REFUSED (also when it is not there or no program), ERR_DENIED (we may not run it).
enum err trust_program(const char *path, struct error *e);
// The same of a file that is read.
enum err trust_file(const char *path, struct error *e);

#endif
