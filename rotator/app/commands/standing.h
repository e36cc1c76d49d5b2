// One target at one moment, and what there is to say of it: `status` prints that, `report` draws
// it. The words are made here, so that both have the same.
#ifndef ROTATOR_APP_COMMANDS_STANDING_H
#define ROTATOR_APP_COMMANDS_STANDING_H

#include "rotator/app/commands/common.h"

struct standing {
  struct app *app;
  struct managed *managed;
  struct observed observed;
  struct tick_result result; // what a run would answer, without doing anything
  struct outcome outcome;
  int64_t now_s; // the server's clock where it is known
};

// Looks at the target and judges what was seen. The error, when it could not be bound. Clear with
// standing_clear.
enum err standing_take(struct app *a, struct managed *m, enum observe how, struct standing *ret,
                       struct error *e);
void standing_clear(struct standing *s);

// NULL: there is none.
const struct slot *standing_slot(const struct standing *s, enum slot_name name);
// "at rest", "grace", "not set up", …
const char *standing_phase(const struct standing *s);
// "2026-12-27T17:36:19Z (in 30d)"; "-" for none
void standing_moment(const struct standing *s, int64_t t_s, char *dst, size_t cap);
// Why a rotation will not begin at its date, and when it may; NULL: it will. *ret_s 0: not known.
// There is a state.
const char *standing_delay(const struct standing *s, int64_t *ret_s);
int64_t standing_grace_end_s(const struct standing *s); // in grace
// "none", "use not known", "never used", "last used …", "STILL USED, last …"
void standing_old_key(const struct standing *s, char *dst, size_t cap);
// "2026-11-27T17:36:19Z (1h ago), exit 0", "not known"
void standing_last_run(const struct standing *s, char *dst, size_t cap);
// What it waits for, or what is the matter, and the error.
void standing_now(const struct standing *s, char *dst, size_t cap);
// A wait that a person can end names at once what there is to decide, and the command (in `next`):
// not only when it has lasted so long that it is an alert. NULL: there is nothing to decide.
const char *standing_decision(const struct standing *s, char *next, size_t cap);
// What happens next, and when, as far as that is known: "rotates in 3d", "needs a person".
void standing_next(const struct standing *s, char *dst, size_t cap);

#endif
