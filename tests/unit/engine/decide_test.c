// Every row of the table has a test of its name (ROW_LIST); they are in decide_*_test.c.
#include "tests/unit/engine/decide_rows.h"

// The worst of the sinks wins, and what nobody proved is not known.
static void working_key(void **unused) {
  (void)unused;
  struct world w = world(PHASE_IDLE);
  w.view.sinks = w.sinks;
  w.view.state = &w.state;
  assert_int_equal(view_working(&w.view), WORKING_UNKNOWN);
  w.sinks[0].verdict.kind = VERDICT_WORKING;
  assert_int_equal(view_working(&w.view), WORKING_UNKNOWN);
  w.sinks[1].verdict.kind = VERDICT_WORKING;
  assert_int_equal(view_working(&w.view), WORKING_YES);
  w.sinks[0].verdict.kind = VERDICT_NOT_KNOWN;
  w.sinks[1].verdict.kind = VERDICT_NOT_WORKING;
  assert_int_equal(view_working(&w.view), WORKING_NO);
  w.view.n_sinks = 0;
  assert_int_equal(view_working(&w.view), WORKING_UNKNOWN);
  state_clear(&w.state);
}

int main(void) {
#define X(name) cmocka_unit_test(test_##name),
  const struct CMUnitTest tests[] = {
      ROW_LIST(X) cmocka_unit_test(test_retire_as_asked),
      cmocka_unit_test(test_r1_readers_of_what_stood_between),
      cmocka_unit_test(test_r1_attention_over_runs),
      cmocka_unit_test(test_r11_late_use_counts_until_the_new_key_is_in_use),
      cmocka_unit_test(test_waits_end_to_the_second),
      cmocka_unit_test(test_tries_are_due_to_the_second),
      cmocka_unit_test(test_a_hold_ends_to_the_second),
      cmocka_unit_test(working_key)};
#undef X
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
