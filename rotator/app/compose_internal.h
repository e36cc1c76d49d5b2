// Inside compose: compose.c makes the objects, compose_bind.c finds the identity and opens the
// stores, compose_worker.c has what each worker needs.
#ifndef ROTATOR_APP_COMPOSE_INTERNAL_H
#define ROTATOR_APP_COMPOSE_INTERNAL_H

#include "rotator/app/compose.h"
#include "rotator/app/compose_worker.h"

struct compose {
  const struct config *config;
  struct env *env;
  struct bound **bounds; // one a configured target, NULL until asked for
  struct workers *workers;
  char host_id[STATE_WHO_MAX]; // "" not known
  char writer[STATE_WHO_MAX];
  char process_id[STATE_LINEAGE_MAX];
};

void compose_close_stores(struct bound *b);

#endif
