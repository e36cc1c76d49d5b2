#include "rotator/base/error.h"

#include <string.h>

#include "rotator/base/text.h"
#include "tests/support/unit.h"

static void every_kind_has_a_name_of_its_own(void **state) {
  (void)state;
  for (int a = 0; a < ERR_COUNT; a++) {
    assert_non_null(err_name((enum err)a));
    assert_string_not_equal(err_name((enum err)a), "unknown");
    for (int b = 0; b < a; b++)
      assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
  }
  assert_string_equal(err_name(ERR_UNSURE), "unsure");
  assert_string_equal(err_name(ERR_COUNT), "unknown");
  assert_string_equal(err_name((enum err)(-1)), "unknown");
}

static void set_clears_what_was_there(void **state) {
  (void)state;
  struct error e;
  memset(&e, 'x', sizeof e);
  assert_int_equal(error_set(&e, ERR_DENIED, "%s: %d", "who", 7), ERR_DENIED);
  assert_int_equal(e.kind, ERR_DENIED);
  assert_string_equal(e.text, "who: 7");
  assert_int_equal(e.status, 0);
  assert_int_equal(e.retry_after_ms, -1);
  assert_string_equal(e.code, "");
  assert_string_equal(e.trace, "");
}

static void wrap_keeps_code_trace_and_status(void **state) {
  (void)state;
  struct error e;
  error_set(&e, ERR_REFUSED, "no");
  e.status = 400;
  text_copy(e.code, sizeof e.code, "BXNIM0415E");
  text_copy(e.trace, sizeof e.trace, "t-1");
  assert_int_equal(error_wrap(&e, "create %s", "key"), ERR_REFUSED);
  assert_string_equal(e.text, "create key: no");
  assert_int_equal(e.status, 400);
  assert_string_equal(e.code, "BXNIM0415E");
  assert_string_equal(e.trace, "t-1");
}

static void arguments_may_point_into_the_error(void **state) {
  (void)state;
  struct error e;
  error_set(&e, ERR_REFUSED, "inner");
  error_set(&e, ERR_CORRUPT, "outer (%s)", e.text);
  assert_string_equal(e.text, "outer (inner)");
  error_wrap(&e, "%s", e.text);
  assert_string_equal(e.text, "outer (inner): outer (inner)");
}

static void null_is_allowed(void **state) {
  (void)state;
  assert_int_equal(error_set(NULL, ERR_LOCKED, "x"), ERR_LOCKED);
  assert_int_equal(error_wrap(NULL, "x"), ERR_INTERNAL);
}

static void text_is_cut_and_made_printable(void **state) {
  (void)state;
  struct error e;
  char longer[2000];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  error_set(&e, ERR_REFUSED, "%s", longer);
  assert_int_equal(strlen(e.text), sizeof e.text - 1);
  error_wrap(&e, "%s", longer);
  assert_int_equal(strlen(e.text), sizeof e.text - 1);
  error_set(&e, ERR_REFUSED, "a\n\x1b[2Jb\x7f\xc3\xa9");
  assert_string_equal(e.text, "a??[2Jb???");
}

static void passing_kinds(void **state) {
  (void)state;
  static const enum err passing[] = {ERR_THROTTLED, ERR_UNSENT, ERR_UNSURE,
                                     ERR_LOCKED,    ERR_BUSY,   ERR_CONFLICT};
  int n = 0;
  for (int k = 0; k < ERR_COUNT; k++)
    n += err_is_passing((enum err)k) != 0;
  assert_int_equal(n, COUNT_OF(passing));
  for (size_t i = 0; i < COUNT_OF(passing); i++)
    assert_true(err_is_passing(passing[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_has_a_name_of_its_own),
      cmocka_unit_test(set_clears_what_was_there),
      cmocka_unit_test(wrap_keeps_code_trace_and_status),
      cmocka_unit_test(arguments_may_point_into_the_error),
      cmocka_unit_test(null_is_allowed),
      cmocka_unit_test(text_is_cut_and_made_printable),
      cmocka_unit_test(passing_kinds),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
