// A file that is read target by target gives what the same file gives as a whole: comments make a
// small one large.
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"
#include "tests/unit/config/try.h"

static char *padded(const char *yaml) {
  size_t len = strlen(yaml), pad = CONFIG_WHOLE_MAX;
  char *s = malloc(len + pad + 1);
  assert_non_null(s);
  memcpy(s, yaml, len);
  for (size_t i = 0; i < pad; i++)
    s[len + i] = i % 64 == 0 ? '#' : i % 64 == 63 || i + 1 == pad ? '\n' : 'x';
  s[len + pad] = '\0';
  return s;
}

static void same_mistakes(const struct config_report *a, const struct config_report *b) {
  assert_int_equal(a->n, b->n);
  assert_int_equal(a->more, b->more);
  for (size_t i = 0; i < a->n; i++) {
    const struct config_mistake *x = &a->mistakes[i], *y = &b->mistakes[i];
    assert_string_equal(x->text, y->text);
    assert_int_equal(x->line, y->line);
    assert_int_equal(x->column, y->column);
    assert_int_equal(x->fatal, y->fatal);
    assert_int_equal(x->warning, y->warning);
    assert_string_equal(x->target ? x->target : "", y->target ? y->target : "");
    assert_string_equal(x->nearest ? x->nearest : "", y->nearest ? y->nearest : "");
  }
}

static void same_targets(const struct config *a, const struct config *b) {
  assert_int_equal(a->n_targets, b->n_targets);
  for (size_t i = 0; i < a->n_targets; i++) {
    const struct config_target *x = &a->targets[i], *y = &b->targets[i];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->line, y->line);
    assert_int_equal(x->broken, y->broken);
    assert_int_equal(x->n_sinks, y->n_sinks);
    assert_int_equal(x->policy.grace_s, y->policy.grace_s);
    assert_string_equal(x->service_id ? x->service_id : "", y->service_id ? y->service_id : "");
    assert_string_equal(x->iam_url ? x->iam_url : "", y->iam_url ? y->iam_url : "");
  }
}

static void same_both_ways(const char *yaml) {
  char *more = padded(yaml);
  struct try whole = try_text(yaml), pieces = try_text(more);
  assert_int_equal(whole.err, pieces.err);
  same_mistakes(&whole.report, &pieces.report);
  if (whole.err == ERR_OK)
    same_targets(whole.config, pieces.config);
  try_end(&whole);
  try_end(&pieces);
  free(more);
}

static void the_same_as_a_whole_file(void **state) {
  (void)state;
  static const char *const files[] = {
      LIST TARGET("a"),
      LIST TARGET("a") TARGET("b") TARGET("c"),
      "---\n" LIST TARGET("a") "...\n",
      HEAD "targets: []\n",
      HEAD "targets:\n",
      HEAD "targets: {a: b}\n",
      HEAD "targets: [1, [2], {name: x}]\n",
      HEAD "targets: x\n",
      HEAD,
      "[1, 2]\n",
      "just a text\n",
      LIST TARGET("a") "defaults: {grace: 3h}\n",
      LIST TARGET("a") "targets:\n" TARGET("b"),
      LIST TARGET("a") TARGET("a"),
      LIST TARGET("a") "  - name: b\n    instance: nonsense\n" TARGET("c"),
      LIST TARGET("a") "    no_such: 1\n" TARGET("b"),
      LIST TARGET("a") "jbos: 3\n",
      LIST TARGET("a") "    grace: !!int 3\n",
      "version: 1\nx: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n",
      LIST TARGET("a") "    sinks: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
      LIST "  - {name: d, x: [[[[[[[[[[[[[1]]]]]]]]]]]]]}\n",
      "version: 1\njobs: a: b\n",
      "version: 1\n\tjobs: 3\n",
      LIST TARGET("a") "---\nversion: 1\n",
      "version: 1\nx: \"a\\0b\"\n",
  };
  for (size_t i = 0; i < COUNT_OF(files); i++)
    same_both_ways(files[i]);
}

static void expect_first(const char *yaml, int line, const char *says) {
  char *more = padded(yaml);
  struct try t = try_text(more);
  assert_int_equal(t.err, ERR_INVALID);
  assert_true(t.report.n >= 1);
  assert_int_equal(t.report.mistakes[0].line, line);
  assert_non_null(strstr(t.report.mistakes[0].text, says));
  try_end(&t);
  free(more);
}

static void anchors_are_for_files_that_are_read_as_a_whole(void **state) {
  (void)state;
  const char *says = "an anchor (&NAME, *NAME) in a file of more than 1 MiB";
  expect_first("version: &v 1\n", 1, says);
  expect_first("version: 1\nx: *v\n", 2, says);
  expect_first("version: 1\nx: &s [1]\n", 2, says);
  expect_first("version: 1\nx: &m {a: 1}\n", 2, says);
  expect_first("version: 1\ntargets: &t\n  - x\n", 2, says);
  expect_first("version: 1\ntargets:\n  - a\n  - &b c\n", 4, says);
}

static void what_is_deep(void **state) {
  (void)state;
  enum { LEVELS = 600000 };
  static const char head[] = LIST "  - ";
  char *yaml = malloc(sizeof head + LEVELS * 2 + 8), *at;
  assert_non_null(yaml);
  at = stpcpy(yaml, head);
  for (int i = 0; i < LEVELS; i++)
    at = stpcpy(at, "- ");
  strcpy(at, "x\n");
  struct try t = try_text(yaml);
  assert_int_equal(t.report.n, 1);
  assert_string_equal(t.report.mistakes[0].text, "nested too deeply");
  try_end(&t);
  free(yaml);
}

static void a_piece_has_an_end(void **state) {
  (void)state;
  enum { ENTRIES = 300000 };
  static const char head[] = HEAD "targets:\n  - name: a\n    sinks: [";
  char *yaml = malloc(sizeof head + ENTRIES * 4 + 8);
  assert_non_null(yaml);
  char *at = stpcpy(yaml, head);
  for (int i = 0; i < ENTRIES; i++)
    at = stpcpy(at, "xy, ");
  strcpy(at, "]\n");
  struct try t = try_text(yaml);
  assert_true(t.report.n >= 1);
  assert_non_null(strstr(t.report.mistakes[0].text, "too many values in one target"));
  try_end(&t);
  memcpy(yaml, "version: 1\nx: [", 15);
  memset(yaml + 15, ' ', sizeof head - 1 - 15);
  t = try_text(yaml);
  assert_true(t.report.n >= 1);
  assert_non_null(strstr(t.report.mistakes[0].text, "too many values"));
  try_end(&t);
  free(yaml);
}

static void ten_thousand_targets(void **state) {
  (void)state;
  enum { TARGETS = 10000, EACH = 400 };
  char *yaml = malloc(1000 + (size_t)TARGETS * EACH), *at = yaml;
  assert_non_null(yaml);
  at = stpcpy(at, LIST);
  for (int i = 0; i < TARGETS; i++)
    at += snprintf(at, EACH,
                   "  - name: t%d\n    instance: \"%s\"\n    service_id: agent-%d\n"
                   "    sinks: [{file: {path: /sinks/%d}}]\n",
                   i, CRN(GUID), i, i);
  assert_true((size_t)(at - yaml) > CONFIG_WHOLE_MAX);
  struct try t = try_text(yaml);
  assert_int_equal(t.err, ERR_OK);
  assert_int_equal(t.report.n, 0);
  assert_int_equal(t.config->n_targets, TARGETS);
  assert_string_equal(t.config->targets[TARGETS - 1].name, "t9999");
  try_end(&t);
  free(yaml);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_as_a_whole_file),
      cmocka_unit_test(anchors_are_for_files_that_are_read_as_a_whole),
      cmocka_unit_test(what_is_deep),
      cmocka_unit_test(a_piece_has_an_end),
      cmocka_unit_test(ten_thousand_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
