// Readings of the Vault store: four kinds of 404, and each status that a server may answer with.
#include "tests/support/unit.h"

#include <string.h>

#include "tests/contract/stores/vault_script.h"

static void reads(void **state) {
  static const struct vault_want table[] = {
      {.name = "present", .rows = {GET_OK(VAULT_SECRET("3"))}, .version = VAULT_V("3")},
      {.name = "deletes itself later", .rows = {GET_OK(VAULT_DYING)}, .version = VAULT_V("1")},
      {.name = "others' fields only",
       .rows = {GET_OK(VAULT_FIELDS("{\"team\":\"x\"}", "5"))},
       .err = ERR_MISSING,
       .version = VAULT_V("5"),
       .says = "absent or empty"},
      {.name = "no text",
       .rows = {GET_OK(VAULT_FIELDS("{\"api_key\":5}", "5"))},
       .err = ERR_CORRUPT,
       .version = VAULT_V("5"),
       .says = "no text"},
      {.name = "no version",
       .rows = {GET_OK("{\"data\":{\"api_key\":\"x\"}}")},
       .err = ERR_CORRUPT,
       .says = "no version"},
      {.name = "deleted",
       .rows = {GET_FAILS(404, VAULT_FIELDS("null", "4"))},
       .err = ERR_MISSING,
       .version = VAULT_V("4") "-",
       .says = "deleted"},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void tells_404s_apart(void **state) {
  static const struct vault_want table[] = {
      {.name = "absent",
       .rows = {GET_FAILS(404, VAULT_NOTHING), VAULT_MOUNT("2")},
       .err = ERR_MISSING,
       .version = ""},
      {.name = "absent on another engine",
       .rows = {GET_FAILS(404, VAULT_NOTHING), VAULT_MOUNT("1")},
       .err = ERR_REFUSED,
       .version = "",
       .says = "configure kv_version: 1"},
      {.name = "path of another engine",
       .rows = {GET_FAILS(404, "{\"errors\":[],\"warnings\":[\"Invalid path\"]}"),
                VAULT_MOUNT("1")},
       .err = ERR_REFUSED,
       .version = "",
       .says = "configure kv_version: 1"},
      {.name = "mount of another path",
       .rows = {GET_FAILS(404, VAULT_NOTHING), VAULT_MOUNT_OF("secret/logs/", "2")},
       .err = ERR_REFUSED,
       .version = "",
       .says = "set mount and path"},
      {.name = "namespace in the mount's path",
       .rows = {GET_FAILS(404, VAULT_NOTHING), VAULT_MOUNT_OF("team/secret/", "2")},
       .err = ERR_MISSING,
       .version = ""},
      {.name = "no mount",
       .rows = {GET_FAILS(404, ERRORS("no handler for route \\\"secret/data\\\""))},
       .err = ERR_REFUSED,
       .version = "",
       .says = "no mount 'secret'"},
      {.name = "not Vault's 404",
       .rows = {{GET_DATA, .status = 404, .body = "<html>\x1b[1mnot found",
                 .content_type = "text/html"}},
       .err = ERR_UNSENT,
       .version = "",
       .says = "but not Vault's"},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void tells_troubles(void **state) {
  static const struct vault_want table[] = {
      {.name = "sealed",
       .rows = {GET_FAILS(503, ERRORS("Vault is sealed"))},
       .err = ERR_LOCKED,
       .version = "",
       .says = "sealed: somebody has to unseal it"},
      {.name = "not initialised",
       .rows = {GET_FAILS(501, VAULT_NOTHING)},
       .err = ERR_LOCKED,
       .version = "",
       .says = "not initialised"},
      {.name = "overloaded",
       .rows = {GET_FAILS(503, ERRORS("overloaded, try again later"))},
       .err = ERR_THROTTLED,
       .version = "",
       .says = "overloaded"},
      {.name = "quota",
       .rows = {{GET_DATA, .status = 429, .body = ERRORS("request path: rate limit quota"),
                 .retry_after_s = 300}},
       .err = ERR_THROTTLED,
       .version = "",
       .says = "quota"},
      {.name = "lags",
       .rows = {GET_FAILS(412, VAULT_NOTHING)},
       .err = ERR_UNSENT,
       .version = "",
       .says = "lags"},
      {.name = "internal",
       .rows = {GET_FAILS(500, ERRORS("1 error\\n\\t* \\u001b[31mbad"))},
       .err = ERR_UNSENT,
       .version = "",
       .says = "1 error * ?[31mbad"},
      {.name = "a page of a proxy",
       .rows = {{GET_DATA, .status = 502, .body = "<h1>Bad\ngateway</h1>",
                 .content_type = "text/html"}},
       .err = ERR_UNSENT,
       .version = "",
       .says = "<h1>Bad gateway</h1>"},
      {.name = "no right",
       .rows = {{GET_DATA, .status = 403, .body = ERRORS("permission denied"), .times = 1},
                LOOKUP_GOOD},
       .err = ERR_DENIED,
       .version = "",
       .says = "path \"secret/data/logs/edge\""},
      {.name = "repeats the token",
       .rows = {GET_FAILS(400, ERRORS("header " VAULT_SCRIPT_TOKEN " is bad"))},
       .err = ERR_REFUSED,
       .version = "",
       .says = "repeats a secret that was sent"},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void waits_until_troubles_pass(void **state) {
  static const struct vault_want table[] = {
      {.name = "lags, then not",
       .rows = {{GET_DATA, .status = 412, .body = VAULT_NOTHING, .times = 3},
                GET_OK(VAULT_SECRET("3"))},
       .version = VAULT_V("3")},
      {.name = "upgrade, then not",
       .rows = {{GET_DATA, .status = 400, .times = 4,
                 .body =
                     ERRORS("Upgrading from non-versioned to versioned data. This backend will be "
                            "unavailable for a brief period")},
                GET_OK(VAULT_SECRET("3"))},
       .version = VAULT_V("3")},
      {.name = "internal, then not",
       .rows = {{GET_DATA, .status = 500, .body = ERRORS("local node not active"), .times = 2},
                GET_OK(VAULT_SECRET("3"))},
       .version = VAULT_V("3")},
      {.name = "no answer, then one",
       .rows = {{GET_DATA, .result = ERR_UNSURE, .times = 1}, GET_OK(VAULT_SECRET("3"))},
       .version = VAULT_V("3")},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static void follows_one_redirect(void **state) {
  static const struct vault_want table[] = {
      {.name = "to the active node",
       .rows = {{.method = "GET",
                 .url = "https://vault:8200/v1/secret",
                 .status = 307,
                 .location = "https://active:8200/v1/secret/data/logs/edge"},
                {.method = "GET",
                 .url = "https://active:8200/v1/secret/data/logs/edge$",
                 .body = VAULT_SECRET("3")}},
       .version = VAULT_V("3")},
      {.name = "to plain http",
       .rows = {{GET_DATA, .status = 307,
                 .location = "http://active:8200/v1/secret/data/logs/edge"}},
       .err = ERR_UNSENT,
       .version = "",
       .says = "https://"},
      {.name = "twice",
       .rows = {{GET_DATA, .status = 307,
                 .location = "https://active:8200/v1/secret/data/logs/edge"}},
       .err = ERR_UNSENT,
       .version = "",
       .says = "redirects again"},
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
      GET_OK(VAULT_DYING),
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
      VAULT_TEST(tells_404s_apart),
      VAULT_TEST(tells_troubles),
      VAULT_TEST(waits_until_troubles_pass),
      VAULT_TEST(follows_one_redirect),
      VAULT_TEST(check_tells_what_deletes_itself),
  };
  int failed = cmocka_run_group_tests_name("vault readings", tests, NULL, NULL);
  return failed != 0;
}
