#include "rotator/base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"

static const char *const names[] = {
    [ERR_OK] = "ok",           [ERR_INTERNAL] = "internal",
    [ERR_INVALID] = "invalid", [ERR_REFUSED] = "refused",
    [ERR_DENIED] = "denied",   [ERR_MISSING] = "missing",
    [ERR_EXISTS] = "exists",   [ERR_CONFLICT] = "conflict",
    [ERR_LIMIT] = "limit",     [ERR_THROTTLED] = "throttled",
    [ERR_UNSENT] = "unsent",   [ERR_UNSURE] = "unsure",
    [ERR_LOCKED] = "locked",   [ERR_BUSY] = "busy",
    [ERR_CORRUPT] = "corrupt", [ERR_CANCELLED] = "cancelled",
};
static_assert(sizeof names / sizeof *names == ERR_COUNT, "every kind has a name");

const char *err_name(enum err kind) {
  return (unsigned)kind < ERR_COUNT ? names[kind] : "unknown";
}

// Formats into a buffer of its own first: the arguments may point into the error that is about to
// be overwritten.
static void put_text(struct error *e, const char *before, const char *after) {
  char raw[sizeof e->text + 1];
  int n = snprintf(raw, sizeof raw, "%s%s", before, after);
  size_t len = n < 0 ? 0 : (size_t)n;
  text_printable(e->text, sizeof e->text, raw, len < sizeof raw ? len : sizeof raw - 1);
}

enum err error_set(struct error *e, enum err kind, const char *fmt, ...) {
  if (!e)
    return kind;
  char text[sizeof e->text];
  va_list ap;
  va_start(ap, fmt);
  if (vsnprintf(text, sizeof text, fmt, ap) < 0)
    text[0] = '\0';
  va_end(ap);
  memset(e, 0, sizeof *e);
  e->kind = kind;
  e->retry_after_ms = -1;
  put_text(e, text, "");
  return kind;
}

enum err error_no_memory(struct error *e) {
  return error_set(e, ERR_INTERNAL, "out of memory");
}

enum err error_wrap(struct error *e, const char *fmt, ...) {
  if (!e)
    return ERR_INTERNAL;
  char what[sizeof e->text];
  char old[sizeof e->text];
  va_list ap;
  va_start(ap, fmt);
  if (vsnprintf(what, sizeof what - 2, fmt, ap) < 0)
    what[0] = '\0';
  va_end(ap);
  memcpy(old, e->text, sizeof old);
  old[sizeof old - 1] = '\0';
  size_t n = strlen(what);
  memcpy(what + n, ": ", 3);
  put_text(e, what, old);
  return e->kind;
}

int err_is_passing(enum err kind) {
  return kind == ERR_THROTTLED || kind == ERR_UNSENT || kind == ERR_UNSURE || kind == ERR_LOCKED ||
         kind == ERR_BUSY || kind == ERR_CONFLICT;
}
