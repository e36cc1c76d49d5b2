#include "rotator/base/wipe_alloc.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct block {
  size_t size; // of the part behind the header
  alignas(max_align_t) unsigned char bytes[];
};
static_assert(offsetof(struct block, bytes) % alignof(max_align_t) == 0,
              "blocks are aligned as malloc's");

static struct block *block_of(void *p) {
  return (struct block *)(void *)((char *)p - offsetof(struct block, bytes));
}

static _Thread_local size_t losses;
static atomic_bool starved;

size_t wipe_losses(void) {
  return losses;
}

bool wipe_was_starved(void) {
  return atomic_load(&starved);
}

void *wipe_malloc(size_t size) {
  struct block *b = size > SIZE_MAX - sizeof *b ? NULL : malloc(sizeof *b + size);
  if (!b) {
    losses++;
    atomic_store(&starved, true);
    return NULL;
  }
  b->size = size;
  return b->bytes;
}

void *wipe_calloc(size_t n, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(n, size, &all))
    return NULL;
  void *p = wipe_malloc(all);
  if (p)
    memset(p, 0, all);
  return p;
}

void wipe_free(void *p) {
  if (!p)
    return;
  struct block *b = block_of(p);
  explicit_bzero(b->bytes, b->size);
  free(b);
}

void *wipe_realloc(void *p, size_t size) {
  if (!p)
    return wipe_malloc(size);
  void *moved = wipe_malloc(size);
  if (!moved)
    return NULL;
  size_t old = block_of(p)->size;
  memcpy(moved, p, old < size ? old : size);
  wipe_free(p);
  return moved;
}

char *wipe_strdup(const char *s) {
  size_t n = strlen(s) + 1;
  char *copy = wipe_malloc(n);
  return copy ? memcpy(copy, s, n) : NULL;
}
