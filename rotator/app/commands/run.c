// run: whatever is due. With --dry-run (of init too): what would be done, step by step, with the
// requests. The engine says which row matches now; what follows when each step succeeds is the way
// of a rotation through the table, from that row on.
#include <stdio.h>
#include <string.h>

#include "rotator/app/breaker.h"
#include "rotator/app/chosen.h"
#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/metrics.h"
#include "rotator/app/report/out.h"
#include "rotator/app/rest.h"
#include "rotator/base/text.h"

// --- --dry-run ---

static const enum row way[] = {ROW_due,        ROW_create, ROW_note,   ROW_enable, ROW_promote,
                               ROW_publish,    ROW_reload, ROW_settle, ROW_retire, ROW_disable,
                               ROW_quarantine, ROW_delete, ROW_retired};
#define WAY_LEN (sizeof way / sizeof *way)

// Where on the way a row stands; WAY_LEN: beside it.
static size_t place_of(enum row row) {
  if (row == ROW_first || row == ROW_heal)
    return 0;
  if (row == ROW_await)
    row = ROW_promote;
  if (row == ROW_stuck || row == ROW_moved || row == ROW_swap)
    row = ROW_publish;
  if (row == ROW_noted)
    row = ROW_quarantine;
  if (row == ROW_serve || row == ROW_rewritten || row == ROW_use)
    row = ROW_retire;
  for (size_t i = 0; i < WAY_LEN; i++)
    if (way[i] == row)
      return i;
  return WAY_LEN;
}

// "{iam}" and "{ingress}" in a request's words become the target's own hosts.
static void request_text(const struct managed *m, const char *words, char *dst, size_t cap) {
  struct text_buf t = TEXT_BUF(1024);
  const char *from = words ? words : "write the state (compare-and-set), read it back";
  while (*from) {
    size_t n = strcspn(from, "{");
    text_buf_add_bytes(&t, from, n);
    from += n;
    if (text_starts(from, "{iam}")) {
      text_buf_add(&t, "%s", m->config->iam_url);
      from += 5;
    } else if (text_starts(from, "{ingress}")) {
      text_buf_add(&t, "%s", m->config->ingress_url ? m->config->ingress_url : "");
      from += 9;
    } else if (*from) {
      text_buf_add_bytes(&t, from++, 1);
    }
  }
  text_copy(dst, cap, text_buf_str(&t));
  text_buf_free(&t);
}

static void say_step(const struct managed *m, enum row row, const char *sink, cJSON *steps) {
  char request[1024];
  const struct row_words *words = row_words(row);
  request_text(m, words->request, request, sizeof request);
  out_line("  %-10s %s%s%s", row_name(row), words->doing, sink ? " " : "", sink ? sink : "");
  out_line("  %-10s   %s", "", request);
  if (!steps)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "row", row_name(row));
  cJSON_AddStringToObject(o, "text", words->doing);
  cJSON_AddStringToObject(o, "request", request);
  if (sink)
    cJSON_AddStringToObject(o, "sink", sink);
  json_append(steps, o);
}

static void say_before(const struct plan_step *s, cJSON *steps) {
  out_line("  %-10s %s", s->row, s->text);
  out_line("  %-10s   %s", "", s->request);
  if (!steps)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "row", s->row);
  cJSON_AddStringToObject(o, "text", s->text);
  cJSON_AddStringToObject(o, "request", s->request);
  json_append(steps, o);
}

// The one row that takes two steps.
static void say_hook_noted(cJSON *steps) {
  static const struct plan_step noted = {.row = "reload",
                                         .text = "noting that the hook ran",
                                         .request =
                                             "write the state (compare-and-set), read it back"};
  say_before(&noted, steps);
}

static void plan_way(const struct managed *m, enum row first, cJSON *steps) {
  bool first_key = first == ROW_first;
  if (first == ROW_first || first == ROW_heal)
    say_step(m, first, NULL, steps);
  for (size_t i = place_of(first); i < WAY_LEN; i++) {
    enum row row = way[i];
    if ((row == ROW_due && first != ROW_due) || (row == ROW_reload && !m->target.hook))
      continue;
    if (first_key && row == ROW_retire)
      return;
    for (size_t s = 0; row == ROW_publish && s < m->config->n_sinks; s++)
      say_step(m, row, m->config->sinks[s].name, steps);
    if (row != ROW_publish)
      say_step(m, row, NULL, steps);
    if (row == ROW_reload)
      say_hook_noted(steps);
  }
}

static bool is_waiting(const struct action *a) {
  return a->kind == ACT_WAIT || a->kind == ACT_REST || a->kind == ACT_ATTENTION;
}

static void say_wait(const struct managed *m, const struct observed *l) {
  char until[32];
  time_text(until, sizeof until, l->action.wait_s);
  out_line("%s: %s (%s)%s%s", m->target.name, why_words(l->action.why)->text,
           row_name(l->action.row), l->action.wait_s > 0 ? ", next look " : "",
           l->action.wait_s > 0 ? until : "");
}

static int outcome_of_observed(struct app *a, struct managed *m, const struct observed *l) {
  struct tick_result r;
  struct outcome o;
  judge_observed(m, l, &r, &o);
  // Nobody reads a key before the first set-up: its plan is no alarm.
  if (m->target.init && act_is_effect(l->action.kind))
    o = (struct outcome){.exit = EXIT_FINE, .silent = true};
  report_result(a, m, &r, &o);
  return o.exit;
}

static bool is_held(const struct observed *l) {
  const struct state *s = l->view.state;
  return s && s->hold.on && (s->hold.until_s == 0 || l->view.now_s < s->hold.until_s);
}

static void say_hold(const struct managed *m, const struct observed *l) {
  char until[32];
  time_text(until, sizeof until, l->state.hold.until_s);
  out_line("%s: a hold is on %s%s: no rotation begins and nothing is retired", m->target.name,
           l->state.hold.until_s > 0 ? "until " : "until it is lifted",
           l->state.hold.until_s > 0 ? until : "");
}

static void say_headline(const struct managed *m, const struct observed *l, int status,
                         bool steps) {
  bool waits = is_waiting(&l->action);
  if (waits && status == EXIT_FINE)
    say_wait(m, l);
  if (!waits || steps)
    out_line("%s: %sthese steps would follow:", m->target.name, waits && steps ? "then " : "");
}

int plan_observed(struct app *a, struct managed *m, const struct observed *l,
                  const struct plan_step *before, size_t n_before) {
  int status = outcome_of_observed(a, m, l);
  cJSON *answer = answer_last_target(a);
  cJSON *steps = answer ? cJSON_AddArrayToObject(answer, "plan") : NULL;
  enum act_kind kind = l->action.kind;
  bool held = is_held(l) && is_waiting(&l->action);
  bool on_the_way = place_of(l->action.row) < WAY_LEN && !held;
  if (held)
    say_hold(m, l);
  if (kind == ACT_ATTENTION)
    return status;
  say_headline(m, l, status, n_before > 0 || (on_the_way && kind == ACT_WAIT));
  for (size_t i = 0; i < n_before; i++)
    say_before(&before[i], steps);
  if (!is_waiting(&l->action) && !on_the_way)
    say_step(m, l->action.row, NULL, steps);
  else if (kind != ACT_REST && on_the_way)
    plan_way(m, l->action.row, steps);
  return status;
}

static int plan_one(struct app *a, struct managed *m) {
  struct observed l;
  struct error e;
  if (observe(m, OBSERVE_AS_NEEDED, &l, &e) != ERR_OK)
    return report_no_success(a, m, "plan", &e);
  int status = plan_observed(a, m, &l, NULL, 0);
  observed_clear(&l);
  return status;
}

static int plan_all(struct app *a) {
  int worst = EXIT_FINE;
  for (size_t i = 0; i < a->n_selected; i++) {
    struct managed *m = chosen_target(a, i);
    worst = exit_worse(worst, m ? plan_one(a, m) : EXIT_BUG);
    chosen_release(a, i);
  }
  return worst;
}

// --- run ---

// What was rotated and is at rest again is done with.
static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  (void)ctx;
  return managed_of(t)->seen.promoted && r->phase == PHASE_IDLE;
}

int command_run(struct app *a) {
  if (a->cli.dry_run)
    return plan_all(a);
  struct advance how = {.app = a, .patience_s = a->cli.patience_s, .done = is_done};
  if (a->cli.n_targets == 0) // what only some targets did is no figure of the fleet
    how.metrics = metrics_new(a);
  struct breaker breaker;
  breaker_init(&breaker, a->config, a->n_selected);
  how.breaker = &breaker;
  how.rest = rest_new(a);
  int status = advance_each_and_report(a, &how);
  rest_write(how.rest);
  rest_free(how.rest);
  breaker_report(&breaker);
  metrics_write(how.metrics, exit_worse(status, a->status));
  metrics_free(how.metrics);
  return status;
}
