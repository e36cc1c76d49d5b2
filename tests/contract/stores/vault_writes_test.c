// Writes of the Vault store: what is sent, never twice, and what became of it.
#include "tests/support/unit.h"

#include <string.h>

#include "tests/contract/stores/vault_script.h"

static void writes(void **state) {
  static const struct script_row present = {GET_DATA, .body = VAULT_SECRET("3")};
  const struct vault_want table[] = {
      {"stored",
       {present, {POST_DATA, .body = VAULT_WRITTEN("4")}},
       ERR_OK,
       "4@2026-11-24T06:00:00Z",
       NULL,
       1},
      {"lost race",
       {present,
        {POST_DATA, .status = 400,
         .body = ERRORS("check-and-set parameter did not match the current version")}},
       ERR_CONFLICT,
       NULL,
       "wrote first",
       1},
      {"other version", {{GET_DATA, .body = VAULT_SECRET("4")}}, ERR_CONFLICT, NULL, NULL, 0},
      {"same number of another life",
       {{GET_DATA, .body = "{\"data\":{\"data\":{},\"metadata\":{\"version\":3,\"created_time\":"
                           "\"2026-11-24T05:41:00Z\"}}}"}},
       ERR_CONFLICT,
       NULL,
       NULL,
       0},
      {"an old reading first",
       {{GET_DATA, .body = VAULT_SECRET("2"), .times = 2},
        present,
        {POST_DATA, .body = VAULT_WRITTEN("4")}},
       ERR_OK,
       NULL,
       NULL,
       1},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

static void writes_once(void **state) {
  static const struct script_row present = {GET_DATA, .body = VAULT_SECRET("3")};
  const struct vault_want table[] = {
      {"answer lost", {present, {POST_DATA, .result = ERR_UNSURE}}, ERR_UNSURE, NULL, NULL, 1},
      {"500 after it was stored",
       {present, {POST_DATA, .status = 500, .body = ERRORS("context canceled")}},
       ERR_UNSURE,
       NULL,
       "context canceled",
       1},
      {"not sent, then sent",
       {present,
        {POST_DATA, .result = ERR_UNSENT, .times = 1},
        {POST_DATA, .body = VAULT_WRITTEN("4")}},
       ERR_OK,
       NULL,
       NULL,
       2},
      {"sealed",
       {present, {POST_DATA, .status = 503, .body = ERRORS("Vault is sealed")}},
       ERR_LOCKED,
       NULL,
       "sealed",
       1},
      {"too large",
       {present, {POST_DATA, .status = 413, .body = VAULT_NOTHING}},
       ERR_REFUSED,
       NULL,
       "too large",
       1},
      {"repeats the key",
       {present, {POST_DATA, .status = 400, .body = ERRORS("bad: " VAULT_SCRIPT_VALUE "!")}},
       ERR_REFUSED,
       NULL,
       "repeats what was sent",
       1},
      {"no version in the answer",
       {present, {POST_DATA, .status = 204}},
       ERR_UNSURE,
       NULL,
       "no version that follows 3",
       1},
      {"another version in the answer",
       {present, {POST_DATA, .body = VAULT_WRITTEN("6")}},
       ERR_UNSURE,
       NULL,
       "no version that follows 3",
       1},
      {"redirected",
       {present,
        {.method = "POST",
         .url = "https://vault:8200/",
         .status = 307,
         .location = "https://active:8200/v1/secret/data/logs/edge"},
        {.method = "POST", .url = "https://active:8200/", .body = VAULT_WRITTEN("4")}},
       ERR_OK,
       NULL,
       NULL,
       2},
      {"a number of more digits",
       {{GET_DATA,
         .body = "{\"data\":{\"data\":{\"l\":[10000000000000001]}," VAULT_META("3") "}}"}},
       ERR_REFUSED,
       NULL,
       "is a number",
       0},
      {"a number that would change",
       {{GET_DATA, .body = "{\"data\":{\"data\":{\"n\":9007199254740993}," VAULT_META("3") "}}"}},
       ERR_REFUSED,
       NULL,
       "field 'n' is a number",
       0},
  };
  vault_script_writes(*state, table, COUNT_OF(table), VAULT_V("3"));
}

static void writes_over_nothing(void **state) {
  const struct vault_want table[] = {
      {"absent",
       {{GET_DATA, .status = 404, .body = VAULT_NOTHING},
        VAULT_MOUNT("2"),
        {POST_DATA, .in_body = "{\"options\":{\"cas\":0},", .body = VAULT_WRITTEN("1")}},
       ERR_OK,
       NULL,
       NULL,
       1},
      {"there already", {{GET_DATA, .body = VAULT_SECRET("3")}}, ERR_CONFLICT, NULL, NULL, 0},
  };
  vault_script_writes(*state, table, COUNT_OF(table), "");
  const struct vault_want deleted[] = {
      {"deleted",
       {{GET_DATA, .status = 404, .body = "{\"data\":{\"data\":null," VAULT_META("4") "}}"},
        {POST_DATA, .in_body = "{\"options\":{\"cas\":4},", .body = VAULT_WRITTEN("5")}},
       ERR_OK,
       NULL,
       NULL,
       1},
  };
  vault_script_writes(*state, deleted, 1, VAULT_V("4") "-");
}

static void sends_what_belongs_together(void **state) {
  static const struct script_row rows[] = {
      {GET_DATA, .body = VAULT_SECRET("3")},
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

static void destroys_only_what_is_old(void **state) {
  static const struct script_row rows[] = {
      {.method = "GET",
       .url = "/v1/secret/metadata/logs/edge$",
       .body = "{\"data\":{\"current_version\":4,\"versions\":{\"1\":{\"destroyed\":true},"
               "\"2\":{\"destroyed\":false},\"3\":{},\"4\":{}}}}"},
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
      VAULT_TEST(writes_over_nothing),
      VAULT_TEST(sends_what_belongs_together),
      VAULT_TEST(destroys_only_what_is_old),
  };
  int failed = cmocka_run_group_tests_name("vault writes", tests, NULL, NULL);
  return failed != 0;
}
