#include "rotator/app/commands/common.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/chosen.h"
#include "rotator/app/identity.h"
#include "rotator/app/notify.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/metrics.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/progress.h"
#include "rotator/app/rest.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

bool is_busy(struct managed *m, struct env *env) {
  int fd = -1;
  if (!m->target.lock_path || access(m->target.lock_path, F_OK) != 0)
    return false;
  bool busy = file_lock(m->target.lock_path, env, 0, &fd, NULL) == ERR_BUSY;
  file_unlock(fd);
  return busy;
}

// --- beside other targets ---

// Is the i-th target, `other`, of the identity that `m` is of? As far as its configuration says,
// or, where that has a name, what is remembered of it.
static bool is_shared(const struct managed *m, const struct config_target *other, size_t i) {
  const char *user = other->user, *service = other->service_id;
  if (!user != !m->config->user)
    return false;
  if (user) // a target of a user is bound only where the management key is that user's
    return strcmp(user, "me") == 0 || strcmp(user, m->iam_id) == 0;
  if (service && text_starts(service, "ServiceId-"))
    return text_starts(m->iam_id, "iam-") && strcmp(m->iam_id + strlen("iam-"), service) == 0;
  const struct managed *known = compose_target(m->compose, i);
  const char *id = !known ? "" : known->bound ? known->iam_id : identity_remembered(known);
  return id[0] && strcmp(id, m->iam_id) == 0;
}

enum err check_twin(const struct managed *m, struct error *e) {
  const struct config *all = compose_config(m->compose);
  for (size_t i = 0; i < all->n_targets; i++) {
    const struct config_target *t = &all->targets[i];
    if (t != m->config && !t->broken && strcmp(t->guid, m->config->guid) == 0 &&
        strcmp(t->account, m->config->account) == 0 && is_shared(m, t, i))
      return error_set(e, ERR_INVALID,
                       "%s:%d: it is the same identity on the same instance as target %s (%s:%d): "
                       "two targets would share one state and one key; put the sinks of both into "
                       "one",
                       m->config->file, m->config->line, t->name, t->file, t->line);
  }
  return ERR_OK;
}

// --- people ---

void who_asks(char *dst, size_t cap) {
  char host[64] = "";
  const struct passwd *pw = getpwuid(getuid());
  const char *sudo = getenv("SUDO_USER");
  if (gethostname(host, sizeof host - 1) != 0)
    host[0] = '\0';
  snprintf(dst, cap, "%s@%s", sudo ? sudo : pw ? pw->pw_name : "unknown", host);
}

void wish_fill(struct wish *w, const struct app *a, const char *reason) {
  *w = (struct wish){.grace_s = -1, .at_s = env_wall_ms(a->env) / 1000};
  text_copy(w->reason, sizeof w->reason, reason ? reason : "");
  who_asks(w->by, sizeof w->by);
}

bool confirm(const struct app *a, const char *command, const char *question) {
  char line[16] = "", next[700], yes[720];
  if (a->cli.yes)
    return true;
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
    report_next(a, command, a->n_selected ? a->selected[0]->target.name : NULL, next, sizeof next);
    snprintf(yes, sizeof yes, "%s --yes", next);
    report_usage(a, "this has to be confirmed, and there is no terminal to ask on: give --yes",
                 "nothing was changed", yes);
    return false;
  }
  fprintf(stderr, "%s [y/N] ", question);
  return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

void age_text(char *dst, size_t cap, int64_t s) {
  if (s < 0) {
    text_copy(dst, cap, "-");
    return;
  }
  if (s >= 2 * 86400)
    s -= s % 86400;
  else if (s >= 2 * 3600)
    s -= s % 3600;
  else if (s >= 120)
    s -= s % 60;
  text_format_duration(dst, cap, s);
}

void time_text(char *dst, size_t cap, int64_t t_s) {
  if (t_s > 0)
    text_format_time(dst, cap, t_s);
  else
    text_copy(dst, cap, "-");
}

// --- what was done ---

// It works until then only if it works now, as far as that was seen.
static void say_old_key(const struct managed *m, const struct tick_result *r) {
  char until[32];
  time_text(until, sizeof until, m->seen.until_s);
  if (r->previous.kind == VERDICT_NOT_WORKING)
    out_line("%s: the old key %s no longer works (%s); from %s on 'rotator run' removes it",
             m->target.name, r->previous_id, cause_words(r->previous.cause), until);
  else
    out_line("%s: the old key %s %s until %s; then the next 'rotator run' retires it",
             m->target.name, r->previous_id,
             r->previous.kind == VERDICT_WORKING ? "works" : "is kept", until);
}

static void say_grace(const struct managed *m, const struct tick_result *r) {
  out_line("%s: %s is published to %zu sink%s and proven", m->target.name, r->current_id,
           m->target.n_sinks, m->target.n_sinks == 1 ? "" : "s");
  if (r->previous_id[0] && r->phase == PHASE_GRACE)
    say_old_key(m, r);
  else if (r->previous_id[0])
    out_line("%s: the old key %s is past the point of no return; the next 'rotator run' finishes",
             m->target.name, r->previous_id);
}

// A person asked for the old key, or the new one failed: what is current now was so before.
static bool went_back(const struct managed *m, const struct tick_result *r) {
  return m->seen.back_to[0] && strcmp(m->seen.back_to, r->current_id) == 0 &&
         (r->phase == PHASE_GRACE || r->phase == PHASE_IDLE);
}

static void say_back(const struct managed *m, const struct tick_result *r) {
  char until[32];
  out_line("%s: rolled back: %s is current again", m->target.name, r->current_id);
  time_text(until, sizeof until, m->seen.until_s);
  if (r->previous_id[0] && r->phase == PHASE_GRACE)
    out_line("%s: the key that was given up, %s, is kept until %s; then the next 'rotator run' "
             "retires it",
             m->target.name, r->previous_id, until);
}

void say_done(const struct managed *m, const struct tick_result *r) {
  if (r->end == TICK_FAILED)
    return;
  if (went_back(m, r)) {
    say_back(m, r);
    return;
  }
  if (!m->seen.acted)
    return;
  if (m->seen.retired)
    out_line("%s: the old key %s is deleted; %s is current", m->target.name, m->seen.retired_id,
             r->current_id);
  else if (r->phase == PHASE_GRACE || r->phase == PHASE_RETIRING)
    say_grace(m, r);
  else if (r->phase == PHASE_IDLE && m->seen.promoted)
    out_line("%s: %s is published and proven", m->target.name, r->current_id);
  else if (r->phase < PHASE_COUNT)
    out_line("%s: %s, current key %s", m->target.name, phase_name(r->phase),
             r->current_id[0] ? r->current_id : "none");
}

static enum goal goal_of(const struct advance *how, const struct managed *m,
                         const struct tick_result *r, bool by_hand) {
  if (!by_hand)
    return GOAL_NONE;
  return !how->done || how->done(how->done_ctx, &m->target, r) ? GOAL_REACHED : GOAL_MISSED;
}

static struct outcome report_end(struct app *a, const struct advance *how, bool by_hand,
                                 struct managed *m, struct tick_result *r) {
  struct outcome o;
  recall_trouble(m, r);
  advance_finish(m, r, goal_of(how, m, r, by_hand), &o);
  say_done(m, r);
  report_result(a, m, r, &o);
  bool told = notify_add(a, m, r, &o);
  metrics_add(how->metrics, m, r, &o);
  rest_add(how->rest, m, r, &o, told);
  return o;
}

static int report_no_start(struct app *a, const struct error *e) {
  struct trouble t = {.working = WORKING_UNKNOWN, .step = "start", .error = e};
  report_trouble(a, &t);
  return EXIT_PERSON;
}

int advance_and_report(struct app *a, const struct advance *how, bool by_hand) {
  struct error e;
  struct tick_result *results = calloc(a->n_selected + 1, sizeof *results);
  if (!results)
    return EXIT_BUG;
  int status = EXIT_FINE;
  if (advance_targets(how, a->selected, a->n_selected, results, &e) != ERR_OK)
    status = report_no_start(a, &e);
  else
    for (size_t i = 0; i < a->n_selected; i++)
      status = exit_worse(status, report_end(a, how, by_hand, a->selected[i], &results[i]).exit);
  free(results);
  return status;
}

struct reporting {
  struct app *app;
  const struct advance *how;
  int worst;
  size_t n, quiet, person, page, unseen, rotated, retired;
};

// One line over all, where there are so many that nobody counts. On standard error where something
// is to be read there, for whoever gets that in a mail.
static void say_summary(const struct reporting *r) {
  struct text_buf t = TEXT_BUF(400);
  size_t other = r->n - r->quiet - r->person - r->page - r->unseen;
  if (r->n <= PROGRESS_EACH)
    return;
  text_buf_add(&t, "%zu targets: nothing to report of %zu", r->n, r->quiet);
  if (r->person > 0)
    text_buf_add(&t, ", %zu want a person", r->person);
  if (r->page > 0)
    text_buf_add(&t, ", %zu may have no working key", r->page);
  if (other > 0)
    text_buf_add(&t, ", %zu failed", other);
  if (r->unseen > 0)
    text_buf_add(&t, ", of %zu it is not known in this run", r->unseen);
  if (r->rotated + r->retired > 0)
    text_buf_add(&t, "; %zu rotated, %zu old key%s deleted", r->rotated, r->retired,
                 r->retired == 1 ? "" : "s");
  if (r->person + r->page + other > 0)
    report_line(r->app, text_buf_str(&t));
  else if (r->rotated + r->retired > 0 || out_is_terminal())
    out_line("%s", text_buf_str(&t));
  text_buf_free(&t);
}

static void count_end(struct reporting *r, const struct managed *m, const struct tick_result *t,
                      const struct outcome *o) {
  r->n++;
  r->person += o->exit == EXIT_PERSON;
  r->page += o->exit == EXIT_PAGE;
  r->quiet += o->exit == EXIT_FINE && outcome_is_seen(t, o);
  r->unseen += o->exit == EXIT_FINE && !outcome_is_seen(t, o);
  r->rotated += m->seen.promoted;
  r->retired += m->seen.retired;
}

static bool rests(void *ctx, size_t i) {
  struct reporting *r = ctx;
  struct rest_figures figures;
  if (!rest_stands(r->how->rest, i, &figures))
    return false;
  metrics_add_resting(r->how->metrics, r->app->chosen[i]->name, &figures);
  r->n++;
  r->quiet++;
  return true;
}

static struct managed *make_one(void *ctx, size_t i) {
  struct reporting *r = ctx;
  return chosen_target(r->app, i);
}

static void one_ended(void *ctx, size_t i, struct tick_result *result) {
  struct reporting *r = ctx;
  struct managed *m = r->app->selected[i];
  struct outcome o = report_end(r->app, r->how, false, m, result);
  r->worst = exit_worse(r->worst, o.exit);
  count_end(r, m, result, &o);
  chosen_release(r->app, i);
}

int advance_each_and_report(struct app *a, const struct advance *how) {
  struct error e;
  struct reporting r = {.app = a, .how = how, .worst = EXIT_FINE};
  struct advance_each each = {
      .n = a->n_selected, .rests = rests, .make = make_one, .ended = one_ended, .ctx = &r};
  if (advance_each(how, &each, &e) != ERR_OK)
    return exit_worse(r.worst, report_no_start(a, &e));
  say_summary(&r);
  return r.worst;
}

// --- changes ---

int change_each(struct app *a, const char *command,
                enum err (*change)(struct app *a, struct managed *m, const struct engine_io *io,
                                   char *ret_text, size_t cap, struct error *e)) {
  int worst = EXIT_FINE;
  for (size_t i = 0; i < a->n_selected; i++) {
    struct managed *m = a->selected[i];
    struct engine_io io;
    struct error e = {0};
    char text[400] = "";
    enum err err = compose_io(NULL, 0, &m->target, &io, &e) ? ERR_OK : ERR_INTERNAL;
    if (err == ERR_OK && is_busy(m, a->env))
      err = error_set(&e, ERR_BUSY, "another run works on this target now");
    if (err == ERR_OK)
      err = change(a, m, &io, text, sizeof text, &e);
    if (err != ERR_OK) {
      worst = exit_worse(worst, report_no_success(a, m, command, &e));
      continue;
    }
    history_command(m, command, text, a->cli.reason);
    out_line("%s: %s", m->target.name, text);
    cJSON *o = answer_target(a, m->target.name);
    // repair goes on from here, and tells how it stands when it is done
    if (a->cli.command == CMD_REPAIR)
      continue;
    observe_offline(m);
    worst = exit_worse(worst, report_verdict(a, m, command, o));
    if (o)
      cJSON_AddStringToObject(o, "text", text);
  }
  return worst;
}
