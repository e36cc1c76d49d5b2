// Running a program of somebody else: argv without a shell, one text on standard input, a clean
// environment, a time limit, a process group of its own.
#ifndef ROTATOR_BASE_CHILD_H
#define ROTATOR_BASE_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "rotator/base/env.h"
#include "rotator/base/error.h"

struct child_spec {
  char *const *argv; // argv[0] absolute
  const char *input;
  size_t input_len;
  int64_t limit_ms; // then SIGTERM to its group, and SIGKILL CHILD_MERCY_MS later
  struct env *env;  // a stop asked for ends the program at once, too
};
#define CHILD_MERCY_MS 2000

// Runs it and waits. ERR_OK: it exited with 0. ERR_REFUSED: it can't be started (not there, not
// executable), or it exited otherwise; the text ends with the end of what it wrote (standard output
// and error together, bounded, printable). ERR_UNSURE: killed after its time. ERR_CANCELLED: a stop
// was asked for. ERR_INTERNAL: no process or pipe to be had.
enum err child_run(const struct child_spec *spec, struct error *e);

#endif
