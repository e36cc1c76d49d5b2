// Every reason and every row has words, and each command they name exists; what a tick's end means
// for the exit status.
#include <string.h>

#include "rotator/app/cli.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/outcome.h"
#include "rotator/app/report/report.h"
#include "rotator/base/text.h"
#include "tests/support/unit.h"

// Does the text begin with a command?
static bool is_command(const char *text) {
  size_t len = strcspn(text, " ");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    if (strlen(cli_commands[i].name) == len && strncmp(cli_commands[i].name, text, len) == 0)
      return true;
  return false;
}

// A clause: words, no capital unless a name begins with it, no full stop.
static void assert_clause(const char *text) {
  assert_non_null(text);
  assert_true(strlen(text) > 3 && strlen(text) < 140);
  assert_false(text_ends(text, "."));
  assert_true((text[0] >= 'a' && text[0] <= 'z') || text_starts(text, "IAM "));
}

static void test_every_why_has_words(void **state) {
  (void)state;
  for (int i = 0; i < WHY_COUNT; i++) {
    const struct why_words *w = why_words((enum why)i);
    assert_clause(w->text);
    for (int k = 0; k < i; k++)
      assert_string_not_equal(w->text, why_words((enum why)k)->text);
    // What ends a reason is named. `status`, `run` and `check` end nothing: a reason without a
    // command passes by itself, or a person has something to mend first.
    if (w->next) {
      assert_true(is_command(w->next));
      assert_false(text_starts(w->next, "status") || text_starts(w->next, "run") ||
                   text_starts(w->next, "check"));
    }
    if (w->person)
      assert_true(text_starts(w->person, "decide: ") || text_starts(w->person, "mend ") ||
                  text_starts(w->person, "find "));
    // A fault does not pass by itself for ever.
    if (w->fault && i != WHY_refuted && i != WHY_repeated)
      assert_true(w->next || w->person);
  }
}

static void test_every_cause_has_words(void **state) {
  (void)state;
  for (int i = 0; i < CAUSE_COUNT; i++) {
    assert_clause(cause_words((enum cause)i));
    assert_true(is_command(cause_next((enum cause)i)));
  }
}

static void test_every_row_has_words(void **state) {
  (void)state;
  for (int i = 0; i < ROW_COUNT; i++) {
    const struct row_words *w = row_words((enum row)i);
    assert_clause(w->doing);
    assert_clause(w->done);
  }
}

static void test_working(void **state) {
  (void)state;
  char text[200];
  struct verdict v = {.kind = VERDICT_WORKING, .key_id = "ApiKey-1"};
  working_words(text, sizeof text, WORKING_YES, &v);
  assert_string_equal(text, "Consumers have a working key: ApiKey-1");
  working_words(text, sizeof text, WORKING_YES, NULL);
  assert_string_equal(text, "Consumers have a working key");
  v.cause = CAUSE_deleted;
  working_words(text, sizeof text, WORKING_NO, &v);
  assert_string_equal(text, "Consumers have NO working key: the key was deleted");
  working_words(text, sizeof text, WORKING_UNKNOWN, NULL);
  assert_string_equal(text, "Not known whether consumers have a working key");
  v = (struct verdict){.cause = CAUSE_unanswered, .proven_s = 1795498800};
  working_words(text, sizeof text, WORKING_UNKNOWN, &v);
  assert_string_equal(text, "Not known whether consumers have a working key: the last proof of the "
                            "key got no answer; last proven 2026-11-24T05:40:00Z");
}

static void test_sentences_are_joined(void **state) {
  (void)state;
  static const struct {
    const char *texts[4], *want;
  } cases[] = {
      {{"Consumers have a working key", "run: it failed", NULL, "next: rotator check"},
       "Consumers have a working key. run: it failed. next: rotator check"},
      {{"decide: is that reason over?", "next: rotator run"},
       "decide: is that reason over? next: rotator run"},
      {{"It is so.", "Stop!", ""}, "It is so. Stop!"},
      {{"first, to the rotation:\n  rotator init\n  rotator rotate", "next: x"},
       "first, to the rotation: rotator init. rotator rotate. next: x"},
      {{NULL}, ""},
  };
  char text[200], small[8];
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    report_join(text, sizeof text, cases[i].texts, COUNT_OF(cases[i].texts));
    assert_string_equal(text, cases[i].want);
  }
  report_join(small, sizeof small, cases[0].texts, COUNT_OF(cases[0].texts));
  assert_string_equal(small, "Consume");
}

static void test_the_worst_wins(void **state) {
  (void)state;
  static const int order[] = {0, 5, 75, 2, 1, 3, 4};
  for (size_t i = 0; i < COUNT_OF(order); i++)
    for (size_t k = 0; k < COUNT_OF(order); k++)
      assert_int_equal(exit_worse(order[i], order[k]), order[i > k ? i : k]);
}

static int exit_of(struct tick_result r, enum goal goal, int64_t alert_after_s, int64_t lasted_s) {
  struct outcome o;
  outcome_of(&r, goal, alert_after_s, lasted_s > 0 ? 1000000 - lasted_s : 0, 1000000, &o);
  assert_true(o.silent == (o.exit == 0));
  return o.exit;
}

static void test_attention(void **state) {
  (void)state;
  struct tick_result r = {.end = TICK_ATTENTION, .why = WHY_home_corrupt, .working = WORKING_YES};
  assert_int_equal(exit_of(r, GOAL_NONE, 0, 0), 3);
  r.working = WORKING_NO;
  assert_int_equal(exit_of(r, GOAL_NONE, 0, 0), 4);
  r.working = WORKING_UNKNOWN;
  assert_int_equal(exit_of(r, GOAL_NONE, 0, 0), 3);
  r.why = WHY_sink_foreign;
  assert_int_equal(exit_of(r, GOAL_NONE, 0, 0), 4);
  r = (struct tick_result){.end = TICK_WAIT, .why = WHY_grace, .attention = true};
  assert_int_equal(exit_of(r, GOAL_REACHED, 0, 0), 3);
}

// Nothing else than a page beside a dead key: however the tick ended, and whatever was wanted.
static void test_a_dead_key_is_always_told(void **state) {
  (void)state;
  static const enum tick_end ends[] = {TICK_REST, TICK_WAIT, TICK_ATTENTION, TICK_STOPPED};
  static const enum why whys[] = {WHY_not_due, WHY_hold,      WHY_iam_silent,
                                  WHY_grace,   WHY_max_age,   WHY_window_closed,
                                  WHY_refused, WHY_sink_lost, WHY_still_used};
  for (size_t i = 0; i < COUNT_OF(ends); i++)
    for (size_t k = 0; k < COUNT_OF(whys); k++)
      for (int goal = GOAL_NONE; goal <= GOAL_MISSED; goal++) {
        struct tick_result r = {.end = ends[i], .why = whys[k], .working = WORKING_NO};
        assert_int_equal(exit_of(r, (enum goal)goal, 21600, 0), 4);
      }
}

// What only a person can give is no matter of patience; what may come by itself is.
static void test_waits_for_a_person(void **state) {
  (void)state;
  static const struct {
    enum why why;
    enum err kind;
    bool for_person;
  } cases[] = {{WHY_sink_drift, ERR_LIMIT, true},    {WHY_sink_drift, ERR_UNSURE, false},
               {WHY_sink_refused, ERR_DENIED, true}, {WHY_sink_silent, ERR_UNSENT, false},
               {WHY_home_silent, ERR_REFUSED, true}, {WHY_home_silent, ERR_LOCKED, false},
               {WHY_iam_silent, ERR_DENIED, true},   {WHY_iam_silent, ERR_THROTTLED, false},
               {WHY_hook_failed, ERR_INVALID, true}, {WHY_hook_failed, ERR_REFUSED, false},
               {WHY_propagation, ERR_REFUSED, false}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct tick_result r = {
        .end = TICK_WAIT, .why = cases[i].why, .error.kind = cases[i].kind, .working = WORKING_YES};
    assert_int_equal(outcome_is_for_person(&r), cases[i].for_person);
    if (cases[i].for_person)
      assert_int_equal(exit_of(r, GOAL_NONE, 21600, 0), 3);
  }
}

static void test_faults_that_pass(void **state) {
  (void)state;
  struct tick_result r = {.end = TICK_WAIT, .why = WHY_iam_silent, .working = WORKING_YES};
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 0);
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 59), 0);
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 60), 75);
  assert_int_equal(exit_of(r, GOAL_NONE, 0, 0), 75);
  assert_int_equal(exit_of(r, GOAL_MISSED, 60, 0), 75);
  r.error.kind = ERR_DENIED; // IAM did answer: no
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 3);
  r = (struct tick_result){.end = TICK_FAILED, .error = {.kind = ERR_UNSENT}};
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 0);
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 61), 75);
}

static void test_ends(void **state) {
  (void)state;
  struct tick_result r = {.end = TICK_WAIT, .why = WHY_grace, .working = WORKING_YES};
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 0);
  assert_int_equal(exit_of(r, GOAL_MISSED, 60, 0), 75);
  assert_int_equal(exit_of(r, GOAL_REACHED, 60, 0), 0);
  r.end = TICK_BUSY;
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 0);
  assert_int_equal(exit_of(r, GOAL_MISSED, 60, 0), 5);
  r.working = WORKING_NO; // seen before the other run took the lock
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 4);
  assert_int_equal(exit_of(r, GOAL_MISSED, 60, 0), 4);
  r.working = WORKING_YES;
  r.end = TICK_STOPPED;
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 0);
  assert_int_equal(exit_of(r, GOAL_MISSED, 60, 0), 75);
  r = (struct tick_result){.end = TICK_FAILED, .error = {.kind = ERR_INTERNAL}};
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 1);
  r.error.kind = ERR_INVALID;
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 2);
  r.error.kind = ERR_DENIED;
  assert_int_equal(exit_of(r, GOAL_NONE, 60, 0), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_why_has_words),
      cmocka_unit_test(test_every_cause_has_words),
      cmocka_unit_test(test_every_row_has_words),
      cmocka_unit_test(test_working),
      cmocka_unit_test(test_sentences_are_joined),
      cmocka_unit_test(test_the_worst_wins),
      cmocka_unit_test(test_attention),
      cmocka_unit_test(test_a_dead_key_is_always_told),
      cmocka_unit_test(test_waits_for_a_person),
      cmocka_unit_test(test_faults_that_pass),
      cmocka_unit_test(test_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
