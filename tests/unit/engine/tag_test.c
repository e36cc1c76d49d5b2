#include <stdio.h>

#include "rotator/base/text.h"
#include "rotator/engine/tag.h"
#include "tests/unit/engine/world.h"

static struct tag sample(void) {
  struct tag t = {.generation = UINT64_MAX};
  tag_binding("account", "iam-ServiceId-x", "guid", t.binding);
  strcpy(t.lineage, "0123456789abcdef");
  return t;
}

static void comes_back(void **unused) {
  (void)unused;
  struct tag t = sample(), back;
  char text[IAM_DESC_MAX];
  tag_format(&t, "made by rotator for prod-logs", text);
  assert_true(text_starts(text, "made by rotator for prod-logs [rotator b="));
  assert_true(tag_parse(text, &back));
  assert_string_equal(back.binding, t.binding);
  assert_string_equal(back.lineage, t.lineage);
  assert_int_equal(back.generation, t.generation);
  tag_format(&t, "", text);
  assert_true(tag_parse(text, &back));
}

static void words_are_cut_before_the_tag(void **unused) {
  (void)unused;
  struct tag t = sample(), back;
  char words[600], text[IAM_DESC_MAX];
  memset(words, 'w', sizeof words - 1);
  words[sizeof words - 1] = '\0';
  tag_format(&t, words, text);
  assert_int_equal(strlen(text), sizeof text - 1); // as many of them as there is room for
  assert_non_null(strstr(text, "ww [rotator b="));
  assert_true(tag_parse(text, &back));
  assert_int_equal(back.generation, t.generation);
}

static void bindings_differ_by_each_part(void **unused) {
  (void)unused;
  char a[TAG_BINDING_MAX], b[TAG_BINDING_MAX];
  tag_binding("ab", "c", "d", a);
  tag_binding("a", "bc", "d", b);
  assert_string_not_equal(a, b);
  tag_binding("ab", "cd", "", b);
  assert_string_not_equal(a, b);
}

static void other_texts_bear_no_tag(void **unused) {
  (void)unused;
  struct tag t = sample(), back;
  char text[IAM_DESC_MAX], twice[2 * IAM_DESC_MAX];
  static const char *const none[] = {
      "",
      "rotator",
      "[rotator b=xyz l=0 g=1]",
      "[rotator b=00000000000000000000000000000000 l=0123456789abcdef g=0]",
      "[rotator b=00000000000000000000000000000000 l=0123456789abcdef g=1",
      "[rotator b=00000000000000000000000000000000 l=0123456789ABCDEF g=1]",
      "[rotator b=00000000000000000000000000000000 l=0123456789abcdef g=-1]",
      "[rotator b=00000000000000000000000000000000 l=0123456789abcdef g=99999999999999999999]"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(tag_parse(none[i], &back));
  tag_format(&t, "w", text);
  snprintf(twice, sizeof twice, "%s %s", text, text);
  assert_false(tag_parse(twice, &back));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comes_back), cmocka_unit_test(words_are_cut_before_the_tag),
      cmocka_unit_test(bindings_differ_by_each_part), cmocka_unit_test(other_texts_bear_no_tag)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
