#include "rotator/engine/turn.h"

#include <stdlib.h>

struct turn *turn_new(void) {
  return calloc(1, sizeof(struct turn));
}

void turn_free(struct turn *u) {
  if (!u)
    return;
  for (size_t i = 0; i < STATE_SINKS_MAX; i++)
    store_record_clear(&u->sinks[i].record);
  iam_key_clear(&u->adoptable);
  state_clear(&u->state);
  free(u);
}

bool target_is_of_one_host(const struct target *t) {
  if (t->home->class != STORE_CLASS_A)
    return true;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (t->sinks[i].item->class != STORE_CLASS_A)
      return true;
  return false;
}
