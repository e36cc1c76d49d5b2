#include <stdio.h>

#include "tests/support/unit.h"
#include "tests/unit/engine/world.h"

static void windows(void **unused) {
  (void)unused;
  struct policy_window always = {0}, w = {.n = 2, .spans = {{100, 200}, {300, 400}}};
  assert_true(policy_window_is_open(&always, 5));
  assert_false(policy_window_is_open(&w, 99));
  assert_true(policy_window_is_open(&w, 100));
  assert_false(policy_window_is_open(&w, 200));
  assert_int_equal(policy_window_next(&w, 0), 100);
  assert_int_equal(policy_window_next(&w, 150), 150);
  assert_int_equal(policy_window_next(&w, 250), 300);
  assert_int_equal(policy_window_next(&w, 400), -1);
}

static void due_is_early_by_a_part_of_the_jitter(void **unused) {
  (void)unused;
  struct policy p = POLICY_DEFAULT;
  int64_t first = policy_due_s(&p, "binding", 1, NOW, 0);
  assert_true(first > NOW + 27 * DAY && first <= NOW + 30 * DAY);
  assert_int_equal(first, policy_due_s(&p, "binding", 1, NOW, 0)); // the same on every host
  assert_int_not_equal(first, policy_due_s(&p, "binding", 2, NOW, 0));
  assert_int_not_equal(first, policy_due_s(&p, "another", 1, NOW, 0));
  p.rotate_jitter_s = 0;
  assert_int_equal(policy_due_s(&p, "binding", 1, NOW, 0), NOW + 30 * DAY);
}

static void an_adopted_overdue_key_is_spread(void **unused) {
  (void)unused;
  struct policy p = POLICY_DEFAULT;
  int64_t due = policy_due_s(&p, "binding", 0, NOW - 400 * DAY, NOW);
  assert_true(due >= NOW && due < NOW + 3 * DAY);
  due = policy_due_s(&p, "binding", 0, NOW - p.rotate_every_s, NOW); // due at that very second
  assert_true(due >= NOW);
  due = policy_due_s(&p, "binding", 0, NOW - DAY, NOW); // not overdue when adopted: as any other
  assert_true(due > NOW + 26 * DAY);
}

static void a_fleet_spreads(void **unused) {
  (void)unused;
  struct policy p = POLICY_DEFAULT;
  unsigned days[3] = {0};
  for (int i = 0; i < 3000; i++) {
    char binding[16];
    snprintf(binding, sizeof binding, "%d", i);
    days[(policy_due_s(&p, binding, 1, NOW, 0) - NOW - 27 * DAY - 1) / DAY]++;
  }
  for (int i = 0; i < 3; i++)
    assert_within(days[i], 850, 1150);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows), cmocka_unit_test(due_is_early_by_a_part_of_the_jitter),
      cmocka_unit_test(an_adopted_overdue_key_is_spread), cmocka_unit_test(a_fleet_spreads)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
