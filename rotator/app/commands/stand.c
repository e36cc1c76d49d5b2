// How a target stands, in every command the same: what was seen of consumers, and what a run would
// answer to it.
#include "rotator/app/commands/stand.h"

#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text.h"

static enum working working_of(const struct managed *m) {
  return m->seen.looked ? verdict_working(&m->seen.verdict) : WORKING_UNKNOWN;
}

void say_working(const struct managed *m) {
  char text[320];
  static const enum colour colours[] = {
      [WORKING_YES] = COLOUR_GOOD, [WORKING_NO] = COLOUR_BAD, [WORKING_UNKNOWN] = COLOUR_DOUBT};
  enum working w = working_of(m);
  working_words(text, sizeof text, w, &m->seen.verdict);
  out_line("%s: %s%s%s", m->target.name, out_colour(colours[w]), text, out_colour(COLOUR_NONE));
}

void judge_look(struct managed *m, const struct look *l, struct tick_result *ret,
                struct outcome *ret_outcome) {
  const struct action *act = &l->action;
  *ret = tick_result(&l->view, act, &l->error);
  m->seen.until_s = act->wait_s;
  m->seen.sink[0] = '\0';
  if (act->sink < m->target.n_sinks)
    text_copy(m->seen.sink, sizeof m->seen.sink, m->target.sinks[act->sink].name);
  if (l->view.iam_asked)
    recall_trouble(m, ret);
  outcome_of(ret, GOAL_NONE, m->config->policy.alert_after_s, m->last_run.trouble_since_s,
             env_wall_ms(compose_env(m->compose)) / 1000, ret_outcome);
  advance_look_beside(m, ret_outcome);
}

int report_look(struct app *a, struct managed *m, const struct look *l) {
  struct tick_result r;
  struct outcome o;
  judge_look(m, l, &r, &o);
  report_result(a, m, &r, &o);
  return o.exit;
}

int report_verdict(struct app *a, struct managed *m, const char *step, cJSON *o) {
  const struct verdict *v = &m->seen.verdict;
  bool bad = working_of(m) == WORKING_NO;
  int status = bad ? EXIT_PAGE : EXIT_FINE;
  struct way_out out;
  way_out_for_consumers(a, m, &out);
  if (o) {
    answer_add_consumers(o, m);
    answer_add_end(o, status, out.next);
  }
  struct trouble t = {.target = m->target.name,
                      .working = WORKING_NO,
                      .verdict = v,
                      .step = step,
                      .text = "that was seen on the way",
                      .hint = out.person,
                      .next = out.next};
  if (bad)
    report_trouble(a, &t);
  return status;
}

void look_offline(struct managed *m) {
  struct look l;
  if (!m->seen.looked && look_at(m, LOOK_OFFLINE, &l, NULL) == ERR_OK)
    look_clear(&l);
}

int report_no_success(struct app *a, struct managed *m, const char *step, const struct error *e) {
  look_offline(m);
  return report_failure(a, m, step, e);
}
