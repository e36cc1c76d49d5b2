#include "rotator/http/retry.h"

#include <string.h>

#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/unit.h"

// --- the two pure functions ----------------------------------------------------------------------

static void what_is_worth_repeating(void **state) {
  (void)state;
  for (int err = ERR_INTERNAL; err < ERR_COUNT; err++) {
    assert_int_equal(retry_is_worth((enum err)err, 0, HTTP_REPLAY_NEVER), err == ERR_UNSENT);
    assert_int_equal(retry_is_worth((enum err)err, 0, HTTP_REPLAY_SAFE),
                     err == ERR_UNSENT || err == ERR_UNSURE);
    assert_false(retry_is_worth((enum err)err, 0, HTTP_REPLAY_ONCE));
  }
  for (int status = 100; status < 600; status++) {
    bool passing = status == 408 || (status >= 500 && status != 501);
    assert_int_equal(retry_is_worth(ERR_OK, status, HTTP_REPLAY_NEVER), status == 429);
    assert_int_equal(retry_is_worth(ERR_OK, status, HTTP_REPLAY_SAFE), status == 429 || passing);
    assert_false(retry_is_worth(ERR_OK, status, HTTP_REPLAY_ONCE));
  }
}

static void waits_have_a_ceiling_that_doubles(void **state) {
  (void)state;
  const struct retry_limits p = {.base_ms = 500, .cap_ms = 3000, .retry_after_cap_ms = 10000};
  static const int64_t ceilings[] = {500, 1000, 2000, 3000, 3000};
  for (unsigned i = 0; i < COUNT_OF(ceilings); i++) {
    assert_int_equal(retry_wait_ms(&p, i + 1, -1, 0), 0);
    assert_int_equal(retry_wait_ms(&p, i + 1, -1, UINT32_MAX), ceilings[i]);
    int64_t half = retry_wait_ms(&p, i + 1, -1, UINT32_MAX / 2);
    assert_within(half, ceilings[i] / 2 - 1, ceilings[i] / 2 + 1);
  }
  assert_int_equal(retry_wait_ms(&p, 4000000000u, -1, UINT32_MAX), 3000);
  const struct retry_limits widest = {.base_ms = INT32_MAX, .cap_ms = INT32_MAX};
  assert_int_equal(retry_wait_ms(&widest, 100, -1, UINT32_MAX), INT32_MAX);
}

static void retry_after_is_a_floor_and_is_bounded(void **state) {
  (void)state;
  const struct retry_limits p = {.base_ms = 500, .cap_ms = 3000, .retry_after_cap_ms = 10000};
  assert_int_equal(retry_wait_ms(&p, 1, 0, 0), 0);
  assert_int_equal(retry_wait_ms(&p, 1, 200, 0), 200);
  assert_int_equal(retry_wait_ms(&p, 1, 200, UINT32_MAX), 500);
  assert_int_equal(retry_wait_ms(&p, 1, 10000, 0), 10000);
  assert_int_equal(retry_wait_ms(&p, 1, 10001, 0), -1);
}

// --- the decorator -------------------------------------------------------------------------------

static struct fake_env f;
static struct transport *inner, *t;
static struct http_response got;
static struct error e;
static const struct retry_limits limits = {
    .tries = 4, .base_ms = 500, .cap_ms = 15000, .retry_after_cap_ms = 30000, .deadline_ms = 60000};

static void make(const struct script_row *rows, size_t n) {
  fake_env_init(&f, 1);
  inner = scripted_transport_new(rows, n, &f.env);
  t = retry_transport_new(inner, &limits, &f.env);
  got = (struct http_response){0};
}

static enum err send_it(enum http_replay replay, int64_t deadline_ms) {
  const struct http_request req = {.method = "POST",
                                   .url = "https://h/x",
                                   .replay = replay,
                                   .timeout_ms = 7000,
                                   .deadline_ms = deadline_ms};
  return http_exchange(t, &req, &got, &e);
}

static void drop(void) {
  assert_int_equal(scripted_unexpected(inner), 0);
  http_response_clear(&got);
  transport_free(t);
}

static void a_good_answer_is_sent_once(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 201, .body = "{}", .transaction = "t-1"}};
  make(rows, 1);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_OK);
  assert_int_equal(got.status, 201);
  assert_int_equal(got.tries, 1);
  assert_string_equal(secret_bytes(got.body), "{}");
  assert_int_equal(scripted_count(inner), 1);
  assert_int_equal(scripted_last(inner)->timeout_ms, 7000);
  assert_int_equal(scripted_last(inner)->deadline_ms, 60000);
  assert_int_equal(f.n_sleeps, 0);
  drop();
}

static void lost_answers_are_repeated_where_that_is_safe(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.times = 1, .result = ERR_UNSURE},
                                           {.times = 1, .status = 503, .body = "busy"},
                                           {.status = 200, .body = "good"}};
  make(rows, 3);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_OK);
  assert_string_equal(secret_bytes(got.body), "good");
  assert_int_equal(got.tries, 3);
  assert_int_equal(f.n_sleeps, 2);
  assert_within(f.sleeps[0], 0, 500);
  assert_within(f.sleeps[1], 0, 1000);
  drop();
}

// What a prompt request acts upon would be old by then; a try without a pause is another matter.
static void a_prompt_request_does_not_wait_as_asked(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.times = 1, .status = 429},
                                           {.times = 1, .status = 429, .retry_after_s = 6},
                                           {.status = 200}};
  const struct http_request req = {
      .method = "DELETE", .url = "https://h/x", .replay = HTTP_REPLAY_SAFE, .prompt = true};
  make(rows, 3);
  assert_int_equal(http_exchange(t, &req, &got, &e), ERR_OK);
  assert_int_equal(got.status, 429);
  assert_int_equal(got.retry_after_ms, 6000);
  assert_int_equal(got.tries, 2);
  drop();
}

// A gate below said that nothing was sent: of this try, that is.
static void what_was_kept_back_was_not_sent(void **state) {
  (void)state;
  static const struct script_row at_once[] = {{.result = ERR_THROTTLED}};
  static const struct script_row later[] = {{.times = 1, .result = ERR_UNSURE},
                                            {.result = ERR_THROTTLED}};
  make(at_once, 1);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_THROTTLED);
  assert_int_equal(got.tries, 0);
  drop();
  make(later, 2);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSURE);
  assert_int_equal(got.tries, 1);
  drop();
}

static void lost_answers_are_never_repeated_otherwise(void **state) {
  (void)state;
  static const struct script_row unsure[] = {{.result = ERR_UNSURE}};
  static const struct script_row busy[] = {{.status = 503}};
  make(unsure, 1);
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_UNSURE);
  assert_int_equal(scripted_count(inner), 1);
  drop();
  make(busy, 1);
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_OK);
  assert_int_equal(got.status, 503);
  assert_int_equal(scripted_count(inner), 1);
  drop();
}

static void what_was_not_sent_is_sent_again(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.times = 2, .result = ERR_UNSENT}, {.status = 201}};
  make(rows, 2);
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_OK);
  assert_int_equal(got.tries, 3);
  drop();
}

static void tries_are_counted_out(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.result = ERR_UNSENT}};
  make(rows, 1);
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_UNSENT);
  assert_int_equal(scripted_count(inner), 4);
  assert_int_equal(f.n_sleeps, 3);
  assert_int_equal(got.tries, 4);
  drop();
}

// An earlier try may have been applied: that the last one certainly was not does not help.
static void unsure_stays_unsure(void **state) {
  (void)state;
  static const struct script_row lost[] = {{.times = 1, .result = ERR_UNSURE},
                                           {.result = ERR_UNSENT}};
  static const struct script_row broken[] = {{.times = 1, .status = 500}, {.result = ERR_UNSENT}};
  static const struct script_row throttled[] = {{.times = 1, .status = 429},
                                                {.result = ERR_UNSENT}};
  static const struct script_row lost_before[] = {
      {.times = 1, .result = ERR_UNSURE}, {.times = 1, .status = 429}, {.result = ERR_UNSENT}};
  make(lost, 2);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSURE);
  assert_int_equal(e.kind, ERR_UNSURE);
  drop();
  make(lost_before, 3); // a clean "not now" does not make the first try undone
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSURE);
  drop();
  make(broken, 2);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSURE);
  drop();
  make(throttled, 2); // 429: a clean "not now"
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_UNSENT);
  drop();
}

static void other_answers_end_it(void **state) {
  (void)state;
  static const enum err ends[] = {ERR_REFUSED, ERR_INVALID, ERR_INTERNAL, ERR_CANCELLED};
  for (size_t i = 0; i < COUNT_OF(ends); i++) {
    const struct script_row rows[] = {{.result = ends[i]}};
    make(rows, 1);
    assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ends[i]);
    assert_int_equal(scripted_count(inner), 1);
    drop();
  }
}

static void retry_after_is_waited_for(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.times = 1, .status = 429, .retry_after_s = 7},
                                           {.status = 200}};
  make(rows, 2);
  assert_int_equal(send_it(HTTP_REPLAY_NEVER, 0), ERR_OK);
  assert_int_equal(got.status, 200);
  assert_int_equal(f.sleeps[0], 7000);
  drop();
}

static void too_long_a_retry_after_is_handed_up(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 429, .retry_after_s = 31, .body = "later"}};
  make(rows, 1);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_OK);
  assert_int_equal(got.status, 429);
  assert_int_equal(got.retry_after_ms, 31000);
  assert_string_equal(secret_bytes(got.body), "later");
  assert_int_equal(f.n_sleeps, 0);
  drop();
}

static void the_deadline_holds_for_tries_and_waits_together(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.times = 1, .status = 503, .retry_after_s = 4, .takes_ms = 3000},
      {.status = 503, .retry_after_s = 4, .takes_ms = 2500}};
  make(rows, 2);
  int64_t start = env_mono_ms(&f.env);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 10000), ERR_OK);
  assert_int_equal(got.status, 503);
  assert_int_equal(scripted_count(inner), 2); // a third would begin after 13.5 s
  assert_int_equal(scripted_request(inner, 0)->deadline_ms, 10000);
  assert_int_equal(scripted_request(inner, 1)->deadline_ms, 3000);
  assert_true(env_mono_ms(&f.env) - start <= 10000);
  drop();
}

static void a_stop_ends_the_waiting(void **state) {
  (void)state;
  static const struct script_row unsent[] = {{.result = ERR_UNSENT}};
  static const struct script_row unsure[] = {{.result = ERR_UNSURE}};
  make(unsent, 1);
  f.stop_after_sleeps = 1;
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSENT);
  assert_int_equal(scripted_count(inner), 1);
  drop();
  make(unsure, 1);
  f.stop_after_sleeps = 1;
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSURE); // not "cancelled": it was sent
  drop();
}

static void without_chance_there_is_no_retry(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.result = ERR_UNSENT}};
  make(rows, 1);
  f.random_fails = true;
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSENT);
  assert_int_equal(scripted_count(inner), 1);
  drop();
}

static void defaults_fill_what_is_zero(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.result = ERR_UNSENT}};
  static const struct retry_limits twice = {.tries = 2};
  make(rows, 1);
  transport_free(t);
  inner = scripted_transport_new(rows, 1, &f.env);
  t = retry_transport_new(inner, &twice, &f.env);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSENT);
  assert_int_equal(scripted_count(inner), 2);
  assert_int_equal(scripted_request(inner, 0)->deadline_ms, 60000);
  transport_free(t);
  inner = scripted_transport_new(rows, 1, &f.env);
  t = retry_transport_new(inner, NULL, &f.env);
  assert_int_equal(send_it(HTTP_REPLAY_SAFE, 0), ERR_UNSENT);
  assert_int_equal(scripted_count(inner), 4);
  drop();
}

static void clearing_wipes_and_resets(void **state) {
  (void)state;
  struct http_response r = {.status = 200, .body = secret_copy_text("x"), .retry_after_ms = 5};
  http_response_clear(&r);
  assert_null(r.body);
  assert_int_equal(r.status, 0);
  assert_int_equal(r.retry_after_ms, -1);
  assert_int_equal(r.date_s, -1);
  http_response_clear(&r);
  transport_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_worth_repeating),
      cmocka_unit_test(waits_have_a_ceiling_that_doubles),
      cmocka_unit_test(retry_after_is_a_floor_and_is_bounded),
      cmocka_unit_test(a_good_answer_is_sent_once),
      cmocka_unit_test(lost_answers_are_repeated_where_that_is_safe),
      cmocka_unit_test(lost_answers_are_never_repeated_otherwise),
      cmocka_unit_test(what_was_not_sent_is_sent_again),
      cmocka_unit_test(tries_are_counted_out),
      cmocka_unit_test(unsure_stays_unsure),
      cmocka_unit_test(other_answers_end_it),
      cmocka_unit_test(retry_after_is_waited_for),
      cmocka_unit_test(too_long_a_retry_after_is_handed_up),
      cmocka_unit_test(the_deadline_holds_for_tries_and_waits_together),
      cmocka_unit_test(a_stop_ends_the_waiting),
      cmocka_unit_test(without_chance_there_is_no_retry),
      cmocka_unit_test(defaults_fill_what_is_zero),
      cmocka_unit_test(a_prompt_request_does_not_wait_as_asked),
      cmocka_unit_test(what_was_kept_back_was_not_sent),
      cmocka_unit_test(clearing_wipes_and_resets),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
