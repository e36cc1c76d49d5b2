// So many of something in a minute, among all the threads and processes of this host that share a
// state directory.
//
// The file holds one line: the time (this host's clock, in milliseconds) at which everything that
// was sent so far is paid for. Each one costs `apart_ms`; `at_once` may be sent before the first
// of them has to wait. It is read and written under a lock on it. Several hosts do not know of each
// other.
//
// What is urgent is counted and never waits. `kept` of at_once are left to it by the others, so
// that it does not take us over the measure either.
#ifndef ROTATOR_APP_PACE_H
#define ROTATOR_APP_PACE_H

#include <stdbool.h>

#include "rotator/base/env.h"

struct pace {
  const char *dir; // is made, private to us
  char path[600];
  struct env *env;
  int64_t apart_ms, longest_ms; // longest: the most that anybody waits for it
  unsigned at_once, kept;       // at_once ≥ 1, kept < at_once
};

// dir/name; the strings of *ret live as long as dir. False: the path is too long.
bool pace_init(struct pace *ret, const char *dir, const char *name, struct env *env);

// ERR_OK: it may be sent after *ret_wait_ms, at most most_ms, and is noted. ERR_THROTTLED: not
// within most_ms; *ret_wait_ms says when, and nothing is noted. ERR_UNSENT, or an error of the
// directory or the lock: the file cannot be used. e is set but for ERR_THROTTLED.
enum err pace_take(struct pace *p, bool urgent, int64_t most_ms, int64_t *ret_wait_ms,
                   struct error *e);

#endif
