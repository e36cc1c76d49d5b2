#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static struct error e;
static struct secret *value;
static const struct file_version absent;
static const struct file_rules rules = {
    .mode = 0640, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true, .max_bytes = 100};

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

static enum err replace(const char *name) {
  return file_replace(scratch_path(&scratch, name), &rules, value, NULL, NULL, &e);
}

static void a_new_file_and_its_successor(void **state) {
  (void)state;
  struct file_version v, w, seen;
  struct stat st;
  SECRET_AUTO bytes = NULL;
  mode_t mask = umask(0777);
  const char *path = scratch_path(&scratch, "f");
  assert_int_equal(file_replace(path, &rules, value, NULL, &v, &e), ERR_OK);
  umask(mask);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0640);
  assert_true(scratch_holds(path, "new"));
  assert_int_equal(scratch_entries(scratch.dir), 1);
  assert_int_equal(file_read(path, &rules, &bytes, &seen, &e), ERR_OK);
  assert_true(file_version_equal(&v, &seen)); // as a reader sees it
  secret_clear(value);
  secret_append_text(value, "two");
  assert_int_equal(file_replace(path, &rules, value, &v, &w, &e), ERR_OK);
  assert_false(file_version_equal(&v, &w));
  assert_true(scratch_holds(path, "two"));
  assert_int_equal(scratch_entries(scratch.dir), 1);
}

static void an_empty_value_and_a_large_one(void **state) {
  (void)state;
  static char large[300000 + 1];
  memset(large, 'x', sizeof large - 1);
  SECRET_AUTO empty = secret_new(0);
  SECRET_AUTO full = secret_copy_text(large);
  const char *path = scratch_path(&scratch, "f");
  assert_int_equal(file_replace(path, &rules, empty, NULL, NULL, &e), ERR_OK);
  assert_true(scratch_holds(path, ""));
  assert_int_equal(file_replace(path, &rules, full, NULL, NULL, &e), ERR_OK);
  assert_true(scratch_holds(path, large));
}

static void versions(void **state) {
  (void)state;
  struct file_version v, w = {0};
  const char *path = scratch_path(&scratch, "f");
  struct file_version wrong = {.ino = 1};
  assert_int_equal(file_replace(path, &rules, value, &wrong, NULL, &e), ERR_CONFLICT);
  assert_int_equal(scratch_entries(scratch.dir), 0);
  assert_int_equal(file_replace(path, &rules, value, &absent, &v, &e), ERR_OK);
  assert_int_equal(file_replace(path, &rules, value, &absent, &w, &e), ERR_CONFLICT);
  assert_true(file_version_equal(&w, &absent));
  scratch_write(path, "by hand"); // in place
  assert_int_equal(file_replace(path, &rules, value, &v, &w, &e), ERR_CONFLICT);
  assert_true(scratch_holds(path, "by hand"));
  unlink(path);
  assert_int_equal(file_replace(path, &rules, value, &v, &w, &e), ERR_CONFLICT);
  assert_int_equal(scratch_entries(scratch.dir), 0);
  assert_int_equal(e.kind, ERR_CONFLICT);
}

static void version_fields(void **state) {
  (void)state;
  const struct file_version v = {1, 2, 3, 4, 5};
  for (size_t i = 0; i < sizeof v; i += 8) {
    struct file_version w = v;
    assert_true(file_version_equal(&v, &w));
    ((char *)&w)[i] ^= 1;
    assert_false(file_version_equal(&v, &w));
  }
}

static void what_must_not_be_replaced(void **state) {
  (void)state;
  scratch_write(scratch_path(&scratch, "real"), "old");
  assert_int_equal(symlink("real", scratch_path(&scratch, "link")), 0);
  assert_int_equal(symlink("nowhere", scratch_path(&scratch, "dangling")), 0);
  assert_int_equal(mkdir(scratch_path(&scratch, "dir"), 0700), 0);
  assert_int_equal(symlink("dir", scratch_path(&scratch, "dirlink")), 0);
  assert_int_equal(mkfifo(scratch_path(&scratch, "fifo"), 0600), 0);
  static const char *const names[] = {"link", "dangling", "dir", "dirlink/f", "fifo", "real/f"};
  for (size_t i = 0; i < COUNT_OF(names); i++) {
    assert_int_equal(replace(names[i]), ERR_REFUSED);
    assert_non_null(strstr(e.text, scratch.path));
  }
  assert_int_equal(replace("no/f"), ERR_MISSING);
  assert_true(scratch_holds(scratch_path(&scratch, "real"), "old"));
  assert_int_equal(scratch_entries(scratch.dir), 6);
  assert_int_equal(scratch_entries(scratch_path(&scratch, "dir")), 0);
}

static void a_directory_that_others_may_write(void **state) {
  (void)state;
  assert_int_equal(mkdir(scratch_path(&scratch, "d"), 0700), 0);
  assert_int_equal(chmod(scratch.path, 0777), 0);
  assert_int_equal(replace("d/f"), ERR_REFUSED);
  assert_int_equal(chmod(scratch_path(&scratch, "d"), 01777), 0);
  assert_int_equal(replace("d/f"), ERR_OK);
}

static int leftover(const char *name) {
  scratch_write(scratch_path(&scratch, name), "half a secr");
  return open(scratch.path, O_RDONLY | O_CLOEXEC);
}

static void leftovers_of_killed_runs_are_swept(void **state) {
  (void)state;
  int in_use = leftover(".f.abcdef.tmp");
  assert_int_equal(flock(in_use, LOCK_EX), 0); // its writer lives
  close(leftover(".f.qwerty.tmp"));
  close(leftover(".g.qwerty.tmp")); // another file's
  close(leftover(".f.qwert.tmp"));  // not our pattern
  close(leftover(".f.qwerty.tmp.bak"));
  close(leftover(".f.QWERTY.tmp"));
  assert_int_equal(symlink("f", scratch_path(&scratch, ".f.aaaaaa.tmp")), 0);
  assert_int_equal(mkdir(scratch_path(&scratch, ".f.bbbbbb.tmp"), 0700), 0);
  assert_int_equal(replace("f"), ERR_OK);
  assert_int_equal(access(scratch_path(&scratch, ".f.qwerty.tmp"), F_OK), -1);
  assert_int_equal(scratch_entries(scratch.dir), 8);
  close(in_use);
  assert_int_equal(replace("f"), ERR_OK);
  assert_int_equal(access(scratch_path(&scratch, ".f.abcdef.tmp"), F_OK), -1);
  assert_int_equal(scratch_entries(scratch.dir), 7);
}

static void the_longest_name(void **state) {
  (void)state;
  char name[256];
  memset(name, 'n', 255);
  name[255] = '\0';
  assert_int_equal(replace(name), ERR_OK);
  assert_int_equal(replace(name), ERR_OK);
  assert_int_equal(scratch_entries(scratch.dir), 1);
}

static void relative_paths(void **state) {
  (void)state;
  char before[4096];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(scratch.dir), 0);
  assert_int_equal(mkdir("d", 0700), 0);
  enum err plain = file_replace("f", &rules, value, NULL, NULL, &e);
  enum err below = file_replace("d/..//./d/f", &rules, value, NULL, NULL, &e);
  assert_int_equal(chdir(before), 0);
  assert_int_equal(plain, ERR_OK);
  assert_int_equal(below, ERR_OK);
  assert_true(scratch_holds(scratch_path(&scratch, "d/f"), "new"));
}

static void as_root(void) {
  if (geteuid() != 0)
    skip();
}

static void owner_and_group(void **state) {
  (void)state;
  struct file_rules r = rules;
  struct stat st;
  as_root();
  r.owner = 12345, r.group = 12346;
  const char *path = scratch_path(&scratch, "f");
  assert_int_equal(file_replace(path, &r, value, NULL, NULL, &e), ERR_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_uid, 12345);
  assert_int_equal(st.st_gid, 12346);
  assert_int_equal(st.st_mode & 07777, 0640);
  assert_int_equal(replace("f"), ERR_REFUSED); // under rules that do not know that owner
  assert_non_null(strstr(e.text, "belongs to uid 12345"));
  assert_int_equal(file_replace(path, &r, value, NULL, NULL, &e), ERR_OK);
}

static void without_rights(void **state) {
  (void)state;
  struct file_rules r = rules;
  as_root();
  assert_int_equal(mkdir(scratch_path(&scratch, "d"), 0700), 0);
  assert_int_equal(chown(scratch.path, 12345, (gid_t)-1), 0);
  chmod(scratch.dir, 0755);
  assert_int_equal(seteuid(12345), 0);
  r.owner = 0;
  enum err give_away = file_replace(scratch_path(&scratch, "d/f"), &r, value, NULL, NULL, &e);
  int left = scratch_entries(scratch_path(&scratch, "d"));
  chmod(scratch_path(&scratch, "d"), 0500);
  enum err read_only = replace("d/f");
  enum err not_ours = file_replace(scratch_path(&scratch, "f"), &rules, value, NULL, NULL, NULL);
  assert_int_equal(seteuid(0), 0);
  assert_int_equal(give_away, ERR_DENIED);
  assert_int_equal(left, 0);
  assert_int_equal(read_only, ERR_DENIED);
  assert_int_equal(not_ours, ERR_DENIED);
}

// Mounts a small tmpfs on scratch/m, or skips the test where that is not allowed.
static void mount_small(void) {
  assert_int_equal(mkdir(scratch_path(&scratch, "m"), 0700), 0);
  if (mount("tmpfs", scratch.path, "tmpfs", 0, "size=16k,mode=0700"))
    skip();
}

static void a_full_disk(void **state) {
  (void)state;
  static char large[20000 + 1];
  memset(large, 'x', sizeof large - 1);
  SECRET_AUTO full = secret_copy_text(large);
  mount_small();
  assert_int_equal(replace("m/f"), ERR_OK);
  const char *path = scratch_path(&scratch, "m/f");
  assert_int_equal(file_replace(path, &rules, full, NULL, NULL, &e), ERR_LIMIT);
  assert_non_null(strstr(e.text, "No space left"));
  assert_true(scratch_holds(path, "new"));
  assert_int_equal(scratch_entries(scratch_path(&scratch, "m")), 1);
}

static void a_read_only_filesystem(void **state) {
  (void)state;
  mount_small();
  assert_int_equal(replace("m/f"), ERR_OK);
  assert_int_equal(mount("tmpfs", scratch_path(&scratch, "m"), "tmpfs", MS_REMOUNT | MS_RDONLY, ""),
                   0);
  assert_int_equal(replace("m/f"), ERR_REFUSED);
  assert_non_null(strstr(e.text, "Read-only file system"));
  assert_non_null(strstr(e.text, "ReadWritePaths="));
}

static void a_file_that_is_a_mount_point(void **state) {
  (void)state;
  scratch_write(scratch_path(&scratch, "other"), "other");
  char other[SCRATCH_PATH * 2];
  snprintf(other, sizeof other, "%s", scratch.path);
  scratch_write(scratch_path(&scratch, "f"), "old");
  if (mount(other, scratch.path, NULL, MS_BIND, NULL))
    skip();
  enum err err = replace("f");
  umount2(scratch.path, MNT_DETACH);
  assert_int_equal(err, ERR_REFUSED);
  assert_non_null(strstr(e.text, "mount point"));
  assert_true(scratch_holds(scratch.path, "old"));
  assert_int_equal(scratch_entries(scratch.dir), 2);
}

static void a_limit_on_file_size(void **state) {
  (void)state;
  struct rlimit before, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 2;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, handler;
  assert_int_equal(sigaction(SIGXFSZ, &ignore, &handler), 0);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  enum err err = replace("f");
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  sigaction(SIGXFSZ, &handler, NULL);
  assert_int_equal(err, ERR_LIMIT);
  assert_int_equal(scratch_entries(scratch.dir), 0);
}

// What is made while it is written: more than a stream's buffer.
static enum err make(void *ctx, FILE *f, struct error *ret_e) {
  const int *lines = ctx;
  for (int i = 0; i < *lines; i++)
    fprintf(f, "line %d of several\n", i);
  return *lines > 0 ? ERR_OK : error_set(ret_e, ERR_CANCELLED, "stopped");
}

static void a_content_that_is_made(void **state) {
  (void)state;
  struct stat st;
  int lines = 10000;
  const struct file_content content = {make, &lines};
  const char *path = scratch_path(&scratch, "f");
  assert_int_equal(file_replace_with(path, &rules, &content, &e), ERR_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 10 * 18 + 90 * 19 + 900 * 20 + 9000 * 21);
  assert_int_equal(st.st_mode & 07777, 0640);
  lines = 0;
  assert_int_equal(file_replace_with(path, &rules, &content, &e), ERR_CANCELLED);
  assert_string_equal(e.text, "stopped");
  assert_int_equal(stat(path, &st), 0);
  assert_int_not_equal(st.st_size, 0); // what was there stays
  assert_int_equal(scratch_entries(scratch.dir), 1);
}

static void a_limit_while_it_is_made(void **state) {
  (void)state;
  struct rlimit before, small;
  int lines = 10000;
  const struct file_content content = {make, &lines};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 20000;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, handler;
  assert_int_equal(sigaction(SIGXFSZ, &ignore, &handler), 0);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  enum err err = file_replace_with(scratch_path(&scratch, "f"), &rules, &content, &e);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  sigaction(SIGXFSZ, &handler, NULL);
  assert_int_equal(err, ERR_LIMIT);
  assert_int_equal(scratch_entries(scratch.dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_new_file_and_its_successor),
      TEST(an_empty_value_and_a_large_one),
      TEST(versions),
      TEST(version_fields),
      TEST(what_must_not_be_replaced),
      TEST(a_directory_that_others_may_write),
      TEST(leftovers_of_killed_runs_are_swept),
      TEST(the_longest_name),
      TEST(relative_paths),
      TEST(owner_and_group),
      TEST(without_rights),
      TEST(a_full_disk),
      TEST(a_read_only_filesystem),
      TEST(a_file_that_is_a_mount_point),
      TEST(a_limit_on_file_size),
      TEST(a_content_that_is_made),
      TEST(a_limit_while_it_is_made),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
