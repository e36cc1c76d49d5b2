// rotate: a wish for each target, then the engine until the new key is published and proven (or the
// old one retired). A rotation that is under way already is helped, not doubled. A home that gives
// no answer is asked again for as long as the command's patience; without a wish the engine is not
// started, since whatever it did would not be what was asked for.
// rollback: a wish as well, until the key of before is current again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/waiting.h"
#include "rotator/base/text.h"

#define WAIT_LOCK_MS 500
#define ASK_AGAIN_MS 1000 // doubled each time, up to
#define ASK_AGAIN_MOST_MS 8000
#define TOKEN_LIFE_S 3600 // IAM's usual answer, where it could not be asked

// What became of the wish, for the end of the command. `err`: of the attempt to note it.
static void say_asked(struct managed *m, enum err err) {
  m->seen.asks = true;
  m->seen.asked = err == ERR_OK;
  m->seen.note =
      err == ERR_OK ? "what was asked for is noted in the state: the next runs go on with it"
      : err == ERR_UNSURE
          ? "whether it was noted in the state is not known: the same command again makes it sure"
          : "nothing was asked for: it could not be noted in the state";
}

// --- rotate ---

enum asked {
  ASKED_NOT,    // there is no state to ask it of: the tick says what is the matter
  ASKED_SILENT, // the home gave no answer yet
  ASKED_FAILED, // reported already
  ASKED_NOTED,  // the wish is in the state, or the rotation under way brings the new key
};

struct rotation {
  struct managed *managed;
  char before[IAM_ID_MAX]; // the current key when we began
  enum asked asked;
  struct error why; // silent: what the home's store said
};

struct rotations {
  struct app *app;
  struct rotation *list;
  size_t n;
  bool until_retired;
  int status; // the worst so far
};

static bool waits_for(const struct cli *c, const char *what) {
  return c->wait && strcmp(c->wait, what) == 0;
}

static struct rotation *find(struct rotations *rs, const struct target *t) {
  for (size_t i = 0; i < rs->n; i++)
    if (&rs->list[i].managed->target == t)
      return &rs->list[i];
  return NULL;
}

static bool is_rotated(void *ctx, const struct target *t, const struct tick_result *r) {
  struct rotations *rs = ctx;
  const struct rotation *mine = find(rs, t);
  if (!mine || mine->asked != ASKED_NOTED || !r->current_id[0] ||
      strcmp(r->current_id, mine->before) == 0)
    return false;
  if (rs->until_retired)
    return r->phase == PHASE_IDLE;
  return r->phase == PHASE_IDLE || r->phase == PHASE_GRACE || r->phase == PHASE_RETIRING;
}

// Waits for another run's lock, if that was asked for.
static enum err wait_for_lock(struct rotations *rs, struct managed *m, struct error *e) {
  enum err err = ERR_OK;
  while (err == ERR_OK && is_busy(m, rs->app->env)) {
    if (!rs->app->cli.wait)
      return error_set(e, ERR_BUSY, "another run works on this target now (--wait waits for it)");
    waiting_for(m->target.name, "another run works on this target now");
    if (env_sleep_ms(rs->app->env, WAIT_LOCK_MS) != ERR_OK)
      err = error_set(e, ERR_CANCELLED, "stopped while waiting for another run");
  }
  waiting_for(m->target.name, NULL);
  return err;
}

// In publishing the rotation under way brings the new key; a wish would make another one after it.
static bool needs_wish(const struct rotations *rs, const struct state *s) {
  return rs->app->cli.compromised || s->phase != PHASE_PUBLISHING;
}

// The key that shall be replaced. The one that leaked may be the one that is being published.
static void remember_key(struct rotation *mine, const struct state *s, bool compromised) {
  bool swapping = s->phase == PHASE_PUBLISHING && s->slots[SLOT_PREVIOUS].used && !compromised;
  text_copy(mine->before, sizeof mine->before,
            s->slots[swapping ? SLOT_PREVIOUS : SLOT_CURRENT].key_id);
}

static enum err note_wish(struct rotations *rs, struct rotation *mine, const struct observed *l,
                          struct error *e) {
  const struct cli *c = &rs->app->cli;
  struct managed *m = mine->managed;
  struct wish w;
  wish_fill(&w, rs->app, c->reason);
  w.grace_s = c->grace_s;
  w.compromised = c->compromised;
  enum err err = needs_wish(rs, &l->state) ? wish_rotate(&m->target, &l->io, &w, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  mine->asked = ASKED_NOTED;
  say_asked(m, ERR_OK);
  waiting_for(m->target.name, NULL);
  history_command(m, "rotate", c->compromised ? "asked for, compromised" : "asked for", c->reason);
  if (!c->compromised && l->state.phase >= PHASE_GRACE)
    out_line("%s: a rotation is in phase %s; the one asked for begins when it is over",
             m->target.name, phase_name(l->state.phase));
  return ERR_OK;
}

static enum err make_wish(struct rotations *rs, struct rotation *mine, struct error *e) {
  struct managed *m = mine->managed;
  struct observed l;
  enum err err = observe(m, OBSERVE_OFFLINE, &l, e);
  if (err == ERR_MISSING)
    err = observe(m, OBSERVE_AS_NEEDED, &l, e);
  if (err != ERR_OK)
    return err;
  say_asked(m, ERR_MISSING);
  if (l.view.home == HOME_SILENT) {
    mine->asked = ASKED_SILENT;
    mine->why = l.error;
    if (mine->why.kind == ERR_OK)
      error_set(&mine->why, ERR_UNSURE, "the home store gave no answer");
    waiting_for(m->target.name, mine->why.text);
  } else if (l.view.home == HOME_OK) {
    remember_key(mine, &l.state, rs->app->cli.compromised);
    err = note_wish(rs, mine, &l, e);
  }
  observed_clear(&l);
  if (err != ERR_OK && err_is_passing(err) && err != ERR_BUSY) { // silent since it was observed
    mine->asked = ASKED_SILENT;
    mine->why = *e;
    err = ERR_OK;
  }
  return err;
}

static void fail(struct rotations *rs, struct rotation *mine, const struct error *e) {
  mine->asked = ASKED_FAILED;
  say_asked(mine->managed, e->kind);
  rs->status = exit_worse(rs->status, report_no_success(rs->app, mine->managed, "rotate", e));
}

static void ask_first(struct rotations *rs, struct rotation *mine) {
  struct error e = {0};
  enum err err = compose_bind(mine->managed, 0, IDENTITY_REMEMBERED, &e);
  if (err == ERR_OK)
    err = compose_make_state_dir(rs->app->compose, &e);
  if (err == ERR_OK)
    err = wait_for_lock(rs, mine->managed, &e);
  if (err == ERR_OK)
    err = make_wish(rs, mine, &e);
  if (err != ERR_OK)
    fail(rs, mine, &e);
}

static size_t count_silent(const struct rotations *rs) {
  size_t n = 0;
  for (size_t i = 0; i < rs->n; i++)
    n += rs->list[i].asked == ASKED_SILENT;
  return n;
}

static void ask_silent(struct rotations *rs) {
  for (size_t i = 0; i < rs->n; i++) {
    struct rotation *mine = &rs->list[i];
    struct error e = {0};
    if (mine->asked == ASKED_SILENT && make_wish(rs, mine, &e) != ERR_OK)
      fail(rs, mine, &e);
  }
}

// Homes that gave no answer are asked again until the patience is over.
static void ask_again(struct rotations *rs) {
  struct app *a = rs->app;
  int64_t patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : ADVANCE_PATIENCE_S;
  int64_t end_ms = env_mono_ms(a->env) + patience_s * 1000, wait_ms = ASK_AGAIN_MS;
  while (count_silent(rs) > 0 && env_mono_ms(a->env) < end_ms) {
    int64_t left_ms = end_ms - env_mono_ms(a->env);
    if (env_sleep_ms(a->env, wait_ms < left_ms ? wait_ms : left_ms) != ERR_OK)
      break;
    wait_ms = wait_ms < ASK_AGAIN_MOST_MS ? wait_ms * 2 : wait_ms;
    ask_silent(rs);
  }
  for (size_t i = 0; i < rs->n; i++)
    if (rs->list[i].asked == ASKED_SILENT)
      fail(rs, &rs->list[i], &rs->list[i].why);
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

// All but those that failed, which are reported already.
static void advance_asked(struct rotations *rs) {
  struct app *a = rs->app;
  struct advance how = {.app = a,
                        .patience_s = a->cli.patience_s,
                        .wait_busy = a->cli.wait != NULL,
                        .done = is_rotated,
                        .done_ctx = rs};
  if (how.patience_s < 0 && waits_for(&a->cli, "retired"))
    how.patience_s = ADVANCE_FOREVER_S;
  a->n_selected = 0;
  for (size_t i = 0; i < rs->n; i++)
    if (rs->list[i].asked != ASKED_FAILED)
      a->selected[a->n_selected++] = rs->list[i].managed;
  if (a->n_selected > 0)
    rs->status = exit_worse(rs->status, advance_and_report(a, &how, true));
}

int command_rotate(struct app *a) {
  struct rotations rs = {.app = a,
                         .n = a->n_selected,
                         .until_retired = a->cli.compromised || waits_for(&a->cli, "retired")};
  rs.list = calloc(a->n_selected + 1, sizeof *rs.list);
  if (!rs.list)
    return EXIT_BUG;
  for (size_t i = 0; i < rs.n; i++)
    rs.list[i].managed = a->selected[i];
  for (size_t i = 0; i < rs.n; i++)
    ask_first(&rs, &rs.list[i]);
  ask_again(&rs);
  advance_asked(&rs);
  for (size_t i = 0; a->cli.compromised && i < a->n_selected; i++)
    say_last_token(a, a->selected[i]);
  free(rs.list);
  return rs.status;
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
  struct observed l;
  struct wish w;
  enum err err = observe(m, OBSERVE_AS_NEEDED, &l, e);
  if (err != ERR_OK)
    return err;
  if (is_busy(m, a->env)) {
    err = error_set(e, ERR_BUSY, "another run works on this target now");
  } else if (l.view.home == HOME_SILENT) {
    err = l.error.kind != ERR_OK ? (*e = l.error).kind
                                 : error_set(e, ERR_UNSURE, "the home store gave no answer");
  } else {
    wish_fill(&w, a, a->cli.reason);
    err = wish_rollback(&m->target, &l.io, &w, e);
  }
  if (err == ERR_OK) {
    enum slot_name back = l.state.phase == PHASE_STAGED ? SLOT_CURRENT : SLOT_PREVIOUS;
    text_copy(ret->key_id, sizeof ret->key_id, l.state.slots[back].key_id);
    text_copy(m->seen.back_to, sizeof m->seen.back_to, ret->key_id);
    history_command(m, "rollback", "asked for", a->cli.reason);
  }
  observed_clear(&l);
  return err;
}

int command_rollback(struct app *a) {
  struct goal_key goal = {{0}};
  struct error e = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  enum err err = ask_back(a, a->selected[0], &goal, &e);
  say_asked(a->selected[0], err);
  if (err != ERR_OK)
    return report_no_success(a, a->selected[0], "rollback", &e);
  struct advance how = {
      .app = a, .patience_s = a->cli.patience_s, .done = is_back, .done_ctx = &goal};
  return advance_and_report(a, &how, true);
}
