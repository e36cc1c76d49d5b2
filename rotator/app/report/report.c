#include "rotator/app/report/report.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

#define LINE_MAX_BYTES 1200

void report_next(const struct app *a, const char *command, const char *target, char *dst,
                 size_t cap) {
  const char *space = strchr(command, ' ');
  int word = space ? (int)(space - command) : (int)strlen(command);
  snprintf(dst, cap, "%s %.*s%s%s%s", a->self, word, command, target ? " " : "",
           target ? target : "", space ? space : "");
}

void report_service_said(const struct error *e, char *dst, size_t cap) {
  struct text_buf b = TEXT_BUF(400);
  if (e->status)
    text_buf_add(&b, "status %d", e->status);
  if (e->code[0])
    text_buf_add(&b, "%s%s", b.len ? ", " : "", e->code);
  if (e->trace[0])
    text_buf_add(&b, "%stransaction %s", b.len ? ", " : "", e->trace);
  text_copy(dst, cap, text_buf_str(&b));
  text_buf_free(&b);
}

// The second line: step, text, and the service's own words.
static void what_failed(const struct trouble *t, char *dst, size_t cap) {
  char said[256] = "";
  bool error = t->error && t->error->kind != ERR_OK;
  const char *error_text = error ? t->error->text : "";
  if (error)
    report_service_said(t->error, said, sizeof said);
  snprintf(dst, cap, "%s%s%s%s%s%s%s%s", t->step ? t->step : "", t->step ? ": " : "",
           t->text ? t->text : error_text, t->text && error_text[0] ? ": " : "",
           t->text ? error_text : "", said[0] ? " (" : "", said, said[0] ? ")" : "");
}

static bool logs_are_json(const struct app *a) {
  return a->cli.log_format && strcmp(a->cli.log_format, "json") == 0;
}

static bool said;

bool report_said(void) {
  return said;
}

static void print_line(const char *text) {
  said = true;
  char clean[2 * LINE_MAX_BYTES];
  text_printable(clean, sizeof clean, text, strlen(text));
  fprintf(stderr, "%s\n", clean);
}

void report_line(const struct app *a, const char *text) {
  char line[LINE_MAX_BYTES];
  snprintf(line, sizeof line, "rotator: %s", text);
  if (logs_are_json(a))
    log_line(LOG_LEVEL_WARN, NULL, a->cli.command ? cli_commands[a->cli.command].name : NULL, "%s",
             text);
  else
    print_line(line);
}

static void print_hint(const char *hint) {
  char line[LINE_MAX_BYTES];
  for (size_t n; *hint; hint += n + (hint[n] == '\n')) {
    n = strcspn(hint, "\n");
    snprintf(line, sizeof line, "  %.*s", (int)n, hint);
    print_line(line);
  }
}

static void print_short(const struct trouble *t, const char *working, const char *what,
                        const char *next) {
  char line[2 * LINE_MAX_BYTES + 200];
  bool page = t->working != WORKING_YES;
  snprintf(line, sizeof line, "%s: %s%s%s. next: %s", t->target, page ? working : "",
           page ? ". " : "", what, next);
  print_line(line);
}

static void print_trouble(const struct trouble *t, const char *working, const char *what,
                          const char *next) {
  static size_t whole;
  char line[LINE_MAX_BYTES + 200];
  fflush(stdout);
  if (t->target && whole == REPORT_WHOLE) {
    print_short(t, working, what, next);
    return;
  }
  whole += t->target != NULL;
  snprintf(line, sizeof line, "%s: %s", t->target ? t->target : "rotator",
           t->apart ? what : working);
  print_line(line);
  snprintf(line, sizeof line, "  %s", what);
  if (!t->apart)
    print_line(line);
  if (t->hint)
    print_hint(t->hint);
  if (t->note)
    print_hint(t->note);
  snprintf(line, sizeof line, "next: %s", next);
  print_line(line);
}

void report_trouble(const struct app *a, const struct trouble *t) {
  char working[320], what[LINE_MAX_BYTES], next[700];
  working_words(working, sizeof working, t->working, t->verdict);
  what_failed(t, what, sizeof what);
  if (t->next)
    text_copy(next, sizeof next, t->next);
  else
    report_next(a, "check", t->target, next, sizeof next);
  if (logs_are_json(a)) {
    said = true;
    log_line(LOG_LEVEL_ERROR, t->target, t->step, "%s%s%s%s%s%s%s. next: %s",
             t->apart ? "" : working, t->apart ? "" : ". ", what, t->hint ? ". " : "",
             t->hint ? t->hint : "", t->note ? ". " : "", t->note ? t->note : "", next);
    return;
  }
  print_trouble(t, working, what, next);
}

static void report_unstarted(const struct app *a, bool apart, const char *text, const char *hint,
                             const char *next) {
  struct error e;
  error_set(&e, ERR_INVALID, "%s", text);
  if (a->answer && !cJSON_HasObjectItem(a->answer, "error")) {
    answer_add_error(a->answer, &e);
    cJSON_AddStringToObject(a->answer, "next", next);
  }
  struct trouble t = {.apart = apart,
                      .working = WORKING_UNKNOWN,
                      .error = &e,
                      .hint = hint ? hint : "nothing was contacted and nothing was changed",
                      .next = next};
  report_trouble(a, &t);
}

void report_usage(const struct app *a, const char *text, const char *hint, const char *next) {
  report_unstarted(a, true, text, hint, next);
}

void report_unusable(const struct app *a, const char *text, const char *hint, const char *next) {
  report_unstarted(a, false, text, hint, next);
}

static bool concerns(const struct app *a, const struct config_mistake *m) {
  if (!m->target || a->cli.n_targets == 0)
    return true;
  for (size_t i = 0; i < a->cli.n_targets; i++)
    if (strcmp(a->cli.targets[i], m->target) == 0)
      return true;
  return false;
}

void report_mistakes(const struct app *a, bool all) {
  char line[LINE_MAX_BYTES];
  for (size_t i = 0; i < a->mistakes.n; i++) {
    const struct config_mistake *m = &a->mistakes.mistakes[i];
    if (!all && (m->warning || !concerns(a, m)))
      continue;
    config_mistake_format(m, line, sizeof line);
    if (logs_are_json(a)) {
      log_line(m->warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, m->target, "config", "%s", line);
      continue;
    }
    print_line(line);
  }
  if (a->mistakes.more > 0)
    fprintf(stderr, "... and %zu more\n", a->mistakes.more);
}
