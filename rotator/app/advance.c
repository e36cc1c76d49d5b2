#include "rotator/app/advance.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/audit.h"
#include "rotator/app/breaker.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/progress.h"
#include "rotator/app/report/report.h"
#include "rotator/app/report/waiting.h"
#include "rotator/app/rest.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

static bool is_effect(const struct step *s) {
  return act_is_effect(s->action->kind);
}

static bool is_drop(const struct action *a) {
  return a->kind == ACT_CAS && (a->row == ROW_refute || a->row == ROW_lost || a->row == ROW_taken ||
                                a->row == ROW_create || a->why == WHY_not_stager);
}

static void remember_effect(struct seen *seen, const struct step *s) {
  const struct action *a = s->action;
  seen->acted = true;
  seen->promoted |= a->kind == ACT_CAS && a->row == ROW_promote;
  if (a->kind == ACT_CAS && a->row == ROW_retired && s->view->state) {
    seen->retired = true;
    text_copy(seen->retired_id, sizeof seen->retired_id,
              s->view->state->slots[SLOT_PREVIOUS].key_id);
  }
  if (a->kind == ACT_CAS && (a->row == ROW_swap || a->row == ROW_give_up) && s->view->state)
    text_copy(seen->back_to, sizeof seen->back_to,
              s->view->state->slots[a->row == ROW_swap ? SLOT_PREVIOUS : SLOT_CURRENT].key_id);
  if (is_drop(a))
    seen->dropped = a->row;
}

void advance_saw(struct managed *m, const struct view *v) {
  struct seen *seen = &m->seen;
  seen->observed = true;
  seen->no_state = v->home == HOME_ABSENT;
  seen->verdict = view_verdict(v);
  for (size_t i = 0; i < v->n_sinks; i++) {
    seen->sinks[i].value = v->sinks[i].value;
    seen->sinks[i].verdict = v->sinks[i].verdict;
  }
  seen->due_s = v->due_s;
  if (!v->state)
    return;
  text_copy(seen->current_id, sizeof seen->current_id, v->state->slots[SLOT_CURRENT].key_id);
  seen->current_since_s = v->state->slots[SLOT_CURRENT].since_s;
  seen->phase_since_s = v->state->phase_since_s;
}

static void remember(struct managed *m, const struct step *s) {
  struct seen *seen = &m->seen;
  const struct action *a = s->action;
  bool failed = s->result != ERR_OK && s->result != ERR_CONFLICT;
  advance_saw(m, s->view);
  if (failed)
    seen->failures[s->result]++;
  if (is_effect(s) && s->result == ERR_OK)
    remember_effect(seen, s);
  if (failed && s->error && a->kind == ACT_PROVE && a->slot == SLOT_PENDING)
    seen->dropped_error = *s->error; // why it is given up, if it comes to that
  seen->until_s = a->kind == ACT_WAIT || a->kind == ACT_REST ? a->wait_s : 0;
  text_copy(seen->key_id, sizeof seen->key_id, a->key_id);
  seen->sink[0] = '\0';
  if (a->sink < m->target.n_sinks && !is_effect(s))
    text_copy(seen->sink, sizeof seen->sink, m->target.sinks[a->sink].name);
}

static void log_step(const struct step *s) {
  const char *row = row_name(s->action->row);
  const struct row_words *words = row_words(s->action->row);
  if (s->result != ERR_OK && s->error)
    log_error(LOG_LEVEL_NOTICE, s->target->name, row, s->error);
  else if (!is_effect(s))
    log_line(LOG_LEVEL_DEBUG, s->target->name, row, "%s", why_words(s->action->why)->text);
  else
    log_line(s->action->kind == ACT_CAS ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, s->target->name, row,
             "%s%s%s", words->done, s->action->key_id[0] ? ": " : "", s->action->key_id);
}

// What is no error of a step and still belongs into the log (PROTOCOL.md: strays, and a key that
// was born active).
static void log_oddities(const struct step *s) {
  const struct view *v = s->view;
  const char *target = s->target->name;
  if (s->action->row == ROW_note && s->result == ERR_OK && is_effect(s) && v->found_active)
    log_line(
        LOG_LEVEL_WARN, target, "note",
        "IAM made %s active, though it was asked for a disabled key: should a request to create "
        "it arrive once more, late, that key too would work until the next run deletes it",
        s->action->key_id);
  if (!is_effect(s) && v->other_lineages > 0)
    log_line(LOG_LEVEL_NOTICE, target, row_name(s->action->row),
             "%u key%s made for this target under another state and left alone: 'rotator keys %s' "
             "lists them",
             v->other_lineages, v->other_lineages == 1 ? " was" : "s were", target);
}

// Published though its test log was not found, where that is not required: once in a rotation.
static void log_unsearched(const struct step *s) {
  enum why why = s->action->why;
  bool unsearched = why == WHY_arrival_missed || why == WHY_arrival_refused;
  if (s->action->row == ROW_promote && is_effect(s) && s->result == ERR_OK && unsearched)
    log_line(LOG_LEVEL_WARN, s->target->name, "arrive",
             "published all the same: %s, so it is not known whether logs arrive: 'rotator verify "
             "--arrival %s' looks again",
             why_words(why)->text, s->target->name);
}

static void step_begins(void *ctx, const struct step *s) {
  (void)ctx;
  progress_begin(s);
}

static void step_ends(void *ctx, const struct step *s) {
  const struct advance *how = ctx;
  struct managed *m = managed_of(s->target);
  remember(m, s);
  rest_saw(m, s);
  if (how->breaker)
    breaker_step(how->breaker, m, s);
  if (is_effect(s) && s->result != ERR_CONFLICT) {
    history_step(m, s);
    audit_step(m, s);
  }
  log_step(s);
  log_oddities(s);
  log_unsearched(s);
  waiting_step(s);
  progress_end(s);
  if (s->action->kind == ACT_CAS && s->action->row == ROW_promote && s->result == ERR_OK)
    progress_count(PROGRESS_ROTATED);
  if (!is_effect(s) && (s->action->attention || s->action->kind == ACT_ATTENTION)) {
    if (!m->seen.unwell)
      progress_count(PROGRESS_UNWELL);
    m->seen.unwell = true;
  }
}

// What only a person can give is not worth waiting for, whatever the patience.
static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct advance *how = ctx;
  return outcome_is_for_person(r) || (how->done && how->done(how->done_ctx, t, r));
}

static bool make_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                    struct error *e) {
  const struct advance *how = ctx;
  struct managed *m = managed_of(t);
  if (!m->seen.begun)
    progress_count(PROGRESS_BEGUN);
  m->seen.begun = true;
  m->seen.ticked_ms = env_wall_ms(how->app->env);
  t->fleet_fails = how->breaker && breaker_is_open(how->breaker);
  return compose_io(NULL, worker, t, ret, e);
}

// *watcher is filled in for it, and has to last as long.
static struct fleet_options options_of(const struct advance *how, struct watcher *watcher) {
  void *ctx = (void *)(uintptr_t)how;
  *watcher = (struct watcher){.begin = step_begins, .end = step_ends, .ctx = ctx};
  int64_t patience_s = how->patience_s >= 0 ? how->patience_s : ADVANCE_PATIENCE_S;
  return (struct fleet_options){.jobs = how->app->jobs,
                                .patience_ms = patience_s * 1000,
                                .wait_busy = how->wait_busy,
                                .done = is_done,
                                .done_ctx = ctx,
                                .io = make_io,
                                .io_ctx = ctx,
                                .watcher = watcher};
}

// Did the tick not get so far as to read anything? Its lock could not be opened, or is another's.
static bool saw_nothing(const struct tick_result *r) {
  bool no_lock = r->end == TICK_ATTENTION && r->row == ROW_unreadable && r->why == WHY_none;
  return no_lock || r->end == TICK_BUSY;
}

// Such a tick knows nothing of consumers. What an earlier one of this run saw still stands, and all
// of the answer says so.
static void stand_by_what_was_seen(const struct target *t, struct tick_result *r) {
  if (saw_nothing(r))
    report_stand_by(managed_of(t), r);
}

static void run_fleet(struct target *const *list, size_t n, const struct fleet_options *o,
                      struct env *env, struct tick_result *results) {
  fleet_run(list, n, o, env, results);
  for (size_t i = 0; i < n; i++)
    stand_by_what_was_seen(list[i], &results[i]);
}

enum err advance_targets(const struct advance *how, struct managed *const *targets, size_t n,
                         struct tick_result *results, struct error *e) {
  struct app *a = how->app;
  struct watcher watcher;
  struct fleet_options o = options_of(how, &watcher);
  struct target **list = calloc(n + 1, sizeof *list);
  if (!list)
    return error_no_memory(e);
  enum err err = compose_make_state_dir(a->compose, e);
  for (size_t i = 0; i < n; i++)
    list[i] = &targets[i]->target;
  if (err == ERR_OK) {
    progress_start(a->env, n);
    run_fleet(list, n, &o, a->env, results);
    progress_stop();
  }
  free(list);
  return err;
}

// --- a fleet, some at a time ---

struct round {
  const struct advance *how;
  const struct advance_each *each;
  struct fleet_options options;
  size_t *left, n_left; // those that go on, by their number in `each`
  // Of one call of fleet_run, as many as it has room for:
  size_t *numbers;
  struct target **list;
  struct tick_result *results;
};

static bool is_ticked(void *ctx, const struct target *t, const struct tick_result *r) {
  (void)ctx, (void)t, (void)r;
  return true;
}

// Is there only a short wait before it? Then fleet_run would stay for it.
static bool goes_on(const struct round *o, const struct target *t, const struct tick_result *r) {
  if (o->options.done(o->options.done_ctx, t, r))
    return false;
  if (r->end == TICK_BUSY)
    return o->options.wait_busy;
  int64_t now_ms = env_mono_ms(o->how->app->env);
  return r->end == TICK_WAIT && r->again_ms != INT64_MAX &&
         (r->of_mark || r->again_ms - now_ms <= o->options.patience_ms);
}

// Runs o->numbers[0 … n-1]. `once`: those that go on are left for later.
static enum err run_some(struct round *o, size_t n, bool once, struct error *e) {
  struct fleet_options options = o->options;
  if (once)
    options.done = is_ticked;
  for (size_t i = 0; i < n; i++) {
    struct managed *m = o->each->make(o->each->ctx, o->numbers[i]);
    if (!m)
      return error_no_memory(e);
    o->list[i] = &m->target;
  }
  run_fleet(o->list, n, &options, o->how->app->env, o->results);
  for (size_t i = 0; i < n; i++)
    if (once && goes_on(o, o->list[i], &o->results[i]))
      o->left[o->n_left++] = o->numbers[i];
    else
      o->each->ended(o->each->ctx, o->numbers[i], &o->results[i]);
  return ERR_OK;
}

static void make_room(struct round *o, size_t n) {
  free(o->numbers);
  free(o->list);
  free(o->results);
  o->numbers = calloc(n + 1, sizeof *o->numbers);
  o->list = calloc(n + 1, sizeof *o->list);
  o->results = calloc(n + 1, sizeof *o->results);
}

// Is nothing to be done for it?
static bool is_passed(const struct round *o, size_t i) {
  if (!o->each->rests || !o->each->rests(o->each->ctx, i))
    return false;
  progress_count(PROGRESS_BEGUN);
  return true;
}

static enum err run_groups(struct round *o, struct error *e) {
  enum err err = ERR_OK;
  for (size_t at = 0; err == ERR_OK && at < o->each->n;) {
    size_t n = 0;
    for (; at < o->each->n && n < ADVANCE_GROUP; at++)
      if (!is_passed(o, at))
        o->numbers[n++] = at;
    if (n > 0)
      err = run_some(o, n, true, e);
  }
  return err;
}

static enum err run_left(struct round *o, struct error *e) {
  make_room(o, o->n_left);
  if (!o->numbers || !o->list || !o->results)
    return error_no_memory(e);
  memcpy(o->numbers, o->left, o->n_left * sizeof *o->left);
  return run_some(o, o->n_left, false, e);
}

enum err advance_each(const struct advance *how, const struct advance_each *each, struct error *e) {
  struct watcher watcher;
  struct round o = {.how = how, .each = each, .options = options_of(how, &watcher)};
  struct app *a = how->app;
  o.left = calloc(each->n + 1, sizeof *o.left);
  make_room(&o, ADVANCE_GROUP);
  enum err err = o.left && o.numbers && o.list && o.results ? compose_make_state_dir(a->compose, e)
                                                            : error_no_memory(e);
  if (err == ERR_OK) {
    progress_start(a->env, each->n);
    if (each->n > ADVANCE_GROUP)
      err = run_groups(&o, e);
    else
      for (size_t i = 0; i < each->n; i++)
        if (!is_passed(&o, i))
          o.left[o.n_left++] = i;
    if (err == ERR_OK)
      err = run_left(&o, e);
    progress_stop();
  }
  make_room(&o, 0);
  free(o.numbers);
  free(o.list);
  free(o.results);
  free(o.left);
  return err;
}

// --- what is remembered ---

// Which identity the configuration means: the next run need not ask.
static void remember_identity(struct managed *m) {
  struct last_run *last = &m->last_run;
  if (!m->bound)
    return;
  identity_configured(m->config, last->service_id);
  text_copy(last->iam_id, sizeof last->iam_id, m->iam_id);
  if (!m->target.rebound)
    text_copy(last->binding, sizeof last->binding, m->binding);
}

// What the next run is spared, or has to know.
static void remember_run(struct managed *m, const struct tick_result *r, const struct outcome *o,
                         int64_t now_s) {
  struct last_run *last = &m->last_run;
  last_run_note(last, o->fault, now_s);
  remember_identity(m);
  last->last_look_s = m->memory.last_look_s;
  last->iam_refused = m->memory.iam_refused;
  last->absent_since_s = 0;
  for (size_t i = 0; i < m->target.n_sinks; i++)
    if (m->memory.absent_since_s[i] > last->absent_since_s)
      last->absent_since_s = m->memory.absent_since_s[i];
  text_copy(last->row, sizeof last->row, row_name(r->row));
  // (what was found beside the keys is looked for anew, and is no reason that the table knows)
  text_copy(last->why, sizeof last->why, o->watch.text[0] ? "" : why_name(r->why));
  last->exit = o->exit;
}

void advance_keep_evidence(struct managed *m) {
  struct error e;
  remember_identity(m);
  m->last_run.iam_refused = m->memory.iam_refused;
  if (last_run_save(m->last_run_path, &m->last_run, &m->memory.book, false, &e) != ERR_OK)
    log_error(LOG_LEVEL_DEBUG, m->target.name, "last_run", &e);
}

void advance_add_watch(struct managed *m, struct outcome *o) {
  struct path_unit_failure f;
  if (o->exit == EXIT_FINE && compose_failed_watch(m->compose, m->config, &f))
    outcome_add_watch(o, &f);
}

void advance_finish(struct managed *m, const struct tick_result *r, enum goal goal,
                    struct outcome *ret) {
  struct error e;
  int64_t now_s = env_wall_ms(compose_env(m->compose)) / 1000;
  outcome_of(r, goal, m->config->policy.alert_after_s, m->last_run.trouble_since_s, now_s, ret);
  audit_send(m);
  if (r->end == TICK_BUSY || r->end == TICK_STOPPED)
    return;
  advance_add_watch(m, ret);
  remember_run(m, r, ret, now_s);
  if (last_run_save(m->last_run_path, &m->last_run, &m->memory.book, true, &e) != ERR_OK)
    log_error(LOG_LEVEL_WARN, m->target.name, "last_run", &e);
}
