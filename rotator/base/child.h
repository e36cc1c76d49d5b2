// Running a program of somebody else: argv without a shell, one text on standard input, a clean
// environment, a time limit, a process group of its own, and no descriptor of ours but the pipes.
// Should this process be killed, the kernel kills the program too.
#ifndef ROTATOR_BASE_CHILD_H
#define ROTATOR_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/env.h"
#include "rotator/base/error.h"
#include "rotator/base/secret.h"

struct child_spec {
  char *const *argv; // argv[0] absolute
  const char *input;
  size_t input_len;
  int64_t limit_ms; // then SIGTERM to its group, and SIGKILL CHILD_MERCY_MS later
  struct env *env;  // a stop asked for ends the program at once, too
  // Where zero will not do:
  char *const *environment;   // ends with NULL; NULL: PATH alone
  struct secret **ret_answer; // takes standard output, "" when there was none, whenever the program
                              // was started; NULL: it counts as standard error
  size_t answer_max;          // more than so many bytes end the program
  int *ret_exit;              // its exit status, or one of enum child_exit; NULL: nobody asks
  bool to_the_end;            // a stop asked for does not end it before its time
};
#define CHILD_MERCY_MS 2000

enum child_exit {
  CHILD_NOT_STARTED = -1,
  CHILD_CUT = -2, // ended by us, or by a signal
};

// Runs it and waits. ERR_OK: it exited with 0. ERR_REFUSED: it can't be started (not there, not
// executable), it exited otherwise, or it answered too much; the text ends with the end of what it
// wrote on standard error (and output, unless that is the answer), cut short and printable.
// ERR_UNSURE: killed after its time. ERR_CANCELLED: a stop was asked for, and it was killed, unless
// *ret_exit says that it was not started. ERR_INTERNAL: no process or pipe to be had. SIGPIPE must
// be ignored (env_real_catch_signals).
enum err child_run(const struct child_spec *spec, struct error *e);

#endif
