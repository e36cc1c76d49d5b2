// Where the file store may write and where it must not: links, owners, modes, directories, full and
// read-only file systems. read, write and check must agree.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/contract/stores/file_bench.h"

#define NOBODY 65534
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define STRANGERS 12345 // a group that nobody is in

struct outcome {
  enum err read, write, check;
  const char *says; // part of the text of read's error, or of check's when read had none
};

// The text says so, and names the item once.
static void assert_says(const struct store_item *it, const char *says, enum err err,
                        const struct error *e) {
  if (err != ERR_OK)
    assert_null(strstr(e->text + strlen(it->what), it->what + strlen("file ")));
  if (err != ERR_OK && err != ERR_MISSING && says && !strstr(e->text, says))
    fail_msg("'%s' does not say '%s'", e->text, says);
}

// Tries everything on an item whose content, if any, is not looked at. A write that ought to work
// is tried under the version that read gave.
static void assert_outcome(struct store_item *it, struct outcome want) {
  struct store_record r = {0}, w = {.value = secret_copy_text("Zm9vYmFy")};
  struct store_version v = {""};
  struct error read_error = {0}, write_error = {0}, check_error = {0};
  enum err err = store_read(it, &r, &v, &read_error);
  enum err check = store_check(it, &check_error);
  enum err write = store_write(it, &w, &v, &v, &write_error);
  store_record_clear(&r);
  store_record_clear(&w);
  if (err != want.read || check != want.check || write != want.write)
    fail_msg("read %s (%s), check %s (%s), write %s (%s)", err_name(err), read_error.text,
             err_name(check), check_error.text, err_name(write), write_error.text);
  assert_says(it, want.says, err, &read_error);
  assert_says(it, want.says, check, &check_error);
}

static void assert_sink(const char *path, struct outcome want) {
  struct store_item *it = file_bench_open(STORE_SINK, path, (char *)NULL);
  assert_outcome(it, want);
  store_item_free(it);
}

static void assert_home(const char *path, struct outcome want) {
  struct store_item *it = file_bench_open(STORE_HOME, path, (char *)NULL);
  assert_outcome(it, want);
  store_item_free(it);
}

static const struct outcome refused_link = {ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "symbolic link"};

static void refuses_links(void **state) {
  struct file_bench *b = *state;
  char other[FILE_BENCH_PATH + 16], through[FILE_BENCH_PATH + 32];
  snprintf(other, sizeof other, "%s/other", b->dir);
  file_bench_put_text(other, "old\n");
  assert_int_equal(0, symlink(other, b->path));
  assert_sink(b->path, refused_link);
  assert_string_equal("old\n", file_bench_get(other));
  assert_int_equal(0, unlink(b->path));

  assert_int_equal(0, symlink("nowhere", b->path)); // dangling
  assert_sink(b->path, refused_link);
  assert_int_equal(0, unlink(b->path));

  assert_int_equal(0, unlink(other));
  assert_int_equal(0, mkdir(other, 0700));
  assert_int_equal(0, symlink(other, b->path)); // the directory is a link
  snprintf(through, sizeof through, "%s/key", b->path);
  assert_sink(through, refused_link);
  assert_home(through, refused_link);
  snprintf(through, sizeof through, "%s/sub", other);
  assert_int_equal(0, mkdir(through, 0700));
  snprintf(through, sizeof through, "%s/sub/key", b->path); // a link in the middle
  assert_sink(through, refused_link);
  assert_int_equal(0, file_bench_count(other) - 1);
}

static void refuses_what_is_no_file(void **state) {
  struct file_bench *b = *state;
  assert_int_equal(0, mkdir(b->path, 0700));
  assert_sink(b->path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "is a directory"});
  assert_int_equal(0, rmdir(b->path));
  assert_int_equal(0, mkfifo(b->path, 0600));
  assert_sink(b->path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "regular file"});
}

static const struct outcome fine_absent = {ERR_MISSING, ERR_OK, ERR_OK, NULL};
static const struct outcome refused = {ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, NULL};

static void a_missing_directory_is_no_absence(void **state) {
  struct file_bench *b = *state;
  char path[FILE_BENCH_PATH + 32];
  snprintf(path, sizeof path, "%s/mnt/key", b->dir);
  assert_sink(path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "/mnt is not there"});
  snprintf(path, sizeof path, "%s/mnt/sub/key", b->dir);
  assert_sink(path, refused);
  assert_home(path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "not mounted?"});
  assert_int_equal(0, file_bench_count(b->dir));
  snprintf(path, sizeof path, "%s/mnt/key", b->dir);
  file_bench_put_text(b->path, "");
  snprintf(path, sizeof path, "%s/sub/key", b->path); // a file where a directory ought to be
  assert_sink(path, refused);
  assert_home(path, refused);
}

static void a_home_makes_its_own_directory(void **state) {
  struct file_bench *b = *state;
  char path[FILE_BENCH_PATH + 32], dir[FILE_BENCH_PATH + 16];
  struct stat st;
  mode_t old = umask(022);
  snprintf(dir, sizeof dir, "%s/state", b->dir);
  snprintf(path, sizeof path, "%s/state/home", b->dir);
  struct store_item *it = file_bench_open(STORE_HOME, path, (char *)NULL);
  file_bench_reads(it, NULL);
  assert_int_equal(ERR_OK, store_check(it, NULL));
  assert_int_not_equal(0, stat(dir, &st)); // check makes nothing
  file_bench_writes(it, "{}");
  assert_int_equal(0, stat(dir, &st));
  assert_int_equal(0700, st.st_mode & 07777);
  assert_int_equal(0, stat(path, &st));
  assert_int_equal(0600, st.st_mode & 07777);
  file_bench_reads(it, "{}");
  store_item_free(it);
  umask(old);
}

static void refuses_directories_of_others(void **state) {
  struct file_bench *b = *state;
  static const mode_t open_modes[] = {0777, 01777, 0770, 0702};
  for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
    assert_int_equal(0, chmod(b->dir, open_modes[i]));
    assert_sink(b->path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "writable by"});
    assert_home(b->path, refused);
  }
  assert_int_equal(0, chmod(b->dir, 0755));
  assert_int_equal(0, file_bench_count(b->dir));
  assert_sink(b->path, fine_absent);
}

static void needs_root(void) {
  if (geteuid() != 0)
    skip();
}

static void refuses_owners_of_others(void **state) {
  struct file_bench *b = *state;
  needs_root();
  file_bench_put_text(b->path, "theirs\n");
  assert_int_equal(0, chown(b->path, NOBODY, (gid_t)-1));
  assert_sink(b->path, (struct outcome){ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, "belongs to uid"});
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "owner", "65534", (char *)NULL);
  file_bench_reads(it, "theirs");
  store_item_free(it);
  assert_int_equal(0, unlink(b->path));
  assert_int_equal(0, chown(b->dir, NOBODY, (gid_t)-1));
  assert_sink(b->path, refused);
}

static void gives_the_mode(void **state) {
  struct file_bench *b = *state;
  struct stat st;
  mode_t old = umask(077);
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "mode", "0644", (char *)NULL);
  file_bench_writes(it, "Zm9v");
  assert_int_equal(0, stat(b->path, &st));
  assert_int_equal(0644, st.st_mode & 07777);
  store_item_free(it);
  umask(old);
  it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  file_bench_writes(it, "YmFy");
  assert_int_equal(0, stat(b->path, &st));
  assert_int_equal(0600, st.st_mode & 07777);
  store_item_free(it);
}

static void gives_owner_and_group(void **state) {
  struct file_bench *b = *state;
  struct stat st;
  needs_root();
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "mode", "640", "owner", "nobody",
                                          "group", TEXT(STRANGERS), (char *)NULL);
  assert_int_equal(ERR_OK, store_check(it, NULL));
  file_bench_writes(it, "Zm9v");
  assert_int_equal(0, stat(b->path, &st));
  assert_int_equal(0640, st.st_mode & 07777);
  assert_int_equal(NOBODY, st.st_uid);
  assert_int_equal(STRANGERS, st.st_gid);
  file_bench_reads(it, "Zm9v");
  store_item_free(it);
}

static void become(uid_t id) {
  assert_int_equal(0, id == 0 ? seteuid(0) : setegid(id));
  assert_int_equal(0, id == 0 ? setegid(0) : seteuid(id));
}

static void says_what_another_user_may_not(void **state) {
  struct file_bench *b = *state;
  needs_root();
  struct store_item *plain = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  struct store_item *owner = file_bench_open(STORE_SINK, b->path, "owner", "0", (char *)NULL);
  struct store_item *group =
      file_bench_open(STORE_SINK, b->path, "group", TEXT(STRANGERS), (char *)NULL);
  struct store_item *own =
      file_bench_open(STORE_SINK, b->path, "owner", "65534", "group", "65534", (char *)NULL);
  assert_int_equal(0, chown(b->dir, NOBODY, NOBODY));
  become(NOBODY);
  assert_outcome(owner, (struct outcome){ERR_MISSING, ERR_DENIED, ERR_DENIED, "only root"});
  assert_outcome(group,
                 (struct outcome){ERR_MISSING, ERR_DENIED, ERR_DENIED, "no member of group"});
  assert_int_equal(0, file_bench_count(b->dir));
  assert_outcome(own, fine_absent);
  assert_outcome(plain, (struct outcome){ERR_OK, ERR_OK, ERR_OK, NULL});
  assert_int_equal(0, chmod(b->dir, 0500));
  assert_outcome(plain, (struct outcome){ERR_OK, ERR_DENIED, ERR_DENIED, "may not write in"});
  assert_int_equal(0, chmod(b->path, 0000));
  assert_outcome(plain, (struct outcome){ERR_DENIED, ERR_CONFLICT, ERR_DENIED, "ermission denied"});
  assert_int_equal(0, chmod(b->dir, 0000));
  assert_outcome(plain, (struct outcome){ERR_DENIED, ERR_DENIED, ERR_DENIED, "ermission denied"});
  become(0);
  store_item_free(plain);
  store_item_free(owner);
  store_item_free(group);
  store_item_free(own);
}

// A hand that edits in place, replaces, or only touches: each gives another version.
static void versions_follow_every_change(void **state) {
  struct file_bench *b = *state;
  char other[FILE_BENCH_PATH + 16];
  snprintf(other, sizeof other, "%s/other", b->dir);
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  file_bench_writes(it, "Zm9v");
  struct store_version was = file_bench_reads(it, "Zm9v"), now;
  assert_string_equal(was.text, file_bench_reads(it, "Zm9v").text);

  struct timespec old[2] = {{1000000000, 1}, {1000000000, 1}};
  assert_int_equal(0, utimensat(AT_FDCWD, b->path, old, 0));
  now = file_bench_reads(it, "Zm9v");
  assert_string_not_equal(was.text, now.text);
  file_bench_put_text(b->path, "YmFy\n");
  was = file_bench_reads(it, "YmFy");
  assert_string_not_equal(was.text, now.text);
  file_bench_put_text(other, "YmFy\n");
  assert_int_equal(0, rename(other, b->path));
  now = file_bench_reads(it, "YmFy");
  assert_string_not_equal(was.text, now.text);
  store_item_free(it);
}

// A7: a file that somebody opened to others is told, and mended by the next write.
static void a7_tells_and_mends_a_mode_that_is_too_wide(void **state) {
  struct file_bench *b = *state;
  static const mode_t wide[] = {0666, 0644, 0620};
  static const enum store_kind kinds[] = {STORE_HOME, STORE_SINK};
  for (int i = 0; i < 6; i++) {
    struct store_item *it = file_bench_open(kinds[i / 3], b->path, (char *)NULL);
    struct store_record r = {0}, w = {.value = secret_copy_text("Zm9vYmFy")};
    struct store_version v = {""};
    struct error e = {.text = "of before"};
    struct stat st;
    file_bench_put_text(b->path, "Zm9vYmFz\n");
    assert_int_equal(ERR_OK, store_check(it, &e));
    assert_string_equal("", e.text);
    assert_int_equal(0, chmod(b->path, wide[i % 3]));
    assert_int_equal(ERR_OK, store_check(it, &e));
    assert_int_equal(ERR_OK, e.kind);
    assert_non_null(
        strstr(e.text, wide[i % 3] == 0644 ? "others may read it" : "others may change it"));
    assert_int_equal(ERR_OK, store_read(it, &r, &v, &e));
    assert_int_equal(ERR_OK, store_write(it, &w, &v, &v, &e));
    assert_int_equal(0, stat(b->path, &st));
    assert_int_equal(0600, st.st_mode & 0777);
    store_record_clear(&r);
    store_record_clear(&w);
    store_item_free(it);
  }
}

// R1: what a backup, a chmod and a mount change is no write; what an edit or a restore changes is.
static struct store_version version_of(struct store_item *it) {
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  if (store_read(it, &r, &v, &e) != ERR_OK)
    fail_msg("%s", e.text);
  store_record_clear(&r);
  return v;
}

static void r1_tells_a_write_from_other_metadata(void **state) {
  struct file_bench *b = *state;
  char other[FILE_BENCH_PATH + 16];
  struct stat st;
  snprintf(other, sizeof other, "%s/other", b->dir);
  file_bench_put_text(b->path, "Zm9vYmFy\n");
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  struct store_version first = version_of(it), now;
  assert_int_equal(0, link(b->path, other));
  now = version_of(it);
  assert_string_not_equal(first.text, now.text); // for a compare-and-set it is another one
  assert_true(store_version_same_write(&first, &now));
  assert_int_equal(0, chmod(b->path, 0600));
  assert_int_equal(0, unlink(other));
  assert_int_equal(0, stat(b->path, &st));
  assert_int_equal(0, chown(b->path, st.st_uid, st.st_gid));
  now = version_of(it);
  assert_true(store_version_same_write(&first, &now));
  char *plus = strchr(now.text, '+'); // the same disk, mounted under another number
  assert_non_null(plus);
  snprintf(plus, sizeof now.text - (size_t)(plus - now.text), "+ffff:1");
  assert_true(store_version_same_write(&first, &now));
  // a restore with the times of the original
  struct timespec times[2] = {st.st_atim, st.st_mtim};
  file_bench_put_text(other, "Zm9vYmFy\n");
  assert_int_equal(0, utimensat(AT_FDCWD, other, times, 0));
  assert_int_equal(0, rename(other, b->path));
  now = version_of(it);
  assert_false(store_version_same_write(&first, &now));
  store_item_free(it);
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, file_bench_setup, file_bench_teardown)
  const struct CMUnitTest tests[] = {
      T(refuses_links),
      T(refuses_what_is_no_file),
      T(a_missing_directory_is_no_absence),
      T(a_home_makes_its_own_directory),
      T(refuses_directories_of_others),
      T(refuses_owners_of_others),
      T(gives_the_mode),
      T(gives_owner_and_group),
      T(says_what_another_user_may_not),
      T(versions_follow_every_change),
      T(a7_tells_and_mends_a_mode_that_is_too_wide),
      T(r1_tells_a_write_from_other_metadata),
  };
  int failed = cmocka_run_group_tests_name("file places", tests, NULL, NULL);
  return failed != 0;
}
