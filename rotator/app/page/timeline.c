#include "rotator/app/page/timeline.h"

#define DAY_S 86400
#define MARGIN 50       // parts of the span that are left free at each side: 2 %
#define LABEL_ROOM 1100 // half a label

static void stretch(struct timeline *t, int64_t at_s) {
  if (at_s <= 0)
    return;
  t->from_s = at_s < t->from_s ? at_s : t->from_s;
  t->to_s = at_s > t->to_s ? at_s : t->to_s;
}

struct timeline timeline_of(const struct life *l, int64_t now_s, int64_t ahead_s) {
  struct timeline t = {now_s, now_s};
  stretch(&t, ahead_s);
  for (size_t i = 0; i < l->n_keys; i++)
    for (size_t j = 0; j < l->keys[i].n_spans; j++) {
      stretch(&t, l->keys[i].spans[j].from_s);
      stretch(&t, l->keys[i].spans[j].to_s);
    }
  for (size_t i = 0; i < l->n_marks; i++)
    stretch(&t, l->marks[i].at_s);
  if (t.to_s - t.from_s < TIMELINE_LEAST_S)
    t.from_s = t.to_s - TIMELINE_LEAST_S;
  int64_t margin_s = (t.to_s - t.from_s) / MARGIN;
  t.from_s -= margin_s;
  t.to_s += margin_s;
  return t;
}

int timeline_at(const struct timeline *t, int64_t at_s) {
  if (at_s <= t->from_s)
    return 0;
  if (at_s >= t->to_s)
    return TIMELINE_WIDTH;
  return (int)((double)(at_s - t->from_s) * TIMELINE_WIDTH / (double)(t->to_s - t->from_s));
}

size_t timeline_ticks(const struct timeline *t, int64_t ret[TIMELINE_TICKS_MAX], bool *ret_hours) {
  static const int64_t steps_s[] = {
      600,         1800,        3600,         3 * 3600,     6 * 3600,    12 * 3600,  DAY_S,
      2 * DAY_S,   7 * DAY_S,   14 * DAY_S,   30 * DAY_S,   60 * DAY_S,  90 * DAY_S, 180 * DAY_S,
      365 * DAY_S, 730 * DAY_S, 1825 * DAY_S, 3650 * DAY_S, 7300 * DAY_S};
  size_t i = 0, n = 0;
  while (i + 1 < sizeof steps_s / sizeof *steps_s &&
         (t->to_s - t->from_s) / steps_s[i] >= TIMELINE_TICKS_MAX)
    i++;
  int64_t step_s = steps_s[i];
  for (int64_t at_s = (t->from_s / step_s + 1) * step_s; at_s < t->to_s; at_s += step_s) {
    int at = timeline_at(t, at_s);
    if (at >= LABEL_ROOM && at <= TIMELINE_WIDTH - LABEL_ROOM && n < TIMELINE_TICKS_MAX)
      ret[n++] = at_s;
  }
  *ret_hours = step_s < DAY_S;
  return n;
}
