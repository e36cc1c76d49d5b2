// malloc and its kin with memory that is wiped when it is given back: for libraries that take
// allocators (OpenSSL, cJSON, libcurl) and would leave request bodies, keys and headers behind in
// the heap.
//
// Each block has a header with its size in front, so the blocks must be freed here and nowhere
// else.
#ifndef ROTATOR_BASE_WIPE_ALLOC_H
#define ROTATOR_BASE_WIPE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

void *wipe_malloc(size_t size);
void *wipe_calloc(size_t n, size_t size);
void *wipe_realloc(void *p, size_t size); // always moves, so that nothing stays behind
char *wipe_strdup(const char *s);
void wipe_free(void *p);
// How often there was no memory in this thread: libraries do not always say that this is why they
// failed. Whoever asks compares with before.
size_t wipe_losses(void);
// Was there ever no memory, in any thread? Of what OpenSSL could not make at its first use, it does
// not make some later: algorithms are unknown to it, keys unreadable, random numbers missing, for
// the life of the process (3.0, 3.5).
bool wipe_was_starved(void);

#endif
