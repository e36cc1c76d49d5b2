#include "rotator/cloud/iam_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cloud/fixture.h"

#define NOW 1795498800 // 2026-11-24T05:40:00Z
#define LEAST "\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\""

static enum err decode_key(const char *json, struct iam_key *ret, struct error *e) {
  JSON_AUTO o = json_parse(json, strlen(json));
  assert_non_null(o);
  return iam_decode_key(o, NOW, ret, e);
}

static void a_whole_key(void **state) {
  (void)state;
  struct iam_key k;
  enum err err = decode_key(
      "{\"id\":\"" KEY_ID "\",\"entity_tag\":\"3-00ff\",\"crn\":\"crn:v1:x\",\"locked\":true,"
      "\"disabled\":true,\"created_at\":\"2026-02-19T12:55+0000\",\"modified_at\":"
      "\"2026-02-20T12:55:30+0000\",\"created_by\":\"IBMid-1\",\"name\":\"n\",\"description\":"
      "\"d\","
      "\"iam_id\":\"" IAM_ID "\",\"account_id\":\"" ACCOUNT "\",\"apikey\":\"" VALUE "\","
      "\"expires_at\":\"2026-11-24T05:41+0000\",\"unknown\":{\"a\":[1]},\"activity\":"
      "{\"last_authn\":\"2026-03-01T10:00+0000\",\"authn_count\":12}}",
      &k, NULL);
  assert_int_equal(err, ERR_OK);
  assert_string_equal(k.id, KEY_ID);
  assert_string_equal(k.entity_tag, "3-00ff");
  assert_string_equal(k.iam_id, IAM_ID);
  assert_string_equal(k.account, ACCOUNT);
  assert_string_equal(k.name, "n");
  assert_string_equal(k.description, "d");
  assert_string_equal(k.created_by, "IBMid-1");
  assert_true(k.locked && k.disabled && !k.expired);
  assert_int_equal(k.created_s, 1771505700);
  assert_int_equal(k.modified_s, 1771592130);
  assert_int_equal(k.expires_s, NOW + 60);
  assert_true(k.has_activity);
  assert_int_equal(k.authn_count, 12);
  assert_int_equal(k.last_authn_s, 1772359200);
  assert_null(k.value);
}

static void the_least_key(void **state) {
  (void)state;
  struct iam_key k;
  assert_int_equal(
      decode_key("{" LEAST ",\"name\":null,\"locked\":null,\"activity\":null}", &k, NULL), ERR_OK);
  assert_false(k.disabled || k.locked || k.expired || k.has_activity);
  assert_int_equal(k.created_s, -1);
  assert_int_equal(k.expires_s, -1);
  assert_int_equal(k.last_authn_s, -1);
  assert_string_equal(k.name, "");
}

static void wrong_types_are_corrupt(void **state) {
  (void)state;
  static const char *const rows[] = {
      "[]",
      "7",
      "null",
      "\"text\"",
      "{}",
      "{\"id\":\"" KEY_ID "\"}",
      "{\"iam_id\":\"" IAM_ID "\"}",
      "{\"id\":\"\",\"iam_id\":\"" IAM_ID "\"}",
      "{\"id\":7,\"iam_id\":\"" IAM_ID "\"}",
      "{" LEAST ",\"id\":\"ApiKey-twice\"}",
      "{" LEAST ",\"disabled\":\"false\"}",
      "{" LEAST ",\"disabled\":0}",
      "{" LEAST ",\"locked\":\"true\"}",
      "{" LEAST ",\"locked\":[]}",
      "{" LEAST ",\"name\":{}}",
      "{" LEAST ",\"description\":1}",
      "{" LEAST ",\"account_id\":1}",
      "{" LEAST ",\"created_by\":false}",
      "{" LEAST ",\"created_at\":1771505700}",
      "{" LEAST ",\"modified_at\":true}",
      "{" LEAST ",\"expires_at\":0}",
      "{\"iam_id\":\"" IAM_ID
      "\",\"id\":\"ApiKey-0123456789012345678901234567890123456789012345678901234567\"}",
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_key k = {.id = "untouched"};
    struct error e;
    if (decode_key(rows[i], &k, &e) != ERR_CORRUPT)
      fail_msg("taken: %s", rows[i]);
    assert_int_equal(e.kind, ERR_CORRUPT);
    assert_string_equal(k.id, "untouched");
  }
}

static void times_that_do_not_parse_are_not_said(void **state) {
  (void)state;
  struct iam_key k;
  assert_int_equal(
      decode_key("{" LEAST ",\"created_at\":\"yesterday\",\"expires_at\":\"\"}", &k, NULL), ERR_OK);
  assert_int_equal(k.created_s, -1);
  assert_int_equal(k.expires_s, -1);
  assert_false(k.expired);
}

static void expiry_is_by_the_servers_clock(void **state) {
  (void)state;
  struct iam_key k;
  decode_key("{" LEAST ",\"expires_at\":\"2026-11-24T05:40+0000\"}", &k, NULL);
  assert_true(k.expired);
  decode_key("{" LEAST ",\"expires_at\":\"2026-11-24T05:41+0000\"}", &k, NULL);
  assert_false(k.expired);
}

// What is no evidence must not look like "never used".
static void activity_is_evidence_or_absent(void **state) {
  (void)state;
  static const struct {
    const char *json;
    bool has;
    int64_t last_s, count;
  } rows[] = {
      {"{" LEAST ",\"activity\":{\"authn_count\":0}}", true, -1, 0},
      {"{" LEAST ",\"activity\":{\"last_authn\":\"\",\"authn_count\":0}}", true, -1, 0},
      {"{" LEAST ",\"activity\":{\"last_authn\":null,\"authn_count\":5}}", true, -1, 5},
      {"{" LEAST ",\"activity\":{\"last_authn\":\"2026-03-01T10:00+0000\"}}", true, 1772359200, 0},
      {"{" LEAST ",\"activity\":{\"last_authn\":\"soon\",\"authn_count\":5}}", false, -1, 0},
      {"{" LEAST ",\"activity\":{\"last_authn\":5,\"authn_count\":5}}", false, -1, 0},
      {"{" LEAST ",\"activity\":{\"authn_count\":\"5\"}}", false, -1, 0},
      {"{" LEAST ",\"activity\":[]}", false, -1, 0},
      {"{" LEAST "}", false, -1, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_key k;
    assert_int_equal(decode_key(rows[i].json, &k, NULL), ERR_OK);
    if (k.has_activity != rows[i].has || k.last_authn_s != rows[i].last_s ||
        (k.has_activity && k.authn_count != rows[i].count))
      fail_msg("wrong: %s", rows[i].json);
  }
}

static void foreign_names_are_cut_and_tags_left_out(void **state) {
  (void)state;
  char json[2048], longest[600];
  memset(longest, 'n', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  snprintf(json, sizeof json,
           "{" LEAST ",\"name\":\"%s\",\"description\":\"%s\",\"entity_tag\":\"%s\"}", longest,
           longest, longest);
  struct iam_key k;
  assert_int_equal(decode_key(json, &k, NULL), ERR_OK);
  assert_int_equal(strlen(k.name), IAM_NAME_MAX - 1);
  assert_int_equal(strlen(k.description), IAM_DESC_MAX - 1);
  assert_string_equal(k.entity_tag, "");
}

static enum err add_page(const char *json, struct iam_key_list *l) {
  JSON_AUTO page = json_parse(json, strlen(json));
  assert_non_null(page);
  return iam_decode_key_page(page, NOW, l, NULL);
}

static void pages_add_up_without_twins(void **state) {
  (void)state;
  struct iam_key_list l = {0};
  assert_int_equal(add_page("{\"apikeys\":[]}", &l), ERR_OK);
  assert_int_equal(l.n, 0);
  assert_int_equal(add_page("{\"apikeys\":[{\"id\":\"a\",\"iam_id\":\"i\"},"
                            "{\"id\":\"b\",\"iam_id\":\"i\"},{\"id\":\"a\",\"iam_id\":\"i\"}]}",
                            &l),
                   ERR_OK);
  assert_int_equal(add_page("{\"apikeys\":[{\"id\":\"b\",\"iam_id\":\"i\"},"
                            "{\"id\":\"c\",\"iam_id\":\"i\"}]}",
                            &l),
                   ERR_OK);
  assert_int_equal(l.n, 3);
  assert_string_equal(l.keys[0].id, "a");
  assert_string_equal(l.keys[1].id, "b");
  assert_string_equal(l.keys[2].id, "c");
  // One key that does not decode makes the list useless: absence must not be read out of it.
  assert_int_equal(add_page("{\"apikeys\":[{\"id\":\"d\",\"iam_id\":\"i\"},{\"id\":\"e\"}]}", &l),
                   ERR_CORRUPT);
  assert_int_equal(add_page("{}", &l), ERR_CORRUPT);
  assert_int_equal(add_page("{\"apikeys\":{}}", &l), ERR_CORRUPT);
  assert_int_equal(add_page("{\"apikeys\":null}", &l), ERR_CORRUPT);
  iam_key_list_clear(&l);
  assert_null(l.keys);
}

static void lists_are_bounded(void **state) {
  (void)state;
  struct iam_key_list l = {.n = IAM_LIST_MAX};
  JSON_AUTO page = json_parse("{\"apikeys\":[{}]}", 16);
  assert_int_equal(iam_decode_key_page(page, NOW, &l, NULL), ERR_CORRUPT);
}

static void links_to_the_next_page(void **state) {
  (void)state;
  static const struct {
    const char *json, *token; // NULL: corrupt
  } rows[] = {
      {"{}", ""},
      {"{\"next\":null}", ""},
      {"{\"next\":\"\"}", ""},
      {"{\"next\":{}}", ""},
      {"{\"next\":\"https://elsewhere.example/v1/apikeys?pagesize=2&pagetoken=a%3D%3D\"}", "a=="},
      {"{\"next\":{\"href\":\"https://h/v2/policies?start=zzz&limit=2\",\"start\":\"yyy\"}}",
       "yyy"},
      {"{\"next\":{\"href\":\"https://h/v2/policies?start=zzz&limit=2\"}}", "zzz"},
      {"{\"next\":\"https://h/v1/apikeys?pagesize=2\"}", NULL},
      {"{\"next\":{\"href\":\"https://h/v2/policies\"}}", NULL},
      {"{\"next\":7}", NULL},
      {"{\"next\":[]}", NULL},
      {"{\"next\":true}", NULL},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char token[64] = "untouched";
    JSON_AUTO page = json_parse(rows[i].json, strlen(rows[i].json));
    enum err err = iam_decode_next(page, token, sizeof token, NULL);
    if (err != (rows[i].token ? ERR_OK : ERR_CORRUPT) ||
        strcmp(token, rows[i].token ? rows[i].token : "untouched"))
      fail_msg("%s gives %s, \"%s\"", rows[i].json, err_name(err), token);
  }
}

static enum err decode_service_id(const char *json, struct iam_service_id *ret) {
  JSON_AUTO o = json_parse(json, strlen(json));
  return iam_decode_service_id(o, ret, NULL);
}

static void service_ids(void **state) {
  (void)state;
  struct iam_service_id s;
  assert_int_equal(
      decode_service_id("{\"id\":\"ServiceId-1\",\"iam_id\":\"iam-ServiceId-1\",\"name\":\"n\","
                        "\"account_id\":\"a\",\"locked\":true,\"group_id\":\"g\"}",
                        &s),
      ERR_OK);
  assert_string_equal(s.id, "ServiceId-1");
  assert_string_equal(s.iam_id, "iam-ServiceId-1");
  assert_string_equal(s.name, "n");
  assert_string_equal(s.account, "a");
  assert_string_equal(s.description, "");
  assert_true(s.locked);
  assert_int_equal(decode_service_id("{\"id\":\"ServiceId-1\"}", &s), ERR_CORRUPT);
  assert_int_equal(decode_service_id("{\"iam_id\":\"iam-ServiceId-1\"}", &s), ERR_CORRUPT);
  assert_int_equal(decode_service_id("{\"id\":\"a\",\"iam_id\":\"b\",\"locked\":1}", &s),
                   ERR_CORRUPT);
  assert_int_equal(decode_service_id("{\"id\":\"a\",\"iam_id\":\"b\",\"name\":1}", &s),
                   ERR_CORRUPT);
  assert_int_equal(decode_service_id("[]", &s), ERR_CORRUPT);
}

static void limits(void **state) {
  (void)state;
  static const struct {
    const char *json;
    enum err err;
  } rows[] = {
      {"{\"apikeys_per_identity\":{\"limit\":20,\"identities\":[{\"iam_id\":\"o\",\"count\":9},"
       "{\"iam_id\":\"i\",\"count\":3}]},\"serviceids_per_group\":{}}",
       ERR_OK},
      {"{\"apikeys_per_identity\":{\"limit\":20,\"identities\":[{\"iam_id\":\"o\",\"count\":9}]}}",
       ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"limit\":20,\"identities\":[]}}", ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"limit\":20}}", ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"identities\":[{\"iam_id\":\"i\",\"count\":3}]}}", ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"limit\":\"20\",\"identities\":[{\"iam_id\":\"i\",\"count\":3}]"
       "}"
       "}",
       ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"limit\":-1,\"identities\":[{\"iam_id\":\"i\",\"count\":3}]}}",
       ERR_CORRUPT},
      {"{\"apikeys_per_identity\":{\"limit\":20,\"identities\":[{\"iam_id\":\"i\",\"count\":-3}]}}",
       ERR_CORRUPT},
      {"{\"apikeys_per_identity\":[]}", ERR_CORRUPT},
      {"{}", ERR_CORRUPT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    int64_t limit = -7, count = -7;
    JSON_AUTO o = json_parse(rows[i].json, strlen(rows[i].json));
    assert_int_equal(iam_decode_limit(o, "i", &limit, &count, NULL), rows[i].err);
    assert_int_equal(limit, rows[i].err ? -7 : 20);
    assert_int_equal(count, rows[i].err ? -7 : 3);
  }
}

static void values_that_are_no_keys(void **state) {
  (void)state;
  static const struct {
    const char *value;
    size_t len;
    enum err err;
  } rows[] = {
      {"", 0, ERR_INVALID},     {"abc\n", 4, ERR_INVALID},         {"a\rb", 3, ERR_INVALID},
      {"a\0b", 3, ERR_INVALID}, {"{KEY}", 5, ERR_INVALID},         {"\"abc\"", 5, ERR_INVALID},
      {"abc}", 4, ERR_INVALID}, {"abc\"", 4, ERR_INVALID},         {"abc", 3, ERR_OK},
      {"a{b\"c", 5, ERR_OK},    {VALUE, sizeof VALUE - 1, ERR_OK},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct secret *s = secret_copy(rows[i].value, rows[i].len);
    assert_int_equal(iam_value_check(s, NULL), rows[i].err);
    secret_free(s);
  }
  assert_int_equal(iam_value_check(NULL, NULL), ERR_INVALID);
  static char huge[5000];
  memset(huge, 'a', sizeof huge);
  struct secret *s = secret_copy(huge, sizeof huge);
  assert_int_equal(iam_value_check(s, NULL), ERR_INVALID);
  secret_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_key),
      cmocka_unit_test(the_least_key),
      cmocka_unit_test(wrong_types_are_corrupt),
      cmocka_unit_test(times_that_do_not_parse_are_not_said),
      cmocka_unit_test(expiry_is_by_the_servers_clock),
      cmocka_unit_test(activity_is_evidence_or_absent),
      cmocka_unit_test(foreign_names_are_cut_and_tags_left_out),
      cmocka_unit_test(pages_add_up_without_twins),
      cmocka_unit_test(lists_are_bounded),
      cmocka_unit_test(links_to_the_next_page),
      cmocka_unit_test(service_ids),
      cmocka_unit_test(limits),
      cmocka_unit_test(values_that_are_no_keys),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
