#include "tests/unit/cloud/fixture.h"

#include "rotator/base/text_digest.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cloud/iam_auth_fixed.h"

void fixture_open(struct fixture *f, const struct script_row *rows, size_t n) {
  memset(f, 0, sizeof *f);
  fake_env_init(&f->env, 1);
  struct secret *bearer = secret_copy_text(BEARER);
  f->transport = scripted_transport_new(rows, n, &f->env.env);
  f->auth = iam_auth_fixed_new(bearer);
  f->iam = iam_http_new(BASE, f->transport, f->auth, &f->env.env);
  f->value = secret_copy_text(VALUE);
  secret_free(bearer);
  assert_non_null(f->transport);
  assert_non_null(f->auth);
  assert_non_null(f->iam);
}

void fixture_rows(struct fixture *f, const struct script_row *rows, size_t n) {
  scripted_set_rows(f->transport, rows, n);
}

void fixture_me(struct fixture *f, const char *iam_id) {
  char claims[256];
  snprintf(claims, sizeof claims, "{\"iam_id\":\"%s\",\"account\":{\"bss\":\"" ACCOUNT "\"}}",
           iam_id);
  struct secret *bearer = secret_copy_text(fixture_jwt(claims));
  iam_free(f->iam);
  iam_auth_free(f->auth);
  f->auth = iam_auth_fixed_new(bearer);
  f->iam = iam_http_new(BASE, f->transport, f->auth, &f->env.env);
  secret_free(bearer);
  assert_non_null(f->iam);
}

void fixture_close(struct fixture *f) {
  assert_int_equal(scripted_unexpected(f->transport), 0);
  assert_hidden(&f->e, VALUE);
  assert_hidden(&f->e, BEARER);
  iam_free(f->iam);
  iam_auth_free(f->auth);
  transport_free(f->transport);
  secret_free(f->value);
}

const char *fixture_jwt(const char *claims) {
  static char jwt[4096];
  char middle[3072];
  text_base64url(middle, sizeof middle, claims, strlen(claims));
  snprintf(jwt, sizeof jwt, "e30.%s.c2ln", middle);
  return jwt;
}

const char *fixture_token_body(const char *iam_id, int expires_in) {
  static char body[8192];
  char claims[1024];
  snprintf(
      claims, sizeof claims,
      "{\"iam_id\":\"%s\",\"name\":\"logs-agent\",\"account\":{\"valid\":true,\"bss\":\"" ACCOUNT
      "\"},\"iat\":1795498800,\"exp\":1795502400}",
      iam_id);
  snprintf(body, sizeof body,
           "{\"access_token\":\"%s\",\"refresh_token\":\"not_supported\",\"token_type\":\"Bearer\","
           "\"expires_in\":%d,\"expiration\":1795502400,\"scope\":\"ibm openid\"}",
           fixture_jwt(claims), expires_in);
  return body;
}

void assert_absent(const char *secret, const void *bytes, size_t len) {
  for (size_t i = 0; i + 12 <= strlen(secret); i++)
    if (memmem(bytes, len, secret + i, 12))
      fail_msg("a secret stands in it");
}

void assert_hidden(const struct error *e, const char *secret) {
  assert_absent(secret, e, sizeof *e);
}
