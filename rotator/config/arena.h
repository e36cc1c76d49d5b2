// Memory that is given back all at once: everything a configuration points to lives in one of
// these.
#ifndef ROTATOR_CONFIG_ARENA_H
#define ROTATOR_CONFIG_ARENA_H

#include <stddef.h>

struct config_arena {
  struct config_block *newest;
};

// Zeroed and aligned for anything. NULL when memory ran out.
void *config_arena_alloc(struct config_arena *a, size_t size);
char *config_arena_copy(struct config_arena *a, const char *bytes,
                        size_t len); // with a NUL behind it
char *config_arena_text(struct config_arena *a, const char *text);
void config_arena_free(struct config_arena *a);

#endif
