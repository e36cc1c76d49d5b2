// A tick: turns until there is nothing to do, or only waiting is left. Each turn reads the stores
// anew, and IAM, unless it may go on with the look of a turn before (turn.h, carry.c), asks decide
// for one act, and does it. There is no other order of steps than the table's, and no recovery: a
// tick that finds half-done work goes on with it.
#include "rotator/engine/tick.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"

#define ACTS_MAX 200 // of one tick; more means that something undoes what we do
#define BACKOFF_MS 1000
#define BACKOFF_CAP_MS 60000
#define SLOW_MAX 2      // readings of a turn that grew too old: then it is waited
#define OVERTAKEN_MAX 5 // readings of the stores, each of which another rotator overtook
// A hook that failed may have restarted something: it is tried again at a gentler pace.
#define HOOK_BACKOFF_MS 10000
#define HOOK_BACKOFF_CAP_MS 300000

// --- results -------------------------------------------------------------------------------------

static int64_t back_off(struct target *t, const struct engine_io *io, bool of_hook) {
  unsigned shift = t->memory->backoff < 6 ? t->memory->backoff++ : 6;
  int64_t cap = of_hook ? HOOK_BACKOFF_CAP_MS : BACKOFF_CAP_MS;
  int64_t ms = (int64_t)(of_hook ? HOOK_BACKOFF_MS : BACKOFF_MS) << shift;
  ms = ms > cap ? cap : ms;
  return ms / 2 + (int64_t)env_random_below(io->env, (uint32_t)(ms / 2) + 1);
}

// When to look again: a time of the server's clock, or 0 for "with back-off"; not before a service
// that asked to be left alone wants to be asked again.
static int64_t again_ms(struct target *t, const struct engine_io *io, const struct view *v,
                        const struct action *a, const struct error *e) {
  int64_t now = env_mono_ms(io->env), wait_s = a->wait_s;
  if (a->why == WHY_own_run) // for another process, that is
    return INT64_MAX;
  if (wait_s <= 0)
    return now + error_wait_ms(e, back_off(t, io, a->why == WHY_hook_failed));
  return wait_s > v->now_s ? now + (wait_s - v->now_s) * 1000 : now;
}

// What went wrong while reading is told when no act went wrong. What this process lacks for a
// reading (memory, and OpenSSL may not get over that) another one has: it is not waited for, as it
// is not after an act (settle_turn).
static void end_tick(struct target *t, const struct engine_io *io, const struct turn *u,
                     const struct action *a, struct tick_result *r) {
  *r = tick_result(&u->view, a, r->error.kind != ERR_OK ? &r->error : &u->error);
  r->attention = a->attention || t->memory->refused;
  if (a->kind == ACT_WAIT && r->error.kind == ERR_INTERNAL)
    r->end = TICK_FAILED;
  else if (a->kind == ACT_WAIT || (a->kind == ACT_REST && a->wait_s > 0))
    r->again_ms = again_ms(t, io, &u->view, a, &r->error);
}

static void stop_tick(const struct turn *u, enum tick_end end, const struct action *a,
                      struct tick_result *r) {
  *r = tick_result(&u->view, a, &r->error);
  r->end = end;
}

// --- turns ---------------------------------------------------------------------------------------

static bool ends_tick(enum act_kind k) {
  return k == ACT_WAIT || k == ACT_REST || k == ACT_ATTENTION;
}

static bool is_same(const struct action *a, const struct action *b) {
  return a->row == b->row && a->kind == b->kind && a->sink == b->sink &&
         strcmp(a->key_id, b->key_id) == 0;
}

static enum phase phase_of(const struct view *v) {
  return v->state ? v->state->phase : PHASE_COUNT;
}

static void tell(const struct watcher *w, bool begin, const struct step *s) {
  void (*call)(void *, const struct step *) = w ? (begin ? w->begin : w->end) : NULL;
  if (call)
    call(w->ctx, s);
}

// The stores, read again while the sinks were read too early (turn.h). NULL: out of memory.
static struct turn *read_stores(struct target *t, const struct engine_io *io) {
  for (int reading = 1;; reading++) {
    struct turn *u = turn_new();
    if (!u)
      return NULL;
    u->began_ms = env_mono_ms(io->env);
    turn_read_stores(u, t, io);
    if (!u->sinks_older || reading == OVERTAKEN_MAX)
      return u;
    turn_free(u);
  }
}

static void decide_and_look(struct turn *u, struct target *t, const struct engine_io *io,
                            struct action *a) {
  decide(&u->view, a);
  if (a->kind == ACT_LOOK && carry_is_fit(u, t, env_mono_ms(io->env))) {
    struct view stores = u->view;
    turn_carry_look(u, t, io);
    decide(&u->view, a);
    if (a->kind == ACT_LOOK) // what comes next takes a look of its own
      u->view = stores;
  }
  if (a->kind == ACT_LOOK) {
    turn_ask_iam(u, t, io);
    carry_take(u, t);
    decide(&u->view, a);
  }
}

// All readings of a turn, and what follows from them. What is too old by then is read once more,
// for whoever made us wait may answer at once now. NULL: out of memory.
static struct turn *read_and_decide(struct target *t, const struct engine_io *io,
                                    struct action *a) {
  for (int reading = 1;; reading++) {
    struct turn *u = read_stores(t, io);
    if (!u)
      return NULL;
    decide_and_look(u, t, io, a);
    if (!turn_is_old(u, io, a) || env_stopping(io->env))
      return u;
    if (reading == SLOW_MAX) {
      *a = (struct action){.row = a->row, .kind = ACT_WAIT, .why = WHY_look_old};
      return u;
    }
    turn_free(u);
  }
}

static enum err perform(struct turn *u, struct target *t, const struct engine_io *io,
                        const struct watcher *w, const struct action *a, struct tick_result *r) {
  struct error e = {0};
  struct step step = {.target = t, .view = &u->view, .action = a, .phase = phase_of(&u->view)};
  tell(w, true, &step);
  step.result = act_do(u, t, io, a, &e);
  step.error = step.result == ERR_OK ? NULL : &e;
  if (step.result == ERR_OK)
    step.phase = transition_phase(u->view.state, a);
  tell(w, false, &step);
  if (step.result != ERR_OK && step.result != ERR_CONFLICT)
    r->error = e;
  else if (step.result == ERR_OK && !t->memory->refused)
    r->error.kind =
        ERR_OK; // but a refusal by one sink is still to be told when the next one was written
  return step.result;
}

// A lock in IAM is a person's to lift; a locked store is a matter of time.
static bool is_locked_key(enum err err, enum act_kind kind) {
  return err == ERR_LOCKED && (kind == ACT_ENABLE || kind == ACT_DISABLE || kind == ACT_DELETE);
}

static enum why why_locked(const struct action *a) {
  if (a->row == ROW_stray)
    return WHY_stray_locked;
  return a->slot == SLOT_PENDING ? WHY_pending_locked : WHY_previous_locked;
}

// A refusal for good is a person's matter (rule 10). One sink's refusal does not keep the others
// from being written. A hook that fails may succeed the next time; one that cannot be started
// (ERR_INVALID) will not.
static bool is_refused(enum err err, const struct action *a) {
  bool for_good = err == ERR_REFUSED || err == ERR_DENIED || err == ERR_LIMIT ||
                  err == ERR_INVALID || is_locked_key(err, a->kind);
  return a->kind == ACT_HOOK ? err == ERR_INVALID : for_good && act_is_effect(a->kind);
}

// What follows from an act. True: the tick is over, and *r says how.
static bool settle_turn(struct turn *u, struct target *t, enum err err, const struct action *a,
                        struct tick_result *r) {
  if (err == ERR_CANCELLED) {
    stop_tick(u, TICK_STOPPED, a, r);
    return true;
  }
  if (err == ERR_INTERNAL) {
    stop_tick(u, TICK_FAILED, a, r);
    return true;
  }
  if (!is_refused(err, a))
    return false;
  t->memory->refused = true;
  if (a->kind == ACT_WRITE_SINK)
    return false;
  stop_tick(u, TICK_ATTENTION, a, r);
  r->attention = true;
  if (a->kind == ACT_HOOK)
    r->why = WHY_hook_failed;
  else if (is_locked_key(err, a->kind))
    r->why = why_locked(a);
  return true;
}

// Nothing is left to do, or the act was done already and the same row matches again.
static void finish(struct turn *u, struct target *t, const struct engine_io *io,
                   const struct watcher *w, const struct action *a, struct tick_result *r) {
  end_tick(t, io, u, a, r);
  struct step step = {.target = t,
                      .view = &u->view,
                      .action = a,
                      .result = r->error.kind,
                      .phase = phase_of(&u->view),
                      .error = &r->error};
  tell(w, false, &step);
}

// One turn. True: the tick is over.
static bool take_turn(struct target *t, const struct engine_io *io, const struct watcher *w,
                      struct action *last, struct tick_result *r) {
  struct action a;
  struct turn *u = read_and_decide(t, io, &a);
  bool over = true;
  if (!u) {
    *r = tick_result(NULL, NULL, NULL);
    error_no_memory(&r->error);
    return true;
  }
  if (act_is_effect(a.kind) && is_same(&a, last)) {
    a.kind = ACT_WAIT;
    a.wait_s = 0;
    a.why = WHY_repeated;
  }
  if (env_stopping(io->env)) {
    stop_tick(u, TICK_STOPPED, NULL, r);
  } else if (ends_tick(a.kind)) {
    finish(u, t, io, w, &a, r);
  } else {
    enum err err = perform(u, t, io, w, &a, r);
    carry_on(t, &a, err);
    over = settle_turn(u, t, err, &a, r);
    *last = a;
    if (err == ERR_CONFLICT)
      last->row = ROW_COUNT; // somebody was faster: what matches next is a new reading's matter
  }
  turn_free(u);
  return over;
}

static void turns(struct target *t, const struct engine_io *io, const struct watcher *w,
                  struct tick_result *ret) {
  struct action last = {.row = ROW_COUNT};
  for (int i = 0; i < ACTS_MAX; i++) {
    if (mark_blocks(t, io)) {
      ret->end = TICK_WAIT;
      ret->why = WHY_home_silent;
      ret->again_ms = t->memory->mark_until_ms;
      ret->of_mark = true;
      return;
    }
    if (take_turn(t, io, w, &last, ret))
      return;
  }
  ret->end = TICK_WAIT;
  ret->why = WHY_repeated;
  ret->again_ms = env_mono_ms(io->env) + back_off(t, io, false);
}

void tick(struct target *t, const struct engine_io *io, const struct watcher *w,
          struct tick_result *ret) {
  struct tick_result r = tick_result(NULL, NULL, NULL);
  int lock = -1;
  enum err err = t->lock_path ? file_lock(t->lock_path, io->env, 0, &lock, &r.error) : ERR_OK;
  if (err != ERR_OK) {
    r.end = err == ERR_BUSY ? TICK_BUSY : TICK_ATTENTION;
    r.attention = err != ERR_BUSY;
  } else {
    memory_new_tick(t->memory);
    turns(t, io, w, &r);
    carry_drop(t->memory);
    memory_forget_written(t->memory);
  }
  file_unlock(lock);
  *ret = r;
}

// --- observing without acting --------------------------------------------------------------------

// Hands out what was seen; the reading itself stays with the memory.
static enum err hand_out(struct turn *u, struct state *ret_state, struct view *ret,
                         struct error *e) {
  if (u->view.state && state_copy(&u->state, ret_state) != ERR_OK)
    return error_no_memory(e);
  if (e)
    *e = u->error;
  *ret = u->view;
  if (ret->state)
    ret->state = ret_state;
  return ERR_OK;
}

static struct turn *observe(struct target *t, const struct engine_io *io, bool ask_iam) {
  struct turn *u = read_stores(t, io);
  if (!u)
    return NULL;
  turn_free(t->memory->kept);
  t->memory->kept = u;
  if (ask_iam && !u->view.other_host)
    turn_ask_iam(u, t, io);
  iam_key_list_clear(&u->keys);
  return u;
}

enum err tick_observe(struct target *t, const struct engine_io *io, bool ask_iam,
                      struct state *ret_state, struct view *ret, struct error *e) {
  struct turn *u = observe(t, io, ask_iam);
  return u ? hand_out(u, ret_state, ret, e) : error_no_memory(e);
}

// Was the value of this sink proven with that of one before it?
static bool is_repeated(const struct turn *u, size_t sink) {
  for (size_t i = 0; i < sink; i++)
    if (turn_served(u, i) && secret_equal(turn_served(u, i), turn_served(u, sink)))
      return true;
  return false;
}

// One value, and whether its test log arrives.
static enum err verify_sink(struct turn *u, struct target *t, const struct engine_io *io,
                            size_t sink) {
  struct slot slot = {.used = true, .value = turn_served(u, sink)};
  text_copy(slot.key_id, sizeof slot.key_id, u->sink_views[sink].verdict.key_id);
  enum err err = prove_value(u, t, io, &slot, "verify", &u->error);
  if (err != ERR_OK || !u->verifies)
    return err;
  err = arrival_await(u, t, io, &slot, &u->error);
  for (size_t i = sink; i < t->n_sinks; i++)
    if (turn_served(u, i) && secret_equal(turn_served(u, i), slot.value))
      u->sink_views[i].arrival = u->arrival;
  return err;
}

enum err tick_verify(struct target *t, const struct engine_io *io, bool arrival,
                     struct state *ret_state, struct view *ret, struct error *e) {
  struct turn *u = observe(t, io, true);
  if (!u)
    return error_no_memory(e);
  u->verifies = arrival;
  for (size_t i = 0; i < t->n_sinks; i++) {
    const struct secret *value = turn_served(u, i);
    if (!value || is_repeated(u, i))
      continue;
    enum err err = verify_sink(u, t, io, i);
    if (err == ERR_CANCELLED || err == ERR_INTERNAL) {
      if (e)
        *e = u->error;
      return err;
    }
  }
  turn_judge(u, t);
  return hand_out(u, ret_state, ret, e);
}
