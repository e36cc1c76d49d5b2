// Memory of the ordinary heap, looked at when it is given back (no secret_setup here: that is the
// fallback).
#include <stdlib.h>
#include <string.h>

#include "rotator/base/secret.h"
#include "rotator/base/wipe_alloc.h"
#include "tests/support/free_watch.h"
#include "tests/support/unit.h"

#define MARK "hunter2-hunter2-hunter2"

static int watch(void **state) {
  (void)state;
  free_watch(MARK);
  return 0;
}

static int unwatch(void **state) {
  (void)state;
  free_watch(NULL);
  return 0;
}

static void the_watch_sees(void **state) {
  (void)state;
  char *volatile p = strdup("x" MARK "y"); // volatile: not to be optimised away
  free(p);
  assert_int_equal(free_watch_hits(), 1);
}

static void a_freed_secret_is_wiped(void **state) {
  (void)state;
  struct secret *s = secret_copy_text(MARK);
  assert_null(secret_free(s));
  assert_true(free_watch_blocks() >= 2);
  assert_int_equal(free_watch_hits(), 0);
}

static void a_secret_that_moves_leaves_nothing_behind(void **state) {
  (void)state;
  struct secret *s = secret_new(100000);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(secret_append_text(s, MARK), ERR_OK);
  assert_true(free_watch_blocks() > 5);
  secret_free(s);
  assert_int_equal(free_watch_hits(), 0);
}

static void what_was_cleared_is_wiped_to_the_last_byte(void **state) {
  (void)state;
  struct secret *s = secret_new(200);
  secret_append_text(s, "some bytes before it, some bytes before it, ");
  secret_append_text(s, MARK);
  const char *bytes = secret_bytes(s);
  size_t len = secret_len(s);
  secret_clear(s);
  for (size_t i = 0; i < len; i++) // the place is the secret's still
    assert_int_equal(bytes[i], 0);
  secret_append_text(s, "x");
  secret_free(s);
  assert_int_equal(free_watch_hits(), 0);
}

static void wiping_blocks(void **state) {
  (void)state;
  char *p = wipe_strdup(MARK);
  assert_string_equal(p, MARK);
  assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
  p = wipe_realloc(p, 4000);
  assert_string_equal(p, MARK);
  p = wipe_realloc(p, 3);
  assert_memory_equal(p, MARK, 3);
  wipe_free(p);
  wipe_free(NULL);
  assert_int_equal(free_watch_blocks(), 3);
  assert_int_equal(free_watch_hits(), 0);
}

static void wiping_blocks_of_odd_sizes(void **state) {
  (void)state;
  char *p = wipe_calloc(7, 3);
  for (int i = 0; i < 21; i++)
    assert_int_equal(p[i], 0);
  wipe_free(p);
  assert_null(wipe_calloc(SIZE_MAX / 2, 3));
  assert_null(wipe_malloc(SIZE_MAX));
  p = wipe_realloc(NULL, 0);
  assert_non_null(p);
  wipe_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_watch_sees, watch, unwatch),
      cmocka_unit_test_setup_teardown(a_freed_secret_is_wiped, watch, unwatch),
      cmocka_unit_test_setup_teardown(a_secret_that_moves_leaves_nothing_behind, watch, unwatch),
      cmocka_unit_test_setup_teardown(what_was_cleared_is_wiped_to_the_last_byte, watch, unwatch),
      cmocka_unit_test_setup_teardown(wiping_blocks, watch, unwatch),
      cmocka_unit_test(wiping_blocks_of_odd_sizes),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
