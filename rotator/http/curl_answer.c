// The answer as it arrives: within its limits, and only the headers that somebody needs.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/http/curl_internal.h"

// Copies a value whole or, if it does not fit, not at all: half an entity tag is a wrong one.
static void keep(char *dst, size_t cap, const char *value, size_t len) {
  if (len < cap)
    text_printable(dst, cap, value, len);
}

static void keep_date(struct curl_call *c, const char *value, size_t len) {
  char text[40] = "";
  int64_t s;
  keep(text, sizeof text, value, len);
  if (text_parse_http_date(text, &s) == ERR_OK)
    c->answer.date_s = s;
}

// Lower ranks are the better names of the same thing.
static void keep_transaction(struct curl_call *c, int rank, const char *value, size_t len) {
  if (!len || (c->transaction_rank && c->transaction_rank <= rank))
    return;
  c->transaction_rank = rank;
  text_printable(c->answer.transaction, sizeof c->answer.transaction, value, len);
}

static void keep_field(struct curl_call *c, const char *name, const char *value, size_t len) {
  struct http_response *a = &c->answer;
  if (strcasecmp(name, "content-type") == 0)
    text_printable(a->content_type, sizeof a->content_type, value, len);
  else if (strcasecmp(name, "etag") == 0)
    keep(a->etag, sizeof a->etag, value, len);
  else if (strcasecmp(name, "location") == 0)
    keep(a->location, sizeof a->location, value, len);
  else if (strcasecmp(name, "x-vault-index") == 0)
    keep(a->index, sizeof a->index, value, len);
  else if (strcasecmp(name, "retry-after") == 0)
    keep(c->retry_after, sizeof c->retry_after, value, len);
  else if (strcasecmp(name, "date") == 0)
    keep_date(c, value, len);
  else if (strcasecmp(name, "transaction-id") == 0)
    keep_transaction(c, 1, value, len);
  else if (strcasecmp(name, "x-correlation-id") == 0)
    keep_transaction(c, 2, value, len);
  else if (strcasecmp(name, "x-request-id") == 0)
    keep_transaction(c, 3, value, len);
}

// A status line begins an answer, the final one or an interim (1xx) one: what was kept of the one
// before is dropped.
static void begin_answer(struct curl_call *c, const char *line, size_t len) {
  http_response_clear(&c->answer);
  c->proper_status =
      len >= 12 && (memcmp(line, "HTTP/1.1 ", 9) == 0 || memcmp(line, "HTTP/1.0 ", 9) == 0);
  c->headers_done = false;
  c->transaction_rank = 0;
  c->retry_after[0] = '\0';
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t curl_answer_header(char *line, size_t size, size_t n, void *p) {
  struct curl_call *c = p;
  size_t len = size * n, name_len = 0;
  char name[32];
  c->header_bytes += len;
  if (c->header_bytes > CURL_HEADERS_MAX) {
    c->broken = "its headers are too large";
    return 0;
  }
  if (len >= 5 && memcmp(line, "HTTP/", 5) == 0 && !c->answer.body)
    begin_answer(c, line, len);
  else if (len == 0 || line[0] == '\r' || line[0] == '\n')
    c->headers_done = true; // what comes after are trailers, which nobody needs
  while (name_len < len && line[name_len] != ':')
    name_len++;
  if (c->headers_done || name_len == len || name_len >= sizeof name)
    return len;
  memcpy(name, line, name_len);
  name[name_len] = '\0';
  const char *value = line + name_len + 1, *end = line + len;
  while (value < end && is_space(*value))
    value++;
  while (end > value && is_space(end[-1]))
    end--;
  keep_field(c, name, value, (size_t)(end - value));
  return len;
}

size_t curl_answer_body(char *bytes, size_t size, size_t n, void *p) {
  struct curl_call *c = p;
  size_t len = size * n;
  if (!c->answer.body)
    c->answer.body = secret_new(c->req->max_body ? c->req->max_body : c->t->o.max_body);
  enum err err = c->answer.body ? secret_append(c->answer.body, bytes, len) : ERR_INTERNAL;
  if (err)
    c->broken = err == ERR_INVALID ? "its body is too large" : "out of memory";
  return err ? 0 : len;
}

// Seconds, or a date, which is meant by the server's clock.
static int64_t retry_after_ms(const struct curl_call *c) {
  static const int64_t most_s = 366 * 86400;
  const char *text = c->retry_after;
  size_t digits = strspn(text, "0123456789");
  int64_t s;
  if (*text && !text[digits]) {
    s = digits > 9 ? most_s : strtoll(text, NULL, 10);
  } else {
    if (text_parse_http_date(text, &s))
      return -1;
    s -= c->answer.date_s >= 0 ? c->answer.date_s : env_wall_ms(c->t->env) / 1000;
  }
  return (s < 0 ? 0 : s > most_s ? most_s : s) * 1000;
}

void curl_answer_finish(struct curl_call *c) {
  c->answer.retry_after_ms = retry_after_ms(c);
}
