// A line is built on the stack and written with one write(2). It is kept below PIPE_BUF, so that
// lines of several processes on one pipe do not mix either.
#include "rotator/base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rotator/base/env.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

enum { TEXT_MAX = 1024, FIELD_MAX = 256 }; // doubled by JSON's escapes they still fit

struct line {
  char bytes[PIPE_BUF];
  size_t len;
};

static const struct level {
  const char *name;
  char journal; // sd-daemon(3)
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3'},   [LOG_LEVEL_WARN] = {"warning", '4'},
    [LOG_LEVEL_NOTICE] = {"notice", '5'}, [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
};

static struct {
  enum log_level most;
  enum log_format format;
  bool journal, terminal;
} settings = {.most = LOG_LEVEL_NOTICE};

void log_setup(enum log_level most, enum log_format format) {
  settings.most = most;
  settings.format = format;
  settings.journal = env_stderr_is_journal();
  settings.terminal = isatty(STDERR_FILENO) == 1;
}

static bool is_wanted(enum log_level level) {
  return level <= settings.most;
}

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *fmt, ...) {
  size_t room = sizeof l->bytes - l->len;
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(l->bytes + l->len, room, fmt, ap);
  va_end(ap);
  if (n > 0)
    l->len += (size_t)n < room ? (size_t)n : room - 1;
}

// Made printable, and cut: the text to TEXT_MAX, every other field to FIELD_MAX.
static void clean_copy(char dst[TEXT_MAX], const char *value, size_t most) {
  text_printable(dst, most, value, strnlen(value, most));
}

static void add_json_field(struct line *l, const char *name, const char *value, size_t most) {
  char clean[TEXT_MAX];
  clean_copy(clean, value, most);
  add(l, "%s\"%s\":\"", l->len > 1 ? "," : "", name);
  for (const char *c = clean; *c; c++)
    add(l, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
  add(l, "\"");
}

static void now_text(char *dst, size_t cap) {
  struct timespec ts;
  text_format_time(dst, cap, clock_gettime(CLOCK_REALTIME, &ts) ? -1 : (int64_t)ts.tv_sec);
}

struct event {
  enum log_level level;
  const char *target, *step, *text;
  const struct error *e; // NULL: none
};

static void build_json(struct line *l, const struct event *v) {
  char now[32];
  now_text(now, sizeof now);
  add(l, "{");
  add_json_field(l, "time", now, FIELD_MAX);
  add_json_field(l, "level", levels[v->level].name, FIELD_MAX);
  if (v->target)
    add_json_field(l, "target", v->target, FIELD_MAX);
  if (v->step)
    add_json_field(l, "step", v->step, FIELD_MAX);
  add_json_field(l, "text", v->text, TEXT_MAX);
  if (v->e) {
    add_json_field(l, "kind", err_name(v->e->kind), FIELD_MAX);
    if (v->e->status)
      add(l, ",\"status\":%d", v->e->status);
    if (v->e->code[0])
      add_json_field(l, "code", v->e->code, FIELD_MAX);
    if (v->e->trace[0])
      add_json_field(l, "transaction", v->e->trace, FIELD_MAX);
  }
  add(l, "}");
}

static void add_field(struct line *l, const char *before, const char *value, size_t most) {
  char clean[TEXT_MAX];
  clean_copy(clean, value, most);
  add(l, "%s%s", before, clean);
}

static void build_text(struct line *l, const struct event *v) {
  char now[32];
  if (settings.journal)
    add(l, "<%c>", levels[v->level].journal);
  else if (!settings.terminal) {
    now_text(now, sizeof now);
    add(l, "%s ", now);
  }
  add(l, "%s", levels[v->level].name);
  if (v->target)
    add_field(l, " ", v->target, FIELD_MAX);
  if (v->step)
    add_field(l, " ", v->step, FIELD_MAX);
  add_field(l, ": ", v->text, TEXT_MAX);
  if (!v->e)
    return;
  add(l, " (%s", err_name(v->e->kind));
  if (v->e->status)
    add(l, ", status %d", v->e->status);
  if (v->e->code[0])
    add_field(l, ", ", v->e->code, FIELD_MAX);
  if (v->e->trace[0])
    add_field(l, ", transaction ", v->e->trace, FIELD_MAX);
  add(l, ")");
}

static void write_event(const struct event *v) {
  struct line l = {.len = 0};
  if (settings.format == LOG_JSON)
    build_json(&l, v);
  else
    build_text(&l, v);
  if (l.len >= sizeof l.bytes)
    l.len = sizeof l.bytes - 1;
  l.bytes[l.len++] = '\n';
  int saved = errno;
  while (write(STDERR_FILENO, l.bytes, l.len) < 0 && errno == EINTR)
    continue;
  errno = saved;
}

void log_line(enum log_level level, const char *target, const char *step, const char *fmt, ...) {
  if (!is_wanted(level))
    return;
  char text[TEXT_MAX];
  va_list ap;
  va_start(ap, fmt);
  if (vsnprintf(text, sizeof text, fmt, ap) < 0)
    text[0] = '\0';
  va_end(ap);
  write_event(&(struct event){level, target, step, text, NULL});
}

void log_error(enum log_level level, const char *target, const char *step, const struct error *e) {
  if (is_wanted(level))
    write_event(&(struct event){level, target, step, e->text, e});
}
