// Windows: "Mon-Thu 09:00-16:00 Europe/Berlin; Sat 10:00-12:00 Europe/Berlin" as spans of UTC
// seconds.
#ifndef ROTATOR_CONFIG_WINDOW_H
#define ROTATOR_CONFIG_WINDOW_H

#include <stdint.h>

#include "rotator/base/choices.h"
#include "rotator/base/error.h"
#include "rotator/engine/policy.h"

#define WINDOW_PARTS_MAX 16
#define WINDOW_DAYS 8 // how far ahead spans are worked out

// Reads a window and works out its spans, ascending and apart, from the one that is open at now_s
// to those that open within WINDOW_DAYS (at least two, at most what *ret holds). "always" gives no
// spans, which stands for always. ERR_INVALID: e says what is wrong with which part; `nearest` (may
// be NULL) is the nearest right word, or "". Changes TZ for the time of the call: one thread only.
enum err window_read(const char *text, int64_t now_s, struct policy_window *ret,
                     char nearest[NEAREST_MAX], struct error *e);

// The longest time between two spans, 0 if there are fewer than two: how long a wait for the window
// can be.
int64_t window_longest_gap_s(const struct policy_window *w);

#endif
