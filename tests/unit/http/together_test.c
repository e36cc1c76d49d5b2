// Several exchanges together: what the decorators make of them. What goes together is seen by a
// transport below, which notes how many came at once and hands them to a scripted one.
#include <string.h>

#include "rotator/http/gate.h"
#include "rotator/http/retry.h"
#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/unit.h"

enum { MOST = 20 };

static struct fake_env f;
static struct {
  struct transport base;
  struct transport *scripted;
  size_t rounds[MOST]; // how many came together
  size_t n;
} seen;

static void note_together(struct transport *t, struct http_call *calls, size_t n) {
  (void)t;
  assert_true(n > 0 && n <= HTTP_TOGETHER_MAX && seen.n < MOST);
  seen.rounds[seen.n++] = n;
  http_together(seen.scripted, calls, n);
}

static void note_nothing(struct transport *t) {
  (void)t;
}

static struct transport *make(const struct script_row *rows, size_t n) {
  static const struct transport_ops ops = {.together = note_together, .free = note_nothing};
  memset(&seen, 0, sizeof seen);
  fake_env_init(&f, 1);
  seen.base.ops = &ops;
  seen.scripted = scripted_transport_new(rows, n, &f.env);
  return &seen.base;
}

// The calls of one test, "https://h/0", "https://h/1" …, and in which order they ended.
static struct http_request requests[MOST];
static struct http_response answers[MOST];
static struct error errors[MOST];
static struct http_call calls[MOST];
static size_t ended[MOST], n_ended;

static void note_end(struct http_call *c) {
  ended[n_ended++] = (size_t)(c - calls);
}

static void prepare(size_t n) {
  static const char *const urls[] = {"https://h/0", "https://h/1", "https://h/2", "https://h/3"};
  n_ended = 0;
  memset(answers, 0, sizeof answers);
  memset(errors, 0, sizeof errors);
  for (size_t i = 0; i < n; i++) {
    requests[i] =
        (struct http_request){.method = "POST", .url = urls[i % 4], .replay = HTTP_REPLAY_SAFE};
    calls[i] = (struct http_call){
        .req = &requests[i], .ret = &answers[i], .e = &errors[i], .ended = note_end};
  }
}

static void drop(size_t n) {
  assert_int_equal(n_ended, n);
  assert_int_equal(scripted_unexpected(seen.scripted), 0);
  for (size_t i = 0; i < n; i++)
    http_response_clear(&answers[i]);
  transport_free(seen.scripted);
}

static const struct script_row fine[] = {{.status = 200}};

// --- the door ------------------------------------------------------------------------------------

static void where_nobody_knows_better_they_go_one_by_one(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.url = "/1$", .result = ERR_UNSURE}, {.status = 204}};
  make(rows, 2);
  prepare(3);
  http_together(seen.scripted, calls, 3);
  assert_int_equal(calls[0].err, ERR_OK);
  assert_int_equal(calls[1].err, ERR_UNSURE);
  assert_int_equal(calls[2].err, ERR_OK); // the one before it is no matter
  assert_int_equal(answers[2].status, 204);
  assert_string_equal(scripted_request(seen.scripted, 2)->url, "https://h/2");
  drop(3);
}

static void never_too_many_at_once(void **state) {
  (void)state;
  struct transport *t = make(fine, 1);
  prepare(2 * HTTP_TOGETHER_MAX + 1);
  http_together(t, calls, 2 * HTTP_TOGETHER_MAX + 1);
  assert_int_equal(seen.n, 3);
  assert_int_equal(seen.rounds[1], HTTP_TOGETHER_MAX);
  assert_int_equal(seen.rounds[2], 1);
  drop(2 * HTTP_TOGETHER_MAX + 1);
}

static void one_alone_is_a_batch_of_one(void **state) {
  (void)state;
  struct transport *t = make(fine, 1);
  prepare(1);
  assert_int_equal(http_exchange(t, &requests[0], &answers[0], &errors[0]), ERR_OK);
  assert_int_equal(seen.rounds[0], 1);
  note_end(&calls[0]);
  drop(1);
}

// --- retries -------------------------------------------------------------------------------------

static const struct retry_limits limits = {
    .tries = 3, .base_ms = 500, .cap_ms = 15000, .retry_after_cap_ms = 30000, .deadline_ms = 60000};

static void only_those_that_are_worth_it_go_again(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.url = "/1$", .status = 503, .times = 1},
                                           {.url = "/2$", .result = ERR_UNSURE, .times = 2},
                                           {.url = "/3$", .result = ERR_UNSENT},
                                           {.status = 200}};
  struct transport *t = retry_transport_new(make(rows, 4), &limits, &f.env);
  prepare(4);
  requests[2].replay = HTTP_REPLAY_NEVER; // an answer that got lost is not asked for again
  http_together(t, calls, 4);
  assert_int_equal(seen.n, 3);
  assert_int_equal(seen.rounds[0], 4);
  assert_int_equal(seen.rounds[1], 2); // 1 and 3
  assert_int_equal(seen.rounds[2], 1); // 3
  assert_int_equal(f.n_sleeps, 2);
  assert_int_equal(calls[0].err, ERR_OK);
  assert_int_equal(answers[0].tries, 1);
  assert_int_equal(answers[1].status, 200);
  assert_int_equal(answers[1].tries, 2);
  assert_int_equal(calls[2].err, ERR_UNSURE);
  assert_int_equal(calls[3].err, ERR_UNSENT);
  assert_int_equal(answers[3].tries, 3);
  transport_free(t);
  drop(4);
}

// Who was told to wait is the one that the others wait for.
static void those_that_go_again_wait_for_the_longest(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.url = "/0$", .status = 503, .times = 1},
      {.url = "/1$", .status = 503, .retry_after_s = 20, .times = 1},
      {.url = "/2$", .status = 503, .times = 1},
      {.status = 200}};
  struct transport *t = retry_transport_new(make(rows, 4), &limits, &f.env);
  prepare(3);
  requests[2].deadline_ms = 5000; // it has not that long
  http_together(t, calls, 3);
  assert_int_equal(f.n_sleeps, 1);
  assert_int_equal(f.sleeps[0], 20000);
  assert_int_equal(seen.rounds[1], 2);
  assert_int_equal(answers[0].status, 200);
  assert_int_equal(answers[1].status, 200);
  assert_int_equal(answers[2].status, 503);
  assert_int_equal(scripted_request(seen.scripted, 3)->deadline_ms, 40000); // what is left of it
  transport_free(t);
  drop(3);
}

static void a_stop_ends_the_waiting_of_all(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.url = "/0$", .status = 200}, {.status = 503}};
  struct transport *t = retry_transport_new(make(rows, 2), &limits, &f.env);
  prepare(2);
  f.stop_after_sleeps = 1;
  http_together(t, calls, 2);
  assert_int_equal(seen.n, 1);
  assert_int_equal(answers[0].status, 200);
  assert_int_equal(answers[1].status, 503);
  transport_free(t);
  drop(2);
}

// --- the gate ------------------------------------------------------------------------------------

static struct http_gate *gate;

static struct transport *make_gated(const struct script_row *rows, size_t n) {
  struct transport *inner = make(rows, n);
  gate = http_gate_new(&f.env);
  return http_gate_transport_new(inner, gate);
}

static void drop_gated(struct transport *t, size_t n) {
  transport_free(t);
  http_gate_free(gate);
  drop(n);
}

static void an_open_gate_lets_all_through(void **state) {
  (void)state;
  struct transport *t = make_gated(fine, 1);
  prepare(4);
  http_together(t, calls, 4);
  assert_int_equal(seen.n, 1);
  assert_int_equal(seen.rounds[0], 4);
  drop_gated(t, 4);
}

// Those beside it were under way; whoever comes after them is held.
static void a_429_in_the_middle_closes_it(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.url = "/1$", .status = 429, .retry_after_s = 20, .times = 1}, {.status = 200}};
  struct transport *t = make_gated(rows, 2);
  prepare(3);
  http_together(t, calls, 3);
  assert_int_equal(answers[0].status, 200);
  assert_int_equal(answers[1].status, 429);
  assert_int_equal(answers[2].status, 200);
  for (size_t i = 0; i < 3; i++)
    http_response_clear(&answers[i]);
  prepare(3);
  for (size_t i = 0; i < 3; i++)
    requests[i].prompt = true;
  http_together(t, calls, 3);
  assert_int_equal(seen.n, 1);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(calls[i].err, ERR_THROTTLED);
    assert_int_equal(errors[i].retry_after_ms, 20000);
  }
  drop_gated(t, 3);
}

// Three were under way when it said 429: one may be from now on.
static void behind_a_429_they_go_one_by_one(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 429, .times = 1}, {.status = 200}};
  struct transport *t = make_gated(rows, 2);
  prepare(3);
  http_together(t, calls, 3);
  for (size_t i = 0; i < 3; i++)
    http_response_clear(&answers[i]);
  prepare(3);
  http_together(t, calls, 3);
  assert_int_equal(seen.n, 4);
  for (size_t i = 1; i < 4; i++)
    assert_int_equal(seen.rounds[i], 1);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(answers[i].status, 200);
  assert_int_equal(f.n_sleeps, 0);
  drop_gated(t, 3);
}

// Says of each in turn how long it waits; the last one stands. Below 0: it is told so.
struct beat {
  struct http_pace base;
  const int64_t *waits_ms;
  size_t n, asked;
};

static enum err take(struct http_pace *base, bool prompt, int64_t most_ms, int64_t *ret_wait_ms,
                     struct error *e) {
  struct beat *b = (struct beat *)base;
  int64_t ms = b->waits_ms[b->asked < b->n ? b->asked : b->n - 1];
  (void)prompt, (void)most_ms;
  b->asked++;
  *ret_wait_ms = ms;
  return ms < 0 ? error_set(e, ERR_THROTTLED, "used up") : ERR_OK;
}

static void a_pace_is_kept_by_each(void **state) {
  (void)state;
  static const int64_t waits_ms[] = {0, 0, 3000, -1};
  struct beat b = {.base = {take}, .waits_ms = waits_ms, .n = COUNT_OF(waits_ms)};
  struct transport *t = make_gated(fine, 1);
  assert_true(http_gate_pace(gate, "https://h", &b.base));
  prepare(4);
  http_together(t, calls, 4);
  assert_int_equal(b.asked, 4); // a place that was taken is kept
  assert_int_equal(seen.n, 2);
  assert_int_equal(seen.rounds[0], 2);
  assert_int_equal(seen.rounds[1], 1);
  assert_int_equal(fake_env_slept(&f), 3000);
  assert_int_equal(calls[2].err, ERR_OK);
  assert_int_equal(calls[3].err, ERR_THROTTLED);
  drop_gated(t, 4);
}

static void what_is_no_url_ends_alone(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.url = "gopher", .result = ERR_REFUSED},
                                           {.status = 200}};
  struct transport *t = make_gated(rows, 2);
  prepare(3);
  requests[1].url = "gopher://h/";
  http_together(t, calls, 3);
  assert_int_equal(calls[0].err, ERR_OK);
  assert_int_equal(calls[1].err, ERR_REFUSED);
  assert_int_equal(calls[2].err, ERR_OK);
  drop_gated(t, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(where_nobody_knows_better_they_go_one_by_one),
      cmocka_unit_test(never_too_many_at_once),
      cmocka_unit_test(one_alone_is_a_batch_of_one),
      cmocka_unit_test(only_those_that_are_worth_it_go_again),
      cmocka_unit_test(those_that_go_again_wait_for_the_longest),
      cmocka_unit_test(a_stop_ends_the_waiting_of_all),
      cmocka_unit_test(an_open_gate_lets_all_through),
      cmocka_unit_test(a_429_in_the_middle_closes_it),
      cmocka_unit_test(behind_a_429_they_go_one_by_one),
      cmocka_unit_test(a_pace_is_kept_by_each),
      cmocka_unit_test(what_is_no_url_ends_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
