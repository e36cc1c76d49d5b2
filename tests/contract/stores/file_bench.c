#include "tests/contract/stores/file_bench.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAIRS_MAX = 8 };

struct file_bench *file_bench_new(void) {
  struct file_bench *b = calloc(1, sizeof(*b));
  const char *tmp = getenv("TMPDIR");
  char *real = realpath(tmp && *tmp ? tmp : "/tmp", NULL);
  assert_non_null(b);
  assert_non_null(real);
  snprintf(b->dir, sizeof b->dir, "%s/file-store.XXXXXX", real);
  free(real);
  assert_non_null(mkdtemp(b->dir));
  snprintf(b->path, sizeof b->path, "%s/key", b->dir);
  return b;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
  (void)st;
  (void)flag;
  (void)ftw;
  return remove(path);
}

void file_bench_free(struct file_bench *b) {
  nftw(b->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  free(b);
}

int file_bench_setup(void **state) {
  *state = file_bench_new();
  return 0;
}

int file_bench_teardown(void **state) {
  file_bench_free(*state);
  return 0;
}

void file_bench_put(const char *path, const void *bytes, size_t len, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(len, write(fd, bytes, len));
  assert_int_equal(0, fchmod(fd, mode));
  close(fd);
}

void file_bench_put_text(const char *path, const char *text) {
  file_bench_put(path, text, strlen(text), 0600);
}

const char *file_bench_get(const char *path) {
  static char bytes[512 * 1024];
  ssize_t len = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    len = read(fd, bytes, sizeof bytes - 1);
    assert_true(len >= 0);
    close(fd);
  }
  bytes[len] = '\0';
  return bytes;
}

size_t file_bench_count(const char *dir) {
  size_t n = 0;
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (struct dirent *f; (f = readdir(d));)
    n += strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0;
  closedir(d);
  return n;
}

static enum err open_pairs(enum store_kind kind, const char *path, const char *const pairs[],
                           struct store_item **ret, int *ret_line, struct error *e) {
  struct store_setting s[1 + PAIRS_MAX] = {{"path", path, 10}};
  size_t n = path ? 1 : 0;
  for (int i = 0; pairs[2 * i]; i++)
    s[n++] = (struct store_setting){pairs[2 * i], pairs[2 * i + 1], 11 + i};
  return store_backend_find("file")->open(NULL, kind, s, n, ret, ret_line, e);
}

struct store_item *file_bench_open(enum store_kind kind, const char *path, ...) {
  const char *pairs[2 * PAIRS_MAX + 1] = {NULL};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  va_list ap;
  va_start(ap, path);
  for (int i = 0; i < 2 * PAIRS_MAX && (pairs[i] = va_arg(ap, const char *)); i++)
    ;
  va_end(ap);
  if (open_pairs(kind, path, pairs, &it, &line, &e) != ERR_OK)
    fail_msg("line %d: %s", line, e.text);
  return it;
}

enum err file_bench_try(enum store_kind kind, const char *path, const char *const pairs[],
                        int *ret_line, struct error *e) {
  struct store_item *it = NULL;
  enum err err = open_pairs(kind, path, pairs, &it, ret_line, e);
  assert_true((err == ERR_OK) == (it != NULL));
  store_item_free(it);
  return err;
}

struct store_version file_bench_reads(struct store_item *it, const char *value) {
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  enum err err = store_read(it, &r, &v, &e);
  if (err != (value ? ERR_OK : ERR_MISSING))
    fail_msg("%s: %s", err_name(err), e.text);
  if (value)
    assert_string_equal(value, secret_bytes(r.value));
  store_record_clear(&r);
  return v;
}

void file_bench_writes(struct store_item *it, const char *value) {
  struct store_record old = {0}, r = {.value = secret_copy_text(value)};
  struct store_version v = {""};
  struct error e = {0};
  store_read(it, &old, &v, NULL);
  if (store_write(it, &r, &v, &v, &e) != ERR_OK)
    fail_msg("%s", e.text);
  store_record_clear(&old);
  store_record_clear(&r);
}
