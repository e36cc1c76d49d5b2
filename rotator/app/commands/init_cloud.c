// An answer to "create a service ID" that got lost must not make a twin: its description bears a
// mark made of account, name and instance, and before each further try the list is read again.
#include "rotator/app/commands/init_cloud.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

#define CREATE_TRIES 3
#define LIST_LAG_MS 3000  // lists may lag behind a create
#define POLICY_WAIT_S 300 // as Terraform waits
#define POLICY_POLL_MS 2000

static void describe(const struct bound *b, char *dst, size_t cap) {
  char hash[TEXT_SHA256_HEX], text[600];
  int n = snprintf(text, sizeof text, "%s %s %s", b->config->account, b->config->service_id,
                   b->config->guid);
  text_sha256_hex(hash, text, n > 0 ? strlen(text) : 0);
  snprintf(dst, cap, "Sends logs to Cloud Logs; key rotated by rotator [rotator i=%.8s]", hash);
}

static enum err look_up(struct bound *b, struct iam *iam, struct iam_service_id *ret,
                        struct error *e) {
  size_t n = 0;
  enum err err =
      iam->ops->find_service_id(iam, b->config->account, b->config->service_id, ret, &n, e);
  if (err == ERR_OK && n > 1)
    return error_set(e, ERR_INVALID,
                     "%zu service IDs are named '%s', one of them %s: write the id instead of the "
                     "name (%s:%d)",
                     n, b->config->service_id, ret->id, b->config->file, b->config->line);
  return err;
}

static enum err make(struct app *a, struct bound *b, struct iam *iam, struct iam_service_id *ret,
                     struct error *e) {
  char description[IAM_DESC_MAX];
  enum err err = ERR_INTERNAL;
  describe(b, description, sizeof description);
  for (int i = 0; i < CREATE_TRIES; i++) {
    err = iam->ops->create_service_id(iam, b->config->account, b->config->service_id, description,
                                      ret, e);
    if (err != ERR_UNSURE && err != ERR_CORRUPT)
      return err;
    struct error why = *e;
    if (env_sleep_ms(a->env, LIST_LAG_MS) != ERR_OK)
      return err;
    enum err seen = look_up(b, iam, ret, e);
    if (seen != ERR_MISSING)
      return seen;
    *e = why;
  }
  return err;
}

static enum err service_id(struct app *a, struct bound *b, struct iam *iam, struct error *e) {
  struct iam_service_id id = {0};
  enum err err = look_up(b, iam, &id, e);
  bool by_name = !text_starts(b->config->service_id, "ServiceId-");
  if (err == ERR_MISSING && by_name) {
    err = make(a, b, iam, &id, e);
    if (err == ERR_OK) {
      out_line("%s: made service ID %s (%s)", b->target.name, b->config->service_id, id.id);
      history_command(b, "init", "made the service ID", id.id);
    }
  }
  if (err != ERR_OK) {
    error_wrap(e, "service ID '%s'", b->config->service_id);
    return err;
  }
  if (id.account[0] && strcmp(id.account, b->config->account) != 0)
    return error_set(e, ERR_REFUSED, "service ID '%s' is of account %s, the instance of account %s",
                     b->config->service_id, id.account, b->config->account);
  return compose_bind_to(b, id.iam_id, e);
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

static void warn_no_sender(struct bound *b, const struct error *e) {
  log_line(LOG_LEVEL_WARN, b->target.name, "init",
           "Sender on the instance is not seen and could not be granted (%s); going on, since it "
           "may come from an access group. If the proof fails: ibmcloud iam service-policy-create "
           "%s --service-name logs --roles Sender --service-instance %s",
           e->text, b->config->service_id, b->config->guid);
}

static enum err sender(struct app *a, struct bound *b, struct iam *iam, struct error *e) {
  struct iam_policy p = {0};
  const struct target *t = &b->target;
  enum err err = iam->ops->find_sender(iam, t->account, t->iam_id, t->instance, &p, e);
  if (err == ERR_OK)
    return ERR_OK;
  if (err != ERR_MISSING && err != ERR_DENIED)
    return err;
  p = (struct iam_policy){0};
  err = iam->ops->grant_sender(iam, t->account, t->iam_id, t->instance, &p, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    warn_no_sender(b, e);
    return ERR_OK;
  }
  if (err != ERR_OK)
    return err;
  out_line("%s: granted Sender on instance %s (policy %s)", t->name, t->instance, p.id);
  history_command(b, "init", "granted Sender on the instance", p.id);
  err = wait_for_policy(a, iam, p.id, e);
  return err == ERR_DENIED ? ERR_OK : err;
}

enum err init_cloud(struct app *a, struct bound *b, struct error *e) {
  struct iam_token me = {0};
  struct iam *iam = compose_iam(b, 0, e);
  if (!iam)
    return ERR_INTERNAL;
  enum err err = compose_make_state_dir(a->compose, e);
  if (err == ERR_OK)
    err = iam->ops->whoami(iam, &me, e);
  if (err == ERR_OK && me.account[0] && strcmp(me.account, b->config->account) != 0)
    err = error_set(e, ERR_REFUSED,
                    "the management identity is of account %s, the instance of account %s",
                    me.account, b->config->account);
  iam_token_clear(&me);
  if (err == ERR_OK)
    err = service_id(a, b, iam, e);
  return err == ERR_OK ? sender(a, b, iam, e) : err;
}
