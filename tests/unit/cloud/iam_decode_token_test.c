#include <stdio.h>
#include <string.h>

#include "rotator/cloud/iam_decode.h"
#include "tests/unit/cloud/fixture.h"

#define CLAIMS                                                                                     \
  "{\"iam_id\":\"i\",\"account\":{\"bss\":\"a\"},\"name\":\"n\",\"iat\":100,\"exp\":700}"

static enum err decode(const char *body, struct iam_token *ret) {
  return iam_decode_token(body, strlen(body), ret, NULL);
}

static void a_token(void **state) {
  (void)state;
  struct iam_token t;
  assert_int_equal(decode(fixture_token_body(IAM_ID, 3600), &t), ERR_OK);
  assert_string_equal(t.iam_id, IAM_ID);
  assert_string_equal(t.account, ACCOUNT);
  assert_string_equal(t.name, "logs-agent");
  assert_int_equal(t.expires_in_s, 3600);
  assert_int_equal(strncmp(secret_bytes(t.bearer), "e30.", 4), 0);
  iam_token_clear(&t);
  assert_null(t.bearer);
}

static void bodies(void **state) {
  (void)state;
  static const struct {
    const char *format; // %s: a good token
    enum err err;
  } rows[] = {
      {"{\"access_token\":\"%s\",\"expires_in\":60}", ERR_OK},
      {"{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":60}", ERR_OK},
      {"{\"access_token\":\"%s\"}", ERR_OK}, // the claims say the life
      {"{\"access_token\":\"%s\",\"expires_in\":\"60\"}", ERR_OK},
      {"{\"access_token\":\"%s\",\"expires_in\":0}", ERR_CORRUPT},
      {"{\"access_token\":\"%s\",\"expires_in\":-1}", ERR_CORRUPT},
      {"{\"access_token\":\"%s\",\"expires_in\":1e12}", ERR_CORRUPT},
      {"{\"access_token\":\"%s\",\"token_type\":\"mac\",\"expires_in\":60}", ERR_CORRUPT},
      {"{\"access_token\":\"x%s\\n\",\"expires_in\":60}", ERR_CORRUPT},
      {"{\"access_token\":\"%s.x\",\"expires_in\":60}", ERR_CORRUPT},
      {"{\"access_token\":\"\",\"expires_in\":60}", ERR_CORRUPT},
      {"{\"access_token\":7,\"expires_in\":60}", ERR_CORRUPT},
      {"{\"expires_in\":60}", ERR_CORRUPT},
      {"{\"access_token\":\"%s\",\"expires_in\":60", ERR_CORRUPT},
      {"[]", ERR_CORRUPT},
      {"", ERR_CORRUPT},
      {HTML, ERR_CORRUPT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char body[2048];
    const char *at = strstr(rows[i].format, "%s");
    int head = at ? (int)(at - rows[i].format) : (int)strlen(rows[i].format);
    snprintf(body, sizeof body, "%.*s%s%s", head, rows[i].format, at ? fixture_jwt(CLAIMS) : "",
             at ? at + 2 : "");
    struct iam_token t = {0};
    if (decode(body, &t) != rows[i].err)
      fail_msg("not %s: %s", err_name(rows[i].err), body);
    assert_int_equal(t.bearer != NULL, rows[i].err == ERR_OK);
    iam_token_clear(&t);
  }
}

static void claims(void **state) {
  (void)state;
  static const struct {
    const char *json;
    enum err err;
    int64_t life_s;
  } rows[] = {
      {CLAIMS, ERR_OK, 600},
      {"{\"iam_id\":\"i\",\"account\":{\"bss\":\"a\"}}", ERR_OK, 0},
      {"{\"iam_id\":\"i\",\"account\":{\"bss\":\"a\"},\"iat\":700,\"exp\":100}", ERR_OK, 0},
      {"{\"iam_id\":\"i\",\"account\":{\"bss\":\"a\"},\"name\":7}", ERR_OK, 0},
      {"{\"account\":{\"bss\":\"a\"}}", ERR_CORRUPT, 0},
      {"{\"iam_id\":\"\",\"account\":{\"bss\":\"a\"}}", ERR_CORRUPT, 0},
      {"{\"iam_id\":\"i\"}", ERR_CORRUPT, 0},
      {"{\"iam_id\":\"i\",\"account\":\"a\"}", ERR_CORRUPT, 0},
      {"{\"iam_id\":\"i\",\"account\":{\"bss\":\"\"}}", ERR_CORRUPT, 0},
      {"[1]", ERR_CORRUPT, 0},
      {"text", ERR_CORRUPT, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_token t = {0};
    int64_t life_s = -7;
    const char *jwt = fixture_jwt(rows[i].json);
    if (iam_decode_claims(jwt, strlen(jwt), &t, &life_s, NULL) != rows[i].err)
      fail_msg("not %s: %s", err_name(rows[i].err), rows[i].json);
    assert_int_equal(life_s, rows[i].err ? -7 : rows[i].life_s);
  }
}

static void what_is_no_token(void **state) {
  (void)state;
  static const char *const rows[] = {"",        "a",       "a.b",   "a.b.", ".b.c",    "a..c",
                                     "a.b.c.d", "a.b.c\n", "a.!.c", "..",   "a.b c.d", "a.e30.c="};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_token t = {0};
    int64_t life_s;
    assert_int_equal(iam_decode_claims(rows[i], strlen(rows[i]), &t, &life_s, NULL), ERR_CORRUPT);
  }
  static char huge[40000];
  memset(huge, 'e', sizeof huge);
  huge[1] = huge[sizeof huge - 2] = '.';
  struct iam_token t = {0};
  int64_t life_s;
  assert_int_equal(iam_decode_claims(huge, sizeof huge, &t, &life_s, NULL), ERR_CORRUPT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token),
      cmocka_unit_test(bodies),
      cmocka_unit_test(claims),
      cmocka_unit_test(what_is_no_token),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
