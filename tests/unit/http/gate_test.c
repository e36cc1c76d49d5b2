// What a service asks of one request holds for all: who is sent, who waits how long, who is told
// what.
#include "rotator/http/gate.h"

#include <pthread.h>
#include <string.h>

#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/unit.h"

static struct fake_env f;
static struct http_gate *gate;
static struct transport *inner, *t;
static struct http_response got;
static struct error e;
static struct {
  unsigned times;
  char host[64];
  int status;
  int64_t ms;
} told;

static void tell(void *ctx, const char *host, int status, int64_t ms) {
  (void)ctx;
  told.times++;
  strcpy(told.host, host);
  told.status = status;
  told.ms = ms;
}

static void make(const struct script_row *rows, size_t n) {
  fake_env_init(&f, 1);
  memset(&told, 0, sizeof told);
  gate = http_gate_new(&f.env);
  http_gate_watch(gate, tell, NULL);
  inner = scripted_transport_new(rows, n, &f.env);
  t = http_gate_transport_new(inner, gate);
  got = (struct http_response){0};
}

static enum err send_to(const char *url, bool prompt, int64_t deadline_ms) {
  const struct http_request req = {
      .method = "GET", .url = url, .prompt = prompt, .deadline_ms = deadline_ms};
  http_response_clear(&got);
  return http_exchange(t, &req, &got, &e);
}

static void drop(void) {
  assert_int_equal(scripted_unexpected(inner), 0);
  http_response_clear(&got);
  transport_free(t);
  http_gate_free(gate);
}

static const char iam[] = "https://iam.example/identity/token",
                  other[] = "https://logs.example/v1/singles";
static const struct script_row busy[] = {
    {.url = "iam.example", .status = 429, .retry_after_s = 20, .times = 1}, {.status = 200}};

static void the_next_request_waits(void **state) {
  (void)state;
  make(busy, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(got.status, 429);
  assert_int_equal(told.times, 1);
  assert_string_equal(told.host, "iam.example");
  assert_int_equal(told.status, 429);
  assert_int_equal(told.ms, 20000);
  assert_int_equal(send_to(iam, false, 60000), ERR_OK);
  assert_int_equal(got.status, 200);
  assert_int_equal(fake_env_slept(&f), 20000);
  assert_int_equal(scripted_last(inner)->deadline_ms, 40000); // what the wait left of it
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(fake_env_slept(&f), 20000);
  drop();
}

static void another_host_is_not_held(void **state) {
  (void)state;
  make(busy, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(send_to(other, false, 0), ERR_OK);
  assert_int_equal(send_to("https://iam.example:8443/x", false, 0), ERR_OK);
  assert_int_equal(f.n_sleeps, 0);
  drop();
}

static void a_503_closes_where_it_says_how_long(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 503, .times = 1},
                                           {.status = 503, .retry_after_s = 3, .times = 1},
                                           {.status = 500, .retry_after_s = 3, .times = 1},
                                           {.status = 200}};
  make(rows, 4);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(f.n_sleeps, 0);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(got.status, 500);
  assert_int_equal(fake_env_slept(&f), 3000);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(fake_env_slept(&f), 3000);
  drop();
}

static void assert_told_to_wait(int64_t ms) {
  assert_int_equal(e.kind, ERR_THROTTLED);
  assert_int_equal(e.retry_after_ms, ms);
  assert_non_null(strstr(e.text, "iam.example"));
}

// What was seen before would be old: it is seen anew instead.
static void a_prompt_request_waits_for_a_moment_only(void **state) {
  (void)state;
  make(busy, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  fake_env_advance(&f, 14999);
  assert_int_equal(send_to(iam, true, 0), ERR_THROTTLED);
  assert_told_to_wait(5001);
  assert_int_equal(scripted_count(inner), 1);
  assert_int_equal(f.n_sleeps, 0);
  fake_env_advance(&f, 1);
  assert_int_equal(send_to(iam, true, 0), ERR_OK);
  assert_int_equal(fake_env_slept(&f), HTTP_PROMPT_MS);
  drop();
}

static void nobody_waits_longer_than_there_is_time(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 429, .retry_after_s = 31, .times = 1},
                                           {.status = 200}};
  make(rows, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(send_to(iam, false, 60000), ERR_THROTTLED); // GATE_WAIT_MS
  assert_told_to_wait(31000);
  fake_env_advance(&f, 11000);
  assert_int_equal(send_to(iam, false, 10000), ERR_THROTTLED); // its own time
  assert_told_to_wait(20000);
  assert_int_equal(f.n_sleeps, 0);
  assert_int_equal(send_to(iam, false, 20001), ERR_OK);
  assert_int_equal(fake_env_slept(&f), 20000);
  drop();
}

static void an_absurd_time_is_not_believed(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 429, .retry_after_s = 864000, .times = 1},
                                           {.status = 200}};
  make(rows, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(told.ms, GATE_CLOSED_MS);
  fake_env_advance(&f, GATE_CLOSED_MS);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(got.status, 200);
  drop();
}

static void a_stop_ends_the_wait(void **state) {
  (void)state;
  make(busy, 2);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  f.stop_after_sleeps = 1;
  assert_int_equal(send_to(iam, false, 0), ERR_CANCELLED);
  assert_int_equal(scripted_count(inner), 1);
  drop();
}

// --- a pace --------------------------------------------------------------------------------------

struct beat {
  struct http_pace base;
  int64_t wait_ms;
  unsigned asked, prompt;
};
static enum err take(struct http_pace *base, bool prompt, int64_t most_ms, int64_t *ret_wait_ms,
                     struct error *err) {
  struct beat *b = (struct beat *)base;
  b->asked++;
  b->prompt += prompt;
  if (b->wait_ms > most_ms) {
    error_set(err, ERR_THROTTLED, "iam.example: used up");
    err->retry_after_ms = b->wait_ms;
    return ERR_THROTTLED;
  }
  *ret_wait_ms = prompt ? 0 : b->wait_ms;
  return ERR_OK;
}

static void a_pace_is_for_its_host(void **state) {
  (void)state;
  static const struct script_row rows[] = {{.status = 200}};
  struct beat b = {.base = {take}, .wait_ms = 4000};
  make(rows, 1);
  assert_true(http_gate_pace(gate, "https://iam.example", &b.base));
  assert_int_equal(send_to(other, false, 0), ERR_OK);
  assert_int_equal(b.asked, 0);
  assert_int_equal(send_to(iam, false, 0), ERR_OK);
  assert_int_equal(fake_env_slept(&f), 4000);
  assert_int_equal(send_to(iam, true, 0), ERR_OK);
  assert_int_equal(fake_env_slept(&f), 4000);
  assert_int_equal(b.prompt, 1);
  b.wait_ms = 30001;
  assert_int_equal(send_to(iam, false, 0), ERR_THROTTLED);
  assert_told_to_wait(30001);
  assert_int_equal(scripted_count(inner), 3);
  drop();
}

// --- how many at once ----------------------------------------------------------------------------

// A transport at which requests stay until they are let go, counted.
enum { THREADS = 8 };
static struct {
  struct transport base;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  unsigned here, most, let_go;
  int status;
} hall = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum err stay(struct transport *x, const struct http_request *req, struct http_response *ret,
                     struct error *err) {
  (void)x, (void)req, (void)err;
  pthread_mutex_lock(&hall.lock);
  hall.here++;
  hall.most = hall.here > hall.most ? hall.here : hall.most;
  pthread_cond_broadcast(&hall.changed);
  while (hall.let_go == 0)
    pthread_cond_wait(&hall.changed, &hall.lock);
  hall.let_go--;
  hall.here--;
  ret->status = hall.status;
  ret->retry_after_ms = -1;
  ret->body = secret_copy_text("");
  pthread_cond_broadcast(&hall.changed);
  pthread_mutex_unlock(&hall.lock);
  return ERR_OK;
}
static void leave_hall(struct transport *x) {
  (void)x;
}

static void *visit(void *arg) {
  struct transport *through = arg;
  struct http_response answer = {0};
  const struct http_request req = {.method = "GET", .url = iam};
  assert_int_equal(http_exchange(through, &req, &answer, NULL), ERR_OK);
  http_response_clear(&answer);
  return NULL;
}

// All THREADS at once; returns the most that were in the hall together. Each is let go when
// `wanted` are there, or as many as are left.
static unsigned crowd(struct transport *through, int status, unsigned wanted) {
  pthread_t threads[THREADS];
  hall.most = 0;
  hall.status = status;
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, visit, through), 0);
  pthread_mutex_lock(&hall.lock);
  for (unsigned left = THREADS; left > 0; left--) {
    while (hall.let_go > 0 || hall.here < (left < wanted ? left : wanted))
      pthread_cond_wait(&hall.changed, &hall.lock);
    hall.let_go = 1;
    pthread_cond_broadcast(&hall.changed);
  }
  pthread_mutex_unlock(&hall.lock);
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  return hall.most;
}

static void a_429_halves_how_many_are_under_way(void **state) {
  (void)state;
  static const struct transport_ops ops = {.exchange = stay, .free = leave_hall};
  hall.base.ops = &ops;
  struct http_gate *g = http_gate_new(env_real());
  struct transport *through = http_gate_transport_new(&hall.base, g);
  assert_int_equal(crowd(through, 200, THREADS), THREADS);
  // All eight are told so. They are one burst, and four may go from then on. After each GATE_GROWS
  // good answers, which are eight as well, there is one more.
  assert_int_equal(crowd(through, 429, THREADS), THREADS);
  assert_int_equal(crowd(through, 200, THREADS / 2), THREADS / 2);
  assert_int_equal(crowd(through, 200, THREADS / 2 + 1), THREADS / 2 + 1);
  assert_int_equal(crowd(through, 200, THREADS / 2 + 2), THREADS / 2 + 2);
  transport_free(through);
  http_gate_free(g);
}

// Who finds no place among them in its time is told that, and not that the host wants a pause.
static void no_room_is_told_as_such(void **state) {
  (void)state;
  static const struct transport_ops ops = {.exchange = stay, .free = leave_hall};
  hall.base.ops = &ops;
  struct http_gate *g = http_gate_new(env_real());
  struct transport *through = http_gate_transport_new(&hall.base, g);
  const struct http_request req = {.method = "GET", .url = iam, .deadline_ms = 1};
  struct http_response answer = {0};
  pthread_t threads[THREADS / 2];
  crowd(through, 429, THREADS);
  hall.status = 200;
  for (size_t i = 0; i < COUNT_OF(threads); i++)
    assert_int_equal(pthread_create(&threads[i], NULL, visit, through), 0);
  pthread_mutex_lock(&hall.lock);
  while (hall.here < COUNT_OF(threads))
    pthread_cond_wait(&hall.changed, &hall.lock);
  pthread_mutex_unlock(&hall.lock);
  assert_int_equal(http_exchange(through, &req, &answer, &e), ERR_THROTTLED);
  assert_string_equal(e.text, "iam.example: 4 requests are under way, and since it answered 429 no "
                              "more go at once; this one was not sent");
  pthread_mutex_lock(&hall.lock);
  hall.let_go = COUNT_OF(threads);
  pthread_cond_broadcast(&hall.changed);
  pthread_mutex_unlock(&hall.lock);
  for (size_t i = 0; i < COUNT_OF(threads); i++)
    pthread_join(threads[i], NULL);
  transport_free(through);
  http_gate_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_next_request_waits),
      cmocka_unit_test(another_host_is_not_held),
      cmocka_unit_test(a_503_closes_where_it_says_how_long),
      cmocka_unit_test(a_prompt_request_waits_for_a_moment_only),
      cmocka_unit_test(nobody_waits_longer_than_there_is_time),
      cmocka_unit_test(an_absurd_time_is_not_believed),
      cmocka_unit_test(a_stop_ends_the_wait),
      cmocka_unit_test(a_pace_is_for_its_host),
      cmocka_unit_test(a_429_halves_how_many_are_under_way),
      cmocka_unit_test(no_room_is_told_as_such),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
