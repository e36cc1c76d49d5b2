// An answer as it comes over the wire, headers line by line and the body in pieces: what is kept is
// bounded, printable, and the same in pieces of every size.
#include <string.h>

#include "rotator/http/curl_internal.h"
#include "tests/fuzz/script.h"

#define BODY_MAX 512

static bool feed_headers(struct curl_call *c, const char *bytes, size_t len, size_t *ret_used) {
  size_t at = 0;
  while (at < len && !c->headers_done) {
    const char *stop = memchr(bytes + at, '\n', len - at);
    size_t n = stop ? (size_t)(stop - bytes) - at + 1 : len - at;
    char line[4096];
    size_t cut = n < sizeof line ? n : sizeof line;
    memcpy(line, bytes + at, cut);
    if (curl_answer_header(line, 1, cut, c) != cut)
      return false;
    at += n;
  }
  *ret_used = at;
  return true;
}

static void check_kept(const struct http_response *a) {
  script_printable(a->content_type, sizeof a->content_type);
  script_printable(a->etag, sizeof a->etag);
  script_printable(a->location, sizeof a->location);
  script_printable(a->transaction, sizeof a->transaction);
  script_printable(a->index, sizeof a->index);
  FUZZ_CHECK(a->retry_after_ms >= -1 && a->retry_after_ms <= 366 * 86400 * 1000ll);
  FUZZ_CHECK(a->date_s >= -1);
}

static struct http_response take(const char *bytes, size_t len, size_t step) {
  struct curl_transport t = {.env = &script_env, .o = {.max_body = BODY_MAX}};
  const struct http_request req = {.method = "GET"};
  struct curl_call c = {.t = &t, .req = &req, .answer = {.retry_after_ms = -1, .date_s = -1}};
  size_t at = 0;
  bool good = feed_headers(&c, bytes, len, &at);
  FUZZ_CHECK(good || c.broken);
  for (; good && at < len; at += step) {
    size_t n = len - at < step ? len - at : step;
    char piece[4096];
    memcpy(piece, bytes + at, n);
    good = curl_answer_body(piece, 1, n, &c) == n;
    FUZZ_CHECK(good || c.broken);
  }
  FUZZ_CHECK(secret_len(c.answer.body) <= BODY_MAX);
  curl_answer_finish(&c);
  check_kept(&c.answer);
  return c.answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 4096)
    return 0;
  script_begin(data, 0);
  struct http_response a = take((const char *)data, size, 4096),
                       b = take((const char *)data, size, 1);
  FUZZ_CHECK(a.retry_after_ms == b.retry_after_ms && strcmp(a.etag, b.etag) == 0);
  FUZZ_CHECK(secret_len(a.body) < BODY_MAX || secret_len(b.body) == BODY_MAX);
  http_response_clear(&a);
  http_response_clear(&b);
  return 0;
}
