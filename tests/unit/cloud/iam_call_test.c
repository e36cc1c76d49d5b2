// What all calls share: the token and its one renewal, transaction ids, the server's clock, and
// what a failure means.
#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/unit/cloud/fixture.h"
#include "tests/unit/cloud/iam_auth_fixed.h"

#define KEY "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\",\"entity_tag\":\"1-a\"}"

// An authenticator that hands out what the test says, and records how it was asked.
struct fake_auth {
  struct iam_auth base;
  const char *bearers[3];
  enum err fails[3]; // at the n-th call
  unsigned calls, renewals;
  char refused[64];
};

static enum err fake_token(struct iam_auth *base, struct transport *t, const struct secret *refused,
                           struct iam_token *ret, struct error *e) {
  struct fake_auth *a = (struct fake_auth *)base;
  unsigned n = a->calls++;
  (void)t;
  if (refused) {
    a->renewals++;
    text_copy(a->refused, sizeof a->refused, secret_bytes(refused));
  }
  if (a->fails[n])
    return error_set(e, a->fails[n], "no token for %s", "you");
  *ret = (struct iam_token){.bearer = secret_copy_text(a->bearers[n]), .iam_id = "me"};
  return ERR_OK;
}

static void fake_free(struct iam_auth *a) {
  (void)a;
}

static const struct iam_auth_ops fake_ops = {.token = fake_token, .free = fake_free};

static void open_with(struct fixture *f, struct fake_auth *a, const struct script_row *rows,
                      size_t n) {
  fixture_open(f, rows, n);
  iam_free(f->iam);
  a->base.ops = &fake_ops;
  f->iam = iam_http_new(BASE "/identity/token/", f->transport, &a->base, &f->env.env);
}

static enum err get(struct fixture *f) {
  struct iam_key k;
  enum err err = f->iam->ops->get(f->iam, KEY_ID, false, &k, &f->e);
  if (!err)
    iam_key_clear(&k);
  return err;
}

static void a_call_bears_token_and_transaction(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.url = "$", .body = KEY}};
  fixture_open(&f, rows, 1);
  assert_int_equal(get(&f), ERR_OK);
  const struct script_request *r = scripted_last(f.transport);
  assert_string_equal(r->method, "GET");
  assert_string_equal(r->url, BASE "/v1/apikeys/" KEY_ID);
  assert_string_equal(scripted_header(r, "Authorization"), "Bearer " BEARER);
  const char *id = scripted_header(r, "Transaction-Id");
  assert_true(text_starts(id, "rotator-"));
  assert_true(text_is_hex(id + 8, 32));
  assert_int_equal(r->replay, HTTP_REPLAY_SAFE);
  assert_false(r->fresh_connection);
  fixture_close(&f);
}

static void a_401_renews_the_token_once(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first", "second"}};
  static const struct script_row rows[] = {
      {.url = "$", .status = 401, .body = LISTED("invalid_access_token", "", "m"), .times = 1},
      {.url = "$", .body = KEY}};
  open_with(&f, &a, rows, 2);
  assert_int_equal(get(&f), ERR_OK);
  assert_int_equal(a.calls, 2);
  assert_int_equal(a.renewals, 1);
  assert_string_equal(a.refused, "first");
  assert_int_equal(scripted_count(f.transport), 2);
  assert_string_equal(scripted_header(scripted_last(f.transport), "Authorization"),
                      "Bearer second");
  fixture_close(&f);
}

static void a_second_401_is_denied(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first", "second"}};
  static const struct script_row rows[] = {{.url = "$",
                                            .status = 401,
                                            .body = LISTED("invalid_access_token", "", "m"),
                                            .transaction = "tx"}};
  open_with(&f, &a, rows, 1);
  assert_int_equal(get(&f), ERR_DENIED);
  assert_int_equal(scripted_count(f.transport), 2);
  assert_int_equal(f.e.status, 401);
  assert_string_equal(f.e.code, "invalid_access_token");
  assert_string_equal(f.e.trace, "tx");
  fixture_close(&f);
}

// A client that bears a given token bears no other, and takes none from where others come from.
static void a_given_token_is_the_only_one(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first", "second"}};
  static const struct script_row rows[] = {
      {.url = "$", .body = KEY, .times = 1},
      {.url = "$", .status = 401, .body = LISTED("invalid_access_token", "", "m")}};
  struct iam_credential c;
  struct iam_key k;
  open_with(&f, &a, rows, 2);
  struct secret *bearer = secret_copy_text("given");
  struct iam *given = f.iam->ops->bearing(f.iam, bearer);
  secret_free(bearer);
  assert_int_equal(given->ops->get(given, KEY_ID, false, &k, &f.e), ERR_OK);
  iam_key_clear(&k);
  assert_string_equal(scripted_header(scripted_last(f.transport), "Authorization"), "Bearer given");
  assert_int_equal(given->ops->get(given, KEY_ID, false, &k, &f.e), ERR_DENIED);
  assert_int_equal(scripted_count(f.transport), 2);
  assert_int_equal(given->ops->credential(given, "me", &c, &f.e), ERR_MISSING);
  assert_int_equal(a.calls, 0);
  iam_free(given);
  fixture_close(&f);
}

static void a_create_is_sent_again_after_a_401_only(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first", "second"}};
  static const struct script_row rows[] = {{.url = "$", .status = 401, .body = "{}", .times = 1},
                                           {.url = "$", .result = ERR_UNSURE}};
  open_with(&f, &a, rows, 2);
  struct iam_key k;
  const struct iam_create spec = {
      .iam_id = IAM_ID, .account = ACCOUNT, .name = "n", .value = f.value};
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_UNSURE);
  assert_int_equal(scripted_count(f.transport), 2);
  assert_int_equal(scripted_last(f.transport)->replay, HTTP_REPLAY_NEVER);
  fixture_close(&f);
}

// A missing management token must not be read as an answer about the key that the call names.
static void no_token_means_not_sent_or_denied(void **state) {
  (void)state;
  static const struct {
    enum err token, call;
  } rows[] = {
      {ERR_REFUSED, ERR_DENIED},      {ERR_DENIED, ERR_DENIED},     {ERR_MISSING, ERR_DENIED},
      {ERR_INVALID, ERR_DENIED},      {ERR_UNSURE, ERR_UNSENT},     {ERR_UNSENT, ERR_UNSENT},
      {ERR_CORRUPT, ERR_UNSENT},      {ERR_LOCKED, ERR_UNSENT},     {ERR_THROTTLED, ERR_THROTTLED},
      {ERR_CANCELLED, ERR_CANCELLED}, {ERR_INTERNAL, ERR_INTERNAL},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    struct fake_auth a = {.fails = {rows[i].token}};
    open_with(&f, &a, NULL, 0);
    assert_int_equal(get(&f), rows[i].call);
    assert_int_equal(f.e.kind, rows[i].call);
    assert_int_equal(scripted_count(f.transport), 0);
    assert_string_equal(f.e.text, "look at an API key: management token: no token for you");
    a.calls = 0;
    assert_int_equal(f.iam->ops->remove(f.iam, KEY_ID, &f.e), rows[i].call);
    fixture_close(&f);
  }
}

static void a_renewal_that_fails_means_not_sent(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first"}, .fails = {ERR_OK, ERR_UNSURE}};
  static const struct script_row rows[] = {{.url = "$", .status = 401, .body = "{}"}};
  open_with(&f, &a, rows, 1);
  assert_int_equal(get(&f), ERR_UNSENT);
  fixture_close(&f);
}

static void no_answer_is_passed_on(void **state) {
  (void)state;
  static const struct {
    enum err transport, call;
  } rows[] = {{ERR_UNSENT, ERR_UNSENT},
              {ERR_UNSURE, ERR_UNSURE},
              {ERR_REFUSED, ERR_UNSURE},
              {ERR_CANCELLED, ERR_CANCELLED}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    const struct script_row script[] = {{.url = "$", .result = rows[i].transport}};
    fixture_open(&f, script, 1);
    assert_int_equal(get(&f), rows[i].call);
    assert_int_equal(f.e.kind, rows[i].call);
    assert_true(text_starts(f.e.text, "look at an API key: scripted: "));
    assert_string_equal(f.e.trace, scripted_header(scripted_last(f.transport), "Transaction-Id"));
    fixture_close(&f);
  }
}

static void throttling_says_how_long(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.url = "$", .status = 429, .retry_after_s = 17}};
  fixture_open(&f, rows, 1);
  assert_int_equal(get(&f), ERR_THROTTLED);
  assert_int_equal(f.e.retry_after_ms, 17000);
  fixture_close(&f);
}

static void answers_that_do_not_decode_are_corrupt(void **state) {
  (void)state;
  static const char *const bodies[] = {"", HTML, "[]", "{\"id\":\"ApiKey-", "{\"id\":7}", "null"};
  for (size_t i = 0; i < COUNT(bodies); i++) {
    struct fixture f;
    const struct script_row rows[] = {{.url = "$", .body = bodies[i], .transaction = "tx"}};
    fixture_open(&f, rows, 1);
    assert_int_equal(get(&f), ERR_CORRUPT);
    assert_true(text_starts(f.e.text, "look at an API key: "));
    fixture_close(&f);
  }
}

static void echoed_secrets_are_not_told(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.url = "$",
                                            .status = 400,
                                            .body = LISTED("bad", "", "token " BEARER " is bad"),
                                            .transaction = BEARER}};
  fixture_open(&f, rows, 1);
  assert_int_equal(get(&f), ERR_REFUSED);
  fixture_close(&f); // looks for it
}

static void the_servers_clock_goes_on(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "$", .body = KEY, .date_s = 2000000000, .times = 1},
      {.url = "$", .status = 503, .date_s = -1}};
  fixture_open(&f, rows, 2);
  assert_int_equal(f.iam->ops->server_time_s(f.iam), -1);
  assert_int_equal(get(&f), ERR_OK);
  assert_int_equal(f.iam->ops->server_time_s(f.iam), 2000000000);
  fake_env_advance(&f.env, 90500);
  assert_int_equal(f.iam->ops->server_time_s(f.iam), 2000000090);
  assert_int_equal(get(&f), ERR_UNSURE);
  assert_int_equal(f.iam->ops->server_time_s(f.iam), 2000000090);
  fixture_close(&f);
}

static void whoami_tells_claims_only(void **state) {
  (void)state;
  struct fixture f;
  struct fake_auth a = {.bearers = {"first"}, .fails = {ERR_OK, ERR_REFUSED}};
  open_with(&f, &a, NULL, 0);
  struct iam_token t = {0};
  assert_int_equal(f.iam->ops->whoami(f.iam, &t, &f.e), ERR_OK);
  assert_string_equal(t.iam_id, "me");
  assert_null(t.bearer);
  assert_int_equal(f.iam->ops->whoami(f.iam, &t, &f.e), ERR_REFUSED);
  assert_string_equal(f.e.text, "management token: no token for you");
  fixture_close(&f);
}

static void the_fixed_token_tells_its_claims(void **state) {
  (void)state;
  struct secret *jwt =
      secret_copy_text(fixture_jwt("{\"iam_id\":\"i\",\"account\":{\"bss\":\"a\"}}"));
  struct iam_auth *a = iam_auth_fixed_new(jwt);
  struct iam_token t = {0};
  assert_int_equal(a->ops->token(a, NULL, NULL, &t, NULL), ERR_OK);
  assert_string_equal(t.iam_id, "i");
  assert_true(secret_equal(t.bearer, jwt));
  assert_int_equal(a->ops->token(a, NULL, jwt, &t, NULL), ERR_DENIED);
  iam_token_clear(&t);
  iam_auth_free(a);
  secret_free(jwt);
}

static void nothing_is_freed_twice(void **state) {
  (void)state;
  iam_free(NULL);
  iam_auth_free(NULL);
  iam_token_clear(NULL);
  iam_key_clear(NULL);
  iam_key_list_clear(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_bears_token_and_transaction),
      cmocka_unit_test(a_401_renews_the_token_once),
      cmocka_unit_test(a_second_401_is_denied),
      cmocka_unit_test(a_given_token_is_the_only_one),
      cmocka_unit_test(a_create_is_sent_again_after_a_401_only),
      cmocka_unit_test(no_token_means_not_sent_or_denied),
      cmocka_unit_test(a_renewal_that_fails_means_not_sent),
      cmocka_unit_test(no_answer_is_passed_on),
      cmocka_unit_test(throttling_says_how_long),
      cmocka_unit_test(answers_that_do_not_decode_are_corrupt),
      cmocka_unit_test(echoed_secrets_are_not_told),
      cmocka_unit_test(the_servers_clock_goes_on),
      cmocka_unit_test(whoami_tells_claims_only),
      cmocka_unit_test(the_fixed_token_tells_its_claims),
      cmocka_unit_test(nothing_is_freed_twice),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
