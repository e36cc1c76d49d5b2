// What becomes of a request.
#include <string.h>

#include "tests/protocol/sim.h"

enum fate fate_draw(struct sim *s, bool change, int64_t down_until_ms) {
  const struct params *p = &s->p;
  struct totals *t = s->totals;
  if (!s->faults)
    return FATE_FINE;
  if (s->now_ms < down_until_ms)
    return rng_chance(&s->rng, 5000) ? FATE_UNSENT : FATE_LOST;
  if (rng_chance(&s->rng, p->unsent))
    return t->unsent++, FATE_UNSENT;
  if (rng_chance(&s->rng, p->throttled))
    return t->throttled++, FATE_THROTTLED;
  if (rng_chance(&s->rng, p->lost))
    return t->lost++, change && rng_chance(&s->rng, 6000) ? FATE_UNANSWERED : FATE_LOST;
  if (change && rng_chance(&s->rng, p->late))
    return t->late++, FATE_LATE;
  if (change && rng_chance(&s->rng, p->twice))
    return t->twice++, FATE_TWICE;
  return FATE_FINE;
}

int64_t fate_late_ms(struct sim *s) {
  static const int64_t most[] = {2000, 30 * 1000, 10 * MINUTE_MS, 5 * HOUR_MS,
                                 60 * (int64_t)HOUR_MS};
  return rng_between(&s->rng, 1, most[rng_below(&s->rng, sizeof most / sizeof *most)]);
}

enum err fate_error(struct sim *s, enum fate f, struct error *e) {
  switch (f) {
  case FATE_UNSENT:
    return error_set(e, ERR_UNSENT, "not connected");
  case FATE_THROTTLED:
    error_set(e, ERR_THROTTLED, "too many requests");
    if (e) {
      e->status = 429;
      e->retry_after_ms = rng_chance(&s->rng, 5000) ? -1 : rng_between(&s->rng, 0, 5000);
    }
    return ERR_THROTTLED;
  case FATE_LOST:
  case FATE_UNANSWERED:
  case FATE_LATE:
    return error_set(e, ERR_UNSURE, "no answer");
  case FATE_FINE:
  case FATE_TWICE:
    break;
  }
  return ERR_OK;
}
