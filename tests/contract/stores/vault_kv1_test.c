// Vault's KV version 1: no versions of the server's and no compare-and-set. What a real server
// shows is in store_vault_test.c; this is how its answers are told apart, and what a version is.
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/contract/stores/vault_script.h"

#define GET_1 .method = "GET", .url = "/v1/secret/logs/edge$"
#define POST_1 .method = "POST", .url = "/v1/secret/logs/edge$"
#define KEY "\"api_key\":\"" VAULT_SCRIPT_VALUE "\""
#define HOLDS(fields) {GET_1, .body = "{\"data\":{" fields "},\"warnings\":null}"}
#define NOT_FOUND(text) {GET_1, .status = 404, .body = (text)}
#define WRITTEN {POST_1, .status = 204}

static const char *const version_1[] = {"kv_version", "1", NULL};

static int setup(void **state) {
  int failed = vault_script_setup(state);
  if (!failed)
    ((struct vault_script *)*state)->pairs = version_1;
  return failed;
}

static void tells_404s_apart(void **state) {
  static const struct vault_want table[] = {
      {.name = "absent",
       .rows = {NOT_FOUND(VAULT_NOTHING), VAULT_MOUNT("1")},
       .err = ERR_MISSING,
       .version = ""},
      {.name = "absent on another engine",
       .rows = {NOT_FOUND(VAULT_NOTHING), VAULT_MOUNT("2")},
       .err = ERR_REFUSED,
       .says = "configure kv_version: 2 (it is 1 now)"},
      {.name = "no KV engine at all",
       .rows = {NOT_FOUND(VAULT_NOTHING),
                {.url = "/v1/sys/internal/ui/mounts/",
                 .body = "{\"data\":{\"path\":\"secret/\",\"type\":\"transit\"}}"}},
       .err = ERR_REFUSED,
       .says = "mount secret/ is no KV secrets engine"},
      {.name = "a path of another engine, says the server alone",
       .rows = {NOT_FOUND("{\"errors\":[],\"warnings\":[\"Invalid path\"]}"), VAULT_MOUNT("1")},
       .err = ERR_REFUSED,
       .says = "not one of KV version 1"},
      {.name = "no mount",
       .rows = {NOT_FOUND(ERRORS("no handler for route \\\"secret/logs\\\""))},
       .err = ERR_REFUSED,
       .says = "no mount 'secret'"},
      {.name = "not Vault's 404",
       .rows = {{GET_1, .status = 404, .body = "<html>", .content_type = "text/html"}},
       .err = ERR_UNSENT,
       .says = "but not Vault's"},
      {.name = "a look at the mount that fails",
       .rows = {NOT_FOUND(VAULT_NOTHING),
                {.url = "/v1/sys/internal/ui/mounts/", .result = ERR_UNSENT}},
       .err = ERR_UNSENT},
      {.name = "a mount that the token may not look at",
       .rows = {NOT_FOUND(VAULT_NOTHING),
                {.url = "/v1/sys/internal/ui/mounts/", .status = 403, .body = VAULT_NOTHING}},
       .err = ERR_DENIED,
       .says = "the token may do nothing below it"},
      {.name = "no right",
       .rows = {{GET_1, .status = 403, .body = ERRORS("1 error occurred: permission denied")}},
       .err = ERR_DENIED,
       .says = "path \"secret/logs/edge\" { capabilities = [\"create\", \"read\", \"update\"] }"},
      {.name = "an answer without fields",
       .rows = {{GET_1, .body = "{\"data\":null}"}},
       .err = ERR_UNSENT},
  };
  vault_script_reads(*state, table, COUNT_OF(table));
}

static struct store_version version_at(struct vault_script *s, const struct script_row *row) {
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  vault_script_open(s, row, 1, s->pairs);
  if (store_read(s->it, &r, &v, &e) != ERR_OK)
    fail_msg("%s", e.text);
  assert_string_equal(secret_bytes(r.value), VAULT_SCRIPT_VALUE);
  assert_string_not_equal(v.text, "");
  store_record_clear(&r);
  return v;
}

// A version is what all fields say, in whatever order: also those of others.
static void a_version_is_the_content(void **state) {
  static const struct script_row as_it_is = HOLDS(KEY ",\"rotator_stamp\":\"a\",\"team\":\"x\""),
                                 turned = HOLDS("\"team\":\"x\",\"rotator_stamp\":\"a\"," KEY),
                                 others = HOLDS(KEY ",\"rotator_stamp\":\"a\",\"team\":\"y\""),
                                 anew = HOLDS(KEY ",\"rotator_stamp\":\"b\",\"team\":\"x\"");
  struct store_version v = version_at(*state, &as_it_is);
  assert_string_equal(version_at(*state, &turned).text, v.text);
  assert_string_not_equal(version_at(*state, &others).text, v.text);
  assert_string_not_equal(version_at(*state, &anew).text, v.text);
}

static void writes(void **state) {
  static const struct vault_want table[] = {
      {.name = "stored", .rows = {HOLDS(KEY), WRITTEN}, .posts = 1},
      {.name = "over nothing",
       .rows = {NOT_FOUND(VAULT_NOTHING), VAULT_MOUNT("1"), WRITTEN},
       .posts = 1},
      {.name = "nothing, on another engine",
       .rows = {NOT_FOUND(VAULT_NOTHING), VAULT_MOUNT("2"), WRITTEN},
       .err = ERR_REFUSED},
      {.name = "a number of somebody's that would change",
       .rows = {HOLDS("\"n\":9007199254740993"), WRITTEN},
       .err = ERR_REFUSED,
       .says = "field 'n' is a number"},
      {.name = "the answer is lost: not sent a second time",
       .rows = {HOLDS(KEY), {POST_1, .result = ERR_UNSURE}},
       .err = ERR_UNSURE,
       .posts = 1},
      {.name = "no right to write",
       .rows = {HOLDS(KEY), {POST_1, .status = 403, .body = ERRORS("permission denied")}},
       .err = ERR_DENIED,
       .says = "capabilities = [\"create\", \"read\", \"update\"]",
       .posts = 1},
  };
  vault_script_writes(*state, table, COUNT_OF(table), "0123456789abcdef");
}

// The same value, written twice: two versions, and each is the one that a reading shows then.
static void each_write_is_a_version_of_its_own(void **state) {
  static const struct script_row rows[] = {HOLDS(KEY ",\"team\":\"x\""), WRITTEN};
  struct vault_script *s = *state;
  struct store_version of[2] = {{""}, {""}}, read;
  for (int i = 0; i < 2; i++) {
    struct store_record r = {.value = secret_copy_text(VAULT_SCRIPT_VALUE)};
    char said[512];
    vault_script_open(s, rows, COUNT_OF(rows), s->pairs);
    assert_int_equal(store_write(s->it, &r, &of[i], &of[i], NULL), ERR_OK);
    store_record_clear(&r);
    const char *body = scripted_last(s->t)->body;
    assert_non_null(strstr(body, "\"team\":\"x\"")); // that is somebody else's
    snprintf(said, sizeof said, "{\"data\":%s}", body);
    const struct script_row there = {GET_1, .body = said};
    read = version_at(s, &there);
    assert_string_equal(read.text, of[i].text);
  }
  assert_string_not_equal(of[0].text, of[1].text);
}

#define KV1_TEST(f) cmocka_unit_test_setup_teardown(f, setup, vault_script_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      KV1_TEST(tells_404s_apart),
      KV1_TEST(a_version_is_the_content),
      KV1_TEST(writes),
      KV1_TEST(each_write_is_a_version_of_its_own),
  };
  return cmocka_run_group_tests_name("vault kv 1", tests, NULL, NULL) != 0;
}
