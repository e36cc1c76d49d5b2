// Looks into memory at the moment it is given back: does a text stand in it that should have been
// wiped? For programs that are linked with -Wl,--wrap=free; sees the frees of the project's own
// code (a library's too, where it uses our allocators).
#ifndef TESTS_SUPPORT_FREE_WATCH_H
#define TESTS_SUPPORT_FREE_WATCH_H

#include <stddef.h>

// Begins to look for this text (it must live on). NULL ends it.
void free_watch(const char *text);
// How many blocks were given back since, and how many of them held the text.
size_t free_watch_blocks(void);
size_t free_watch_hits(void);

#endif
