// The last things that happened, for a person. Nothing is kept unless a run is traced; a run is its
// seed, so one that went wrong is simply run again.
#include <stdio.h>
#include <string.h>

#include "tests/protocol/sim.h"

enum { TRACE_LINES = 20000 };

void sim_trace(struct sim *s, const char *fmt, ...) {
  static char lines[TRACE_LINES][240];
  s->trace = lines;
  char *line = lines[s->n_trace++ % TRACE_LINES];
  int64_t t = s->now_ms;
  int n = snprintf(line, sizeof lines[0], "%3lldd %02lld:%02lld:%02lld.%03lld #%llu ",
                   (long long)(t / DAY_MS), (long long)(t / HOUR_MS % 24),
                   (long long)(t / MINUTE_MS % 60), (long long)(t / 1000 % 60),
                   (long long)(t % 1000), (unsigned long long)s->event);
  va_list args;
  va_start(args, fmt);
  vsnprintf(line + n, sizeof lines[0] - (size_t)n, fmt, args);
  va_end(args);
}

void sim_trace_print(const struct sim *s, unsigned most) {
  unsigned n = s->n_trace < TRACE_LINES ? s->n_trace : TRACE_LINES;
  if (n > most)
    n = most;
  for (unsigned i = s->n_trace - n; s->trace && i < s->n_trace; i++)
    printf("%s\n", s->trace[i % TRACE_LINES]);
}

void sim_violate(struct sim *s, const char *promise, const char *fmt, ...) {
  if (s->violated)
    return;
  char text[400];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  snprintf(s->violation, sizeof s->violation, "%s: %s", promise, text);
  sim_note(s, "VIOLATION %s", s->violation);
  s->violated = s->over = true;
}
