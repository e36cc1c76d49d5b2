// init: what a person would do by hand with the ibmcloud CLI, then the engine with target.init set.
// Each part is found before it is made, so that running it again is right: the service ID, Sender
// on the instance, and the first key (or the key that is there already, which is adopted).
//
// Everything is read first, the sinks too, and nothing is made unless the engine would begin:
// with a misspelt name and a key file that is there, a service ID would be made that nobody wants.
// A dry run ends here, and its plan is what would be done.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/commands/init_cloud.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/waiting.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

#define INIT_PATIENCE_S 60
#define INIT_LIMIT_S 600
#define READ_AGAIN_MS 2000

// --- looking before anything is made ---

struct survey {
  struct init_cloud cloud;
  struct observed observed;
  struct sink_view sinks[STATE_SINKS_MAX]; // observed's, when there is no identity yet
  char note[1000];
};

static struct sink_view judge_sink(const struct engine_sink *sink, enum err err) {
  struct sink_view v = {.name = sink->name, .class = sink->item->class, .value = SINK_REFUSED};
  v.verdict.cause = CAUSE_unreadable;
  if (err == ERR_OK) {
    v.value = SINK_UNJUDGED;
    v.verdict.cause = CAUSE_unproven;
  } else if (err == ERR_MISSING) {
    v.value = SINK_EMPTY;
    v.verdict = (struct verdict){.kind = VERDICT_NOT_WORKING, .cause = CAUSE_empty};
  } else if (err_is_passing(err)) {
    v.value = SINK_SILENT;
    v.verdict.cause = CAUSE_silent;
  }
  return v;
}

// No identity, hence no state and no key of its own: the sinks alone decide.
static enum err observe_sinks(struct managed *m, struct survey *s, struct error *e) {
  struct observed *l = &s->observed;
  struct store_record record = {0};
  struct store_version version;
  enum err err = compose_open_sinks(m, e);
  if (err != ERR_OK)
    return err;
  l->view = (struct view){.now_s = env_wall_ms(compose_env(m->compose)) / 1000,
                          .home = HOME_ABSENT,
                          .policy = &m->target.policy,
                          .sinks = s->sinks,
                          .n_sinks = m->target.n_sinks,
                          .sinks_agree = true,
                          .iam_asked = true,
                          .iam_answered = true,
                          .command_init = true};
  for (size_t i = 0; i < m->target.n_sinks; i++) {
    const struct engine_sink *sink = &m->target.sinks[i];
    err = store_read(sink->item, &record, &version, e);
    if (err != ERR_OK && err != ERR_MISSING)
      l->error = *e;
    s->sinks[i] = judge_sink(sink, err);
    store_record_clear(&record);
  }
  decide(&l->view, &l->action);
  return ERR_OK;
}

static enum err observe_once(struct managed *m, struct survey *s, struct error *e) {
  s->observed = (struct observed){0};
  if (s->cloud.make_id)
    return observe_sinks(m, s, e);
  enum err err = compose_bind_to(m, s->cloud.id.iam_id, e);
  return err == ERR_OK ? observe(m, OBSERVE_AT_IAM, &s->observed, e) : err;
}

// Would the engine begin, or go on with what it began?
static bool is_clear(const struct observed *l) {
  return l->view.state || l->action.kind == ACT_CAS;
}

// Did something give no answer that may give one in a moment?
static bool may_pass(const struct observed *l) {
  struct tick_result r = tick_result(&l->view, &l->action, &l->error);
  return l->action.kind == ACT_WAIT && !outcome_is_for_person(&r);
}

// A store or IAM that gives no answer is asked again within the patience.
static enum err survey(struct app *a, struct managed *m, struct survey *s, struct error *e) {
  int64_t patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : INIT_PATIENCE_S;
  int64_t end_ms = env_mono_ms(a->env) + patience_s * 1000;
  m->target.init = true;
  enum err err = init_cloud_find(m, &s->cloud, e);
  while (err == ERR_OK) {
    err = observe_once(m, s, e);
    if (err != ERR_OK || is_clear(&s->observed) || !may_pass(&s->observed) || a->cli.dry_run ||
        env_mono_ms(a->env) >= end_ms)
      break;
    waiting_for(m->target.name, why_words(s->observed.action.why)->text);
    observed_clear(&s->observed);
    err = env_sleep_ms(a->env, READ_AGAIN_MS);
    if (err != ERR_OK)
      error_set(e, err, "stopped while waiting for an answer");
  }
  waiting_for(m->target.name, NULL);
  return err;
}

// Says whose keys are in the sinks. True: they are active, so nobody is to be woken up.
static bool name_keys(struct managed *m, struct survey *s, struct tick_result *r) {
  struct verdict v;
  bool active = init_cloud_name_keys(m, s->cloud.iam, s->note, sizeof s->note, &v);
  if (r->verdict.kind != VERDICT_NOT_WORKING && v.key_id[0])
    r->verdict = v;
  r->working = verdict_working(&r->verdict);
  size_t n = strlen(s->note);
  snprintf(s->note + n, sizeof s->note - n,
           "%snothing was made. Correct %s '%s' (%s:%d), or take the value out of the sink",
           n ? "; " : "", m->config->user ? "user" : "service_id",
           m->config->user ? m->config->user : m->config->service_id, m->config->file,
           m->config->line);
  if (s->cloud.make_id || v.key_id[0])
    m->seen.next = "init --dry-run";
  return active;
}

// Something is in the way, and nothing was made.
static int stop(struct app *a, struct managed *m, struct survey *s) {
  const struct action *act = &s->observed.action;
  struct tick_result r = tick_result(&s->observed.view, act, &s->observed.error);
  struct outcome o;
  bool calm = false;
  text_copy(s->note, sizeof s->note, "nothing was made");
  if (act->why == WHY_value_not_ours || act->why == WHY_sinks_disagree)
    calm = name_keys(m, s, &r);
  m->seen.note = s->note;
  if (act->sink < m->target.n_sinks)
    text_copy(m->seen.sink, sizeof m->seen.sink, m->target.sinks[act->sink].name);
  outcome_of(&r, GOAL_MISSED, 0, 0, 0, &o);
  if (calm && o.exit == EXIT_PAGE)
    o.exit = EXIT_PERSON;
  report_result(a, m, &r, &o);
  return o.exit;
}

// Before anything is made: a store that would not take the key leaves one that nobody has. Only
// what is definite counts. Once there is a state, the engine knows better. (Before there is an
// identity, the home is not open.)
static bool store_refuses(struct store_item *item, enum why why, size_t sink, struct survey *s) {
  struct error e = {0};
  enum err err = item ? store_check(item, &e) : ERR_OK;
  if (err == ERR_OK || err_is_passing(err))
    return false;
  s->observed.action =
      (struct action){.row = ROW_unreadable, .kind = ACT_ATTENTION, .why = why, .sink = sink};
  s->observed.error = e;
  return true;
}

static bool stores_refuse(struct managed *m, struct survey *s) {
  bool refuses = !s->observed.view.state && store_refuses(m->target.home, WHY_home_silent, 0, s);
  for (size_t i = 0; !s->observed.view.state && !refuses && i < m->target.n_sinks; i++)
    refuses = store_refuses(m->target.sinks[i].item, WHY_sink_refused, i, s);
  return refuses;
}

// The steps that come before the engine's own.
static int dry_run(struct app *a, struct managed *m, const struct survey *s) {
  struct plan_step steps[2];
  size_t n = 0;
  if (s->cloud.make_id) {
    steps[n].row = "service-id";
    snprintf(steps[n].text, sizeof steps[n].text, "making service ID %s", m->config->service_id);
    snprintf(steps[n++].request, sizeof steps[n].request, "POST %s/v1/serviceids",
             m->config->iam_url);
  }
  if (s->cloud.grant) {
    steps[n].row = "sender";
    snprintf(steps[n].text, sizeof steps[n].text, "granting Sender on %s", m->config->guid);
    snprintf(steps[n++].request, sizeof steps[n].request, "POST %s/v2/policies",
             m->config->iam_url);
  }
  return plan_observed(a, m, &s->observed, steps, n);
}

// --- the first key ---

struct ending {
  struct env *env;
  int64_t deadline_ms;
  int64_t refusals_ms; // how long the instance may refuse the key's logs
  int64_t refused_ms;  // its first refusal; 0: none
};

static bool has_key(const struct tick_result *r) {
  return r->current_id[0] && (r->phase == PHASE_IDLE || r->phase == PHASE_GRACE);
}

// The instance takes no log of the key. A policy that was made just now confers in a while; where
// none could be made, only a person can.
static bool lacks_sender(struct ending *end, const struct managed *m, const struct tick_result *r) {
  bool refused = r->error.status == 401 || r->error.status == 403;
  int64_t now = env_mono_ms(end->env);
  if (!refused || !way_out_is_of_proof(m, r->row))
    return false;
  if (end->refused_ms == 0)
    end->refused_ms = now > 0 ? now : 1;
  return now - end->refused_ms >= end->refusals_ms;
}

static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  struct ending *end = ctx;
  return has_key(r) || env_mono_ms(end->env) >= end->deadline_ms ||
         lacks_sender(end, managed_of(t), r);
}

static bool is_reached(void *ctx, const struct target *t, const struct tick_result *r) {
  (void)ctx;
  (void)t;
  return has_key(r);
}

static void say_result(struct managed *m, const struct tick_result *r) {
  char age[32], since[32];
  if (!has_key(r))
    return;
  if (m->memory.adopted)
    out_line("%s: adopted %s, which was in the sinks already; it was not rotated", m->target.name,
             r->current_id);
  else if (!m->seen.acted)
    out_line("%s: set up already, current key %s", m->target.name, r->current_id);
  if (m->seen.current_since_s > 0) {
    age_text(age, sizeof age,
             env_wall_ms(compose_env(m->compose)) / 1000 - m->seen.current_since_s);
    time_text(since, sizeof since, m->seen.due_s);
    out_line("%s: the key is %s old and due %s", m->target.name, age, since);
  }
}

static int make_first_key(struct app *a, struct managed *m, int64_t policy_may_take_s) {
  int64_t apart_s = m->target.policy.absence_apart_s;
  struct ending end = {.env = a->env,
                       .deadline_ms = env_mono_ms(a->env) + INIT_LIMIT_S * 1000,
                       .refusals_ms =
                           1000 * (policy_may_take_s > apart_s ? policy_may_take_s : apart_s)};
  struct advance how = {.app = a,
                        .patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : INIT_PATIENCE_S,
                        .done = is_done,
                        .done_ctx = &end};
  struct tick_result r;
  struct outcome o;
  struct error e = {0};
  m->target.init = true;
  if (advance_targets(&how, &m, 1, &r, &e) != ERR_OK)
    return report_no_success(a, m, "init", &e);
  advance_finish(m, &r, is_reached(NULL, &m->target, &r) ? GOAL_REACHED : GOAL_MISSED, &o);
  say_done(m, &r);
  say_result(m, &r);
  report_result(a, m, &r, &o);
  return o.exit;
}

static enum err make_cloud(struct app *a, struct managed *m, struct survey *s, struct error *e) {
  enum err err = compose_make_state_dir(a->compose, e);
  if (err == ERR_OK && s->cloud.make_id) {
    err = init_cloud_make_id(a, m, &s->cloud, e);
    if (err == ERR_OK)
      err = compose_bind_to(m, s->cloud.id.iam_id, e);
  }
  if (err == ERR_OK && s->cloud.grant)
    err = init_cloud_grant(a, m, &s->cloud, e);
  return err;
}

// Once: when there is nothing yet that a run would go on from.
static void warn_of_user(const struct managed *m, const struct survey *s) {
  char words[IDENTITY_WORDS_MAX];
  if (!m->config->user || s->observed.view.state)
    return;
  identity_words(m, words);
  log_line(LOG_LEVEL_WARN, m->target.name, "init",
           "the key will be one of %s: whoever reads it can do all that this user can, not only "
           "send logs, and it dies when the user leaves the account. A logging agent should have "
           "the key of a service ID; IBM allows a user's for tests only",
           words);
}

static int init_target(struct app *a, struct managed *m, struct survey *s) {
  struct error e = {0};
  enum err err = survey(a, m, s, &e);
  if (err == ERR_OK && (err = check_twin(m, &e)) != ERR_OK)
    m->seen.next = "check";
  if (err != ERR_OK)
    return report_no_success(a, m, "init", &e);
  if (!is_clear(&s->observed) || stores_refuse(m, s))
    return stop(a, m, s);
  warn_of_user(m, s);
  if (a->cli.dry_run)
    return dry_run(a, m, s);
  err = make_cloud(a, m, s, &e);
  return err == ERR_OK ? make_first_key(a, m, s->cloud.policy_may_take_s)
                       : report_no_success(a, m, "init", &e);
}

int command_init(struct app *a) {
  struct survey s = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  struct managed *m = a->selected[0];
  if (a->cli.print_policy)
    return print_policy(a, m, m->target.name);
  int status = init_target(a, m, &s);
  m->seen.note = NULL; // it points into s
  observed_clear(&s.observed);
  return status;
}
