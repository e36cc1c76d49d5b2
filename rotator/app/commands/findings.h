// What check finds: one line each, and an exit status for what fails.
#ifndef ROTATOR_APP_COMMANDS_FINDINGS_H
#define ROTATOR_APP_COMMANDS_FINDINGS_H

#include "rotator/app/app.h"
#include "rotator/base/text.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_UNKNOWN };

struct findings {
  const char *target;    // NULL: of the whole
  cJSON *list;           // of the JSON answer; NULL: none
  struct text_buf lines; // not printed yet (findings_print)
  int exit;              // the worst so far
};

// One finding. A failure counts as EXIT_PERSON.
void find(struct findings *f, enum finding what, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// A failure that an error describes: EXIT_AGAIN when it may pass by itself.
void find_error(struct findings *f, const char *name, const struct error *e);

// Prints the lines, and frees them.
void findings_print(struct findings *f);

// Of a target, as IBM Cloud says. True when the target could be bound, so that its stores can be
// observed; else *e says why not.
struct managed;
bool check_cloud(struct managed *m, struct findings *f, struct error *e);

#endif
