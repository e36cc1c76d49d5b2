#include "rotator/app/chosen.h"

struct managed *chosen_target(struct app *a, size_t i) {
  if (!a->selected[i])
    a->selected[i] = compose_target(a->compose, (size_t)(a->chosen[i] - a->config->targets));
  return a->selected[i];
}

void chosen_release(struct app *a, size_t i) {
  if (a->selected[i])
    compose_release(a->selected[i]);
  a->selected[i] = NULL;
}
