// No management token: what is told, and for how long it is remembered.
#include <string.h>

#include "tests/unit/cloud/token_scene.h"

static void failures_are_told(void **state) {
  (void)state;
  struct token_scene s;
  struct iam_token t = {0};
  struct error e;
  token_scene_open(&s);
  s.endpoint.status = 400;
  assert_int_equal(token_scene_ask(&s, NULL, &t, &e), ERR_REFUSED);
  assert_string_equal(e.code, "BXNIM0415E");
  assert_hidden(&e, VALUE);
  s.no_key = true;
  assert_int_equal(token_scene_ask(&s, NULL, &t, &e), ERR_MISSING);
  assert_string_equal(e.text, "the file is not there");
  assert_int_equal(token_scene_ask(&s, NULL, &t, NULL), ERR_MISSING);
  assert_int_equal(s.endpoint.sent, 1);
  assert_null(t.bearer);
  token_scene_close(&s);
}

// Nothing is asked, and all are told what the last one was.
static void expect_failure(struct token_scene *s, enum err err, int sent) {
  struct iam_token t = {0};
  struct error e = {0};
  assert_int_equal(token_scene_ask(s, NULL, &t, &e), err);
  assert_int_equal(e.kind, err);
  assert_non_null(strstr(e.text, err == ERR_MISSING ? "the file is not there" : "scripted"));
  assert_int_equal(s->endpoint.sent, sent);
}

static void a_slow_failure_is_remembered(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  s.endpoint.slow = &s.env;
  s.endpoint.takes_ms = 4500;
  s.endpoint.result = ERR_UNSENT;
  expect_failure(&s, ERR_UNSENT, 1);
  for (int i = 0; i < 1000; i++)
    expect_failure(&s, ERR_UNSENT, 1);
  fake_env_advance(&s.env, 4 * 4500 - 1);
  expect_failure(&s, ERR_UNSENT, 1);
  fake_env_advance(&s.env, 1);
  expect_failure(&s, ERR_UNSENT, 2);
  s.endpoint.takes_ms = 20000;
  fake_env_advance(&s.env, 18000);
  expect_failure(&s, ERR_UNSENT, 3);
  fake_env_advance(&s.env, 29999); // never longer than 30 s
  expect_failure(&s, ERR_UNSENT, 3);
  fake_env_advance(&s.env, 1);
  s.endpoint.result = ERR_OK;
  s.endpoint.takes_ms = 1;
  token_scene_expect(&s, "me-4", 4);
  token_scene_close(&s);
}

// What was at once in vain is tried at once again; so is what was for want of our own.
static void other_failures_are_not_remembered(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  s.no_key = true;
  for (int i = 0; i < 3; i++)
    expect_failure(&s, ERR_MISSING, 0);
  assert_int_equal(s.keys_read, 3);
  s.no_key = false;
  s.endpoint.slow = &s.env;
  s.endpoint.takes_ms = 5000;
  s.endpoint.result = ERR_CANCELLED;
  expect_failure(&s, ERR_CANCELLED, 1);
  s.endpoint.result = ERR_INTERNAL;
  expect_failure(&s, ERR_INTERNAL, 2);
  s.endpoint.result = ERR_OK;
  token_scene_expect(&s, "me-3", 3);
  token_scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failures_are_told),
      cmocka_unit_test(a_slow_failure_is_remembered),
      cmocka_unit_test(other_failures_are_not_remembered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
