#include "rotator/app/query_budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/pace.h"

#define WHAT "look for the test log"

struct budget {
  struct logs_reader base;
  struct logs_reader *inner;
  char *dir;
  struct pace pace;
};

static enum err ask(struct budget *b, struct error *e) {
  int64_t left_ms = 0;
  enum err err = pace_take(&b->pace, false, 0, &left_ms, e);
  if (err == ERR_THROTTLED) {
    error_set(e, err, WHAT ": the instance was asked a moment ago; six queries a minute");
    if (e)
      e->retry_after_ms = left_ms;
  } else if (err != ERR_OK && err != ERR_CANCELLED) {
    error_wrap(e, WHAT);
  }
  return err;
}

static enum logs_sighting find(struct logs_reader *base, const struct logs_search *s,
                               struct error *e) {
  struct budget *b = (struct budget *)base;
  switch (ask(b, e)) {
  case ERR_OK:
    return b->inner->ops->find(b->inner, s, e);
  case ERR_THROTTLED:
    return LOGS_ASK_LATER;
  case ERR_CANCELLED:
    return LOGS_UNASKED;
  default:
    return LOGS_SILENT;
  }
}

static void free_budget(struct logs_reader *base) {
  struct budget *b = (struct budget *)base;
  logs_reader_free(b->inner);
  free(b->dir);
  free(b);
}

struct logs_reader *query_budget_new(struct logs_reader *inner, const char *state_dir,
                                     const char *guid, struct env *env) {
  static const struct logs_reader_ops ops = {find, free_budget};
  struct budget *b = calloc(1, sizeof *b);
  if (!b) {
    logs_reader_free(inner);
    return NULL;
  }
  char name[64];
  int n = snprintf(name, sizeof name, "%s.queries", guid);
  *b = (struct budget){.base.ops = &ops, .inner = inner, .dir = strdup(state_dir)};
  if (b->dir && n < (int)sizeof name && pace_init(&b->pace, b->dir, name, env)) {
    b->pace.apart_ms = QUERY_APART_MS;
    return &b->base;
  }
  free_budget(&b->base);
  return NULL;
}
