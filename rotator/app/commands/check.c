// check: everything that can be known beforehand, without changing anything. What cannot be known
// is said to be unknown: only the proof of a key shows that it may send.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/commands/findings.h"
#include "rotator/app/commands/stand.h"
#include "rotator/app/credential.h"
#include "rotator/app/path_units.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/report.h"
#include "rotator/base/program.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/base/trust.h"

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
  char text[600];
  if (credential_describe(&a->config->management, text, sizeof text, &e) == ERR_OK)
    find(f, FINDING_OK, "credential", "%s", text);
  else
    find_error(f, "credential", &e);
}

// --- of a target, on this machine ---

static void check_state(const struct managed *m, const struct observed *l, struct findings *f) {
  if (l->view.home == HOME_OK)
    find(f, FINDING_OK, "state", "%s: %s, %s", m->target.home->what,
         phase_name(l->view.state->phase),
         m->seen.current_id[0] ? m->seen.current_id : "no current key");
  else if (l->view.home == HOME_ABSENT)
    find(f, FINDING_WARN, "state", "not set up yet: rotator init %s", m->target.name);
  else if (l->error.kind != ERR_OK)
    find_error(f, "state", &l->error);
  else
    find(f, FINDING_FAIL, "state", "%s", why_words(l->action.why)->text);
}

// Before the first set-up nobody reads a key: that there is none is no fault yet.
static bool is_new(const struct observed *l) {
  return l->action.why == WHY_need_init || l->action.why == WHY_no_state;
}

// What consumers read, and whether it works: read back from each sink and used, unless offline.
static void check_proof(const struct observed *l, struct findings *f) {
  static const enum finding what[] = {[VERDICT_WORKING] = FINDING_OK,
                                      [VERDICT_NOT_WORKING] = FINDING_FAIL,
                                      [VERDICT_NOT_KNOWN] = FINDING_UNKNOWN};
  static const int exits[] = {[VERDICT_WORKING] = EXIT_FINE,
                              [VERDICT_NOT_WORKING] = EXIT_PAGE,
                              [VERDICT_NOT_KNOWN] = EXIT_AGAIN};
  for (size_t i = 0; i < l->view.n_sinks; i++) {
    const struct verdict *v = &l->view.sinks[i].verdict;
    char text[300];
    verdict_words(text, sizeof text, v);
    find(f, is_new(l) ? FINDING_WARN : what[v->kind], "proof", "%s: %s", l->view.sinks[i].name,
         text);
    f->exit = exit_worse(f->exit, is_new(l) ? EXIT_FINE : exits[v->kind]);
  }
}

static void check_store(struct store_item *it, const char *name, struct findings *f) {
  struct error e = {0};
  if (store_check(it, &e) == ERR_OK)
    find(f, e.text[0] ? FINDING_WARN : FINDING_OK, name, "%s%s%s", it->what, e.text[0] ? ": " : "",
         e.text);
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

// systemd lets nobody but root act on units of the system, without a rule of polkit's.
static bool is_refused_by_systemd(char *const *argv) {
  static const char *const reading[] = {"show", "status", "is-active", "is-failed", "cat"};
  const char *slash = strrchr(argv[0], '/');
  if (geteuid() == 0 || strcmp(slash ? slash + 1 : argv[0], "systemctl") != 0)
    return false;
  for (size_t i = 1; argv[i]; i++) {
    if (strcmp(argv[i], "--user") == 0)
      return false;
    for (size_t k = 0; k < sizeof reading / sizeof *reading; k++)
      if (strcmp(argv[i], reading[k]) == 0)
        return false;
  }
  return true;
}

// Whoever may change the hook runs as us: the rules of helper programs, as before each of its runs.
static void check_hook(struct managed *m, struct findings *f) {
  struct error e;
  if (!m->target.hook)
    return;
  char *const *argv = m->config->after_publish.argv;
  const char *path = argv[0];
  if (trust_program(path, &e) != ERR_OK || program_check(path, &e) != ERR_OK)
    find(f, FINDING_FAIL, "hook", "%s", e.text);
  else if (is_refused_by_systemd(argv))
    find(f, FINDING_WARN, "hook",
         "%s: systemd refuses that to this user, unless polkit has a rule for it: see "
         "--ask in agent-restart(8)",
         path);
  else
    find(f, FINDING_OK, "hook", "%s", path);
}

// Who restarts a consumer when its file was replaced.
static void check_restart(struct managed *m, struct findings *f) {
  struct path_unit_failure failure;
  if (compose_failed_watch(m->compose, m->config, &failure))
    find(f, FINDING_FAIL, "restart", "%s: %s", failure.text, failure.next);
}

// --- all of it ---

static void say_unknown(struct findings *f) {
  static const char *const names[] = {"rights", "identity", "sender", "quota",
                                      "clock",  "TLS",      "proof"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    find(f, FINDING_UNKNOWN, names[i], "--offline: nothing was contacted");
}

// Everything about a target. False: it could not even be read, and *e says why.
static bool examine(struct app *a, struct managed *m, struct findings *f, struct observed *ret,
                    struct error *e) {
  bool bound;
  if (a->cli.offline) {
    say_unknown(f);
    bound = compose_bind(m, 0, IDENTITY_OFFLINE, e) == ERR_OK;
    if (!bound)
      find(f, FINDING_UNKNOWN, "state", "%s", e->text);
  } else {
    bound = check_cloud(m, f, e);
  }
  if (bound)
    check_stores(m, f);
  bool seen =
      bound && observe(m, a->cli.offline ? OBSERVE_OFFLINE : OBSERVE_VERIFY, ret, e) == ERR_OK;
  if (seen) {
    check_state(m, ret, f);
    if (!a->cli.offline)
      check_proof(ret, f);
  } else if (bound) {
    find_error(f, "state", e);
  }
  check_hook(m, f);
  check_restart(m, f);
  return seen;
}

// As a run would answer, made worse by what was found beside.
static int report_target(struct app *a, struct managed *m, const struct observed *l,
                         const struct findings *f, const struct error *e) {
  struct tick_result r = tick_result(NULL, NULL, e);
  struct outcome o = {.exit = EXIT_FINE};
  if (l)
    judge_observed(m, l, &r, &o);
  if (l && is_new(l))
    o.exit = EXIT_FINE;
  if (exit_worse(o.exit, f->exit) != o.exit || o.exit == EXIT_FINE) {
    o.exit = f->exit;
    m->seen.note = "check: see the lines marked FAIL or unknown; nothing was changed";
    if (m->seen.verdict.kind != VERDICT_NOT_WORKING)
      m->seen.next = "check";
  }
  o.silent = o.exit == EXIT_FINE;
  report_result(a, m, &r, &o);
  return o.exit;
}

static int check_target(struct app *a, struct managed *m) {
  struct findings f = {.target = m->target.name, .lines = TEXT_BUF(65536)};
  struct error e = {0};
  struct observed l;
  f.list = a->answer ? cJSON_CreateArray() : NULL;
  bool seen = examine(a, m, &f, &l, &e);
  say_working(m);
  findings_print(&f);
  int status = report_target(a, m, seen ? &l : NULL, &f, &e);
  if (f.list)
    json_put(answer_last_target(a), "findings", f.list);
  if (seen)
    observed_clear(&l);
  return status;
}

// What fails beside the targets, and no target has told.
static void report_whole(struct app *a) {
  char next[700];
  report_next(a, "check", NULL, next, sizeof next);
  struct trouble t = {.apart = true,
                      .step = "check",
                      .text = "some checks failed: see the lines marked FAIL",
                      .hint = "nothing was changed",
                      .next = next};
  report_trouble(a, &t);
}

int command_check(struct app *a) {
  struct findings f = {.lines = TEXT_BUF(65536)};
  f.list = a->answer ? cJSON_AddArrayToObject(a->answer, "findings") : NULL;
  check_config(a, &f);
  check_memory(a, &f);
  check_credential(a, &f);
  findings_print(&f);
  int status = EXIT_FINE;
  for (size_t i = 0; i < a->n_selected && !env_stopping(a->env); i++)
    status = exit_worse(status, check_target(a, a->selected[i]));
  if (status == EXIT_FINE && f.exit != EXIT_FINE)
    report_whole(a);
  return exit_worse(status, f.exit);
}
