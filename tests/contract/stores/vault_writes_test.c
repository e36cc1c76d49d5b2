// Writes of the Vault store: what is sent, never twice, and what became of it.
#include "tests/support/unit.h"

#include <string.h>

#include "tests/contract/stores/vault_script.h"

#define PART_OF_VALUE "tdmbF2hIhq5P" // twelve characters of VAULT_SCRIPT_VALUE

static const struct script_row present = GET_OK(VAULT_SECRET("3"));

static void writes(void **state) {
  const struct vault_want table[] = {
      {.name = "stored",
       .rows = {present, POST_OK(VAULT_WRITTEN("4"))},
       .version = "4@2026-11-24T06:00:00Z",
       .posts = 1},
      {.name = "lost race",
       .rows = {present,
                POST_FAILS(400,
                           ERRORS("check-and-set parameter did not match the current version"))},
       .err = ERR_CONFLICT,
       .says = "wrote first",
       .posts = 1},
      {.name = "R6: written, and deletes itself",
       .rows = {present,
                POST_OK("{\"data\":{\"version\":4,\"created_time\":\"2026-11-24T06:00:00Z\","
                        "\"deletion_time\":\"2026-11-24T06:00:05Z\"}}")},
       .err = ERR_UNSURE,
       .says = "version 4 deletes itself at 2026-11-24T06:00:05Z: set delete_version_after",
       .posts = 1},
      {.name = "other version", .rows = {GET_OK(VAULT_SECRET("4"))}, .err = ERR_CONFLICT},
      {.name = "same number of another life",
       .rows = {GET_OK("{\"data\":{\"data\":{},\"metadata\":{\"version\":3,\"created_time\":"
                       "\"2026-11-24T05:41:00Z\"}}}")},
       .err = ERR_CONFLICT},
      {.name = "an old reading first",
       .rows = {{GET_DATA, .body = VAULT_SECRET("2"), .times = 2},
                present,
                POST_OK(VAULT_WRITTEN("4"))},
       .posts = 1},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

static void writes_once(void **state) {
  const struct vault_want table[] = {
      {.name = "answer lost",
       .rows = {present, {POST_DATA, .result = ERR_UNSURE}},
       .err = ERR_UNSURE,
       .posts = 1},
      {.name = "500 after it was stored",
       .rows = {present, POST_FAILS(500, ERRORS("context canceled"))},
       .err = ERR_UNSURE,
       .says = "context canceled",
       .posts = 1},
      {.name = "not sent, then sent",
       .rows = {present,
                {POST_DATA, .result = ERR_UNSENT, .times = 1},
                POST_OK(VAULT_WRITTEN("4"))},
       .posts = 2},
      {.name = "redirected",
       .rows = {present,
                {.method = "POST",
                 .url = "https://vault:8200/",
                 .status = 307,
                 .location = "https://active:8200/v1/secret/data/logs/edge"},
                {.method = "POST", .url = "https://active:8200/", .body = VAULT_WRITTEN("4")}},
       .posts = 2},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

static void reads_the_answer(void **state) {
  const struct vault_want table[] = {
      {.name = "sealed",
       .rows = {present, POST_FAILS(503, ERRORS("Vault is sealed"))},
       .err = ERR_LOCKED,
       .says = "sealed",
       .posts = 1},
      {.name = "too large",
       .rows = {present, POST_FAILS(413, VAULT_NOTHING)},
       .err = ERR_REFUSED,
       .says = "too large",
       .posts = 1},
      {.name = "too large for a newer server",
       .rows = {present, POST_FAILS(500, ERRORS("JSON string value exceeds allowed length"))},
       .err = ERR_REFUSED,
       .says = "exceeds allowed length",
       .posts = 1},
      {.name = "too deep for a newer server",
       .rows = {present, POST_FAILS(500, ERRORS("JSON input exceeds allowed nesting depth"))},
       .err = ERR_REFUSED,
       .says = "exceeds allowed nesting depth",
       .posts = 1},
      {.name = "repeats the key",
       .rows = {present, POST_FAILS(400, ERRORS("bad: " VAULT_SCRIPT_VALUE "!"))},
       .err = ERR_REFUSED,
       .says = "repeats a secret that was sent",
       .posts = 1},
      {.name = "repeats a part of the key",
       .rows = {present, POST_FAILS(400, ERRORS("bad: " PART_OF_VALUE "!"))},
       .err = ERR_REFUSED,
       .says = "repeats a secret that was sent",
       .posts = 1},
      {.name = "a conflict that repeats the key",
       .rows = {present, POST_FAILS(400, ERRORS("check-and-set parameter did not match the current "
                                                "version of " VAULT_SCRIPT_VALUE))},
       .err = ERR_CONFLICT,
       .says = "wrote first",
       .posts = 1},
      {.name = "no version in the answer",
       .rows = {present, {POST_DATA, .status = 204}},
       .err = ERR_UNSURE,
       .says = "no version that follows 3",
       .posts = 1},
      {.name = "another version in the answer",
       .rows = {present, POST_OK(VAULT_WRITTEN("6"))},
       .err = ERR_UNSURE,
       .says = "no version that follows 3",
       .posts = 1},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

// What JSON here would round is not written back.
static void keeps_numbers_of_others(void **state) {
  static const struct vault_want table[] = {
      {.name = "a number of more digits",
       .rows = {GET_OK(VAULT_FIELDS("{\"l\":[10000000000000001]}", "3"))},
       .err = ERR_REFUSED,
       .says = "is a number"},
      {.name = "a number that would change",
       .rows = {GET_OK(VAULT_FIELDS("{\"n\":9007199254740993}", "3"))},
       .err = ERR_REFUSED,
       .says = "field 'n' is a number"},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

static void writes_over_nothing(void **state) {
  const struct vault_want table[] = {
      {.name = "absent",
       .rows = {GET_FAILS(404, VAULT_NOTHING),
                VAULT_MOUNT("2"),
                {POST_DATA, .in_body = "{\"options\":{\"cas\":0},", .body = VAULT_WRITTEN("1")}},
       .posts = 1},
      {.name = "there already", .rows = {GET_OK(VAULT_SECRET("3"))}, .err = ERR_CONFLICT},
  };
  vault_script_writes(*state, table, COUNT_OF(table), "");
  const struct vault_want deleted[] = {
      {.name = "deleted",
       .rows = {GET_FAILS(404, VAULT_FIELDS("null", "4")),
                {POST_DATA, .in_body = "{\"options\":{\"cas\":4},", .body = VAULT_WRITTEN("5")}},
       .posts = 1},
  };
  vault_script_writes(*state, deleted, 1, VAULT_V("4") "-");
}

static void sends_what_belongs_together(void **state) {
  static const struct script_row rows[] = {
      GET_OK(VAULT_SECRET("3")),
      {POST_DATA, .body = VAULT_WRITTEN("4"), .index = "djE6aW5kZXg="},
  };
  static const char *const pairs[] = {"namespace", "team/a", NULL};
  struct vault_script *s = *state;
  struct store_record r = {.value = secret_copy_text("new-key"), .stamp = UINT64_MAX}, got = {0};
  struct store_version v = {VAULT_V("3")};
  vault_script_open(s, rows, COUNT_OF(rows), pairs);
  assert_int_equal(ERR_OK, store_write(s->it, &r, &v, &v, NULL));
  const struct script_request *q = scripted_last(s->t);
  assert_non_null(strstr(q->body, "{\"options\":{\"cas\":3},"));
  assert_non_null(strstr(q->body, "\"api_key\":\"new-key\""));
  assert_non_null(strstr(q->body, "\"rotator_stamp\":\"18446744073709551615\""));
  assert_non_null(strstr(q->body, "\"team\":\"x\""));
  assert_string_equal("team/a", scripted_header(q, "X-Vault-Namespace"));
  assert_string_equal("true", scripted_header(q, "X-Vault-Request"));
  assert_string_equal(VAULT_SCRIPT_TOKEN, scripted_header(q, "X-Vault-Token"));
  assert_string_equal("", scripted_header(q, "X-Vault-Index"));
  store_read(s->it, &got, &v, NULL); // behind its own write: waited for, and told as it is
  assert_true(fake_env_slept(&s->f) >= 10000);
  assert_string_equal("djE6aW5kZXg=", scripted_header(scripted_last(s->t), "X-Vault-Index"));
  store_record_clear(&got);
  store_record_clear(&r);
}

// (as Vault 1.21 answers: it tells who wrote each version)
#define BY(who) "{\"actor\":\"" who "\",\"operation\":\"update\",\"client_id\":\"\"}"
#define OLD(n, more) "\"" n "\":{\"created_by\":" BY("token") ",\"deleted_by\":null" more "},"

static void destroys_only_what_is_old(void **state) {
  static const struct script_row rows[] = {
      {.method = "GET",
       .url = "/v1/secret/metadata/logs/edge$",
       .body = "{\"mount_type\":\"kv\",\"data\":{\"current_version\":4,\"last_updated_by\":" BY(
           "token") ",\"versions\":{" OLD("1", ",\"destroyed\":true")
           OLD("2", ",\"destroyed\":false") OLD("3", "") "\"4\":{}}}}"},
      {.method = "PUT",
       .url = "/v1/secret/destroy/logs/edge$",
       .in_body = "{\"versions\":[2,3]}",
       .status = 204},
  };
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), NULL);
  assert_int_equal(ERR_OK, store_destroy_old(s->it, NULL));
  assert_int_equal(2, scripted_count(s->t));
  static const char *const pairs[] = {"destroy_old", "false", NULL};
  vault_script_open(s, rows, COUNT_OF(rows), pairs);
  assert_int_equal(ERR_OK, store_destroy_old(s->it, NULL));
  assert_int_equal(2, scripted_count(s->t));
}

#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, vault_script_setup, vault_script_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      VAULT_TEST(writes),
      VAULT_TEST(writes_once),
      VAULT_TEST(reads_the_answer),
      VAULT_TEST(keeps_numbers_of_others),
      VAULT_TEST(writes_over_nothing),
      VAULT_TEST(sends_what_belongs_together),
      VAULT_TEST(destroys_only_what_is_old),
  };
  int failed = cmocka_run_group_tests_name("vault writes", tests, NULL, NULL);
  return failed != 0;
}
