// Inside of child.c: the part between fork and exec.
#ifndef ROTATOR_BASE_CHILD_START_H
#define ROTATOR_BASE_CHILD_START_H

#include <sys/types.h>

#include "rotator/base/child.h"

// Starts the program with these three as its standard streams. 0 and its id, or an errno.
int child_start(const struct child_spec *spec, const int streams[3], pid_t *ret_pid);

#endif
