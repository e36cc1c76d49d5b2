// A configuration of REST_LEAST targets, the files of one of them, and what the engine and the app
// know when that one has rested.
#ifndef TESTS_UNIT_APP_REST_RIG_H
#define TESTS_UNIT_APP_REST_RIG_H

#include "rotator/app/rest.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"

#define REST_NOW_S (FAKE_ENV_WALL_MS / 1000)
#define REST_UNTIL_S (REST_NOW_S + 600)
#define REST_AT 7 // the target that all is about

struct rest_rig {
  struct scratch scratch;
  struct fake_env env;
  struct app app;
  struct config_report report;
  char config[600], sink[600], state[600], run[600], lock[600], index[600];
};
extern struct rest_rig rig;

// cmocka's.
int rest_rig_set_up(void **state);
int rest_rig_tear_down(void **state);
// Anew, with `more` at the top of the configuration.
void rest_rig_reload(const char *more);

// The target rested, in a tick that begins when its files have lain there for long. Tests change
// what they are about.
struct rest_end {
  struct managed *m;
  struct tick_result result;
  struct outcome outcome;
  struct store_version home, sink;
  struct sink_view sink_views[1];
  struct state state;
  struct policy policy;
  struct view view;
  struct action action;
  bool told;
};
struct rest_end rest_rig_end(void);
// Its last step is seen, and how it ended is entered.
void rest_rig_enter(struct rest *r, struct rest_end *x);
// The same in a run of its own, which writes the index.
void rest_rig_keep(struct rest_end *x);
// A run: does the target stand, and no other?
bool rest_rig_stands(void);

// The version that the file store gives out.
void rest_rig_version(struct store_version *v, const char *path);
// Another file with the same content, size and time of modification.
void rest_rig_replace(const char *path);

#endif
