// Logging: one line an event, to stderr; text for a person (with a journal priority prefix "<4>"
// when stderr is the journal), or one JSON object a line. Only the layer that decides what to do
// about an error logs it.
//
// There is no call that takes a struct secret, and text is made printable before it is written, so
// that a service's answer cannot control a terminal.
#ifndef ROTATOR_BASE_LOG_H
#define ROTATOR_BASE_LOG_H

#include <stdbool.h>

#include "rotator/base/error.h"

enum log_level {
  LOG_LEVEL_ERROR,
  LOG_LEVEL_WARN,
  LOG_LEVEL_NOTICE,
  LOG_LEVEL_INFO,
  LOG_LEVEL_DEBUG
};
enum log_format { LOG_TEXT, LOG_JSON };

// Process-wide settings, set once before threads start. Lines of concurrent writers never mix.
void log_setup(enum log_level most, enum log_format format);

// `target` and `step` may be NULL; they become fields of their own.
void log_line(enum log_level level, const char *target, const char *step, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// The same with an error's kind, status, code and transaction id as fields.
void log_error(enum log_level level, const char *target, const char *step, const struct error *e);

#endif
