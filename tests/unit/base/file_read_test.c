#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static struct error e;
static struct secret *bytes;
static struct file_version version;
static const struct file_rules rules = {
    .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true, .max_bytes = 100};

static int begin(void **state) {
  (void)state;
  scratch_new(&scratch);
  version = (struct file_version){0};
  return 0;
}

static int end(void **state) {
  (void)state;
  bytes = secret_free(bytes);
  scratch_remove(&scratch);
  return 0;
}

// Reads, expecting this answer; on a failure the text must name path and reason, and nothing is
// written.
static void expect_read(const char *name, enum err want, const char *reason) {
  const struct file_version before = version;
  bytes = secret_free(bytes);
  assert_int_equal(file_read(scratch_path(&scratch, name), &rules, &bytes, &version, &e), want);
  if (!want)
    return;
  assert_null(bytes);
  assert_memory_equal(&version, &before, sizeof before);
  assert_int_equal(e.kind, want);
  assert_non_null(strstr(e.text, scratch.path));
  assert_non_null(strstr(e.text, reason));
}

static void a_file(void **state) {
  (void)state;
  scratch_write(scratch_path(&scratch, "f"), "content\n");
  expect_read("f", ERR_OK, "");
  assert_string_equal(secret_bytes(bytes), "content\n");
  assert_int_equal(version.size, 8);
  assert_true(version.ino != 0 && version.mtime_ns != 0);
  struct file_version again = version;
  expect_read("f", ERR_OK, "");
  assert_true(file_version_equal(&version, &again));
  scratch_write(scratch_path(&scratch, "f"), "Content\n"); // in place, same size
  struct timespec old[2] = {{0, 0}, {1, 0}};
  utimensat(AT_FDCWD, scratch.path, old, 0);
  expect_read("f", ERR_OK, "");
  assert_false(file_version_equal(&version, &again));
  bytes = secret_free(bytes);
  assert_int_equal(file_read(scratch.path, &rules, &bytes, NULL, NULL), ERR_OK);
}

static void an_empty_file(void **state) {
  (void)state;
  scratch_write(scratch_path(&scratch, "f"), "");
  expect_read("f", ERR_OK, "");
  assert_true(secret_is_empty(bytes));
}

static void what_is_not_there(void **state) {
  (void)state;
  expect_read("f", ERR_MISSING, "No such file");
  expect_read("no/f", ERR_MISSING, "No such file");
  scratch_write(scratch_path(&scratch, "f"), "x");
  expect_read("f/g", ERR_REFUSED, "Not a directory");
}

static void names_that_are_none(void **state) {
  (void)state;
  char longest[300];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  expect_read(".", ERR_INVALID, "does not name a file");
  expect_read("..", ERR_INVALID, "does not name a file");
  expect_read("d/", ERR_INVALID, "does not name a file");
  assert_int_equal(file_read("", &rules, &bytes, NULL, &e), ERR_INVALID);
  assert_int_equal(file_read(longest, &rules, &bytes, NULL, &e), ERR_INVALID);
}

static void too_large(void **state) {
  (void)state;
  char text[102];
  memset(text, 'x', sizeof text);
  text[101] = '\0';
  scratch_write(scratch_path(&scratch, "f"), text);
  expect_read("f", ERR_REFUSED, "larger than 100 bytes");
  text[100] = '\0';
  scratch_write(scratch_path(&scratch, "f"), text);
  expect_read("f", ERR_OK, "");
  assert_int_equal(secret_len(bytes), 100);
}

static void symbolic_links(void **state) {
  (void)state;
  char target[SCRATCH_PATH * 2];
  scratch_write(scratch_path(&scratch, "real"), "x");
  snprintf(target, sizeof target, "%s", scratch.path);
  assert_int_equal(symlink(target, scratch_path(&scratch, "link")), 0);
  expect_read("link", ERR_REFUSED, "symbolic link");
  assert_int_equal(symlink("nowhere", scratch_path(&scratch, "dangling")), 0);
  expect_read("dangling", ERR_REFUSED, "symbolic link");
  assert_int_equal(mkdir(scratch_path(&scratch, "dir"), 0700), 0);
  scratch_write(scratch_path(&scratch, "dir/f"), "x");
  assert_int_equal(symlink("dir", scratch_path(&scratch, "dirlink")), 0);
  expect_read("dir/f", ERR_OK, "");
  expect_read("dirlink/f", ERR_REFUSED, "symbolic link");
}

static void things_that_are_no_files(void **state) {
  (void)state;
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  assert_int_equal(mkdir(scratch_path(&scratch, "dir"), 0700), 0);
  expect_read("dir", ERR_REFUSED, "is a directory");
  assert_int_equal(mkfifo(scratch_path(&scratch, "fifo"), 0600), 0);
  expect_read("fifo", ERR_REFUSED, "not a regular file"); // and it does not wait for a writer
  strncpy(a.sun_path, scratch_path(&scratch, "socket"), sizeof a.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  close(fd);
  expect_read("socket", ERR_REFUSED, "not a regular file");
}

static void directories_that_others_may_write(void **state) {
  (void)state;
  struct file_rules open_rules = rules;
  open_rules.private_dir = false;
  assert_int_equal(mkdir(scratch_path(&scratch, "d"), 0700), 0);
  scratch_write(scratch_path(&scratch, "d/f"), "x");
  static const struct {
    mode_t mode;
    enum err want;
  } rows[] = {{0700, ERR_OK},      {0755, ERR_OK},      {0770, ERR_REFUSED},
              {0707, ERR_REFUSED}, {0777, ERR_REFUSED}, {01777, ERR_OK}};
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    assert_int_equal(chmod(scratch_path(&scratch, "d"), rows[i].mode), 0);
    expect_read("d/f", rows[i].want, "writable by group or others");
  }
  chmod(scratch_path(&scratch, "d"), 0777);
  bytes = secret_free(bytes);
  assert_int_equal(file_read(scratch_path(&scratch, "d/f"), &open_rules, &bytes, NULL, &e), ERR_OK);
}

static void as_root(void) {
  if (geteuid() != 0)
    skip();
}

static void files_of_somebody_else(void **state) {
  (void)state;
  struct file_rules theirs = rules;
  theirs.owner = 12345;
  as_root();
  scratch_write(scratch_path(&scratch, "f"), "x");
  assert_int_equal(chown(scratch.path, 12345, (gid_t)-1), 0);
  expect_read("f", ERR_REFUSED, "belongs to uid 12345");
  assert_int_equal(file_read(scratch.path, &theirs, &bytes, NULL, &e), ERR_OK);
  theirs.owner = 12346;
  bytes = secret_free(bytes);
  assert_int_equal(file_read(scratch.path, &theirs, &bytes, NULL, &e), ERR_REFUSED);
  assert_int_equal(chown(scratch.path, 0, (gid_t)-1), 0);
  assert_int_equal(chown(scratch.dir, 12345, (gid_t)-1), 0);
  expect_read("f", ERR_REFUSED, "its directory belongs to uid 12345");
}

// Rights are looked at as an ordinary user has them; a search right is enough for the directory.
static void without_rights(void **state) {
  (void)state;
  int failed = 0;
  assert_int_equal(mkdir(scratch_path(&scratch, "d"), 0700), 0);
  scratch_write(scratch_path(&scratch, "d/f"), "x");
  scratch_write(scratch_path(&scratch, "d/g"), "x");
  if (geteuid() == 0) {
    assert_int_equal(chown(scratch_path(&scratch, "d/f"), 12345, (gid_t)-1), 0);
    assert_int_equal(chown(scratch_path(&scratch, "d"), 12345, (gid_t)-1), 0);
    assert_int_equal(chown(scratch.dir, 12345, (gid_t)-1), 0);
    assert_int_equal(seteuid(12345), 0);
  }
  chmod(scratch_path(&scratch, "d"), 0100);
  failed += file_read(scratch_path(&scratch, "d/f"), &rules, &bytes, NULL, &e) != ERR_OK;
  bytes = secret_free(bytes);
  if (getuid() == 0)
    failed += file_read(scratch_path(&scratch, "d/g"), &rules, &bytes, NULL, &e) != ERR_DENIED;
  chmod(scratch_path(&scratch, "d"), 0);
  failed += file_read(scratch_path(&scratch, "d/f"), &rules, &bytes, NULL, &e) != ERR_DENIED;
  if (getuid() == 0)
    assert_int_equal(seteuid(0), 0);
  assert_int_equal(failed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_file),
      TEST(an_empty_file),
      TEST(what_is_not_there),
      TEST(names_that_are_none),
      TEST(too_large),
      TEST(symbolic_links),
      TEST(things_that_are_no_files),
      TEST(directories_that_others_may_write),
      TEST(files_of_somebody_else),
      TEST(without_rights),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
