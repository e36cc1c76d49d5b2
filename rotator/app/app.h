// One run of the program: what was asked for, the configuration, the targets meant, the answer.
#ifndef ROTATOR_APP_APP_H
#define ROTATOR_APP_APP_H

#include "rotator/app/cli.h"
#include "rotator/app/compose.h"
#include "rotator/base/json.h"
#include "rotator/config/config.h"

enum exit_status {
  EXIT_FINE = 0,
  EXIT_BUG = 1,
  EXIT_USAGE = 2,  // usage or configuration
  EXIT_PERSON = 3, // a person is needed; as far as is known consumers have a working key
  EXIT_PAGE = 4,   // consumers may have no working key
  EXIT_BUSY = 5,   // another run holds the lock
  EXIT_AGAIN = 75, // goal not reached, running again is safe
};

struct app {
  struct cli cli;
  struct env *env;
  bool memory_locked;
  char self[512];     // how the next command begins: "rotator", or "rotator -c FILE"
  bool nothing_typed; // but the name of the program
  char *config_path;  // whether it is there or not
  struct config *config;
  struct config_report mistakes;
  struct compose *compose;
  unsigned jobs;
  // The targets meant that can be worked on: as configured, and what is known of each (chosen.h).
  const struct config_target **chosen;
  struct managed **selected;
  size_t n_selected;
  int status;      // what is known of the answer before the command begins
  size_t n_broken; // the targets meant that have mistakes in their configuration
  cJSON *answer;   // with --json: the one document; NULL otherwise
  cJSON *targets;  // … its array "targets", of what is not printed yet
  bool answer_begun;
  bool answer_asked;     // --json: whatever becomes of it
  struct notify *notify; // what is told when the command ends; NULL: nothing yet
};

// Everything from argv to the exit status.
int app_main(int argc, char **argv, bool memory_locked);

// init --print-policy. `m`: NULL before there is a configuration.
int print_policy(struct app *a, const struct managed *m, const char *target);

// The commands, one file each in commands/.
int command_init(struct app *a);
int command_run(struct app *a);
int command_rotate(struct app *a);
int command_status(struct app *a);
int command_report(struct app *a);
int command_verify(struct app *a);
int command_check(struct app *a);
int command_keys(struct app *a);
int command_rollback(struct app *a);
int command_retire(struct app *a);
int command_hold(struct app *a);
int command_resume(struct app *a);
int command_repair(struct app *a);
int command_forget(struct app *a);
int command_history(struct app *a);

#endif
