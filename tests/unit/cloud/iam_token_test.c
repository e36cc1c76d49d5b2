#include "rotator/cloud/iam_token.h"

#include <string.h>

#include "rotator/base/text.h"
#include "tests/unit/cloud/fixture.h"

static enum err exchange(struct fixture *f, bool fresh, struct iam_token *ret) {
  return f->iam->ops->exchange(f->iam, f->value, fresh, ret, &f->e);
}

static void a_form_is_sent(void **state) {
  (void)state;
  struct fixture f;
  const struct script_row rows[] = {{.method = "POST",
                                     .url = BASE "/identity/token$",
                                     .body = fixture_token_body(IAM_ID, 3600),
                                     .takes_ms = 2000}};
  fixture_open(&f, rows, 1);
  struct iam_token t;
  int64_t before_ms = f.env.mono_ms;
  assert_int_equal(exchange(&f, true, &t), ERR_OK);
  assert_string_equal(t.iam_id, IAM_ID);
  assert_string_equal(t.account, ACCOUNT);
  assert_int_equal(t.expires_in_s, 3600);
  assert_int_equal(t.expires_at_ms, before_ms + 3590000);
  const struct script_request *r = scripted_last(f.transport);
  assert_string_equal(r->content_type, "application/x-www-form-urlencoded");
  assert_string_equal(r->body,
                      "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=" VALUE
                      "&response_type=cloud_iam");
  assert_string_equal(scripted_header(r, "Authorization"), "");
  assert_true(text_starts(scripted_header(r, "Transaction-Id"), "rotator-"));
  assert_true(r->fresh_connection);
  assert_int_equal(r->replay, HTTP_REPLAY_SAFE);
  assert_int_equal(f.iam->ops->server_time_s(f.iam), f.env.wall_ms / 1000);
  iam_token_clear(&t);
  assert_int_equal(exchange(&f, false, &t), ERR_OK);
  assert_false(scripted_last(f.transport)->fresh_connection);
  assert_int_equal(scripted_count(f.transport), 2); // never cached
  iam_token_clear(&t);
  fixture_close(&f);
}

static void reserved_bytes_are_encoded(void **state) {
  (void)state;
  struct fixture f;
  const struct script_row rows[] = {{.url = "$", .body = fixture_token_body(IAM_ID, 3600)}};
  fixture_open(&f, rows, 1);
  struct secret *odd = secret_copy_text("a&b=c+d%e f\xc3\xa9");
  struct iam_token t;
  assert_int_equal(f.iam->ops->exchange(f.iam, odd, false, &t, &f.e), ERR_OK);
  assert_non_null(strstr(scripted_last(f.transport)->body, "&apikey=a%26b%3Dc%2Bd%25e%20f%C3%A9&"));
  iam_token_clear(&t);
  secret_free(odd);
  fixture_close(&f);
}

static void answers_mean(void **state) {
  (void)state;
  static const struct {
    struct script_row answer;
    enum err err;
    const char *code;
  } rows[] = {
      {{.url = "$",
        .status = 400,
        .body = FLAT("BXNIM0415E", "Provided API key could not be found.")},
       ERR_REFUSED,
       "BXNIM0415E"},
      {{.url = "$", .status = 400, .body = FLAT("BXNIM0462E", "Provided API key is disabled.")},
       ERR_REFUSED,
       "BXNIM0462E"},
      {{.url = "$", .status = 401, .body = FLAT("BXNIM0430E", "IP not permitted")},
       ERR_DENIED,
       "BXNIM0430E"},
      {{.url = "$", .status = 400, .body = FLAT("BXNIM0415E", "No key " VALUE)},
       ERR_REFUSED,
       "BXNIM0415E"},
      {{.url = "$", .status = 400, .body = HTML}, ERR_UNSURE, ""},
      {{.url = "$", .status = 429, .retry_after_s = 3}, ERR_THROTTLED, ""},
      {{.url = "$", .status = 503, .body = HTML}, ERR_UNSURE, ""},
      {{.url = "$", .status = 200, .body = HTML}, ERR_CORRUPT, ""},
      {{.url = "$", .status = 200, .body = "{\"access_token\":\"not.a.token\",\"expires_in\":60}"},
       ERR_CORRUPT,
       ""},
      {{.url = "$", .result = ERR_UNSURE}, ERR_UNSURE, ""},
      {{.url = "$", .result = ERR_UNSENT}, ERR_UNSENT, ""},
      {{.url = "$", .result = ERR_REFUSED}, ERR_UNSURE, ""},
      {{.url = "$", .result = ERR_CANCELLED}, ERR_CANCELLED, ""},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    fixture_open(&f, &rows[i].answer, 1);
    struct iam_token t = {0};
    enum err err = exchange(&f, true, &t);
    if (err != rows[i].err)
      fail_msg("row %zu: %s", i, err_name(err));
    assert_int_equal(f.e.kind, err);
    assert_string_equal(f.e.code, rows[i].code);
    assert_null(t.bearer);
    fixture_close(&f);
  }
}

static void values_that_are_none_are_not_sent(void **state) {
  (void)state;
  struct fixture f;
  fixture_open(&f, NULL, 0);
  struct secret *empty = secret_new(8);
  struct iam_token t;
  assert_int_equal(f.iam->ops->exchange(f.iam, empty, false, &t, &f.e), ERR_INVALID);
  assert_int_equal(f.iam->ops->exchange(f.iam, NULL, false, &t, NULL), ERR_INVALID);
  assert_int_equal(scripted_count(f.transport), 0);
  secret_free(empty);
  fixture_close(&f);
}

// Each has an answer, an id and an error of its own.
static void several_go_together(void **state) {
  (void)state;
  struct fixture f;
  const struct script_row rows[] = {
      {.url = "$", .body = fixture_token_body(IAM_ID, 3600), .takes_ms = 2000, .times = 1},
      {.url = "$", .status = 400, .body = FLAT("BXNIM0415E", "No key " VALUE), .times = 1},
      {.url = "$", .result = ERR_UNSURE, .times = 1},
      {.url = "$", .body = fixture_token_body(IAM_ID, 3600)}};
  struct iam_exchanged got[4];
  fixture_open(&f, rows, 4);
  int64_t before_ms = f.env.mono_ms;
  iam_exchange_each(f.iam, f.value, got, 4);
  static const enum err expected[] = {ERR_OK, ERR_REFUSED, ERR_UNSURE, ERR_OK};
  for (size_t i = 0; i < 4; i++) {
    const struct script_request *r = scripted_request(f.transport, i);
    assert_int_equal(got[i].err, expected[i]);
    assert_int_equal(got[i].error.kind, expected[i]);
    assert_int_equal(got[i].token.bearer != NULL, expected[i] == ERR_OK);
    assert_hidden(&got[i].error, VALUE);
    assert_true(r->fresh_connection);
    for (size_t j = 0; j < i; j++) { // scripted_header has one buffer
      char id[64];
      strcpy(id, scripted_header(r, "Transaction-Id"));
      assert_string_not_equal(id,
                              scripted_header(scripted_request(f.transport, j), "Transaction-Id"));
    }
  }
  assert_string_equal(got[1].error.code, "BXNIM0415E");
  assert_int_equal(got[3].token.expires_at_ms, before_ms + 3590000); // from before they were sent
  for (size_t i = 0; i < 4; i++)
    iam_token_clear(&got[i].token);
  struct secret *empty = secret_new(8);
  iam_exchange_each(f.iam, empty, got, 2);
  assert_int_equal(got[1].err, ERR_INVALID);
  assert_int_equal(scripted_count(f.transport), 4);
  secret_free(empty);
  fixture_close(&f);
}

static void errors_may_be_null(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "$", .times = 1, .status = 400, .body = FLAT("BXNIM0415E", "m")},
      {.url = "$", .body = "{}"}};
  fixture_open(&f, rows, 2);
  struct iam_token t;
  assert_int_equal(f.iam->ops->exchange(f.iam, f.value, false, &t, NULL), ERR_REFUSED);
  assert_int_equal(f.iam->ops->exchange(f.iam, f.value, false, &t, NULL), ERR_CORRUPT);
  fixture_close(&f);
}

static void a_transaction_id_can_be_missing(void **state) {
  (void)state;
  struct fake_env env;
  char id[IAM_TRANSACTION_MAX], other[IAM_TRANSACTION_MAX];
  fake_env_init(&env, 3);
  iam_transaction(&env.env, id);
  iam_transaction(&env.env, other);
  assert_int_equal(strlen(id), 40);
  assert_string_not_equal(id, other);
  env.random_fails = true;
  iam_transaction(&env.env, id);
  assert_string_equal(id, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_form_is_sent),
      cmocka_unit_test(reserved_bytes_are_encoded),
      cmocka_unit_test(answers_mean),
      cmocka_unit_test(values_that_are_none_are_not_sent),
      cmocka_unit_test(several_go_together),
      cmocka_unit_test(errors_may_be_null),
      cmocka_unit_test(a_transaction_id_can_be_missing),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
