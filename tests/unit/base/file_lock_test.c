#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static struct fake_env f;
static struct error e;

static int begin(void **state) {
  (void)state;
  scratch_new(&scratch);
  fake_env_init(&f, 1);
  return 0;
}

static int end(void **state) {
  (void)state;
  scratch_remove(&scratch);
  return 0;
}

static void one_holder(void **state) {
  (void)state;
  int fd = -1, other = 42;
  struct stat st;
  const char *path = scratch_path(&scratch, "lock");
  assert_int_equal(file_lock(path, &f.env, 0, &fd, &e), ERR_OK);
  assert_true(fd >= 0);
  assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  assert_int_equal(file_lock(path, &f.env, 0, &other, &e), ERR_BUSY);
  assert_int_equal(other, 42);
  assert_int_equal(f.n_sleeps, 0);
  assert_non_null(strstr(e.text, path));
  file_unlock(fd);
  assert_int_equal(access(path, F_OK), 0); // never unlinked
  assert_int_equal(file_lock(path, &f.env, 0, &fd, &e), ERR_OK);
  file_unlock(fd);
  file_unlock(-1);
}

static void waiting_ends(void **state) {
  (void)state;
  int fd, other = 42;
  const char *path = scratch_path(&scratch, "lock");
  int64_t start = env_mono_ms(&f.env);
  assert_int_equal(file_lock(path, &f.env, 0, &fd, &e), ERR_OK);
  assert_int_equal(file_lock(path, &f.env, 1234, &other, &e), ERR_BUSY);
  assert_int_equal(env_mono_ms(&f.env) - start, 1234);
  f.stop_after_sleeps = 3;
  assert_int_equal(file_lock(path, &f.env, 1234, &other, &e), ERR_CANCELLED);
  assert_int_equal(other, 42);
  file_unlock(fd);
}

// A descriptor that was handed on keeps the lock: a helper program that outlives us is still
// writing.
static void an_heir_keeps_it(void **state) {
  (void)state;
  int fd, other, gate[2];
  const char *path = scratch_path(&scratch, "lock");
  assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
  assert_int_equal(file_lock(path, &f.env, 0, &fd, &e), ERR_OK);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(gate[1]);
    _exit(read(gate[0], &byte, 1) != 0);
  }
  file_unlock(fd);
  assert_int_equal(file_lock(path, &f.env, 200, &other, &e), ERR_BUSY);
  close(gate[1]);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_int_equal(file_lock(path, &f.env, 0, &other, &e), ERR_OK);
  file_unlock(other);
  close(gate[0]);
}

static void places_where_no_lock_can_be(void **state) {
  (void)state;
  int fd = 42;
  scratch_write(scratch_path(&scratch, "real"), "");
  assert_int_equal(symlink("real", scratch_path(&scratch, "link")), 0);
  assert_int_equal(mkfifo(scratch_path(&scratch, "fifo"), 0600), 0);
  assert_int_equal(mkdir(scratch_path(&scratch, "dir"), 0700), 0);
  assert_int_equal(file_lock(scratch_path(&scratch, "link"), &f.env, 0, &fd, &e), ERR_REFUSED);
  assert_int_equal(file_lock(scratch_path(&scratch, "fifo"), &f.env, 0, &fd, &e), ERR_REFUSED);
  assert_int_equal(file_lock(scratch_path(&scratch, "dir"), &f.env, 0, &fd, &e), ERR_REFUSED);
  assert_int_equal(file_lock(scratch_path(&scratch, "no/lock"), &f.env, 0, &fd, &e), ERR_MISSING);
  assert_int_equal(fd, 42);
}

static void directories_are_made_with_their_parents(void **state) {
  (void)state;
  struct stat st;
  mode_t mask = umask(0077);
  assert_int_equal(file_make_dir(scratch_path(&scratch, "a/b//c/"), 0750, &e), ERR_OK);
  umask(mask);
  static const char *const names[] = {"a", "a/b", "a/b/c"};
  for (size_t i = 0; i < COUNT_OF(names); i++) {
    assert_int_equal(stat(scratch_path(&scratch, names[i]), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
  }
  assert_int_equal(chmod(scratch_path(&scratch, "a"), 0700), 0);
  assert_int_equal(file_make_dir(scratch_path(&scratch, "a/b/c"), 0750, &e), ERR_OK);
  assert_int_equal(stat(scratch_path(&scratch, "a"), &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700); // what was there stays as it was
  assert_int_equal(file_make_dir("/", 0750, &e), ERR_OK);
}

static void directories_that_cannot_be_made(void **state) {
  (void)state;
  scratch_write(scratch_path(&scratch, "f"), "");
  assert_int_equal(mkdir(scratch_path(&scratch, "real"), 0700), 0);
  assert_int_equal(symlink("real", scratch_path(&scratch, "link")), 0);
  assert_int_equal(file_make_dir(scratch_path(&scratch, "f"), 0700, &e), ERR_REFUSED);
  assert_int_equal(file_make_dir(scratch_path(&scratch, "f/d"), 0700, &e), ERR_REFUSED);
  assert_int_equal(file_make_dir(scratch_path(&scratch, "link/d"), 0700, &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, scratch.path));
  assert_int_equal(scratch_entries(scratch_path(&scratch, "real")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(one_holder),
      TEST(waiting_ends),
      TEST(an_heir_keeps_it),
      TEST(places_where_no_lock_can_be),
      TEST(directories_are_made_with_their_parents),
      TEST(directories_that_cannot_be_made),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
