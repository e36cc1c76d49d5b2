#include "rotator/base/json.h"
#include "rotator/base/wipe_alloc.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

static cJSON *parse(const char *text) {
  return json_parse(text, strlen(text));
}

static void takes_exactly_one_value(void **state) {
  (void)state;
  static const char *const right[] = {"{}",   " [1] \r\n\t",        "\"a\"",
                                      "null", "{\"a\":{\"b\":[]}}", "\"\\u00e9\\\\u0000\""};
  static const char *const wrong[] = {"",
                                      " ",
                                      "{}x",
                                      "{} {}",
                                      "{",
                                      "[1,]",
                                      "nul",
                                      "{'a':1}",
                                      "\"a",
                                      "\"\\u0000\"",
                                      "\"\n\"",
                                      "{\"a\"}",
                                      "{}\v",
                                      "\"\\\\\\u0000\"",
                                      "\"a\\u0000b\"",
                                      "//c\n1"};
  for (size_t i = 0; i < COUNT_OF(right); i++) {
    cJSON *t = parse(right[i]);
    assert_non_null(t);
    assert_null(json_free(t));
  }
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    assert_null(parse(wrong[i]));
  assert_null(json_parse("{}\0", 3));
  assert_null(json_parse("\"a\0b\"", 5));
  cJSON *t = json_parse("{}garbage", 2); // no byte beyond len is looked at
  assert_non_null(t);
  json_free(t);
}

static long granted; // allocations of cJSON before the one that fails; negative: all

static void *grant_or_fail(size_t size) {
  return json_malloc(granted >= 0 && granted-- == 0 ? SIZE_MAX : size);
}

// Want of memory is told from what is not JSON, at each allocation of the tree.
static void memory_is_no_matter_of_the_text(void **state) {
  (void)state;
  static const char text[] = "{\"a\":[1,\"two\",{\"three\":true}]}";
  cJSON_Hooks hooks = {.malloc_fn = grant_or_fail, .free_fn = wipe_free};
  cJSON_InitHooks(&hooks);
  cJSON *tree = NULL;
  enum err err = ERR_INTERNAL;
  long n = 0;
  for (; err == ERR_INTERNAL; n++) {
    granted = n;
    err = json_read(text, sizeof text - 1, &tree);
    assert_true(err == ERR_INTERNAL ? !tree : err == ERR_OK);
    granted = -1;
    cJSON *other = NULL; // what was before is forgotten
    assert_int_equal(json_read("{]", 2, &other), ERR_INVALID);
    assert_null(other);
  }
  assert_true(n > 5);
  json_free(tree);
  assert_true(json_lost_memory());
  cJSON_InitHooks(NULL);
}

static void depth_is_bounded(void **state) {
  (void)state;
  char text[400];
  for (size_t depth = 60; depth <= 70; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    cJSON *t = json_parse(text, depth * 2);
    assert_int_equal(t != NULL, depth <= 64);
    json_free(t);
  }
}

static void getters(void **state) {
  (void)state;
  JSON_AUTO t = parse("{\"s\":\"text\",\"e\":\"\",\"n\":7,\"b\":true,\"f\":false,\"z\":null,"
                      "\"two\":1,\"two\":1,\"S\":\"upper\"}");
  char small[4];
  assert_string_equal(json_text(t, "s"), "text");
  assert_string_equal(json_text(t, "S"), "upper");
  assert_null(json_text(t, "n"));
  assert_null(json_text(t, "absent"));
  assert_null(json_text(NULL, "s"));
  assert_null(json_get(json_get(t, "s"), "s"));
  assert_null(json_get(t, "two"));
  assert_false(json_copy_text(t, "s", small, sizeof small));
  assert_string_equal(small, "");
  assert_true(json_copy_text(t, "e", small, sizeof small));
  assert_false(json_copy_text(t, "n", small, sizeof small));
  char exact[5];
  assert_true(json_copy_text(t, "s", exact, sizeof exact));
  assert_string_equal(exact, "text");
  assert_true(json_bool(t, "b", false));
  assert_false(json_bool(t, "f", true));
  assert_true(json_bool(t, "n", true));
  assert_true(json_bool(t, "z", true));
  assert_false(json_bool(t, "absent", false));
}

static void whole_numbers(void **state) {
  (void)state;
  JSON_AUTO t = parse("{\"a\":-5,\"b\":9007199254740992,\"c\":9007199254740994,\"d\":1.5,"
                      "\"e\":\"7\",\"f\":1e3,\"g\":1e400,\"h\":-9007199254740992}");
  int64_t v = 42;
  assert_true(json_int(t, "a", &v) && v == -5);
  assert_true(json_int(t, "b", &v) && v == 9007199254740992);
  assert_true(json_int(t, "h", &v) && v == -9007199254740992);
  assert_true(json_int(t, "f", &v) && v == 1000);
  v = 42;
  assert_false(json_int(t, "c", &v));
  assert_false(json_int(t, "d", &v));
  assert_false(json_int(t, "e", &v));
  assert_false(json_int(t, "g", &v));
  assert_false(json_int(t, "absent", &v));
  assert_int_equal(v, 42);
}

static void u64_is_text(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      "01",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1.0",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
  JSON_AUTO t = cJSON_CreateObject();
  uint64_t v = 0;
  json_add_u64_text(t, "most", UINT64_MAX);
  json_add_u64_text(t, "zero", 0);
  assert_string_equal(json_text(t, "most"), "18446744073709551615");
  assert_true(json_u64_text(t, "most", &v) && v == UINT64_MAX);
  assert_true(json_u64_text(t, "zero", &v) && v == 0);
  v = 42;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    JSON_AUTO w = cJSON_CreateObject();
    cJSON_AddStringToObject(w, "v", wrong[i]);
    assert_false(json_u64_text(w, "v", &v));
  }
  cJSON_AddNumberToObject(t, "number", 7);
  assert_false(json_u64_text(t, "number", &v));
  assert_true(v == 42);
}

static void printing_is_bounded(void **state) {
  (void)state;
  JSON_AUTO t = parse("{ \"a\" : [ 1 , \"x\" ] }");
  SECRET_AUTO text = NULL;
  assert_int_equal(json_print(t, 12, &text), ERR_INVALID);
  assert_null(text);
  assert_int_equal(json_print(t, 13, &text), ERR_OK);
  assert_string_equal(secret_bytes(text), "{\"a\":[1,\"x\"]}");
}

static void secrets(void **state) {
  (void)state;
  JSON_AUTO t = parse("{\"apikey\":\"hunter2\",\"empty\":\"\",\"n\":1}");
  SECRET_AUTO s = json_secret(t, "apikey");
  assert_string_equal(secret_bytes(s), "hunter2");
  assert_null(json_secret(t, "empty"));
  assert_null(json_secret(t, "n"));
  assert_null(json_secret(t, "absent"));
}

static void inexact_numbers(void **state) {
  (void)state;
  JSON_AUTO kept = parse("{\"a\":[1,1.5,{\"b\":-0.1}],\"c\":123456789012345,\"d\":\"x\"}");
  assert_null(json_inexact(kept));
  assert_null(json_inexact(NULL));
  JSON_AUTO large = parse("{\"a\":1,\"deep\":{\"id\":9007199254740993}}");
  assert_string_equal(json_inexact(large)->string, "id");
  JSON_AUTO fine = parse("{\"a\":[0.12345678901234567]}");
  assert_non_null(json_inexact(fine));
}

static void test_given_or_freed(void **state) {
  (void)state;
  cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
  assert_true(json_append(list, cJSON_CreateTrue()));
  assert_true(json_put(o, "list", list));
  assert_int_equal(cJSON_GetArraySize(json_get(o, "list")), 1);
  assert_false(json_append(NULL, cJSON_CreateTrue())); // the leak checker sees that it is freed
  assert_false(json_put(NULL, "x", cJSON_CreateTrue()));
  assert_false(json_append(list, NULL));
  assert_false(json_put(o, "x", NULL));
  json_free(o);
}

static void test_lost_memory_is_remembered(void **state) {
  (void)state;
  void *p = json_malloc(8);
  assert_non_null(p);
  wipe_free(p);
  assert_false(json_lost_memory());
  assert_null(json_malloc(SIZE_MAX));
  assert_true(json_lost_memory());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_exactly_one_value),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(getters),
      cmocka_unit_test(whole_numbers),
      cmocka_unit_test(u64_is_text),
      cmocka_unit_test(printing_is_bounded),
      cmocka_unit_test(secrets),
      cmocka_unit_test(inexact_numbers),
      cmocka_unit_test(test_given_or_freed),
      cmocka_unit_test(test_lost_memory_is_remembered),
      cmocka_unit_test(memory_is_no_matter_of_the_text),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
