#include "map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static const char map_gone[] = "";

static uint64_t map_hash(const char *key) {
  uint64_t h = 1469598103934665603u;
  for (; *key; key++)
    h = (h ^ (unsigned char)*key) * 1099511628211u;
  return h;
}

static struct map_slot *map_find(const struct map *m, const char *key) {
  if (!m->cap)
    return NULL;
  for (size_t i = map_hash(key) & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
    struct map_slot *slot = &m->slots[i];
    if (!slot->key)
      return NULL;
    if (slot->key != map_gone && !strcmp(slot->key, key))
      return slot;
  }
}

static void map_insert(struct map *m, const char *key, void *value) {
  size_t i = map_hash(key) & (m->cap - 1);
  while (m->slots[i].key)
    i = (i + 1) & (m->cap - 1);
  m->slots[i] = (struct map_slot){key, value};
  m->used++;
}

static void map_grow(struct map *m) {
  struct map old = *m;
  m->cap = old.cap ? old.cap * 2 : 64;
  m->used = 0;
  m->slots = util_alloc(m->cap * sizeof *m->slots);
  for (size_t i = 0; i < old.cap; i++) {
    if (old.slots[i].key && old.slots[i].key != map_gone)
      map_insert(m, old.slots[i].key, old.slots[i].value);
  }
  free(old.slots);
}

void *map_get(const struct map *m, const char *key) {
  struct map_slot *slot = key ? map_find(m, key) : NULL;
  return slot ? slot->value : NULL;
}

void map_put(struct map *m, const char *key, void *value) {
  struct map_slot *slot = map_find(m, key);
  if (slot) {
    *slot = (struct map_slot){key, value};
    return;
  }
  if (m->used * 4 >= m->cap * 3)
    map_grow(m);
  map_insert(m, key, value);
}

void map_remove(struct map *m, const char *key) {
  struct map_slot *slot = map_find(m, key);
  if (slot)
    *slot = (struct map_slot){map_gone, NULL};
}

void map_free(struct map *m) {
  free(m->slots);
  *m = (struct map){0};
}
