// Server-sent events, as the answer of a query comes: a pure decoder that is fed bytes in pieces of
// any size. Internal to rotator/cloud.
//
// Lines end with LF, CR or CRLF. A line with ":" first is a comment; `data:` lines of one event are
// joined by LF; other fields are of no use here; a blank line ends the event. The service sends a
// strict subset of this (a comment, one data line, a blank line, LF).
//
//   struct logs_events s;
//   logs_events_init(&s, take, ctx);
//   ok = logs_events_feed(&s, bytes, len) && …;
//   whole = logs_events_end(&s);
//   logs_events_clear(&s);
#ifndef ROTATOR_CLOUD_LOGS_EVENTS_H
#define ROTATOR_CLOUD_LOGS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/base/text.h"

#define LOGS_EVENT_MAX (8 * 1024 * 1024) // bytes of a line, and of an event's data

struct logs_events {
  // Each event's data, NUL-terminated behind len bytes; never empty.
  void (*take)(void *ctx, const char *data, size_t len);
  void *ctx;
  struct text_buf line, data;
  bool after_cr; // an LF that comes now belongs to the CR before it
  bool begun;    // the first line was read: no byte order mark can come any more
  bool has_data;
};

void logs_events_init(struct logs_events *s, void (*take)(void *ctx, const char *data, size_t len),
                      void *ctx);
// False, from then on, when a line or an event is beyond its limit, or memory ran out.
bool logs_events_feed(struct logs_events *s, const char *bytes, size_t len);
// The end of the bytes. An event that no blank line ended is handed on all the same: whether it was
// cut shows in its data. False: a limit was passed, or the last line was no whole one.
bool logs_events_end(struct logs_events *s);
void logs_events_clear(struct logs_events *s);

#endif
