// What the store of IBM Cloud Secrets Manager makes of a write: other writers, lost answers, locks,
// lists that lag; and which settings make an item.
#include <stdio.h>
#include <string.h>

#include "tests/contract/stores/secrets_manager_script.h"
#include "tests/support/unit.h"

// The number that the last write bears in its body, into `dst`.
static void mark_of_last_write(char dst[17]) {
  const char *body = "", *at = NULL;
  for (size_t i = 0; i < scripted_count(sm.script); i++)
    if (strcmp(scripted_request(sm.script, i)->method, "POST") == 0)
      body = scripted_request(sm.script, i)->body;
  at = strstr(body, "\"rotator_write\":\"");
  assert_non_null(at);
  memcpy(dst, at + strlen("\"rotator_write\":\""), 16);
  dst[16] = '\0';
}

static void writes_a_version(void **state) {
  (void)state;
  struct store_version v = {""};
  struct error e = {0};
  static const struct script_row rows[] = {BY_NAME, CURRENT(V("v1", "")), POST_OK("v2"),
                                           LIST(VERSIONS("v2", "v1"))};
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, write_it(&v, &e));
  assert_string_equal("v2", v.text);
  const struct script_request *post = scripted_request(sm.script, 2);
  assert_string_equal("POST", post->method);
  assert_non_null(strstr(post->url, HOST "/api/v2/secrets/S1/versions"));
  assert_int_equal(HTTP_REPLAY_NEVER, post->replay);
  assert_non_null(strstr(post->body, "\"payload\":\"" VALUE "\""));
  assert_non_null(strstr(post->body, "\"rotator_key_id\":\"ApiKey-1\""));
  // The key is in the payload and nowhere else.
  assert_null(strstr(strstr(post->body, VALUE) + 1, VALUE));
}

struct want {
  const char *name;
  struct script_row rows[6];
  enum err err;
  const char *says;
  size_t posts;
};

static size_t rows_of(const struct want *w) {
  size_t n = 0;
  while (n < COUNT_OF(w->rows) && (w->rows[n].method || w->rows[n].url))
    n++;
  return n;
}

#define HAS_ONE BY_NAME, CURRENT(V("v1", ""))
#define LOST {.method = "POST", .result = ERR_UNSURE}

static void tells_what_went_wrong(void **state) {
  (void)state;
  static const struct want table[] = {
      {"another came before ours",
       {HAS_ONE, POST_OK("v3"), LIST(VERSIONS("v3", "v2"))},
       ERR_UNSURE,
       "just before ours",
       1},
      {"another came after ours",
       {HAS_ONE, POST_OK("v2"), LIST(VERSIONS("v3", "v2"))},
       ERR_UNSURE,
       "after ours",
       1},
      {"the list is denied after the write",
       {HAS_ONE, POST_OK("v2"), {.url = "/secrets/S1/versions$", .status = 403}},
       ERR_UNSURE,
       "not known",
       1},
      {"the list never shows it",
       {HAS_ONE, POST_OK("v2"), LIST(VERSIONS("v1", "v0"))},
       ERR_UNSURE,
       "does not show",
       1},
      {"locked",
       {HAS_ONE, POST_FAILS(412, ERROR("x", "because the secret version is locked"))},
       ERR_LOCKED,
       "not let go",
       1},
      {"no right", {HAS_ONE, POST_FAILS(403, ERROR("x", VALUE))}, ERR_DENIED, "--roles Writer", 1},
      {"a text that repeats the value",
       {HAS_ONE, POST_FAILS(400, ERROR("bad", "what is " VALUE "?"))},
       ERR_REFUSED,
       "HTTP 400 bad",
       1},
      {"deleted meanwhile",
       {HAS_ONE, POST_FAILS(404, ERROR("not_found", ""))},
       ERR_UNSURE,
       "deleted",
       1},
      {"a gateway in front", {HAS_ONE, POST_FAILS(404, "<html>")}, ERR_UNSURE, NULL, 1},
      {"an outage", {HAS_ONE, POST_FAILS(503, NULL)}, ERR_UNSURE, "HTTP 503", 1},
      {"lost, and not there", {HAS_ONE, LOST}, ERR_UNSURE, NULL, 1},
      {"not sent", {HAS_ONE, {.method = "POST", .result = ERR_UNSENT}}, ERR_UNSENT, NULL, 4},
      {"too many", {HAS_ONE, POST_FAILS(429, NULL)}, ERR_THROTTLED, NULL, 4},
      {"an answer without an id",
       {HAS_ONE, {.method = "POST", .status = 201, .body = "{}"}},
       ERR_UNSURE,
       "no id",
       1},
      {"not readable before", {{.method = "GET", .status = 503}}, ERR_UNSENT, NULL, 0},
  };
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    struct store_version v = {"untouched"};
    struct error e = {0};
    int line = 0;
    assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, NULL, &line, &e));
    size_t before = writes();
    answers(table[i].rows, rows_of(&table[i]));
    enum err err = write_it(&v, &e);
    if (err != table[i].err || (table[i].says && !strstr(e.text, table[i].says)) ||
        writes() - before != table[i].posts)
      fail_msg("%s: %s \"%s\", %zu writes", table[i].name, err_name(err), e.text,
               writes() - before);
    assert_string_equal("untouched", v.text);
  }
}

// After a write without an answer the newest version is looked at: the number that it bears says
// whether it is that write. The number is chance, and the same in both halves of the test.
static void finds_its_own_write(void **state) {
  char mark[17], found[512];
  struct store_version v = {""};
  struct error e = {0};
  static const struct script_row lost[] = {HAS_ONE, LOST};
  answers(lost, COUNT_OF(lost));
  assert_int_equal(ERR_UNSURE, write_it(&v, &e));
  assert_int_equal(4, sm.env.n_sleeps);
  mark_of_last_write(mark);
  assert_int_equal(16, strspn(mark, "0123456789abcdef"));
  secrets_manager_teardown(state);
  secrets_manager_setup(state);
  snprintf(found, sizeof found, V("v2", ",\"version_custom_metadata\":{\"rotator_write\":\"%s\"}"),
           mark);
  const struct script_row rows[] = {BY_NAME,
                                    {.url = "/versions/current$", .body = V("v1", ""), .times = 2},
                                    CURRENT(found),
                                    LOST,
                                    LIST(VERSIONS("v2", "v1"))};
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, write_it(&v, &e));
  assert_string_equal("v2", v.text);
  assert_int_equal(1, writes());
  assert_int_equal(2, sm.env.n_sleeps);
}

// A list, and then a reading, that lag behind our own write are waited for.
static void waits_for_readings_that_lag(void **state) {
  (void)state;
  struct store_version v = {""};
  struct error e = {0};
  static const struct script_row rows[] = {
      HAS_ONE,
      POST_OK("v2"),
      {.url = "/secrets/S1/versions$", .body = VERSIONS("v1", "v0"), .times = 2},
      LIST(VERSIONS("v2", "v1"))};
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, write_it(&v, &e));
  assert_int_equal(2, sm.env.n_sleeps);
  static const struct script_row late[] = {
      {.url = "/versions/current$", .body = V("v1", ""), .times = 3}, CURRENT(V("v2", ""))};
  answers(late, COUNT_OF(late));
  assert_int_equal(ERR_OK, read_it(&v, &e));
  assert_string_equal("v2", v.text);
  assert_int_equal(5, sm.env.n_sleeps);
  static const struct script_row never[] = {CURRENT(V("v1", ""))};
  answers(never, COUNT_OF(never));
  assert_int_equal(ERR_UNSENT, read_it(&v, &e));
  assert_non_null(strstr(e.text, "lag"));
}

static void makes_a_secret(void **state) {
  (void)state;
  struct store_version v = {""};
  struct error e = {0};
  static const struct script_row rows[] = {
      {.method = "GET", .url = "/secrets/edge$", .status = 404, .body = ERROR("not_found", "")},
      {.method = "GET", .url = "/secrets?", .body = "{\"secrets\":[]}"},
      {.method = "POST", .url = "/api/v2/secrets$", .status = 201, .body = "{\"id\":\"S1\"}"},
      CURRENT(V("v1", ""))};
  answers(rows, COUNT_OF(rows));
  // Its newest version is not ours: somebody was faster.
  assert_int_equal(ERR_UNSURE, write_it(&v, &e));
  assert_non_null(strstr(e.text, "somebody else"));
  const struct script_request *post = scripted_request(sm.script, 2);
  assert_non_null(strstr(post->body, "\"name\":\"edge\""));
  assert_non_null(strstr(post->body, "\"secret_group_id\":\"default\""));
  assert_null(strstr(post->body, "expiration"));
}

static void keeps_foreign_fields(void **state) {
  (void)state;
  static const char *const pairs[] = {"type", "kv", "fields.value", "KEY", "fields.id", "", NULL};
  struct store_version v = {""};
  struct error e = {0};
  int line = 0;
  static const struct script_row rows[] = {
      {.url = "/secret_groups/default/secret_types/kv/secrets/edge$", .body = "{\"id\":\"S1\"}"},
      CURRENT("{\"id\":\"v1\",\"data\":{\"team\":{\"n\":[1.5,null]},\"KEY\":\"old\"}}"),
      POST_OK("v2"),
      LIST(VERSIONS("v2", "v1"))};
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, pairs, &line, &e));
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, write_it(&v, &e));
  const struct script_request *post = scripted_request(sm.script, 2);
  assert_non_null(
      strstr(post->body, "\"data\":{\"team\":{\"n\":[1.5,null]},\"KEY\":\"" VALUE "\"}"));
  static const struct script_row inexact[] = {
      CURRENT("{\"id\":\"v2\",\"data\":{\"n\":9007199254740993}}")};
  answers(inexact, COUNT_OF(inexact));
  assert_int_equal(ERR_REFUSED, write_it(&v, &e));
  assert_non_null(strstr(e.text, "'n'"));
  assert_int_equal(1, writes());
}

// --- settings ---

static void settings_that_do_not_fit(void **state) {
  (void)state;
  static const struct {
    const char *pairs[7];
    enum store_kind kind;
    int line;
    const char *says;
  } wrong[] = {
      {{"instance", "99999999-2222-4333-8444-555555555555", NULL}, STORE_SINK, 1, "CRN"},
      {{"instance",
        "crn:v1:bluemix:public:logs:eu-de:a/x:99999999-2222-4333-8444-555555555555::", NULL},
       STORE_SINK,
       1,
       "CRN"},
      {{"instance",
        "crn:v1:bluemix:public:secrets-manager:evil.com/:a/x:99999999-2222-4333-8444-555555555555"
        "::",
        NULL},
       STORE_SINK,
       1,
       "CRN"},
      {{"endpoint", "classic", NULL}, STORE_SINK, 1, "endpoint"},
      {{"endpoint", "https://example.com", NULL}, STORE_SINK, 1, "tokens are sent"},
      {{"endpoint", "https://secrets-manager.appdomain.cloud.example.com", NULL},
       STORE_SINK,
       1,
       "tokens are sent"},
      {{"endpoint", "https://xsecrets-manager.appdomain.cloud", NULL}, STORE_SINK, 1, "tokens are"},
      {{"endpoint", "http://a.secrets-manager.appdomain.cloud", NULL}, STORE_SINK, 1, "https://"},
      {{"endpoint", "https://127.0.0.1:1/", NULL}, STORE_SINK, 1, "slash"},
      {{"endpoint", "https://u@127.0.0.1:1", NULL}, STORE_SINK, 1, "endpoint"},
      {{"timeout", "0s", NULL}, STORE_SINK, 1, "timeout"},
      {{"auth.api_key.file", "/a", "auth.api_key.credential", "b", NULL}, STORE_SINK, 2, "one of"},
      {{"name", "a", NULL}, STORE_SINK, 1, "name"},
      {{"name", "a_b", NULL}, STORE_SINK, 1, "name"},
      {{"name", "-ab", NULL}, STORE_SINK, 1, "name"},
      {{"name", "a/../b", NULL}, STORE_SINK, 1, "name"},
      {{"group", "", NULL}, STORE_SINK, 1, "group"},
      {{"group_id", "5a3c0b7e-1111-4222-8333-9a9b9c9d9e9f", NULL}, STORE_SINK, 1, "beside it"},
      {{"group", "logs", "group_id", "x", NULL}, STORE_SINK, 2, "UUID"},
      {{"type", "kv", NULL}, STORE_HOME, 1, "arbitrary"},
      {{"fields.value", "x", NULL}, STORE_SINK, 1, "kv"},
      {{"type", "kv", "fields.value", "", NULL}, STORE_SINK, 2, "needs a name"},
      {{"type", "kv", "fields.id", "api_key", NULL}, STORE_SINK, 2, "same field"},
  };
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    struct error e = {0};
    int line = -1;
    enum err err = secrets_manager_open(wrong[i].kind, wrong[i].pairs, &line, &e);
    if (err != ERR_INVALID || line != wrong[i].line || !strstr(e.text, wrong[i].says))
      fail_msg("%s %s: %s, line %d: %s", wrong[i].pairs[0], wrong[i].pairs[1], err_name(err), line,
               e.text);
  }
}

static void assert_goes_to(const char *const pairs[], const char *start) {
  static const struct script_row rows[] = {{.result = ERR_UNSENT}};
  struct store_version v;
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, pairs, &line, &e));
  answers(rows, COUNT_OF(rows));
  assert_int_equal(ERR_UNSENT, read_it(&v, &e));
  const char *url = scripted_last(sm.script)->url;
  if (strncmp(url, start, strlen(start)) != 0)
    fail_msg("%s does not begin with %s", url, start);
}

static void settings_say_where(void **state) {
  (void)state;
  static const char *const private[] = {"endpoint", "private", NULL};
  static const char *const url[] = {
      "endpoint", "https://x.private.eu-gb.secrets-manager.appdomain.cloud:8443/p", NULL};
  static const char *const local[] = {"endpoint", "http://127.0.0.1:1/instances/g", NULL};
  static const char *const grouped[] = {"group", "log s", NULL};
  assert_goes_to(NULL, HOST "/api/v2/secret_groups/default/secret_types/arbitrary/secrets/edge");
  assert_goes_to(private, "https://99999999-2222-4333-8444-555555555555.private.eu-de."
                          "secrets-manager.appdomain.cloud/api/v2/");
  assert_goes_to(url, "https://x.private.eu-gb.secrets-manager.appdomain.cloud:8443/p/api/v2/");
  assert_goes_to(local, "http://127.0.0.1:1/instances/g/api/v2/");
  assert_goes_to(grouped, HOST "/api/v2/secret_groups/log%20s/");
}

// One place, whatever the way there; of class C, which many hosts must not share.
static void items_are_of_class_c(void **state) {
  (void)state;
  static const char *const other[] = {"endpoint", "private", "group", "logs", NULL};
  char place[sizeof sm.it->place];
  struct error e = {0};
  int line = 0;
  assert_int_equal(STORE_CLASS_C, sm.it->class);
  assert_true(sm.it->longest_ms > 0);
  assert_true(sm.it->stale_reads);
  strcpy(place, sm.it->place);
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, other, &line, &e));
  assert_string_equal(place, sm.it->place);
}

#define SM_TEST(test)                                                                              \
  cmocka_unit_test_setup_teardown(test, secrets_manager_setup, secrets_manager_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      SM_TEST(writes_a_version),         SM_TEST(tells_what_went_wrong),
      SM_TEST(finds_its_own_write),      SM_TEST(waits_for_readings_that_lag),
      SM_TEST(makes_a_secret),           SM_TEST(keeps_foreign_fields),
      SM_TEST(settings_that_do_not_fit), SM_TEST(settings_say_where),
      SM_TEST(items_are_of_class_c),
  };
  int failed = cmocka_run_group_tests_name("secrets manager, writes", tests, NULL, NULL);
  return failed != 0;
}
