// How a target stands, in every command the same: what was seen of consumers, and what a run would
// answer to it.
#include "rotator/app/commands/stand.h"

#include <string.h>

#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text.h"

#define STATE_DIR_WELL_MS 1000

// --- observing ---

// Without a state, and with nothing in the sinks, a run does not help. Whether the target was ever
// set up only IAM can tell; `init` asks it, and where it was, names what brings the state back.
static void judge_offline(const struct managed *m, struct observed *l) {
  if (l->action.kind == ACT_LOOK && m->seen.no_state && m->seen.verdict.cause == CAUSE_empty)
    l->action.why = WHY_no_state;
}

static enum err read_once(struct managed *m, enum observe how, struct observed *l) {
  state_clear(&l->state);
  bool verify = how == OBSERVE_VERIFY || how == OBSERVE_ARRIVAL;
  enum err err =
      verify
          ? tick_verify(&m->target, &l->io, how == OBSERVE_ARRIVAL, &l->state, &l->view, &l->error)
          : tick_observe(&m->target, &l->io, how == OBSERVE_AT_IAM, &l->state, &l->view, &l->error);
  if (err != ERR_OK)
    return err;
  decide(&l->view, &l->action);
  advance_saw(m, &l->view);
  if (how == OBSERVE_OFFLINE)
    judge_offline(m, l);
  text_copy(m->seen.key_id, sizeof m->seen.key_id, l->action.key_id);
  return ERR_OK;
}

enum err observe(struct managed *m, enum observe how, struct observed *ret, struct error *e) {
  struct observed l = {0};
  enum err err =
      compose_bind(m, 0, how == OBSERVE_OFFLINE ? IDENTITY_OFFLINE : IDENTITY_REMEMBERED, e);
  if (err != ERR_OK)
    return err;
  if (!compose_io(NULL, 0, &m->target, &l.io, e))
    return ERR_INTERNAL;
  err = read_once(m, how, &l);
  if (err == ERR_OK && how == OBSERVE_AS_NEEDED && l.action.kind == ACT_LOOK)
    err = read_once(m, OBSERVE_AT_IAM, &l);
  if (err != ERR_OK && e)
    *e = l.error;
  if (err != ERR_OK)
    state_clear(&l.state);
  else
    *ret = l;
  if (err == ERR_OK && l.view.iam_asked)
    advance_keep_evidence(m);
  if (err == ERR_OK && ret->view.state)
    ret->view.state = &ret->state;
  return err;
}

void observed_clear(struct observed *l) {
  state_clear(&l->state);
}

void observe_offline(struct managed *m) {
  struct observed l;
  if (!m->seen.observed && observe(m, OBSERVE_OFFLINE, &l, NULL) == ERR_OK)
    observed_clear(&l);
}

// --- what is still the matter ---

static bool still_refuses(struct store_item *item, struct error *e) {
  enum err err = store_check(item, e);
  return err != ERR_OK && !err_is_passing(err);
}

// What a write of the state would meet. Of a file of the state directory that is what one of any
// other target there would meet, and a third of the system calls that a target at rest costs: it is
// asked once for all that end within a second, unless the answer is bad.
static bool home_refuses(struct managed *m, bool called, struct error *e) {
  int64_t now_ms = env_mono_ms(compose_env(m->compose));
  int64_t *well_ms = called ? NULL : compose_state_dir_well_ms(m);
  if (well_ms && *well_ms > 0 && now_ms - *well_ms < STATE_DIR_WELL_MS)
    return false;
  enum err err = store_check(m->target.home, e);
  if (well_ms)
    *well_ms = err == ERR_OK ? now_ms : 0;
  return err != ERR_OK && !err_is_passing(err);
}

static void tell_store(struct tick_result *r, enum why why, const struct error *e) {
  r->why = why;
  r->error = *e;
  r->attention = true;
}

enum why why_of_name(const char *name) {
  int w = 0;
  while (w < WHY_COUNT && strcmp(why_name((enum why)w), name) != 0)
    w++;
  return w < WHY_COUNT ? (enum why)w : WHY_none;
}

// Does it stand before the step for which the last run called somebody: one that observing cannot
// try?
static bool is_same_step(const struct last_run *last, const struct tick_result *r) {
  return r->why == WHY_none && strcmp(last->row, row_name(r->row)) == 0 &&
         why_of_name(last->why) != WHY_none;
}

void recall_trouble(struct managed *m, struct tick_result *r) {
  struct error e = {0};
  bool called = m->last_run.exit == EXIT_PERSON || m->last_run.exit == EXIT_PAGE;
  bool quiet = (r->end == TICK_WAIT || r->end == TICK_REST) && !r->attention &&
               r->error.kind == ERR_OK && r->phase < PHASE_COUNT;
  if (!quiet || !m->bound)
    return;
  if (called && is_same_step(&m->last_run, r)) {
    r->why = why_of_name(m->last_run.why);
    r->attention = true;
    return;
  }
  // On a full disk no run could leave word of it. A local home is asked in any case: that costs no
  // request.
  if ((called || m->target.home->class == STORE_CLASS_B) && home_refuses(m, called, &e)) {
    tell_store(r, WHY_home_silent, &e);
    return;
  }
  if (!called)
    return;
  for (size_t i = 0; i < m->target.n_sinks; i++)
    if (still_refuses(m->target.sinks[i].item, &e)) {
      tell_store(r, WHY_sink_refused, &e);
      text_copy(m->seen.sink, sizeof m->seen.sink, m->target.sinks[i].name);
      return;
    }
}

// --- how it stands ---

static enum working working_of(const struct managed *m) {
  return m->seen.observed ? verdict_working(&m->seen.verdict) : WORKING_UNKNOWN;
}

void say_working(const struct managed *m) {
  char text[320];
  static const enum colour colours[] = {
      [WORKING_YES] = COLOUR_GOOD, [WORKING_NO] = COLOUR_BAD, [WORKING_UNKNOWN] = COLOUR_DOUBT};
  enum working w = working_of(m);
  working_words(text, sizeof text, w, &m->seen.verdict);
  out_line("%s: %s%s%s", m->target.name, out_colour(colours[w]), text, out_colour(COLOUR_NONE));
}

void judge_observed(struct managed *m, const struct observed *l, struct tick_result *ret,
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
  advance_add_watch(m, ret_outcome);
}

int report_observed(struct app *a, struct managed *m, const struct observed *l) {
  struct tick_result r;
  struct outcome o;
  judge_observed(m, l, &r, &o);
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

int report_no_success(struct app *a, struct managed *m, const char *step, const struct error *e) {
  observe_offline(m);
  return report_failure(a, m, step, e);
}
