// Several exchanges side by side, on one transport of libcurl.
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/unit/http/curl_fixture.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define MOST (2 * HTTP_TOGETHER_MAX + 1)

static const struct raw_step fine[] = {{OK_EMPTY, 0, RAW_KEEP}};

static struct http_request requests[MOST];
static struct http_response answers[MOST];
static struct error errors[MOST];
static struct http_call calls[MOST];
static size_t ended[MOST], n_ended;

static void note_end(struct http_call *c) {
  ended[n_ended++] = (size_t)(c - calls);
}

static void prepare(size_t n) {
  n_ended = 0;
  for (size_t i = 0; i < n; i++) {
    errors[i] = (struct error){0};
    answers[i] = (struct http_response){0};
    requests[i] = (struct http_request){.method = "GET", .url = curl_fixture_url("/x")};
    requests[i].replay = HTTP_REPLAY_SAFE;
    calls[i] = (struct http_call){
        .req = &requests[i], .ret = &answers[i], .e = &errors[i], .ended = note_end};
  }
}

static void clear(size_t n) {
  assert_int_equal(n_ended, n);
  for (size_t i = 0; i < n; i++)
    http_response_clear(&answers[i]);
}

// The server answers nobody before all are there.
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  unsigned here, wanted;
  bool late;
} hall = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void wait_for_the_others(void *data) {
  struct timespec until;
  (void)data;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&hall.lock);
  hall.here++;
  pthread_cond_broadcast(&hall.changed);
  while (hall.here < hall.wanted && !hall.late)
    hall.late = pthread_cond_timedwait(&hall.changed, &hall.lock, &until) != 0;
  pthread_mutex_unlock(&hall.lock);
}

static void all_are_under_way_at_once(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  hall.here = 0;
  hall.wanted = HTTP_TOGETHER_MAX;
  hall.late = false;
  raw_server_on_request(fix.server, wait_for_the_others, NULL);
  prepare(HTTP_TOGETHER_MAX);
  http_together(fix.t, calls, HTTP_TOGETHER_MAX);
  assert_false(hall.late);
  for (size_t i = 0; i < HTTP_TOGETHER_MAX; i++) {
    assert_int_equal(calls[i].err, ERR_OK);
    assert_int_equal(answers[i].status, 200);
    assert_int_equal(answers[i].tries, 1);
  }
  assert_int_equal(curl_fixture_connections(), HTTP_TOGETHER_MAX);
  clear(HTTP_TOGETHER_MAX);
}

static void their_connections_are_kept(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  hall.here = 0;
  hall.wanted = 3;
  hall.late = false;
  raw_server_on_request(fix.server, wait_for_the_others, NULL);
  for (int round = 0; round < 3; round++) {
    prepare(3);
    http_together(fix.t, calls, 3);
    clear(3);
  }
  assert_int_equal(curl_fixture_get("/alone"), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 3);
  assert_int_equal(raw_server_connections(fix.server), 3);
  assert_int_equal(raw_server_requests(fix.server), 10);
}

static void a_fresh_one_takes_and_leaves_none(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  for (int round = 0; round < 2; round++) {
    prepare(3);
    for (size_t i = 0; i < 3; i++)
      requests[i].fresh_connection = true;
    http_together(fix.t, calls, 3);
    clear(3);
  }
  assert_int_equal(raw_server_connections(fix.server), 6);
  assert_int_equal(curl_fixture_get("/alone"), ERR_OK);
  assert_int_equal(raw_server_connections(fix.server), 7);
}

static void more_than_go_together_come_after_them(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  prepare(MOST);
  http_together(fix.t, calls, MOST);
  for (size_t i = 0; i < MOST; i++)
    assert_int_equal(calls[i].err, ERR_OK);
  assert_int_equal(raw_server_requests(fix.server), MOST);
  assert_true(raw_server_connections(fix.server) <= HTTP_TOGETHER_MAX);
  clear(MOST);
}

// The one that is silent runs into its time, and the others do not wait for it.
static void each_ends_for_itself(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{NULL, 0, RAW_HOLD}};
  static const struct raw_step resets[] = {{NULL, 0, RAW_RESET}};
  char fine_url[64], reset_url[64];
  curl_fixture_serve(steps, 1);
  struct raw_server *good = raw_server_new(fine, 1), *bad = raw_server_new(resets, 1);
  snprintf(fine_url, sizeof fine_url, "http://127.0.0.1:%d/", raw_server_port(good));
  snprintf(reset_url, sizeof reset_url, "http://127.0.0.1:%d/", raw_server_port(bad));
  prepare(6);
  requests[0].timeout_ms = 700;
  requests[1].url = fine_url;
  requests[2].url = reset_url;
  requests[3].url = "http://example.test/";
  requests[4].url = "http://127.0.0.1:1/";
  requests[5].url = fine_url;
  http_together(fix.t, calls, 6);
  assert_int_equal(calls[0].err, ERR_UNSURE);
  assert_int_equal(calls[1].err, ERR_OK);
  assert_int_equal(calls[2].err, ERR_UNSURE);
  assert_int_equal(calls[3].err, ERR_REFUSED); // plain HTTP
  assert_int_equal(calls[4].err, ERR_UNSENT);  // nobody listens
  assert_int_equal(calls[5].err, ERR_OK);
  assert_int_equal(ended[0], 3);
  assert_int_equal(ended[5], 0); // the others were told before
  assert_non_null(strstr(errors[4].text, "connect to 127.0.0.1:1"));
  assert_int_equal(errors[1].kind, ERR_OK);
  clear(6);
  raw_server_free(good);
  raw_server_free(bad);
}

static void after_a_stop_none_is_begun(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  fix.f.stop = true;
  prepare(2);
  http_together(fix.t, calls, 2);
  assert_int_equal(calls[0].err, ERR_CANCELLED);
  assert_int_equal(calls[1].err, ERR_CANCELLED);
  assert_int_equal(raw_server_connections(fix.server), 0);
  clear(2);
}

int main(void) {
  curl_fixture_global();
  const struct CMUnitTest tests[] = {
      CURL_TEST(all_are_under_way_at_once),
      CURL_TEST(their_connections_are_kept),
      CURL_TEST(a_fresh_one_takes_and_leaves_none),
      CURL_TEST(more_than_go_together_come_after_them),
      CURL_TEST(each_ends_for_itself),
      CURL_TEST(after_a_stop_none_is_begun),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
