// Mistakes: collected up to a number, told in the order of the files.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"

static void mistake_clear(struct config_mistake *m) {
  free(m->file);
  free(m->target);
  free(m->text);
  free(m->nearest);
  *m = (struct config_mistake){0};
}

void config_report_clear(struct config_report *r) {
  for (size_t i = 0; i < r->n; i++)
    mistake_clear(&r->mistakes[i]);
  free(r->mistakes);
  *r = (struct config_report){0};
}

static int rank(const struct config_mistake *m) {
  return m->warning ? 0 : m->fatal ? 2 : 1;
}

static bool grow(struct config_loader *l) {
  size_t cap = l->report_cap ? l->report_cap * 2 : 8;
  struct config_mistake *grown = realloc(l->report.mistakes, cap * sizeof *grown);
  if (!grown) {
    l->out_of_memory = true;
    return false;
  }
  l->report.mistakes = grown;
  l->report_cap = cap;
  return true;
}

// A place for one more mistake: the next, or that of the last one that matters less. NULL: none.
static struct config_mistake *place(struct config_loader *l, const struct config_mistake *m) {
  struct config_report *r = &l->report;
  if (r->n < CONFIG_MISTAKES_MAX)
    return r->n < l->report_cap || grow(l) ? memset(&r->mistakes[r->n++], 0, sizeof *m) : NULL;
  r->more++;
  for (size_t i = r->n; i-- > 0;)
    if (rank(&r->mistakes[i]) < rank(m)) {
      mistake_clear(&r->mistakes[i]);
      return &r->mistakes[i];
    }
  return NULL;
}

static char *copy(struct config_loader *l, const char *text) {
  char *p = strdup(text);
  if (!p)
    l->out_of_memory = true;
  return p;
}

static void add(struct config_loader *l, bool warning, const yaml_mark_t *at, const char *nearest,
                const char *text) {
  const struct config_mistake kind = {.warning = warning,
                                      .fatal = !warning && l->scope == CONFIG_SCOPE_ALL};
  struct config_mistake *m = place(l, &kind);
  if (!m)
    return;
  *m = kind;
  m->file = copy(l, l->file);
  m->line = at ? (int)at->line + 1 : 0;
  m->column = at ? (int)at->column + 1 : 0;
  m->target = l->scope == CONFIG_SCOPE_TARGET && l->target->name ? copy(l, l->target->name) : NULL;
  m->text = copy(l, text);
  m->nearest = nearest && nearest[0] ? copy(l, nearest) : NULL;
}

void config_wrong(struct config_loader *l, const yaml_mark_t *at, const char *nearest,
                  const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  l->n_wrong++;
  // What is broken stays so even when there is no place to tell it.
  if (l->scope == CONFIG_SCOPE_ALL)
    l->fatal = true;
  else if (l->scope == CONFIG_SCOPE_FILE)
    l->file_broken = true;
  else
    l->target->broken = true;
  add(l, false, at, nearest, text);
}

void config_warn(struct config_loader *l, const yaml_mark_t *at, const char *nearest,
                 const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  add(l, true, at, nearest, text);
}

static int by_place(const void *a, const void *b, void *arg) {
  const char *main_file = *(const char **)arg;
  const struct config_mistake *x = a, *y = b;
  int file = strcmp(x->file, y->file);
  if (file != 0)
    return strcmp(x->file, main_file) == 0 ? -1 : strcmp(y->file, main_file) == 0 ? 1 : file;
  if (x->line != y->line)
    return x->line < y->line ? -1 : 1;
  if (x->column != y->column)
    return x->column < y->column ? -1 : 1;
  return strcmp(x->text, y->text);
}

void config_report_sort(struct config_report *r, const char *main_file) {
  if (r->n > 1)
    qsort_r(r->mistakes, r->n, sizeof r->mistakes[0], by_place, &main_file);
}

void config_mistake_format(const struct config_mistake *m, char *dst, size_t cap) {
  char line[16] = "";
  if (m->line > 0)
    snprintf(line, sizeof line, "%d:", m->line);
  bool guess = m->nearest != NULL;
  snprintf(dst, cap, "%s:%s %s%s%s%s", m->file, line, m->text, guess ? " (did you mean " : "",
           guess ? m->nearest : "", guess ? "?)" : "");
}
