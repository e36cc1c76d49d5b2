#include "rotator/base/text.h"

#include <string.h>

#include "tests/support/unit.h"

static void buf_grows_to_its_limit_and_no_further(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(300);
  assert_string_equal(text_buf_str(&b), "");
  for (int i = 0; i < 30; i++)
    text_buf_add(&b, "%09d.", i);
  assert_false(b.failed);
  assert_int_equal(b.len, 300);
  assert_memory_equal(text_buf_str(&b) + 290, "000000029.", 11);
  text_buf_add(&b, "x");
  assert_true(b.failed);
  assert_int_equal(b.len, 300);
  text_buf_free(&b);
  assert_string_equal(text_buf_str(&b), "");
  text_buf_free(&b);
}

static void buf_that_failed_stays_as_it_was(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(4);
  text_buf_add(&b, "abc");
  text_buf_add(&b, "de");
  text_buf_add(&b, "f"); // would fit
  text_buf_add_bytes(&b, "g", 1);
  assert_true(b.failed);
  assert_string_equal(text_buf_str(&b), "abc");
  text_buf_free(&b);
}

static void buf_takes_bytes(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(16);
  text_buf_add_bytes(&b, "a\0b", 3);
  text_buf_add_bytes(&b, NULL, 0);
  assert_int_equal(b.len, 3);
  assert_memory_equal(b.bytes, "a\0b", 4);
  text_buf_free(&b);
}

static void copy_cuts_and_says_so(void **state) {
  (void)state;
  char dst[4] = "zzz";
  assert_true(text_copy(dst, sizeof dst, "abc"));
  assert_string_equal(dst, "abc");
  assert_false(text_copy(dst, sizeof dst, "abcd"));
  assert_string_equal(dst, "abc");
  assert_true(text_copy(dst, sizeof dst, ""));
  assert_string_equal(dst, "");
  assert_false(text_copy(dst, 0, "abc"));
}

static void printable_replaces_what_drives_a_terminal(void **state) {
  (void)state;
  char dst[16];
  text_printable(dst, sizeof dst, "a\x1b[1m\n\t\0~\x7f", 10);
  assert_string_equal(dst, "a?[1m???~?");
  text_printable(dst, 3, "abcdef", 6);
  assert_string_equal(dst, "ab");
  text_printable(dst, sizeof dst, "abcdef", 0);
  assert_string_equal(dst, "");
}

static void starts_and_ends(void **state) {
  (void)state;
  assert_true(text_starts("prefix", "pre"));
  assert_true(text_starts("x", ""));
  assert_false(text_starts("pr", "pre"));
  assert_true(text_ends("file.tmp", ".tmp"));
  assert_false(text_ends("tmp", ".tmp"));
  assert_false(text_ends("file.tmp.", ".tmp"));
}

static void distance(void **state) {
  (void)state;
  assert_int_equal(text_distance("", ""), 0);
  assert_int_equal(text_distance("rotate", "rotate"), 0);
  assert_int_equal(text_distance("rotate", "rotat"), 1);
  assert_int_equal(text_distance("rotate", "rolate"), 1);
  assert_int_equal(text_distance("kitten", "sitting"), 3);
  assert_int_equal(text_distance("", "abc"), 3);
  assert_int_equal(text_distance("abc", ""), 3);
  char a[200], b[200];
  memset(a, 'a', sizeof a), memset(b, 'b', sizeof b);
  a[199] = b[199] = '\0';
  assert_int_equal(text_distance(a, b), 64);
}

static void uuid_and_hex(void **state) {
  (void)state;
  assert_true(text_is_uuid("5f3c0a1b-12cd-4e5F-89ab-0123456789aB"));
  assert_false(text_is_uuid("5f3c0a1b-12cd-4e5f-89ab-0123456789a"));
  assert_false(text_is_uuid("5f3c0a1b-12cd-4e5f-89ab-0123456789abc"));
  assert_false(text_is_uuid("5f3c0a1b012cd-4e5f-89ab-0123456789ab"));
  assert_false(text_is_uuid("5f3c0a1g-12cd-4e5f-89ab-0123456789ab"));
  assert_false(text_is_uuid(""));
  assert_true(text_is_hex("0aF9", 4));
  assert_false(text_is_hex("0aF", 4));
  assert_false(text_is_hex("0aF9b", 4));
  assert_false(text_is_hex("0aFg", 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buf_grows_to_its_limit_and_no_further),
      cmocka_unit_test(buf_that_failed_stays_as_it_was),
      cmocka_unit_test(buf_takes_bytes),
      cmocka_unit_test(copy_cuts_and_says_so),
      cmocka_unit_test(printable_replaces_what_drives_a_terminal),
      cmocka_unit_test(starts_and_ends),
      cmocka_unit_test(distance),
      cmocka_unit_test(uuid_and_hex),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
