// The path units of systemd that restart a consumer when its key file was replaced
// (agent-restart@NAME.path, or one of the administrator's own). One that has failed, by a limit or
// for want of inotify watches, watches nothing any more: the consumer would keep a key that is soon
// deleted, and nobody would be told. So systemd is asked, once a run, which units watch a sink's
// file.
//
// Only units that have failed count: one that is stopped was stopped by somebody.
#ifndef ROTATOR_APP_PATH_UNITS_H
#define ROTATOR_APP_PATH_UNITS_H

#include "rotator/base/env.h"
#include "rotator/config/config.h"

struct path_units {
  const char *systemctl; // NULL: this host's, where systemd runs; tests script one
  bool asked;
  struct secret *answer; // of systemctl; NULL: nothing is known
};

// What is the matter, and the whole command that mends it.
struct path_unit_failure {
  char text[700], next[900];
};

// The first path unit that has failed and watches a file sink of this target. False: there is none,
// or nothing is known, which is no fault: not every host has systemd, nor every user a way to ask
// it. It is asked once, and only if the target has a file for a sink.
bool path_units_find(struct path_units *p, const struct config_target *t, struct env *env,
                     struct path_unit_failure *ret);
void path_units_clear(struct path_units *p);

#endif
