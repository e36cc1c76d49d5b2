// A directory of its own for a test of the file store, and short ways to put things into it.
#ifndef TESTS_CONTRACT_STORES_FILE_BENCH_H
#define TESTS_CONTRACT_STORES_FILE_BENCH_H

#include <sys/types.h>

#include "backends/store.h"

#define FILE_BENCH_PATH 256

struct file_bench {
  char dir[FILE_BENCH_PATH];      // real path of a new directory, 0700
  char path[FILE_BENCH_PATH + 8]; // DIR/key
};

struct file_bench *file_bench_new(void);
void file_bench_free(struct file_bench *b); // with all that is in the directory

// For cmocka: *state is a struct file_bench.
int file_bench_setup(void **state);
int file_bench_teardown(void **state);

// Writes the file in place with the mode; fails the test if that does not work.
void file_bench_put(const char *path, const void *bytes, size_t len, mode_t mode);
void file_bench_put_text(const char *path, const char *text);
// The file's bytes with a NUL behind; "" when it is not there. Valid until the next call.
const char *file_bench_get(const char *path);
// Names in the directory, "." and ".." left out.
size_t file_bench_count(const char *dir);

// An item of the file store with `path` and more settings, pairs of texts that end with NULL; the
// k-th pair has line 10 + k, path has line 10. file_bench_try returns what `open` does.
struct store_item *file_bench_open(enum store_kind kind, const char *path, ...)
    __attribute__((sentinel));
enum err file_bench_try(enum store_kind kind, const char *path, const char *const pairs[],
                        int *ret_line, struct error *e);

// Reads the item and compares; returns the version. Value NULL: ERR_MISSING is wanted.
struct store_version file_bench_reads(struct store_item *it, const char *value);
// Writes the value over what is there now; the test fails when that does not work.
void file_bench_writes(struct store_item *it, const char *value);

#endif
