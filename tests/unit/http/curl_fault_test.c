// What the end of an exchange means when there was no right answer: certainly not applied, or not
// known.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/free_watch.h"
#include "tests/support/scratch.h"
#include "tests/unit/http/curl_fixture.h"

#define OK_KEEP "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

enum { SHORT_MS = 200, LONG_MS = 20000 };

// Sends a request that may not be repeated, expecting this answer, with the server's address in the
// text and nothing of the URL's query.
static void expect(const char *method, const char *url, enum err want) {
  const struct http_request req = {.method = method, .url = url, .timeout_ms = LONG_MS};
  http_response_clear(&fix.got);
  enum err err = http_exchange(fix.t, &req, &fix.got, &fix.e);
  if (err != want)
    fail_msg("%s %s: %s instead of %s: %s", method, url, err_name(err), err_name(want), fix.e.text);
  assert_int_equal(fix.e.kind, want);
  assert_null(fix.got.body);
  assert_null(strstr(fix.e.text, "s3cret"));
}

// Sends a request that runs into its time. One that is not even sent by then, on a busy machine,
// gets more of it.
static enum err send_until_sent(struct http_request req) {
  enum err err = ERR_UNSENT;
  for (int i = 0; i < 5 && err == ERR_UNSENT; i++, req.timeout_ms *= 4, req.deadline_ms *= 4) {
    http_response_clear(&fix.got);
    err = http_exchange(fix.t, &req, &fix.got, &fix.e);
  }
  return err;
}

static void expect_unsure(const struct raw_step *step, const char *url) {
  bool endless = step->end == RAW_HOLD || step->end == RAW_DRIP;
  enum err err = send_until_sent((struct http_request){
      .method = "POST", .url = url, .timeout_ms = endless ? SHORT_MS : LONG_MS});
  if (err != ERR_UNSURE)
    fail_msg("%s: %s", err_name(err), fix.e.text);
  assert_null(fix.got.body);
  assert_null(strstr(fix.e.text, "s3cret"));
  assert_non_null(strstr(fix.e.text, "answer of 127.0.0.1:"));
}

static void never_connected(void **state) {
  (void)state;
  curl_fixture_transport(NULL);
  expect("POST", "http://127.0.0.1:1/?x=s3cret", ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "connect to 127.0.0.1:1: "));
  expect("POST", "https://name.invalid/?x=s3cret", ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "resolve name.invalid:443: "));
  uint64_t exchanges, connections;
  curl_transport_counts(fix.t, &exchanges, &connections);
  assert_int_equal(exchanges, 2);
  assert_int_equal(connections, 0);
}

// What is wrong with a proxy is said without showing it: there may be a password in it.
static void a5_a_mistyped_proxy_is_not_shown(void **state) {
  (void)state;
  static const char *const proxies[] = {
      "htp://user:s3cret@127.0.0.1:1",    "http://us er:s3cret@127.0.0.1:1",
      "http://user:s3cret@127.0.0.1:x",   "user:s3cret:host:80",
      "http://user:s3cret@[::1",          "http://user:s3cret",
      "http://user:a/s3cret@127.0.0.1:1", "http://user:a@s3cret@127.0.0.1:1",
      "http://user:a@s3cret.invalid",     "s3cret.invalid:80",
      "http://localhost:1/s3cret@host",   "user:s3cret@name.invalid:80",
      "socks9://user:s3cret@127.0.0.1:1"};
  for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
    for (int from_environment = 0; from_environment < 2; from_environment++) {
      if (from_environment)
        setenv("https_proxy", proxies[i], 1);
      curl_fixture_transport(&(struct curl_options){.proxy = from_environment ? NULL : proxies[i]});
      expect("POST", "https://example.invalid/", ERR_UNSENT);
      assert_null(strstr(fix.e.text, "user"));
      if (i != 10) // a proxy that is not there, and nothing worse
        assert_non_null(strstr(fix.e.text, "use the proxy for example.invalid:443: "));
      transport_free(fix.t);
      fix.t = NULL;
      unsetenv("https_proxy");
    }
  }
}

static void urls_that_are_not_allowed(void **state) {
  (void)state;
  curl_fixture_transport(NULL);
  expect("GET", "http://iam.cloud.ibm.com/?x=s3cret", ERR_REFUSED);
  expect("GET", "http://10.0.0.1/?x=s3cret", ERR_REFUSED);
  expect("GET", "ftp://127.0.0.1/?x=s3cret", ERR_REFUSED);
  expect("GET", "file:///etc/s3cret", ERR_REFUSED);
  expect("GET", "http://user:s3cret@127.0.0.1/", ERR_REFUSED);
  transport_free(fix.t);
  const struct curl_options strict = {.timeout_ms = 1000};
  assert_int_equal(curl_transport_new(&strict, &fix.f.env, &fix.t, &fix.e), ERR_OK);
  expect("GET", "http://127.0.0.1:1/", ERR_REFUSED);
  assert_non_null(strstr(fix.e.text, "127.0.0.1:1: plain HTTP is not allowed"));
  expect("GET", "http://169.254.169.254/", ERR_REFUSED);
}

// Nothing but the metadata service, which is at one address and one port. (That it is reached there
// is seen in a network of a test's own: tests/cli/profile_address_test.sh.)
static void the_metadata_service_is_no_excuse(void **state) {
  (void)state;
  const struct curl_options o = {.allow_plain_metadata = true, .timeout_ms = 1000};
  curl_fixture_transport(NULL);
  transport_free(fix.t);
  assert_int_equal(curl_transport_new(&o, &fix.f.env, &fix.t, &fix.e), ERR_OK);
  expect("GET", "http://169.254.169.254:8080/", ERR_REFUSED);
  expect("GET", "http://169.254.169.253/", ERR_REFUSED);
  expect("GET", "http://api.metadata.cloud.ibm.com.example.com/", ERR_REFUSED);
  expect("GET", "http://api.metadata.cloud.ibm.com:8080/", ERR_REFUSED);
  expect("GET", "http://127.0.0.1:1/", ERR_REFUSED);
  assert_non_null(strstr(fix.e.text, "plain HTTP is not allowed"));
}

// An answer that is none, to a request that may have been applied.
static void answers_that_are_none(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {NULL, 0, RAW_CLOSE},
      {NULL, 0, RAW_RESET},
      {NULL, 0, RAW_HOLD},
      {"HTTP/1.1 200 OK\r\nContent-Le", 0, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", 0, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", 0, RAW_RESET},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", 0, RAW_HOLD},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", 0, RAW_DRIP},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 0, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", 0, RAW_CLOSE},
      {"HTTP/1.1 100 Continue\r\n\r\n", 0, RAW_CLOSE},
      {"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 0, RAW_CLOSE},
      {"SSH-2.0-OpenSSH_9.2\r\n", 0, RAW_CLOSE},
      {"\x16\x03\x01garbage\n", 0, RAW_CLOSE},
      {"{\"apikey\":\"s3cret\"}\n", 0, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\nContent-Length: s3cret\r\n\r\n{}", 0, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", 0, RAW_CLOSE},
      {"HTTP/s3cret 200 OK\r\n\r\n", 0, RAW_CLOSE},
  };
  for (size_t i = 0; i < COUNT_OF(steps); i++) {
    curl_fixture_serve(&steps[i], 1);
    expect_unsure(&steps[i], curl_fixture_url("/?x=s3cret"));
    assert_int_equal(raw_server_wait(fix.server, 1), 1); // and it was not sent twice
    curl_fixture_drop(NULL);
  }
}

static void what_was_seen_of_a_broken_answer(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 502 Bad\r\nTransaction-Id: t-9\r\nContent-Length: 10\r\n\r\n{}", 0, RAW_CLOSE}};
  curl_fixture_serve(steps, 1);
  expect("POST", curl_fixture_url("/"), ERR_UNSURE);
  assert_int_equal(fix.e.status, 502);
  assert_string_equal(fix.e.trace, "t-9");
}

// A request that reads is refused when its answer is too large; one that may have been applied is
// unsure.
static void answers_that_are_too_large(void **state) {
  (void)state;
  static char bomb[80000], line[200];
  char *at = stpcpy(bomb, "HTTP/1.1 200 OK\r\n");
  memset(line, 'h', sizeof line - 1);
  while (at - bomb < 70000)
    at = stpcpy(stpcpy(stpcpy(at, "X-"), line), ": y\r\n");
  const struct raw_step steps[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", 1048577, RAW_CLOSE},
      {"HTTP/1.1 200 OK\r\n\r\n", 1048577, RAW_CLOSE}, // until closed
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", 1048577, RAW_HOLD},
      {bomb, 0, RAW_HOLD},
      {"HTTP/1.1 200 OK\r\nX: ", 200000, RAW_HOLD}, // libcurl's own bound
  };
  for (size_t i = 0; i < COUNT_OF(steps); i++) {
    curl_fixture_serve(&steps[i], 1);
    if (i < 4) {
      expect("GET", curl_fixture_url("/"), ERR_REFUSED);
      assert_non_null(strstr(fix.e.text, "too large"));
    }
    expect("POST", curl_fixture_url("/"), ERR_UNSURE);
    curl_fixture_drop(NULL);
  }
}

static void the_bound_is_exact(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 100, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  struct http_request req = {.method = "GET", .url = curl_fixture_url("/"), .max_body = 100};
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(secret_len(fix.got.body), 100);
  req.max_body = 99;
  assert_int_equal(curl_fixture_send(&req), ERR_REFUSED);
}

static void interim_answers_without_end(void **state) {
  (void)state;
  static char many[80000];
  char *at = many;
  while (at - many < 70000)
    at = stpcpy(at, "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n");
  const struct raw_step step = {many, 0, RAW_HOLD};
  curl_fixture_serve(&step, 1);
  expect("GET", curl_fixture_url("/"), ERR_REFUSED);
}

// A kept connection dies under the next request. libcurl sends it again where the caller declared
// that safe.
static void a_kept_connection_that_dies(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {OK_KEEP, 0, RAW_KEEP}, {NULL, 0, RAW_CLOSE}, {OK_KEEP, 0, RAW_KEEP}};
  curl_fixture_serve(steps, 3);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(raw_server_requests(fix.server), 3);
  curl_fixture_drop(NULL);
  curl_fixture_serve(steps, 3);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  expect("POST", curl_fixture_url("/"), ERR_UNSURE);
  assert_int_equal(raw_server_requests(fix.server), 2);
  assert_int_equal(raw_server_connections(fix.server), 2);
}

static void stop_now(void *data) {
  (void)data;
  atomic_store(&fix.f.stop, true);
}

static void nothing_is_begun_after_a_stop(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{OK_KEEP, 0, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  stop_now(NULL);
  expect("GET", curl_fixture_url("/"), ERR_CANCELLED);
  assert_int_equal(raw_server_connections(fix.server), 0);
}

static void an_answer_on_its_way_is_still_taken(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{OK_KEEP, 0, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  raw_server_on_request(fix.server, stop_now, NULL);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  expect("GET", curl_fixture_url("/"), ERR_CANCELLED);
}

// The process is suspended while the connection is made: libcurl sees no time pass, ours does.
static void what_was_slept_over_is_not_sent(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{NULL, 0, RAW_HOLD}};
  curl_fixture_serve(steps, 1);
  fix.f.read_costs_ms = 3600 * 1000;
  const struct http_request req = {.method = "DELETE", .url = curl_fixture_url("/")};
  assert_int_equal(curl_fixture_send(&req), ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "suspended"));
  assert_int_equal(raw_server_requests(fix.server), 0);
}

static void stop_and_let_time_pass(void *data) {
  fix.f.read_costs_ms = 6000; // the transport's clock; nobody else reads it
  stop_now(data);
}

static void an_answer_that_does_not_come_is_not_waited_for_long(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{NULL, 0, RAW_HOLD}};
  curl_fixture_serve(steps, 1);
  raw_server_on_request(fix.server, stop_and_let_time_pass, NULL);
  const struct http_request req = {
      .method = "POST", .url = curl_fixture_url("/"), .timeout_ms = 3600 * 1000};
  assert_int_equal(curl_fixture_send(&req), ERR_UNSURE);
  assert_non_null(strstr(fix.e.text, "did not come before the stop"));
}

static void the_deadline_counts_too(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{NULL, 0, RAW_HOLD}};
  curl_fixture_serve(steps, 1);
  assert_int_equal(
      send_until_sent((struct http_request){.method = "POST",
                                            .url = curl_fixture_url("/"),
                                            .timeout_ms = 3600 * 1000, // would end the test
                                            .deadline_ms = SHORT_MS}),
      ERR_UNSURE);
}

// A name that claims to be loopback and a socket of its own.
static void unix_sockets(void **state) {
  (void)state;
  struct scratch s;
  scratch_new(&s);
  char path[SCRATCH_PATH * 2];
  snprintf(path, sizeof path, "%s", scratch_path(&s, "none.sock"));
  curl_fixture_transport(&(struct curl_options){.unix_socket = path});
  expect("POST", "http://localhost/", ERR_UNSENT);
  expect("POST", "http://vault.corp/", ERR_REFUSED);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  memcpy(a.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(fd, 4), 0);
  const struct http_request req = {
      .method = "POST", .url = "http://localhost/", .timeout_ms = SHORT_MS};
  assert_int_equal(send_until_sent(req), ERR_UNSURE); // connected, and nobody answers
  close(fd);
  scratch_remove(&s);
}

#define MARK "hunter2-hunter2-hunter2"

// What libcurl held of token, body and answer is wiped when it gives the memory back.
static void nothing_is_left_in_memory(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{"HTTP/1.1 200 OK\r\nETag: x\r\nX-Echo: " MARK
                                           "\r\nContent-Length: 23\r\n\r\n" MARK,
                                           0, RAW_KEEP}};
  free_watch(MARK);
  struct secret *token = secret_copy_text(MARK), *body = secret_copy_text("key=" MARK);
  const struct http_header h = {.name = "Authorization", .secret = token, .prefix = "Bearer "};
  curl_fixture_serve(steps, 1);
  const struct http_request req = {.method = "POST",
                                   .url = curl_fixture_url("/"),
                                   .headers = &h,
                                   .n_headers = 1,
                                   .body = body,
                                   .content_type = "text/plain"};
  enum err err = curl_fixture_send(&req);
  bool same = err == ERR_OK && strcmp(secret_bytes(fix.got.body), MARK) == 0;
  secret_free(token), secret_free(body);
  http_response_clear(&fix.got);
  transport_free(fix.t);
  fix.t = NULL;
  size_t blocks = free_watch_blocks(), hits = free_watch_hits();
  free_watch(NULL);
  assert_true(same);
  assert_true(blocks > 20);
  assert_int_equal(hits, 0);
}

int main(void) {
  curl_fixture_global();
  const struct CMUnitTest tests[] = {
      CURL_TEST(never_connected),
      CURL_TEST(a5_a_mistyped_proxy_is_not_shown),
      CURL_TEST(urls_that_are_not_allowed),
      CURL_TEST(the_metadata_service_is_no_excuse),
      CURL_TEST(answers_that_are_none),
      CURL_TEST(what_was_seen_of_a_broken_answer),
      CURL_TEST(answers_that_are_too_large),
      CURL_TEST(the_bound_is_exact),
      CURL_TEST(interim_answers_without_end),
      CURL_TEST(a_kept_connection_that_dies),
      CURL_TEST(nothing_is_begun_after_a_stop),
      CURL_TEST(what_was_slept_over_is_not_sent),
      CURL_TEST(an_answer_on_its_way_is_still_taken),
      CURL_TEST(an_answer_that_does_not_come_is_not_waited_for_long),
      CURL_TEST(the_deadline_counts_too),
      CURL_TEST(unix_sockets),
      CURL_TEST(nothing_is_left_in_memory),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  curl_transport_finish();
  return failed != 0;
}
