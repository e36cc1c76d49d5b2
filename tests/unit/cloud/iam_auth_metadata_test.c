// A trusted profile by the metadata service of a virtual server.
#include <stdio.h>
#include <string.h>

#include "rotator/cloud/iam_profile.h"
#include "tests/support/unit.h"
#include "tests/unit/cloud/fixture.h"

#define PROFILE "Profile-44444444-4444-4444-8444-444444444444"
#define HTTP "http://169.254.169.254"
#define HTTPS "https://api.metadata.cloud.ibm.com"
#define OLD "2022-03-01"
#define NEW "2025-08-26"
#define IDENTITY "identity-token-of-this-virtual-server"
#define IDENTITY_BODY "{\"access_token\":\"" IDENTITY "\",\"expires_in\":300}"
#define METADATA_ERROR(code)                                                                       \
  "{\"errors\":[{\"code\":\"" code "\",\"message\":\"about it\",\"more_info\":\"\",\"target\":"    \
  "{\"name\":\"id\",\"type\":\"field\",\"value\":\"" IDENTITY "\"}}],\"status_code\":400,"         \
  "\"trace\":\"t\"}"

static const struct iam_profile by_id = {.id = PROFILE},
                                by_crn = {.crn = "crn:of::profile:" PROFILE}, by_default;

struct scene {
  struct fake_env env;
  struct transport *service; // the authenticator's
  struct iam_auth *auth;
  struct error e;
};

static void scene_open(struct scene *s, const char *url, const char *version,
                       const struct iam_profile *p, const struct script_row *rows, size_t n) {
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->service = scripted_transport_new(rows, n, &s->env.env);
  s->auth = iam_auth_metadata_new(url, version, p, s->service, &s->env.env);
}

static void scene_close(struct scene *s) {
  assert_int_equal(scripted_unexpected(s->service), 0);
  assert_hidden(&s->e, IDENTITY);
  iam_auth_free(s->auth);
}

// The caller's transport leads to IAM and must not be used.
static enum err token(struct scene *s, struct iam_token *ret) {
  struct transport *iam = scripted_transport_new(NULL, 0, NULL);
  enum err err = s->auth->ops->token(s->auth, iam, NULL, ret, &s->e);
  assert_int_equal(scripted_count(iam), 0);
  transport_free(iam);
  return err;
}

static const char *token_body(void) {
  static char body[1024];
  snprintf(body, sizeof body, "%s", fixture_token_body("iam-" PROFILE, 3600));
  return body;
}

static void both_versions_have_their_paths(void **state) {
  static const struct {
    const char *url, *version, *first, *second;
  } table[] = {
      {HTTP, OLD, HTTP "/instance_identity/v1/token?version=" OLD "$",
       HTTP "/instance_identity/v1/iam_token?version=" OLD "$"},
      {HTTPS, NEW, HTTPS "/identity/v1/token?version=" NEW "$",
       HTTPS "/identity/v1/iam_tokens?version=" NEW "$"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(table); i++) {
    struct scene s;
    struct iam_token t = {0};
    const struct script_row rows[] = {
        {.method = "PUT", .url = table[i].first, .body = IDENTITY_BODY},
        {.method = "POST", .url = table[i].second, .body = token_body(), .takes_ms = 1000}};
    scene_open(&s, table[i].url, table[i].version, &by_id, rows, 2);
    int64_t before_ms = s.env.mono_ms;
    assert_int_equal(token(&s, &t), ERR_OK);
    assert_string_equal(t.iam_id, "iam-" PROFILE);
    assert_int_equal(t.expires_at_ms, before_ms + 3590000);
    const struct script_request *first = scripted_request(s.service, 0),
                                *second = scripted_request(s.service, 1);
    assert_string_equal(scripted_header(first, "Metadata-Flavor"), "ibm");
    assert_string_equal(first->content_type, "application/json");
    assert_string_equal(first->body, "{\"expires_in\":300}");
    assert_string_equal(scripted_header(second, "Authorization"), "Bearer " IDENTITY);
    assert_string_equal(second->body, "{\"trusted_profile\":{\"id\":\"" PROFILE "\"}}");
    assert_within(first->timeout_ms, 1, 10000);
    iam_token_clear(&t);
    scene_close(&s);
  }
}

static void the_default_profile_needs_no_body(void **state) {
  static const struct {
    const struct iam_profile *profile;
    const char *body, *type;
  } table[] = {
      {&by_default, "", ""},
      {&by_crn, "{\"trusted_profile\":{\"crn\":\"crn:of::profile:" PROFILE "\"}}",
       "application/json"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(table); i++) {
    struct scene s;
    struct iam_token t = {0};
    const struct script_row rows[] = {
        {.method = "PUT", .url = "/token?", .body = IDENTITY_BODY},
        {.method = "POST", .url = "/iam_token?", .body = token_body()}};
    scene_open(&s, HTTP, OLD, table[i].profile, rows, 2);
    assert_int_equal(token(&s, &t), ERR_OK);
    assert_string_equal(scripted_last(s.service)->body, table[i].body);
    assert_string_equal(scripted_last(s.service)->content_type, table[i].type);
    iam_token_clear(&t);
    scene_close(&s);
  }
}

static void answers_mean(void **state) {
  static const struct {
    const char *step; // which of the two answers so
    int status;
    const char *body, *code;
    enum err err;
    enum iam_profile_fault fault;
  } table[] = {
      {"/iam_token?", 400, METADATA_ERROR("profile_not_linked"), "profile_not_linked", ERR_REFUSED,
       IAM_PROFILE_NOT_LINKED},
      {"/iam_token?", 404, METADATA_ERROR("not_found"), "not_found", ERR_REFUSED, IAM_PROFILE_FINE},
      {"/iam_token?", 403, METADATA_ERROR("unauthorized"), "unauthorized", ERR_DENIED,
       IAM_PROFILE_FINE},
      {"/iam_token?", 500, METADATA_ERROR("service_error"), "service_error", ERR_UNSURE,
       IAM_PROFILE_FINE},
      {"/iam_token?", 200, "{}", "", ERR_CORRUPT, IAM_PROFILE_FINE},
      {"/token?", 400, METADATA_ERROR("missing_value"), "missing_value", ERR_REFUSED,
       IAM_PROFILE_FINE},
      {"/token?", 404, HTML, "", ERR_UNSURE, IAM_PROFILE_FINE}, // some other server
      {"/token?", 200, "{\"access_token\":\"a\\nb\"}", "", ERR_CORRUPT, IAM_PROFILE_FINE},
      {"/token?", 200, "{\"access_token\":\"\"}", "", ERR_CORRUPT, IAM_PROFILE_FINE},
      {"/token?", 200, HTML, "", ERR_CORRUPT, IAM_PROFILE_FINE},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(table); i++) {
    struct scene s;
    struct iam_token t = {0};
    const struct script_row rows[] = {
        {.url = table[i].step, .status = table[i].status, .body = table[i].body},
        {.method = "PUT", .url = "/token?", .body = IDENTITY_BODY}};
    scene_open(&s, HTTP, OLD, &by_id, rows, 2);
    assert_int_equal(token(&s, &t), table[i].err);
    assert_string_equal(s.e.code, table[i].code);
    assert_int_equal(iam_profile_fault(&s.e), table[i].fault);
    assert_non_null(strstr(s.e.text, "trusted profile " PROFILE ": metadata service"));
    assert_null(t.bearer);
    scene_close(&s);
  }
}

// Switched off, the other protocol, too few hops: there is no answer, and nothing is known of the
// profile.
static void silence_is_no_refusal(void **state) {
  static const enum err silent[] = {ERR_UNSENT, ERR_UNSURE};
  (void)state;
  for (size_t i = 0; i < COUNT(silent); i++) {
    struct scene s;
    struct iam_token t = {0};
    const struct script_row rows[] = {{.url = "/token?", .result = silent[i]}};
    scene_open(&s, i ? HTTPS : HTTP, OLD, &by_default, rows, 1);
    assert_int_equal(token(&s, &t), silent[i]);
    assert_int_equal(iam_profile_fault(&s.e), IAM_PROFILE_FINE);
    assert_non_null(
        strstr(s.e.text, i ? "does not answer: it is switched off or set to http for"
                           : "does not answer: it is switched off or set to https for"));
    assert_non_null(strstr(s.e.text, "hops"));
    scene_close(&s);
  }
}

// An early renewal may be given up: the token that is there still works.
static void an_early_renewal_waits_less(void **state) {
  (void)state;
  struct scene s;
  struct iam_token t = {0};
  const struct script_row rows[] = {{.method = "PUT", .url = "/token?", .body = IDENTITY_BODY},
                                    {.method = "POST", .url = "/iam_token?", .body = token_body()}};
  scene_open(&s, HTTP, OLD, &by_id, rows, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(token(&s, &t), ERR_OK);
    assert_int_equal(scripted_count(s.service), 2 * (i + 1));
    assert_int_equal(scripted_last(s.service)->deadline_ms, i ? 10000 : 20000);
    iam_token_clear(&t);
    fake_env_advance(&s.env, 2880 * 1000); // 80 % of its life
  }
  scene_close(&s);
}

static void a_stop_stays_a_stop(void **state) {
  (void)state;
  struct scene s;
  struct iam_token t = {0};
  const struct script_row rows[] = {{.url = "/token?", .result = ERR_CANCELLED}};
  scene_open(&s, HTTP, OLD, &by_id, rows, 1);
  assert_int_equal(token(&s, &t), ERR_CANCELLED);
  assert_null(strstr(s.e.text, "does not answer"));
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_versions_have_their_paths),
      cmocka_unit_test(the_default_profile_needs_no_body),
      cmocka_unit_test(answers_mean),
      cmocka_unit_test(silence_is_no_refusal),
      cmocka_unit_test(an_early_renewal_waits_less),
      cmocka_unit_test(a_stop_stays_a_stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
