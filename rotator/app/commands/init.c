// init: what a person would do by hand with the ibmcloud CLI, then the engine with target.init set.
// Each part is found before it is made, so that running it again is right: the service ID, Sender
// on the instance, and the first key (or the key that is there already, which is adopted).
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/commands/init_cloud.h"
#include "rotator/app/commands/plan.h"
#include "rotator/app/commands/policy_text.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"

#define INIT_PATIENCE_S 60
#define INIT_LIMIT_S 600 // a new policy may take minutes until it confers anything

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

static void say_result(const struct bound *b, const struct tick_result *r) {
  char age[32], since[32];
  const struct memory *m = &b->memory;
  if (!has_key(r))
    return;
  if (m->adopted)
    out_line("%s: adopted %s, which was in the sinks already; it was not rotated", b->target.name,
             r->current_id);
  else if (!b->told.acted)
    out_line("%s: set up already, current key %s", b->target.name, r->current_id);
  struct look l;
  if (look_at((struct bound *)(uintptr_t)b, LOOK_OFFLINE, &l, NULL) != ERR_OK)
    return;
  if (l.view.state && l.state.slots[SLOT_CURRENT].since_s > 0) {
    age_text(age, sizeof age, l.view.now_s - l.state.slots[SLOT_CURRENT].since_s);
    time_text(since, sizeof since, l.view.due_s);
    out_line("%s: the key is %s old and due %s", b->target.name, age, since);
  }
  look_clear(&l);
}

static int drive_init(struct app *a, struct bound *b) {
  struct ending end = {.env = a->env, .deadline_ms = env_mono_ms(a->env) + INIT_LIMIT_S * 1000};
  struct drive d = {.app = a,
                    .patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : INIT_PATIENCE_S,
                    .done = is_done,
                    .done_ctx = &end};
  struct tick_result r;
  struct outcome o;
  struct error e = {0};
  b->target.init = true;
  if (drive_run(&d, &b, 1, &r, &e) != ERR_OK)
    return report_failure(a, b, "init", &e);
  drive_finish(b, &r, is_reached(NULL, &b->target, &r) ? GOAL_REACHED : GOAL_MISSED, &o);
  say_done(b, &r);
  say_result(b, &r);
  report_result(a, b, &r, &o);
  return o.exit;
}

static int dry_run(struct app *a, struct bound *b) {
  struct error e = {0};
  enum err err = compose_bind(b, 0, IDENTITY_REMEMBERED, &e);
  if (err == ERR_OK)
    return plan_all(a, true);
  if (err != ERR_MISSING)
    return report_failure(a, b, "init", &e);
  cJSON *o = answer_target(a, b->target.name);
  out_line("%s: these steps would follow:", b->target.name);
  out_line("  service-id making service ID %s\n               POST %s/v1/serviceids",
           b->config->service_id, b->config->iam_url);
  out_line("  sender     granting Sender on %s\n               POST %s/v2/policies",
           b->config->guid, b->config->iam_url);
  plan_way(b, ROW_first, o ? cJSON_AddArrayToObject(o, "plan") : NULL);
  return EXIT_FINE;
}

int command_init(struct app *a) {
  struct error e = {0};
  if (a->n_selected == 0)
    return EXIT_FINE;
  struct bound *b = a->selected[0];
  if (a->cli.print_policy)
    return policy_print(a, b);
  if (a->cli.dry_run)
    return dry_run(a, b);
  enum err err = init_cloud(a, b, &e);
  if (err != ERR_OK)
    return report_failure(a, b, "init", &e);
  return drive_init(a, b);
}
