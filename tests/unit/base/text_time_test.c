#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rotator/base/text_time.h"
#include "tests/support/unit.h"

static void durations_that_are_right(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t s;
    const char *back; // as it is written
  } rows[] = {
      {"0", 0, "0s"},
      {"0s", 0, "0s"},
      {"1s", 1, "1s"},
      {"90s", 90, "1m30s"},
      {"90m", 5400, "1h30m"},
      {"24h", 86400, "1d"},
      {"30d", 2592000, "30d"},
      {"1w", 604800, "7d"},
      {"1d12h", 129600, "1d12h"},
      {"1w2d3h4m5s", 788645, "9d3h4m5s"},
      {"1d5s", 86405, "1d5s"},
      {"3653d", 315619200, "3653d"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    int64_t s = -1;
    char back[32];
    assert_int_equal(text_parse_duration(rows[i].text, &s), ERR_OK);
    assert_int_equal(s, rows[i].s);
    text_format_duration(back, sizeof back, s);
    assert_string_equal(back, rows[i].back);
  }
}

static void durations_that_are_wrong(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",     "1",    "30",           "d",           "1h1d",
      "1d1d", "1x",   "-1d",          "+1d",         " 1d",
      "1d ",  "1.5h", "1D",           "00",          "3654d",
      "522w", "s1",   "1 d",          "1ms",         "0x10s",
      "1d12", "1hh",  "99999999999s", "9999999999w", "18446744073709551617s",
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    int64_t s = 42;
    assert_int_equal(text_parse_duration(rows[i], &s), ERR_INVALID);
    assert_int_equal(s, 42);
  }
}

static void durations_out_of_range_are_written_anyway(void **state) {
  (void)state;
  char back[32];
  text_format_duration(back, sizeof back, -90);
  assert_string_equal(back, "-1m30s");
  text_format_duration(back, sizeof back, INT64_MIN);
  assert_string_equal(back, "-106751991167300d15h30m8s");
  text_format_duration(back, 3, 5400);
  assert_string_equal(back, "1h");
}

static void times(void **state) {
  (void)state;
  char t[32];
  text_format_time(t, sizeof t, 1795498800);
  assert_string_equal(t, "2026-11-24T05:40:00Z");
  text_format_time(t, sizeof t, 0);
  assert_string_equal(t, "1970-01-01T00:00:00Z");
  text_format_time(t, sizeof t, -1);
  assert_string_equal(t, "unknown");
  text_format_time(t, sizeof t, 253402300799);
  assert_string_equal(t, "9999-12-31T23:59:59Z");
  text_format_time(t, sizeof t, INT64_MAX);
  assert_string_equal(t, "unknown");
}

static void times_that_are_right(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t s;
  } rows[] = {
      {"2026-11-24T05:40:00Z", 1795498800},
      {"2026-11-24T05:40Z", 1795498800},
      {"2026-11-24T05:40+0000", 1795498800}, // IAM's shape
      {"2026-11-24T05:40:00.123456789Z", 1795498800},
      {"2026-11-24t07:40:00+02:00", 1795498800},
      {"2026-11-24T00:10:00-0530", 1795498800},
      {"2024-02-29T00:00:00Z", 1709164800},
      {"2000-02-29T00:00:00Z", 951782400},
      {"2016-12-31T23:59:60Z", 1483228800},
      {"1970-01-01T00:00:00Z", 0},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    int64_t s = -1;
    assert_int_equal(text_parse_time(rows[i].text, &s), ERR_OK);
    assert_int_equal(s, rows[i].s);
  }
}

static void times_that_are_wrong(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      "2026-11-24",
      "2026-11-24T05:40:00",
      "2026-11-24 05:40:00Z",
      "2026-13-24T05:40:00Z",
      "2026-00-24T05:40:00Z",
      "2026-02-29T05:40:00Z",
      "2100-02-29T05:40:00Z",
      "2026-04-31T05:40:00Z",
      "2026-11-24T24:00:00Z",
      "2026-11-24T05:60:00Z",
      "2026-11-24T05:40:61Z",
      "2026-11-24T05:40:00.Z",
      "2026-11-24T05:40:00+2",
      "2026-11-24T05:40:00+24:00",
      "2026-11-24T05:40:00+00:60",
      "2026-11-24T05:40:00+02:0",
      "2026-11-24T05:40:00Zx",
      "26-11-24T05:40:00Z",
      "1969-12-31T23:59:59Z",
      "2026-11-00T05:40:00Z",
      "2026-11-24T05:40:00.1234567890Z",
      "2026-11-24T5:40:00Z",
      "02026-11-24T05:40:00Z",
      "2026-11-24T05:40:00+",
      "2026-11-24T05:40:00+02:",
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    int64_t s = 42;
    assert_int_equal(text_parse_time(rows[i], &s), ERR_INVALID);
    assert_int_equal(s, 42);
  }
}

static void http_dates(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",
      "Tue, 24 Nov 2026 05:40:00",
      "Tue, 24 Nov 2026 05:40:00 UTC",
      "24 Nov 2026 05:40:00 GMT",
      "Tue, 24 Nov 26 05:40:00 GMT",
      "Tue, 24 Foo 2026 05:40:00 GMT",
      "Tue, 31 Nov 2026 05:40:00 GMT",
      "Tue,24 Nov 2026 05:40:00 GMT",
      "Tue, 24 Nov 2026 05:40:00 GMT ",
      "120",
  };
  int64_t s = 42;
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    assert_int_equal(text_parse_http_date(wrong[i], &s), ERR_INVALID);
  assert_int_equal(s, 42);
  assert_int_equal(text_parse_http_date("Tue, 24 Nov 2026 05:40:00 GMT", &s), ERR_OK);
  assert_int_equal(s, 1795498800);
  assert_int_equal(text_parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", &s), ERR_OK);
  assert_int_equal(s, 0);
}

// Nothing of the above may depend on the machine's time zone.
static int elsewhere(void **state) {
  (void)state;
  setenv("TZ", "America/St_Johns", 1);
  tzset();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(durations_that_are_right),
      cmocka_unit_test(durations_that_are_wrong),
      cmocka_unit_test(durations_out_of_range_are_written_anyway),
      cmocka_unit_test(times),
      cmocka_unit_test(times_that_are_right),
      cmocka_unit_test(times_that_are_wrong),
      cmocka_unit_test(http_dates),
  };
  int failed = cmocka_run_group_tests(tests, elsewhere, NULL);
  return failed != 0;
}
