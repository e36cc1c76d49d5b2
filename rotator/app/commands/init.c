// init: what a person would do by hand with the ibmcloud CLI, then the engine with target.init set.
// Each part is found before it is made, so that running it again is right: the service ID, Sender
// on the instance, and the first key (or the key that is there already, which is adopted).
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

#define INIT_PATIENCE_S 60
#define INIT_LIMIT_S 600 // a new policy may take minutes until it confers anything
#define CREATE_TRIES 3
#define LIST_LAG_MS 3000  // lists may lag behind a create
#define POLICY_WAIT_S 300 // as Terraform waits
#define POLICY_POLL_MS 2000

// --- what is missing in IBM Cloud, apart from keys ---
//
// An answer to "create a service ID" that got lost must not make a twin: its description bears a
// mark made of account, name and instance, and before each further try the list is read again.

static void describe_service_id(const struct managed *m, char *dst, size_t cap) {
  char hash[TEXT_SHA256_HEX], text[600];
  int n = snprintf(text, sizeof text, "%s %s %s", m->config->account, m->config->service_id,
                   m->config->guid);
  text_sha256_hex(hash, text, n > 0 ? strlen(text) : 0);
  snprintf(dst, cap, "Sends logs to Cloud Logs; key rotated by rotator [rotator i=%.8s]", hash);
}

static enum err make_service_id(struct app *a, struct managed *m, struct iam *iam,
                                struct iam_service_id *ret, struct error *e) {
  char description[IAM_DESC_MAX];
  enum err err = ERR_INTERNAL;
  describe_service_id(m, description, sizeof description);
  for (int i = 0; i < CREATE_TRIES; i++) {
    err = iam->ops->create_service_id(iam, m->config->account, m->config->service_id, description,
                                      ret, e);
    if (err != ERR_UNSURE && err != ERR_CORRUPT)
      return err;
    struct error why = *e;
    if (env_sleep_ms(a->env, LIST_LAG_MS) != ERR_OK)
      return err;
    enum err seen = compose_look_up(m, iam, ret, e);
    if (seen != ERR_MISSING)
      return seen;
    *e = why;
  }
  return err;
}

static enum err ensure_service_id(struct app *a, struct managed *m, struct iam *iam,
                                  struct error *e) {
  struct iam_service_id id = {0};
  enum err err = compose_look_up(m, iam, &id, e);
  bool by_name = !text_starts(m->config->service_id, "ServiceId-");
  if (err == ERR_MISSING && by_name) {
    err = make_service_id(a, m, iam, &id, e);
    if (err == ERR_OK) {
      out_line("%s: made service ID %s (%s)", m->target.name, m->config->service_id, id.id);
      history_command(m, "init", "made the service ID", id.id);
    }
  }
  if (err != ERR_OK) {
    error_wrap(e, "service ID '%s'", m->config->service_id);
    return err;
  }
  if (id.account[0] && strcmp(id.account, m->config->account) != 0)
    return error_set(e, ERR_REFUSED, "service ID '%s' is of account %s, the instance of account %s",
                     m->config->service_id, id.account, m->config->account);
  return compose_bind_to(m, id.iam_id, e);
}

// A policy that was made can be read, and confers, after seconds to minutes.
static enum err wait_for_policy(struct app *a, struct iam *iam, const char *id, struct error *e) {
  int64_t wait_s = a->cli.policy_wait_s >= 0 ? a->cli.policy_wait_s : POLICY_WAIT_S;
  int64_t deadline_ms = env_mono_ms(a->env) + wait_s * 1000;
  struct iam_policy p;
  for (;;) {
    enum err err = iam->ops->get_policy(iam, id, &p, e);
    if (err == ERR_OK || (err != ERR_MISSING && !err_is_passing(err)))
      return err;
    if (env_mono_ms(a->env) >= deadline_ms)
      return ERR_OK; // the proof of the key will tell
    if (env_sleep_ms(a->env, POLICY_POLL_MS) != ERR_OK)
      return error_set(e, ERR_CANCELLED, "stopped while waiting for the policy");
  }
}

static void warn_no_sender(struct managed *m, const struct error *e) {
  log_line(LOG_LEVEL_WARN, m->target.name, "init",
           "Sender on the instance is not seen and could not be granted (%s); going on, since it "
           "may come from an access group. If the proof fails: ibmcloud iam service-policy-create "
           "%s --service-name logs --roles Sender --service-instance %s",
           e->text, m->config->service_id, m->config->guid);
}

static enum err ensure_sender(struct app *a, struct managed *m, struct iam *iam, struct error *e) {
  struct iam_policy p = {0};
  const struct target *t = &m->target;
  enum err err = iam->ops->find_sender(iam, t->account, t->iam_id, t->instance, &p, e);
  if (err == ERR_OK)
    return ERR_OK;
  if (err != ERR_MISSING && err != ERR_DENIED)
    return err;
  p = (struct iam_policy){0};
  err = iam->ops->grant_sender(iam, t->account, t->iam_id, t->instance, &p, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    warn_no_sender(m, e);
    return ERR_OK;
  }
  if (err != ERR_OK)
    return err;
  out_line("%s: granted Sender on instance %s (policy %s)", t->name, t->instance, p.id);
  history_command(m, "init", "granted Sender on the instance", p.id);
  err = wait_for_policy(a, iam, p.id, e);
  return err == ERR_DENIED ? ERR_OK : err;
}

// Finds or makes the service ID, finds or grants Sender, and binds the target. ERR_OK also when
// Sender could neither be seen nor granted (said on standard error): it may come from an access
// group, and the proof of the first key will tell.
static enum err init_cloud(struct app *a, struct managed *m, struct error *e) {
  struct iam_token me = {0};
  struct iam *iam = compose_iam(m, 0, e);
  if (!iam)
    return ERR_INTERNAL;
  enum err err = compose_make_state_dir(a->compose, e);
  if (err == ERR_OK)
    err = iam->ops->whoami(iam, &me, e);
  if (err == ERR_OK && me.account[0] && strcmp(me.account, m->config->account) != 0)
    err = error_set(e, ERR_REFUSED,
                    "the management identity is of account %s, the instance of account %s",
                    me.account, m->config->account);
  iam_token_clear(&me);
  if (err == ERR_OK)
    err = ensure_service_id(a, m, iam, e);
  return err == ERR_OK ? ensure_sender(a, m, iam, e) : err;
}

// --- the first key ---

struct ending {
  struct env *env;
  int64_t deadline_ms;
};

static bool has_key(const struct tick_result *r) {
  return r->current_id[0] && (r->phase == PHASE_IDLE || r->phase == PHASE_GRACE);
}

static bool is_done(void *ctx, const struct target *t, const struct tick_result *r) {
  const struct ending *end = ctx;
  (void)t;
  return has_key(r) || env_mono_ms(end->env) >= end->deadline_ms;
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
  struct look l;
  if (look_at(m, LOOK_OFFLINE, &l, NULL) != ERR_OK)
    return;
  if (l.view.state && l.state.slots[SLOT_CURRENT].since_s > 0) {
    age_text(age, sizeof age, l.view.now_s - l.state.slots[SLOT_CURRENT].since_s);
    time_text(since, sizeof since, l.view.due_s);
    out_line("%s: the key is %s old and due %s", m->target.name, age, since);
  }
  look_clear(&l);
}

static int make_first_key(struct app *a, struct managed *m) {
  struct ending end = {.env = a->env, .deadline_ms = env_mono_ms(a->env) + INIT_LIMIT_S * 1000};
  struct advance how = {.app = a,
                        .patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : INIT_PATIENCE_S,
                        .done = is_done,
                        .done_ctx = &end};
  struct tick_result r;
  struct outcome o;
  struct error e = {0};
  m->target.init = true;
  if (advance_targets(&how, &m, 1, &r, &e) != ERR_OK)
    return report_failure(a, m, "init", &e);
  advance_finish(m, &r, is_reached(NULL, &m->target, &r) ? GOAL_REACHED : GOAL_MISSED, &o);
  say_done(m, &r);
  say_result(m, &r);
  report_result(a, m, &r, &o);
  return o.exit;
}

static int dry_run(struct app *a, struct managed *m) {
  struct error e = {0};
  enum err err = compose_bind(m, 0, IDENTITY_REMEMBERED, &e);
  if (err == ERR_OK)
    return plan_all(a, true);
  if (err != ERR_MISSING)
    return report_failure(a, m, "init", &e);
  cJSON *o = answer_target(a, m->target.name);
  out_line("%s: these steps would follow:", m->target.name);
  out_line("  service-id making service ID %s\n               POST %s/v1/serviceids",
           m->config->service_id, m->config->iam_url);
  out_line("  sender     granting Sender on %s\n               POST %s/v2/policies",
           m->config->guid, m->config->iam_url);
  plan_way(m, ROW_first, o ? cJSON_AddArrayToObject(o, "plan") : NULL);
  return EXIT_FINE;
}

int command_init(struct app *a) {
  struct error e = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  struct managed *m = a->selected[0];
  if (a->cli.print_policy)
    return print_policy(a, m, m->target.name);
  if (a->cli.dry_run)
    return dry_run(a, m);
  enum err err = init_cloud(a, m, &e);
  if (err != ERR_OK)
    return report_failure(a, m, "init", &e);
  return make_first_key(a, m);
}
