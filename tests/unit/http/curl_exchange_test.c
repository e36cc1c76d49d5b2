// What is sent, and what is read from a right answer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/curl_fixture.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct raw_step fine[] = {{OK_EMPTY, 0, RAW_KEEP}};

static bool sent(const char *text) {
  return strstr(raw_server_last(fix.server), text) != NULL;
}

static void a_get(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  assert_int_equal(curl_fixture_get("/a/../b?c=%2F"), ERR_OK);
  assert_int_equal(fix.got.status, 200);
  assert_int_equal(fix.got.tries, 1);
  assert_non_null(fix.got.body);
  assert_int_equal(secret_len(fix.got.body), 0);
  assert_true(sent("GET /a/../b?c=%2F HTTP/1.1\r\n")); // as the caller encoded it
  assert_true(sent("\r\nUser-Agent: rotator/"));
  assert_true(sent("\r\nAccept: application/json\r\n"));
  assert_false(sent("Content-Type"));
  assert_false(sent("Accept-Encoding"));
  assert_false(sent("Expect"));
}

static void a_post_with_secrets(void **state) {
  (void)state;
  SECRET_AUTO body = secret_copy("a=\0b", 4);
  SECRET_AUTO token = secret_copy_text("eyJ.t0k3n");
  const struct http_header headers[] = {
      {.name = "Authorization", .secret = token, .prefix = "Bearer "},
      {.name = "X-Plain", .value = "v"},
      {.name = "X-Bare", .secret = token},
      {.name = "X-Empty", .value = ""},
      {.name = "Accept", .value = "text/plain"},
  };
  curl_fixture_serve(fine, 1);
  const struct http_request req = {.method = "POST",
                                   .url = curl_fixture_url("/t"),
                                   .headers = headers,
                                   .n_headers = COUNT_OF(headers),
                                   .body = body,
                                   .content_type = "application/x-test"};
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_true(sent("POST /t HTTP/1.1\r\n"));
  assert_true(sent("\r\nAuthorization: Bearer eyJ.t0k3n\r\n"));
  assert_true(sent("\r\nX-Plain: v\r\n"));
  assert_true(sent("\r\nX-Bare: eyJ.t0k3n\r\n"));
  assert_true(sent("\r\nX-Empty:\r\n"));
  assert_true(sent("\r\nAccept: text/plain\r\n"));
  assert_false(sent("application/json"));
  assert_true(sent("\r\nContent-Type: application/x-test\r\n"));
  assert_true(sent("\r\nContent-Length: 4\r\n"));
  assert_memory_equal(strstr(raw_server_last(fix.server), "\r\n\r\n") + 4, "a=\0b", 4);
}

static void every_method(void **state) {
  (void)state;
  SECRET_AUTO body = secret_copy_text("{}");
  static const struct {
    const char *method;
    bool with_body;
    const char *length;
  } rows[] = {
      {"GET", false, NULL}, {"HEAD", false, NULL}, {"DELETE", false, NULL}, {"LIST", false, NULL},
      {"POST", false, "0"}, {"PUT", false, "0"},   {"POST", true, "2"},     {"PUT", true, "2"},
      {"PATCH", true, "2"}, {"DELETE", true, "2"}, {"GET", true, "2"},
  };
  curl_fixture_serve(fine, 1);
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    const struct http_request req = {.method = rows[i].method,
                                     .url = curl_fixture_url("/m"),
                                     .body = rows[i].with_body ? body : NULL,
                                     .replay = HTTP_REPLAY_SAFE};
    char line[64];
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
    snprintf(line, sizeof line, "%s /m HTTP/1.1\r\n", rows[i].method);
    assert_memory_equal(raw_server_last(fix.server), line, strlen(line));
    snprintf(line, sizeof line, "\r\nContent-Length: %s\r\n", rows[i].length ? rows[i].length : "");
    assert_int_equal(sent(rows[i].length ? line : "Content-Length"), rows[i].length != NULL);
    assert_false(sent("Content-Type"));
  }
}

static void a_body_larger_than_any_buffer(void **state) {
  (void)state;
  static char large[50000 + 1];
  memset(large, 'y', sizeof large - 1);
  SECRET_AUTO body = secret_copy_text(large);
  curl_fixture_serve(fine, 1);
  const struct http_request req = {.method = "PUT", .url = curl_fixture_url("/m"), .body = body};
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_string_equal(strstr(raw_server_last(fix.server), "\r\n\r\n") + 4, large);
}

static void headers_that_would_inject(void **state) {
  (void)state;
  SECRET_AUTO split = secret_copy_text("a\r\nX-Evil: 1");
  SECRET_AUTO nul = secret_copy("a\0b", 3);
  const struct http_header bad[] = {
      {.name = "X", .value = "a\r\nX-Evil: 1"},
      {.name = "X", .value = "a\n"},
      {.name = "X", .secret = split},
      {.name = "X", .secret = nul},
      {.name = "X", .secret = nul, .prefix = "\n"},
      {.name = "X:", .value = "a"},
      {.name = "X Y", .value = "a"},
      {.name = "X\n", .value = "a"},
      {.name = "", .value = "a"},
      {.name = "X;", .value = ""},
  };
  curl_fixture_serve(fine, 1);
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    const struct http_request req = {
        .method = "GET", .url = curl_fixture_url("/"), .headers = &bad[i], .n_headers = 1};
    assert_int_equal(curl_fixture_send(&req), ERR_INVALID);
  }
  const struct http_request req = {
      .method = "GET", .url = curl_fixture_url("/"), .content_type = "a\r\nX-Evil: 1"};
  assert_int_equal(curl_fixture_send(&req), ERR_INVALID);
  assert_int_equal(raw_server_requests(fix.server), 0);
}

static void what_is_kept_of_the_headers(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 429 Slow down\r\nDate: Tue, 24 Nov 2026 05:40:00 GMT\r\nRetry-After: 120\r\n"
       "Content-Type: application/json; charset=utf-8\r\nETag: \"7-a\"\r\nLocation: https://o/x\r\n"
       "transaction-id:  t-1 \r\nX-Vault-Index: djE6\r\nContent-Length: 4\r\n\r\n{\"a\"",
       0, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(fix.got.status, 429);
  assert_int_equal(fix.got.date_s, 1795498800);
  assert_int_equal(fix.got.retry_after_ms, 120000);
  assert_string_equal(fix.got.content_type, "application/json; charset=utf-8");
  assert_string_equal(fix.got.etag, "\"7-a\"");
  assert_string_equal(fix.got.location, "https://o/x");
  assert_string_equal(fix.got.transaction, "t-1");
  assert_string_equal(fix.got.index, "djE6");
  assert_string_equal(secret_bytes(fix.got.body), "{\"a\"");
}

static void transaction_ids_in_order_of_worth(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 200 OK\r\nX-Request-Id: r\r\nX-Correlation-ID: c\r\nTransaction-Id: t\r\n"
       "X-Correlation-Id: c2\r\nX-Request-Id: r2\r\nContent-Length: 0\r\n\r\n",
       0, RAW_KEEP},
      {"HTTP/1.1 200 OK\r\nX-Correlation-ID: c\r\nX-Request-Id: r\r\nContent-Length: 0\r\n\r\n", 0,
       RAW_KEEP},
      {"HTTP/1.1 200 OK\r\nX-Request-Id: \x1b[2Jr\r\nTransaction-Id:\r\nContent-Length: 0\r\n\r\n",
       0, RAW_KEEP}};
  curl_fixture_serve(steps, 3);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_string_equal(fix.got.transaction, "t");
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_string_equal(fix.got.transaction, "c");
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_string_equal(fix.got.transaction, "?[2Jr"); // printable
}

static void retry_after_in_every_shape(void **state) {
  (void)state;
  static const struct {
    const char *header;
    int64_t ms;
  } rows[] = {
      {"Retry-After: 0", 0},
      {"Retry-After: 5", 5000},
      {"Retry-After: 99999999999999999999", 366LL * 86400 * 1000},
      {"Retry-After: Tue, 24 Nov 2026 05:40:30 GMT\r\nDate: Tue, 24 Nov 2026 05:40:00 GMT", 30000},
      {"Date: Tue, 24 Nov 2026 05:40:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 05:39:00 GMT", 0},
      {"Retry-After: Tue, 24 Nov 2026 05:40:10 GMT", 10000}, // by our own clock
      {"Retry-After: -5", -1},
      {"Retry-After: soon", -1},
      {"Retry-After: 1.5", -1},
      {"Retry-After:", -1},
      {"X: y", -1},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    char answer[512];
    snprintf(answer, sizeof answer, "HTTP/1.1 503 Busy\r\n%s\r\nContent-Length: 0\r\n\r\n",
             rows[i].header);
    const struct raw_step step = {answer, 0, RAW_KEEP};
    curl_fixture_serve(&step, 1);
    assert_int_equal(curl_fixture_get("/"), ERR_OK);
    assert_int_equal(fix.got.retry_after_ms, rows[i].ms);
    curl_fixture_drop(NULL);
  }
}

static void values_that_do_not_fit_are_left_out(void **state) {
  (void)state;
  static char answer[4096];
  char longest[1100];
  memset(longest, 'e', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  snprintf(answer, sizeof answer,
           "HTTP/1.1 200 OK\r\nETag: %s\r\nX-Vault-Index: %s\r\nLocation: %s\r\n"
           "Date: yesterday\r\nContent-Length: 0\r\n\r\n",
           longest, longest, longest);
  const struct raw_step step = {answer, 0, RAW_KEEP};
  curl_fixture_serve(&step, 1);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_string_equal(fix.got.etag, "");
  assert_string_equal(fix.got.index, "");
  assert_string_equal(fix.got.location, "");
  assert_int_equal(fix.got.date_s, -1);
}

static void an_interim_answer_is_not_the_answer(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 103 Early Hints\r\nTransaction-Id: wrong\r\nETag: \"0\"\r\n\r\n"
       "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
       0, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(fix.got.status, 201);
  assert_string_equal(fix.got.transaction, "");
  assert_string_equal(fix.got.etag, "");
  assert_string_equal(secret_bytes(fix.got.body), "{}");
}

static void chunks_and_trailers(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
       "ETag: \"late\"\r\nHTTP/1.1: 500 evil\r\n\r\n",
       0, RAW_KEEP}};
  curl_fixture_serve(steps, 1);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(fix.got.status, 200);
  assert_string_equal(secret_bytes(fix.got.body), "abcde");
  assert_string_equal(fix.got.etag, "");
}

static void redirects_are_not_followed(void **state) {
  (void)state;
  static char answer[256];
  const struct raw_step step = {answer, 0, RAW_KEEP};
  curl_fixture_serve(&step, 1);
  snprintf(answer, sizeof answer,
           "HTTP/1.1 307 Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
           curl_fixture_url("/other"));
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(fix.got.status, 307);
  assert_string_equal(fix.got.location, curl_fixture_url("/other"));
  assert_int_equal(raw_server_requests(fix.server), 1);
}

static void connections_are_kept_or_fresh_as_asked(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  struct http_request req = {
      .method = "GET", .url = curl_fixture_url("/"), .replay = HTTP_REPLAY_SAFE};
  for (int i = 0; i < 3; i++)
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 1);
  req.fresh_connection = true;
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 2);
  req.fresh_connection = false; // the fresh one was not kept, the first one still is
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 2);
  req.replay = HTTP_REPLAY_NEVER; // never over a connection that may be dead
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 3);
  assert_int_equal(raw_server_connections(fix.server), 3);
  uint64_t exchanges, connections;
  curl_transport_counts(fix.t, &exchanges, &connections);
  assert_int_equal(exchanges, 6);
}

static void a_fresh_connection_is_not_kept(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  const struct http_request req = {.method = "GET",
                                   .url = curl_fixture_url("/"),
                                   .replay = HTTP_REPLAY_SAFE,
                                   .fresh_connection = true};
  assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_int_equal(curl_fixture_connections(), 2);
}

static void own_user_agent(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  transport_free(fix.t);
  curl_fixture_transport(&(struct curl_options){.user_agent = "agent/7"});
  assert_int_equal(curl_fixture_get("/"), ERR_OK);
  assert_true(sent("\r\nUser-Agent: agent/7\r\n"));
}

static void proxies_are_not_for_plain_loopback(void **state) {
  (void)state;
  curl_fixture_serve(fine, 1);
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  enum err err = curl_fixture_get("/");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  assert_int_equal(err, ERR_OK);
  assert_true(sent("GET / HTTP/1.1"));
}

int main(void) {
  curl_fixture_global();
  const struct CMUnitTest tests[] = {
      CURL_TEST(a_get),
      CURL_TEST(a_post_with_secrets),
      CURL_TEST(every_method),
      CURL_TEST(a_body_larger_than_any_buffer),
      CURL_TEST(headers_that_would_inject),
      CURL_TEST(what_is_kept_of_the_headers),
      CURL_TEST(transaction_ids_in_order_of_worth),
      CURL_TEST(retry_after_in_every_shape),
      CURL_TEST(values_that_do_not_fit_are_left_out),
      CURL_TEST(an_interim_answer_is_not_the_answer),
      CURL_TEST(chunks_and_trailers),
      CURL_TEST(redirects_are_not_followed),
      CURL_TEST(connections_are_kept_or_fresh_as_asked),
      CURL_TEST(a_fresh_connection_is_not_kept),
      CURL_TEST(own_user_agent),
      CURL_TEST(proxies_are_not_for_plain_loopback),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  curl_transport_finish();
  return failed != 0;
}
