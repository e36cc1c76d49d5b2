// Files that hold a credential: who may own, read and write them, links, and what is wrong with
// their bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/credential.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

enum { FOREIGN = 4242 };

static struct scratch scratch;
static char path[SCRATCH_PATH * 2];
static struct error e;

static int set_up(void **state) {
  (void)state;
  scratch_new(&scratch);
  snprintf(path, sizeof path, "%s", scratch_path(&scratch, "key"));
  scratch_write(path, "  some-word\r\n");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_remove(&scratch);
  return 0;
}

static enum err read_word(enum credential_kind kind, const char *file, const char *expect) {
  const struct credential_file c = {kind, "thing", file, NULL};
  SECRET_AUTO s = NULL;
  enum err err = credential_read_word(&c, &s, &e);
  if (!err)
    assert_string_equal(secret_bytes(s), expect);
  else
    assert_memory_equal(e.text, "thing", 5);
  return err;
}

static void modes(void **state) {
  (void)state;
  static const struct {
    mode_t mode;
    bool kept, secret, handed;
  } rows[] = {
      {0400, true, true, true},    {0600, true, true, true},    {0440, true, true, true},
      {0640, true, true, true},    {0444, false, false, true},  {0644, false, false, true},
      {0660, false, false, true},  {0664, false, false, true},  {0604, false, false, true},
      {0602, false, false, false}, {0666, false, false, false},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    const bool good[] = {rows[i].kept, rows[i].secret, rows[i].handed};
    assert_int_equal(chmod(path, rows[i].mode), 0);
    for (enum credential_kind k = CREDENTIAL_KEPT; k <= CREDENTIAL_HANDED; k++)
      if (read_word(k, path, "some-word") != (good[k] ? ERR_OK : ERR_REFUSED))
        fail_msg("%o, %d: %s", (unsigned)rows[i].mode, k, e.text);
    if (!rows[i].kept)
      assert_non_null(strstr(e.text, good[2] ? "" : "chmod 0600"));
  }
}

static void owners(void **state) {
  (void)state;
  if (chown(path, FOREIGN, (gid_t)-1) != 0)
    skip(); // not root
  assert_int_equal(read_word(CREDENTIAL_KEPT, path, ""), ERR_REFUSED);
  assert_non_null(strstr(e.text, "belongs to uid 4242"));
  assert_int_equal(read_word(CREDENTIAL_SECRET, path, "some-word"), ERR_OK);
  assert_int_equal(read_word(CREDENTIAL_HANDED, path, "some-word"), ERR_OK);
}

// As the kubelet lays out a volume. The mode of the file counts, not that of the links.
static void links(void **state) {
  (void)state;
  char token[SCRATCH_PATH * 2], data[SCRATCH_PATH * 2];
  assert_int_equal(mkdir(scratch_path(&scratch, "..2026"), 0755), 0);
  scratch_write(scratch_path(&scratch, "..2026/token"), "of the volume");
  snprintf(token, sizeof token, "%s", scratch_path(&scratch, "token"));
  snprintf(data, sizeof data, "%s", scratch_path(&scratch, "..data"));
  assert_int_equal(symlink("..2026", data), 0);
  assert_int_equal(symlink("..data/token", token), 0);
  for (enum credential_kind k = CREDENTIAL_KEPT; k <= CREDENTIAL_HANDED; k++)
    assert_int_equal(read_word(k, token, "of the volume"), ERR_OK);
  assert_int_equal(chmod(scratch_path(&scratch, "..2026/token"), 0644), 0);
  assert_int_equal(read_word(CREDENTIAL_KEPT, token, ""), ERR_REFUSED);
  assert_int_equal(unlink(data), 0);
  assert_int_equal(read_word(CREDENTIAL_KEPT, token, ""), ERR_DENIED);
  assert_int_equal(symlink("..data", data), 0);
  assert_int_equal(read_word(CREDENTIAL_KEPT, token, ""), ERR_REFUSED);
  assert_int_equal(read_word(CREDENTIAL_KEPT, scratch.dir, ""), ERR_REFUSED);
}

static void of_systemd(void **state) {
  (void)state;
  const struct credential_file c = {CREDENTIAL_KEPT, "thing", NULL, "key"};
  struct secret *s = NULL;
  unsetenv("CREDENTIALS_DIRECTORY");
  assert_int_equal(credential_read_file(&c, &s, &e), ERR_INVALID);
  assert_non_null(strstr(e.text, "thing 'key': systemd passed none"));
  setenv("CREDENTIALS_DIRECTORY", scratch.dir, 1);
  assert_int_equal(credential_read_file(&c, &s, &e), ERR_OK);
  assert_string_equal(secret_bytes(s), "  some-word\r\n");
  secret_free(s);
  unsetenv("CREDENTIALS_DIRECTORY");
}

static void words(void **state) {
  (void)state;
  scratch_write(path, " \t\r\n");
  assert_int_equal(read_word(CREDENTIAL_KEPT, path, ""), ERR_INVALID);
  assert_non_null(strstr(e.text, "is empty"));
  scratch_write(path, "\xef\xbb\xbfword\n");
  assert_int_equal(read_word(CREDENTIAL_KEPT, path, ""), ERR_INVALID);
  assert_non_null(strstr(e.text, "byte order mark"));
  scratch_write(path, "two words\n");
  assert_int_equal(read_word(CREDENTIAL_KEPT, path, "two words"), ERR_OK);
}

static void bytes(void **state) {
  (void)state;
  static const struct {
    const char *word;
    size_t len;
    const char *says; // NULL: nothing is wrong
  } rows[] = {
      {"", 0, NULL},
      {"kY_9-.~+/=%{}", 13, NULL},
      {"QUJD=", 5, NULL},
      {"QUI==", 5, NULL},
      {"\xef\xbb\xbfkyz", 6, "bytes 1 to 3 are a byte order mark"},
      {"apikey=kyz", 10, "bytes 1 to 7 look like NAME="},
      {"IAM_API_KEY=kyz", 15, "bytes 1 to 12 look like NAME="},
      {"export kyz", 10, "bytes 1 to 7 are 'export '"},
      {"\"kyz\"", 5, "byte 1 is a quote"},
      {"'kyz'", 5, "byte 1 is a quote"},
      {" kyz", 4, "byte 1 is a blank"},
      {"kyz ", 4, "byte 4 is a blank"},
      {"kyz\t", 4, "byte 4 is a tab"},
      {"kyz\r\n", 5, "byte 4 is a carriage return"},
      {"ky\nz", 4, "byte 3 is a line break"},
      {"k\0y\0", 4, "byte 2 is a NUL"},
      {"ky\x7f", 3, "byte 3 is no printable"},
      {"ky\xc3\xa9", 4, "byte 3 is no printable"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    SECRET_AUTO s = secret_copy(rows[i].word, rows[i].len);
    enum err err = credential_check_word(s, "it", &e);
    if (err != (rows[i].says ? ERR_INVALID : ERR_OK))
      fail_msg("%zu: %s", i, err_name(err));
    if (rows[i].says && !strstr(e.text, rows[i].says))
      fail_msg("%zu: %s", i, e.text);
    if (rows[i].says)
      assert_null(strstr(e.text, "ky"));
  }
}

int main(void) {
#define IN_SCRATCH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_SCRATCH(modes),      IN_SCRATCH(owners), IN_SCRATCH(links),
      IN_SCRATCH(of_systemd), IN_SCRATCH(words),  cmocka_unit_test(bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
