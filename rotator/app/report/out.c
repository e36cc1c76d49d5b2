#include "rotator/app/report/out.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
  bool shown, terminal, colours;
  int utf8; // −1: not looked yet
} settings = {.shown = true, .utf8 = -1};

void out_setup(bool json, bool quiet) {
  settings.shown = !json && !quiet;
  settings.terminal = settings.shown && isatty(STDOUT_FILENO) == 1;
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  settings.colours = settings.terminal && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

const char *out_colour(enum colour c) {
  static const char *const codes[] = {[COLOUR_NONE] = "\033[0m",
                                      [COLOUR_GOOD] = "\033[32m",
                                      [COLOUR_BAD] = "\033[1;31m",
                                      [COLOUR_DOUBT] = "\033[33m"};
  return settings.colours ? codes[c] : "";
}

bool out_is_terminal(void) {
  return settings.terminal;
}

void out_line(const char *fmt, ...) {
  if (!settings.shown)
    return;
  va_list ap;
  va_start(ap, fmt);
  vprintf(fmt, ap);
  va_end(ap);
  putchar('\n');
}

void out_text(const char *fmt, ...) {
  if (!settings.shown)
    return;
  va_list ap;
  va_start(ap, fmt);
  vprintf(fmt, ap);
  va_end(ap);
  fflush(stdout);
}

// The locale is looked up only when a mark is printed: most runs print none.
static bool is_utf8(void) {
  if (settings.utf8 < 0) {
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    settings.utf8 = l && strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;
    if (l)
      freelocale(l);
  }
  return settings.utf8;
}

const char *out_mark(enum mark m) {
  static const char *const marks[][2] = {
      [MARK_DONE] = {"ok", "✓"}, [MARK_DOING] = {"..", "…"}, [MARK_FAILED] = {"FAIL", "✗"}};
  return marks[m][is_utf8()];
}

void table_init(struct table *t, size_t columns) {
  *t = (struct table){.columns = columns};
}

static void drop_rows(struct table *t) {
  for (size_t i = 0; i < t->n * t->columns; i++)
    free(t->cells[i]);
  t->n = 0;
}

void table_row(struct table *t, const char *const cells[]) {
  if (t->n == TABLE_ROWS)
    table_print(t);
  if (t->n == t->cap) {
    size_t cap = t->cap ? 2 * t->cap : 16;
    char **more = reallocarray(t->cells, cap * t->columns, sizeof *more);
    if (!more)
      return;
    t->cells = more;
    t->cap = cap;
  }
  for (size_t i = 0; i < t->columns; i++)
    t->cells[t->n * t->columns + i] = strdup(cells[i] ? cells[i] : "-");
  t->n++;
}

static size_t width_of(const struct table *t, size_t column) {
  size_t most = t->widths[column];
  for (size_t r = 0; r < t->n; r++) {
    const char *cell = t->cells[r * t->columns + column];
    size_t len = cell ? strlen(cell) : 0;
    most = len > most ? len : most;
  }
  return most;
}

static void print_cell(const struct table *t, size_t column, const char *cell, int width) {
  enum colour c = t->colour ? t->colour(column, cell) : COLOUR_NONE;
  bool last = column + 1 == t->columns;
  printf("%s%-*s%s%s", c != COLOUR_NONE ? out_colour(c) : "", last ? 0 : width, cell,
         c != COLOUR_NONE ? out_colour(COLOUR_NONE) : "", last ? "\n" : "  ");
}

void table_print(struct table *t) {
  for (size_t i = 0; i < t->columns && i < TABLE_COLUMNS_MAX; i++)
    t->widths[i] = width_of(t, i);
  for (size_t r = 0; settings.shown && r < t->n; r++)
    for (size_t i = 0; i < t->columns; i++) {
      const char *cell = t->cells[r * t->columns + i];
      print_cell(t, i, cell ? cell : "?", (int)t->widths[i]);
    }
  drop_rows(t);
}

void table_clear(struct table *t) {
  drop_rows(t);
  free(t->cells);
  *t = (struct table){.columns = t->columns};
}
