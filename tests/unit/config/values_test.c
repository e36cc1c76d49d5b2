// Single values: each wrong one is told with what was expected, and the nearest right one.
#include <string.h>

#include "tests/unit/config/try.h"

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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
      {"look_every: 59s", "look_every: expected a duration from 1m to", NULL}, // A3
      {"look_every: 0s", "look_every: expected a duration from 1m to", NULL},
      {"look_every: 0", "look_every: expected a duration from 1m to", NULL},
      {"after_publish: {run: [/bin/true], timeout: 0s}", "a duration from 1s to", NULL},
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
      {"key_name: " SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR, "256 bytes are too long", NULL},
      {"window: " SIXTY_FOUR SIXTY_FOUR, "a part of 128 characters is too long", NULL},
      {"window: 09:00-1x:00", "expected times", NULL},
      {SIXTY_FOUR ": x", "the name of an option, found a text of 64 characters", NULL},
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
      {"endpoints: \"user:pw@host\"", "or a URL, not a text with user and password", NULL}, // A5
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
    snprintf(yaml, sizeof yaml, LIST TARGET("a") "    %s\n", bad[i].line);
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
  EXPECT(HEAD
         "state_dir: \"/a\\nb\"\nca_file: ~/ca.pem\nallow_plain_loopback: maybe\ntargets:\n" TARGET(
             "a"),
         ERR_INVALID,
         {3, "F", "state_dir: expected a path, at most 4095 bytes without control", NULL},
         {4, "F", "ca_file: expected an absolute path; ~ is not expanded", NULL},
         {5, "F", "expected true or false, not \"maybe\"", NULL});
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
      {"service_id: IBMid-123", "a user", "user: IBMid-123"},
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
      snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "%s%s\n", k ? "    " : "  - ",
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
    snprintf(text, sizeof text, yaml, regions[i][0]);
    EXPECT(text, ERR_OK, {5, "W", "is not known to this version", regions[i][1]});
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_values),
      cmocka_unit_test(of_values_at_the_top),
      cmocka_unit_test(of_targets),
      cmocka_unit_test(of_regions),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
