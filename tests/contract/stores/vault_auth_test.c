// Logins of the Vault store: what is sent, how often, how long a token lives, and who revokes it.
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/contract/stores/vault_script.h"
#include "tests/support/scratch.h"

#define LOGIN .method = "POST", .url = "/v1/auth/approle/login$"
#define AUTH(token, type, lease)                                                                   \
  "{\"auth\":{\"client_token\":\"" token "\",\"accessor\":\"of-" token "\",\"token_type\":\"" type \
  "\",\"lease_duration\":" lease ",\"renewable\":true,\"mfa_requirement\":null}}"
#define READ {GET_DATA, .body = VAULT_SECRET("3")}
#define SELF(accessor)                                                                             \
  {.method = "GET",                                                                                \
   .url = "/v1/auth/token/lookup-self$",                                                           \
   .body = "{\"data\":{\"accessor\":\"" accessor "\"}}"}
#define REVOKE {.method = "POST", .url = "/v1/auth/token/revoke-self$", .status = 204}
#define DENY .status = 403, .body = ERRORS("permission denied")

static struct scratch dir;
static char secret_path[SCRATCH_PATH * 2];
static const char *approle[] = {"auth.approle.role_id",
                                "role-1",
                                "auth.approle.secret_id.file",
                                secret_path,
                                "namespace",
                                "team",
                                NULL};

static int setup(void **state) {
  scratch_new(&dir);
  snprintf(secret_path, sizeof secret_path, "%s", scratch_path(&dir, "secret"));
  scratch_write(secret_path, " s-12345678\n");
  return vault_script_setup(state);
}

static int teardown(void **state) {
  scratch_remove(&dir);
  return vault_script_teardown(state);
}

static enum err read_once(struct vault_script *s, struct error *e) {
  struct store_record r = {0};
  struct store_version v;
  enum err err = store_read(s->it, &r, &v, e);
  store_record_clear(&r);
  return err;
}

static size_t count(struct vault_script *s, const char *url) {
  return scripted_count_of(s->t, NULL, url);
}

static void logs_in_once_and_revokes(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .in_body = "{\"role_id\":\"role-1\",\"secret_id\":\"s-12345678\"}",
       .body = AUTH("hvs.one", "service", "1200")},
      READ,
      SELF("of-hvs.one"),
      REVOKE};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_string_equal("hvs.one", scripted_header(scripted_last(s->t), "X-Vault-Token"));
  assert_string_equal("", scripted_header(scripted_request(s->t, 0), "X-Vault-Token"));
  assert_string_equal("team", scripted_header(scripted_request(s->t, 0), "X-Vault-Namespace"));
  vault_script_finish(s);
  assert_int_equal(1, count(s, "approle/login"));
  assert_int_equal(1, count(s, "revoke-self"));
  assert_string_equal("hvs.one", scripted_header(scripted_last(s->t), "X-Vault-Token"));
}

// An agent's listener may put its own token in the place of ours: then "self" is the agent.
static void r8_leaves_a_token_that_is_not_ours(void **state) {
  static const struct script_row other[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200")}, READ, SELF("of-the-agent"), REVOKE};
  static const struct script_row hidden[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200")},
      READ,
      {.url = "lookup-self$", .body = "{\"data\":{\"ttl\":5}}"},
      REVOKE};
  struct vault_script *s = *state;
  vault_script_open(s, other, COUNT_OF(other), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  vault_script_finish(s);
  vault_script_open(s, hidden, COUNT_OF(hidden), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  vault_script_finish(s);
  assert_int_equal(2, count(s, "lookup-self"));
  assert_int_equal(0, count(s, "revoke-self"));
}

static void r8_sends_no_token_to_a_listener(void **state) {
  static const char *const pairs[] = {"auth", "listener", NULL};
  static const struct script_row rows[] = {
      {GET_DATA, .body = VAULT_SECRET("3"), .times = 1},
      {GET_DATA, DENY, .times = 1},
      {.url = "lookup-self$", .body = "{\"data\":{\"ttl\":5}}"}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), pairs);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_string_equal("", scripted_header(scripted_last(s->t), "X-Vault-Token"));
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_non_null(strstr(e.text, "does the token's policy have"));
  assert_int_equal(1, count(s, "lookup-self"));
  vault_script_finish(s);
  assert_int_equal(0, count(s, "revoke-self"));
}

static void leaves_batch_tokens(void **state) {
  static const struct script_row rows[] = {{LOGIN, .body = AUTH("hvb.one", "batch", "1200")}, READ};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  vault_script_finish(s);
  assert_int_equal(0, scripted_unexpected(s->t));
}

static void renews_in_time(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200")},
      {.method = "POST", .url = "renew-self$", .body = AUTH("hvs.one", "service", "1200")},
      READ,
      REVOKE};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  fake_env_advance(&s->f, 700 * 1000);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_int_equal(0, count(s, "renew-self"));
  fake_env_advance(&s->f, 200 * 1000);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_int_equal(1, count(s, "renew-self"));
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_int_equal(1, count(s, "renew-self"));
  assert_int_equal(1, count(s, "approle/login"));
}

static void logs_in_again_when_forgotten(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200"), .times = 1},
      {LOGIN, .body = AUTH("hvs.two", "service", "1200"), .times = 1},
      {.url = "lookup-self$", DENY},
      {GET_DATA, .body = VAULT_SECRET("3"), .times = 1},
      {GET_DATA, DENY, .times = 1},
      READ,
      REVOKE};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  fake_env_advance(&s->f, 60 * 1000);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_string_equal("hvs.two", scripted_header(scripted_last(s->t), "X-Vault-Token"));
  assert_int_equal(2, count(s, "approle/login"));
}

// A missing policy must not use up secret ids.
static void keeps_a_token_that_is_known(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200")}, LOOKUP_GOOD, {GET_DATA, DENY}, REVOKE};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  fake_env_advance(&s->f, 60 * 1000);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_int_equal(1, count(s, "approle/login"));
}

// A token without the default policy may not even look itself up: one other login shows it.
static void gives_up_logging_in_again(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200"), .times = 1},
      {LOGIN, .body = AUTH("hvs.two", "service", "1200")},
      {.url = "lookup-self$", DENY},
      {GET_DATA, DENY},
      REVOKE};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(ERR_DENIED, read_once(s, &e));
    fake_env_advance(&s->f, 60 * 1000);
  }
  assert_int_equal(2, count(s, "approle/login"));
}

static void does_not_repeat_a_refused_login(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .status = 400, .body = ERRORS("invalid secret id s-12345678")}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_int_equal(1, count(s, "approle/login"));
  assert_non_null(strstr(e.text, "auth/approle"));
  assert_null(strstr(e.text, "s-12345678"));
}

// A secret id may be good for one login, and failures lock the AppRole: sent once, whatever the
// answer, until another is in its place.
static void r7_a_secret_id_is_sent_once(void **state) {
  static const struct {
    int status;
    const char *body;
    enum err err;
  } answers[] = {{400, ERRORS("invalid role or secret ID"), ERR_DENIED},
                 {403, ERRORS("permission denied"), ERR_DENIED},
                 {500, ERRORS("invalid secret id"), ERR_DENIED},
                 {500, ERRORS("internal error"), ERR_UNSENT}};
  struct vault_script *s = *state;
  for (size_t i = 0; i < COUNT_OF(answers); i++) {
    static struct script_row rows[3];
    const struct script_row now[] = {
        {LOGIN, .status = answers[i].status, .body = answers[i].body, .times = 1},
        {LOGIN, .in_body = "s-another", .body = AUTH("hvs.two", "service", "1200")},
        READ};
    struct error e = {0};
    vault_script_finish(s);
    memcpy(rows, now, sizeof rows);
    scratch_write(secret_path, "s-12345678");
    vault_script_open(s, rows, COUNT_OF(rows), approle);
    size_t before = count(s, "approle/login");
    for (int k = 0; k < 6; k++)
      assert_int_equal(answers[i].err, read_once(s, &e));
    assert_int_equal(1, count(s, "approle/login") - before);
    scratch_write(secret_path, "s-another");
    assert_int_equal(ERR_OK, read_once(s, &e));
    assert_int_equal(2, count(s, "approle/login") - before);
  }
}

// The first login was the only one: the next is refused, and that is no matter of the policy.
static void r7_a_used_up_secret_id_is_named(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200"), .times = 1},
      {LOGIN, .status = 500, .body = ERRORS("invalid secret id")},
      {.url = "lookup-self$", DENY},
      {.url = "/v1/sys/internal/ui/mounts/", DENY},
      {.url = "/v1/sys/health$", .body = "{}"},
      {GET_DATA, DENY}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_int_equal(2, count(s, "approle/login"));
  assert_non_null(strstr(e.text, "auth/approle: the login is refused, HTTP 500"));
  assert_non_null(strstr(e.text, "used up"));
  assert_null(strstr(e.text, "policy"));
  assert_int_equal(ERR_DENIED, store_check(s->it, &e));
  assert_null(strstr(e.text, "policy"));
  assert_int_equal(2, count(s, "approle/login"));
}

// A login that is refused, a policy, an outage: three errors, three texts.
static void r7_three_refusals_are_three_texts(void **state) {
  static const struct script_row login[] = {{LOGIN, DENY}};
  static const struct script_row policy[] = {
      {LOGIN, .body = AUTH("hvs.one", "service", "1200")}, LOOKUP_GOOD, {GET_DATA, DENY}};
  static const struct script_row outage[] = {
      {LOGIN, .status = 503, .body = ERRORS("no active node"), .times = 9}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, login, COUNT_OF(login), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_non_null(strstr(e.text, "the login is refused"));
  assert_null(strstr(e.text, "policy"));
  vault_script_open(s, policy, COUNT_OF(policy), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_null(strstr(e.text, "login"));
  assert_non_null(strstr(e.text, "policy"));
  vault_script_open(s, outage, COUNT_OF(outage), approle);
  assert_int_equal(ERR_UNSENT, read_once(s, &e));
  assert_non_null(strstr(e.text, "cannot serve now"));
  assert_int_equal(ERR_UNSENT, read_once(s, &e)); // and is asked again
  assert_true(count(s, "approle/login") >= 4);
}

static void waits_where_there_is_no_answer(void **state) {
  static const struct script_row rows[] = {{LOGIN, .result = ERR_UNSURE}};
  static const struct script_row sealed[] = {
      {LOGIN, .status = 503, .body = ERRORS("Vault is sealed")}};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_UNSENT, read_once(s, NULL));
  vault_script_open(s, sealed, COUNT_OF(sealed), approle);
  assert_int_equal(ERR_LOCKED, read_once(s, NULL));
}

static void refuses_a_second_factor(void **state) {
  static const struct script_row rows[] = {
      {LOGIN, .body = "{\"auth\":{\"client_token\":\"\",\"mfa_requirement\":{\"x\":1}}}"}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), approle);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_non_null(strstr(e.text, "second factor"));
}

static void refuses_what_is_no_token(void **state) {
  static const char *const pairs[] = {"auth.token.file", secret_path, NULL};
  static const char *const texts[] = {"", "{\"token\":\"x\"}", "a b", "a\x01", "\xc3\xbc"};
  struct vault_script *s = *state;
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    scratch_write(secret_path, texts[i]);
    vault_script_open(s, NULL, 0, pairs);
    assert_int_equal(ERR_DENIED, read_once(s, NULL));
  }
  assert_int_equal(0, scripted_count(s->t));
}

#define AUTH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      AUTH_TEST(logs_in_once_and_revokes),
      AUTH_TEST(r8_leaves_a_token_that_is_not_ours),
      AUTH_TEST(r8_sends_no_token_to_a_listener),
      AUTH_TEST(leaves_batch_tokens),
      AUTH_TEST(renews_in_time),
      AUTH_TEST(logs_in_again_when_forgotten),
      AUTH_TEST(keeps_a_token_that_is_known),
      AUTH_TEST(gives_up_logging_in_again),
      AUTH_TEST(does_not_repeat_a_refused_login),
      AUTH_TEST(r7_a_secret_id_is_sent_once),
      AUTH_TEST(r7_a_used_up_secret_id_is_named),
      AUTH_TEST(r7_three_refusals_are_three_texts),
      AUTH_TEST(waits_where_there_is_no_answer),
      AUTH_TEST(refuses_a_second_factor),
      AUTH_TEST(refuses_what_is_no_token),
  };
  int failed = cmocka_run_group_tests_name("vault logins", tests, NULL, NULL);
  return failed != 0;
}
