#include "tests/support/free_watch.h"

#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

void __real_free(void *p);
void __wrap_free(void *p);

static const char *_Atomic wanted;
static atomic_size_t blocks, hits;

void free_watch(const char *text) {
  atomic_store(&blocks, 0);
  atomic_store(&hits, 0);
  atomic_store(&wanted, text);
}

size_t free_watch_blocks(void) {
  return atomic_load(&blocks);
}

size_t free_watch_hits(void) {
  return atomic_load(&hits);
}

void __wrap_free(void *p) {
  const char *text = atomic_load(&wanted);
  if (p && text) {
    atomic_fetch_add(&blocks, 1);
    if (memmem(p, malloc_usable_size(p), text, strlen(text)))
      atomic_fetch_add(&hits, 1);
  }
  __real_free(p);
}
