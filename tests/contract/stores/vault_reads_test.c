// Readings of the Vault store: four kinds of 404, and each status that a server may answer with.
#include "tests/support/unit.h"

#include <string.h>

#include "tests/contract/stores/vault_script.h"

static void reads(void **state) {
  static const struct vault_want table[] = {
      {"present", {{GET_DATA, .body = VAULT_SECRET("3")}}, ERR_OK, VAULT_V("3"), NULL, 0},
      {"absent",
       {{GET_DATA, .status = 404, .body = VAULT_NOTHING}, VAULT_MOUNT("2")},
       ERR_MISSING,
       "",
       NULL,
       0},
      {"absent on another engine",
       {{GET_DATA, .status = 404, .body = VAULT_NOTHING}, VAULT_MOUNT("1")},
       ERR_REFUSED,
       "",
       "configure kv_version: 1",
       0},
      {"path of another engine",
       {{GET_DATA, .status = 404, .body = "{\"errors\":[],\"warnings\":[\"Invalid path\"]}"},
        VAULT_MOUNT("1")},
       ERR_REFUSED,
       "",
       "configure kv_version: 1",
       0},
      {"mount of another path",
       {{GET_DATA, .status = 404, .body = VAULT_NOTHING},
        {.url = "/ui/mounts/",
         .body = "{\"data\":{\"path\":\"secret/logs/\",\"type\":\"kv\",\"options\":"
                 "{\"version\":\"2\"}}}"}},
       ERR_REFUSED,
       "",
       "set mount and path",
       0},
      {"namespace in the mount's path",
       {{GET_DATA, .status = 404, .body = VAULT_NOTHING},
        {.url = "/ui/mounts/",
         .body = "{\"data\":{\"path\":\"team/secret/\",\"type\":\"kv\",\"options\":"
                 "{\"version\":\"2\"}}}"}},
       ERR_MISSING,
       "",
       NULL,
       0},
      {"no mount",
       {{GET_DATA, .status = 404, .body = ERRORS("no handler for route \\\"secret/data\\\"")}},
       ERR_REFUSED,
       "",
       "no mount 'secret'",
       0},
      {"not Vault's 404",
       {{GET_DATA, .status = 404, .body = "<html>\x1b[1mnot found", .content_type = "text/html"}},
       ERR_UNSENT,
       "",
       "but not Vault's",
       0},
      {"deleted",
       {{GET_DATA, .status = 404, .body = "{\"data\":{\"data\":null," VAULT_META("4") "}}"}},
       ERR_MISSING,
       VAULT_V("4") "-",
       "deleted",
       0},
      {"others' fields only",
       {{GET_DATA, .body = "{\"data\":{\"data\":{\"team\":\"x\"}," VAULT_META("5") "}}"}},
       ERR_MISSING,
       VAULT_V("5"),
       "absent or empty",
       0},
      {"no text",
       {{GET_DATA, .body = "{\"data\":{\"data\":{\"api_key\":5}," VAULT_META("5") "}}"}},
       ERR_CORRUPT,
       VAULT_V("5"),
       "no text",
       0},
      {"no version",
       {{GET_DATA, .body = "{\"data\":{\"api_key\":\"x\"}}"}},
       ERR_CORRUPT,
       NULL,
       "no version",
       0},
      {"deletes itself later",
       {{GET_DATA, .body = "{\"data\":{\"data\":{\"api_key\":\"k\"},\"metadata\":{\"version\":1,"
                           "\"created_time\":\"" VAULT_T "\",\"deletion_time\":"
                           "\"2027-01-01T00:00:00Z\"}}}"}},
       ERR_OK,
       VAULT_V("1"),
       NULL,
       0},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void tells_troubles(void **state) {
  static const struct vault_want table[] = {
      {"sealed",
       {{GET_DATA, .status = 503, .body = ERRORS("Vault is sealed")}},
       ERR_LOCKED,
       "",
       "sealed: somebody has to unseal it",
       0},
      {"not initialised",
       {{GET_DATA, .status = 501, .body = VAULT_NOTHING}},
       ERR_LOCKED,
       "",
       "not initialised",
       0},
      {"overloaded",
       {{GET_DATA, .status = 503, .body = ERRORS("overloaded, try again later")}},
       ERR_THROTTLED,
       "",
       "overloaded",
       0},
      {"quota",
       {{GET_DATA, .status = 429, .body = ERRORS("request path: rate limit quota"),
         .retry_after_s = 300}},
       ERR_THROTTLED,
       "",
       "quota",
       0},
      {"lags, then not",
       {{GET_DATA, .status = 412, .body = VAULT_NOTHING, .times = 3},
        {GET_DATA, .body = VAULT_SECRET("3")}},
       ERR_OK,
       VAULT_V("3"),
       NULL,
       0},
      {"lags", {{GET_DATA, .status = 412, .body = VAULT_NOTHING}}, ERR_UNSENT, "", "lags", 0},
      {"upgrade, then not",
       {{GET_DATA, .status = 400, .times = 4,
         .body = ERRORS("Upgrading from non-versioned to versioned data. This backend will be "
                        "unavailable for a brief period")},
        {GET_DATA, .body = VAULT_SECRET("3")}},
       ERR_OK,
       VAULT_V("3"),
       NULL,
       0},
      {"internal, then not",
       {{GET_DATA, .status = 500, .body = ERRORS("local node not active"), .times = 2},
        {GET_DATA, .body = VAULT_SECRET("3")}},
       ERR_OK,
       VAULT_V("3"),
       NULL,
       0},
      {"internal",
       {{GET_DATA, .status = 500, .body = ERRORS("1 error\\n\\t* \\u001b[31mbad")}},
       ERR_UNSENT,
       "",
       "1 error * ?[31mbad",
       0},
      {"a page of a proxy",
       {{GET_DATA, .status = 502, .body = "<h1>Bad\ngateway</h1>", .content_type = "text/html"}},
       ERR_UNSENT,
       "",
       "<h1>Bad gateway</h1>",
       0},
      {"no right",
       {{GET_DATA, .status = 403, .body = ERRORS("permission denied"), .times = 1}, LOOKUP_GOOD},
       ERR_DENIED,
       "",
       "path \"secret/data/logs/edge\"",
       0},
      {"repeats the token",
       {{GET_DATA, .status = 400, .body = ERRORS("header " VAULT_SCRIPT_TOKEN " is bad")}},
       ERR_REFUSED,
       "",
       "repeats what was sent",
       0},
      {"no answer, then one",
       {{GET_DATA, .result = ERR_UNSURE, .times = 1}, {GET_DATA, .body = VAULT_SECRET("3")}},
       ERR_OK,
       VAULT_V("3"),
       NULL,
       0},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void follows_one_redirect(void **state) {
  static const struct vault_want table[] = {
      {"to the active node",
       {{.method = "GET",
         .url = "https://vault:8200/v1/secret",
         .status = 307,
         .location = "https://active:8200/v1/secret/data/logs/edge"},
        {.method = "GET",
         .url = "https://active:8200/v1/secret/data/logs/edge$",
         .body = VAULT_SECRET("3")}},
       ERR_OK,
       VAULT_V("3"),
       NULL,
       0},
      {"to plain http",
       {{GET_DATA, .status = 307, .location = "http://active:8200/v1/secret/data/logs/edge"}},
       ERR_UNSENT,
       "",
       "https://",
       0},
      {"twice",
       {{GET_DATA, .status = 307, .location = "https://active:8200/v1/secret/data/logs/edge"}},
       ERR_UNSENT,
       "",
       "redirects again",
       0},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void check_tells_what_deletes_itself(void **state) {
  static const struct script_row rows[] = {
      VAULT_MOUNT("2"),
      {.method = "POST",
       .url = "/v1/sys/capabilities-self$",
       .status = 403,
       .body = ERRORS("permission denied"),
       .times = 2},
      LOOKUP_GOOD,
      {GET_DATA, .body = "{\"data\":{\"data\":{\"api_key\":\"k\"},\"metadata\":{\"version\":1,"
                         "\"created_time\":\"" VAULT_T "\",\"deletion_time\":"
                         "\"2027-01-01T00:00:00Z\"}}}"},
  };
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), NULL);
  assert_int_equal(ERR_REFUSED, store_check(s->it, &e));
  assert_non_null(strstr(e.text, "deletes itself at 2027-01-01"));
}

#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, vault_script_setup, vault_script_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      VAULT_TEST(reads),
      VAULT_TEST(tells_troubles),
      VAULT_TEST(follows_one_redirect),
      VAULT_TEST(check_tells_what_deletes_itself),
  };
  int failed = cmocka_run_group_tests_name("vault readings", tests, NULL, NULL);
  return failed != 0;
}
