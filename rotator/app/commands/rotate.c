// rotate: a wish for each target, then the engine until the new key is published and proven (or the
// old one retired). A rotation that is under way already is helped, not doubled.
// rollback: a wish as well, until the key of before is current again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/base/text.h"

#define WAIT_LOCK_MS 500
#define TOKEN_LIFE_S 3600 // IAM's usual answer, where it could not be asked

// --- rotate ---

struct rotation {
  struct managed *managed;
  char before[IAM_ID_MAX]; // the current key when we began
  bool failed;             // the wish could not be made; reported already
  int status;
};

struct rotations {
  struct app *app;
  struct rotation *list;
  size_t n;
  bool until_retired;
};

static struct rotation *find(struct rotations *rs, const struct target *t) {
  for (size_t i = 0; i < rs->n; i++)
    if (&rs->list[i].managed->target == t)
      return &rs->list[i];
  return NULL;
}

static bool is_rotated(void *ctx, const struct target *t, const struct tick_result *r) {
  struct rotations *rs = ctx;
  const struct rotation *mine = find(rs, t);
  if (!mine || !r->current_id[0] || strcmp(r->current_id, mine->before) == 0)
    return false;
  if (rs->until_retired)
    return r->phase == PHASE_IDLE;
  return r->phase == PHASE_IDLE || r->phase == PHASE_GRACE || r->phase == PHASE_RETIRING;
}

// Waits for another run's lock, if that was asked for.
static enum err wait_for_lock(struct rotations *rs, struct managed *m, struct error *e) {
  while (is_busy(m, rs->app->env)) {
    if (!rs->app->cli.wait)
      return error_set(e, ERR_BUSY, "another run works on this target now (--wait waits for it)");
    if (env_sleep_ms(rs->app->env, WAIT_LOCK_MS) != ERR_OK)
      return error_set(e, ERR_CANCELLED, "stopped while waiting for another run");
  }
  return ERR_OK;
}

// In publishing the rotation under way brings the new key; a wish would make another one after it.
static bool needs_wish(const struct rotations *rs, const struct state *s) {
  return rs->app->cli.compromised || s->phase != PHASE_PUBLISHING;
}

static enum err make_wish(struct rotations *rs, struct rotation *mine, struct error *e) {
  const struct cli *c = &rs->app->cli;
  struct managed *m = mine->managed;
  struct look l;
  struct wish w;
  enum err err = look_at(m, LOOK_OFFLINE, &l, e);
  if (err == ERR_MISSING)
    err = look_at(m, LOOK_AS_NEEDED, &l, e);
  if (err != ERR_OK)
    return err;
  if (l.view.state) {
    bool swapping = l.state.phase == PHASE_PUBLISHING && l.state.slots[SLOT_PREVIOUS].used;
    text_copy(mine->before, sizeof mine->before,
              l.state.slots[swapping ? SLOT_PREVIOUS : SLOT_CURRENT].key_id);
    wish_fill(&w, rs->app, c->reason);
    w.grace_s = c->grace_s;
    w.compromised = c->compromised;
    if (needs_wish(rs, &l.state))
      err = wish_rotate(&m->target, &l.io, &w, e);
    if (err == ERR_OK && !c->compromised && l.state.phase >= PHASE_GRACE)
      out_line("%s: a rotation is in phase %s; the one asked for begins when it is over",
               m->target.name, phase_name(l.state.phase));
    if (err == ERR_OK)
      history_command(m, "rotate", c->compromised ? "asked for, compromised" : "asked for",
                      c->reason);
  }
  look_clear(&l);
  return err; // without a state the tick itself says what is the matter
}

static void make_wishes(struct rotations *rs) {
  for (size_t i = 0; i < rs->n; i++) {
    struct rotation *mine = &rs->list[i];
    struct error e = {0};
    enum err err = compose_bind(mine->managed, 0, IDENTITY_REMEMBERED, &e);
    if (err == ERR_OK)
      err = compose_make_state_dir(rs->app->compose, &e);
    if (err == ERR_OK)
      err = wait_for_lock(rs, mine->managed, &e);
    if (err == ERR_OK)
      err = make_wish(rs, mine, &e);
    mine->failed = err != ERR_OK;
    if (mine->failed)
      mine->status = report_failure(rs->app, mine->managed, "rotate", &e);
  }
}

// Tokens of a key outlive it: only after this time does nobody hold one.
static void say_last_token(struct app *a, struct managed *m) {
  char until[32];
  struct iam_token t = {0};
  int64_t life_s = TOKEN_LIFE_S;
  struct iam *iam = compose_iam(m, 0, NULL);
  if (iam && iam->ops->whoami(iam, &t, NULL) == ERR_OK && t.expires_in_s > 0)
    life_s = t.expires_in_s;
  iam_token_clear(&t);
  time_text(until, sizeof until, env_wall_ms(a->env) / 1000 + life_s);
  if (m->seen.retired)
    out_line("%s: tokens that were made of the old key are valid until %s at the latest",
             m->target.name, until);
}

static int advance_all(struct rotations *rs) {
  struct app *a = rs->app;
  struct advance how = {
      .app = a, .patience_s = a->cli.patience_s, .done = is_rotated, .done_ctx = rs};
  size_t n = 0;
  int worst = EXIT_FINE;
  for (size_t i = 0; i < rs->n; i++) {
    if (rs->list[i].failed)
      worst = exit_worse(worst, rs->list[i].status);
    else
      a->selected[n++] = rs->list[i].managed;
  }
  a->n_selected = n;
  return n > 0 ? exit_worse(worst, advance_and_report(a, &how, true)) : worst;
}

int command_rotate(struct app *a) {
  bool retired = a->cli.compromised || (a->cli.wait && strcmp(a->cli.wait, "retired") == 0);
  struct rotations rs = {.app = a, .n = a->n_selected, .until_retired = retired};
  rs.list = calloc(a->n_selected + 1, sizeof *rs.list);
  if (!rs.list)
    return EXIT_BUG;
  for (size_t i = 0; i < rs.n; i++)
    rs.list[i].managed = a->selected[i];
  make_wishes(&rs);
  int status = advance_all(&rs);
  for (size_t i = 0; a->cli.compromised && i < a->n_selected; i++)
    say_last_token(a, a->selected[i]);
  free(rs.list);
  return status;
}

// --- rollback ---

struct goal_key {
  char key_id[IAM_ID_MAX]; // the key that shall be current
};

static bool is_back(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct goal_key *g = ctx;
  (void)t;
  return strcmp(r->current_id, g->key_id) == 0 &&
         (r->phase == PHASE_IDLE || r->phase == PHASE_GRACE);
}

static enum err ask_back(struct app *a, struct managed *m, struct goal_key *ret, struct error *e) {
  struct look l;
  struct wish w;
  enum err err = look_at(m, LOOK_AS_NEEDED, &l, e);
  if (err != ERR_OK)
    return err;
  if (is_busy(m, a->env)) {
    err = error_set(e, ERR_BUSY, "another run works on this target now");
  } else {
    wish_fill(&w, a, a->cli.reason);
    err = wish_rollback(&m->target, &l.io, &w, e);
  }
  if (err == ERR_OK) {
    enum slot_name back = l.state.phase == PHASE_STAGED ? SLOT_CURRENT : SLOT_PREVIOUS;
    text_copy(ret->key_id, sizeof ret->key_id, l.state.slots[back].key_id);
    history_command(m, "rollback", "asked for", a->cli.reason);
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
  struct advance how = {
      .app = a, .patience_s = a->cli.patience_s, .done = is_back, .done_ctx = &goal};
  return advance_and_report(a, &how, true);
}
