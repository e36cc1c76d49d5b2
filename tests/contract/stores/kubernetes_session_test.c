// Tokens that turn, waits that the API server asks for, connections that are kept. By the scripted
// transport.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "tests/contract/stores/kubernetes_script.h"
#include "tests/support/unit.h"

static void throttling_says_how_long(void **state) {
  (void)state;
  static const struct script_row by_header = {
      .status = 429, .body = STATUS("TooManyRequests", "429", ""), .retry_after_s = 30};
  static const struct script_row by_body = {
      .status = 429,
      .body = STATUS("TooManyRequests", "429", ",\"details\":{\"retryAfterSeconds\":7}")};
  struct store_version v = {"u/5"};
  struct error e = {0};
  answer(&by_header);
  assert_int_equal(ERR_THROTTLED, write_it(&v, &e));
  assert_int_equal(30000, e.retry_after_ms);
  assert_int_equal(1, scripted_count(kube.script));
  fake_env_advance(&kube.env, 30000); // meanwhile nothing is sent there
  answer(&by_body);
  assert_int_equal(ERR_THROTTLED, write_it(&v, &e));
  assert_int_equal(7000, e.retry_after_ms);
}

static void short_throttling_is_waited_for(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.status = 429, .body = STATUS("TooManyRequests", "429", ""), .retry_after_s = 2, .times = 1},
      {.method = "PATCH", .body = SECRET("")},
  };
  struct store_version v = {"u/4"};
  struct error e = {0};
  scripted_set_rows(kube.script, rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, write_it(&v, &e));
  assert_string_equal("u/5", v.text);
  assert_true(fake_env_slept(&kube.env) >= 2000);
}

// 401 in the middle: the file is read again at once, and the request sent once more.
static void a_token_that_ended_is_read_again(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.method = "GET", .times = 1, .body = SECRET("")},
      {.status = 401, .times = 1, .body = STATUS("Unauthorized", "401", "")},
      {.method = "PATCH", .body = SECRET("")},
  };
  struct store_version v = {""};
  struct error e = {0};
  scripted_set_rows(kube.script, rows, COUNT_OF(rows));
  assert_int_equal(ERR_MISSING, read_it(&v, &e));
  assert_string_equal("Bearer first-token",
                      scripted_header(scripted_last(kube.script), "Authorization"));
  scratch_write(kube.token, "second-token\n");
  assert_int_equal(ERR_OK, write_it(&v, &e));
  assert_string_equal("Bearer first-token",
                      scripted_header(scripted_request(kube.script, 1), "Authorization"));
  assert_string_equal("Bearer second-token",
                      scripted_header(scripted_request(kube.script, 2), "Authorization"));
}

static void a_refused_token_is_tried_twice(void **state) {
  (void)state;
  static const struct script_row no = {.status = 401, .body = STATUS("Unauthorized", "401", "")};
  struct store_version v = {""};
  struct error e = {0};
  answer(&no);
  assert_int_equal(ERR_DENIED, read_it(&v, &e));
  assert_int_equal(2, scripted_count(kube.script));
}

static void tokens_are_read_every_minute(void **state) {
  (void)state;
  static const struct script_row row = {.body = SECRET("")};
  struct store_version v = {""};
  struct error e = {0};
  answer(&row);
  read_it(&v, &e);
  scratch_write(kube.token, "second-token\n");
  fake_env_advance(&kube.env, 30000);
  read_it(&v, &e);
  assert_string_equal("Bearer first-token",
                      scripted_header(scripted_last(kube.script), "Authorization"));
  fake_env_advance(&kube.env, 30000);
  read_it(&v, &e);
  assert_string_equal("Bearer second-token",
                      scripted_header(scripted_last(kube.script), "Authorization"));
  scratch_write(kube.token, ""); // being replaced in place: the one at hand will do
  fake_env_advance(&kube.env, 60000);
  assert_int_equal(ERR_MISSING, read_it(&v, &e));
  assert_string_equal("Bearer second-token",
                      scripted_header(scripted_last(kube.script), "Authorization"));
}

static void no_token_no_request(void **state) {
  (void)state;
  struct store_version v = {""};
  struct error e = {0};
  scratch_write(kube.token, " \n");
  assert_int_equal(ERR_DENIED, read_it(&v, &e));
  assert_non_null(strstr(e.text, "token"));
  assert_int_equal(0, scripted_count(kube.script));
}

// A connection is kept, until something is wrong with it: the next one reads its files anew.
static void connections_are_kept(void **state) {
  (void)state;
  static const struct script_row fine = {.body = SECRET("")}, broken = {.result = ERR_UNSENT};
  struct store_version v = {""};
  struct error e = {0};
  unsigned before = kube.handed_out;
  answer(&fine);
  for (int i = 0; i < 3; i++)
    read_it(&v, &e);
  assert_int_equal(1, kube.handed_out - before);
  answer(&broken);
  read_it(&v, &e);
  answer(&fine);
  read_it(&v, &e);
  assert_int_equal(2, kube.handed_out - before);
}

int main(void) {
#define TEST(t)                                                                                    \
  cmocka_unit_test_setup_teardown(t, kubernetes_script_setup, kubernetes_script_teardown)
  const struct CMUnitTest tests[] = {
      TEST(throttling_says_how_long),
      TEST(short_throttling_is_waited_for),
      TEST(a_token_that_ended_is_read_again),
      TEST(a_refused_token_is_tried_twice),
      TEST(tokens_are_read_every_minute),
      TEST(no_token_no_request),
      TEST(connections_are_kept),
  };
  int failed = cmocka_run_group_tests_name("kubernetes, sessions", tests, NULL, NULL);
  return failed != 0;
}
