// Logins of the Vault store by the token of a service account, which Kubernetes reviews for Vault.
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/contract/stores/vault_script.h"
#include "tests/support/scratch.h"

#define KUBE_LOGIN .method = "POST", .url = "/v1/auth/kubernetes/login$"
#define AUTH(token, type, lease)                                                                   \
  "{\"auth\":{\"client_token\":\"" token "\",\"accessor\":\"of-" token "\",\"token_type\":\"" type \
  "\",\"lease_duration\":" lease ",\"renewable\":true,\"mfa_requirement\":null}}"
#define READ {GET_DATA, .body = VAULT_SECRET("3")}
#define REVOKE {.method = "POST", .url = "/v1/auth/token/revoke-self$", .status = 204}
#define DENY .status = 403, .body = ERRORS("permission denied")

static struct scratch dir;
static char secret_path[SCRATCH_PATH * 2];

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

static void logs_in_to_kubernetes(void **state) {
  static const char *const pairs[] = {"auth.kubernetes.role", "rotator",
                                      "auth.kubernetes.token_file", secret_path, NULL};
  static const struct script_row rows[] = {
      {.method = "POST",
       .url = "/v1/auth/kubernetes/login$",
       .in_body = "{\"role\":\"rotator\",\"jwt\":\"s-12345678\"}",
       .body = AUTH("hvs.kube", "service", "1200")},
      READ,
      REVOKE};
  struct vault_script *s = *state;
  vault_script_open(s, rows, COUNT_OF(rows), pairs);
  assert_int_equal(ERR_OK, read_once(s, NULL));
  assert_string_equal("hvs.kube", scripted_header(scripted_last(s->t), "X-Vault-Token"));
}

// A role's name is no secret, and a misspelt one must be told; the token beside it never is.
static void r9_says_which_role_is_wrong(void **state) {
  static const char *const pairs[] = {"auth.kubernetes.role", "rotatro",
                                      "auth.kubernetes.token_file", secret_path, NULL};
  static const struct script_row role[] = {
      {KUBE_LOGIN, .status = 400, .body = ERRORS("invalid role name \\\"rotatro\\\"")}};
  static const struct script_row echo[] = {
      {KUBE_LOGIN, .status = 400, .body = ERRORS("rotatro: bad token s-12345678")}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, role, COUNT_OF(role), pairs);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_non_null(strstr(e.text, "invalid role name \"rotatro\""));
  vault_script_open(s, echo, COUNT_OF(echo), pairs);
  assert_int_equal(ERR_DENIED, read_once(s, &e));
  assert_null(strstr(e.text, "s-12345678"));
  assert_non_null(strstr(e.text, "repeats a secret that was sent"));
}

// Vault's answer when the API server that reviews the token is away: it passes. Its own refusals do
// not.
static void waits_for_the_api_server(void **state) {
  static const char *const pairs[] = {"auth.kubernetes.role", "rotator",
                                      "auth.kubernetes.token_file", secret_path, NULL};
  static const struct script_row away[] = {{KUBE_LOGIN, DENY}};
  static const struct script_row broken[] = {
      {KUBE_LOGIN, .status = 500, .body = ERRORS("internal error")}};
  static const char *const verdicts[] = {
      ERRORS("namespace not authorized"),
      ERRORS("invalid audience (aud) claim: audience claim does not match any expected audience")};
  static struct script_row refused[] = {{KUBE_LOGIN, .status = 403}};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, away, COUNT_OF(away), pairs);
  assert_int_equal(ERR_UNSENT, read_once(s, &e));
  assert_non_null(strstr(e.text, "permission denied. Vault says so also when"));
  vault_script_open(s, broken, COUNT_OF(broken), pairs);
  assert_int_equal(ERR_UNSENT, read_once(s, &e));
  for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
    vault_script_finish(s);
    refused[0].body = verdicts[i];
    vault_script_open(s, refused, COUNT_OF(refused), pairs);
    assert_int_equal(ERR_DENIED, read_once(s, &e));
  }
}

static void reads_a_token_file_again(void **state) {
  static const char *const pairs[] = {"auth.token.file", secret_path, NULL};
  static const struct script_row rows[] = {
      {.url = "lookup-self$", DENY}, {GET_DATA, DENY, .times = 1}, READ};
  struct vault_script *s = *state;
  struct error e = {0};
  vault_script_open(s, rows, COUNT_OF(rows), pairs);
  assert_int_equal(ERR_DENIED, read_once(s, &e)); // the same token: no use
  assert_int_equal(1, count(s, "/v1/secret/data"));
  scripted_set_rows(s->t, rows, COUNT_OF(rows));
  scratch_write(secret_path, "s-two");
  assert_int_equal(ERR_OK, read_once(s, &e));
  assert_string_equal("s-two", scripted_header(scripted_last(s->t), "X-Vault-Token"));
  vault_script_finish(s);
  assert_int_equal(0, count(s, "revoke-self"));
}

#define AUTH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      AUTH_TEST(logs_in_to_kubernetes),
      AUTH_TEST(r9_says_which_role_is_wrong),
      AUTH_TEST(waits_for_the_api_server),
      AUTH_TEST(reads_a_token_file_again),
  };
  return cmocka_run_group_tests_name("vault logins by a service account", tests, NULL, NULL) != 0;
}
