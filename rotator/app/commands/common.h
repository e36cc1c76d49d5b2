// What several commands need.
#ifndef ROTATOR_APP_COMMANDS_COMMON_H
#define ROTATOR_APP_COMMANDS_COMMON_H

#include "rotator/app/commands/stand.h"
#include "rotator/engine/wish.h"

// Is a run at work on the target now? (A command by hand does not wait behind it.)
bool is_busy(struct managed *m, struct env *env);
// For wishes: who asked ("alice@host"), why.
void wish_fill(struct wish *w, const struct app *a, const char *reason);
void who_asks(char *dst, size_t cap);

// ERR_INVALID, naming the other one: another target is of the identity that `m` (bound) is of, on
// the same instance. `me` and a user's IAM id, a service ID's name and its id are seen to be one
// only now: the configuration itself knows what is written alike.
enum err check_twin(const struct managed *m, struct error *e);

// Asks on the terminal before `command` changes the selected target; true with --yes. False also
// when there is no terminal to ask on (and then says so as a usage error).
bool confirm(const struct app *a, const char *command, const char *question);

// "3d4h" rounded to what a person reads, "-" for negative.
void age_text(char *dst, size_t cap, int64_t seconds);
void time_text(char *dst, size_t cap, int64_t t_s); // "-" for 0 and less

// What a run has done to the target, one line on standard output.
void say_done(const struct managed *m, const struct tick_result *r);

// Advances all selected targets, reports each; the worst exit status. `by_hand`: the command has a
// goal, and how->done says whether it is reached (NULL: it is).
int advance_and_report(struct app *a, const struct advance *how, bool by_hand);
// The same for `run`, whose targets are made and given back one by one.
int advance_each_and_report(struct app *a, const struct advance *how);

// One change of the state for each selected target, printed, answered and entered into its history.
int change_each(struct app *a, const char *command,
                enum err (*change)(struct app *a, struct managed *m, const struct engine_io *io,
                                   char *ret_text, size_t cap, struct error *e));

// --dry-run (run.c): what would be done to a target that was observed, printed and answered; first
// `before`, the steps that come before the engine's. Nothing would be done when it wants a person.
struct plan_step {
  const char *row; // as those of the table
  char text[400], request[400];
};
int plan_observed(struct app *a, struct managed *m, const struct observed *l,
                  const struct plan_step *before, size_t n_before);

#endif
