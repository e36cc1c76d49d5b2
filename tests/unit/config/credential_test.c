// How the rotator gets a token of its own: a key, a key whose identity assumes a profile, or a
// profile without any key.
#include <string.h>

#include "tests/unit/config/try.h"

#define PROFILE "Profile-44444444-4444-4444-8444-444444444444"
#define PROFILE_CRN "\"crn:v1:bluemix:public:iam-identity::a/" ACCOUNT "::profile:" PROFILE "\""
#define WITH(management) "version: 1\nmanagement: " management "\ntargets:\n" TARGET("a")

static struct try good(const char *yaml) {
  struct try t = try_text(yaml);
  expect_mistakes(&t, NULL, 0);
  assert_int_equal(t.config->management.line, 2);
  assert_string_equal(t.config->management.section, "management");
  return t;
}

static void of_a_pod_or_job(void **state) {
  (void)state;
  struct try t = good(WITH("{profile: {id: " PROFILE "}}"));
  const struct config_credential *c = &t.config->management;
  assert_int_equal(c->kind, CONFIG_CREDENTIAL_COMPUTE);
  assert_string_equal(c->profile.id, PROFILE);
  assert_null(c->profile.name);
  assert_null(c->profile.crn);
  assert_null(c->token_file); // where the platforms put it
  assert_null(c->file);
  try_end(&t);
  t = good(WITH("{profile: {name: rota tor, token_file: /run/t/token}}"));
  c = &t.config->management;
  assert_int_equal(c->kind, CONFIG_CREDENTIAL_COMPUTE);
  assert_string_equal(c->profile.name, "rota tor");
  assert_string_equal(c->token_file, "/run/t/token");
  try_end(&t);
  t = good(WITH("{profile: {crn: " PROFILE_CRN "}}"));
  assert_non_null(strstr(t.config->management.profile.crn, ":profile:" PROFILE));
  try_end(&t);
}

static void of_a_virtual_server(void **state) {
  static const struct {
    const char *yaml, *url, *version;
  } table[] = {
      {WITH("{profile: {metadata: http}}"), "http://169.254.169.254", "2022-03-01"},
      {WITH("{profile: {metadata: https, id: " PROFILE ", metadata_version: 2025-08-26}}"),
       "https://api.metadata.cloud.ibm.com", "2025-08-26"},
      {WITH("{profile: {metadata: \"https://api.metadata.power-iaas.cloud.ibm.com/\"}}"),
       "https://api.metadata.power-iaas.cloud.ibm.com", "2022-03-01"},
      {WITH("{profile: {metadata: \"http://api.metadata.cloud.ibm.com\"}}"),
       "http://api.metadata.cloud.ibm.com", "2022-03-01"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    struct try t = good(table[i].yaml);
    assert_int_equal(t.config->management.kind, CONFIG_CREDENTIAL_METADATA);
    assert_string_equal(t.config->management.metadata, table[i].url);
    assert_string_equal(t.config->management.metadata_version, table[i].version);
    try_end(&t);
  }
  expect_good("version: 1\nallow_plain_loopback: true\nmanagement: {profile: {metadata: "
              "\"http://127.0.0.1:8080\"}}\ntargets:\n" TARGET("a"));
}

static void of_a_key_that_assumes(void **state) {
  (void)state;
  struct try t = good(WITH("{file: /run/key, assume: {id: " PROFILE "}}"));
  const struct config_credential *c = &t.config->management;
  assert_int_equal(c->kind, CONFIG_CREDENTIAL_KEY);
  assert_string_equal(c->file, "/run/key");
  assert_string_equal(c->assume.id, PROFILE);
  assert_null(c->profile.id);
  try_end(&t);
  t = good(WITH("{credential: m, assume: {name: r, account: " ACCOUNT "}}"));
  assert_string_equal(t.config->management.assume.account, ACCOUNT);
  try_end(&t);
}

#define MISTAKE(management, says) EXPECT(WITH(management), ERR_INVALID, {2, "F", says, NULL})

static void mistakes_of_kinds(void **state) {
  (void)state;
  MISTAKE("{file: /k, profile: {id: " PROFILE "}}", "found two: file and profile");
  MISTAKE("{profile: {id: " PROFILE "}, assume: {id: " PROFILE "}}",
          "expected one of profile and assume, found both");
  MISTAKE("{assume: {id: " PROFILE "}}", "expected file, credential or vault, too");
  MISTAKE("{profile: {id: " PROFILE ", token_file: /t, metadata: http}}",
          "expected one of token_file (a pod or job) and metadata (a virtual server), found both");
  MISTAKE("{profile: " PROFILE "}", "management.profile: expected a mapping");
  MISTAKE("{profile: }", "which trusted profile? Expected one of id, name and crn");
  MISTAKE("{profile: {}}", "which trusted profile?");
  MISTAKE("{profile: {token_file: /t}}", "which trusted profile?");
  MISTAKE("{file: /k, assume: {}}", "management.assume: which trusted profile?");
  MISTAKE("{profile: {id: " PROFILE ", name: r}}",
          "management.profile: expected one of id, name and crn, found id and name");
  MISTAKE("{file: /k, assume: {id: " PROFILE ", crn: " PROFILE_CRN "}}", "found id and crn");
}

static void mistakes_of_profiles(void **state) {
  (void)state;
  EXPECT(WITH("{profile: {id: iam-" PROFILE "}}"), ERR_INVALID,
         {2, "F", "management.profile.id: expected the id of a trusted profile", PROFILE});
  MISTAKE("{profile: {id: Profile-1}}", "expected the id of a trusted profile");
  MISTAKE("{profile: {crn: " PROFILE "}}", "expected the CRN of a trusted profile");
  MISTAKE("{profile: {crn: \"crn:v1:bluemix:public:logs:eu-de:a/x::profile:" PROFILE "\"}}",
          "expected the CRN of a trusted profile");
  MISTAKE("{file: /k, assume: {name: r}}", "a name is looked up in an account");
  MISTAKE("{file: /k, assume: {id: " PROFILE ", account: " ACCOUNT "}}",
          "account goes with name, and not with id");
  MISTAKE("{file: /k, assume: {name: r, account: mine}}", "32 hexadecimal digits");
  EXPECT(WITH("{profile: {idd: " PROFILE "}}"), ERR_INVALID,
         {2, "F", "which trusted profile?", NULL},
         {2, "F", "management.profile.idd: no such option", "id"});
  MISTAKE("{profile: {id: " PROFILE ", token: abc}}", "a secret never stands");
}

static void mistakes_of_metadata(void **state) {
  (void)state;
  EXPECT(WITH("{profile: {metadata: htps}}"), ERR_INVALID,
         {2, "F", "management.profile.metadata: expected http, https or a URL", "https"});
  MISTAKE("{profile: {metadata: http, name: r}}", "by id and crn alone");
  MISTAKE("{profile: {id: " PROFILE ", metadata_version: 2022-03-01}}",
          "metadata_version goes with metadata");
  EXPECT(WITH("{profile: {metadata: http, metadata_version: 2022-03-02}}"), ERR_INVALID,
         {2, "F", "metadata_version: expected 2022-03-01 or 2025-08-26", "2022-03-01"});
  MISTAKE("{profile: {metadata: \"http://metadata.example.com\"}}",
          "http:// is for the metadata service's own address alone");
  MISTAKE("{profile: {metadata: \"http://169.254.169.253\"}}",
          "http:// is for the metadata service's own address alone");
  MISTAKE("{profile: {metadata: \"http://169.254.169.254:8080\"}}",
          "http:// is for the metadata service's own address alone");
  MISTAKE("{profile: {metadata: \"http://127.0.0.1:80\"}}", "allow_plain_loopback");
  MISTAKE("{profile: {metadata: \"https://u:p@host\"}}", "without user, query and fragment");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_a_pod_or_job),       cmocka_unit_test(of_a_virtual_server),
      cmocka_unit_test(of_a_key_that_assumes), cmocka_unit_test(mistakes_of_kinds),
      cmocka_unit_test(mistakes_of_profiles),  cmocka_unit_test(mistakes_of_metadata),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
