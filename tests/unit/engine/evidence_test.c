// What the evidence says of a value, after one sequence of events a row. Each event is a letter and
// the time at which it was seen:
//   p proven   a IAM: alive   d IAM: deleted   x IAM: disabled   r refused   s Sender missing
//   D refused as disabled   u no verdict
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rotator/engine/evidence.h"

#define APART_MS 10000

static void see(struct evidence *e, const char *event) {
  int64_t at_s = strtoll(event + 1, NULL, 10);
  switch (event[0]) {
  case 'p':
    evidence_proven(e, "settle", at_s);
    return;
  case 'a':
    evidence_iam(e, CAUSE_none, at_s);
    return;
  case 'd':
    evidence_iam(e, CAUSE_deleted, at_s);
    return;
  case 'x':
    evidence_iam(e, CAUSE_disabled, at_s);
    return;
  case 'r':
    evidence_refused(e, CAUSE_refused, at_s, at_s * 1000, APART_MS);
    return;
  case 'D':
    evidence_refused(e, CAUSE_disabled, at_s, at_s * 1000, APART_MS);
    return;
  case 's':
    evidence_refused(e, CAUSE_sender_missing, at_s, at_s * 1000, APART_MS);
    return;
  case 'u':
    evidence_unanswered(e, at_s);
    return;
  default:
    fail_msg("no such event: %s", event);
  }
}

static const struct row {
  const char *events;
  enum verdict_kind kind;
  enum cause cause;
  int64_t seen_s, proven_s;
} rows[] = {
    {"", VERDICT_NOT_KNOWN, CAUSE_unproven, 0, 0},
    {"a100", VERDICT_NOT_KNOWN, CAUSE_unproven, 0, 0}, // alive in IAM is not proven
    {"p100", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 a200", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 d200", VERDICT_NOT_WORKING, CAUSE_deleted, 200, 100},
    {"d100", VERDICT_NOT_WORKING, CAUSE_deleted, 100, 0},
    {"p100 x200 a300", VERDICT_WORKING, CAUSE_none, 100, 100}, // enabled again
    {"p100 d200 p300", VERDICT_WORKING, CAUSE_none, 300, 300},
    // one refusal, or two in one breath, may be a passing thing
    {"p100 r200", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 r200 r205", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 r200 r210", VERDICT_NOT_WORKING, CAUSE_refused, 210, 100},
    {"p100 r200 p205 r210", VERDICT_WORKING, CAUSE_none, 205, 205},
    {"p100 s200 s210", VERDICT_NOT_WORKING, CAUSE_sender_missing, 210, 100},
    {"p100 s200 s210 s9000", VERDICT_NOT_WORKING, CAUSE_sender_missing, 9000, 100},
    {"p100 s200 s210 p9000", VERDICT_WORKING, CAUSE_none, 9000, 9000},
    // IAM showing the key alive says nothing about the Sender role …
    {"p100 s200 s210 a300", VERDICT_NOT_WORKING, CAUSE_sender_missing, 210, 100},
    // … nor that IAM takes the value, where it showed the key alive all along
    {"p100 r200 r210 a300", VERDICT_NOT_WORKING, CAUSE_refused, 210, 100},
    {"p100 a150 r200 r210 a300 p400", VERDICT_WORKING, CAUSE_none, 400, 400},
    // refused because it was disabled, and enabled again
    {"p100 r200 r210 x220 a300", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 x200 D210 D220 a300", VERDICT_WORKING, CAUSE_none, 100, 100},
    {"p100 D200 D210 a300", VERDICT_NOT_WORKING, CAUSE_disabled, 210, 100},
    {"p100 r200 r210 x220", VERDICT_NOT_WORKING, CAUSE_disabled, 220, 100},
    // nobody answered: the last proof is told, and is not taken for today's
    {"p100 u200", VERDICT_NOT_KNOWN, CAUSE_unanswered, 200, 100},
    {"p100 u200 p300", VERDICT_WORKING, CAUSE_none, 300, 300},
    {"p100 r200 u205 r210", VERDICT_NOT_KNOWN, CAUSE_unanswered, 205, 100},
    {"p100 s200 s210 u300", VERDICT_NOT_WORKING, CAUSE_sender_missing, 210, 100},
};

static void verdicts(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *r = &rows[i];
    struct evidence e = {.print = "0"};
    char events[80];
    snprintf(events, sizeof events, "%s", r->events);
    for (char *event = strtok(events, " "); event; event = strtok(NULL, " "))
      see(&e, event);
    struct verdict v = evidence_verdict(&e);
    if (v.kind != r->kind || v.cause != r->cause || v.seen_s != r->seen_s ||
        v.proven_s != r->proven_s)
      fail_msg("%s: %s, %s at %lld, proven %lld", r->events, verdict_name(v.kind),
               cause_name(v.cause), (long long)v.seen_s, (long long)v.proven_s);
  }
}

static void nothing_known(void **state) {
  (void)state;
  assert_int_equal(evidence_verdict(NULL).kind, VERDICT_NOT_KNOWN);
}

static void prints_differ_by_value_and_salt(void **state) {
  (void)state;
  char one[EVIDENCE_PRINT_MAX], other[EVIDENCE_PRINT_MAX];
  SECRET_AUTO a = secret_copy_text("aaaa");
  SECRET_AUTO b = secret_copy_text("bbbb");
  evidence_print("s", a, one);
  assert_int_equal(strlen(one), 32);
  evidence_print("s", a, other);
  assert_string_equal(one, other);
  evidence_print("s", b, other);
  assert_string_not_equal(one, other);
  evidence_print("t", a, other);
  assert_string_not_equal(one, other);
}

static void oldest_goes_first(void **state) {
  (void)state;
  struct evidence_book book = {0};
  char print[EVIDENCE_PRINT_MAX];
  for (int i = 0; i < EVIDENCE_MAX + 1; i++) {
    snprintf(print, sizeof print, "print %d", i);
    evidence_proven(evidence_enter(&book, print, "ApiKey-1"), "settle", 1000 + i);
    assert_non_null(evidence_find(&book, "print 0") || i == EVIDENCE_MAX ? &book : NULL);
  }
  assert_null(evidence_find(&book, "print 0"));
  assert_non_null(evidence_find(&book, "print 1"));
  assert_null(evidence_find(&book, ""));
  // entering it again keeps what is known, and an id that is known
  struct evidence *e = evidence_enter(&book, "print 5", "");
  assert_string_equal(e->key_id, "ApiKey-1");
  assert_int_equal(e->proven_s, 1005);
  // and makes it the last to go, whatever the age of what is known of it
  for (int i = 0; i < EVIDENCE_MAX - 1; i++) {
    snprintf(print, sizeof print, "later %d", i);
    evidence_enter(&book, print, "");
  }
  assert_non_null(evidence_find(&book, "print 5"));
  evidence_enter(&book, "one more", "");
  assert_null(evidence_find(&book, "print 5"));
}

// A refusal that waits for the second one is worth more than an entry that says nothing yet, and
// room that is free comes before both.
static void a_refusal_that_is_being_judged_stays(void **state) {
  (void)state;
  struct evidence_book book = {0};
  char print[EVIDENCE_PRINT_MAX];
  assert_false(evidence_refused(evidence_enter(&book, "refused", "ApiKey-1"), CAUSE_refused, 1000,
                                1000 * 1000, APART_MS));
  for (int i = 0; i < EVIDENCE_MAX - 1; i++) {
    snprintf(print, sizeof print, "print %d", i);
    evidence_enter(&book, print, "");
  }
  assert_non_null(evidence_find(&book, "print 0"));
  evidence_proven(evidence_enter(&book, "one more", ""), "settle", 2000);
  assert_true(evidence_refused(evidence_enter(&book, "refused", ""), CAUSE_refused, 1010,
                               1010 * 1000, APART_MS));
}

struct seen {
  int64_t proven_s, iam_s, refusal_s, unanswered_s;
  enum cause iam, refusal;
};

static struct evidence_book book_of(const struct seen *s) {
  struct evidence_book b = {0};
  struct evidence *e = evidence_enter(&b, "value", "");
  e->proven_s = s->proven_s;
  e->iam = s->iam;
  e->iam_s = s->iam_s;
  e->refusal = s->refusal;
  e->refusal_s = s->refusal_s;
  e->unanswered_s = s->unanswered_s;
  return b;
}

// Of each kind the newer one stands, whichever of the two books is merged into the other.
static void merging(void **state) {
  (void)state;
  static const struct {
    struct seen one, other;
    enum verdict_kind kind;
    enum cause cause;
    int64_t seen_s;
  } cases[] = {
      {{.proven_s = 100}, {.proven_s = 200}, VERDICT_WORKING, CAUSE_none, 200},
      {{.proven_s = 100}, {.iam = CAUSE_deleted, .iam_s = 90}, VERDICT_WORKING, CAUSE_none, 100},
      {{.proven_s = 100},
       {.iam = CAUSE_deleted, .iam_s = 110},
       VERDICT_NOT_WORKING,
       CAUSE_deleted,
       110},
      {{.iam_s = 120}, {.iam = CAUSE_disabled, .iam_s = 110}, VERDICT_NOT_KNOWN, CAUSE_unproven, 0},
      {{.iam_s = 120, .proven_s = 50},
       {.refusal = CAUSE_refused, .refusal_s = 110, .proven_s = 50},
       VERDICT_WORKING,
       CAUSE_none,
       50},
      {{.proven_s = 100},
       {.refusal = CAUSE_sender_missing, .refusal_s = 110},
       VERDICT_NOT_WORKING,
       CAUSE_sender_missing,
       110},
      {{.refusal = CAUSE_sender_missing, .refusal_s = 110},
       {.refusal = CAUSE_instance_gone, .refusal_s = 120},
       VERDICT_NOT_WORKING,
       CAUSE_instance_gone,
       120},
      {{.proven_s = 100}, // in one second: what speaks against it is believed
       {.iam = CAUSE_deleted, .iam_s = 100},
       VERDICT_NOT_WORKING,
       CAUSE_deleted,
       100},
      {{.proven_s = 100}, {.unanswered_s = 90}, VERDICT_WORKING, CAUSE_none, 100},
      {{.proven_s = 100}, {.unanswered_s = 110}, VERDICT_NOT_KNOWN, CAUSE_unanswered, 110},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int turned = 0; turned < 2; turned++) {
      struct evidence_book b = book_of(turned ? &cases[i].other : &cases[i].one),
                           other = book_of(turned ? &cases[i].one : &cases[i].other);
      evidence_merge(&b, &other);
      struct verdict v = evidence_verdict(evidence_find(&b, "value"));
      if (v.kind != cases[i].kind || v.cause != cases[i].cause || v.seen_s != cases[i].seen_s)
        fail_msg("row %zu, turned %d: %s, %s, %lld", i, turned, verdict_name(v.kind),
                 cause_name(v.cause), (long long)v.seen_s);
    }
}

static void merging_adds_what_has_room(void **state) {
  (void)state;
  struct evidence_book b = {0}, other = {0};
  char print[EVIDENCE_PRINT_MAX];
  for (int i = 0; i < EVIDENCE_MAX - 1; i++) {
    snprintf(print, sizeof print, "mine %d", i);
    evidence_enter(&b, print, "");
  }
  evidence_enter(&other, "second", "");
  evidence_enter(&other, "first", "ApiKey-1");
  evidence_merge(&b, &other);
  assert_non_null(evidence_find(&b, "mine 0"));
  assert_string_equal(evidence_find(&b, "first")->key_id, "ApiKey-1");
  assert_null(evidence_find(&b, "second"));
}

// The three words that every command says.
static void verdicts_have_words(void **state) {
  (void)state;
  assert_string_equal(verdict_name(VERDICT_WORKING), "working");
  assert_string_equal(verdict_name(VERDICT_NOT_WORKING), "not working");
  assert_string_equal(verdict_name(VERDICT_NOT_KNOWN), "not known");
}

static void causes_have_names(void **state) {
  (void)state;
  for (int c = 0; c < CAUSE_COUNT; c++)
    assert_int_equal(cause_of_name(cause_name((enum cause)c)), c);
  assert_int_equal(cause_of_name("no such"), CAUSE_COUNT);
  assert_string_equal(cause_name(CAUSE_COUNT), "none");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts),
      cmocka_unit_test(nothing_known),
      cmocka_unit_test(prints_differ_by_value_and_salt),
      cmocka_unit_test(oldest_goes_first),
      cmocka_unit_test(a_refusal_that_is_being_judged_stays),
      cmocka_unit_test(merging),
      cmocka_unit_test(merging_adds_what_has_room),
      cmocka_unit_test(verdicts_have_words),
      cmocka_unit_test(causes_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
