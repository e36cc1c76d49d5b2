// check: everything that can be known beforehand, without changing anything. What cannot be known
// is said to be unknown: only the proof of a key shows that it may send.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/credential.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/report.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/base/trust.h"

#define CLOCK_WARN_S 60
#define CLOCK_FAIL_S 3600

// --- findings: one line each, and an exit status for what fails ---

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_UNKNOWN };

struct findings {
  struct app *app;
  const char *target; // NULL: of the whole
  cJSON *list;        // in the JSON answer; NULL: none
  int exit;           // the worst so far
};

static const char *const words[] = {[FINDING_OK] = "ok",
                                    [FINDING_WARN] = "warn",
                                    [FINDING_FAIL] = "FAIL",
                                    [FINDING_UNKNOWN] = "unknown"};

static void add_finding(struct findings *f, enum finding what, const char *name, const char *text) {
  char clean[1000];
  text_printable(clean, sizeof clean, text, strlen(text));
  out_line("%-7s  %s%s%-10s  %s", words[what], f->target ? f->target : "", f->target ? "  " : "",
           name, clean);
  if (!f->list)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "finding", words[what]);
  cJSON_AddStringToObject(o, "name", name);
  cJSON_AddStringToObject(o, "text", clean);
  cJSON_AddItemToArray(f->list, o);
}

// One finding. A failure counts as EXIT_PERSON.
static void find(struct findings *f, enum finding what, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void find(struct findings *f, enum finding what, const char *name, const char *fmt, ...) {
  char text[1000];
  va_list ap;
  va_start(ap, fmt);
  if (vsnprintf(text, sizeof text, fmt, ap) < 0)
    text[0] = '\0';
  va_end(ap);
  add_finding(f, what, name, text);
  if (what == FINDING_FAIL)
    f->exit = exit_worse(f->exit, EXIT_PERSON);
}

// A failure that an error describes: EXIT_AGAIN when it may pass by itself.
static void find_error(struct findings *f, const char *name, const struct error *e) {
  char said[256], text[1000];
  report_service_said(e, said, sizeof said);
  snprintf(text, sizeof text, "%s%s%s%s", e->text, said[0] ? " (" : "", said, said[0] ? ")" : "");
  add_finding(f, FINDING_FAIL, name, text);
  f->exit = exit_worse(f->exit, err_is_passing(e->kind) ? EXIT_AGAIN : EXIT_PERSON);
}

// --- of the whole ---

static void check_config(struct app *a, struct findings *f) {
  char line[800];
  size_t errors = 0;
  for (size_t i = 0; i < a->mistakes.n; i++) {
    const struct config_mistake *m = &a->mistakes.mistakes[i];
    config_mistake_format(m, line, sizeof line);
    find(f, m->warning ? FINDING_WARN : FINDING_FAIL, "config", "%s", line);
    errors += !m->warning;
  }
  if (errors == 0)
    find(f, FINDING_OK, "config", "%s: %zu target%s", a->config_path, a->config->n_targets,
         a->config->n_targets == 1 ? "" : "s");
  else
    f->exit = a->n_selected > 0 ? EXIT_PERSON : EXIT_USAGE;
}

static void check_memory(struct app *a, struct findings *f) {
  if (a->memory_locked)
    find(f, FINDING_OK, "memory", "secrets are kept in locked memory");
  else
    find(f, FINDING_WARN, "memory",
         "secrets cannot be locked into memory and may reach swap: raise the memlock limit "
         "(systemd: LimitMEMLOCK=)");
}

static void check_credential(struct app *a, struct findings *f) {
  struct error e = {0};
  struct secret *key = credential_read(&a->config->management, &e);
  if (key)
    find(f, FINDING_OK, "credential", "the management credential can be read");
  else
    find_error(f, "credential", &e);
  secret_free(key);
}

// --- of a target, on this machine ---

static void check_state(struct managed *m, struct findings *f) {
  struct look l;
  struct error e = {0};
  if (look_at(m, LOOK_OFFLINE, &l, &e) != ERR_OK) {
    find_error(f, "state", &e);
    return;
  }
  if (l.view.state)
    find(f, FINDING_OK, "state", "%s: %s, %s", m->target.home->what,
         phase_name(l.view.state->phase),
         l.state.slots[SLOT_CURRENT].key_id[0] ? l.state.slots[SLOT_CURRENT].key_id
                                               : "no current key");
  else if (l.view.home == HOME_ABSENT)
    find(f, FINDING_WARN, "state", "not set up yet: rotator init %s", m->target.name);
  else if (l.error.kind != ERR_OK)
    find_error(f, "state", &l.error);
  else
    find(f, FINDING_FAIL, "state", "%s", why_words(l.action.why)->text);
  look_clear(&l);
}

// The proof itself: what each sink holds is read back and used.
static void check_proof(struct managed *m, struct findings *f) {
  struct look l;
  struct error e = {0};
  if (look_at(m, LOOK_VERIFY, &l, &e) != ERR_OK) {
    find_error(f, "proof", &e);
    return;
  }
  for (size_t i = 0; l.view.home != HOME_ABSENT && i < l.view.n_sinks; i++) {
    const struct verdict *v = &l.view.sinks[i].verdict;
    char text[300];
    verdict_words(text, sizeof text, v);
    enum finding what = v->kind == VERDICT_WORKING       ? FINDING_OK
                        : v->kind == VERDICT_NOT_WORKING ? FINDING_FAIL
                                                         : FINDING_UNKNOWN;
    find(f, what, "proof", "%s: %s", l.view.sinks[i].name, text);
    if (what == FINDING_FAIL)
      f->exit = exit_worse(f->exit, EXIT_PAGE);
  }
  look_clear(&l);
}

static void check_store(struct store_item *it, const char *name, struct findings *f) {
  struct error e = {0};
  if (store_check(it, &e) == ERR_OK)
    find(f, FINDING_OK, name, "%s", it->what);
  else
    find_error(f, name, &e);
}

static void check_stores(struct managed *m, struct findings *f) {
  check_store(m->target.home, "home", f);
  for (size_t i = 0; i < m->target.n_sinks; i++) {
    char name[80];
    snprintf(name, sizeof name, "sink %s", m->target.sinks[i].name);
    check_store(m->target.sinks[i].item, name, f);
  }
}

// Whoever may change the hook runs as us: the rules of helper programs, as before each of its runs.
static void check_hook(struct managed *m, struct findings *f) {
  struct error e;
  if (!m->target.hook)
    return;
  const char *path = m->config->after_publish.argv[0];
  if (trust_program(path, &e) != ERR_OK)
    find(f, FINDING_FAIL, "hook", "%s", e.text);
  else
    find(f, FINDING_OK, "hook", "%s", path);
}

// --- of a target, as IBM Cloud says ---

static void check_rights(struct managed *m, struct iam *iam, struct findings *f) {
  struct iam_key_list list = {0};
  struct error e = {0};
  char hint[400];
  if (iam->ops->list(iam, m->target.account, m->iam_id, &list, &e) == ERR_OK)
    find(f, FINDING_OK, "rights", "the management identity can list the keys of %s",
         m->config->service_id);
  else if (report_rights(m, ROW_COUNT, &e, hint, sizeof hint))
    find(f, FINDING_FAIL, "rights", "%s (%s)", hint, e.text);
  else
    find_error(f, "rights", &e);
  iam_key_list_clear(&list);
}

static void check_sender(struct managed *m, struct iam *iam, struct findings *f) {
  struct iam_policy p = {0};
  struct error e = {0};
  enum err err =
      iam->ops->find_sender(iam, m->target.account, m->iam_id, m->target.instance, &p, &e);
  if (err == ERR_OK)
    find(f, FINDING_OK, "sender", "policy %s lets the identity send to the instance", p.id);
  else if (err == ERR_MISSING)
    find(f, FINDING_UNKNOWN, "sender",
         "no Sender policy of the identity is seen: it may come from an access group, or the "
         "management identity may not read policies");
  else if (err == ERR_DENIED)
    find(f, FINDING_UNKNOWN, "sender", "the management identity may not read policies");
  else
    find_error(f, "sender", &e);
}

static void check_quota(struct managed *m, struct iam *iam, struct findings *f) {
  int64_t limit = 0, count = 0;
  struct error e = {0};
  if (iam->ops->key_limit(iam, m->target.account, m->iam_id, &limit, &count, &e) != ERR_OK)
    find(f, FINDING_UNKNOWN, "quota", "how many keys the identity may have cannot be read");
  else if (limit - count < 2)
    find(f, FINDING_FAIL, "quota",
         "%lld of %lld keys are in use and a rotation needs two places: rotator keys %s",
         (long long)count, (long long)limit, m->target.name);
  else
    find(f, FINDING_OK, "quota", "%lld of %lld keys", (long long)count, (long long)limit);
}

static void check_clock(struct managed *m, struct iam *iam, struct findings *f) {
  int64_t server_s = iam->ops->server_time_s(iam);
  int64_t off_s = env_wall_ms(compose_env(m->compose)) / 1000 - server_s;
  char by[32];
  if (server_s < 0) {
    find(f, FINDING_UNKNOWN, "clock", "no answer to compare the clock with");
    return;
  }
  text_format_duration(by, sizeof by, llabs(off_s));
  const char *where = off_s > 0 ? "ahead of" : "behind";
  if (llabs(off_s) > CLOCK_FAIL_S)
    find(f, FINDING_FAIL, "clock",
         "this machine's clock is %s %s IAM's: certificates may look expired, windows open at the "
         "wrong time, and IAM is asked too often or too seldom",
         by, where);
  else if (llabs(off_s) > CLOCK_WARN_S)
    find(f, FINDING_WARN, "clock", "this machine's clock is %s %s IAM's", by, where);
  else
    find(f, FINDING_OK, "clock", "agrees with IAM's");
}

// Any answer will do: it came over TLS from the host that the certificate names.
static void check_ingress(struct managed *m, struct findings *f) {
  struct error e = {0};
  struct http_response answer = {0};
  struct transport *t = compose_transport(m->compose);
  struct http_request req = {.method = "GET",
                             .url = m->config->ingress_url,
                             .replay = HTTP_REPLAY_SAFE,
                             .fresh_connection = true};
  enum err err = http_exchange(t, &req, &answer, &e);
  if (err == ERR_OK)
    find(f, FINDING_OK, "TLS", "%s answers", m->config->ingress_url);
  else
    find_error(f, "TLS", &e);
  http_response_clear(&answer);
}

static bool check_account(struct managed *m, const struct iam_token *me, struct findings *f) {
  if (!me->account[0] || strcmp(me->account, m->config->account) == 0)
    return true;
  find(f, FINDING_FAIL, "rights",
       "the management identity is of account %s, the instance of account %s", me->account,
       m->config->account);
  return false;
}

// True when the target could be bound, so that its stores can be looked at.
static bool check_cloud(struct managed *m, struct findings *f) {
  struct error e = {0};
  struct iam_token me = {0};
  struct iam *iam = compose_iam(m, 0, &e);
  if (!iam || iam->ops->whoami(iam, &me, &e) != ERR_OK) {
    find_error(f, "exchange", &e);
    check_ingress(m, f);
    return compose_bind(m, 0, IDENTITY_OFFLINE, NULL) == ERR_OK;
  }
  find(f, FINDING_OK, "exchange", "the management credential is %s", me.iam_id);
  bool bound = check_account(m, &me, f) && compose_bind(m, 0, IDENTITY_ASKED, &e) == ERR_OK;
  if (bound) {
    find(f, FINDING_OK, "identity", "%s is %s", m->config->service_id, m->iam_id);
    check_rights(m, iam, f);
    check_sender(m, iam, f);
    check_quota(m, iam, f);
  } else if (e.kind != ERR_OK) {
    find_error(f, "identity", &e);
  }
  check_clock(m, iam, f);
  check_ingress(m, f);
  iam_token_clear(&me);
  return bound;
}

// --- all of it ---

static void say_unknown(struct findings *f) {
  static const char *const names[] = {"rights", "identity", "sender", "quota",
                                      "clock",  "TLS",      "proof"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    find(f, FINDING_UNKNOWN, names[i], "--offline: nothing was contacted");
}

static int check_target(struct app *a, struct managed *m) {
  cJSON *o = answer_target(a, m->target.name);
  struct findings f = {.app = a, .target = m->target.name};
  struct error e = {0};
  f.list = o ? cJSON_AddArrayToObject(o, "findings") : NULL;
  bool bound;
  if (a->cli.offline) {
    say_unknown(&f);
    bound = compose_bind(m, 0, IDENTITY_OFFLINE, &e) == ERR_OK;
    if (!bound)
      find(&f, FINDING_UNKNOWN, "state", "%s", e.text);
  } else {
    bound = check_cloud(m, &f);
  }
  if (bound) {
    check_stores(m, &f);
    check_state(m, &f);
    if (!a->cli.offline)
      check_proof(m, &f);
  }
  check_hook(m, &f);
  if (o) {
    cJSON_AddNumberToObject(o, "exit", f.exit);
    if (m->seen.looked)
      answer_add_working(o, &m->seen.verdict);
    cJSON_AddBoolToObject(o, "attention", f.exit == EXIT_PERSON || f.exit == EXIT_PAGE);
  }
  return f.exit;
}

// Of all targets that were read; NULL: none was.
static const struct verdict *worst_verdict(const struct app *a) {
  const struct verdict *worst = NULL;
  for (size_t i = 0; i < a->n_selected; i++) {
    const struct seen *s = &a->selected[i]->seen;
    if (s->looked && (!worst || s->verdict.kind == VERDICT_NOT_WORKING ||
                      (worst->kind == VERDICT_WORKING && s->verdict.kind != VERDICT_WORKING)))
      worst = &s->verdict;
  }
  return worst;
}

static void report_end(struct app *a, int status) {
  if (status == EXIT_FINE)
    return;
  char next[700];
  const struct verdict *worst = worst_verdict(a);
  report_next(a, worst && worst->kind == VERDICT_NOT_WORKING ? cause_next(worst->cause) : "check",
              a->n_selected == 1 ? a->selected[0]->target.name : NULL, next, sizeof next);
  struct trouble t = {.target = a->n_selected == 1 ? a->selected[0]->target.name : NULL,
                      .working = worst ? verdict_working(worst) : WORKING_UNKNOWN,
                      .verdict = worst,
                      .step = "check",
                      .text = "some checks failed: see the lines marked FAIL",
                      .hint = "nothing was changed",
                      .next = next};
  report_trouble(a, &t);
}

int command_check(struct app *a) {
  struct findings f = {.app = a};
  f.list = a->answer ? cJSON_AddArrayToObject(a->answer, "findings") : NULL;
  check_config(a, &f);
  check_memory(a, &f);
  check_credential(a, &f);
  int status = f.exit;
  for (size_t i = 0; i < a->n_selected && !env_stopping(a->env); i++)
    status = exit_worse(status, check_target(a, a->selected[i]));
  report_end(a, status);
  return status;
}
