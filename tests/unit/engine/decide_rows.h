// One test a row of the table, with the row's name; where a row has more than one face, one case
// each.
#ifndef TESTS_UNIT_ENGINE_DECIDE_ROWS_H
#define TESTS_UNIT_ENGINE_DECIDE_ROWS_H

#include "tests/unit/engine/world.h"

#define X(name) void test_##name(void **unused);
ROW_LIST(X)
#undef X
void test_retire_as_asked(void **unused); // row retire and serve, when a person asked for it
void test_r1_readers_of_what_stood_between(void **unused); // row retire, after row rewritten
void test_r11_late_use_counts_until_the_new_key_is_in_use(void **unused); // row retire and serve
void test_r1_attention_over_runs(void **unused); // row serve and stuck, after row moved
void test_waits_end_to_the_second(void **unused);
void test_tries_are_due_to_the_second(void **unused);
void test_a_hold_ends_to_the_second(void **unused);

#define ROW(name) void test_##name(void **unused)
#define BEGIN                                                                                      \
  struct world w = {0};                                                                            \
  struct action a = {0};                                                                           \
  (void)unused, (void)w, (void)a

// What IAM and the proofs say of the world's keys.
#define CURRENT w.view.slots[SLOT_CURRENT]
#define PREVIOUS w.view.slots[SLOT_PREVIOUS]
#define PENDING w.view.slots[SLOT_PENDING]

// A world, what is different in it, and the row that matches; `a` is what it answers.
#define CASE(begin, change, row, kind)                                                             \
  do {                                                                                             \
    w = begin;                                                                                     \
    (void)(change);                                                                                \
    a = decided(&w);                                                                               \
    assert_row(a, row, kind);                                                                      \
  } while (0)
// The same, for the reason of a row.
#define WHY(begin, change, expected_row, expected_why)                                             \
  do {                                                                                             \
    w = begin;                                                                                     \
    (void)(change);                                                                                \
    a = decided(&w);                                                                               \
    assert_string_equal(row_name(a.row), row_name(ROW_##expected_row));                            \
    assert_int_equal(a.why, expected_why);                                                         \
  } while (0)

#endif
