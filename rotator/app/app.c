#include "rotator/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/advance.h"
#include "rotator/app/as_service.h"
#include "rotator/app/chosen.h"
#include "rotator/app/credential.h"
#include "rotator/app/find_config.h"
#include "rotator/app/notify.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/progress.h"
#include "rotator/app/report/report.h"
#include "rotator/app/report/waiting.h"
#include "rotator/app/request_budget.h"
#include "rotator/app/shard.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/http/curl_transport.h"

static int (*const commands[CMD_COUNT])(struct app *a) = {
    [CMD_INIT] = command_init,     [CMD_RUN] = command_run,       [CMD_ROTATE] = command_rotate,
    [CMD_STATUS] = command_status, [CMD_REPORT] = command_report, [CMD_VERIFY] = command_verify,
    [CMD_CHECK] = command_check,   [CMD_KEYS] = command_keys,     [CMD_ROLLBACK] = command_rollback,
    [CMD_RETIRE] = command_retire, [CMD_HOLD] = command_hold,     [CMD_RESUME] = command_resume,
    [CMD_REPAIR] = command_repair, [CMD_FORGET] = command_forget, [CMD_HISTORY] = command_history,
};

// --- configuration ---

// Words of a shell: quoted only where it must be.
static void name_self(struct app *a) {
  const char *c = a->cli.config;
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=@%,:";
  if (!c)
    text_copy(a->self, sizeof a->self, a->cli.here ? "rotator --here" : "rotator");
  else if (c[strspn(c, plain)] == '\0')
    snprintf(a->self, sizeof a->self, "rotator -c %s", c);
  else
    snprintf(a->self, sizeof a->self, "rotator -c '%s'", c);
}

static int load_config(struct app *a) {
  char next[700], text[4200];
  if (access(a->config_path, F_OK) != 0)
    return find_config_failed(a, NULL);
  enum err err = config_load(a->config_path, env_wall_ms(a->env) / 1000, store_backends, &a->config,
                             &a->mistakes);
  if (err == ERR_OK)
    return EXIT_FINE;
  report_mistakes(a, true);
  report_next(a, "check --offline", NULL, next, sizeof next);
  snprintf(text, sizeof text,
           err == ERR_INTERNAL ? "the configuration %s was not read: out of memory"
                               : "the configuration %s cannot be used",
           a->config_path);
  report_unusable(a, text, NULL, next);
  return err == ERR_INTERNAL ? EXIT_BUG : EXIT_USAGE;
}

// --- targets ---

static int unknown_target(const struct app *a, const char *name, const char *near) {
  char text[400], next[700];
  bool unread = a->config->n_broken_files > 0;
  const char *where = unread ? " in what can be read of the configuration" : "";
  snprintf(text, sizeof text, "there is no target '%s'%s", name, where);
  if (near[0])
    snprintf(text, sizeof text, "there is no target '%s'%s (did you mean '%s'?)", name, where,
             near);
  report_next(a, unread ? "check --offline" : "status", NULL, next, sizeof next);
  if (!unread) {
    report_usage(a, text, NULL, next);
    return EXIT_USAGE;
  }
  report_mistakes(a, false);
  report_unusable(a, text, NULL, next);
  return EXIT_PERSON;
}

static bool takes_one_by_one(const struct app *a) {
  return a->cli.command == CMD_RUN || a->cli.command == CMD_STATUS || a->cli.command == CMD_REPORT;
}

static bool select_target(struct app *a, const struct config_target *t) {
  if (t->broken) {
    a->n_broken++;
    return true;
  }
  a->chosen[a->n_selected++] = t;
  return takes_one_by_one(a) || chosen_target(a, a->n_selected - 1) != NULL;
}

static int select_targets(struct app *a) {
  bool ok = true;
  size_t most = (a->cli.n_targets > 0 ? a->cli.n_targets : a->config->n_targets) + 1;
  a->chosen = calloc(most, sizeof *a->chosen);
  a->selected = calloc(most, sizeof *a->selected);
  if (!a->chosen || !a->selected)
    return EXIT_BUG;
  for (size_t i = 0; a->cli.n_targets == 0 && i < a->config->n_targets; i++)
    if (shard_has(&a->cli.shard, &a->config->targets[i]))
      ok = select_target(a, &a->config->targets[i]) && ok;
  for (size_t i = 0; i < a->cli.n_targets; i++) {
    char near[NEAREST_MAX];
    const struct config_target *t = config_target_find(a->config, a->cli.targets[i], near);
    if (!t)
      return unknown_target(a, a->cli.targets[i], near);
    ok = select_target(a, t) && ok;
  }
  return ok ? EXIT_FINE : EXIT_BUG;
}

// A broken target stops itself only, and a file of targets.d that cannot be used those in it. Who
// these are is not known, so that it concerns every command that was to act on all (of several
// shares, the first).
static int report_broken(struct app *a) {
  char text[200], next[700];
  size_t files = a->cli.n_targets == 0 && a->cli.shard.index == 0 ? a->config->n_broken_files : 0;
  if (a->n_broken == 0 && files == 0)
    return EXIT_FINE;
  if (a->cli.command != CMD_CHECK) { // which tells each mistake itself
    report_mistakes(a, false);
    report_next(a, "check --offline", NULL, next, sizeof next);
    snprintf(text, sizeof text, "%zu target%s cannot be worked on: mistakes in the configuration",
             a->n_broken, a->n_broken == 1 ? "" : "s");
    if (a->n_broken == 0)
      text_copy(text, sizeof text,
                "targets.d cannot be used as a whole: what the rest of it holds is not worked on");
    const char *others = a->n_selected > 0 ? "the other targets are worked on" : NULL;
    // A target with a mistake has consumers, of whom nothing is known; a file that was not read
    // has none that we know of, and the targets beside it tell of theirs.
    if (a->n_broken == 0 && others)
      report_usage(a, text, others, next);
    else
      report_unusable(a, text, others, next);
  }
  return a->n_selected > 0 || files > 0 ? EXIT_PERSON : EXIT_USAGE;
}

static void tell_wait(bool first, const char *text) {
  progress_interrupt();
  log_line(first ? waiting_level() : LOG_LEVEL_DEBUG, NULL, "wait", "%s", text);
}

static int compose_all(struct app *a) {
  struct error e;
  a->jobs = (unsigned)(a->cli.jobs > 0 ? a->cli.jobs : a->config->jobs > 0 ? a->config->jobs : 8);
  a->jobs = request_budget_jobs(a->config->limits.iam_requests_per_minute, a->jobs);
  enum err err = compose_new(a->config, a->env, a->jobs, &a->compose, &e);
  if (err == ERR_OK) {
    int64_t patience_s = a->cli.patience_s >= 0 ? a->cli.patience_s : ADVANCE_PATIENCE_S;
    compose_waits(a->compose, patience_s * 1000, tell_wait);
    return select_targets(a);
  }
  report_usage(a, e.text, NULL, "rotator --help");
  return err == ERR_INTERNAL ? EXIT_BUG : EXIT_USAGE;
}

// --- from argv to status ---

static int command_help(struct app *a) {
  cli_help(stdout, a->cli.n_targets > 0 ? cli_find_command(a->cli.targets[0]) : CMD_NONE);
  return EXIT_FINE;
}

static void set_up_logs(const struct app *a) {
  bool json = a->cli.log_format && strcmp(a->cli.log_format, "json") == 0;
  enum log_level level = a->cli.verbose ? LOG_LEVEL_DEBUG
                         : a->cli.quiet ? LOG_LEVEL_ERROR
                         : env_stderr_is_journal() || (json && !isatty(STDERR_FILENO))
                             ? LOG_LEVEL_NOTICE
                             : LOG_LEVEL_WARN;
  log_setup(level, json ? LOG_JSON : LOG_TEXT);
  bool page = a->cli.html && strcmp(a->cli.html, "-") == 0; // has standard output for itself
  out_setup(a->cli.json || page, a->cli.quiet);
}

static int usage_mistake(struct app *a, const struct error *e) {
  char next[700];
  enum command c = a->cli.command;
  if (a->nothing_typed && access(a->config_path, F_OK) != 0)
    return find_config_failed(a, "no command given, and ");
  if (c == CMD_NONE)
    text_copy(next, sizeof next, "rotator --help");
  else
    snprintf(next, sizeof next, "rotator %s --help", cli_commands[c].name);
  report_usage(a, e->text, NULL, next);
  return EXIT_USAGE;
}

// A run without its credential says so at once, and not when it first needs it.
static int report_credential(struct app *a) {
  struct error e = {0};
  char next[700];
  if (a->cli.command != CMD_RUN || !credential_is_missing(&a->config->management, &e))
    return EXIT_FINE;
  report_next(a, "check --offline", NULL, next, sizeof next);
  report_unusable(a, e.text, "what needs no answer of IBM Cloud goes on", next);
  return EXIT_PERSON;
}

// Commands that have something to say though no target can be worked on.
static bool tells_of_broken(const struct app *a) {
  return a->cli.command == CMD_CHECK || a->cli.command == CMD_REPORT;
}

static int run_command(struct app *a) {
  bool before = a->cli.print_policy && access(a->config_path, F_OK) != 0;
  if (before && !a->cli.config)
    return print_policy(a, NULL, a->cli.targets[0]);
  int status = load_config(a);
  if (status != EXIT_FINE)
    return status;
  if (a->cli.generate) {
    for (size_t i = 0; i < a->config->n_targets; i++)
      puts(a->config->targets[i].name);
    return EXIT_FINE;
  }
  status = compose_all(a);
  if (status != EXIT_FINE)
    return status;
  a->status = status = exit_worse(report_broken(a), report_credential(a));
  if (status == EXIT_FINE || a->n_selected > 0 || tells_of_broken(a)) {
    progress_ready();
    waiting_setup(a->env, a->cli.command != CMD_RUN);
    status = exit_worse(status, commands[a->cli.command](a));
    waiting_stop();
    notify_send(a);
    progress_stopping();
  }
  return status;
}

static void clean_up(struct app *a) {
  notify_free(a);
  a->compose = compose_free(a->compose);
  free(a->chosen);
  free(a->selected);
  config_free(a->config);
  config_report_clear(&a->mistakes);
  free(a->config_path);
  cJSON_Delete(a->answer);
  cli_clear(&a->cli);
  curl_transport_finish();
}

static int dispatch(struct app *a, char **argv) {
  if (a->cli.command == CMD_HELP && !a->cli.help)
    return command_help(a);
  if (a->cli.help) {
    cli_help(stdout, a->cli.command);
    return EXIT_FINE;
  }
  if (a->cli.version) {
    puts("rotator " ROTATOR_VERSION);
    return EXIT_FINE;
  }
  if (a->cli.generate && strcmp(a->cli.generate, "targets") != 0)
    return cli_generate(stdout, a->cli.generate) ? EXIT_FINE : EXIT_USAGE;
  as_service_exec(&a->cli, a->config_path, argv);
  env_real_catch_signals();
  return run_command(a);
}

// systemd has names of its own for exit statuses, which it shows beside them: the last line of the
// journal says what ours means.
static void explain_status(int status) {
  static const struct {
    int status;
    const char *systemd, *meaning;
  } words[] = {
      {EXIT_BUG, "FAILURE", "internal error"},
      {EXIT_USAGE, "INVALIDARGUMENT", "usage or configuration; nothing was contacted"},
      {EXIT_PERSON, "NOTIMPLEMENTED",
       "a person is needed; as far as is known consumers have a working key"},
      {EXIT_PAGE, "NOPERMISSION", "consumers may have NO working key"},
      {EXIT_BUSY, "NOTINSTALLED", "another run holds the lock"},
      {EXIT_AGAIN, "TEMPFAIL", "not reached for longer than alert_after; running again is safe"},
  };
  if (!env_stderr_is_journal())
    return;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (words[i].status == status)
      log_line(LOG_LEVEL_ERROR, NULL, NULL, "exit status %d: %s (systemd calls it %s)", status,
               words[i].meaning, words[i].systemd);
}

static const char exhausted[] = "out of memory: the next run goes on with what was begun";

int app_main(int argc, char **argv, bool memory_locked) {
  struct app a = {.env = env_real(), .memory_locked = memory_locked};
  struct error e = {0};
  enum err err = cli_parse(argc, argv, &a.cli, &e);
  a.nothing_typed = argc <= 1;
  a.config_path = find_config(a.cli.config);
  if (!a.config_path)
    err = error_no_memory(&e);
  set_up_logs(&a);
  name_self(&a);
  answer_begin(&a);
  int status = err == ERR_OK         ? dispatch(&a, argv)
               : err == ERR_INTERNAL ? EXIT_BUG
                                     : usage_mistake(&a, &e);
  if (status == EXIT_BUG)
    report_exhausted(&a, exhausted);
  status = answer_end(&a, status);
  if (status == EXIT_BUG) // be it for the answer alone, which could not be written
    report_exhausted(&a, ferror(stdout) ? "standard output could not be written" : exhausted);
  explain_status(status);
  clean_up(&a);
  return status;
}
