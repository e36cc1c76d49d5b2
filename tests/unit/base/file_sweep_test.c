// Leftovers in a directory of many files: found without a listing for each write.
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

enum { FILES = 100 };

static struct scratch scratch;
static struct secret *value;
static _Atomic int listings; // of a directory so far

int __real_openat(int fd, const char *p, int flags, mode_t m);
int __wrap_openat(int fd, const char *p, int flags, mode_t m);
int __wrap_openat(int fd, const char *p, int flags, mode_t m) {
  listings += strcmp(p, ".") == 0;
  return __real_openat(fd, p, flags, m);
}

static int begin(void **state) {
  (void)state;
  scratch_new(&scratch);
  value = secret_copy_text("new");
  return 0;
}

static int end(void **state) {
  (void)state;
  value = secret_free(value);
  scratch_remove(&scratch);
  return 0;
}

static void fill(int files) {
  for (int i = 0; i < files; i++) {
    char name[32];
    snprintf(name, sizeof name, "file-%d", i);
    scratch_write(scratch_path(&scratch, name), "x");
  }
}

static void replace_path(const char *path) {
  static const struct file_rules rules = {
      .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true, .max_bytes = 100};
  struct error e;
  assert_int_equal(file_replace(path, &rules, value, NULL, NULL, &e), ERR_OK);
}

static void replace(const char *name) {
  replace_path(scratch_path(&scratch, name));
}

static bool is_there(const char *name) {
  return access(scratch_path(&scratch, name), F_OK) == 0;
}

static void a_write_costs_no_listing(void **state) {
  (void)state;
  fill(FILES);
  listings = 0;
  // The first one lists, and as many are left as it saw entries: "." and ".." are among them.
  for (int i = 0; i < 1 + FILES + 2; i++)
    replace("file-7");
  assert_int_equal(listings, 1);
  replace("file-7");
  assert_int_equal(listings, 2);
}

static void in_a_small_directory_each_write_lists(void **state) {
  (void)state;
  fill(50);
  listings = 0;
  replace("file-7");
  scratch_write(scratch_path(&scratch, ".file-7.qwerty.tmp"), "half a secr");
  replace("file-7");
  assert_int_equal(listings, 2);
  assert_false(is_there(".file-7.qwerty.tmp"));
}

static void what_earlier_processes_left_goes_with_the_next_write_of_its_file(void **state) {
  (void)state;
  fill(FILES);
  for (int i = 0; i < 20; i++) {
    char name[40];
    snprintf(name, sizeof name, ".file-%d.qwerty.tmp", i);
    scratch_write(scratch_path(&scratch, name), "half a secr");
  }
  scratch_write(scratch_path(&scratch, ".file-3.qwertz.tmp"), "half a secr");
  listings = 0;
  replace("file-100");
  assert_true(is_there(".file-3.qwerty.tmp"));
  replace("file-3");
  assert_false(is_there(".file-3.qwerty.tmp"));
  assert_false(is_there(".file-3.qwertz.tmp"));
  assert_true(is_there(".file-4.qwerty.tmp"));
  assert_true(is_there(".file-19.qwerty.tmp"));
  replace("file-19");
  assert_false(is_there(".file-19.qwerty.tmp"));
  assert_int_equal(listings, 1);
}

static void what_is_left_meanwhile_goes_with_the_next_listing(void **state) {
  (void)state;
  fill(FILES);
  replace("file-7");
  scratch_write(scratch_path(&scratch, ".file-7.qwerty.tmp"), "half a secr");
  int writes = 0;
  while (is_there(".file-7.qwerty.tmp") && writes <= FILES + 4) {
    replace("file-7");
    writes++;
  }
  assert_true(writes > 1 && writes <= FILES + 4);
}

// Nothing is mixed, also when the two listings are kept at the same place.
static void another_directory_has_a_listing_of_its_own(void **state) {
  (void)state;
  struct scratch first = scratch;
  fill(FILES);
  scratch_write(scratch_path(&scratch, ".file-7.qwerty.tmp"), "half a secr");
  replace("file-1");
  scratch_new(&scratch);
  fill(FILES);
  replace("file-7");
  scratch_remove(&scratch);
  scratch = first;
  assert_true(is_there(".file-7.qwerty.tmp"));
  replace("file-7");
  assert_false(is_there(".file-7.qwerty.tmp"));
}

static void *write_many(void *arg) {
  char path[SCRATCH_PATH + 32];
  for (int i = 0; i < 80; i++) {
    snprintf(path, sizeof path, "%s/thread-%d-%d", scratch.dir, *(int *)arg, i % 10);
    replace_path(path);
  }
  return NULL;
}

static void threads_share_the_listing(void **state) {
  (void)state;
  int numbers[] = {1, 2, 3, 4};
  pthread_t threads[COUNT_OF(numbers)];
  fill(FILES);
  for (size_t i = 0; i < COUNT_OF(numbers); i++)
    assert_int_equal(pthread_create(&threads[i], NULL, write_many, &numbers[i]), 0);
  for (size_t i = 0; i < COUNT_OF(numbers); i++)
    pthread_join(threads[i], NULL);
  assert_int_equal(scratch_entries(scratch.dir), FILES + 40);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_write_costs_no_listing),
      TEST(in_a_small_directory_each_write_lists),
      TEST(what_earlier_processes_left_goes_with_the_next_write_of_its_file),
      TEST(what_is_left_meanwhile_goes_with_the_next_listing),
      TEST(another_directory_has_a_listing_of_its_own),
      TEST(threads_share_the_listing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
