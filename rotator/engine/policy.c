#include "rotator/engine/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rotator/base/text_digest.h"

bool policy_window_is_open(const struct policy_window *w, int64_t now_s) {
  if (w->n == 0)
    return true;
  for (size_t i = 0; i < w->n; i++)
    if (now_s >= w->spans[i].open_s && now_s < w->spans[i].close_s)
      return true;
  return false;
}

int64_t policy_window_next(const struct policy_window *w, int64_t now_s) {
  if (policy_window_is_open(w, now_s))
    return now_s;
  for (size_t i = 0; i < w->n; i++)
    if (w->spans[i].open_s >= now_s)
      return w->spans[i].open_s;
  return -1;
}

// Where in [0, jitter) this binding and generation fall: spread over a fleet, the same on every
// host and at every look.
static int64_t jitter_s(const struct policy *p, const char *binding, uint64_t generation) {
  if (p->rotate_jitter_s <= 0)
    return 0;
  char text[128];
  int n = snprintf(text, sizeof text, "%s %" PRIu64, binding, generation);
  return (int64_t)(text_hash64(text, (size_t)n) % (uint64_t)p->rotate_jitter_s);
}

int64_t policy_due_s(const struct policy *p, const char *binding, uint64_t generation,
                     int64_t since_s, int64_t adopted_s) {
  int64_t jitter = jitter_s(p, binding, generation);
  int64_t due = since_s + p->rotate_every_s - jitter;
  if (adopted_s > 0 && since_s + p->rotate_every_s <= adopted_s)
    due = adopted_s + jitter;
  return due;
}
