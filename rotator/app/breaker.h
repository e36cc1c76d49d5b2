// Keeps one fault from going through a whole fleet. A `run` counts for how many targets the same
// step (row of the table) failed in the same way (kind of error). From breaker.targets on, or
// breaker.percent of the targets of this run where that is more, no rotation begins in it any more:
// a target that is due rests (WHY_fleet_fails). What is under way goes on to its end, for there a
// stop would help nobody.
//
// Only what a target does is counted, not what it cannot read: one whose sink or IAM is silent
// begins nothing anyhow.
#ifndef ROTATOR_APP_BREAKER_H
#define ROTATOR_APP_BREAKER_H

#include <stdatomic.h>

#include "rotator/app/compose.h"

struct breaker {
  size_t limit;       // 0: never
  _Atomic(bool) open; // read by the workers of the fleet
  // Counted by the fleet's watcher, which is called once at a time.
  size_t failed[ROW_COUNT][ERR_COUNT];
  enum row row; // where it opened, how many failed there by now, and the last one's error
  enum err err;
  struct error error;
  size_t held; // targets that are due and were kept from beginning
};

// For a run over n targets.
void breaker_init(struct breaker *b, const struct config *config, size_t n);
bool breaker_is_open(struct breaker *b);
// A step of a target has ended. m->seen remembers what was counted of it.
void breaker_step(struct breaker *b, struct managed *m, const struct step *s);
// One warning where a target was held back; else nothing.
void breaker_report(const struct breaker *b);

#endif
