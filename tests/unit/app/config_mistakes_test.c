// What is wrong is told: all of it, where it stands, and what is right.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/app/config_try.h"

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
      config_mistake_format(&t.report.mistakes[k], text, sizeof(text));
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
         {2, "F", "found both", NULL});
}

static void of_values(void **state) {
  (void)state;
  static const struct {
    const char *line, *says, *nearest;
  } bad[] = {
      {"grace: 24", "a duration with its unit", NULL},
      {"grace: 24 hours", "a duration such as", "24h"},
      {"grace: 65min", "a duration such as", "65m"},
      {"grace: -1h", "a duration such as", NULL},
      {"grace: 1h30", "a duration such as", NULL},
      {"grace: 366d", "a duration from 0s to", NULL},
      {"grace:", "grace: expected a value, found nothing", NULL},
      {"grace: ~", "found nothing", NULL},
      {"grace: []", "found a list", NULL},
      {"grace: {a: b}", "found a mapping", NULL},
      {"rotate_every: 0", "a duration from 1s to", NULL},
      {"rotate_every: 1000w", "at most 10 years", NULL},
      {"quarantine: 31d", "a duration from 0s to", NULL},
      {"failures_max: 0", "from 1 to 20", NULL},
      {"failures_max: 3.5", "from 1 to 20", NULL},
      {"failures_max: 0x3", "from 1 to 20", NULL},
      {"failures_max: 03", "from 1 to 20", NULL},
      {"failures_max: 99999999999999999999", "from 1 to 20", NULL},
      {"on_still_used: stopp", "expected stop or continue, not \"stopp\"", "stop"},
      {"on_still_used: Stop", "expected stop or continue", "stop"},
      {"origin: iamm", "expected rotator or iam", "iam"},
      {"action_when_leaked: off", "expected none, disable or delete", NULL},
      {"window: sometimes", "window: expected days", NULL},
      {"window: 09:00-16:00 Europe/Berln", "no zone", "Europe/Berlin"},
      {"key_name: \"\"", "expected a text", NULL},
      {"key_name: \"a\\nb\"", "line break", NULL},
      {"key_name: \"a\\0b\"", "a zero byte in a text", NULL},
      {"proof: x", "proof: expected a mapping, found \"x\"", NULL},
      {"proof: {count: 21}", "proof.count: expected a whole number from 1 to 20, not \"21\"", NULL},
      {"proof: {severity: warn}", "proof.severity: expected a severity", NULL},
      {"proof: {severity: warnin}", "proof.severity: expected a severity", "warning"},
      {"proof: {severity: 0}", "expected a severity", NULL},
      {"proof: {severity: 7}", "expected a severity", NULL},
      {"proof: {application: \"a'b\"}", "printable ASCII without quotes", NULL},
      {"proof: {application: \"\\u00e4\"}", "printable ASCII without quotes", NULL},
      {"endpoints: pubic", "expected public, private, classic or a URL", "public"},
      {"endpoints: [a]", "endpoints: expected a value, found a list", NULL},
      {"endpoints: {iam: x}", "endpoints.iam: expected public", NULL},
      {"endpoints: {iam: \"http://iam.cloud.ibm.com\"}", "expected https://", NULL},
      {"endpoints: {iam: \"http://127.0.0.1:1\"}", "needs `allow_plain_loopback: true`", NULL},
      {"endpoints: {iam: \"https://u:p@h\"}", "without user", NULL},
      {"endpoints: {iam: \"https://h/?a=b\"}", "without user, query", NULL},
      {"endpoints: {iam: \"https://h/#x\"}", "without user, query", NULL},
      {"endpoints: {iam: \"https://\"}", "expected https://HOST", NULL},
      {"endpoints: {iam: \"ftp://h\"}", "expected https://HOST", NULL},
      {"endpoints: {iam: \"https://h:99999\"}", "expected https://HOST", NULL},
      {"endpoints: {ingress: \"https://{id}.h\"}", "no braces but", NULL},
      {"endpoints: {ingress: \"https://{guid.h\"}", "no braces but", NULL},
      {"endpoints: {public: x}", "endpoints.public: no such option", NULL},
      {"after_publish: /bin/x", "after_publish: expected a mapping", NULL},
      {"after_publish: {run: /bin/x}", "after_publish.run: expected a list, found \"/bin/x\"",
       NULL},
      {"after_publish: {run: [bin/x]}", "after_publish.run: expected an absolute path", NULL},
      {"after_publish: {run: [~/x]}", "~ is not expanded", NULL},
      {"after_publish: {run: [/x, ~]}", "after_publish.run: expected a value, found nothing", NULL},
      {"after_publish: {run: [/x, [y]]}", "found a list", NULL},
      {"after_publish: {run: [/x], timeout: 2h}",
       "after_publish.timeout: expected a duration from 1s to 1h", NULL},
      {"grace: !x 1h", "a tag (!NAME)", NULL},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), LIST TARGET("a") "    %s\n", bad[i].line);
    struct try t = try_text(yaml);
    const struct config_mistake *m = t.report.mistakes;
    bool near = t.report.n &&
                (bad[i].nearest ? m->nearest && !strcmp(m->nearest, bad[i].nearest) : !m->nearest);
    if (t.report.n != 1 || m->line != 8 || m->warning || !strstr(m->text, bad[i].says) || !near)
      fail_msg("%s: %zu mistakes, line %d, %s, nearest %s", bad[i].line, t.report.n,
               t.report.n ? m->line : 0, t.report.n ? m->text : "",
               t.report.n && m->nearest ? m->nearest : "-");
    assert_true(t.err != ERR_OK || t.config->targets[0].broken);
    try_end(&t);
  }
}

static void of_values_at_the_top(void **state) {
  (void)state;
  EXPECT(HEAD "jobs: 65\nhost_id: a b\nstate_dir: x/y\nca_file: /a/../b\nallow_plain_loopback: "
              "yes\ncomplaints: x\n"
              "targets:\n" TARGET("a"),
         ERR_INVALID, {3, "F", "jobs: expected a whole number from 1 to 64", NULL},
         {4, "F", "host_id: expected letters", NULL},
         {5, "F", "state_dir: expected an absolute path, not \"x/y\"", NULL},
         {6, "F", "ca_file: expected a path without ..", NULL},
         {7, "F", "allow_plain_loopback: expected true or false", "true"},
         {8, "F", "complaints: expected a list", NULL});
  EXPECT(HEAD "state_dir: /a/\ncomplaints: []\nallow_plain_loopback: Off\ntargets:\n" TARGET("a"),
         ERR_INVALID, {3, "F", "without / at its end", NULL},
         {4, "F", "complaints: expected 1 to 64 entries, found 0", NULL},
         {5, "F", "expected true or false", "false"});
}

static void of_targets(void **state) {
  (void)state;
  EXPECT(LIST "  - {}\n", ERR_OK, {4, "", "instance is missing", NULL},
         {4, "", "name is missing", NULL}, {4, "", "service_id is missing", NULL},
         {4, "", "sinks is missing", NULL});
  static const struct {
    const char *line, *says, *nearest;
  } bad[] = {
      {"name: Prod", "name: expected a name", "prod"},
      {"name: -a", "begins with a lower-case letter", NULL},
      {"name: \"a b\"", "name: expected a name", NULL},
      {"name: a/b", "name: expected a name", NULL},
      {"name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "at most 64 long",
       NULL},
      {"instance: " GUID, "a GUID alone", NULL},
      {"instance: crn", "a CRN of ten parts", NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":" GUID ":\"",
       "a CRN of ten parts", NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":" GUID ":::\"",
       "a CRN of ten parts", NULL},
      {"instance: \"crn:v2:bluemix:public:logs:eu-de:a/" ACCOUNT ":" GUID "::\"", "expected crn:v1",
       NULL},
      {"instance: \"crn:v1:bluemix:public:logdna:eu-de:a/" ACCOUNT ":" GUID "::\"",
       "not of Cloud Logs", "logs"},
      {"instance: \"crn:v1:bluemix:public:logs::a/" ACCOUNT ":" GUID "::\"", "expected a region",
       NULL},
      {"instance: \"crn:v1:bluemix:public:logs:EU-DE:a/" ACCOUNT ":" GUID "::\"",
       "expected a region", NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:" ACCOUNT ":" GUID "::\"", "the account's 32",
       NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/0123:" GUID "::\"", "the account's 32",
       NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":1234::\"", "the instance's GUID",
       NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":::\"", "not nothing", NULL},
      {"instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":" GUID ":x:y\"",
       "something in an instance", NULL},
      {"service_id: iam-ServiceId-" GUID, "an IAM id", "ServiceId-" GUID},
      {"service_id: ServiceId-123", "ServiceId- and a UUID", NULL},
      {"service_id: IBMid-123", "a user", NULL},
      {"service_id: \"crn:v1:x\"", "a CRN; expected the name", NULL},
      {"service_id: \"\"", "an empty one", NULL},
      {"sinks: []", "expected 1 to 16 stores, found 0", NULL},
      {"sinks: {file: {path: /a}}", "expected a list of stores, found a mapping", NULL},
      {"sinks: [a]", "expected {STORE: {settings}}, found \"a\"", NULL},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    static const char *const good[] = {"name: a", "instance: \"" CRN(GUID) "\"", "service_id: s",
                                       "sinks: [{file: {path: /a}}]"};
    char yaml[2048] = LIST;
    for (size_t k = 0; k < COUNT_OF(good); k++) {
      bool same = strncmp(good[k], bad[i].line, 4) == 0;
      snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "%s%s\n", k ? "    " : "  - ",
               same ? bad[i].line : good[k]);
    }
    struct try t = try_text(yaml);
    const struct config_mistake *m = t.report.mistakes;
    bool near = t.report.n &&
                (bad[i].nearest ? m->nearest && !strcmp(m->nearest, bad[i].nearest) : !m->nearest);
    if (t.err != ERR_OK || t.report.n != 1 || m->warning || !strstr(m->text, bad[i].says) || !near)
      fail_msg("%s: %zu mistakes, %s, nearest %s", bad[i].line, t.report.n,
               t.report.n ? m->text : "", t.report.n && m->nearest ? m->nearest : "-");
    assert_true(t.config->targets[0].broken);
    assert_string_equal(m->target, t.config->targets[0].name);
    try_end(&t);
  }
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

static void of_regions(void **state) {
  (void)state;
  static const char yaml[] =
      LIST "  - name: a\n    instance: \"crn:v1:bluemix:public:logs:%s:a/" ACCOUNT ":" GUID
           "::\"\n    service_id: s\n    sinks: [{file: {path: /k}}]\n";
  static const char *const regions[][2] = {{"eu-dd", "eu-de"},
                                           {"eu-d", "eu-de"},
                                           {"eu-dee", "eu-de"},
                                           {"eu-ed", "eu-de"},
                                           {"mars-north", NULL}};
  for (size_t i = 0; i < COUNT_OF(regions); i++) {
    char text[1024];
    snprintf(text, sizeof(text), yaml, regions[i][0]);
    EXPECT(text, ERR_OK, {5, "W", "is not known to this version", regions[i][1]});
  }
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
  config_mistake_format(&m, text, sizeof(text));
  assert_string_equal(text, "f:3: t");
  config_mistake_format(&m, text, short_cap);
  assert_string_equal(text, "f:3");
  m.nearest = near;
  m.line = 0;
  config_mistake_format(&m, text, sizeof(text));
  assert_string_equal(text, "f: t (did you mean n?)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_the_top),
      cmocka_unit_test(of_names),
      cmocka_unit_test(of_secrets),
      cmocka_unit_test(of_values),
      cmocka_unit_test(of_values_at_the_top),
      cmocka_unit_test(of_targets),
      cmocka_unit_test(of_settings_together),
      cmocka_unit_test(of_several_targets),
      cmocka_unit_test(of_regions),
      cmocka_unit_test(of_each_target_on_its_own),
      cmocka_unit_test(up_to_a_hundred),
      cmocka_unit_test(the_gravest_stay),
      cmocka_unit_test(as_a_line),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
