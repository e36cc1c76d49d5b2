// Everything a configuration points to lives in one arena, and what the loader needs in another.
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"

#define FIRST_BLOCK 4096
#define LARGEST_BLOCK 65536

// Blocks grow from small to large, so that a small configuration stays small.
struct config_block {
  struct config_block *older;
  size_t size, used;
  alignas(max_align_t) unsigned char bytes[];
};

static struct config_block *block_new(struct config_arena *a, size_t need) {
  size_t size = a->newest ? a->newest->size * 2 : FIRST_BLOCK;
  if (size > LARGEST_BLOCK)
    size = LARGEST_BLOCK;
  if (size < need)
    size = need;
  struct config_block *b = calloc(1, sizeof *b + size);
  if (!b)
    return NULL;
  b->size = size;
  b->older = a->newest;
  a->newest = b;
  return b;
}

static void *take(struct config_arena *a, size_t size, size_t align) {
  if (size > SIZE_MAX / 2)
    return NULL;
  struct config_block *b = a->newest;
  size_t at = b ? (b->used + align - 1) / align * align : 0;
  if (!b || at > b->size || b->size - at < size) {
    b = block_new(a, size);
    at = 0;
  }
  if (!b)
    return NULL;
  b->used = at + size;
  return b->bytes + at;
}

static void *alloc(struct config_loader *l, struct config_arena *a, size_t size) {
  void *p = take(a, size, alignof(max_align_t));
  if (!p)
    l->out_of_memory = true;
  return p;
}

static char *copy(struct config_loader *l, struct config_arena *a, const char *text) {
  size_t size = strlen(text) + 1;
  char *p = take(a, size, 1);
  if (p)
    memcpy(p, text, size);
  else
    l->out_of_memory = true;
  return p;
}

void *config_alloc(struct config_loader *l, size_t size) {
  return alloc(l, l->arena, size);
}

char *config_keep(struct config_loader *l, const char *text) {
  return copy(l, l->arena, text);
}

void *config_scratch(struct config_loader *l, size_t size) {
  return alloc(l, &l->scratch, size);
}

char *config_scratch_text(struct config_loader *l, const char *text) {
  return copy(l, &l->scratch, text);
}

void config_arena_free(struct config_arena *a) {
  struct config_block *b = a->newest;
  a->newest = NULL;
  while (b) {
    struct config_block *older = b->older;
    free(b);
    b = older;
  }
}
