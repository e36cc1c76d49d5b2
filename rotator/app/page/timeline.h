// Where a moment lies on a line that is as wide as the reader's window. Pure.
#ifndef ROTATOR_APP_PAGE_TIMELINE_H
#define ROTATOR_APP_PAGE_TIMELINE_H

#include "rotator/app/page/life.h"

// Places are hundredths of a percent of the width.
#define TIMELINE_WIDTH 10000
#define TIMELINE_TICKS_MAX 4
#define TIMELINE_LEAST_S 3600 // what it spans at least

struct timeline {
  int64_t from_s, to_s; // to_s > from_s
};

// From the first thing known of the keys, or now, to the last: now, or what lies ahead (0: nothing
// does), with some room on both sides.
struct timeline timeline_of(const struct life *l, int64_t now_s, int64_t ahead_s);

// 0 … TIMELINE_WIDTH; what lies outside, at its end.
int timeline_at(const struct timeline *t, int64_t at_s);

// Round moments for the axis, far enough from each other and from both ends for a label of a tenth
// of the width to each side. *ret_hours: they are not all midnights (UTC).
size_t timeline_ticks(const struct timeline *t, int64_t ret[TIMELINE_TICKS_MAX], bool *ret_hours);

#endif
