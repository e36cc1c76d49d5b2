// What `rotator check` finds: one line each, and an exit status for what fails.
#ifndef ROTATOR_APP_COMMANDS_FINDING_H
#define ROTATOR_APP_COMMANDS_FINDING_H

#include "rotator/app/app.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_UNKNOWN };

struct findings {
  struct app *app;
  const char *target; // NULL: of the whole
  cJSON *list;        // in the JSON answer; NULL: none
  int exit;           // the worst so far
};

// One finding. A failure counts as EXIT_PERSON.
void find(struct findings *f, enum finding what, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// A failure told by an error: EXIT_AGAIN when it may pass by itself.
void find_error(struct findings *f, const char *name, const struct error *e);

#endif
