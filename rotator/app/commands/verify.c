// verify: the value that consumers would read is proven now, through every sink: read back from
// there, exchanged for a token, and one test log sent with it. With --arrival that test log is
// looked for, too. Changes nothing.
#include <stdio.h>

#include "rotator/app/commands/stand.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"

static bool looks_for_logs(const struct managed *m) {
  return m->config->policy.arrival_within_s > 0;
}

// What became of the test logs: the worst of the sinks'.
static enum arrival_seen arrival_of(const struct observed *l) {
  enum arrival_seen worst = ARRIVAL_OFF;
  for (size_t i = 0; i < l->view.n_sinks; i++) {
    enum arrival_seen seen = l->view.sinks[i].arrival;
    if (seen == ARRIVAL_REFUSED || worst == ARRIVAL_OFF ||
        (seen == ARRIVAL_MISSED && worst == ARRIVAL_FOUND))
      worst = seen;
  }
  return worst;
}

static int status_of(const struct observed *l) {
  switch (view_working(&l->view)) {
  case WORKING_YES:
    break;
  case WORKING_NO:
    return EXIT_PAGE;
  default:
    return EXIT_AGAIN;
  }
  enum arrival_seen seen = arrival_of(l);
  if (seen == ARRIVAL_REFUSED)
    return EXIT_PERSON;
  return seen == ARRIVAL_MISSED ? EXIT_AGAIN : EXIT_FINE;
}

static void say_sinks(const struct observed *l) {
  char text[300];
  for (size_t i = 0; i < l->view.n_sinks; i++) {
    const struct sink_view *s = &l->view.sinks[i];
    const char *arrived = arrival_words(s->arrival);
    verdict_words(text, sizeof text, &s->verdict);
    out_line("  %s: %s%s%s%s%s", s->name, text, s->verdict.key_id[0] ? ", " : "", s->verdict.key_id,
             arrived[0] ? "; " : "", arrived);
  }
}

// Why it is no success, where consumers have a working key.
static enum why why_of(const struct observed *l) {
  enum arrival_seen seen = arrival_of(l);
  if (seen == ARRIVAL_REFUSED)
    return WHY_arrival_refused;
  return seen == ARRIVAL_MISSED ? WHY_arrival_missed : WHY_none;
}

static void find_way_out(struct app *a, struct managed *m, enum why why, struct way_out *out) {
  way_out_for_consumers(a, m, out);
  if (why == WHY_none)
    return;
  report_next(a, why_words(why)->next, m->target.name, out->next, sizeof out->next);
  out->person = why_words(why)->person;
}

static const char *text_of(const struct observed *l, enum why why, const struct verdict *v) {
  if (why != WHY_none)
    return why_words(why)->text;
  return l->error.kind != ERR_OK ? NULL : cause_words(v->cause);
}

static void report(struct app *a, struct managed *m, const struct observed *l, int status) {
  struct way_out out;
  struct verdict v = view_verdict(&l->view);
  enum why why = v.kind == VERDICT_WORKING ? why_of(l) : WHY_none;
  find_way_out(a, m, why, &out);
  cJSON *o = answer_target(a, m->target.name);
  if (o) {
    answer_add_consumers(o, m);
    answer_add_text(o, "arrival", arrival_name(arrival_of(l)));
    answer_add_error(o, &l->error);
    answer_add_end(o, status, out.next);
  }
  say_working(m);
  say_sinks(l);
  struct trouble t = {.target = m->target.name,
                      .working = verdict_working(&v),
                      .verdict = &v,
                      .step = "verify",
                      .text = text_of(l, why, &v),
                      .error = &l->error,
                      .hint = out.person,
                      .next = out.next};
  if (status != EXIT_FINE)
    report_trouble(a, &t);
}

static int verify(struct app *a, struct managed *m) {
  struct observed l;
  struct error e = {0};
  bool arrival = a->cli.arrival && looks_for_logs(m);
  if (observe(m, arrival ? OBSERVE_ARRIVAL : OBSERVE_VERIFY, &l, &e) != ERR_OK)
    return report_no_success(a, m, "verify", &e);
  int status = status_of(&l);
  report(a, m, &l, status);
  observed_clear(&l);
  return status;
}

// --arrival where nobody is named who could look for anything.
static bool is_vain(const struct app *a) {
  for (size_t i = 0; i < a->n_selected; i++)
    if (looks_for_logs(a->selected[i]))
      return false;
  return a->cli.arrival;
}

int command_verify(struct app *a) {
  int worst = EXIT_FINE;
  if (is_vain(a)) {
    char next[700];
    report_next(a, "help verify", NULL, next, sizeof next);
    report_usage(a,
                 "verify --arrival: nobody is named who could look for the test log: give the "
                 "target proof.arrival.identity",
                 NULL, next);
    return EXIT_USAGE;
  }
  for (size_t i = 0; i < a->n_selected && !env_stopping(a->env); i++)
    worst = exit_worse(worst, verify(a, a->selected[i]));
  return worst;
}
