#include "rotator/cloud/logs_events.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

// Each event between brackets.
static void take(void *ctx, const char *data, size_t len) {
  assert_int_equal(strlen(data), len);
  text_buf_add(ctx, "[%s]", data);
}

static const struct {
  const char *bytes, *events;
  bool whole;
} rows[] = {
    {"", "", true},
    {": success\ndata: {\"a\":1}\n\n", "[{\"a\":1}]", true},
    {"data: a\n\ndata: b\n\n", "[a][b]", true},
    {":\n\n:\n\ndata: a\n\n", "[a]", true}, // signs of life
    {"data: a\r\n\r\ndata: b\r\n\r\n", "[a][b]", true},
    {"data: a\r\rdata: b\r\r", "[a][b]", true},
    {"data: a\n\r\ndata: b\r\n\n", "[a][b]", true}, // mixed
    {"data:a\n\ndata:  b\n\n", "[a][ b]", true},    // one space is the separator's
    {"data: a\ndata: b\n\n", "[a\nb]", true},
    {"data: a\ndata\ndata:\n\n", "[a\n\n]", true},
    {"data\n\n", "", true}, // an event of nothing
    {"event: x\nid: 1\nretry: 5\ndata: a\nother: data: b\n\n", "[a]", true},
    {"datax: a\n\ndat: a\n\nDATA: a\n\n", "", true},
    {" data: a\n\n", "", true},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     "[a]", true},
    {"data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     "[a]", true},              // only at the beginning
    {"data: a\n", "[a]", true}, // no blank line at the end
    {"data: a", "[a]", false},
    {"data: a\n\ndat", "[a]", false},
    {"data: a\n\n: keep", "[a]", false},
    {"\n\n\n", "", true},
};

static void check(size_t row, size_t step) {
  struct logs_events s;
  struct text_buf got = TEXT_BUF(1000);
  size_t len = strlen(rows[row].bytes);
  logs_events_init(&s, take, &got);
  for (size_t at = 0; at < len; at += step)
    assert_true(logs_events_feed(&s, rows[row].bytes + at, len - at < step ? len - at : step));
  bool whole = logs_events_end(&s);
  if (whole != rows[row].whole || strcmp(text_buf_str(&got), rows[row].events) != 0)
    fail_msg("row %zu in steps of %zu: %s, %s", row, step, text_buf_str(&got),
             whole ? "whole" : "cut");
  logs_events_clear(&s);
  text_buf_free(&got);
}

static void lines_make_events_whatever_the_pieces(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(rows); i++)
    for (size_t step = 1; step < 12; step++)
      check(i, step);
}

static void no_line_is_endless(void **state) {
  (void)state;
  static char mib[1024 * 1024];
  struct logs_events s;
  struct text_buf got = TEXT_BUF(1000);
  memset(mib, 'x', sizeof mib);
  logs_events_init(&s, take, &got);
  size_t n = 0;
  while (n < 100 && logs_events_feed(&s, mib, sizeof mib))
    n++;
  assert_int_equal(n, LOGS_EVENT_MAX / sizeof mib);
  assert_false(logs_events_feed(&s, "\ndata: a\n\n", 10));
  assert_false(logs_events_end(&s));
  assert_string_equal(text_buf_str(&got), "");
  logs_events_clear(&s);
  text_buf_free(&got);
}

static void no_event_is_endless(void **state) {
  (void)state;
  static char line[1024 * 1024];
  struct logs_events s;
  struct text_buf got = TEXT_BUF(1000);
  memset(line, 'x', sizeof line);
  memcpy(line, "data: ", 6);
  line[sizeof line - 1] = '\n';
  logs_events_init(&s, take, &got);
  size_t n = 0;
  while (n < 100 && logs_events_feed(&s, line, sizeof line))
    n++;
  assert_int_equal(n, LOGS_EVENT_MAX / sizeof line);
  assert_false(logs_events_feed(&s, "\n", 1));
  assert_false(logs_events_end(&s));
  assert_string_equal(text_buf_str(&got), "");
  logs_events_clear(&s);
  text_buf_free(&got);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines_make_events_whatever_the_pieces),
                                     cmocka_unit_test(no_line_is_endless),
                                     cmocka_unit_test(no_event_is_endless)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
