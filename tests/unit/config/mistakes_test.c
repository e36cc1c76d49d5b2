// What is wrong is told: all of it, where it stands, and what is right.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/config/try.h"

static void of_the_top(void **state) {
  (void)state;
  EXPECT("management: {credential: m}\n", ERR_INVALID, {1, "F", "version is missing", NULL});
  EXPECT("version: 1\n", ERR_INVALID, {1, "F", "management is missing", NULL});
  EXPECT("version: 2\nmanagement: {credential: m}\n", ERR_INVALID,
         {1, "F", "version: expected 1", NULL});
  EXPECT(HEAD, ERR_OK, {0, "W", "there are no targets", NULL});
  EXPECT(HEAD "targets: []\n", ERR_OK, {0, "W", "there are no targets", NULL});
  EXPECT(HEAD "targets:\n", ERR_OK, {0, "W", "there are no targets", NULL});
  EXPECT(HEAD "targets: x\n", ERR_INVALID, {3, "F", "targets: expected a list, found \"x\"", NULL});
  EXPECT(HEAD "targets: {}\n", ERR_INVALID, {3, "F", "each entry begins with \"- \"", NULL});
  EXPECT("- a\n", ERR_INVALID, {1, "F", "expected options such as `targets:`, found a list", NULL});
  EXPECT("hello\n", ERR_INVALID, {1, "F", "found \"hello\"", NULL});
  EXPECT("~\n", ERR_INVALID, {0, "F", "holds nothing", NULL});
  EXPECT("# only a comment\n", ERR_INVALID, {0, "F", "holds nothing", NULL});
  EXPECT(LIST "  - x\n", ERR_OK, {4, "", "targets: expected a mapping", NULL});
}

static void of_names(void **state) {
  (void)state;
  EXPECT(LIST TARGET(
             "a") "verson: 1\nversion: 1\ntarget: []\nrotate_evry: 1d\nvualt: {}\nzzzzzzz: 1\n",
         ERR_INVALID, {8, "F", "verson: no such option", "version"},
         {9, "F", "version stands here twice, first on line 1", NULL},
         {10, "F", "target: no such option", "targets"},
         {11, "F", "rotate_evry: no such option here", "rotate_every"},
         {12, "F", "vualt: no such option", "vault"}, {13, "F", "zzzzzzz: no such option", NULL});
  EXPECT(LIST TARGET("a") "    grce: 1h\n    proof: {cuont: 3, grace: 1h}\n    count: 3\n    jobs: "
                          "3\n    Grace: 2h\n"
                          "    rotate-every: 3d\n    rotateEvery: 3d\n",
         ERR_OK, {8, "", "grce: no such option", "grace"},
         {9, "", "proof.cuont: no such option", "count"},
         {9, "", "proof.grace: no such option here; grace belongs in a target", NULL},
         {10, "", "count: no such option here", "proof.count"},
         {11, "", "jobs: no such option here; jobs belongs at the top of the main file", NULL},
         {12, "", "Grace: no such option", "grace"},
         {13, "", "rotate-every: no such option", "rotate_every"},
         {14, "", "rotateEvery: no such option", "rotate_every"});
  EXPECT(
      HEAD "grace: 1h\nsinks: []\ndefaults: {name: a, sinks: [], home: {}}\ntargets:\n" TARGET("a"),
      ERR_INVALID, {3, "F", "grace belongs in a target, or in `defaults` of the main file", NULL},
      {4, "F", "sinks belongs in a target", NULL}, {5, "F", "name belongs in a target", NULL},
      {5, "F", "sinks belongs in a target", NULL}, {5, "F", "home belongs in a target", NULL});
  EXPECT(HEAD "defaults: {proof: {count: 1, count: 2}, proof: {}}\ntargets:\n" TARGET("a"),
         ERR_INVALID, {3, "F", "proof.count stands here twice, first on line 3", NULL},
         {3, "F", "proof stands here twice", NULL});
  EXPECT(LIST TARGET("a") "    \"proof.count\": 3\n    [x]: 1\n    ? {a: b}\n    : c\n    <<: {}\n",
         ERR_OK, {8, "", "write proof: {count: …}", NULL},
         {9, "", "expected the name of an option, found a list", NULL},
         {10, "", "found a mapping", NULL}, {12, "", "merge keys (<<) are not read", NULL});
}

static void of_secrets(void **state) {
  (void)state;
#define SECRET "Q0kS3cr3tQ0kS3cr3tQ0kS3cr3tQ0kS3cr3tQ0kS3cr3"
  static const char *const files[] = {
      "version: 1\nmanagement: " SECRET "\n",
      "version: 1\nmanagement: [" SECRET "]\n",
      "version: 1\nmanagement: {api_key: " SECRET "}\n",
      "version: 1\nmanagement: {credential: \"" SECRET "!\"}\n",
      "version: 1\nmanagement: {file: " SECRET "}\n",
      "version: 1\nmanagement: {" SECRET ": x}\n",
      HEAD "apikey: " SECRET "\n",
      HEAD "jobs: " SECRET "\n",
      HEAD "vault: {auth: {token: " SECRET "}}\n",
      HEAD "vault: {auth: " SECRET "}\n",
      HEAD "targets: [" SECRET "]\n",
      LIST TARGET("a") "    grace: " SECRET "\n    window: Mon " SECRET "\n    endpoints: " SECRET
                       "\n    proof: " SECRET "\n    home: " SECRET "\n    origin: " SECRET
                       "\n    value: " SECRET "\n    after_publish: {run: [" SECRET "]}\n",
  };
  for (size_t i = 0; i < COUNT_OF(files); i++) {
    struct try t = try_text(files[i]);
    assert_true(t.report.n > 0);
    for (size_t k = 0; k < t.report.n; k++) {
      char text[1024];
      config_mistake_format(&t.report.mistakes[k], text, sizeof text);
      if (strstr(text, "S3cr3tQ0kS3cr3t"))
        fail_msg("%s", text);
    }
    try_end(&t);
  }
  EXPECT("version: 1\nmanagement: abc\n", ERR_INVALID,
         {2, "F",
          "the key itself never stands in a configuration file; expected {file: /PATH} or "
          "{credential: NAME}",
          NULL});
  EXPECT("version: 1\nmanagement: {api_key: abc}\n", ERR_INVALID,
         {2, "F", "management.api_key: a secret never stands in a configuration file", NULL});
  EXPECT("version: 1\nmanagement: {}\n", ERR_INVALID,
         {2, "F", "expected {file: /PATH} or {credential: NAME}", NULL});
  EXPECT("version: 1\nmanagement: {}\njobs: x\n", ERR_INVALID,
         {2, "F", "expected {file: /PATH} or {credential: NAME}", NULL}, {3, "F", "jobs", NULL});
  EXPECT("version: 1\nmanagement:\n", ERR_INVALID,
         {2, "F", "expected {file: /PATH} or {credential: NAME}", NULL});
  EXPECT("version: 1\nmanagement: {file: /a, credential: b}\n", ERR_INVALID,
         {2, "F", "found two: file and credential", NULL});
}

static void of_settings_together(void **state) {
  (void)state;
  EXPECT(LIST TARGET("a") "    reload_within: 5h\n    grace: 1h\n", ERR_OK,
         {8, "", "reload_within (5h) is longer than grace (1h)", NULL});
  EXPECT(LIST TARGET("a") "    rotate_jitter: 31d\n", ERR_OK,
         {8, "", "rotate_jitter (31d) is longer than rotate_every", NULL});
  // In `defaults`: told once, whatever the targets.
  EXPECT(HEAD "defaults: {reload_within: 5h, grace: 1h}\ntargets:\n" TARGET("a") TARGET("b"),
         ERR_INVALID, {3, "F", "reload_within (5h) is longer than grace (1h)", NULL});
  // Half of it in the target: told there.
  EXPECT(HEAD "defaults: {reload_within: 5h}\ntargets:\n" TARGET("a") "    grace: 1h\n" TARGET("b"),
         ERR_OK, {9, "", "reload_within (5h) is longer than grace (1h)", NULL});
  EXPECT(LIST TARGET("a") "    max_age: 30d\n", ERR_OK,
         {8, "W", "max_age (30d) is not longer than rotate_every", NULL});
  // Shut from Thursday 16:00 to Monday 09:00.
  EXPECT(LIST TARGET("a") "    window: Mon-Thu 09:00-16:00\n    max_age: 33d\n", ERR_OK,
         {9, "W", "(together 33d17h)", NULL});
  expect_good(LIST TARGET("a") "    window: Mon-Thu 09:00-16:00\n    max_age: 34d\n");
  EXPECT(LIST TARGET("a") "    rotate_every: 1d\n", ERR_OK,
         {8, "W", "shorter than one rotation takes", NULL});
  expect_good(LIST TARGET("a") "    rotate_every: 1d1h5m\n");
  EXPECT(LIST TARGET("a") "    after_publish: {timeout: 5s}\n", ERR_OK,
         {8, "W", "has no effect", NULL});
}

static void of_several_targets(void **state) {
  (void)state;
#define OTHER(name, guid, identity, path)                                                          \
  "  - {name: " name ", instance: \"" CRN(guid) "\", service_id: \"" identity                      \
                                                "\", sinks: [{file: {path: " path "}}]}\n"
#define GUID2 "11111111-2222-3333-4444-666666666666"
  EXPECT(LIST OTHER("a", GUID, "x", "/a") OTHER("a", GUID2, "x", "/b"), ERR_OK,
         {5, "", "name: a is taken by target a (main.yaml:4)", NULL});
  EXPECT(LIST OTHER("a", GUID, "x", "/a") OTHER("b", GUID, "x", "/b"), ERR_OK,
         {5, "", "service_id: x on this instance is taken by target a (main.yaml:4)", NULL});
  EXPECT(LIST OTHER("a", GUID, "x", "/a") OTHER("b", GUID, "y", "/a"), ERR_OK,
         {5, "", "file://a is taken by target a (main.yaml:4)", NULL});
  expect_good(LIST OTHER("a", GUID, "x", "/a") OTHER("b", GUID2, "x", "/b")
                  OTHER("c", GUID, "y", "/c"));
  struct try t = try_text(LIST OTHER("a", GUID, "x", "/a") OTHER("a", GUID, "x", "/a")
                              OTHER("c", GUID, "y", "/c"));
  assert_int_equal(t.report.n, 3);
  assert_false(t.config->targets[0].broken);
  assert_true(t.config->targets[1].broken);
  assert_false(t.config->targets[2].broken);
  try_end(&t);
}

static void of_each_target_on_its_own(void **state) {
  (void)state;
  struct try t =
      try_text(LIST TARGET("a") "    grace: x\n" TARGET("b") TARGET("c") "    oops: 1\n");
  assert_int_equal(t.err, ERR_OK);
  assert_int_equal(t.config->n_targets, 3);
  assert_true(t.config->targets[0].broken);
  assert_false(t.config->targets[1].broken);
  assert_true(t.config->targets[2].broken);
  assert_string_equal(t.report.mistakes[0].target, "a");
  assert_string_equal(t.report.mistakes[1].target, "c");
  try_end(&t);
}

static void up_to_a_hundred(void **state) {
  (void)state;
  char *yaml = calloc(1, 65536);
  assert_non_null(yaml);
  snprintf(yaml, 65536, "%s", LIST TARGET("w") "    max_age: 1d\n" TARGET("a"));
  for (int i = 0; i < 150; i++)
    snprintf(yaml + strlen(yaml), 65536 - strlen(yaml), "    oops%d: 1\n", i);
  struct try t = try_text(yaml);
  free(yaml);
  assert_int_equal(t.err, ERR_OK);
  assert_int_equal(t.report.n, CONFIG_MISTAKES_MAX);
  assert_int_equal(t.report.more, 51);
  for (size_t i = 0; i < t.report.n; i++) // an error took the warning's place
    assert_false(t.report.mistakes[i].warning);
  assert_true(t.config->targets[1].broken);
  try_end(&t);
}

static void the_gravest_stay(void **state) {
  (void)state;
  char name[] = "t";
  struct config_target target = {.name = name};
  struct config_loader l = {.file = "f", .scope = CONFIG_SCOPE_TARGET, .target = &target};
  for (int i = 0; i < 150; i++)
    config_wrong(&l, NULL, NULL, "one of many");
  config_warn(&l, NULL, NULL, "a warning that finds no place");
  assert_false(l.fatal);
  l.scope = CONFIG_SCOPE_ALL;
  config_wrong(&l, NULL, NULL, "the one that matters");
  assert_true(l.fatal && target.broken);
  assert_int_equal(l.n_wrong, 151);
  assert_int_equal(l.report.n, CONFIG_MISTAKES_MAX);
  assert_int_equal(l.report.more, 52);
  assert_string_equal(l.report.mistakes[CONFIG_MISTAKES_MAX - 1].text, "the one that matters");
  assert_true(l.report.mistakes[CONFIG_MISTAKES_MAX - 1].fatal);
  assert_null(l.report.mistakes[CONFIG_MISTAKES_MAX - 1].target);
  config_report_clear(&l.report);
}

static void as_a_line(void **state) {
  (void)state;
  char file[] = "f", says[] = "t", near[] = "n", text[128];
  volatile size_t short_cap = 4; // so that the compiler does not foresee the cut
  struct config_mistake m = {.file = file, .line = 3, .text = says};
  config_mistake_format(&m, text, sizeof text);
  assert_string_equal(text, "f:3: t");
  config_mistake_format(&m, text, short_cap);
  assert_string_equal(text, "f:3");
  m.nearest = near;
  m.line = 0;
  config_mistake_format(&m, text, sizeof text);
  assert_string_equal(text, "f: t (did you mean n?)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_the_top),         cmocka_unit_test(of_names),
      cmocka_unit_test(of_secrets),         cmocka_unit_test(of_settings_together),
      cmocka_unit_test(of_several_targets), cmocka_unit_test(of_each_target_on_its_own),
      cmocka_unit_test(up_to_a_hundred),    cmocka_unit_test(the_gravest_stay),
      cmocka_unit_test(as_a_line),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
