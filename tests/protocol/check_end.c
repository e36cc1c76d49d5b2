// L1: some time after the faults have stopped, the rotation is over, its key serves everywhere, and
// nothing is left behind.
#include <stdio.h>
#include <string.h>

#include "tests/protocol/sim.h"

static bool no(char *why, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool no(char *why, size_t cap, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(why, cap, fmt, args);
  va_end(args);
  return false;
}

static bool keys_are_in_order(const struct sim *s, int current, char *why, size_t cap) {
  if (current < 0 || (!key_alive(&s->keys[current]) && !s->keys[current].hand))
    return no(why, cap, "current (key %d) does not work", current);
  if (!key_alive(&s->keys[current]))
    return no(why, cap, "current (key %d) was killed by hand, and was not replaced", current);
  for (int i = 0; i < s->n_keys; i++)
    if (i != current && s->keys[i].exists && key_is_ours(s, &s->keys[i]))
      return no(why, cap, "key %d is left over", i);
  return true;
}

static bool sinks_are_in_order(const struct sim *s, int current, char *why, size_t cap) {
  for (unsigned i = 0; i < s->p.sinks; i++) {
    const struct sim_sink *sink = &s->sinks[i];
    if (sink->configured && sink->key != current)
      return no(why, cap, "sink %d does not serve current", (int)i);
  }
  return true;
}

bool check_end(struct sim *s, char *why, size_t cap) {
  s->totals->l1++;
  if (!s->has_state)
    return no(why, cap, "there is no state");
  if (s->state.phase != PHASE_IDLE)
    return no(why, cap, "the phase is %s", phase_name(s->state.phase));
  if (s->state.wish.kind != WISH_NONE)
    return no(why, cap, "a wish is left over (%s)", wish_name(s->state.wish.kind));
  int current = key_by_id(s, s->state.slots[SLOT_CURRENT].key_id);
  if (!keys_are_in_order(s, current, why, cap) || !sinks_are_in_order(s, current, why, cap))
    return false;
  if (s->last.end != TICK_REST || s->last.attention)
    return no(why, cap, "the last tick did not end in rest (%d)", s->last.end);
  return true;
}
