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

// A mark in front of a line, ASCII where the locale is not UTF-8.
enum mark { MARK_DONE, MARK_DOING, MARK_FAILED };
const char *out_mark(enum mark m);

// Columns of text, each as wide as its widest cell. Cells are copied.
#define TABLE_COLUMNS_MAX 10
struct table {
  size_t columns, n, cap;
  char **cells; // n rows of `columns`
};
void table_init(struct table *t, size_t columns);
// One row: as many texts as there are columns; NULL is "-".
void table_row(struct table *t, const char *const cells[]);
void table_print(const struct table *t);
void table_clear(struct table *t);

#endif
