// The file store on file systems that are full or read-only. Needs the right to mount; a mount
// namespace of its own keeps the mounts out of everybody's sight.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/contract/stores/file_bench.h"

static bool can_mount(void) {
  return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
         mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int setup(void **state) {
  return file_bench_setup(state);
}

static int teardown(void **state) {
  struct file_bench *b = *state;
  umount(b->dir);
  return file_bench_teardown(state);
}

static void mount_small(const struct file_bench *b, const char *options) {
  assert_int_equal(0, mount("tmpfs", b->dir, "tmpfs", 0, options));
  assert_int_equal(0, chmod(b->dir, 0700));
}

// Fills the file system to its last page.
static void fill(const struct file_bench *b) {
  char path[FILE_BENCH_PATH + 16], page[4096] = {0};
  snprintf(path, sizeof path, "%s/filler", b->dir);
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  while (write(fd, page, sizeof page) > 0)
    ;
  assert_int_equal(ENOSPC, errno);
  close(fd);
}

// A write under the present version, and check, fail alike; the old content stays.
static void assert_unwritable(struct store_item *it, enum err want, const char *says) {
  struct store_record r = {.value = secret_copy_text("bmV3")};
  struct store_version v = file_bench_reads(it, "b2xk"), w;
  struct error e = {0};
  assert_int_equal(want, store_check(it, &e));
  assert_non_null(strstr(e.text, says));
  assert_int_equal(want, store_write(it, &r, &v, &w, &e));
  assert_null(strstr(e.text, "bmV3"));
  store_record_clear(&r);
  assert_string_equal(v.text, file_bench_reads(it, "b2xk").text);
}

static void a_full_file_system(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  mount_small(b, "size=256k");
  file_bench_writes(it, "b2xk");
  assert_int_equal(ERR_OK, store_check(it, NULL));
  fill(b);
  assert_unwritable(it, ERR_LIMIT, "less than 64 KiB free");
  assert_int_equal(2, file_bench_count(b->dir));
  store_item_free(it);
}

static void a_file_system_without_inodes(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  mount_small(b, "size=1m,nr_inodes=2"); // the root directory and the key
  file_bench_put_text(b->path, "b2xk\n");
  assert_unwritable(it, ERR_LIMIT, "no inode free");
  assert_int_equal(1, file_bench_count(b->dir));
  store_item_free(it);
}

static void a_read_only_file_system(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  mount_small(b, "size=1m");
  file_bench_writes(it, "b2xk");
  assert_int_equal(0, mount(NULL, b->dir, NULL, MS_REMOUNT | MS_RDONLY, NULL));
  assert_unwritable(it, ERR_REFUSED, "read-only");
  store_item_free(it);
}

// A file that is a mount of its own (a Docker bind mount) cannot be replaced.
static void a_file_that_is_a_mount(void **state) {
  struct file_bench *b = *state;
  char other[FILE_BENCH_PATH + 16];
  snprintf(other, sizeof other, "%s/other", b->dir);
  file_bench_put_text(other, "b2xk\n");
  file_bench_put_text(b->path, "");
  assert_int_equal(0, mount(other, b->path, NULL, MS_BIND, NULL));
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  assert_unwritable(it, ERR_REFUSED, "mount");
  umount(b->path);
  store_item_free(it);
}

// The mount is gone and only the empty mount point is left, below a directory that is not there.
static void a_mount_that_went_away(void **state) {
  struct file_bench *b = *state;
  char path[FILE_BENCH_PATH + 16];
  struct store_record r = {0};
  struct store_version v;
  snprintf(path, sizeof path, "%s/keys/key", b->dir);
  struct store_item *it = file_bench_open(STORE_SINK, path, (char *)NULL);
  mount_small(b, "size=1m");
  path[strlen(path) - 4] = '\0';
  assert_int_equal(0, mkdir(path, 0700));
  file_bench_writes(it, "b2xk");
  assert_int_equal(0, umount(b->dir));
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, NULL));
  store_item_free(it);
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_full_file_system),     T(a_file_system_without_inodes), T(a_read_only_file_system),
      T(a_file_that_is_a_mount), T(a_mount_that_went_away),
  };
  if (!can_mount()) {
    puts("SKIP: full and read-only file systems: this user may not mount");
    return 77;
  }
  int failed = cmocka_run_group_tests_name("file systems", tests, NULL, NULL);
  return failed != 0;
}
