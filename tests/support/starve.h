// Memory runs out at one chosen allocation. For programs linked with
// -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup; cJSON is told to allocate here too.
// A test calls what it is about with n = 0, 1, 2 … between starve_at(n) and starve_over(), until
// the latter says that none failed.
#ifndef TESTS_SUPPORT_STARVE_H
#define TESTS_SUPPORT_STARVE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

static long starve_left = -1; // allocations still granted before the one that fails; negative: all
static bool starve_hit;

static bool starve_refuses(void) {
  if (starve_left < 0 || starve_left-- > 0)
    return false;
  starve_hit = true;
  return true;
}

void *__wrap_malloc(size_t size) {
  return starve_refuses() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size) {
  return starve_refuses() ? NULL : __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size) {
  return starve_refuses() ? NULL : __real_realloc(p, size);
}
char *__wrap_strdup(const char *s) {
  return starve_refuses() ? NULL : __real_strdup(s);
}

// What fails is told as the program's own allocator tells it (json_read).
static void *starve_malloc(size_t size) {
  void *p = __wrap_malloc(size);
  return p ? p : json_malloc(SIZE_MAX);
}

// From now on allocation number n (from 0) fails, that one alone.
static inline void starve_at(long n) {
  cJSON_Hooks hooks = {.malloc_fn = starve_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  starve_left = n;
  starve_hit = false;
}

// Grants everything again; true when there were no more than n allocations, so that none failed.
static inline bool starve_over(void) {
  starve_left = -1;
  return !starve_hit;
}

#endif
