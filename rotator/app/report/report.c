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

// As sentences, one after the other: each may end with a stop of its own, and may have lines. (On
// the stack: who ran out of memory is told, too.)
static size_t add_sentences(char *dst, size_t cap, size_t len, const char *text) {
  for (size_t n; text && *text; text += n + (text[n] == '\n')) {
    text += strspn(text, " ");
    n = strcspn(text, "\n");
    const char *joint = len == 0 || n == 0 ? "" : strchr(".?!:", dst[len - 1]) ? " " : ". ";
    int more = snprintf(dst + len, cap - len, "%s%.*s", joint, (int)n, text);
    if (more > 0)
      len += (size_t)more < cap - len ? (size_t)more : cap - len - 1;
  }
  return len;
}

void report_join(char *dst, size_t cap, const char *const *texts, size_t n) {
  size_t len = 0;
  dst[0] = '\0';
  for (size_t i = 0; i < n; i++)
    len = add_sentences(dst, cap, len, texts[i]);
}

static void print_short(const struct trouble *t, const char *working, const char *what,
                        const char *next) {
  char text[2 * LINE_MAX_BYTES], line[2 * LINE_MAX_BYTES + 200], command[720];
  snprintf(command, sizeof command, "next: %s", next);
  const char *const texts[] = {t->working != WORKING_YES ? working : NULL, what, command};
  report_join(text, sizeof text, texts, sizeof texts / sizeof *texts);
  snprintf(line, sizeof line, "%s: %s", t->target, text);
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

// What concerns the command as a whole stands in the answer beside the targets, the first of it.
static void answer_trouble(const struct app *a, const struct trouble *t, const char *next) {
  struct error e;
  if (!a->answer || t->target || cJSON_HasObjectItem(a->answer, "error"))
    return;
  if (t->error && t->error->kind != ERR_OK)
    e = *t->error;
  else
    error_set(&e, ERR_INVALID, "%s", t->text ? t->text : "");
  answer_add_error(a->answer, &e);
  cJSON_AddStringToObject(a->answer, "next", next);
}

static void log_trouble(const struct trouble *t, const char *working, const char *what,
                        const char *next) {
  char line[4 * LINE_MAX_BYTES], command[720];
  snprintf(command, sizeof command, "next: %s", next);
  const char *const texts[] = {t->apart ? NULL : working, what, t->hint, t->note, command};
  report_join(line, sizeof line, texts, sizeof texts / sizeof *texts);
  log_line(LOG_LEVEL_ERROR, t->target, t->step, "%s", line);
}

void report_trouble(const struct app *a, const struct trouble *t) {
  char working[320], what[LINE_MAX_BYTES], next[700];
  working_words(working, sizeof working, t->working, t->verdict);
  what_failed(t, what, sizeof what);
  if (t->next)
    text_copy(next, sizeof next, t->next);
  else
    report_next(a, "check", t->target, next, sizeof next);
  answer_trouble(a, t, next);
  if (logs_are_json(a)) {
    said = true;
    log_trouble(t, working, what, next);
    return;
  }
  print_trouble(t, working, what, next);
}

void report_exhausted(const struct app *a, const char *text) {
  char next[700];
  if (said)
    return;
  report_next(a, "run", NULL, next, sizeof next);
  struct error e;
  error_set(&e, ERR_INTERNAL, "%s", text);
  const struct trouble t = {.apart = true, .error = &e, .next = next};
  report_trouble(a, &t);
}

static void report_unstarted(const struct app *a, bool apart, const char *text, const char *hint,
                             const char *next) {
  struct error e;
  error_set(&e, ERR_INVALID, "%s", text);
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
