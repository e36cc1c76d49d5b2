#include "rotator/base/text.h"
#include "rotator/engine/tick.h"

static enum tick_end end_of(enum act_kind kind) {
  switch (kind) {
  case ACT_ATTENTION:
    return TICK_ATTENTION;
  case ACT_REST:
    return TICK_REST;
  default:
    return TICK_WAIT;
  }
}

static void add_state(struct tick_result *r, const struct state *s) {
  r->phase = s->phase;
  r->waiting_since_s = s->phase_since_s;
  r->epoch = s->epoch;
  r->generation = s->generation;
  r->seq = s->seq;
  text_copy(r->current_id, sizeof r->current_id, s->slots[SLOT_CURRENT].key_id);
  text_copy(r->previous_id, sizeof r->previous_id, s->slots[SLOT_PREVIOUS].key_id);
}

struct tick_result tick_result(const struct view *v, const struct action *a,
                               const struct error *e) {
  struct tick_result r = {.end = a ? end_of(a->kind) : TICK_FAILED,
                          .row = a ? a->row : ROW_unreadable,
                          .why = a ? a->why : WHY_none,
                          .phase = PHASE_COUNT,
                          .verdict = v ? view_verdict(v) : (struct verdict){.cause = CAUSE_none},
                          .attention = a && a->attention,
                          .again_ms = INT64_MAX};
  r.working = verdict_working(&r.verdict);
  if (v)
    r.previous = v->slots[SLOT_PREVIOUS].verdict;
  if (v && v->state)
    add_state(&r, v->state);
  if (e)
    r.error = *e;
  return r;
}
