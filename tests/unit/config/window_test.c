#include "rotator/config/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rotator/base/text_time.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static int64_t at(const char *time) {
  int64_t s = -1;
  assert_int_equal(text_parse_time(time, &s), ERR_OK);
  return s;
}

// The first spans as "OPEN/CLOSE OPEN/CLOSE …", as many as `want` shows.
static void expect_spans(const char *text, const char *now, const char *want) {
  struct policy_window w;
  struct error e = {0};
  char nearest[NEAREST_MAX], got[1024] = "", open[32], close[32];
  enum err err = window_read(text, at(now), &w, nearest, &e);
  if (err != ERR_OK)
    print_message("%s: %s\n", text, e.text);
  assert_int_equal(err, ERR_OK);
  assert_string_equal(nearest, "");
  for (size_t i = 0; i < w.n; i++) {
    assert_true(w.spans[i].open_s < w.spans[i].close_s);
    assert_true(i == 0 || w.spans[i - 1].close_s < w.spans[i].open_s);
    text_format_time(open, sizeof open, w.spans[i].open_s);
    text_format_time(close, sizeof close, w.spans[i].close_s);
    size_t len = strlen(got);
    if (len < strlen(want))
      snprintf(got + len, sizeof got - len, "%s%s/%s", len ? " " : "", open, close);
  }
  assert_string_equal(got, want);
}

static void reads_days_and_times(void **state) {
  (void)state;
  // 2026-11-24 is a Tuesday.
  expect_spans(
      "Mon-Thu 09:00-16:00 UTC", "2026-11-24T05:40:00Z",
      "2026-11-24T09:00:00Z/2026-11-24T16:00:00Z 2026-11-25T09:00:00Z/2026-11-25T16:00:00Z "
      "2026-11-26T09:00:00Z/2026-11-26T16:00:00Z 2026-11-30T09:00:00Z/2026-11-30T16:00:00Z");
  expect_spans(
      "mon,WED,fri 09:00-09:01", "2026-11-24T05:40:00Z",
      "2026-11-25T09:00:00Z/2026-11-25T09:01:00Z 2026-11-27T09:00:00Z/2026-11-27T09:01:00Z "
      "2026-11-30T09:00:00Z/2026-11-30T09:01:00Z");
  expect_spans(
      "  Fri-Mon   10:00-11:00   Europe/Berlin  ", "2026-11-24T05:40:00Z",
      "2026-11-27T09:00:00Z/2026-11-27T10:00:00Z 2026-11-28T09:00:00Z/2026-11-28T10:00:00Z "
      "2026-11-29T09:00:00Z/2026-11-29T10:00:00Z 2026-11-30T09:00:00Z/2026-11-30T10:00:00Z");
  expect_spans(
      "Mon-Tue,Thu 10:00-11:00", "2026-11-24T05:40:00Z",
      "2026-11-24T10:00:00Z/2026-11-24T11:00:00Z 2026-11-26T10:00:00Z/2026-11-26T11:00:00Z");
  expect_spans(
      "09:00-16:00", "2026-11-24T05:40:00Z",
      "2026-11-24T09:00:00Z/2026-11-24T16:00:00Z 2026-11-25T09:00:00Z/2026-11-25T16:00:00Z");
}

static void goes_over_midnight(void **state) {
  (void)state;
  expect_spans(
      "Mon,Wed,Fri 22:00-04:00 UTC", "2026-11-24T05:40:00Z",
      "2026-11-25T22:00:00Z/2026-11-26T04:00:00Z 2026-11-27T22:00:00Z/2026-11-28T04:00:00Z");
  // Open since yesterday.
  expect_spans(
      "Mon,Wed,Fri 22:00-04:00 UTC", "2026-11-24T03:00:00Z",
      "2026-11-23T22:00:00Z/2026-11-24T04:00:00Z 2026-11-25T22:00:00Z/2026-11-26T04:00:00Z");
  // A span that ends now is over; one that begins now is open.
  expect_spans("09:00-16:00;16:00-16:30", "2026-11-24T09:00:00Z",
               "2026-11-24T09:00:00Z/2026-11-24T16:30:00Z");
  expect_spans("09:00-16:00", "2026-11-24T16:00:00Z", "2026-11-25T09:00:00Z/2026-11-25T16:00:00Z");
  // Local days, not those of UTC: it is Wednesday in Auckland (UTC+13).
  expect_spans("Wed 00:00-06:00 Pacific/Auckland", "2026-11-24T12:00:00Z",
               "2026-11-24T11:00:00Z/2026-11-24T17:00:00Z");
}

static void whole_days_become_one_span(void **state) {
  (void)state;
  expect_spans("Sat-Sun 00:00-24:00", "2026-11-24T05:40:00Z",
               "2026-11-28T00:00:00Z/2026-11-30T00:00:00Z");
  struct policy_window w;
  assert_int_equal(window_read("00:00-24:00", at("2026-11-24T05:40:00Z"), &w, NULL, NULL), ERR_OK);
  assert_int_equal(w.n, 1);
  assert_true(w.spans[0].close_s - w.spans[0].open_s > 7 * 86400);
}

static void joins_parts(void **state) {
  (void)state;
  expect_spans("Tue 12:00-14:00 UTC;Tue 09:00-12:00 UTC; Tue 13:00-13:30 UTC",
               "2026-11-24T05:40:00Z", "2026-11-24T09:00:00Z/2026-11-24T14:00:00Z");
  expect_spans("Tue 12:00-13:00 UTC; Tue 12:00-13:00 Europe/Berlin", "2026-11-24T05:40:00Z",
               "2026-11-24T11:00:00Z/2026-11-24T13:00:00Z");
}

// 2026: summer time in Berlin begins on 29 March at 01:00 UTC (02:00 → 03:00) and ends on 25
// October at 01:00 UTC.
static void follows_summer_time(void **state) {
  (void)state;
  expect_spans(
      "09:00-16:00 Europe/Berlin", "2026-03-28T10:00:00Z",
      "2026-03-28T08:00:00Z/2026-03-28T15:00:00Z 2026-03-29T07:00:00Z/2026-03-29T14:00:00Z");
  expect_spans(
      "09:00-16:00 Europe/Berlin", "2026-10-24T10:00:00Z",
      "2026-10-24T07:00:00Z/2026-10-24T14:00:00Z 2026-10-25T08:00:00Z/2026-10-25T15:00:00Z");
  // The hour that is skipped: an hour shorter, begun or ended at the jump, or not there at all.
  expect_spans("01:00-04:00 Europe/Berlin", "2026-03-28T12:00:00Z",
               "2026-03-29T00:00:00Z/2026-03-29T02:00:00Z");
  expect_spans("02:30-04:00 Europe/Berlin", "2026-03-28T12:00:00Z",
               "2026-03-29T01:00:00Z/2026-03-29T02:00:00Z");
  expect_spans("01:00-02:30 Europe/Berlin", "2026-03-28T12:00:00Z",
               "2026-03-29T00:00:00Z/2026-03-29T01:00:00Z");
  expect_spans("02:10-02:50 Europe/Berlin", "2026-03-28T12:00:00Z",
               "2026-03-30T00:10:00Z/2026-03-30T00:50:00Z");
  // The hour that comes twice: an hour longer; a time within it is its first.
  expect_spans("01:00-04:00 Europe/Berlin", "2026-10-24T12:00:00Z",
               "2026-10-24T23:00:00Z/2026-10-25T03:00:00Z");
  expect_spans("02:30-04:00 Europe/Berlin", "2026-10-24T12:00:00Z",
               "2026-10-25T00:30:00Z/2026-10-25T03:00:00Z");
  expect_spans("01:00-02:30 Europe/Berlin", "2026-10-24T12:00:00Z",
               "2026-10-24T23:00:00Z/2026-10-25T00:30:00Z");
  // Half an hour, on the other half of the globe: 4 October 2026 at 15:30 UTC on Lord Howe Island.
  expect_spans("01:00-03:00 Australia/Lord_Howe", "2026-10-03T10:00:00Z",
               "2026-10-03T14:30:00Z/2026-10-03T16:00:00Z");
}

static void never_turns_into_always(void **state) {
  (void)state;
  // Open once a week, on the day on which its only hour is skipped.
  struct policy_window w;
  assert_int_equal(
      window_read("Sun 02:00-03:00 Europe/Berlin", at("2026-03-24T12:00:00Z"), &w, NULL, NULL),
      ERR_OK);
  assert_true(w.n > 0);
  assert_int_equal(w.spans[0].open_s, at("2026-04-05T00:00:00Z"));
  for (int hour = 0; hour < 24 * 400; hour += 7) {
    int64_t now = at("2026-01-01T00:00:00Z") + hour * 3600;
    assert_int_equal(window_read("Sun 02:15-02:45 Europe/Berlin", now, &w, NULL, NULL), ERR_OK);
    assert_true(w.n > 0 && w.spans[0].close_s > now);
  }
}

// Every minute of a week with a change: is the window open when the clock on the wall says so?
static void agrees_with_the_clock_on_the_wall(void **state) {
  (void)state;
  struct policy_window w;
  int64_t start = at("2026-03-26T00:00:00Z");
  assert_int_equal(window_read("Mon-Thu,Sun 21:30-04:00 Europe/Berlin", start, &w, NULL, NULL),
                   ERR_OK);
  assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
  tzset();
  for (int64_t t = start; t < start + 7 * 86400; t += 60) {
    struct tm tm;
    time_t now = (time_t)t;
    assert_non_null(localtime_r(&now, &tm));
    int minute = tm.tm_hour * 60 + tm.tm_min,
        day = minute < 240 ? (tm.tm_wday + 6) % 7 : tm.tm_wday;
    bool open = day <= 4 && (minute >= 21 * 60 + 30 || minute < 240), found = false;
    for (size_t i = 0; i < w.n; i++)
      found |= t >= w.spans[i].open_s && t < w.spans[i].close_s;
    assert_int_equal(found, open);
  }
  unsetenv("TZ");
  tzset();
}

static void is_bounded(void **state) {
  (void)state;
  struct policy_window w;
  // 16 parts a day are more than fit: the first ones stay.
  char text[1024] = "";
  for (int i = 0; i < WINDOW_PARTS_MAX; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%02d:00-%02d:30", i ? ";" : "", i,
             i);
  assert_int_equal(window_read(text, at("2026-11-24T05:40:00Z"), &w, NULL, NULL), ERR_OK);
  assert_int_equal(w.n, 32);
  assert_int_equal(w.spans[0].open_s, at("2026-11-24T06:00:00Z"));
  assert_int_equal(w.spans[31].open_s, at("2026-11-26T05:00:00Z"));
  // What begins more than eight days ahead is left out.
  assert_int_equal(window_read("09:00-16:00", at("2026-11-24T05:40:00Z"), &w, NULL, NULL), ERR_OK);
  assert_int_equal(w.n, 8);
  assert_int_equal(window_read("always", at("2026-11-24T05:40:00Z"), &w, NULL, NULL), ERR_OK);
  assert_int_equal(w.n, 0);
}

static void knows_its_longest_gap(void **state) {
  (void)state;
  struct policy_window w;
  assert_int_equal(window_read("Mon-Thu 09:00-16:00", at("2026-11-24T05:40:00Z"), &w, NULL, NULL),
                   ERR_OK);
  assert_int_equal(window_longest_gap_s(&w), 3 * 86400 + 17 * 3600);
  assert_int_equal(window_read("Sun 02:00-03:00", at("2026-11-23T05:40:00Z"), &w, NULL, NULL),
                   ERR_OK);
  assert_int_equal(window_longest_gap_s(&w), 7 * 86400 - 3600);
  assert_int_equal(window_longest_gap_s(&(struct policy_window){.n = 0}), 0);
}

static void says_what_is_wrong(void **state) {
  (void)state;
  static const struct {
    const char *text, *says, *nearest;
  } bad[] = {
      {"", "expected [days]", ""},
      {" ; ", "expected [days]", ""},
      {"Mon-Thu", "expected [days]", ""},
      {"Monday 09:00-16:00", "expected days", "Mon"},
      {"Mo-Th 09:00-16:00", "\"Mo\"", "Mon"},
      {"Mon-Foo 09:00-16:00", "\"Foo\"", ""},
      {"Mon--Tue 09:00-16:00", "expected days", ""},
      {"Mon-Tue-Wed 09:00-16:00", "expected a comma", ""},
      {"Mon, Tue 09:00-16:00", "expected days", ""},
      {"9:00-16:00", "expected times", ""},
      {"09:00-16", "expected times", ""},
      {"09:00+16:00", "expected times", ""},
      {"09:00-16:000", "expected times", ""},
      {"09:00 - 16:00", "expected times", ""},
      {"09:60-16:00", "expected times", ""},
      {"24:00-03:00", "expected times", ""},
      {"23:00-24:30", "expected times", ""},
      {"09:00-09:00", "is empty", ""},
      {"00:00-00:00", "00:00-24:00", ""},
      {"09:00-16:00 Europe/Berln", "no zone", "Europe/Berlin"},
      {"09:00-16:00 Berlin", "no zone", "Europe/Berlin"},
      {"09:00-16:00 CEST", "no zone", ""},
      {"09:00-16:00 utc", "no zone", "UTC"},
      {"09:00-16:00 +01:00", "no zone", ""},
      {"09:00-16:00 ../../../etc/passwd", "no zone", ""},
      {"09:00-16:00 /usr/share/zoneinfo/UTC", "no zone", ""},
      {"09:00-16:00 right/Europe/Berlin", "no zone", ""},
      {"09:00-16:00 zone1970.tab", "no zone", ""},
      {"09:00-16:00 leapseconds", "no zone", ""},
      {"09:00-16:00 Europe", "no zone", ""},
      {"09:00-16:00 UTC daily", "follows the zone", ""},
      {"09:00-10:00 UTC;12:00-13:00", "in each part", ""},
      {"always;09:00-10:00", "expected days", ""},
      {"1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17", "expected times", ""},
      {"00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-"
       "01:00;"
       "00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-01:00;00:00-"
       "01:00;00:00-01:00",
       "more than 16", ""},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    struct policy_window w = {.n = 7};
    struct error e = {0};
    char nearest[NEAREST_MAX] = "?";
    enum err err = window_read(bad[i].text, at("2026-11-24T05:40:00Z"), &w, nearest, &e);
    if (err != ERR_INVALID || !strstr(e.text, bad[i].says) || strcmp(nearest, bad[i].nearest) != 0)
      fail_msg("\"%s\": %s, \"%s\", nearest \"%s\"", bad[i].text, err_name(err), e.text, nearest);
    assert_int_equal(w.n, 7);
  }
}

static void expect_refusal(const char *text, const char *says, const char *suggests) {
  struct policy_window w;
  struct error e = {0};
  char nearest[NEAREST_MAX] = "?";
  assert_int_equal(window_read(text, at("2026-11-24T05:40:00Z"), &w, nearest, &e), ERR_INVALID);
  if (!strstr(e.text, says) || strcmp(nearest, suggests) != 0)
    fail_msg("\"%s\": \"%s\", nearest \"%s\"", text, e.text, nearest);
}

// Debian 13 has the files of former names in a package that nothing installs.
static void says_what_became_of_a_zone(void **state) {
  (void)state;
  struct scratch s;
  scratch_new(&s);
  setenv("TZDIR", s.dir, 1);
  scratch_write(scratch_path(&s, "tzdata.zi"),
                "# version 2026f\nZ Today 0 - X\nL Today US/Eastern\nL Gone Other/Name\n");
  scratch_write(scratch_path(&s, "Today"), "TZif2");
  expect_refusal("09:00-16:00 US/Eastern", "tzdata-legacy", "Today");
  expect_refusal("09:00-16:00 Other/Name", "no zone of the tz database", "");
  setenv("TZDIR", scratch_path(&s, "nowhere"), 1);
  expect_refusal("09:00-16:00 Europe/Berlin", "install the package tzdata", "");
  unsetenv("TZDIR");
  scratch_remove(&s);
}

static void gives_the_zone_back(void **state) {
  (void)state;
  struct policy_window w;
  time_t summer = (time_t)at("2026-07-01T12:00:00Z");
  struct tm tm;
  assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
  tzset();
  assert_int_equal(
      window_read("09:00-10:00 Europe/Berlin; 09:00-10:00 Asia/Tokyo", summer, &w, NULL, NULL),
      ERR_OK);
  assert_string_equal(getenv("TZ"), "America/New_York");
  assert_int_equal(localtime_r(&summer, &tm)->tm_hour, 8);
  unsetenv("TZ");
  assert_int_equal(window_read("09:00-10:00 Europe/Berlin", summer, &w, NULL, NULL), ERR_OK);
  assert_null(getenv("TZ"));
}

static void utc_needs_no_database(void **state) {
  (void)state;
  struct policy_window w;
  struct error e = {0};
  assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
  assert_int_equal(window_read("09:00-10:00 UTC", at("2026-11-24T05:40:00Z"), &w, NULL, &e),
                   ERR_OK);
  assert_int_equal(
      window_read("09:00-10:00 Europe/Berlin", at("2026-11-24T05:40:00Z"), &w, NULL, &e),
      ERR_INVALID);
  unsetenv("TZDIR");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_days_and_times),
      cmocka_unit_test(goes_over_midnight),
      cmocka_unit_test(whole_days_become_one_span),
      cmocka_unit_test(joins_parts),
      cmocka_unit_test(follows_summer_time),
      cmocka_unit_test(never_turns_into_always),
      cmocka_unit_test(agrees_with_the_clock_on_the_wall),
      cmocka_unit_test(is_bounded),
      cmocka_unit_test(knows_its_longest_gap),
      cmocka_unit_test(says_what_is_wrong),
      cmocka_unit_test(says_what_became_of_a_zone),
      cmocka_unit_test(gives_the_zone_back),
      cmocka_unit_test(utc_needs_no_database),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
