// verify: the value that consumers would read is proven now, through every sink: read back from
// there, exchanged for a token, and one test log sent with it. Changes nothing.
#include <stdio.h>

#include "rotator/app/commands/stand.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"

static int status_of(const struct look *l) {
  switch (view_working(&l->view)) {
  case WORKING_YES:
    return EXIT_FINE;
  case WORKING_NO:
    return EXIT_PAGE;
  default:
    return EXIT_AGAIN;
  }
}

static void say_sinks(const struct look *l) {
  char text[300];
  for (size_t i = 0; i < l->view.n_sinks; i++) {
    const struct verdict *v = &l->view.sinks[i].verdict;
    verdict_words(text, sizeof text, v);
    out_line("  %s: %s%s%s", l->view.sinks[i].name, text, v->key_id[0] ? ", " : "", v->key_id);
  }
}

static void report(struct app *a, struct managed *m, const struct look *l, int status) {
  struct way_out out;
  struct verdict v = view_verdict(&l->view);
  way_out_for_consumers(a, m, &out);
  cJSON *o = answer_target(a, m->target.name);
  if (o) {
    answer_add_consumers(o, m);
    answer_add_error(o, &l->error);
    answer_add_end(o, status, out.next);
  }
  say_working(m);
  say_sinks(l);
  struct trouble t = {.target = m->target.name,
                      .working = verdict_working(&v),
                      .verdict = &v,
                      .step = "verify",
                      .text = l->error.kind != ERR_OK ? NULL : cause_words(v.cause),
                      .error = &l->error,
                      .hint = out.person,
                      .next = out.next};
  if (status != EXIT_FINE)
    report_trouble(a, &t);
}

static int verify(struct app *a, struct managed *m) {
  struct look l;
  struct error e = {0};
  if (look_at(m, LOOK_VERIFY, &l, &e) != ERR_OK)
    return report_no_success(a, m, "verify", &e);
  int status = status_of(&l);
  report(a, m, &l, status);
  look_clear(&l);
  return status;
}

int command_verify(struct app *a) {
  int worst = EXIT_FINE;
  for (size_t i = 0; i < a->n_selected && !env_stopping(a->env); i++)
    worst = exit_worse(worst, verify(a, a->selected[i]));
  return worst;
}
