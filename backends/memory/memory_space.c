// Spaces of the memory store, and the registry that gives them names. A space is counted: its
// items, its makers and the registry hold references.
#include "backends/memory/memory_space.h"

#include <stdlib.h>
#include <string.h>

struct named {
  char *name;
  struct memory_space *space;
  struct named *next;
};
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct named *registry;

struct memory_space *memory_space_new(void) {
  struct memory_space *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  pthread_mutex_init(&s->lock, NULL);
  s->refs = 1;
  return s;
}

void memory_space_ref(struct memory_space *s) {
  pthread_mutex_lock(&s->lock);
  s->refs++;
  pthread_mutex_unlock(&s->lock);
}

void memory_cell_forget_past(struct memory_cell *c) {
  while (c->n_past > 0)
    store_record_clear(&c->past[--c->n_past].record);
}

void memory_delayed_free(struct memory_delayed *d) {
  store_record_clear(&d->write.record);
  free(d);
}

static void cell_free(struct memory_cell *c) {
  memory_cell_forget_past(c);
  store_record_clear(&c->now.record);
  free(c->name);
  free(c);
}

struct memory_space *memory_space_unref(struct memory_space *s) {
  if (!s)
    return NULL;
  pthread_mutex_lock(&s->lock);
  bool last = --s->refs == 0;
  pthread_mutex_unlock(&s->lock);
  if (!last)
    return NULL;
  for (struct memory_cell *c = s->cells, *next; c; c = next) {
    next = c->next;
    cell_free(c);
  }
  for (struct memory_delayed *d = s->delayed, *next; d; d = next) {
    next = d->next;
    memory_delayed_free(d);
  }
  pthread_mutex_destroy(&s->lock);
  free(s);
  return NULL;
}

static struct memory_space *registry_add(const char *name) {
  struct named *n = calloc(1, sizeof *n);
  char *copy = strdup(name);
  struct memory_space *s = memory_space_new();
  if (!n || !copy || !s) {
    free(n);
    free(copy);
    return memory_space_unref(s);
  }
  *n = (struct named){.name = copy, .space = s, .next = registry};
  registry = n;
  return s;
}

struct memory_space *memory_space_named(const char *name) {
  struct memory_space *s = NULL;
  pthread_mutex_lock(&registry_lock);
  for (struct named *n = registry; n && !s; n = n->next)
    if (strcmp(n->name, name) == 0)
      s = n->space;
  if (!s)
    s = registry_add(name);
  if (s)
    memory_space_ref(s);
  pthread_mutex_unlock(&registry_lock);
  return s;
}

void memory_spaces_forget(void) {
  pthread_mutex_lock(&registry_lock);
  struct named *all = registry;
  registry = NULL;
  pthread_mutex_unlock(&registry_lock);
  for (struct named *n = all, *next; n; n = next) {
    next = n->next;
    memory_space_unref(n->space);
    free(n->name);
    free(n);
  }
}

static struct memory_cell *cell_find(struct memory_space *s, const char *name) {
  for (struct memory_cell *c = s->cells; c; c = c->next)
    if (strcmp(c->name, name) == 0)
      return c;
  return NULL;
}

struct memory_cell *memory_space_cell_locked(struct memory_space *s, const char *name) {
  struct memory_cell *c = cell_find(s, name);
  if (c)
    return c;
  c = calloc(1, sizeof *c);
  char *copy = strdup(name);
  if (!c || !copy) {
    free(c);
    free(copy);
    return NULL;
  }
  c->name = copy;
  c->next = s->cells;
  s->cells = c;
  return c;
}

struct memory_cell *memory_space_cell(struct memory_space *s, const char *name) {
  pthread_mutex_lock(&s->lock);
  struct memory_cell *c = memory_space_cell_locked(s, name);
  pthread_mutex_unlock(&s->lock);
  return c;
}

void memory_space_set_fault(struct memory_space *s,
                            enum memory_fault (*fault)(void *ctx, const struct memory_op *op),
                            void *ctx) {
  pthread_mutex_lock(&s->lock);
  s->fault = fault;
  s->fault_ctx = ctx;
  pthread_mutex_unlock(&s->lock);
}

enum memory_fault memory_space_ask(struct memory_space *s, const struct memory_op *op) {
  pthread_mutex_lock(&s->lock);
  enum memory_fault (*fault)(void *ctx, const struct memory_op *op) = s->fault;
  void *ctx = s->fault_ctx;
  pthread_mutex_unlock(&s->lock);
  return fault ? fault(ctx, op) : MEMORY_FINE;
}
