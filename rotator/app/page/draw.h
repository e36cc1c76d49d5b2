// The life of a target's keys as a picture: a row a key, time from left to right. Its shapes differ
// in form, not only in colour, and its description says the same in words.
#ifndef ROTATOR_APP_PAGE_DRAW_H
#define ROTATOR_APP_PAGE_DRAW_H

#include <stdio.h>

#include "rotator/app/page/timeline.h"

struct drawing {
  const struct life *life;
  const char *name;                  // of the target
  size_t id;                         // of the picture in the page
  int64_t now_s, due_s, grace_end_s; // 0: neither is ahead
};

// Nothing when no key is known.
void draw_life(FILE *f, const struct drawing *d);

// One of the shapes, for a legend.
void draw_sample_span(FILE *f, enum life_stage stage);
void draw_sample_mark(FILE *f, enum life_event event);
void draw_sample_ahead(FILE *f);

// Hundredths of a percent, as an attribute wants them: "12.50%".
void draw_percent(FILE *f, const char *attribute, int at);

#endif
