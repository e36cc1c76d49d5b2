#include "rotator/base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

static void grows_to_its_limit(void **state) {
  (void)state;
  SECRET_AUTO s = secret_new(1000);
  assert_true(secret_is_empty(s));
  assert_string_equal(secret_bytes(s), "");
  for (int i = 0; i < 100; i++)
    assert_int_equal(secret_append(s, "0123456789", 10), ERR_OK);
  assert_int_equal(secret_len(s), 1000);
  assert_int_equal(strlen(secret_bytes(s)), 1000);
  assert_memory_equal(secret_bytes(s) + 990, "0123456789", 11);
  assert_int_equal(secret_append_text(s, "x"), ERR_INVALID);
  assert_int_equal(secret_append(s, "x", SIZE_MAX), ERR_INVALID);
  assert_int_equal(secret_append(s, "", 0), ERR_OK);
  assert_int_equal(secret_len(s), 1000);
}

static void every_length_has_its_nul(void **state) {
  (void)state;
  SECRET_AUTO s = secret_new(200);
  for (size_t i = 0; i < 200; i++) {
    assert_int_equal(secret_append(s, "x", 1), ERR_OK);
    assert_int_equal(strlen(secret_bytes(s)), i + 1);
  }
}

static void bytes_may_be_zero(void **state) {
  (void)state;
  SECRET_AUTO s = secret_copy("a\0b", 3);
  assert_int_equal(secret_len(s), 3);
  assert_memory_equal(secret_bytes(s), "a\0b", 4);
}

static void a_copy_takes_no_more(void **state) {
  (void)state;
  SECRET_AUTO s = secret_copy_text("value");
  SECRET_AUTO d = secret_dup(s);
  assert_string_equal(secret_bytes(d), "value");
  assert_ptr_not_equal(secret_bytes(s), secret_bytes(d));
  assert_int_equal(secret_append_text(s, "x"), ERR_INVALID);
  SECRET_AUTO empty = secret_copy(NULL, 0);
  assert_non_null(empty);
  assert_int_equal(secret_append_text(empty, "x"), ERR_INVALID);
  assert_non_null(empty);
}

static void null_is_an_empty_one(void **state) {
  (void)state;
  assert_string_equal(secret_bytes(NULL), "");
  assert_int_equal(secret_len(NULL), 0);
  assert_true(secret_is_empty(NULL));
  assert_null(secret_dup(NULL));
  assert_null(secret_free(NULL));
  assert_true(secret_equal(NULL, NULL));
  secret_wipe(NULL, 0);
}

static void equal_looks_at_every_byte(void **state) {
  (void)state;
  SECRET_AUTO a = secret_copy_text("abcdefgh");
  for (size_t i = 0; i < 8; i++) {
    char other[] = "abcdefgh";
    SECRET_AUTO b = secret_copy_text(other);
    assert_true(secret_equal(a, b));
    other[i] ^= 1;
    SECRET_AUTO c = secret_copy_text(other);
    assert_false(secret_equal(a, c));
  }
  SECRET_AUTO shorter = secret_copy_text("abcdefg");
  assert_false(secret_equal(a, shorter));
  assert_false(secret_equal(a, NULL));
  assert_false(secret_equal(NULL, a));
}

static void clear_keeps_the_limit(void **state) {
  (void)state;
  SECRET_AUTO s = secret_copy_text("value");
  const char *bytes = secret_bytes(s);
  secret_clear(s);
  assert_int_equal(secret_len(s), 0);
  assert_string_equal(secret_bytes(s), "");
  assert_memory_equal(bytes, "\0\0\0\0\0", 6);
  assert_int_equal(secret_append_text(s, "other"), ERR_OK);
  assert_int_equal(secret_append_text(s, "x"), ERR_INVALID);
  SECRET_AUTO never_filled = secret_new(4);
  secret_clear(never_filled);
}

static void twelve_bytes_in_a_row_are_repeated(void **state) {
  (void)state;
  static const struct {
    const char *text, *secret;
    bool repeated;
  } cases[] = {
      {"the key 0123456789abcdefgh is not known", "0123456789abcdefgh", true},
      {"key 0123456789ab… is not known", "0123456789abcdefgh", true},
      {"the end 6789abcdefgh", "0123456789abcdefgh", true},
      {"the middle 3456789abcde of it", "0123456789abcdefgh", true},
      {"eleven of it: 0123456789a!", "0123456789abcdefgh", false},
      {"it was short", "short", true},
      {"it was shor", "short", false},
      {"", "short", false},
      {"anything", "", false},
      {"tiny", "a secret that is longer than the text", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SECRET_AUTO s = secret_copy_text(cases[i].secret);
    assert_int_equal(secret_is_repeated(cases[i].text, secret_bytes(s), secret_len(s)),
                     cases[i].repeated);
  }
  assert_false(secret_is_repeated("anything", secret_bytes(NULL), 0));
}

// Wherever it begins, and whatever stands around it.
static void every_run_is_found(void **state) {
  static const char secrets[][38] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!",
                                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                     "abcabdabcabdabcabeabcabdabcabdabcabda"};
  (void)state;
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
    for (size_t len = 1; len < sizeof *secrets; len++)
      for (size_t from = 0; from < len; from++)
        for (size_t n = 1; from + n <= len; n++) {
          char text[128];
          bool all = n == len, some = n >= 12; // … which 12 in a row are, of any
          snprintf(text, sizeof text, "%.*s-%.*s#%.*s", n > 11 ? 11 : (int)n - 1, secrets[i],
                   (int)n, secrets[i] + from, n > 11 ? 11 : (int)n - 1, secrets[i]);
          if (i == 0 || some || all)
            assert_int_equal(secret_is_repeated(text, secrets[i], len), some || all);
        }
}

static void a_limit_that_cannot_be(void **state) {
  (void)state;
  assert_null(secret_new(SIZE_MAX));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grows_to_its_limit),
      cmocka_unit_test(every_length_has_its_nul),
      cmocka_unit_test(bytes_may_be_zero),
      cmocka_unit_test(a_copy_takes_no_more),
      cmocka_unit_test(null_is_an_empty_one),
      cmocka_unit_test(equal_looks_at_every_byte),
      cmocka_unit_test(clear_keeps_the_limit),
      cmocka_unit_test(every_run_is_found),
      cmocka_unit_test(a_limit_that_cannot_be),
      cmocka_unit_test(twelve_bytes_in_a_row_are_repeated),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
