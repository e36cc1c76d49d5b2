#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/history.h"
#include "rotator/base/text.h"

struct goal_key {
  char key_id[IAM_ID_MAX]; // the key that shall be current
};

static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct goal_key *g = ctx;
  (void)t;
  return strcmp(r->current_id, g->key_id) == 0 &&
         (r->phase == PHASE_IDLE || r->phase == PHASE_GRACE);
}

static enum err ask_back(struct app *a, struct bound *b, struct goal_key *ret, struct error *e) {
  struct look l;
  struct wish w;
  enum err err = look_at(b, LOOK_AS_NEEDED, &l, e);
  if (err != ERR_OK)
    return err;
  if (is_busy(b, a->env)) {
    err = error_set(e, ERR_LOCKED, "another run works on this target now");
  } else {
    wish_fill(&w, a, a->cli.reason);
    err = wish_rollback(&b->target, &l.io, &w, e);
  }
  if (err == ERR_OK) {
    enum slot_name back = l.state.phase == PHASE_STAGED ? SLOT_CURRENT : SLOT_PREVIOUS;
    text_copy(ret->key_id, sizeof ret->key_id, l.state.slots[back].key_id);
    history_command(b, "rollback", "asked for", a->cli.reason);
  }
  look_clear(&l);
  return err;
}

int command_rollback(struct app *a) {
  struct goal_key goal = {{0}};
  struct error e = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  if (ask_back(a, a->selected[0], &goal, &e) != ERR_OK)
    return report_failure(a, a->selected[0], "rollback", &e);
  struct drive d = {.app = a, .patience_s = a->cli.patience_s, .done = is_done, .done_ctx = &goal};
  return drive_and_report(a, &d, true);
}
