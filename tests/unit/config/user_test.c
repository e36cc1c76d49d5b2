// Targets of users: one identity each, told apart from service IDs, and no key of a user for a
// logging agent unless it is accepted. With the stores that there are.
#include <string.h>

#include "tests/unit/config/try.h"

#define START LIST "  - name: a\n    instance: \"" CRN(GUID) "\"\n"
#define SINK "    sinks: [{file: {path: /keys/a}}]\n"
#define USER "    user: IBMid-50ABCDEF\n"

static struct try with_stores(const char *yaml) {
  struct try t = {.config = NULL};
  t.err = config_load_bytes("main.yaml", yaml, strlen(yaml), NOW_S, store_backends, &t.config,
                            &t.report);
  return t;
}

// One mistake, which breaks the target; `nearest` NULL: none.
static void expect_one(const char *yaml, const char *says, const char *nearest) {
  struct try t = with_stores(yaml);
  const struct config_mistake *m = t.report.mistakes;
  bool near =
      t.report.n && (nearest ? m->nearest && strcmp(m->nearest, nearest) == 0 : m->nearest == NULL);
  if (t.report.n != 1 || m->warning || !strstr(m->text, says) || !near)
    fail_msg("%s\n%zu mistakes, %s, nearest %s", yaml, t.report.n, t.report.n ? m->text : "",
             t.report.n && m->nearest ? m->nearest : "-");
  assert_true(t.config->targets[0].broken);
  try_end(&t);
}

static void expect_none(const char *yaml) {
  struct try t = with_stores(yaml);
  if (t.err != ERR_OK || t.report.n != 0)
    fail_msg("%s\n%s", yaml, t.report.n ? t.report.mistakes[0].text : "no configuration");
  try_end(&t);
}

static void are_read(void **state) {
  (void)state;
  static const char *const ids[] = {"me", "IBMid-50ABCDEF", "IBMid-270006V8HD",
                                    "AppID-12ab-34cd.user_5"};
  for (size_t i = 0; i < COUNT_OF(ids); i++) {
    char yaml[1024];
    snprintf(yaml, sizeof yaml, START "    user: %s\n" SINK, ids[i]);
    struct try t = with_stores(yaml);
    assert_int_equal(t.err, ERR_OK);
    assert_int_equal(t.report.n, 0);
    assert_string_equal(t.config->targets[0].user, ids[i]);
    assert_null(t.config->targets[0].service_id);
    assert_false(t.config->targets[0].accept_user_key);
    try_end(&t);
  }
}

static void are_no_service_ids(void **state) {
  (void)state;
  static const struct {
    const char *line, *says, *nearest;
  } bad[] = {
      {"user: ServiceId-" GUID, "user: a service ID; expected me", "service_id: ServiceId-" GUID},
      {"user: iam-ServiceId-" GUID, "user: a service ID", "service_id: ServiceId-" GUID},
      {"user: iam-Profile-" GUID, "a trusted profile, which has no API keys", NULL},
      {"user: Profile-" GUID, "a trusted profile, which has no API keys", NULL},
      {"user: name@example.com", "as ibmUniqueId); expected me, or the IAM id", NULL},
      {"user: \"crn:v1:x\"", "a CRN; expected me", NULL},
      {"user: logs-agent-prod", "a service ID by its name stands in service_id", NULL},
      {"user: Me", "expected me", "me"},
      {"user: ibmid-50ABCDEF", "expected me", "IBMid-50ABCDEF"},
      {"user: iam-IBMid-50ABCDEF", "expected me", "IBMid-50ABCDEF"},
      {"user: \"\"", "expected me", NULL},
      {"user: [me]", "expected a value, found a list", NULL},
      {"user: \"IBMid-50 AB\"", "expected me", NULL},
      {"user: IBMid-0123456789012345678901234567890123456789012345678901234567", "expected me",
       NULL},
      {"service_id: IBMid-50ABCDEF", "service_id: a user", "user: IBMid-50ABCDEF"},
      {"service_id: ibmid-50ABCDEF", "service_id: a user", "user: IBMid-50ABCDEF"},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    char yaml[1024];
    snprintf(yaml, sizeof yaml, START "    %s\n" SINK, bad[i].line);
    expect_one(yaml, bad[i].says, bad[i].nearest);
  }
}

static void one_identity(void **state) {
  (void)state;
  expect_one(START USER "    service_id: s\n" SINK,
             "user: a target is of one identity, and service_id stands on line 7", NULL);
  expect_one(START SINK, "service_id is missing", NULL);
  EXPECT(LIST "  - {name: a, instance: \"" CRN(
             GUID) "\", user: me, sinks: [{file: {path: /a}}]}\n"
                   "  - {name: b, instance: \"" CRN(
                       GUID) "\", user: me, sinks: [{file: {path: /b}}]}\n",
         ERR_OK, {5, "", "user: me on this instance is taken by target a (main.yaml:4)", NULL});
  // A service ID may be called as a user is written here.
  expect_good(LIST "  - {name: a, instance: \"" CRN(GUID) "\", user: me, sinks: [{file: {path: "
                                                          "/a}}]}\n  - {name: b, instance: \"" CRN(
                                                              GUID) "\", service_id: me, sinks: "
                                                                    "[{file: {path: /b}}]}\n");
  EXPECT(LIST TARGET("a") "    accept_user_key: true\n", ERR_OK,
         {8, "W", "accept_user_key has no effect without user", NULL});
}

// Whoever is a trusted profile can make keys of service IDs alone.
static void not_by_a_profile(void **state) {
  static const char *const management[] = {
      "{profile: {name: rotator}}",
      "{profile: {metadata: https}}",
      "{credential: m, assume: {id: Profile-44444444-4444-4444-8444-444444444444}}",
  };
  (void)state;
  for (size_t i = 0; i < COUNT_OF(management); i++) {
    char yaml[1024];
    snprintf(
        yaml, sizeof yaml,
        "version: 1\nmanagement: %s\ntargets:\n  - name: a\n    instance: \"" CRN(GUID) "\"\n%s",
        management[i], USER SINK);
    EXPECT(yaml, ERR_OK, {6, "", "management makes the rotator a trusted profile", NULL});
    snprintf(yaml, sizeof yaml, "version: 1\nmanagement: %s\ntargets:\n%s", management[i],
             TARGET("a"));
    expect_good(yaml);
  }
}

static void not_for_agents(void **state) {
  (void)state;
  static const struct {
    const char *rest, *says;
  } agents[] = {
      {"    sinks: [{file: {path: /keys/a, format: env}}]\n",
       "the sink file is a logging agent's (IAM_API_KEY), and the key of a user can do all"},
      {"    sinks: [{file: {path: /keys/a}}, {name: edge, file: {path: /keys/b, format: env, "
       "variable: IAM_API_KEY_OUT_1}}]\n",
       "the sink edge is a logging agent's (IAM_API_KEY_OUT_1)"},
      {"    sinks: [{file: {path: /keys/fluent-bit.key}}]\n",
       "the sink file is a logging agent's (fluent-bit)"},
      {"    sinks: [{kubernetes: {name: apps, namespace: x}}]\n",
       "the sink kubernetes is a logging agent's (IAM_API_KEY)"},
      {"    sinks: [{kubernetes: {name: logs-agent, namespace: x, key: k}}]\n",
       "the sink kubernetes is a logging agent's (logs-agent)"},
      {"    sinks: [{kubernetes: {name: y, namespace: ibm-observe, key: k}}]\n",
       "the sink kubernetes is a logging agent's (ibm-observe)"},
      {"    sinks: [{file: {path: /keys/a}}]\n    after_publish: {run: [/bin/systemctl, restart, "
       "fluent-bit]}\n",
       "after_publish makes a logging agent read the key (fluent-bit), and"},
  };
  for (size_t i = 0; i < COUNT_OF(agents); i++) {
    char yaml[1024];
    snprintf(yaml, sizeof yaml, START USER "%s", agents[i].rest);
    expect_one(yaml, agents[i].says, NULL);
    snprintf(yaml, sizeof yaml, START USER "    accept_user_key: true\n%s", agents[i].rest);
    expect_none(yaml);
    snprintf(yaml, sizeof yaml, START "    service_id: s\n%s", agents[i].rest);
    expect_none(yaml);
  }
  expect_none(START USER
              "    sinks: [{file: {path: /keys/a, format: env, variable: LOGS_APIKEY}}]\n");
  expect_none(START USER "    sinks: [{kubernetes: {name: apps, namespace: x, key: LOGS_KEY}}]\n");
  expect_none(START USER "    sinks: [{file: {path: /keys/a, format: env, variable: "
                         "IAM_API_KEYS}}]\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(are_read),       cmocka_unit_test(are_no_service_ids),
      cmocka_unit_test(one_identity),   cmocka_unit_test(not_by_a_profile),
      cmocka_unit_test(not_for_agents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
