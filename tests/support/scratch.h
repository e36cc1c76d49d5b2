// A temporary directory for one test, and what stands in it.
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#define SCRATCH_PATH 256

struct scratch {
  char dir[SCRATCH_PATH];
  char path[SCRATCH_PATH * 2]; // the latest answer of scratch_path()
};

// Makes the directory (0700), below $TMPDIR or /tmp. Ends the program when that fails.
void scratch_new(struct scratch *s);
// Unmounts what was mounted in it, and removes it with all it holds.
void scratch_remove(struct scratch *s);
// dir/name, in s->path: valid until the next call.
const char *scratch_path(struct scratch *s, const char *name);

// Writes a file, 0600. Ends the program when that fails.
void scratch_write(const char *path, const char *text);
// Does the file hold exactly this text?
bool scratch_holds(const char *path, const char *text);
// How many entries has the directory ("." and ".." not counted)?
int scratch_entries(const char *dir);

#endif
