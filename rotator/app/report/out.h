// Standard output: results for people, or one JSON document, never both. Errors and logs go to
// standard error (report.h, log.h).
#ifndef ROTATOR_APP_REPORT_OUT_H
#define ROTATOR_APP_REPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>

// Once. With json or quiet, nothing is printed for people.
void out_setup(bool json, bool quiet);
// Is somebody watching: a terminal, and results are shown?
bool out_is_terminal(void);

void out_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// Text without a newline; flushed.
void out_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Colours, where somebody watches on a terminal that has them (not with NO_COLOR or TERM=dumb):
// around a text, out_colour(…) and then out_colour(COLOUR_NONE). Else "".
enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_DOUBT };
const char *out_colour(enum colour c);

// A mark in front of a line, ASCII where the locale is not UTF-8.
enum mark { MARK_DONE, MARK_DOING, MARK_FAILED };
const char *out_mark(enum mark m);

// Columns of text, each as wide as its widest cell. Cells are copied. A table of more than
// TABLE_ROWS rows is printed as it comes, so many rows at a time; a column may get wider on the
// way.
#define TABLE_COLUMNS_MAX 10
#define TABLE_ROWS 256
struct table {
  size_t columns, n, cap;
  size_t widths[TABLE_COLUMNS_MAX];                       // at least
  char **cells;                                           // n rows of `columns`
  enum colour (*colour)(size_t column, const char *cell); // NULL: none
};
void table_init(struct table *t, size_t columns);
// One row: as many texts as there are columns; NULL is "-".
void table_row(struct table *t, const char *const cells[]);
// The rows that are not printed yet.
void table_print(struct table *t);
void table_clear(struct table *t);

#endif
