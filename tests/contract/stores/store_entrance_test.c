// The checked entrances against a store that breaks the contract in every way it can.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "backends/store.h"

// What the bad store answers next.
static struct {
  enum err kind;
  const char *value; // of a reading; NULL: none
  const char *version;
  const char *text; // of the error; NULL: it fills in nothing
  bool endless;     // texts without a NUL
  bool freed;
} bad;

static enum err answer(struct error *e) {
  if (bad.text)
    error_set(e, bad.kind, "%s", bad.text);
  return bad.kind;
}

static void fill(char *dst, size_t cap, const char *text) {
  if (bad.endless)
    memset(dst, 'x', cap);
  else
    strncpy(dst, text, cap - 1);
}

static enum err bad_read(struct store_item *it, struct store_record *ret,
                         struct store_version *ret_version, struct error *e) {
  (void)it;
  ret->value = bad.value ? secret_copy_text(bad.value) : NULL;
  ret->stamp = 7;
  fill(ret_version->text, sizeof ret_version->text, bad.version);
  return answer(e);
}

static enum err bad_write(struct store_item *it, const struct store_record *r,
                          const struct store_version *expect, struct store_version *ret_version,
                          struct error *e) {
  (void)it;
  (void)r;
  (void)expect;
  fill(ret_version->text, sizeof ret_version->text, bad.version);
  return answer(e);
}

static enum err bad_check(struct store_item *it, struct error *e) {
  (void)it;
  return answer(e);
}

static void bad_free(struct store_item *it) {
  (void)it;
  bad.freed = true;
}

static const struct store_ops bad_ops = {
    .read = bad_read, .write = bad_write, .check = bad_check, .free = bad_free};
static struct store_item item = {
    .ops = &bad_ops, .kind = STORE_SINK, .class = STORE_CLASS_A, .what = "bad store"};

// Reads; on failure nothing but the version may have been touched. Returns the version.
static struct store_version reads(enum err want, const char *says) {
  struct store_record r, before;
  struct store_version v = {"untouched"};
  struct error e = {0};
  memset(&r, 0x5a, sizeof r);
  before = r;
  enum err err = store_read(&item, &r, &v, &e);
  assert_int_equal(want, err);
  if (err == ERR_OK) {
    store_record_clear(&r);
    return v;
  }
  assert_memory_equal(&before, &r, sizeof r);
  assert_int_equal(want, e.kind);
  assert_string_equal(says, e.text);
  return v;
}

static void reading_must_be_whole(void **state) {
  (void)state;
  item.kind = STORE_SINK;
  memset(&bad, 0, sizeof bad);
  bad.value = "key";
  bad.version = "1";
  assert_string_equal("1", reads(ERR_OK, "").text);

  const char *broken =
      "bad store: the store broke its contract: a reading without value or version";
  bad.version = "";
  assert_string_equal("untouched", reads(ERR_INTERNAL, broken).text);
  bad.version = "1";
  bad.value = NULL;
  assert_string_equal("untouched", reads(ERR_INTERNAL, broken).text);
  bad.value = "";
  assert_string_equal("untouched", reads(ERR_INTERNAL, broken).text);
  bad.value = "two words";
  assert_string_equal("1", reads(ERR_CORRUPT, "bad store: not a key: a space at byte 4 of 9").text);
  bad.endless = true;
  bad.value = "key";
  reads(ERR_INTERNAL, "bad store: the store broke its contract: a version without end");
}

// A store that fails and still hands out a value: it must not arrive, nor leak.
static void failure_hands_out_nothing(void **state) {
  (void)state;
  memset(&bad, 0, sizeof bad);
  bad.value = "key";
  bad.version = "1";
  bad.kind = ERR_DENIED;
  bad.text = "no";
  assert_string_equal("untouched", reads(ERR_DENIED, "bad store: no").text);
  bad.kind = ERR_MISSING;
  assert_string_equal("1", reads(ERR_MISSING, "bad store: no").text);
  bad.text = NULL;
  assert_string_equal("1", reads(ERR_MISSING, "bad store: missing").text);
  bad.kind = ERR_COUNT;
  reads(ERR_INTERNAL, "bad store: the store gave an answer that does not exist");
  bad.kind = (enum err) - 1;
  reads(ERR_INTERNAL, "bad store: the store gave an answer that does not exist");
}

static void a_large_home_is_corrupt(void **state) {
  (void)state;
  static char large[STORE_HOME_MAX + 2];
  memset(large, 'x', sizeof large - 1);
  memset(&bad, 0, sizeof bad);
  bad.value = large;
  bad.version = "1";
  item.kind = STORE_HOME;
  reads(ERR_CORRUPT, "bad store: a document of 262145 bytes is too large (at most 262144)");
  large[STORE_HOME_MAX] = '\0';
  reads(ERR_OK, "");
  item.kind = STORE_SINK;
}

static void writing_must_give_a_version(void **state) {
  (void)state;
  struct store_record r = {.value = secret_copy_text("key")};
  struct store_version none = {""}, v = {"untouched"};
  struct error e = {0};
  memset(&bad, 0, sizeof bad);
  bad.version = "";
  assert_int_equal(ERR_UNSURE, store_write(&item, &r, &none, &v, &e));
  assert_string_equal("untouched", v.text);
  assert_non_null(strstr(e.text, "bad store: the store broke its contract"));
  bad.endless = true;
  assert_int_equal(ERR_UNSURE, store_write(&item, &r, &none, &v, &e));
  assert_string_equal("untouched", v.text);
  bad.endless = false;
  bad.version = "2";
  bad.kind = ERR_LIMIT;
  assert_int_equal(ERR_LIMIT, store_write(&item, &r, &none, &v, &e));
  assert_string_equal("untouched", v.text);
  bad.kind = ERR_OK;
  assert_int_equal(ERR_OK, store_write(&item, &r, &none, &v, &e));
  assert_string_equal("2", v.text);
  store_record_clear(&r);
}

static void the_rest_passes_through(void **state) {
  (void)state;
  struct error e = {0};
  memset(&bad, 0, sizeof bad);
  assert_int_equal(ERR_OK, store_destroy_old(&item, &e)); // has none
  bad.kind = ERR_LOCKED;
  bad.text = "sealed";
  assert_int_equal(ERR_LOCKED, store_check(&item, &e));
  assert_string_equal("bad store: sealed", e.text);
  assert_null(store_item_free(&item));
  assert_true(bad.freed);
}

static void records_copy_and_clear(void **state) {
  (void)state;
  struct store_record r = {.value = secret_copy_text("key"), .stamp = 3, .key_id = "id"}, copy;
  assert_int_equal(ERR_OK, store_record_copy(&copy, &r));
  assert_true(copy.value != r.value && secret_equal(copy.value, r.value));
  assert_string_equal("id", copy.key_id);
  store_record_clear(&r);
  assert_null(r.value);
  assert_int_equal(0, r.stamp);
  assert_string_equal("key", secret_bytes(copy.value));
  store_record_clear(&copy);
  store_record_clear(&copy);
  store_record_clear(NULL);
  assert_int_equal(ERR_OK, store_record_copy(&copy, &r));
  assert_null(copy.value);
}

static void settings_are_found(void **state) {
  (void)state;
  struct store_setting s[] = {{"path", "/k", 3}, {"mode", "0600", 4}};
  assert_string_equal("0600", store_setting_get(s, 2, "mode"));
  assert_int_equal(3, store_setting_find(s, 2, "path")->line);
  assert_null(store_setting_get(s, 1, "mode"));
  assert_null(store_setting_get(NULL, 0, "mode"));
}

static bool same_write(const char *a, const char *b) {
  struct store_version v = {""}, w = {""};
  strcpy(v.text, a);
  strcpy(w.text, b);
  return store_version_same_write(&v, &w);
}

static void tells_a_write_from_other_metadata(void **state) {
  (void)state;
  assert_true(same_write("1:2", "1:2"));
  assert_true(same_write("1:2+3", "1:2+4"));
  assert_true(same_write("1:2", "1:2+4"));
  assert_true(same_write("a+b+1", "a+b+2"));
  assert_false(same_write("a+b+1", "a+c+1"));
  assert_false(same_write("1:2+3", "1:20+3"));
  assert_false(same_write("1:2+3", "1:3+3"));
  assert_false(same_write("", ""));
  assert_false(same_write("", "1"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_a_write_from_other_metadata),
      cmocka_unit_test(reading_must_be_whole),
      cmocka_unit_test(failure_hands_out_nothing),
      cmocka_unit_test(a_large_home_is_corrupt),
      cmocka_unit_test(writing_must_give_a_version),
      cmocka_unit_test(the_rest_passes_through),
      cmocka_unit_test(records_copy_and_clear),
      cmocka_unit_test(settings_are_found),
  };
  int failed = cmocka_run_group_tests_name("store entrances", tests, NULL, NULL);
  return failed != 0;
}
