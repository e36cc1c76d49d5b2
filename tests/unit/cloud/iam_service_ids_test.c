#include <string.h>

#include "tests/unit/cloud/fixture.h"

#define SID(n, name)                                                                               \
  "{\"id\":\"ServiceId-" n "\",\"iam_id\":\"iam-ServiceId-" n "\",\"name\":\"" name                \
  "\",\"account_id\":\"" ACCOUNT "\"}"

#define NO_GROUPS "{\"serviceid_groups\":[]}"
#define ONE_GROUP                                                                                  \
  "{\"serviceid_groups\":[{\"id\":\"g-1\",\"name\":\"a\",\"account_id\":\"" ACCOUNT "\"}]}"
#define NONE "{\"serviceids\":[]}"

static enum err find(struct fixture *f, const char *what, struct iam_service_id *ret,
                     size_t *ret_n) {
  return f->iam->ops->find_service_id(f->iam, ACCOUNT, what, ret, ret_n, &f->e);
}

static void by_id(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "/v1/serviceids/ServiceId-1?show_group_id=true$", .body = SID("1", "n")},
      {.url = "/v1/serviceids/ServiceId-2?show_group_id=true$", .status = 404, .body = GONE},
      {.url = "/v1/serviceids/ServiceId-3?show_group_id=true$", .status = 404, .body = HTML}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_service_id s;
  size_t n = 0;
  assert_int_equal(find(&f, "ServiceId-1", &s, &n), ERR_OK);
  assert_string_equal(s.iam_id, "iam-ServiceId-1");
  assert_int_equal(n, 1);
  assert_int_equal(find(&f, "iam-ServiceId-1", &s, &n), ERR_OK);
  assert_int_equal(find(&f, "ServiceId-2", &s, &n), ERR_MISSING);
  assert_int_equal(find(&f, "ServiceId-3", &s, &n), ERR_REFUSED);
  fixture_close(&f);
}

static void by_name_on_all_pages(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "/v1/serviceid_groups?account_id=" ACCOUNT "$", .body = NO_GROUPS},
      {.url = "pagetoken=2$",
       .body = "{\"serviceids\":[" SID("1", "logs agent") "," SID("3", "logs agent") "]}"},
      {.url = "$",
       .body = "{\"serviceids\":[" SID("9", "logs agent 2") "," SID(
           "1", "logs agent") "],"
                              "\"next\":\"/v1/serviceids?pagetoken=2\"}"}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_service_id s;
  size_t n = 0;
  assert_int_equal(find(&f, "logs agent", &s, &n), ERR_OK);
  assert_string_equal(s.id, "ServiceId-1");
  assert_int_equal(n, 2);
  assert_string_equal(scripted_request(f.transport, 0)->url,
                      BASE "/v1/serviceids?account_id=" ACCOUNT
                           "&name=logs%20agent&show_group_id=true&pagesize=100");
  fixture_close(&f);
}

static void by_name_without_luck(void **state) {
  (void)state;
  static const struct {
    struct script_row answer;
    enum err err;
  } rows[] = {
      {{.url = "$", .body = "{\"serviceids\":[],\"serviceid_groups\":[]}"}, ERR_MISSING},
      {{.url = "$", .body = "{\"serviceids\":[" SID("9", "another") "],\"serviceid_groups\":[]}"},
       ERR_MISSING},
      {{.url = "$", .body = "{}"}, ERR_CORRUPT},
      {{.url = "$", .body = "{\"serviceids\":[7]}"}, ERR_CORRUPT},
      {{.url = "$", .body = "{\"serviceids\":[],\"next\":\"/v1/serviceids?pagetoken=a\"}"},
       ERR_CORRUPT},
      {{.url = "$", .status = 404, .body = GONE}, ERR_REFUSED},
      {{.url = "$", .status = 403, .body = "{}"}, ERR_DENIED},
      {{.url = "$", .result = ERR_UNSENT}, ERR_UNSENT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    fixture_open(&f, &rows[i].answer, 1);
    struct iam_service_id s;
    size_t n = 7;
    assert_int_equal(find(&f, "logs agent", &s, &n), rows[i].err);
    assert_int_equal(f.e.kind, rows[i].err);
    assert_int_equal(n, 7);
    fixture_close(&f);
  }
}

// R3: a list without group_id shows the default group alone; a twin must not be made of one that is
// in another.
static void r3_names_are_looked_for_in_all_groups(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "/v1/serviceid_groups?account_id=" ACCOUNT "$", .body = ONE_GROUP},
      {.url = "group_id=g-1&",
       .body = "{\"serviceids\":[{\"id\":\"ServiceId-5\",\"iam_id\":\"iam-ServiceId-5\","
               "\"name\":\"logs agent\",\"group_id\":\"g-1\"}]}"},
      {.url = "/v1/serviceids?account_id=", .body = NONE}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_service_id s;
  size_t n = 0;
  assert_int_equal(find(&f, "logs agent", &s, &n), ERR_OK);
  assert_string_equal(s.id, "ServiceId-5");
  assert_string_equal(s.group, "g-1");
  assert_int_equal(n, 1);
  assert_int_equal(find(&f, "nobody", &s, &n), ERR_MISSING);
  fixture_close(&f);
}

// A group whose list shows the default one's too is no second of the name; one of its own is.
static void r3_a_name_in_two_groups_counts_twice(void **state) {
  (void)state;
  static const struct {
    const char *in_group;
    size_t n;
  } cases[] = {{"{\"serviceids\":[" SID("1", "logs agent") "]}", 1},
               {"{\"serviceids\":[" SID("5", "logs agent") "]}", 2}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct fixture f;
    const struct script_row rows[] = {
        {.url = "/v1/serviceid_groups?account_id=", .body = ONE_GROUP},
        {.url = "group_id=g-1&", .body = cases[i].in_group},
        {.url = "$", .body = "{\"serviceids\":[" SID("1", "logs agent") "]}"}};
    fixture_open(&f, rows, COUNT(rows));
    struct iam_service_id s;
    size_t n = 0;
    assert_int_equal(find(&f, "logs agent", &s, &n), ERR_OK);
    assert_string_equal(s.id, "ServiceId-1");
    assert_int_equal(n, cases[i].n);
    fixture_close(&f);
  }
}

// Not seen is not missing where groups can't be listed. A service without groups has none.
static void r3_groups_that_are_not_told(void **state) {
  (void)state;
  static const struct {
    struct script_row groups;
    enum err unseen, seen;
  } cases[] = {{{.url = "/v1/serviceid_groups", .status = 403, .body = "{}"}, ERR_DENIED, ERR_OK},
               {{.url = "/v1/serviceid_groups", .status = 400, .body = "{}"}, ERR_DENIED, ERR_OK},
               {{.url = "/v1/serviceid_groups", .status = 404, .body = GONE}, ERR_MISSING, ERR_OK},
               {{.url = "/v1/serviceid_groups", .status = 404, .body = HTML}, ERR_MISSING, ERR_OK},
               {{.url = "/v1/serviceid_groups", .status = 405, .body = "{}"}, ERR_MISSING, ERR_OK},
               {{.url = "/v1/serviceid_groups", .result = ERR_UNSENT}, ERR_UNSENT, ERR_UNSENT},
               {{.url = "/v1/serviceid_groups", .body = "{}"}, ERR_CORRUPT, ERR_CORRUPT},
               {{.url = "/v1/serviceid_groups", .body = "{\"serviceid_groups\":[{}]}"},
                ERR_CORRUPT,
                ERR_CORRUPT}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct fixture f;
    const struct script_row rows[] = {
        cases[i].groups,
        {.url = "name=here", .body = "{\"serviceids\":[" SID("1", "here") "]}"},
        {.url = "$", .body = NONE}};
    fixture_open(&f, rows, COUNT(rows));
    struct iam_service_id s;
    size_t n = 0;
    assert_int_equal(find(&f, "not here", &s, &n), cases[i].unseen);
    assert_int_equal(f.e.kind, cases[i].unseen);
    assert_int_equal(find(&f, "here", &s, &n), cases[i].seen);
    fixture_close(&f);
  }
}

static void creation(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.method = "POST",
                                            .url = "/v1/serviceids$",
                                            .status = 201,
                                            .times = 1,
                                            .body = SID("1", "n")},
                                           {.url = "$", .times = 1, .result = ERR_UNSURE},
                                           {.url = "$", .status = 201, .body = "{}"}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_service_id s;
  const struct iam_ops *ops = f.iam->ops;
  assert_int_equal(ops->create_service_id(f.iam, ACCOUNT, "n", "d", &s, &f.e), ERR_OK);
  assert_string_equal(s.id, "ServiceId-1");
  assert_string_equal(scripted_last(f.transport)->body,
                      "{\"account_id\":\"" ACCOUNT "\",\"name\":\"n\",\"description\":\"d\"}");
  assert_int_equal(scripted_last(f.transport)->replay, HTTP_REPLAY_NEVER);
  assert_int_equal(ops->create_service_id(f.iam, ACCOUNT, "n", NULL, &s, &f.e), ERR_UNSURE);
  assert_int_equal(ops->create_service_id(f.iam, ACCOUNT, "n", NULL, &s, &f.e), ERR_CORRUPT);
  assert_int_equal(scripted_count(f.transport), 3);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_id),
      cmocka_unit_test(by_name_on_all_pages),
      cmocka_unit_test(by_name_without_luck),
      cmocka_unit_test(r3_names_are_looked_for_in_all_groups),
      cmocka_unit_test(r3_a_name_in_two_groups_counts_twice),
      cmocka_unit_test(r3_groups_that_are_not_told),
      cmocka_unit_test(creation),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
