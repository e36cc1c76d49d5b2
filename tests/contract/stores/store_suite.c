// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/contract/stores/store_bench.h"

#include <string.h>

static void reads_absent(void **state) {
  struct store_bench *b = *state;
  struct store_record r, before;
  struct store_version v = {"untouched"};
  struct error e = {0};
  memset(&r, 0x5a, sizeof r);
  before = r;
  assert_err(ERR_MISSING, store_read(b->it, &r, &v, &e), &e);
  assert_string_equal("", v.text);
  assert_memory_equal(&before, &r, sizeof r);
  assert_story(b->it, &e, ERR_MISSING, NULL);
  assert_int_equal(ERR_MISSING, store_read(b->it, &r, &v, NULL));
}

static void reads_what_was_written(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent(), v = must_write(b->it, 1, &none);
  assert_string_not_equal("", v.text);
  assert_holds(b->it, 1, &v);
  assert_holds(b->it, 1, &v);

  struct store_item *other = b->subject->open(b->place, 0);
  assert_holds(other, 1, &v);
  struct store_version w = must_write(other, 2, &v);
  store_item_free(other);
  assert_holds(b->it, 2, &w);
}

static void changes_versions(void **state) {
  struct store_bench *b = *state;
  struct store_version seen[6] = {{""}};
  unsigned values[] = {1, 1, 2, 1, 1};
  for (size_t i = 0; i < 5; i++)
    seen[i + 1] = must_write(b->it, values[i], &seen[i]);
  for (size_t i = 1; i < 6; i++) // in class C, versions tell contents apart and no more
    if (b->subject->class != STORE_CLASS_C || i < 2 || values[i - 1] != values[i - 2])
      assert_string_not_equal(seen[i].text, seen[i - 1].text);
  for (size_t i = 0; b->subject->class == STORE_CLASS_A && i < 6; i++) // never again
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(seen[i].text, seen[k].text);
  assert_holds(b->it, 1, &seen[5]);
}

// Tries a write of record 9 under a version that is not the present one.
static void assert_conflict(struct store_bench *b, const struct store_version *expect) {
  struct store_record r = make_record(b->it, 9);
  struct store_version v = {"untouched"};
  struct error e = {0};
  assert_err(ERR_CONFLICT, store_write(b->it, &r, expect, &v, &e), &e);
  assert_string_equal("untouched", v.text);
  assert_story(b->it, &e, ERR_CONFLICT, &r);
  store_record_clear(&r);
}

static void refuses_other_versions(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent(), foreign = {"no-version-of-this-item"};
  assert_conflict(b, &foreign);
  assert_absent(b->it);
  struct store_version one = must_write(b->it, 1, &none);
  assert_conflict(b, &none);
  assert_conflict(b, &foreign);
  struct store_version two = must_write(b->it, 2, &one);
  assert_conflict(b, &one);
  assert_conflict(b, &none);
  assert_holds(b->it, 2, &two);
}

static void ignores_versions_in_class_c(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent(), foreign = {"no-version-of-this-item"};
  must_write(b->it, 1, &foreign);
  struct store_version v = must_write(b->it, 2, &none);
  assert_holds(b->it, 2, &v);
}

static void keeps_stamps(void **state) {
  struct store_bench *b = *state;
  struct store_record r = make_record(b->it, 1), got = {0};
  struct store_version v = absent();
  uint64_t stamps[] = {0, 1, UINT64_C(0x20000000000001), UINT64_MAX};
  for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
    r.stamp = stamps[i];
    assert_int_equal(ERR_OK, store_write(b->it, &r, &v, &v, NULL));
    must_read(b->it, &got);
    assert_true(got.stamp == (b->subject->class == STORE_CLASS_A ? stamps[i] : 0));
    store_record_clear(&got);
  }
  store_record_clear(&r);
}

static void keeps_details(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent();
  struct store_record want = make_record(b->it, 3), got = {0};
  must_write(b->it, 3, &none);
  must_read(b->it, &got);
  assert_string_equal(b->subject->keeps_details ? want.key_id : "", got.key_id);
  assert_string_equal(b->subject->keeps_details ? want.key_name : "", got.key_name);
  assert_true(got.created_s == (b->subject->keeps_details ? want.created_s : 0));
  store_record_clear(&got);
  store_record_clear(&want);
}

static struct secret *filled(size_t len) {
  struct secret *s = secret_new(len);
  for (size_t i = 0; i < len; i++)
    secret_append(s, &"0123456789abcdef"[i * 7 % 16], 1);
  return s;
}

static void round_trip(struct store_item *it, struct secret *value) {
  struct store_record r = {.value = value}, got = {0};
  struct store_version v = absent();
  struct error e = {0};
  assert_err(ERR_OK, store_write(it, &r, &v, &v, &e), &e);
  must_read(it, &got);
  assert_true(secret_equal(value, got.value));
  store_record_clear(&got);
  store_record_clear(&r);
}

static void carries_large_values(void **state) {
  struct store_bench *b = *state;
  round_trip(b->it, filled(b->subject->kind == STORE_HOME ? 200 * 1024 : STORE_SINK_MAX));
}

static void carries_any_document(void **state) {
  struct store_bench *b = *state;
  round_trip(b->it, secret_copy_text(
                        "{\"a\":\"\\\"\\\\\\n\\u0001\",\n\t\"b\": [1.50, \"gr\xc3\xbc\xc3\x9f\"],"
                        "\r\n \"c\":\"'${HOME}`$(x)%s\"}\n\n"));
}

// Neither written nor sent: the item is as it was.
static void assert_unwritable(struct store_bench *b, struct secret *value,
                              const struct store_version *v) {
  struct store_record r = {.value = value};
  struct store_version w = {"untouched"};
  struct error e = {0};
  assert_err(ERR_REFUSED, store_write(b->it, &r, v, &w, &e), &e);
  assert_string_equal("untouched", w.text);
  assert_story(b->it, &e, ERR_REFUSED, NULL);
  store_record_clear(&r);
  assert_holds(b->it, 1, v);
}

static void refuses_unfit_values(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent(), v = must_write(b->it, 1, &none);
  assert_unwritable(b, NULL, &v);
  assert_unwritable(b, secret_copy_text(""), &v);
  if (b->subject->kind == STORE_HOME) {
    assert_unwritable(b, filled(STORE_HOME_MAX + 1), &v);
    return;
  }
  assert_unwritable(b, filled(STORE_SINK_MAX + 1), &v);
  static const char *const unfit[] = {"a b", "a\n", "\"a", "a'", "a\\", "a`b", "a\x7f", "\xc3\xbc"};
  for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++)
    assert_unwritable(b, secret_copy_text(unfit[i]), &v);
  assert_unwritable(b, secret_copy("a\0b", 3), &v);
}

static void keeps_items_apart(void **state) {
  struct store_bench *b = *state;
  struct store_item *other = b->subject->open(b->place, 1);
  struct store_version none = absent();
  assert_string_not_equal(b->it->place, other->place);
  struct store_version v = must_write(b->it, 1, &none);
  assert_absent(other);
  struct store_version w = must_write(other, 2, &none);
  assert_holds(b->it, 1, &v);
  w = must_write(other, 3, &w);
  v = must_write(b->it, 4, &v);
  assert_int_equal(ERR_OK, store_destroy_old(b->it, NULL));
  assert_holds(other, 3, &w);
  assert_holds(b->it, 4, &v);
  store_item_free(other);
}

static void failed_writes_change_nothing(void **state) {
  struct store_bench *b = *state;
  struct store_version none = absent(), v = must_write(b->it, 1, &none), w = {"untouched"};
  struct store_record r = make_record(b->it, 2);
  struct error e = {0};
  b->subject->fail_writes(b->place, true);
  enum err err = store_write(b->it, &r, &v, &w, &e);
  b->subject->fail_writes(b->place, false);
  assert_int_not_equal(ERR_OK, err);
  assert_int_not_equal(ERR_UNSURE, err);
  assert_story(b->it, &e, err, &r);
  assert_string_equal("untouched", w.text);
  store_record_clear(&r);
  assert_holds(b->it, 1, &v);
  must_write(b->it, 2, &v);
}

static void destroys_old_again_and_again(void **state) {
  struct store_bench *b = *state;
  struct error e = {0};
  struct store_version none = absent();
  struct store_version v = must_write(b->it, 1, &none);
  v = must_write(b->it, 2, &v);
  for (int i = 0; i < 3; i++)
    assert_err(ERR_OK, store_destroy_old(b->it, &e), &e);
  assert_holds(b->it, 2, &v);
  must_write(b->it, 3, &v);
}

static void checks_without_a_change(void **state) {
  struct store_bench *b = *state;
  struct error e = {0};
  struct store_version none = absent();
  assert_err(ERR_OK, store_check(b->it, &e), &e);
  assert_absent(b->it);
  struct store_version v = must_write(b->it, 1, &none);
  assert_err(ERR_OK, store_check(b->it, &e), &e);
  assert_err(ERR_OK, store_check(b->it, NULL), NULL);
  assert_holds(b->it, 1, &v);
}

static void says_what_it_is(void **state) {
  struct store_bench *b = *state;
  struct store_item *again = b->subject->open(b->place, 0);
  assert_int_equal(b->subject->kind, b->it->kind);
  assert_int_equal(b->subject->class, b->it->class);
  assert_true(b->it->longest_ms >= 0);
  assert_true(b->it->what[0] != '\0');
  assert_true(b->it->place[0] != '\0');
  assert_string_equal(b->it->place, again->place);
  assert_null(store_item_free(again));
  assert_null(store_item_free(NULL));
}

static void refuses_broken_calls(void **state) {
  struct store_bench *b = *state;
  struct store_record r = make_record(b->it, 1);
  struct store_version v = {""};
  assert_int_equal(ERR_INTERNAL, store_read(b->it, NULL, &v, NULL));
  assert_int_equal(ERR_INTERNAL, store_read(b->it, &r, NULL, NULL));
  assert_int_equal(ERR_INTERNAL, store_read(NULL, &r, &v, NULL));
  assert_int_equal(ERR_INTERNAL, store_write(b->it, NULL, &v, &v, NULL));
  assert_int_equal(ERR_INTERNAL, store_write(b->it, &r, NULL, &v, NULL));
  assert_int_equal(ERR_INTERNAL, store_write(b->it, &r, &v, NULL, NULL));
  memset(r.key_name, 'x', sizeof r.key_name);
  assert_int_equal(ERR_INTERNAL, store_write(b->it, &r, &v, &v, NULL));
  store_record_clear(&r);
  assert_absent(b->it);
}

static bool is_home(const struct store_subject *s) {
  return s->kind == STORE_HOME;
}
static bool is_sink(const struct store_subject *s) {
  return s->kind == STORE_SINK;
}
static bool looks_at_versions(const struct store_subject *s) {
  return s->class != STORE_CLASS_C;
}
static bool ignores_versions(const struct store_subject *s) {
  return s->class == STORE_CLASS_C;
}
static bool can_fail(const struct store_subject *s) {
  return s->fail_writes != NULL;
}

#define STORE_TEST(test)                                                                           \
  cmocka_unit_test_setup_teardown(test, store_bench_setup, store_bench_teardown)
static const struct {
  struct CMUnitTest test;
  bool (*applies)(const struct store_subject *s); // NULL: to every subject
} suite[] = {
    {STORE_TEST(says_what_it_is), NULL},
    {STORE_TEST(reads_absent), NULL},
    {STORE_TEST(reads_what_was_written), NULL},
    {STORE_TEST(changes_versions), NULL},
    {STORE_TEST(refuses_other_versions), looks_at_versions},
    {STORE_TEST(ignores_versions_in_class_c), ignores_versions},
    {STORE_TEST(keeps_stamps), is_sink},
    {STORE_TEST(keeps_details), NULL},
    {STORE_TEST(carries_large_values), NULL},
    {STORE_TEST(carries_any_document), is_home},
    {STORE_TEST(refuses_unfit_values), NULL},
    {STORE_TEST(refuses_broken_calls), NULL},
    {STORE_TEST(keeps_items_apart), NULL},
    {STORE_TEST(failed_writes_change_nothing), can_fail},
    {STORE_TEST(destroys_old_again_and_again), NULL},
    {STORE_TEST(checks_without_a_change), NULL},
};

int store_suite_run(const struct store_subject *s) {
  struct CMUnitTest tests[sizeof suite / sizeof suite[0]];
  struct store_bench given = {.subject = s};
  size_t n = 0;
  for (size_t i = 0; i < sizeof suite / sizeof suite[0]; i++)
    if (!suite[i].applies || suite[i].applies(s)) {
      tests[n] = suite[i].test;
      tests[n++].initial_state = &given;
    }
  return _cmocka_run_group_tests(s->name, tests, n, NULL, NULL);
}
