// What the store of IBM Cloud Secrets Manager makes of answers: when it reads, and when it looks
// before anything is changed.
#include <string.h>

#include "tests/contract/stores/secrets_manager_script.h"
#include "tests/support/unit.h"

struct want {
  const char *name;
  struct script_row rows[5];
  enum err err;
  const char *version; // NULL: not looked at
  const char *says;    // part of the error's text; NULL: any
};

static size_t rows_of(const struct want *w) {
  size_t n = 0;
  while (n < COUNT_OF(w->rows) && (w->rows[n].method || w->rows[n].url))
    n++;
  return n;
}

static void assert_told(const struct want *w, enum err err, const struct error *e) {
  if (err != w->err || (w->says && !strstr(e->text, w->says)))
    fail_msg("%s: %s \"%s\"", w->name, err_name(err), e->text);
}

static void reopen(void) {
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, NULL, &line, &e));
}

#define PAGE(secrets) {.method = "GET", .url = "/secrets?", .body = "{\"secrets\":[" secrets "]}"}
#define IN_GROUP(id)                                                                               \
  "{\"name\":\"edge\",\"secret_type\":\"arbitrary\",\"secret_group_id\":\"" id "\"}"
#define NO_NAME                                                                                    \
  {.method = "GET", .url = "/secrets/edge$", .status = 404, .body = ERROR("not_found", "none")}

static void reads(void **state) {
  (void)state;
  static const struct want table[] = {
      {"a value", {BY_NAME, CURRENT(V("v1", ""))}, ERR_OK, "v1", NULL},
      {"no name, no entry of the list", {NO_NAME, PAGE("")}, ERR_MISSING, "", "no such secret"},
      {"another of a longer name",
       {NO_NAME, PAGE("{\"name\":\"edge-2\",\"secret_type\":\"arbitrary\"}")},
       ERR_MISSING,
       "",
       NULL},
      {"in another group", {NO_NAME, PAGE(IN_GROUP("g-7"))}, ERR_REFUSED, NULL, "g-7"},
      {"listed, but not to be read", {NO_NAME, PAGE(IN_GROUP("default"))}, ERR_UNSENT, NULL, NULL},
      {"the list is denied",
       {NO_NAME, {.method = "GET", .url = "/secrets?", .status = 403, .body = ERROR("f", "no")}},
       ERR_DENIED,
       NULL,
       "--roles Writer"},
      {"a list that is none",
       {NO_NAME, {.method = "GET", .url = "/secrets?", .body = "{}"}},
       ERR_UNSENT,
       NULL,
       NULL},
      {"a gateway's 404",
       {{.method = "GET", .url = "/secrets/edge$", .status = 404, .body = "<html>"}},
       ERR_UNSENT,
       NULL,
       "wrong endpoint"},
      {"no right",
       {{.method = "GET", .url = "/secrets/edge$", .status = 403, .body = ERROR("f", VALUE)}},
       ERR_DENIED,
       NULL,
       "service-policy-create"},
      {"throttled",
       {{.method = "GET", .url = "/secrets/edge$", .status = 429}},
       ERR_THROTTLED,
       NULL,
       NULL},
      {"an outage", {{.method = "GET", .status = 503}}, ERR_UNSENT, NULL, "HTTP 503"},
      {"a redirect", {{.method = "GET", .status = 302}}, ERR_UNSENT, NULL, NULL},
      {"bad request", {{.method = "GET", .status = 400}}, ERR_REFUSED, NULL, NULL},
      {"no connection", {{.method = "GET", .result = ERR_UNSENT}}, ERR_UNSENT, NULL, NULL},
      {"no JSON", {{.method = "GET", .body = "<html>"}}, ERR_UNSENT, NULL, NULL},
      {"no id", {{.method = "GET", .body = "{\"id\":\"../x\"}"}}, ERR_UNSURE, NULL, "no id"},
      {"an id that is a path", {BY_NAME, CURRENT(V("a/b", ""))}, ERR_UNSURE, NULL, "no id"},
      {"a login page with status 200",
       {BY_NAME, CURRENT("<html>")},
       ERR_UNSENT,
       NULL,
       "is this Secrets Manager?"},
      {"a body that is cut", {BY_NAME, CURRENT("")}, ERR_UNSENT, NULL, "is this Secrets Manager?"},
      {"no payload", {BY_NAME, CURRENT("{\"id\":\"v1\"}")}, ERR_CORRUPT, "v1", "no payload"},
      {"an empty payload",
       {BY_NAME, CURRENT("{\"id\":\"v1\",\"payload\":\"\"}")},
       ERR_MISSING,
       "v1",
       "empty"},
      {"a payload that is no key",
       {BY_NAME, CURRENT("{\"id\":\"v1\",\"payload\":\"a b\"}")},
       ERR_CORRUPT,
       "v1",
       "a space"},
      {"a payload that is no text",
       {BY_NAME, CURRENT("{\"id\":\"v1\",\"payload\":7}")},
       ERR_CORRUPT,
       "v1",
       NULL},
      {"wiped",
       {BY_NAME, CURRENT("{\"id\":\"v1\",\"payload_available\":false}")},
       ERR_MISSING,
       "v1",
       "any more"},
      {"with a deadline",
       {BY_NAME, CURRENT(V("v1", ",\"expiration_date\":\"2030-01-01T00:00:00Z\""))},
       ERR_REFUSED,
       NULL,
       "2030-01-01"},
  };
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    struct store_version v = {"untouched"};
    struct error e = {0};
    reopen();
    answers(table[i].rows, rows_of(&table[i]));
    assert_told(&table[i], read_it(&v, &e), &e);
    if (table[i].version && strcmp(table[i].version, v.text) != 0)
      fail_msg("%s: version \"%s\"", table[i].name, v.text);
  }
}

// The id of a secret is kept; one that was deleted is looked for by its name again.
static void keeps_the_id(void **state) {
  (void)state;
  struct store_version v;
  struct error e = {0};
  static const struct script_row first[] = {BY_NAME, CURRENT(V("v1", ""))};
  answers(first, COUNT_OF(first));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_int_equal(1, scripted_count_of(sm.script, "GET", "/secrets/edge"));
  static const struct script_row gone[] = {
      {.url = "/secrets/S1/versions/current$", .status = 404, .body = ERROR("not_found", "")},
      {.url = "/secrets/edge$", .body = "{\"id\":\"S2\"}"},
      {.url = "/secrets/S2/versions/current$", .body = V("w1", "")}};
  answers(gone, COUNT_OF(gone));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_string_equal("w1", v.text);
  static const struct script_row half[] = {
      {.url = "/secrets/S2/versions/current$", .status = 404, .body = ERROR("not_found", "")},
      {.url = "/secrets/edge$", .body = "{\"id\":\"S3\"}"},
      {.url = "/secrets/S3/versions/current$", .status = 404, .body = ERROR("not_found", "")}};
  answers(half, COUNT_OF(half));
  assert_int_equal(ERR_UNSENT, read_it(&v, &e));
}

// A list of many pages is read to its end.
static void reads_all_pages(void **state) {
  (void)state;
  static char page[16384] = "{\"secrets\":[";
  struct store_version v;
  struct error e = {0};
  for (int i = 0; i < 100; i++)
    strcat(page, i ? ",{\"name\":\"edge-x\"}" : "{\"name\":\"edge-x\"}");
  strcat(page, "]}");
  const struct script_row rows[] = {NO_NAME,
                                    {.url = "offset=0$", .body = page},
                                    {.url = "offset=100$", .body = page},
                                    {.url = "offset=200$", .body = "{\"secrets\":[]}"}};
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_MISSING, read_it(&v, &e));
  assert_int_equal(3, scripted_count_of(sm.script, "GET", "/secrets?search=edge"));
  const struct script_row endless[] = {NO_NAME, {.url = "/secrets?", .body = page}};
  answers(endless, COUNT_OF(endless));
  assert_int_equal(ERR_REFUSED, read_it(&v, &e));
  assert_non_null(strstr(e.text, "no end"));
}

// --- tokens ---

static void asks_for_another_token_once(void **state) {
  (void)state;
  struct store_version v;
  struct error e = {0};
  static const struct script_row once[] = {
      {.url = "/secrets/edge$", .status = 401, .body = ERROR("x", TOKEN), .times = 1},
      BY_NAME,
      CURRENT(V("v1", ""))};
  answers(once, COUNT_OF(once));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_int_equal(1, sm.refused);
  const struct script_request *second = scripted_request(sm.script, 1);
  assert_string_equal("Bearer " TOKEN "-1", scripted_header(second, "Authorization"));
  assert_null(sm.key_file);
  static const struct script_row always[] = {{.status = 401}};
  reopen();
  answers(always, 1);
  assert_int_equal(ERR_DENIED, read_it(&v, &e));
  assert_non_null(strstr(e.text, "network zone"));
  assert_int_equal(2, sm.refused);
}

static void no_token_is_no_answer(void **state) {
  (void)state;
  static const struct {
    enum err given, want;
  } table[] = {{ERR_DENIED, ERR_DENIED},       {ERR_INVALID, ERR_DENIED},
               {ERR_MISSING, ERR_DENIED},      {ERR_CORRUPT, ERR_DENIED},
               {ERR_REFUSED, ERR_DENIED},      {ERR_UNSURE, ERR_UNSENT},
               {ERR_UNSENT, ERR_UNSENT},       {ERR_THROTTLED, ERR_THROTTLED},
               {ERR_CANCELLED, ERR_CANCELLED}, {ERR_INTERNAL, ERR_INTERNAL}};
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    struct store_version v = {"untouched"};
    struct error e = {0};
    sm.no_token = table[i].given;
    assert_int_equal(table[i].want, read_it(&v, &e));
    assert_string_equal("untouched", v.text);
  }
  assert_int_equal(0, scripted_count(sm.script));
}

static void uses_its_own_key(void **state) {
  (void)state;
  static const char *const pairs[] = {"auth.api_key.file", "/etc/rotator/sm.key", NULL};
  static const struct script_row rows[] = {BY_NAME, CURRENT(V("v1", ""))};
  struct store_version v;
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, pairs, &line, &e));
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_string_equal("/etc/rotator/sm.key", sm.key_file);
}

// --- the look before anything is changed ---

#define METADATA(text) {.url = "/secrets/S1/metadata$", .body = (text)}
#define LOCKS(text) {.url = "/secrets/S1/versions/previous/locks$", .body = (text)}
#define FOUND BY_NAME, CURRENT(V("v1", ""))

static void checks(void **state) {
  (void)state;
  static const struct want table[] = {
      {"all is well", {FOUND, METADATA("{\"state\":1,\"locks_total\":0}")}, ERR_OK, NULL, NULL},
      {"locks on the newest alone",
       {FOUND, METADATA("{\"locks_total\":1}"), LOCKS("{\"locks\":[]}")},
       ERR_OK,
       NULL,
       NULL},
      {"a lock on the one before",
       {FOUND, METADATA("{\"locks_total\":2}"),
        LOCKS("{\"locks\":[{\"name\":\"agent-a\"},{\"name\":\"b\"}]}")},
       ERR_REFUSED,
       NULL,
       "agent-a, b"},
      {"no version before",
       {FOUND,
        METADATA("{}"),
        {.url = "/locks$", .status = 404, .body = ERROR("not_found", "none")}},
       ERR_OK,
       NULL,
       NULL},
      {"locks may not be looked at",
       {FOUND, METADATA("{}"), {.url = "/locks$", .status = 403}},
       ERR_OK,
       NULL,
       NULL},
      {"locks cannot be looked at",
       {FOUND, METADATA("{}"), {.url = "/locks$", .status = 503}},
       ERR_UNSENT,
       NULL,
       NULL},
      {"another type",
       {FOUND, METADATA("{\"secret_type\":\"iam_credentials\"}")},
       ERR_REFUSED,
       NULL,
       "not of the type arbitrary"},
      {"not active", {FOUND, METADATA("{\"state\":5}")}, ERR_REFUSED, NULL, "state is 5"},
      {"a deadline",
       {FOUND, METADATA("{\"expiration_date\":\"2030-01-01T00:00:00Z\"}")},
       ERR_REFUSED,
       NULL,
       "destroys its value"},
      {"absent", {NO_NAME, PAGE("")}, ERR_OK, NULL, NULL},
      {"no right to read",
       {{.url = "/secrets/edge$", .status = 403}},
       ERR_DENIED,
       NULL,
       "--service-instance 99999999"},
  };
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    struct error e = {0};
    reopen();
    answers(table[i].rows, rows_of(&table[i]));
    assert_told(&table[i], store_check(sm.it, &e), &e);
    assert_int_equal(0, writes());
  }
}

static void needs_the_id_of_the_group_to_make(void **state) {
  (void)state;
  static const char *const pairs[] = {"group", "logs", NULL};
  static const struct script_row rows[] = {
      {.url = "/secret_groups/logs/secret_types/arbitrary/secrets/edge$",
       .status = 404,
       .body = ERROR("not_found", "")},
      PAGE("")};
  struct store_version v = {""};
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, pairs, &line, &e));
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_REFUSED, store_check(sm.it, &e));
  assert_non_null(strstr(e.text, "set group_id"));
  assert_int_equal(ERR_REFUSED, write_it(&v, &e));
  assert_int_equal(0, writes());
}

// What is refused for its deadline is read by consumers all the same.
static void reads_what_is_served(void **state) {
  (void)state;
  struct secret *value = NULL;
  struct error e = {0};
  static const struct script_row rows[] = {
      BY_NAME, CURRENT(V("v1", ",\"expiration_date\":\"2030-01-01T00:00:00Z\""))};
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, store_read_served(sm.it, &value, &e));
  assert_string_equal(VALUE, secret_bytes(value));
  secret_free(value);
}

#define SM_TEST(test)                                                                              \
  cmocka_unit_test_setup_teardown(test, secrets_manager_setup, secrets_manager_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      SM_TEST(reads),
      SM_TEST(keeps_the_id),
      SM_TEST(reads_all_pages),
      SM_TEST(asks_for_another_token_once),
      SM_TEST(no_token_is_no_answer),
      SM_TEST(uses_its_own_key),
      SM_TEST(checks),
      SM_TEST(needs_the_id_of_the_group_to_make),
      SM_TEST(reads_what_is_served),
  };
  int failed = cmocka_run_group_tests_name("secrets manager, reads", tests, NULL, NULL);
  return failed != 0;
}
