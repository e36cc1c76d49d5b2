#include <string.h>

#include "rotator/base/json.h"
#include "tests/unit/cloud/fixture.h"

#define GUID "5a5a5a5a-0000-4000-8000-000000000001"
#define PID "9b9b9b9b-1111-4111-8111-111111111111"
#define SENDER "crn:v1:bluemix:public:logs::::serviceRole:Sender"
#define READER "crn:v1:bluemix:public:iam::::serviceRole:Reader"
#define ATTR(key, value)                                                                           \
  "{\"key\":\"" key "\",\"operator\":\"stringEquals\",\"value\":\"" value "\"}"
#define SUBJECT "\"subject\":{\"attributes\":[" ATTR("iam_id", IAM_ID) "]}"
#define CONTROL(role) "\"control\":{\"grant\":{\"roles\":[{\"role_id\":\"" role "\"}]}}"
#define RESOURCE(attributes) "\"resource\":{\"attributes\":[" attributes "]}"
#define LOGS(guid) ATTR("serviceName", "logs") "," ATTR("serviceInstance", guid)
#define POLICY(role, guid)                                                                         \
  "{\"id\":\"" PID "\",\"type\":\"access\",\"state\":\"active\"," SUBJECT                          \
  "," CONTROL(role) "," RESOURCE(LOGS(guid)) "}"
#define GOOD POLICY(SENDER, GUID)
#define CONFLICT(policy)                                                                           \
  "{\"trace\":\"t\",\"errors\":[{\"code\":\"policy_conflict_error\",\"message\":\"m\","            \
  "\"details\":"                                                                                   \
  "{\"conflicts_with\":{\"etag\":\"1-a\",\"policy\":" policy "}}}],\"status_code\":409}"

static enum err find(struct fixture *f, struct iam_policy *ret) {
  return f->iam->ops->find_sender(f->iam, ACCOUNT, IAM_ID, GUID, ret, &f->e);
}

static enum err grant(struct fixture *f, struct iam_policy *ret) {
  return f->iam->ops->grant_sender(f->iam, ACCOUNT, IAM_ID, GUID, ret, &f->e);
}

static void found_on_a_later_page(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "start=two$",
       .body = "{\"policies\":[" POLICY(SENDER, "x") "," GOOD "],\"next\":{\"start\":\"three\"}}"},
      {.url = "$",
       .body = "{\"policies\":[" POLICY(READER,
                                        GUID) "],\"next\":{\"href\":\"/v2/policies?start=two\"}}"}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_policy p;
  assert_int_equal(find(&f, &p), ERR_OK);
  assert_string_equal(p.id, PID);
  assert_string_equal(p.role, SENDER);
  assert_true(p.covers);
  assert_int_equal(scripted_count(f.transport), 2);
  assert_string_equal(scripted_request(f.transport, 0)->url,
                      BASE "/v2/policies?account_id=" ACCOUNT "&iam_id=" IAM_ID "&type=access");
  fixture_close(&f);
}

static void not_found(void **state) {
  (void)state;
  static const struct {
    struct script_row answer;
    enum err err;
  } rows[] = {
      {{.url = "$", .body = "{\"policies\":[]}"}, ERR_MISSING},
      {{.url = "$", .body = "{\"policies\":[" POLICY(READER, GUID) "]}"}, ERR_MISSING},
      {{.url = "$", .body = "{\"policies\":[],\"next\":{\"start\":\"a\"}}"}, ERR_CORRUPT},
      {{.url = "$", .body = "{\"policies\":[],\"next\":{\"href\":\"/v2/policies\"}}"}, ERR_CORRUPT},
      {{.url = "$", .body = "{\"policies\":[{}]}"}, ERR_CORRUPT},
      {{.url = "$", .body = "{}"}, ERR_CORRUPT},
      {{.url = "$", .status = 404, .body = GONE}, ERR_REFUSED},
      {{.url = "$", .status = 400, .body = LISTED("missing_required_query_parameter", "", "m")},
       ERR_REFUSED},
      {{.url = "$", .status = 403, .body = LISTED("insufficent_permissions", "", "m")}, ERR_DENIED},
      {{.url = "$", .status = 500, .body = HTML}, ERR_UNSURE},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    fixture_open(&f, &rows[i].answer, 1);
    struct iam_policy p;
    if (find(&f, &p) != rows[i].err)
      fail_msg("row %zu: %s", i, f.e.text);
    assert_int_equal(f.e.kind, rows[i].err);
    fixture_close(&f);
  }
}

static void a_grant_names_the_instance(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.method = "POST", .url = "/v2/policies$", .status = 201, .body = GOOD}};
  fixture_open(&f, rows, 1);
  struct iam_policy p;
  assert_int_equal(grant(&f, &p), ERR_OK);
  assert_true(p.covers);
  assert_string_equal(
      scripted_last(f.transport)->body,
      "{\"type\":\"access\",\"description\":\"Log ingestion; made by rotator\"," SUBJECT
      "," CONTROL(SENDER) "," RESOURCE(ATTR("accountId", ACCOUNT) "," LOGS(GUID)) "}");
  fixture_close(&f);
}

// The policy in the way, in every dress that the service is known to give it.
static void conflicts_are_understood(void **state) {
  (void)state;
  static const struct {
    const char *conflict, *by_id,
        *listed; // what the look by id and the list would answer; NULL: not asked
    enum err err;
  } rows[] = {
      {CONFLICT(GOOD), NULL, NULL, ERR_OK},
      {CONFLICT("\"{\\\"id\\\":\\\"" PID "\\\"}\""), GOOD, NULL, ERR_OK},
      {CONFLICT("\"" PID "\""), GOOD, NULL, ERR_OK},
      {CONFLICT("{\"id\":\"" PID "\"}"), GOOD, NULL, ERR_OK},
      {CONFLICT("{\"id\":\"" PID "\"}"), POLICY(READER, GUID), "{\"policies\":[" GOOD "]}", ERR_OK},
      {CONFLICT("null"), NULL, "{\"policies\":[" GOOD "]}", ERR_OK},
      {CONFLICT("\"not an id\""), NULL, "{\"policies\":[]}", ERR_EXISTS},
      {CONFLICT(POLICY(READER, GUID)), POLICY(READER, GUID), "{\"policies\":[]}", ERR_EXISTS},
      {CONFLICT(POLICY(SENDER, "another")), "{}", "{\"policies\":[]}", ERR_EXISTS},
      {"{\"errors\":[]}", NULL, "{\"policies\":[]}", ERR_EXISTS},
      {"{\"errors\":[{\"details\":\"text\"}]}", NULL, "{\"policies\":[]}", ERR_EXISTS},
      {"", NULL, "{\"policies\":[]}", ERR_EXISTS},
      {HTML, NULL, "{", ERR_EXISTS},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    const struct script_row script[] = {
        {.method = "POST", .url = "/v2/policies$", .status = 409, .body = rows[i].conflict},
        {.method = "GET", .url = "/v2/policies/" PID "$", .body = rows[i].by_id},
        {.method = "GET", .url = "/v2/policies?", .body = rows[i].listed}};
    fixture_open(&f, script, 3);
    struct iam_policy p = {0};
    if (grant(&f, &p) != rows[i].err)
      fail_msg("row %zu: %s", i, f.e.text);
    assert_int_equal(p.covers, rows[i].err == ERR_OK);
    assert_int_equal(scripted_count_of(f.transport, "GET", "/v2/policies/"), rows[i].by_id != NULL);
    assert_int_equal(scripted_count_of(f.transport, "GET", "/v2/policies?"),
                     rows[i].listed != NULL);
    fixture_close(&f);
  }
}

static void a_grant_fails(void **state) {
  (void)state;
  static const struct {
    struct script_row answer;
    enum err err;
  } rows[] = {
      {{.url = "$", .status = 400, .body = LISTED("invalid_body", "", "m")}, ERR_REFUSED},
      {{.url = "$", .status = 403, .body = LISTED("insufficent_permissions", "", "m")}, ERR_DENIED},
      {{.url = "$", .status = 404, .body = LISTED("role_not_found", "", "m")}, ERR_REFUSED},
      {{.url = "$", .status = 429}, ERR_THROTTLED},
      {{.url = "$", .status = 201, .body = "{}"}, ERR_CORRUPT},
      {{.url = "$", .status = 500}, ERR_UNSURE},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    fixture_open(&f, &rows[i].answer, 1);
    struct iam_policy p;
    assert_int_equal(grant(&f, &p), rows[i].err);
    fixture_close(&f);
  }
}

static void one_policy(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "/v2/policies/" PID "$", .times = 1, .body = POLICY(SENDER, "any")},
      {.url = "/v2/policies/" PID "$", .status = 404, .body = LISTED("policy_not_found", "", "m")}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_policy p;
  assert_int_equal(f.iam->ops->get_policy(f.iam, PID, &p, &f.e), ERR_OK);
  assert_true(p.covers);
  assert_string_equal(p.state, "active");
  assert_int_equal(f.iam->ops->get_policy(f.iam, PID, &p, &f.e), ERR_MISSING);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found_on_a_later_page),
      cmocka_unit_test(not_found),
      cmocka_unit_test(a_grant_names_the_instance),
      cmocka_unit_test(conflicts_are_understood),
      cmocka_unit_test(a_grant_fails),
      cmocka_unit_test(one_policy),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
