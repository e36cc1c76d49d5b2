// An answer to "create a service ID" that got lost must not make a twin: its description bears a
// mark made of account, name and instance, and before each further try the list is read again.
#include "rotator/app/commands/init_cloud.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/identity.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/waiting.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

#define CREATE_TRIES 3
#define LIST_LAG_MS 3000  // lists may lag behind a create
#define POLICY_WAIT_S 300 // as Terraform waits
#define POLICY_POLL_MS 2000
#define CONFERS_WITHIN_S 600 // a new policy may take minutes until it confers anything
#define DOUBTFUL_S 15        // … and this one perhaps never will

// --- finding ---

static enum err check_account(const char *whose, const char *account, const struct managed *m,
                              struct error *e) {
  if (!account[0] || strcmp(account, m->config->account) == 0)
    return ERR_OK;
  return error_set(e, ERR_REFUSED, "%s is of account %s, the instance of account %s", whose,
                   account, m->config->account);
}

static enum err find_service_id(struct managed *m, struct init_cloud *c, struct error *e) {
  char whose[IAM_NAME_MAX + 32];
  const char *name = m->config->service_id;
  enum err err = identity_look_up(m, c->iam, &c->id, e);
  if (err == ERR_MISSING && !text_starts(name, "ServiceId-")) {
    c->make_id = true;
    return ERR_OK;
  }
  if (err != ERR_OK) {
    error_wrap(e, "service ID '%s'", name);
    return err;
  }
  snprintf(whose, sizeof whose, "service ID '%s'", name);
  return check_account(whose, c->id.account, m, e);
}

// What is left of the time in which a policy may not confer yet.
static int64_t left_of(const struct init_cloud *c, const struct iam_policy *p) {
  int64_t now_s = c->iam->ops->server_time_s(c->iam);
  if (p->changed_s < 0 || now_s < p->changed_s)
    return CONFERS_WITHIN_S;
  int64_t age_s = now_s - p->changed_s;
  return age_s < CONFERS_WITHIN_S ? CONFERS_WITHIN_S - age_s : 0;
}

// The rotator's own key: its identity is there, and the credential is a key of it.
static enum err find_own(struct managed *m, const struct iam_token *me, struct init_cloud *c,
                         struct error *e) {
  if (c->make_id)
    return error_set(e, ERR_INVALID,
                     "%s:%d: own_key: there is no service ID '%s'; the management key is one of %s",
                     m->config->file, m->config->line, m->config->service_id, me->iam_id);
  if (strcmp(me->iam_id, c->id.iam_id) == 0)
    return ERR_OK;
  return error_set(e, ERR_INVALID,
                   "%s:%d: own_key: the management key is one of %s, and service_id '%s' is %s: "
                   "name the identity whose key management reads",
                   m->config->file, m->config->line, me->iam_id, m->config->service_id,
                   c->id.iam_id);
}

static enum err find_sender(struct managed *m, struct init_cloud *c, struct error *e) {
  struct iam_policy p = {0};
  c->grant = true;
  if (c->make_id)
    return ERR_OK;
  enum err err =
      c->iam->ops->find_sender(c->iam, m->config->account, c->id.iam_id, m->config->guid, &p, e);
  c->grant = err != ERR_OK;
  c->policy_may_take_s = c->grant ? 0 : left_of(c, &p);
  return err == ERR_MISSING || err == ERR_DENIED ? ERR_OK : err;
}

enum err init_cloud_find(struct managed *m, struct init_cloud *ret, struct error *e) {
  struct iam_token me = {0};
  struct init_cloud c = {.iam = compose_iam(m, 0, e)};
  if (!c.iam)
    return ERR_INTERNAL;
  enum err err = c.iam->ops->whoami(c.iam, &me, e);
  if (err == ERR_OK)
    err = check_account("the management identity", me.account, m, e);
  text_copy(c.granter, sizeof c.granter, me.iam_id);
  if (err == ERR_OK)
    err = m->config->user ? identity_is_me(m, &me, c.id.iam_id, e) : find_service_id(m, &c, e);
  if (err == ERR_OK && m->config->own_key)
    err = find_own(m, &me, &c, e);
  else if (err == ERR_OK)
    err = find_sender(m, &c, e);
  iam_token_clear(&me);
  *ret = c;
  return err;
}

// --- making ---

static void describe_service_id(const struct managed *m, char *dst, size_t cap) {
  char hash[TEXT_SHA256_HEX], text[600];
  int n = snprintf(text, sizeof text, "%s %s %s", m->config->account, m->config->service_id,
                   m->config->guid);
  text_sha256_hex(hash, text, n > 0 ? strlen(text) : 0);
  snprintf(dst, cap, "Sends logs to Cloud Logs; key rotated by rotator [rotator i=%.8s]", hash);
}

static enum err create(struct app *a, struct managed *m, struct iam *iam,
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
    enum err seen = identity_look_up(m, iam, ret, e);
    if (seen != ERR_MISSING)
      return seen;
    *e = why;
  }
  return err;
}

enum err init_cloud_make_id(struct app *a, struct managed *m, struct init_cloud *c,
                            struct error *e) {
  const char *name = m->config->service_id;
  enum err err = create(a, m, c->iam, &c->id, e);
  if (err != ERR_OK) {
    error_wrap(e, "service ID '%s'", name);
    return err;
  }
  out_line("%s: made service ID %s (%s)", m->target.name, name, c->id.id);
  history_command(m, "init", "made the service ID", c->id.id);
  return check_account("the service ID that was made", c->id.account, m, e);
}

// A policy that was made can be read, and confers, after seconds to minutes.
static enum err poll_policy(struct app *a, struct iam *iam, const char *id, struct error *e) {
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

static enum err wait_for_policy(struct app *a, const struct managed *m, struct iam *iam,
                                const char *id, struct error *e) {
  waiting_for(m->target.name, "the policy that was made is not seen yet");
  enum err err = poll_policy(a, iam, id, e);
  waiting_for(m->target.name, NULL);
  return err;
}

static void warn_no_sender(struct managed *m, const struct error *e) {
  char command[IDENTITY_COMMAND_MAX];
  identity_grant_command(m, command, sizeof command);
  log_line(LOG_LEVEL_WARN, m->target.name, "init",
           "Sender on the instance is not seen and could not be granted (%s); going on, since it "
           "may come from an access group. If the proof fails, somebody who may has to run: %s",
           e->text, command);
}

// A role confers only what its granter has. A service ID or a trusted profile mostly has its rights
// by policies of its own, and they are seen; whoever has Sender by an access group may have to
// begin a second time.
static bool may_confer(const struct managed *m, const struct init_cloud *c) {
  struct iam_policy p = {0};
  bool own = text_starts(c->granter, "iam-ServiceId-") || text_starts(c->granter, "iam-Profile-");
  return !own || c->iam->ops->find_sender(c->iam, m->config->account, c->granter, m->config->guid,
                                          &p, NULL) != ERR_MISSING;
}

enum err init_cloud_grant(struct app *a, struct managed *m, struct init_cloud *c, struct error *e) {
  struct iam_policy p = {0};
  const struct target *t = &m->target;
  enum err err = c->iam->ops->grant_sender(c->iam, t->account, t->iam_id, t->instance, &p, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    warn_no_sender(m, e);
    c->policy_may_take_s = 0;
    return ERR_OK;
  }
  if (err != ERR_OK)
    return err;
  out_line("%s: granted Sender on instance %s (policy %s)", t->name, t->instance, p.id);
  history_command(m, "init", "granted Sender on the instance", p.id);
  c->policy_may_take_s = may_confer(m, c) ? CONFERS_WITHIN_S : DOUBTFUL_S;
  err = wait_for_policy(a, m, c->iam, p.id, e);
  return err == ERR_DENIED ? ERR_OK : err;
}

// --- whose key it is ---

static const char *fate(const struct iam_key *k) {
  return k->disabled ? "a disabled key" : k->expired ? "an expired key" : "an active key";
}

static void name_owner(struct managed *m, struct iam *iam, const struct iam_key *k, char *dst,
                       size_t cap) {
  struct iam_service_id owner = {0};
  size_t n = 0;
  const char *id = text_starts(k->iam_id, "iam-ServiceId-") ? k->iam_id + 4 : "";
  if (id[0] && iam->ops->find_service_id(iam, m->config->account, id, &owner, &n, NULL) == ERR_OK)
    snprintf(dst, cap, "service ID '%s' (%s)", owner.name, id);
  else
    snprintf(dst, cap, "%s", k->iam_id);
}

// One sink. True: an active key.
static bool name_key(struct managed *m, struct iam *iam, size_t i, struct iam_key *ret,
                     struct text_buf *b) {
  struct store_item *item = m->target.sinks[i].item;
  struct store_record record = {0};
  struct store_version version;
  char owner[IAM_NAME_MAX + 80];
  if (store_read(item, &record, &version, NULL) != ERR_OK)
    return false;
  const char *between = b->len ? "; " : "";
  bool found = iam->ops->find_by_value(iam, record.value, ret, NULL) == ERR_OK;
  store_record_clear(&record);
  if (!found) {
    text_buf_add(b, "%s%s holds a value that IAM knows no key for", between, item->place);
    return false;
  }
  name_owner(m, iam, ret, owner, sizeof owner);
  text_buf_add(b, "%s%s holds %s '%s', %s of %s", between, item->place, ret->id, ret->name,
               fate(ret), owner);
  return !ret->disabled && !ret->expired;
}

static struct verdict verdict_of(const struct iam_key *k) {
  struct verdict v = {.kind = VERDICT_NOT_KNOWN, .cause = CAUSE_unproven};
  if (k->disabled || k->expired) {
    v.kind = VERDICT_NOT_WORKING;
    v.cause = k->disabled ? CAUSE_disabled : CAUSE_expired;
  }
  text_copy(v.key_id, sizeof v.key_id, k->id);
  return v;
}

bool init_cloud_name_keys(struct managed *m, struct iam *iam, char *text, size_t cap,
                          struct verdict *ret) {
  struct text_buf b = TEXT_BUF(4096);
  struct verdict worst = {.kind = VERDICT_NOT_KNOWN, .cause = CAUSE_unproven};
  bool active = m->target.n_sinks > 0;
  for (size_t i = 0; i < m->target.n_sinks; i++) {
    struct iam_key k = {0};
    active = name_key(m, iam, i, &k, &b) && active;
    if (k.id[0] && worst.kind != VERDICT_NOT_WORKING)
      worst = verdict_of(&k);
    iam_key_clear(&k);
  }
  text_copy(text, cap, text_buf_str(&b));
  text_buf_free(&b);
  *ret = worst;
  return active;
}
