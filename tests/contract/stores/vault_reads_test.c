// Readings of the Vault store: four kinds of 404, and each status that a server may answer with.
#include "tests/support/unit.h"

#include <string.h>

#include "tests/contract/stores/vault_script.h"

static void reads(void **state) {
  static const struct vault_want table[] = {
      {.name = "present", .rows = {GET_OK(VAULT_SECRET("3"))}, .version = VAULT_V("3")},
      {.name = "R6: deletes itself later",
       .rows = {GET_OK(VAULT_DYING)},
       .err = ERR_REFUSED,
       .says = "version 1 deletes itself at 2027-01-01T00:00:00Z: set delete_version_after of mount"
               " and secret to 0s, then: vault kv undelete -mount=secret -versions=1 logs/edge"},
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
      {.name = "a page of a proxy",
       .rows = {GET_OK("<html>Please log in</html>")},
       .err = ERR_UNSENT,
       .says = "HTTP 200, but not Vault's"},
      {.name = "nothing", .rows = {GET_OK("")}, .err = ERR_UNSENT, .says = "not Vault's"},
      {.name = "no data", .rows = {GET_OK("{}")}, .err = ERR_UNSENT, .says = "not Vault's"},
      {.name = "deleted",
       .rows = {GET_FAILS(404, VAULT_FIELDS("null", "4"))},
       .err = ERR_MISSING,
       .version = VAULT_V("4") "-",
       .says = "deleted"},
      {.name = "R6: expired",
       .rows = {GET_FAILS(404, VAULT_EXPIRED)},
       .err = ERR_MISSING,
       .version = VAULT_V("2") "-",
       .says = "version 2 was deleted or expired, 2026-11-24T05:40:05Z; it comes back with: vault"
               " kv undelete -mount=secret -versions=2 logs/edge"},
      {.name = "R6: destroyed",
       .rows = {GET_FAILS(404, VAULT_DESTROYED)},
       .err = ERR_MISSING,
       .version = VAULT_V("2") "-",
       .says = "version 2 is destroyed"},
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
      {.name = "quota, without a time",
       .rows = {GET_FAILS(429, ERRORS("request path \\\"secret/data/logs/edge\\\": rate limit quota"
                                      " exceeded"))},
       .err = ERR_THROTTLED,
       .version = "",
       .says = "rate limit quota exceeded"},
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
      {.name = "used up",
       .rows = {{GET_DATA, .status = 403,
                 .body = ERRORS(
                     "2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n"),
                 .times = 1},
                {.url = "lookup-self$", .status = 403, .body = ERRORS("permission denied")}},
       .err = ERR_DENIED,
       .version = "",
       .says = "invalid token"},
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

// A state that is gone and can come back is no evidence that there is none.
static void r6_a_deleted_home_is_not_absent(void **state) {
  static const struct script_row rows[] = {GET_FAILS(404, VAULT_EXPIRED)};
  static const struct script_row gone[] = {GET_FAILS(404, VAULT_DESTROYED)};
  struct vault_script *s = *state;
  struct store_record r = {0};
  struct store_version v;
  struct error e = {0};
  vault_script_open_home(s, rows, COUNT_OF(rows));
  assert_int_equal(ERR_REFUSED, store_read(s->it, &r, &v, &e));
  assert_non_null(strstr(e.text, "vault kv undelete -mount=secret -versions=2 logs/edge"));
  vault_script_open_home(s, gone, COUNT_OF(gone));
  assert_int_equal(ERR_MISSING, store_read(s->it, &r, &v, &e));
}

#define MAY_NOT_ASK                                                                                \
  {.method = "POST",                                                                               \
   .url = "/v1/sys/capabilities-self$",                                                            \
   .status = 403,                                                                                  \
   .body = ERRORS("permission denied"),                                                            \
   .times = 2}
#define LIMIT_OF(where, time)                                                                      \
  {.method = "GET",                                                                                \
   .url = "/v1/secret/" where "$",                                                                 \
   .body = "{\"data\":{\"delete_version_after\":\"" time "\"}}"}

static void check_tells_what_deletes_itself(void **state) {
  static const struct script_row rows[] = {VAULT_MOUNT("2"), MAY_NOT_ASK, LOOKUP_GOOD,
                                           GET_OK(VAULT_DYING)};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), NULL);
  assert_int_equal(ERR_REFUSED, store_check(s->it, &e));
  assert_non_null(strstr(e.text, "deletes itself at 2027-01-01"));
}

// Before the first version is there, and so before a key is.
static void r6_check_sees_it_before_a_version_is_written(void **state) {
  static const struct script_row of_mount[] = {VAULT_MOUNT("2"), MAY_NOT_ASK, LOOKUP_GOOD,
                                               GET_FAILS(404, VAULT_NOTHING),
                                               LIMIT_OF("config", "5s")};
  static const struct script_row of_secret[] = {VAULT_MOUNT("2"),
                                                MAY_NOT_ASK,
                                                LOOKUP_GOOD,
                                                GET_FAILS(404, VAULT_NOTHING),
                                                LIMIT_OF("config", "0s"),
                                                LIMIT_OF("metadata/logs/edge", "24h0m0s")};
  static const struct script_row off[] = {VAULT_MOUNT("2"),
                                          MAY_NOT_ASK,
                                          LOOKUP_GOOD,
                                          GET_FAILS(404, VAULT_NOTHING),
                                          LIMIT_OF("config", "-1ns"),
                                          LIMIT_OF("metadata/logs/edge", "24h0m0s")};
  static const struct script_row unseen[] = {
      VAULT_MOUNT("2"),
      MAY_NOT_ASK,
      LOOKUP_GOOD,
      GET_FAILS(404, VAULT_NOTHING),
      {.method = "GET", .url = "/v1/secret/config$", .status = 403, .body = ERRORS("denied")},
      {.method = "GET", .url = "/v1/secret/metadata", .status = 404, .body = VAULT_NOTHING}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, of_mount, COUNT_OF(of_mount), NULL);
  assert_int_equal(ERR_REFUSED, store_check(s->it, &e));
  assert_non_null(strstr(e.text, "after 5s"));
  assert_non_null(strstr(e.text, "vault write secret/config delete_version_after=0s"));
  vault_script_open(s, of_secret, COUNT_OF(of_secret), NULL);
  assert_int_equal(ERR_REFUSED, store_check(s->it, &e));
  assert_non_null(
      strstr(e.text, "vault kv metadata put -mount=secret -delete-version-after=0s logs/edge"));
  vault_script_open(s, off, COUNT_OF(off), NULL);
  assert_int_equal(ERR_OK, store_check(s->it, &e));
  vault_script_open(s, unseen, COUNT_OF(unseen), NULL);
  assert_int_equal(ERR_OK, store_check(s->it, &e));
}

// A page in place of the rights is no list of rights that lack.
static void check_takes_a_page_for_no_answer(void **state) {
  static const struct script_row rows[] = {VAULT_MOUNT("2"),
                                           {.method = "POST",
                                            .url = "/v1/sys/capabilities-self$",
                                            .body = "<html>Please log in</html>"}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), NULL);
  assert_int_equal(ERR_UNSENT, store_check(s->it, &e));
  assert_non_null(strstr(e.text, "look-up of the token's rights: HTTP 200, but not Vault's"));
}

#define HEALTH(json) {.method = "GET", .url = "/v1/sys/health$", .body = (json)}

// The community edition answers for its root, whatever namespace is asked for.
static void v10_a_namespace_that_is_passed_over(void **state) {
  static const struct {
    const char *health;
    bool refused;
  } table[] = {{"{\"version\":\"1.13.1\"}", true},
               {"{\"version\":\"1.21.4\",\"enterprise\":false}", true},
               {"{\"version\":\"2.0.1\",\"enterprise\":false}", true},
               {"{\"version\":\"1.21.4+ent\",\"enterprise\":true}", false},
               {"{\"version\":\"1.13.1+ent\"}", false},
               {"{\"version\":\"2.3.1\"}", false}, // OpenBao
               {"{}", false}};
  static const char *const pairs[] = {"namespace", "team-a", NULL};
  static struct script_row rows[5];
  struct vault_script *s = *state;
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    const struct script_row now[] = {HEALTH(table[i].health), VAULT_MOUNT("2"), MAY_NOT_ASK,
                                     LOOKUP_GOOD, GET_OK(VAULT_DYING)};
    struct error e = {0};
    vault_script_finish(s);
    memcpy(rows, now, sizeof rows);
    vault_script_open(s, rows, COUNT_OF(rows), pairs);
    assert_int_equal(ERR_REFUSED, store_check(s->it, &e));
    if (table[i].refused != (strstr(e.text, "passes over the namespace 'team-a'") != NULL))
      fail_msg("%s: %s", table[i].health, e.text);
  }
}

#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, vault_script_setup, vault_script_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      VAULT_TEST(reads),
      VAULT_TEST(tells_404s_apart),
      VAULT_TEST(tells_troubles),
      VAULT_TEST(waits_until_troubles_pass),
      VAULT_TEST(follows_one_redirect),
      VAULT_TEST(v10_a_namespace_that_is_passed_over),
      VAULT_TEST(r6_a_deleted_home_is_not_absent),
      VAULT_TEST(check_tells_what_deletes_itself),
      VAULT_TEST(check_takes_a_page_for_no_answer),
      VAULT_TEST(r6_check_sees_it_before_a_version_is_written),
  };
  int failed = cmocka_run_group_tests_name("vault readings", tests, NULL, NULL);
  return failed != 0;
}
