#include "rotator/app/drive.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/history.h"
#include "rotator/app/notify.h"
#include "rotator/app/progress.h"
#include "rotator/app/report_words.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

static bool is_effect(const struct step *s) {
  return act_is_effect(s->action->kind);
}

static bool is_drop(const struct action *a) {
  return a->kind == ACT_CAS && (a->row == ROW_refute || a->row == ROW_lost || a->row == ROW_taken ||
                                a->row == ROW_create || a->why == WHY_not_stager);
}

static void remember_effect(struct told *told, const struct step *s) {
  const struct action *a = s->action;
  told->acted = true;
  told->promoted |= a->kind == ACT_CAS && a->row == ROW_promote;
  if (a->kind == ACT_CAS && a->row == ROW_retired && s->view->state) {
    told->retired = true;
    text_copy(told->retired_id, sizeof told->retired_id,
              s->view->state->slots[SLOT_PREVIOUS].key_id);
  }
  if (is_drop(a))
    told->dropped = a->row;
}

static void remember(struct bound *b, const struct step *s) {
  struct told *told = &b->told;
  const struct action *a = s->action;
  bool failed = s->result != ERR_OK && s->result != ERR_CONFLICT;
  if (is_effect(s) && s->result == ERR_OK)
    remember_effect(told, s);
  if (failed && s->error && a->kind == ACT_PROVE && a->slot == SLOT_PENDING)
    told->dropped_error = *s->error; // why it is given up, if it comes to that
  told->until_s = a->kind == ACT_WAIT || a->kind == ACT_REST ? a->wait_s : 0;
  told->sink[0] = '\0';
  if (a->sink < b->target.n_sinks && !is_effect(s))
    text_copy(told->sink, sizeof told->sink, b->target.sinks[a->sink].name);
}

static void log_step(const struct step *s) {
  const char *row = row_name(s->action->row);
  const struct row_words *words = report_row(s->action->row);
  if (s->result != ERR_OK && s->error)
    log_error(LOG_LEVEL_NOTICE, s->target->name, row, s->error);
  else if (!is_effect(s))
    log_line(LOG_LEVEL_DEBUG, s->target->name, row, "%s", report_why(s->action->why)->text);
  else
    log_line(s->action->kind == ACT_CAS ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, s->target->name, row,
             "%s%s%s", words->done, s->action->key_id[0] ? ": " : "", s->action->key_id);
}

// What is not an error of a step and yet to be told (PROTOCOL.md: strays, and a key that was born
// active).
static void log_oddities(const struct step *s) {
  const struct view *v = s->view;
  if (s->action->row == ROW_note && s->result == ERR_OK && is_effect(s) && v->found_active)
    log_line(LOG_LEVEL_WARN, s->target->name, "note",
             "IAM made %s active though it was asked to make it disabled: a late copy of a create "
             "would be live until the next look",
             s->action->key_id);
  if (!is_effect(s) && v->other_lineages > 0)
    log_line(LOG_LEVEL_NOTICE, s->target->name, row_name(s->action->row),
             "%u key%s of this target made under another state, left alone: 'rotator keys %s' "
             "lists them",
             v->other_lineages, v->other_lineages == 1 ? " was" : "s were", s->target->name);
}

static void step_begins(void *ctx, const struct step *s) {
  (void)ctx;
  progress_begin(s);
  notify_status("%s: %s", s->target->name, report_row(s->action->row)->doing);
}

static void step_ends(void *ctx, const struct step *s) {
  (void)ctx;
  struct bound *b = bound_of(s->target);
  remember(b, s);
  if (is_effect(s) && s->result != ERR_CONFLICT)
    history_step(b, s);
  log_step(s);
  log_oddities(s);
  progress_end(s);
}

// A definite no is not worth waiting for.
static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct drive *d = ctx;
  return outcome_is_refusal(r) || (d->done && d->done(d->done_ctx, t, r));
}

enum err drive_run(const struct drive *d, struct bound *const *bounds, size_t n,
                   struct tick_result *results, struct error *e) {
  struct app *a = d->app;
  struct watcher watcher = {.begin = step_begins, .end = step_ends};
  int64_t patience_s = d->patience_s >= 0 ? d->patience_s : DRIVE_PATIENCE_S;
  struct fleet_options o = {.jobs = a->jobs,
                            .patience_ms = patience_s * 1000,
                            .done = is_done,
                            .done_ctx = (void *)(uintptr_t)d,
                            .io = compose_io,
                            .watcher = &watcher};
  struct target **targets = calloc(n + 1, sizeof *targets);
  if (!targets)
    return error_no_memory(e);
  enum err err = compose_make_state_dir(a->compose, e);
  for (size_t i = 0; i < n; i++)
    targets[i] = &bounds[i]->target;
  if (err == ERR_OK) {
    progress_start(a->env, n == 1);
    fleet_run(targets, n, &o, a->env, results);
    progress_stop();
  }
  free(targets);
  return err;
}

void drive_finish(struct bound *b, const struct tick_result *r, enum goal goal,
                  struct outcome *ret) {
  struct record *rec = &b->record;
  struct error e;
  int64_t now_s = env_wall_ms(compose_env(b->compose)) / 1000;
  outcome_of(r, goal, b->config->policy.alert_after_s, rec->trouble_since_s, now_s, ret);
  if (r->end == TICK_BUSY || r->end == TICK_STOPPED)
    return;
  record_note(rec, ret->fault, now_s);
  if (b->bound) {
    memset(rec->service_id, 0, sizeof rec->service_id);
    text_copy(rec->service_id, sizeof rec->service_id, b->config->service_id);
    text_copy(rec->iam_id, sizeof rec->iam_id, b->iam_id);
    if (!b->target.rebound)
      text_copy(rec->binding, sizeof rec->binding, b->binding);
  }
  rec->last_look_s = b->memory.last_look_s;
  rec->absent_since_s = 0;
  for (size_t i = 0; i < b->target.n_sinks; i++)
    if (b->memory.absent_since_s[i] > rec->absent_since_s)
      rec->absent_since_s = b->memory.absent_since_s[i];
  text_copy(rec->row, sizeof rec->row, row_name(r->row));
  text_copy(rec->why, sizeof rec->why, why_name(r->why));
  rec->exit = ret->exit;
  if (record_save(b->record_path, &b->record_before, rec, &e) != ERR_OK)
    log_error(LOG_LEVEL_WARN, b->target.name, "record", &e);
  b->record_before = *rec;
}
