// retire: ends a grace although the old key is still used. Who would be cut off is named first, and
// it asks; then it is a wish like any other, and the engine goes as far as it can at once.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text.h"
#include "rotator/engine/transition.h"

struct ending {
  struct app *app;
  struct managed *managed;
  struct observed observed;
};

// --- who is cut off ---

// "last used 3m ago (2026-…), 17 times in all", as far as IAM says.
static void use_text(const struct ending *n, const char *key_id, char *dst, size_t cap) {
  char ago[32], when[32];
  struct iam_key k = {0};
  struct iam *iam = n->observed.io.iam;
  bool known = iam->ops->get(iam, key_id, true, &k, NULL) == ERR_OK && k.has_activity;
  age_text(ago, sizeof ago, n->observed.view.now_s - k.last_authn_s);
  time_text(when, sizeof when, k.last_authn_s);
  if (!known)
    text_copy(dst, cap, "use not known");
  else if (k.last_authn_s < 0)
    text_copy(dst, cap, "never used");
  else
    snprintf(dst, cap, "last used %s ago (%s), %lld time%s in all", ago, when,
             (long long)k.authn_count, k.authn_count == 1 ? "" : "s");
  iam_key_clear(&k);
}

static void say_who(const struct ending *n, char *ret_question, size_t cap) {
  const struct state *s = &n->observed.state;
  const char *name = n->managed->target.name;
  const char *old = s->slots[SLOT_PREVIOUS].key_id, *new = s->slots[SLOT_CURRENT].key_id;
  char old_use[160], new_use[160];
  use_text(n, old, old_use, sizeof old_use);
  use_text(n, new, new_use, sizeof new_use);
  out_line("%s: old key %s: %s", name, old, old_use);
  out_line("%s: new key %s: %s", name, new, new_use);
  snprintf(ret_question, cap,
           "Cut off whoever still uses %s? It is disabled for good once %s is proven again.", old,
           new);
}

// --- refusals ---

// What has to come before it; for an end that nobody has to wait for, how things stand.
static const char *remedy_of(const struct view *v) {
  if (v->state->phase == PHASE_PUBLISHING || v->state->phase == PHASE_RETIRING)
    return "run";
  if (v->state->phase != PHASE_GRACE)
    return "status";
  if (v->state->hold.on)
    return "resume";
  return v->sink_lost ? "repair" : "run";
}

static int refuse(const struct ending *n, const struct error *e, const char *command) {
  char next[700];
  enum working working = view_working(&n->observed.view);
  int status = working == WORKING_NO ? EXIT_PAGE : EXIT_PERSON;
  report_next(n->app, command, n->managed->target.name, next, sizeof next);
  struct trouble t = {.target = n->managed->target.name,
                      .working = working,
                      .verdict = &n->managed->seen.verdict,
                      .step = "retire",
                      .error = e,
                      .hint = "nothing was changed",
                      .next = next};
  report_trouble(n->app, &t);
  cJSON *o = answer_target(n->app, n->managed->target.name);
  if (o) {
    answer_add_consumers(o, n->managed);
    answer_add_error(o, e);
    answer_add_end(o, status, next);
  }
  return status;
}

// --- the wish ---

// What follows after it (a rotation that was asked for meanwhile) is another run's. Where no state
// was read, nothing is known of the old key.
static bool is_gone(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct ending *n = ctx;
  const char *old = n->observed.state.slots[SLOT_PREVIOUS].key_id;
  (void)t;
  return r->phase == PHASE_RETIRING ||
         (r->phase != PHASE_COUNT && strcmp(r->previous_id, old) != 0);
}

static int advance(struct ending *n) {
  struct advance how = {
      .app = n->app, .patience_s = n->app->cli.patience_s, .done = is_gone, .done_ctx = n};
  return advance_and_report(n->app, &how, true);
}

static int ask(struct ending *n) {
  struct app *a = n->app;
  struct managed *m = n->managed;
  char question[300];
  struct error e = {0};
  struct wish w;
  const char *reason = transition_keeps_previous(&n->observed.view);
  if (reason) {
    error_set(&e, ERR_REFUSED, "%s", reason);
    return refuse(n, &e, remedy_of(&n->observed.view));
  }
  say_who(n, question, sizeof question);
  if (!confirm(a, "retire", question))
    return EXIT_USAGE;
  if (is_busy(m, a->env)) {
    error_set(&e, ERR_BUSY, "another run works on this target now");
    return report_failure(a, m, "retire", &e);
  }
  wish_fill(&w, a, a->cli.reason);
  enum err err = wish_retire(&m->target, &n->observed.io, &w, &e);
  if (err == ERR_REFUSED)
    return refuse(n, &e, remedy_of(&n->observed.view));
  if (err != ERR_OK)
    return report_failure(a, m, "retire", &e);
  history_command(m, "retire", n->observed.state.slots[SLOT_PREVIOUS].key_id, a->cli.reason);
  return advance(n);
}

int command_retire(struct app *a) {
  struct ending n = {.app = a};
  struct error e = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  n.managed = a->selected[0];
  if (observe(n.managed, OBSERVE_AT_IAM, &n.observed, &e) != ERR_OK)
    return report_failure(a, n.managed, "retire", &e);
  int status;
  if (n.observed.view.state && n.observed.view.home == HOME_OK) {
    status = ask(&n);
  } else {
    if (n.observed.error.kind == ERR_OK)
      error_set(&n.observed.error, ERR_MISSING, "the target has no state yet");
    status = report_failure(a, n.managed, "retire", &n.observed.error);
  }
  observed_clear(&n.observed);
  return status;
}
