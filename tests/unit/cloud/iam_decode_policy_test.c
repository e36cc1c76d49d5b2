// Which policies let an identity send logs to an instance.
#include <stdio.h>
#include <string.h>

#include "rotator/cloud/iam_decode.h"
#include "tests/unit/cloud/fixture.h"

#define GUID "5a5a5a5a-0000-4000-8000-000000000001"
#define SENDER "crn:v1:bluemix:public:logs::::serviceRole:Sender"
#define A(key, op, value) "{\"key\":\"" key "\",\"operator\":\"" op "\",\"value\":" value "}"
#define EQ(key, value) A(key, "stringEquals", "\"" value "\"")
#define LOGS EQ("accountId", ACCOUNT) "," EQ("serviceName", "logs")
#define ONE LOGS "," EQ("serviceInstance", GUID)
#define ME EQ("iam_id", IAM_ID)
#define V2(more, subject, role, resource)                                                          \
  "{\"id\":\"p\",\"type\":\"access\"," more "\"subject\":{\"attributes\":[" subject "]},"          \
  "\"control\":{\"grant\":{\"roles\":[{\"role_id\":\"" role "\"}]}},"                              \
  "\"resource\":{\"attributes\":[" resource "]}}"
#define ROLE(role) V2("", ME, role, ONE)
#define RESOURCE(resource) V2("", ME, SENDER, resource)

static const struct iam_want want = {ACCOUNT, IAM_ID, GUID};

static const struct {
  const char *json;
  bool covers;
} rows[] = {
    {V2("\"state\":\"active\",", ME, SENDER, ONE), true},
    {V2("", ME, SENDER, ONE), true},
    {V2("\"state\":\"deleted\",", ME, SENDER, ONE), false},
    {V2("\"rule\":{\"key\":\"{{environment.attributes.day_of_week}}\"},", ME, SENDER, ONE), false},
    {"{\"id\":\"p\",\"type\":\"authorization\",\"subject\":{\"attributes\":[" ME
     "]},\"control\":{\"grant\":"
     "{\"roles\":[{\"role_id\":\"" SENDER "\"}]}},\"resource\":{\"attributes\":[" ONE "]}}",
     false},
    // Roles.
    {ROLE("crn:v1:bluemix:public:iam::::serviceRole:Sender"), true},
    {ROLE("crn:v1:bluemix:public:iam::::serviceRole:Writer"), true},
    {ROLE("crn:v1:bluemix:public:iam::::serviceRole:Manager"), true},
    {ROLE("crn:v1:bluemix:public:logs::::serviceRole:Writer"), true},
    {ROLE("crn:v1:staging:public:logs::::serviceRole:Sender"), true},
    {ROLE("crn:v1:bluemix:public:iam::::serviceRole:Reader"), false},
    {ROLE("crn:v1:bluemix:public:iam::::role:Administrator"), false},
    {ROLE("crn:v1:bluemix:public:iam::::role:Writer"), false},
    {ROLE("crn:v1:bluemix:public:cos::::serviceRole:Writer"), false},
    {ROLE("crn:v1:bluemix:public:logs::::serviceRole:Sender:more"), false},
    {ROLE("crn:v1:bluemix:public:logs::::serviceRole:"), false},
    {ROLE("crn:v1:bluemix:public:logs::::serviceRoles:Sender"), false},
    {ROLE("crn:v1:bluemix:public:logsx::::serviceRole:Sender"), false},
    {ROLE("crn:v1:bluemix:public:logs:::serviceRole:Sender"), false},
    {ROLE("Sender"), false},
    {ROLE(""), false},
    // Subjects.
    {V2("", EQ("iam_id", "iam-ServiceId-other"), SENDER, ONE), false},
    {V2("", EQ("access_group_id", "AccessGroupId-1"), SENDER, ONE), false},
    {V2("", ME "," EQ("access_group_id", "AccessGroupId-1"), SENDER, ONE), false},
    {V2("", A("iam_id", "stringEqualsAnyOf", "[\"x\",\"" IAM_ID "\"]"), SENDER, ONE), true},
    {V2("", "", SENDER, ONE), false},
    // Resources.
    {RESOURCE(LOGS), true},
    {RESOURCE(EQ("accountId", ACCOUNT) "," EQ("serviceType", "service")), true},
    {RESOURCE(EQ("accountId", ACCOUNT) "," EQ("serviceType", "platform_service")), false},
    {RESOURCE(EQ("accountId", ACCOUNT)), false},
    {RESOURCE(EQ("accountId", "another") "," EQ("serviceName", "logs")), false},
    {RESOURCE(EQ("accountId", ACCOUNT) "," EQ("serviceName", "logs-router")), false},
    {RESOURCE(LOGS "," EQ("serviceInstance", "another")), false},
    {RESOURCE(LOGS "," EQ("resourceGroupId", "default")), false},
    {RESOURCE(LOGS "," EQ("region", "eu-de")), false},
    {RESOURCE(""), false},
    // Operators.
    {RESOURCE(LOGS ",{\"key\":\"serviceInstance\",\"value\":\"" GUID "\"}"), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatch", "\"5a5a*\"")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatch", "\"*-4000-*01\"")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatch", "\"?a5a*\"")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatch", "\"*02\"")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEquals", "\"5a5a*\"")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringExists", "\"true\"")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringExists", "true")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringExists", "\"false\"")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEqualsAnyOf", "[\"x\",\"" GUID "\"]")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEqualsAnyOf", "[\"x\"]")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEqualsAnyOf", "[]")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEqualsAnyOf", "[7]")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatchAnyOf", "[\"x*\",\"5a*\"]")), true},
    {RESOURCE(LOGS "," A("serviceInstance", "stringMatchAnyOf", "\"5a*\"")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringNotEquals", "\"x\"")), false},
    {RESOURCE(LOGS "," A("serviceInstance", "stringEquals", "[\"" GUID "\"]")), false},
    {RESOURCE(EQ("accountId", ACCOUNT) "," A("serviceName", "stringMatch", "\"log*\"")), true},
    {RESOURCE(LOGS ",{\"value\":\"no key\"}"), false},
    // v1, as a conflict may show it.
    {"{\"id\":\"p\",\"type\":\"access\",\"subjects\":[{\"attributes\":[{\"name\":\"iam_id\","
     "\"value\":\"" IAM_ID "\"}]}],\"roles\":[{\"role_id\":\"crn:v1:bluemix:public:iam::::role:"
     "Viewer\"},{\"role_id\":\"" SENDER
     "\"}],\"resources\":[{\"attributes\":[{\"name\":\"accountId\",\"value\":\"" ACCOUNT "\"},"
     "{\"name\":\"serviceName\",\"value\":\"logs\"}]}]}",
     true},
    // Half a policy.
    {"{\"id\":\"p\"}", false},
    {"{\"id\":\"p\",\"subject\":7,\"control\":7,\"resource\":7}", false},
    {"{\"id\":\"p\",\"subject\":{\"attributes\":{}},\"control\":{\"grant\":{\"roles\":{}}}}",
     false},
};

static void cover(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_policy p;
    JSON_AUTO o = json_parse(rows[i].json, strlen(rows[i].json));
    assert_non_null(o);
    assert_int_equal(iam_decode_policy(o, &want, &p, NULL), ERR_OK);
    if (p.covers != rows[i].covers)
      fail_msg("row %zu should %scover: %s", i, rows[i].covers ? "" : "not ", rows[i].json);
    assert_int_equal(p.role[0] != '\0', p.covers);
    assert_string_equal(p.id, "p");
  }
}

static void nothing_asked_matches_all(void **state) {
  (void)state;
  const struct iam_want anything = {0};
  const char *json = V2("\"state\":\"active\",", EQ("iam_id", "x"), SENDER, ONE);
  struct iam_policy p;
  JSON_AUTO o = json_parse(json, strlen(json));
  assert_int_equal(iam_decode_policy(o, &anything, &p, NULL), ERR_OK);
  assert_true(p.covers);
  assert_string_equal(p.state, "active");
  assert_string_equal(p.role, SENDER);
}

static void a_policy_has_an_age(void **state) {
  (void)state;
  static const struct {
    const char *times;
    int64_t changed_s;
  } ages[] = {
      {"", -1},
      {"\"created_at\":\"2026-01-01T00:00:10Z\",", 1767225610},
      {"\"created_at\":\"2026-01-01T00:00:10Z\",\"last_modified_at\":\"2026-01-01T00:01:00Z\",",
       1767225660},
      {"\"created_at\":\"soon\",\"last_modified_at\":7,", -1}};
  for (size_t i = 0; i < COUNT(ages); i++) {
    char json[1024];
    struct iam_policy p;
    snprintf(json, sizeof json, "{%s\"id\":\"p\"}", ages[i].times);
    JSON_AUTO o = json_parse(json, strlen(json));
    assert_int_equal(iam_decode_policy(o, &want, &p, NULL), ERR_OK);
    assert_int_equal(p.changed_s, ages[i].changed_s);
  }
}

static void a_policy_has_an_id(void **state) {
  (void)state;
  static const char *const bad[] = {"{}", "{\"id\":\"\"}", "{\"id\":7}", "[]", "\"p\""};
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct iam_policy p;
    JSON_AUTO o = json_parse(bad[i], strlen(bad[i]));
    assert_int_equal(iam_decode_policy(o, &want, &p, NULL), ERR_CORRUPT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cover),
      cmocka_unit_test(nothing_asked_matches_all),
      cmocka_unit_test(a_policy_has_an_age),
      cmocka_unit_test(a_policy_has_an_id),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
