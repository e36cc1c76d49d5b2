// check: everything that can be known beforehand, without changing anything. What cannot be known
// is said to be unknown: only the proof of a key shows that it may send.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/commands/check_cloud.h"
#include "rotator/app/commands/common.h"
#include "rotator/app/commands/finding.h"
#include "rotator/app/credential.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/base/text.h"

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

// --- of a target ---

static void check_state(struct bound *b, struct findings *f) {
  struct look l;
  struct error e = {0};
  if (look_at(b, LOOK_OFFLINE, &l, &e) != ERR_OK) {
    find_error(f, "state", &e);
    return;
  }
  if (l.view.state)
    find(f, FINDING_OK, "state", "%s: %s, %s", b->target.home->what,
         phase_name(l.view.state->phase),
         l.state.slots[SLOT_CURRENT].key_id[0] ? l.state.slots[SLOT_CURRENT].key_id
                                               : "no current key");
  else if (l.view.home == HOME_ABSENT)
    find(f, FINDING_WARN, "state", "not set up yet: rotator init %s", b->target.name);
  else if (l.error.kind != ERR_OK)
    find_error(f, "state", &l.error);
  else
    find(f, FINDING_FAIL, "state", "%s", report_why(l.action.why)->text);
  look_clear(&l);
}

static void check_store(struct store_item *it, const char *name, struct findings *f) {
  struct error e = {0};
  if (store_check(it, &e) == ERR_OK)
    find(f, FINDING_OK, name, "%s", it->what);
  else
    find_error(f, name, &e);
}

static void check_stores(struct bound *b, struct findings *f) {
  check_store(b->target.home, "home", f);
  for (size_t i = 0; i < b->target.n_sinks; i++) {
    char name[80];
    snprintf(name, sizeof name, "sink %s", b->target.sinks[i].name);
    check_store(b->target.sinks[i].item, name, f);
  }
}

// Whoever may change the hook runs as us.
static bool is_changeable(const char *path, char *ret_what, size_t cap) {
  struct stat st;
  char dir[4096];
  text_copy(dir, sizeof dir, path);
  char *slash = strrchr(dir, '/');
  if (slash)
    slash[slash == dir ? 1 : 0] = '\0';
  const char *const places[] = {path, dir};
  for (size_t i = 0; i < 2; i++)
    if (stat(places[i], &st) == 0 && st.st_mode & (S_IWGRP | S_IWOTH) &&
        !(st.st_mode & S_ISVTX && i == 1)) {
      text_copy(ret_what, cap, places[i]);
      return true;
    }
  return false;
}

static void check_hook(struct bound *b, struct findings *f) {
  char what[4096];
  struct stat st;
  if (!b->target.hook)
    return;
  const char *path = b->config->after_publish.argv[0];
  if (stat(path, &st) != 0)
    find(f, FINDING_FAIL, "hook", "%s is not there", path);
  else if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
    find(f, FINDING_FAIL, "hook", "%s cannot be executed", path);
  else if (is_changeable(path, what, sizeof what))
    find(f, FINDING_FAIL, "hook", "%s can be written by others: chmod go-w it", what);
  else
    find(f, FINDING_OK, "hook", "%s", path);
}

static void say_unknown(struct findings *f) {
  static const char *const names[] = {"rights", "identity", "sender", "quota", "clock", "TLS"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    find(f, FINDING_UNKNOWN, names[i], "--offline: nothing was contacted");
}

static int check_target(struct app *a, struct bound *b) {
  cJSON *o = answer_target(a, b->target.name);
  struct findings f = {.app = a, .target = b->target.name};
  struct error e = {0};
  f.list = o ? cJSON_AddArrayToObject(o, "findings") : NULL;
  bool bound;
  if (a->cli.offline) {
    say_unknown(&f);
    bound = compose_bind(b, 0, IDENTITY_OFFLINE, &e) == ERR_OK;
    if (!bound)
      find(&f, FINDING_UNKNOWN, "state", "%s", e.text);
  } else {
    bound = check_cloud(b, &f);
  }
  if (bound) {
    check_stores(b, &f);
    check_state(b, &f);
  }
  check_hook(b, &f);
  if (o)
    cJSON_AddNumberToObject(o, "exit", f.exit);
  return f.exit;
}

static void tell_end(struct app *a, int status) {
  if (status == EXIT_FINE)
    return;
  char next[700];
  report_next(a, "check", NULL, next, sizeof next);
  struct trouble t = {.working = WORKING_UNKNOWN,
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
  tell_end(a, status);
  return status;
}
