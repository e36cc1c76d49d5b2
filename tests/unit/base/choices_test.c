#include "rotator/base/choices.h"

#include <string.h>

#include "tests/support/unit.h"

static void a_list_is_taken_apart(void **state) {
  (void)state;
  static const char *const want[] = {"raw", "json", "env"};
  char word[CHOICE_MAX];
  size_t n = 0;
  for (const char *at = "raw|json|env"; choices_next(&at, word); n++)
    assert_string_equal(word, want[n]);
  assert_int_equal(n, 3);
  const char *none = "";
  assert_false(choices_next(&none, word));
}

static void a_word_is_found_by_its_whole_name(void **state) {
  (void)state;
  assert_int_equal(choices_find("raw|json|env", "raw"), 0);
  assert_int_equal(choices_find("raw|json|env", "env"), 2);
  assert_int_equal(choices_find("raw|json|env", "en"), -1);
  assert_int_equal(choices_find("raw|json|env", "envy"), -1);
  assert_int_equal(choices_find("raw|json|env", ""), -1);
}

static void expect_nearest(const char *written, const char *want) {
  static const char *const words[] = {"status", "run", "rotate", "token_file", "PROPAGATION"};
  struct nearest n = nearest_start(written);
  for (size_t i = 0; i < COUNT_OF(words); i++)
    nearest_try(&n, words[i]);
  if (strcmp(n.best, want) != 0)
    fail_msg("%s: \"%s\", not \"%s\"", written, n.best, want);
}

static void the_nearest_is_meant_or_none(void **state) {
  (void)state;
  expect_nearest("statsu", "status");
  expect_nearest("rnu", ""); // two edits are too many for a word of three letters
  expect_nearest("runn", "run");
  expect_nearest("rotated", "rotate");
  expect_nearest("token", "token_file");
  expect_nearest("propagation", "PROPAGATION");
  expect_nearest("", "");
  expect_nearest("xyz", "");
}

static void a_part_may_mean_the_whole(void **state) {
  (void)state;
  struct nearest n = nearest_start("Berln");
  nearest_try_as(&n, "Bern", "somewhere else");
  nearest_try_as(&n, "Berlin", "Europe/Berlin"); // no nearer: the first stays
  assert_string_equal(n.best, "somewhere else");
  n = nearest_start("Berlin");
  nearest_try_as(&n, "Bern", "somewhere else");
  nearest_try_as(&n, "Berlin", "Europe/Berlin");
  assert_string_equal(n.best, "Europe/Berlin");
  assert_string_equal(nearest_choice("stop|continue", "Continue").best, "continue");
  assert_string_equal(nearest_choice("stop|continue", "end").best, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_is_taken_apart),
      cmocka_unit_test(a_word_is_found_by_its_whole_name),
      cmocka_unit_test(the_nearest_is_meant_or_none),
      cmocka_unit_test(a_part_may_mean_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
