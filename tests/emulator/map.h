// A hash map from text to pointer, open addressing. Keys are borrowed: they live as long as the
// value they name. Values are not owned.
#ifndef EMU_MAP_H
#define EMU_MAP_H

#include <stddef.h>

struct map_slot {
  const char *key; // NULL: never used; map_gone: removed
  void *value;
};

struct map {
  struct map_slot *slots;
  size_t cap;  // a power of two, or 0
  size_t used; // live and removed slots
};

void *map_get(const struct map *m, const char *key);
void map_put(struct map *m, const char *key, void *value); // replaces key and value
void map_remove(struct map *m, const char *key);
void map_free(struct map *m);

#endif
