// The format wants all samples of a metric together, behind its HELP and TYPE: each metric of a
// target is a text of its own until the end.
#include "rotator/app/report/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/report/metrics_place.h"
#include "rotator/app/report/public_file.h"
#include "rotator/base/log.h"

enum figure { WORKING, EXIT, MADE, DUE, PHASE, PROVEN, RAN, USED, REQUESTS, FAILURES, FIGURES };

static const struct family {
  const char *name, *help;
} families[FIGURES] = {
    [WORKING] = {"rotator_target_working",
                 "Have consumers a working key: 1 yes, 0 not known, -1 no."},
    [EXIT] = {"rotator_target_exit_status",
              "What the last run answered for the target: 0, 3 a person is needed, 4 consumers may "
              "have no working key, 75 not reached for longer than alert_after."},
    [MADE] = {"rotator_target_key_since_timestamp_seconds",
              "When the current key was made or adopted."},
    [DUE] = {"rotator_target_due_timestamp_seconds", "When the next rotation is due."},
    [PHASE] = {"rotator_target_phase_since_timestamp_seconds",
               "Since when the target has been in its phase."},
    [PROVEN] = {"rotator_target_proven_timestamp_seconds",
                "When the key that consumers read was last proven to send."},
    [RAN] = {"rotator_target_run_timestamp_seconds", "When the last run of the target ended."},
    [USED] = {"rotator_target_old_key_used",
              "Is the end of the grace held back because the old key is still used: 1 yes."},
    [REQUESTS] = {"rotator_target_run_requests",
                  "Requests to IAM and Cloud Logs in the last run, each try of its own."},
    [FAILURES] = {"rotator_target_run_failures", "Steps that failed in the last run, by kind."},
};

struct text {
  FILE *f;
  char *bytes;
  size_t len;
};

struct metrics {
  const struct app *app;
  int64_t began_ms;
  bool all; // each target has series of its own
  // What each series bears: "shard=…", or nothing; alone, and behind other labels.
  char alone[METRICS_SHARD_MAX + 2], behind[METRICS_SHARD_MAX + 2];
  struct text figures[FIGURES];
  // of all targets
  uint64_t n, working[3], exits[256], requests, failures[ERR_COUNT], old_used, audit_sent,
      audit_lost, overdue, omitted;
  int64_t oldest_key_s, oldest_proof_s; // 0: none
  int exit;                             // of the run
};

static int64_t now_s(const struct metrics *x) {
  return env_wall_ms(x->app->env) / 1000;
}

static void name_shard(struct metrics *x, const struct cli_shard *s) {
  char shard[METRICS_SHARD_MAX];
  metrics_shard(s, shard);
  if (!shard[0])
    return;
  snprintf(x->alone, sizeof x->alone, "{%s}", shard);
  snprintf(x->behind, sizeof x->behind, ",%s", shard);
}

struct metrics *metrics_new(const struct app *a) {
  const struct config *c = a->config;
  bool good = true;
  if (!c->metrics_file)
    return NULL;
  struct metrics *x = calloc(1, sizeof *x);
  for (int i = 0; x && i < FIGURES; i++) {
    x->figures[i].f = open_memstream(&x->figures[i].bytes, &x->figures[i].len);
    good = good && x->figures[i].f;
  }
  if (!x || !good) {
    log_line(LOG_LEVEL_WARN, NULL, "metrics", "out of memory: no metrics are written");
    return metrics_free(x);
  }
  x->app = a;
  name_shard(x, &a->cli.shard);
  x->began_ms = env_mono_ms(a->env);
  x->all = strcmp(c->metrics_targets, "all") == 0 ||
           (strcmp(c->metrics_targets, "auto") == 0 && a->n_selected <= METRICS_ALL_MAX);
  return x;
}

struct metrics *metrics_free(struct metrics *x) {
  for (int i = 0; x && i < FIGURES; i++) {
    if (x->figures[i].f)
      fclose(x->figures[i].f);
    free(x->figures[i].bytes);
  }
  free(x);
  return NULL;
}

// --- a target ---

// What the figures of one are made of. Times: 0 not known.
struct of_target {
  const char *name;
  enum working working;
  int exit;
  bool old_used;
  enum phase phase; // PHASE_COUNT: no state
  int64_t since_s, due_s, phase_since_s, proven_s, ran_s;
  unsigned requests, audit_sent, audit_lost;
  unsigned failures[ERR_COUNT];
};

// Names of targets, phases and kinds of errors have no character that would need an escape.
static void figure(struct metrics *x, enum figure what, const struct of_target *t, int64_t v) {
  fprintf(x->figures[what].f, "%s{target=\"%s\"%s} %" PRId64 "\n", families[what].name, t->name,
          x->behind, v);
}
static void figure_of(struct metrics *x, enum figure what, const struct of_target *t,
                      const char *label, const char *of) {
  fprintf(x->figures[what].f, "%s{target=\"%s\",%s=\"%s\"%s} ", families[what].name, t->name, label,
          of, x->behind);
}
static void moment(struct metrics *x, enum figure what, const struct of_target *t, int64_t t_s) {
  if (t_s > 0)
    figure(x, what, t, t_s);
}

static void older(int64_t *oldest_s, int64_t t_s) {
  if (t_s > 0 && (*oldest_s == 0 || t_s < *oldest_s))
    *oldest_s = t_s;
}

static bool is_overdue(const struct metrics *x, const struct of_target *t) {
  return t->due_s > 0 && t->due_s < now_s(x);
}

static void add_up(struct metrics *x, const struct of_target *t) {
  x->n++;
  x->working[t->working]++;
  x->exits[t->exit & 255]++;
  x->requests += t->requests;
  x->old_used += t->old_used;
  x->audit_sent += t->audit_sent;
  x->audit_lost += t->audit_lost;
  x->overdue += is_overdue(x, t);
  for (int i = 0; i < ERR_COUNT; i++)
    x->failures[i] += t->failures[i];
  older(&x->oldest_key_s, t->since_s);
  older(&x->oldest_proof_s, t->proven_s);
}

// Nothing that an alert could be about.
static bool is_well(const struct metrics *x, const struct of_target *t) {
  for (int i = 0; i < ERR_COUNT; i++)
    if (t->failures[i] > 0)
      return false;
  return t->exit == EXIT_FINE && t->working != WORKING_NO && !t->old_used && !is_overdue(x, t);
}

static void add(struct metrics *x, const struct of_target *t) {
  static const int values[] = {[WORKING_YES] = 1, [WORKING_UNKNOWN] = 0, [WORKING_NO] = -1};
  add_up(x, t);
  if (!x->all && is_well(x, t)) {
    x->omitted++;
    return;
  }
  figure(x, WORKING, t, values[t->working]);
  figure(x, EXIT, t, t->exit);
  moment(x, MADE, t, t->since_s);
  moment(x, DUE, t, t->due_s);
  if (t->phase < PHASE_COUNT && t->phase_since_s > 0) {
    figure_of(x, PHASE, t, "phase", phase_name(t->phase));
    fprintf(x->figures[PHASE].f, "%" PRId64 "\n", t->phase_since_s);
  }
  moment(x, PROVEN, t, t->proven_s);
  moment(x, RAN, t, t->ran_s);
  figure(x, USED, t, t->old_used);
  figure(x, REQUESTS, t, t->requests);
  for (int i = 0; i < ERR_COUNT; i++)
    if (t->failures[i] > 0) {
      figure_of(x, FAILURES, t, "kind", err_name((enum err)i));
      fprintf(x->figures[FAILURES].f, "%u\n", t->failures[i]);
    }
}

void metrics_add(struct metrics *x, const struct managed *m, const struct tick_result *r,
                 const struct outcome *o) {
  if (!x)
    return;
  const struct seen *seen = &m->seen;
  struct of_target t = {.name = m->target.name,
                        .working = r->working,
                        .exit = o->exit,
                        .old_used = r->why == WHY_still_used,
                        .phase = r->phase,
                        .since_s = seen->current_since_s,
                        .due_s = seen->due_s,
                        .phase_since_s = seen->phase_since_s,
                        .proven_s = seen->observed ? seen->verdict.proven_s : 0,
                        .ran_s = r->end == TICK_BUSY ? m->last_run.ended_s : now_s(x),
                        .requests = seen->requests,
                        .audit_sent = m->audit.sent,
                        .audit_lost = m->audit.lost};
  memcpy(t.failures, seen->failures, sizeof t.failures);
  add(x, &t);
}

void metrics_add_resting(struct metrics *x, const char *target, const struct rest_figures *f) {
  if (!x)
    return;
  add(x, &(struct of_target){.name = target,
                             .working = (enum working)f->working,
                             .exit = EXIT_FINE,
                             .phase = PHASE_IDLE,
                             .since_s = f->since_s,
                             .due_s = f->due_s,
                             .phase_since_s = f->phase_since_s,
                             .proven_s = f->proven_s,
                             .ran_s = now_s(x)});
}

// --- the file ---

static void head(FILE *f, const char *name, const char *help) {
  fprintf(f, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}
static void single(const struct metrics *x, FILE *f, const char *name, const char *help,
                   int64_t v) {
  head(f, name, help);
  fprintf(f, "%s%s %" PRId64 "\n", name, x->alone, v);
}

static void print_sums(const struct metrics *x, FILE *f) {
  static const char *const words[] = {
      [WORKING_YES] = "yes", [WORKING_NO] = "no", [WORKING_UNKNOWN] = "unknown"};
  head(f, "rotator_targets", "Targets, by whether their consumers have a working key.");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    fprintf(f, "rotator_targets{working=\"%s\"%s} %" PRIu64 "\n", words[i], x->behind,
            x->working[i]);
  head(f, "rotator_targets_by_exit_status", "Targets, by what the last run answered for them.");
  for (int i = 0; i < 256; i++)
    if (x->exits[i] > 0 || i == EXIT_FINE || i == EXIT_PERSON || i == EXIT_PAGE || i == EXIT_AGAIN)
      fprintf(f, "rotator_targets_by_exit_status{status=\"%d\"%s} %" PRIu64 "\n", i, x->behind,
              x->exits[i]);
  single(x, f, "rotator_targets_unusable",
         "Targets that cannot be worked on: mistakes in the "
         "configuration.",
         (int64_t)x->app->n_broken);
  single(x, f, "rotator_targets_overdue", "Targets whose rotation is due.", (int64_t)x->overdue);
  single(x, f, "rotator_targets_old_key_used",
         "Targets whose grace is held back by a used old key.", (int64_t)x->old_used);
  single(x, f, "rotator_targets_without_series",
         "Targets that are well and have no series of their own (metrics_targets).",
         (int64_t)x->omitted);
}

static void print_run(const struct metrics *x, FILE *f, int exit) {
  head(f, "rotator_build_info", "The program that wrote this.");
  fprintf(f, "rotator_build_info{version=\"%s\"%s} 1\n", ROTATOR_VERSION, x->behind);
  single(x, f, "rotator_run_timestamp_seconds", "When the last run over all targets ended.",
         now_s(x));
  head(f, "rotator_run_duration_seconds", "How long the last run took.");
  fprintf(f, "rotator_run_duration_seconds%s %.3f\n", x->alone,
          (double)(env_mono_ms(x->app->env) - x->began_ms) / 1000);
  single(x, f, "rotator_run_exit_status", "What the last run answered.", exit);
  single(x, f, "rotator_run_requests", "Requests to IAM and Cloud Logs in the last run.",
         (int64_t)x->requests);
  head(f, "rotator_run_audit_lines", "Lines of the audit in the last run, by what became of them.");
  fprintf(f, "rotator_run_audit_lines{result=\"sent\"%s} %" PRIu64 "\n", x->behind, x->audit_sent);
  fprintf(f, "rotator_run_audit_lines{result=\"lost\"%s} %" PRIu64 "\n", x->behind, x->audit_lost);
  head(f, "rotator_run_failures", "Steps that failed in the last run, by kind.");
  for (int i = ERR_OK + 1; i < ERR_COUNT; i++)
    fprintf(f, "rotator_run_failures{kind=\"%s\"%s} %" PRIu64 "\n", err_name((enum err)i),
            x->behind, x->failures[i]);
  if (x->oldest_key_s > 0)
    single(x, f, "rotator_oldest_key_since_timestamp_seconds",
           "When the oldest of the current keys was made.", x->oldest_key_s);
  if (x->oldest_proof_s > 0)
    single(x, f, "rotator_oldest_proof_timestamp_seconds",
           "The proof that is longest ago, of those keys that were proven.", x->oldest_proof_s);
}

static enum err print_all(void *ctx, FILE *f, struct error *e) {
  const struct metrics *x = ctx;
  bool good = true;
  print_run(x, f, x->exit);
  print_sums(x, f);
  for (int i = 0; i < FIGURES; i++) {
    const struct text *t = &x->figures[i];
    good = fflush(t->f) == 0 && good;
    if (t->len == 0)
      continue;
    head(f, families[i].name, families[i].help);
    fwrite(t->bytes, 1, t->len, f);
  }
  return good ? ERR_OK : error_no_memory(e);
}

static enum err write_file(const struct metrics *x, struct error *e) {
  const struct file_content content = {print_all, (void *)(uintptr_t)x};
  const char *file = x->app->config->metrics_file;
  char path[4096];
  if (!metrics_path(file, &x->app->cli.shard, path, sizeof path))
    return error_set(e, ERR_INVALID, "%s: the path is too long", file);
  return public_file_write(path, 0644, &content, e);
}

void metrics_write(struct metrics *x, int exit) {
  struct error e = {0};
  if (!x)
    return;
  x->exit = exit;
  if (write_file(x, &e) != ERR_OK) {
    error_wrap(&e, "the metrics were not written, and those of an earlier run stay");
    log_error(LOG_LEVEL_WARN, NULL, "metrics", &e);
  } else if (metrics_sweep(x->app->config->metrics_file, &x->app->cli.shard, &e) != ERR_OK) {
    error_wrap(&e, "metrics of targets may be counted twice");
    log_error(LOG_LEVEL_WARN, NULL, "metrics", &e);
  }
}
