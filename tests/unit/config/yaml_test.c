// Files that are no configuration at all: not YAML, not text, or YAML made to hurt.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/config/try.h"

static void what_is_not_yaml(void **state) {
  (void)state;
  EXPECT("version: 1\n\tjobs: 3\n", ERR_INVALID,
         {2, "F", "a tab character: YAML is indented by spaces", NULL});
  EXPECT("targets:\n\t- name: a\n", ERR_INVALID, {2, "F", "a tab character", NULL});
  EXPECT("version: 1\njobs: a: b\n", ERR_INVALID, {2, "F", "an unexpected \":\"", NULL});
  EXPECT("version: 1\n  jobs: 3\n", ERR_INVALID, {2, "F", "an unexpected \":\"", NULL});
  EXPECT("version: 1\njobs: \"3\n", ERR_INVALID, {3, "F", "not YAML: ", NULL});
  EXPECT("version: 1\nx: [1, 2\ny: 3\n", ERR_INVALID, {3, "F", "not YAML: ", NULL});
  EXPECT("version: 1\nx: *nope\n", ERR_INVALID, {2, "F", "not YAML: found undefined alias", NULL});
  EXPECT("version: 1\nx: {{ ansible }}\n", ERR_INVALID, {1, "F", "management is missing", NULL},
         {2, "F", "x: no such option", NULL});
}

static void what_is_not_text(void **state) {
  (void)state;
  EXPECT("version: 1\nx: \xff\n", ERR_INVALID, {2, "F", "not UTF-8 text", NULL});
  EXPECT("version: 1\nx: \xc3(\n", ERR_INVALID, {2, "F", "not UTF-8 text", NULL});
  EXPECT("version: 1\nx: \x01\n", ERR_INVALID,
         {2, "F", "control characters are not allowed", NULL});
  EXPECT("\xff\xfev\0e\0", ERR_INVALID, {0, "F", "UTF-16", NULL});
  struct try t = try_bytes("version: 1\n\0\n", 13);
  const struct expected zero[] = {{2, "F", "a zero byte: this is not a text file", NULL}};
  expect_mistakes(&t, zero, 1);
  try_end(&t);
  t = try_bytes("\x7f"
                "ELF\x02\x01\x01\0\0\0",
                10);
  assert_int_equal(t.err, ERR_INVALID);
  try_end(&t);
}

static void more_than_one_document(void **state) {
  (void)state;
  EXPECT(LIST TARGET("a") "---\nversion: 1\n", ERR_INVALID,
         {8, "F", "a second document begins here", NULL});
  EXPECT(LIST TARGET("a") "---\n[x\n", ERR_INVALID, {10, "F", "not YAML", NULL});
  expect_good("---\n" LIST TARGET("a") "...\n");
}

static void what_never_ends(void **state) {
  (void)state;
  EXPECT("&a [*a]\n", ERR_INVALID, {1, "F", "an anchor that holds itself", NULL});
  EXPECT(HEAD "targets: &t\n  - *t\n", ERR_INVALID, {3, "F", "an anchor that holds itself", NULL});
  EXPECT("version: &a {x: {y: *a}}\n", ERR_INVALID, {1, "F", "an anchor that holds itself", NULL});
  EXPECT("&a {*a : x}\n", ERR_INVALID, {1, "F", "an anchor that holds itself", NULL});
}

// A thousand million laughs.
static void what_unfolds(void **state) {
  (void)state;
  char yaml[2048] = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; i++) {
    snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "a%d: &a%d [", i, i);
    for (int k = 0; k < 10; k++)
      snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "%s*a%d", k ? ", " : "", i - 1);
    snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "]\n");
  }
  EXPECT(yaml, ERR_INVALID, {8, "F", "its aliases (*NAME) unfold to too much", NULL});
}

static char *repeat(const char *head, const char *body, size_t n) {
  size_t len = strlen(head), each = strlen(body);
  char *s = malloc(len + each * n + 1);
  assert_non_null(s);
  memcpy(s, head, len + 1);
  for (size_t i = 0; i < n; i++)
    memcpy(s + len + i * each, body, each + 1);
  return s;
}

static void expect_one(char *yaml, const char *says) {
  struct try t = try_text(yaml);
  assert_int_equal(t.err, ERR_INVALID);
  assert_int_equal(t.report.n, 1);
  if (!strstr(t.report.mistakes[0].text, says))
    fail_msg("%s", t.report.mistakes[0].text);
  try_end(&t);
  free(yaml);
}

static void what_is_deep(void **state) {
  (void)state;
  expect_one(repeat("", "[", 1000000), "too many brackets are open");
  expect_one(repeat("", "{a: ", 250000), "too many brackets are open");
  expect_one(repeat("", "- ", 50000), "nested too deeply");
  expect_one(repeat("", "? ", 50000), "nested too deeply");
  expect_one(repeat("", "[", 17), "not YAML");
  expect_one(repeat("a: [[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]", "", 0), "nested too deeply");
}

static void what_is_wide(void **state) {
  (void)state;
  char *anchors = calloc(1, 1 << 20);
  assert_non_null(anchors);
  size_t len = 0;
  for (int i = 0; i < 50000; i++)
    len += (size_t)snprintf(anchors + len, 20, "- &a%d x\n", i);
  expect_one(anchors, "too many anchors");
  // A megabyte of nonsense is told in a hundred mistakes.
  char *yaml = repeat(HEAD, "xxxx: y\n", 20000);
  struct try t = try_text(yaml);
  assert_int_equal(t.err, ERR_INVALID);
  assert_int_equal(t.report.n, CONFIG_MISTAKES_MAX);
  assert_int_equal(t.report.more, 20000 - CONFIG_MISTAKES_MAX);
  try_end(&t);
  free(yaml);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_not_yaml),       cmocka_unit_test(what_is_not_text),
      cmocka_unit_test(more_than_one_document), cmocka_unit_test(what_never_ends),
      cmocka_unit_test(what_unfolds),           cmocka_unit_test(what_is_deep),
      cmocka_unit_test(what_is_wide),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
