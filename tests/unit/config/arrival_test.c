// proof.arrival: who looks for test logs, where the queries go, and what is refused.
#include <string.h>

#include "tests/unit/config/try.h"

#define INSTANCE "https://" GUID

static void is_off_without_an_identity(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("a"));
  assert_int_equal(t.config->targets[0].policy.arrival_within_s, 0);
  try_end(&t);
  // `defaults` may say how, and leave to each target by whom.
  t = try_text(HEAD "defaults: {proof: {arrival: {within: 5m, required: true}}}\ntargets:\n" TARGET(
      "a") TARGET("b") "    proof: {arrival: {identity: {file: /keys/reader}}}\n");
  expect_mistakes(&t, NULL, 0);
  assert_int_equal(t.config->targets[0].policy.arrival_within_s, 0);
  const struct config_target *b = &t.config->targets[1];
  assert_int_equal(b->policy.arrival_within_s, 300);
  assert_true(b->policy.arrival_required);
  assert_string_equal(b->reader.file, "/keys/reader");
  assert_true(b->reader_own);
  try_end(&t);
  EXPECT(LIST TARGET("a") "    proof: {arrival: {within: 5m}}\n", ERR_OK,
         {8, "", "proof.arrival: identity is missing", NULL});
}

static void takes_an_identity_like_managements(void **state) {
  (void)state;
  struct try t = try_text(HEAD "defaults: {proof: {arrival: {identity: {credential: reader}}}}\n"
                               "targets:\n" TARGET("a") TARGET("b") TARGET("c"));
  expect_mistakes(&t, NULL, 0);
  for (size_t i = 0; i < 3; i++) {
    const struct config_target *a = &t.config->targets[i];
    assert_string_equal(a->reader.credential, "reader");
    assert_false(a->reader_own);
    assert_int_equal(a->policy.arrival_within_s, 120);
    assert_int_equal(a->policy.arrival_tier, POLICY_TIER_FREQUENT);
    assert_false(a->policy.arrival_required);
  }
  try_end(&t);
  // A target's own replaces that of `defaults` as a whole, and 0 turns it off.
  t = try_text(HEAD "defaults: {proof: {arrival: {identity: {credential: reader}}}}\n"
                    "targets:\n" TARGET("a") "    proof: {arrival: {identity: {file: /k}, tier: "
                                             "archive}}\n" TARGET(
                                                 "b") "    proof: {arrival: {within: 0}}\n");
  expect_mistakes(&t, NULL, 0);
  assert_null(t.config->targets[0].reader.credential);
  assert_string_equal(t.config->targets[0].reader.file, "/k");
  assert_int_equal(t.config->targets[0].policy.arrival_tier, POLICY_TIER_ARCHIVE);
  assert_int_equal(t.config->targets[1].policy.arrival_within_s, 0);
  try_end(&t);
}

static void refuses(void **state) {
  (void)state;
  static const struct {
    const char *arrival, *says, *nearest;
  } bad[] = {
      {"{identity: {}}", "proof.arrival.identity: expected {file", NULL},
      {"{identity: {file: /k, credential: c}}", "expected one of file", NULL},
      {"{identity: {file: k}}", "proof.arrival.identity.file: expected an absolute path", NULL},
      {"{identity: {file: /keys/a}}", "the key in it is the sender's", NULL},
      {"{identity: {file: /k}, within: 2h}", "proof.arrival.within", NULL},
      {"{identity: {file: /k}, tier: frequently}", "proof.arrival.tier", "frequent"},
      {"{identity: {file: /k}, require: true}", "no such option", "required"},
      {"{identity: {file: /k}, required: maybe}", "expected true or false", NULL},
      {"{identity: {apikey: x}}", "a secret never stands in a configuration file", NULL},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    char yaml[1024];
    snprintf(yaml, sizeof yaml, LIST TARGET("a") "    proof: {arrival: %s}\n", bad[i].arrival);
    struct try t = try_text(yaml);
    const struct config_mistake *m = t.report.mistakes;
    bool near = t.report.n > 0 &&
                (bad[i].nearest ? m->nearest && !strcmp(m->nearest, bad[i].nearest) : !m->nearest);
    if (t.err != ERR_OK || t.report.n != 1 || !strstr(m->text, bad[i].says) || !near)
      fail_msg("%s: %zu mistakes, %s, nearest %s", bad[i].arrival, t.report.n,
               t.report.n ? m->text : "", t.report.n && m->nearest ? m->nearest : "-");
    assert_true(t.config->targets[0].broken);
    try_end(&t);
  }
}

static void expect_api(const char *endpoints, const char *api) {
  char yaml[1024];
  snprintf(yaml, sizeof yaml,
           LIST TARGET("a") "    endpoints: %s\n    proof: {arrival: {identity: {file: /k}}}\n",
           endpoints);
  struct try t = try_text(yaml);
  expect_mistakes(&t, NULL, 0);
  assert_string_equal(t.config->targets[0].api_url, api);
  try_end(&t);
}

static void finds_where_queries_go(void **state) {
  (void)state;
  expect_api("public", INSTANCE ".api.eu-de.logs.cloud.ibm.com");
  expect_api("private", INSTANCE ".api.private.eu-de.logs.cloud.ibm.com");
  expect_api("classic", INSTANCE ".api.private.eu-de.logs.cloud.ibm.com:3443");
  expect_api("{ingress: private}", INSTANCE ".api.private.eu-de.logs.cloud.ibm.com");
  expect_api("{ingress: private, api: public}", INSTANCE ".api.eu-de.logs.cloud.ibm.com");
  expect_api("{ingress: \"https://{guid}.ingress.{region}.logs.test.cloud.ibm.com\"}",
             INSTANCE ".api.eu-de.logs.test.cloud.ibm.com");
  expect_api("{ingress: \"https://proxy:8443/{guid}\", api: \"https://proxy:8444/{region}/\"}",
             "https://proxy:8444/eu-de");
  // An address that does not follow is asked for, and only where it is needed.
  EXPECT(LIST TARGET("a") "    endpoints: {ingress: \"https://proxy/{guid}\"}\n"
                          "    proof: {arrival: {identity: {file: /k}}}\n",
         ERR_OK, {9, "", "endpoints.api is missing", NULL});
  expect_good(LIST TARGET("a") "    endpoints: {ingress: \"https://proxy/{guid}\"}\n");
  EXPECT(LIST TARGET("a") "    endpoints: {api: \"http://proxy\"}\n", ERR_OK,
         {8, "", "expected https://", NULL});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_off_without_an_identity),
      cmocka_unit_test(takes_an_identity_like_managements),
      cmocka_unit_test(refuses),
      cmocka_unit_test(finds_where_queries_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
