// Every system call of a file operation made to fail. Whatever fails, readers see the old file or
// the new one, the answer says which it may be, and no temporary file is left.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "rotator/base/env.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static struct error e;
static struct secret *value;
static struct file_rules rules;

// The fault: the k-th and the `more` next calls of `call` fail with this errno; counted while
// `call` is set.
static struct {
  const char *call;
  int k, more, number;
  int calls;        // of `call` so far
  bool one_byte;    // writes take one byte at a time
  bool no_openat2;  // as on an old kernel
  bool same_chance; // the first random bytes are zeros
} fault;
static mode_t mode_before; // of the file whose mode was set last

static bool fails(const char *call) {
  if (!fault.call || strcmp(fault.call, call) != 0)
    return false;
  fault.calls++;
  if (fault.calls < fault.k || fault.calls > fault.k + fault.more)
    return false;
  errno = fault.number;
  return true;
}

#define WRAP(name, params, args)                                                                   \
  int __real_##name params;                                                                        \
  int __wrap_##name params;                                                                        \
  int __wrap_##name params {                                                                       \
    return fails(#name) ? -1 : __real_##name args;                                                 \
  }
WRAP(fstat, (int fd, struct stat *st), (fd, st))
WRAP(fstatat, (int fd, const char *p, struct stat *st, int f), (fd, p, st, f))
WRAP(fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
WRAP(fsync, (int fd), (fd))
WRAP(flock, (int fd, int op), (fd, op))
WRAP(renameat, (int a, const char *p, int b, const char *q), (a, p, b, q))
WRAP(openat, (int fd, const char *p, int flags, mode_t m), (fd, p, flags, m))

int __real_fchmod(int fd, mode_t m);
int __wrap_fchmod(int fd, mode_t m);
int __wrap_fchmod(int fd, mode_t m) {
  struct stat st;
  mode_before = __real_fstat(fd, &st) == 0 ? st.st_mode & 07777 : 07777;
  return fails("fchmod") ? -1 : __real_fchmod(fd, m);
}

ssize_t __real_getrandom(void *p, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags) {
  if (fault.same_chance) {
    fault.same_chance = false;
    memset(p, 0, n);
    return (ssize_t)n;
  }
  return fails("getrandom") ? -1 : __real_getrandom(p, n, flags);
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n) {
  return fails("write") ? -1 : __real_write(fd, p, fault.one_byte && n ? 1 : n);
}

long __real_syscall(long n, ...);
long __wrap_syscall(long n, ...);
long __wrap_syscall(long n, ...) {
  long a[5];
  va_list ap;
  va_start(ap, n);
  for (size_t i = 0; i < COUNT_OF(a); i++)
    a[i] = va_arg(ap, long);
  va_end(ap);
  if (n == SYS_openat2 && fault.no_openat2) {
    errno = ENOSYS;
    return -1;
  }
  const char *call = n == SYS_openat2 ? "openat2" : n == SYS_renameat2 ? "renameat2" : "syscall";
  if (fails(call))
    return -1;
  long r = __real_syscall(n, a[0], a[1], a[2], a[3], a[4]);
  // A kernel without it (and qemu before 8.2): this stands in for it while calls are counted, so
  // that they are the same calls everywhere. No path here has a symbolic link.
  if (r < 0 && errno == ENOSYS && n == SYS_openat2 && fault.call) {
    const struct open_how *how = (const struct open_how *)a[2];
    return __real_openat((int)a[0], (const char *)a[1], (int)how->flags, (mode_t)how->mode);
  }
  return r;
}

static int begin(void **state) {
  (void)state;
  memset(&fault, 0, sizeof fault);
  scratch_new(&scratch);
  value = secret_copy_text("new");
  rules = (struct file_rules){
      .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true, .max_bytes = 100};
  return 0;
}

static int end(void **state) {
  (void)state;
  memset(&fault, 0, sizeof fault);
  value = secret_free(value);
  scratch_remove(&scratch);
  return 0;
}

static enum err replace(const struct file_version *expect) {
  enum err err = file_replace(scratch_path(&scratch, "f"), &rules, value, expect, NULL, &e);
  fault.call = NULL;
  return err;
}

enum after { OLD, NEW };

static const struct row {
  const char *call;
  int k, more, number;
  enum err want;
  enum after after;
} rows[] = {
    {"openat2", 1, 0, EACCES, ERR_DENIED, OLD},
    {"openat2", 1, 0, ENOENT, ERR_MISSING, OLD},
    {"openat2", 1, 0, ELOOP, ERR_REFUSED, OLD},
    {"openat2", 1, 0, EMFILE, ERR_INTERNAL, OLD},
    {"openat2", 1, 0, EPERM, ERR_OK, NEW},  // a seccomp filter: walked
    {"openat2", 1, 0, ENOSYS, ERR_OK, NEW}, // an old kernel: walked
    {"fstat", 1, 0, EIO, ERR_UNSENT, OLD},
    {"fstat", 3, 0, EIO, ERR_UNSENT, OLD},
    {"fstat", 4, 0, EIO, ERR_UNSURE, NEW},
    {"fstatat", 1, 0, EIO, ERR_UNSENT, OLD},
    {"fstatat", 2, 0, EIO, ERR_UNSENT, OLD},
    {"openat", 1, 0, EACCES, ERR_OK, NEW}, // the sweep is no duty
    {"openat", 2, 0, ENOSPC, ERR_LIMIT, OLD},
    {"openat", 2, 0, EDQUOT, ERR_LIMIT, OLD},
    {"openat", 2, 0, EROFS, ERR_REFUSED, OLD},
    {"openat", 2, 0, EPERM, ERR_REFUSED, OLD}, // an immutable directory
    {"openat", 2, 0, EACCES, ERR_DENIED, OLD},
    {"openat", 2, 0, ENFILE, ERR_INTERNAL, OLD},
    {"openat", 2, 0, EEXIST, ERR_OK, NEW}, // another name
    {"openat", 2, 100, EEXIST, ERR_UNSENT, OLD},
    {"getrandom", 1, 0, ENOSYS, ERR_INTERNAL, OLD},
    {"getrandom", 1, 0, EINTR, ERR_OK, NEW},
    {"flock", 1, 0, EWOULDBLOCK, ERR_OK, NEW}, // somebody took it for a leftover
    {"flock", 1, 0, ENOLCK, ERR_OK, NEW},      // a filesystem without locks
    {"fchown", 1, 0, EPERM, ERR_DENIED, OLD},
    {"fchown", 1, 0, EIO, ERR_UNSENT, OLD},
    {"fchmod", 1, 0, EPERM, ERR_REFUSED, OLD},
    {"write", 1, 0, ENOSPC, ERR_LIMIT, OLD},
    {"write", 1, 0, EDQUOT, ERR_LIMIT, OLD},
    {"write", 1, 0, EIO, ERR_UNSENT, OLD},
    {"write", 1, 3, EINTR, ERR_OK, NEW},
    {"fsync", 1, 0, EIO, ERR_UNSENT, OLD},
    {"fsync", 1, 0, ENOSPC, ERR_LIMIT, OLD},
    {"fsync", 2, 0, EIO, ERR_UNSURE, NEW},
    {"fsync", 2, 0, EINVAL, ERR_OK, NEW}, // a filesystem without it for directories
    {"renameat", 1, 0, EACCES, ERR_DENIED, OLD},
    {"renameat", 1, 0, EPERM, ERR_REFUSED, OLD}, // an immutable file
    {"renameat", 1, 0, EBUSY, ERR_REFUSED, OLD},
    {"renameat", 1, 0, ENOSPC, ERR_LIMIT, OLD},
    {"renameat", 1, 0, EIO, ERR_UNSURE, OLD}, // it may have been done
    {"renameat", 1, 0, ESTALE, ERR_UNSURE, OLD},
};

static void every_failure_of_a_write(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    const struct row *r = &rows[i];
    rules.group = strcmp(r->call, "fchown") == 0 ? 54321 : (gid_t)-1;
    scratch_write(scratch_path(&scratch, "f"), "old");
    fault.call = r->call, fault.k = r->k, fault.more = r->more, fault.number = r->number;
    fault.calls = 0;
    enum err err = replace(NULL);
    if (err != r->want || fault.calls < r->k)
      print_error("row %zu: %s %d %s: %s (%s)\n", i, r->call, r->k, strerror(r->number),
                  err_name(err), err ? e.text : "");
    assert_int_equal(err, r->want);
    assert_true(fault.calls >= r->k);
    assert_true(scratch_holds(scratch_path(&scratch, "f"), r->after == NEW ? "new" : "old"));
    assert_int_equal(scratch_entries(scratch.dir), 1);
  }
}

// The same without a table: whichever call fails, by whatever errno, the answer agrees with what
// readers see.
static void no_failure_lies(void **state) {
  (void)state;
  static const char *const calls[] = {"openat2", "openat",   "fstat",     "fstatat",
                                      "fchown",  "fchmod",   "write",     "fsync",
                                      "flock",   "renameat", "renameat2", "getrandom"};
  static const int numbers[] = {EIO, EACCES, ENOSPC, EINVAL, EEXIST, EINTR, 9999};
  static const struct file_version absent;
  int failures = 0;
  for (size_t c = 0; c < COUNT_OF(calls); c++)
    for (size_t n = 0; n < COUNT_OF(numbers); n++)
      for (int k = 1; k <= 8; k++) {
        unlink(scratch_path(&scratch, "f"));
        fault.call = calls[c], fault.k = k, fault.more = 0, fault.number = numbers[n];
        fault.calls = 0;
        enum err err = replace(&absent);
        bool there = access(scratch_path(&scratch, "f"), F_OK) == 0;
        failures += err != ERR_OK;
        if (err == ERR_OK)
          assert_true(there && scratch_holds(scratch.path, "new"));
        else if (err != ERR_UNSURE)
          assert_false(there);
        assert_int_equal(scratch_entries(scratch.dir), there);
      }
  assert_true(failures > 40);
}

static void short_writes_are_continued(void **state) {
  (void)state;
  fault.one_byte = true;
  assert_int_equal(replace(NULL), ERR_OK);
  assert_true(scratch_holds(scratch_path(&scratch, "f"), "new"));
}

// Whoever opened it before it had its mode would read what is written into it later.
static void nobody_else_can_open_it_while_it_is_made(void **state) {
  (void)state;
  mode_t mask = umask(0);
  rules.mode = 0644;
  enum err err = replace(NULL);
  umask(mask);
  assert_int_equal(err, ERR_OK);
  assert_int_equal(mode_before, 0600);
}

// A name that is taken, by a writer at work, is left alone and another one is taken.
static void a_name_that_is_taken_is_left_alone(void **state) {
  (void)state;
  const char *theirs = ".f.aaaaaa.tmp";
  scratch_write(scratch_path(&scratch, theirs), "theirs");
  int fd = open(scratch.path, O_RDWR | O_CLOEXEC);
  assert_int_equal(__real_flock(fd, LOCK_EX), 0);
  fault.same_chance = true;
  assert_int_equal(replace(NULL), ERR_OK);
  assert_false(fault.same_chance);
  assert_true(scratch_holds(scratch_path(&scratch, "f"), "new"));
  assert_true(scratch_holds(scratch_path(&scratch, theirs), "theirs"));
  close(fd);
}

// A signal in between does not mean that somebody else has the lock.
static void an_interrupted_lock_is_taken(void **state) {
  (void)state;
  int fd = -1;
  fault.call = "flock", fault.k = 1, fault.more = 1, fault.number = EINTR;
  assert_int_equal(file_lock(scratch_path(&scratch, "lock"), env_real(), 0, &fd, &e), ERR_OK);
  assert_int_equal(fault.calls, 3);
  file_unlock(fd);
  unlink(scratch_path(&scratch, "lock"));
}

static void without_renameat2_the_look_decides(void **state) {
  (void)state;
  static const struct file_version absent;
  fault.call = "renameat2", fault.k = 1, fault.number = EINVAL;
  assert_int_equal(replace(&absent), ERR_OK);
  assert_int_equal(fault.calls, 1);
  fault.call = "renameat2", fault.number = EEXIST, fault.calls = 0;
  unlink(scratch_path(&scratch, "f"));
  assert_int_equal(replace(&absent), ERR_CONFLICT); // somebody was quicker
  assert_int_equal(fault.calls, 1);
}

// Walked component by component, the same paths are refused.
static void the_walk_is_as_strict_as_openat2(void **state) {
  (void)state;
  SECRET_AUTO bytes = NULL;
  assert_int_equal(mkdir(scratch_path(&scratch, "d"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(&scratch, "d/e"), 0700), 0);
  scratch_write(scratch_path(&scratch, "d/e/f"), "x");
  assert_int_equal(symlink("d", scratch_path(&scratch, "link")), 0);
  assert_int_equal(symlink("e", scratch_path(&scratch, "d/link")), 0);
  static const struct {
    const char *name;
    enum err want;
  } paths[] = {
      {"d/e/f", ERR_OK},         {"d//e///f", ERR_OK},      {"d/./e/../e/f", ERR_OK},
      {"link/e/f", ERR_REFUSED}, {"d/link/f", ERR_REFUSED}, {"no/e/f", ERR_MISSING},
      {"d/no/f", ERR_MISSING},   {"d/e/f/g", ERR_REFUSED},  {"d/e/f/g/h", ERR_REFUSED},
      {"d/e/no", ERR_MISSING},
  };
  for (int walk = 0; walk <= 1; walk++)
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
      fault.no_openat2 = walk;
      bytes = secret_free(bytes);
      enum err err = file_read(scratch_path(&scratch, paths[i].name), &rules, &bytes, NULL, &e);
      assert_int_equal(err, paths[i].want);
      if (err == ERR_REFUSED)
        assert_non_null(strstr(e.text, strstr(paths[i].name, "link") ? "symbolic" : "Not a dir"));
    }
  assert_int_equal(chdir(scratch.dir), 0);
  bytes = secret_free(bytes);
  enum err relative = file_read("d/e/f", &rules, &bytes, NULL, &e);
  enum err in_root = file_read("/no-such-file-here", &rules, &bytes, NULL, &e);
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(relative, ERR_OK);
  assert_int_equal(in_root, ERR_MISSING);
}

static void failures_of_a_reading(void **state) {
  (void)state;
  SECRET_AUTO bytes = NULL;
  scratch_write(scratch_path(&scratch, "f"), "old");
  for (int k = 1; k <= 3; k++) {
    fault.call = "fstat", fault.k = k, fault.number = EIO, fault.calls = 0;
    assert_int_equal(file_read(scratch.path, &rules, &bytes, NULL, &e), ERR_UNSENT);
    assert_null(bytes);
    assert_int_equal(fault.calls, k);
  }
  fault.call = "openat", fault.k = 1, fault.number = ENFILE, fault.calls = 0;
  assert_int_equal(file_read(scratch.path, &rules, &bytes, NULL, &e), ERR_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_failure_of_a_write),
      TEST(no_failure_lies),
      TEST(short_writes_are_continued),
      TEST(nobody_else_can_open_it_while_it_is_made),
      TEST(a_name_that_is_taken_is_left_alone),
      TEST(without_renameat2_the_look_decides),
      TEST(an_interrupted_lock_is_taken),
      TEST(the_walk_is_as_strict_as_openat2),
      TEST(failures_of_a_reading),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
