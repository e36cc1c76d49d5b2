// The document of the state: what is written comes back, and nothing else is taken.
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/engine/world.h"

static struct state full(void) {
  struct world w = world(PHASE_GRACE);
  struct state *s = &w.state;
  s->seq = UINT64_MAX - 1; // beyond what a JSON number keeps
  s->n_sinks = 2;
  for (int i = 0; i < 2; i++) {
    snprintf(s->sinks[i].name, sizeof s->sinks[i].name, "sink-%d", i);
    snprintf(s->sinks[i].place, sizeof s->sinks[i].place, "file:/a \"b\"/%d", i);
    strcpy(s->sinks[i].noted.text, "1:2:3");
  }
  s->wish = (struct wish){.kind = WISH_BACK_TO,
                          .grace_s = 60,
                          .compromised = true,
                          .at_s = NOW,
                          .reason = "caf\xc3\xa9"};
  strcpy(s->wish.key_id, "ApiKey-previous");
  s->hold = (struct hold){.on = true, .until_s = NOW + 5, .by = "somebody"};
  s->grace_s = 0;
  s->failures = 2;
  s->moved = 1;
  strcpy(s->host, "host-1");
  strcpy(s->writer, "host-1/42 0.1.0");
  state_add_retired(s, s->slots[SLOT_PREVIOUS].value);
  return w.state;
}

static struct secret *encoded(const struct state *s) {
  struct secret *document = NULL;
  assert_int_equal(state_encode(s, &document, NULL, NULL), ERR_OK);
  return document;
}

static void comes_back_whole(void **unused) {
  (void)unused;
  struct state s = full(), back;
  SECRET_AUTO document = encoded(&s);
  assert_int_equal(state_decode(document, &back, NULL), ERR_OK);
  SECRET_AUTO again = encoded(&back);
  assert_true(secret_equal(document, again));
  assert_int_equal(back.seq, s.seq);
  assert_int_equal(back.phase, PHASE_GRACE);
  assert_true(secret_equal(back.slots[SLOT_PREVIOUS].value, s.slots[SLOT_PREVIOUS].value));
  assert_string_equal(back.wish.reason, s.wish.reason);
  assert_true(state_knows_retired(&back, s.slots[SLOT_PREVIOUS].value));
  assert_false(state_knows_retired(&back, s.slots[SLOT_CURRENT].value));
  state_clear(&s);
  state_clear(&back);
}

// Documents of before a member was known lack it; those that need none of them still look so.
static void later_members_are_written_where_they_say_something(void **unused) {
  (void)unused;
  struct state s = full(), back;
  SECRET_AUTO before = encoded(&s);
  assert_null(strstr(secret_bytes(before), "rewritten_s"));
  assert_int_equal(state_decode(before, &back, NULL), ERR_OK);
  assert_int_equal(back.rewritten_s, 0);
  state_clear(&back);
  s.rewritten_s = NOW;
  s.in_use_s = NOW - 5;
  s.disabled_s = NOW - 7;
  s.late_s = NOW - 9;
  SECRET_AUTO after = encoded(&s);
  assert_int_equal(state_decode(after, &back, NULL), ERR_OK);
  assert_int_equal(back.rewritten_s, NOW);
  assert_int_equal(back.in_use_s, NOW - 5);
  assert_int_equal(back.disabled_s, NOW - 7);
  assert_int_equal(back.late_s, NOW - 9);
  state_clear(&back);
  s.rewritten_s = -1; // no writer of ours
  struct secret *none = NULL;
  assert_int_equal(state_encode(&s, &none, NULL, NULL), ERR_INTERNAL);
  state_clear(&s);
}

// A program from before the wish to retire reads "none", and keeps the rest as it is: it waits.
static void a_wish_to_retire_is_no_word_to_others(void **unused) {
  (void)unused;
  struct state s = full(), back;
  s.wish.kind = WISH_RETIRE;
  SECRET_AUTO document = encoded(&s);
  assert_non_null(strstr(secret_bytes(document), "\"kind\":\"none\""));
  assert_null(strstr(secret_bytes(document), "\"retire\""));
  assert_int_equal(state_decode(document, &back, NULL), ERR_OK);
  assert_int_equal(back.wish.kind, WISH_RETIRE);
  assert_true(state_may_retire(&back));
  state_clear(&back);
  s.wish.key_id[0] = '\0'; // no wish at all
  s.wish.kind = WISH_NONE;
  SECRET_AUTO none = encoded(&s);
  assert_int_equal(state_decode(none, &back, NULL), ERR_OK);
  assert_int_equal(back.wish.kind, WISH_NONE);
  assert_false(state_may_retire(&back));
  state_clear(&back);
  state_clear(&s);
}

static void garbage_is_told_by_place_and_version(void **unused) {
  (void)unused;
  struct state s = full();
  struct store_version one = {"1:2:3"}, two = {"1:2:4"};
  assert_false(state_knows_garbage(&s, "file:/a", &one));
  assert_int_equal(state_add_garbage(&s, "file:/a", &one), ERR_OK);
  assert_true(state_knows_garbage(&s, "file:/a", &one));
  assert_false(state_knows_garbage(&s, "file:/a", &two));
  assert_false(state_knows_garbage(&s, "file:/b", &one));
  state_clear(&s);
}

static void every_phase_comes_back(void **unused) {
  (void)unused;
  for (int p = 0; p < PHASE_COUNT; p++) {
    struct world w = world((enum phase)p);
    struct state back;
    SECRET_AUTO document = encoded(&w.state);
    assert_int_equal(state_decode(document, &back, NULL), ERR_OK);
    assert_int_equal(back.phase, p);
    state_clear(&w.state);
    state_clear(&back);
  }
}

static void assert_corrupt(const char *text, size_t len, const char *code) {
  struct state s;
  struct error e;
  SECRET_AUTO document = secret_copy(text, len);
  assert_int_equal(state_decode(document, &s, &e), ERR_CORRUPT);
  assert_string_equal(e.code, code);
  assert_non_null(strstr(e.text, "state"));
  assert_null(strstr(e.text, "current-value"));
}

static void cut_anywhere_is_corrupt(void **unused) {
  (void)unused;
  struct state s = full();
  SECRET_AUTO document = encoded(&s);
  for (size_t n = 0; n < secret_len(document); n += 7)
    assert_corrupt(secret_bytes(document), n, "");
  state_clear(&s);
}

static void any_changed_byte_is_corrupt(void **unused) {
  (void)unused;
  struct state s = full();
  SECRET_AUTO document = encoded(&s);
  char *copy = strdup(secret_bytes(document));
  for (size_t i = 0; copy[i]; i++) {
    char kept = copy[i];
    struct state got;
    copy[i] = kept == '0' ? '1' : '0';
    SECRET_AUTO changed = secret_copy_text(copy);
    if (state_decode(changed, &got, NULL) == ERR_OK)
      fail_msg("byte %zu", i);
    copy[i] = kept;
  }
  free(copy);
  state_clear(&s);
}

static void a_newer_schema_is_said(void **unused) {
  (void)unused;
  const char *text = "{\"rotator_state\":2,\"sha256\":\"x\",\"state\":{}}";
  assert_corrupt(text, strlen(text), "schema");
  struct state s;
  SECRET_AUTO document = secret_copy_text(text);
  assert_int_equal(state_decode(document, &s, NULL), ERR_CORRUPT);
}

static void other_documents_are_corrupt(void **unused) {
  (void)unused;
  static const char *const texts[] = {"",
                                      "{}",
                                      "null",
                                      "[]",
                                      "42",
                                      "{\"rotator_state\":1}",
                                      "{\"rotator_state\":\"1\"}",
                                      "{\"rotator_state\":1,\"sha256\":\"x\"}",
                                      "{\"rotator_state\":1,\"sha256\":\"x\",\"state\":{},\"x\":1}",
                                      "{\"rotator_state\":1,\"sha256\":1,\"state\":{}}",
                                      STATE_FORGOTTEN};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_corrupt(texts[i], strlen(texts[i]), "");
}

// Read back, it would be another one: not written.
static void what_would_not_read_back_is_not_written(void **unused) {
  (void)unused;
  for (int i = 0; i < 3; i++) {
    struct state s = full();
    struct secret *document = NULL;
    struct error e;
    if (i == 0)
      s.grace_s = 9007199254740993; // no JSON number has it
    else if (i == 1)
      s.wish = (struct wish){.kind = WISH_RETIRE}; // of no key
    else
      s.wish.kind = WISH_COUNT;
    assert_int_equal(state_encode(&s, &document, NULL, &e), ERR_INTERNAL);
    assert_non_null(strstr(e.text, "read back"));
    assert_null(document);
    state_clear(&s);
  }
}

static void what_is_too_large_is_not_written(void **unused) {
  (void)unused;
  struct state s = full();
  struct secret *document = NULL;
  struct error e;
  char *huge = calloc(1, STORE_HOME_MAX + 1);
  memset(huge, 'v', STORE_HOME_MAX);
  secret_free(s.slots[SLOT_CURRENT].value);
  s.slots[SLOT_CURRENT].value = secret_copy_text(huge);
  assert_int_equal(state_encode(&s, &document, NULL, &e), ERR_INTERNAL);
  assert_non_null(strstr(e.text, "too large"));
  assert_null(document);
  free(huge);
  state_clear(&s);
}

// A number that is no phase, slot or wish has a word all the same: "no state" is told with it.
static void what_has_no_name_is_none(void **unused) {
  (void)unused;
  assert_string_equal(phase_name(PHASE_GRACE), "grace");
  assert_string_equal(phase_name(PHASE_COUNT), "none");
  assert_string_equal(slot_name(SLOT_COUNT), "none");
  assert_string_equal(wish_name(WISH_COUNT), "none");
  assert_string_equal(row_name(ROW_COUNT), "none");
  assert_string_equal(why_name(WHY_COUNT), "none");
}

static void the_first_key_has_no_previous(void **unused) {
  (void)unused;
  struct world w = world(PHASE_PUBLISHING);
  struct state back;
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  SECRET_AUTO document = encoded(&w.state);
  assert_int_equal(state_decode(document, &back, NULL), ERR_OK);
  state_clear(&back);
  state_clear(&w.state);
}

static void impossible_states_are_not_written(void **unused) {
  (void)unused;
  struct world w = world(PHASE_GRACE);
  struct secret *document = NULL;
  struct error e;
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  assert_int_equal(state_encode(&w.state, &document, NULL, &e), ERR_INTERNAL);
  assert_null(document);
  state_clear(&w.state);
}

static void fingerprints_are_salted_and_bounded(void **unused) {
  (void)unused;
  struct state s = full();
  char a[STATE_FINGERPRINT_MAX], b[STATE_FINGERPRINT_MAX];
  SECRET_AUTO value = secret_copy_text("value");
  state_fingerprint(&s, value, a);
  strcpy(s.lineage, "fedcba9876543210");
  state_fingerprint(&s, value, b);
  assert_string_not_equal(a, b);
  for (int i = 0; i < STATE_RETIRED_MAX + 3; i++) {
    char text[16];
    snprintf(text, sizeof text, "value-%d", i);
    SECRET_AUTO each = secret_copy_text(text);
    state_add_retired(&s, each);
    state_add_retired(&s, each); // once is enough
  }
  SECRET_AUTO newest = secret_copy_text("value-26");
  SECRET_AUTO oldest = secret_copy_text("value-0");
  assert_true(state_knows_retired(&s, newest));
  assert_false(state_knows_retired(&s, oldest));
  state_clear(&s);
}

// What it says of keys and people is gone as well, and who looks again finds no state.
static void a_cleared_state_is_empty(void **unused) {
  (void)unused;
  static const struct state none;
  struct world w = world(PHASE_GRACE);
  state_clear(&w.state);
  assert_memory_equal(&w.state, &none, sizeof none);
  state_clear(&w.state); // once more does no harm
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cleared_state_is_empty),
      cmocka_unit_test(comes_back_whole),
      cmocka_unit_test(later_members_are_written_where_they_say_something),
      cmocka_unit_test(a_wish_to_retire_is_no_word_to_others),
      cmocka_unit_test(garbage_is_told_by_place_and_version),
      cmocka_unit_test(every_phase_comes_back),
      cmocka_unit_test(cut_anywhere_is_corrupt),
      cmocka_unit_test(any_changed_byte_is_corrupt),
      cmocka_unit_test(a_newer_schema_is_said),
      cmocka_unit_test(other_documents_are_corrupt),
      cmocka_unit_test(what_would_not_read_back_is_not_written),
      cmocka_unit_test(what_is_too_large_is_not_written),
      cmocka_unit_test(what_has_no_name_is_none),
      cmocka_unit_test(the_first_key_has_no_previous),
      cmocka_unit_test(impossible_states_are_not_written),
      cmocka_unit_test(fingerprints_are_salted_and_bounded)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
