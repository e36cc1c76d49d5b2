// Durations and points in time. No locale and no time zone of the machine takes part.
#include "rotator/base/text_time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rotator/base/text.h"

enum { LONGEST_DAYS = 3653 }; // ten years
static const int64_t longest_s = (int64_t)LONGEST_DAYS * 86400;

static const struct unit {
  char letter;
  int64_t s;
} units[] = {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
enum { N_UNITS = sizeof units / sizeof *units };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads between `least` and `most` digits; moves *s behind them.
static bool take_number(const char **s, int least, int most, int64_t *ret) {
  int64_t v = 0;
  int n = 0;
  for (; is_digit((*s)[n]); n++) {
    if (n == most)
      return false;
    v = v * 10 + ((*s)[n] - '0');
  }
  if (n < least)
    return false;
  *s += n;
  *ret = v;
  return true;
}

static bool take(const char **s, char c) {
  if (**s != c)
    return false;
  (*s)++;
  return true;
}

enum err text_parse_duration(const char *s, int64_t *ret_s) {
  int64_t total = 0, v;
  if (strcmp(s, "0") == 0) {
    *ret_s = 0;
    return ERR_OK;
  }
  if (!*s)
    return ERR_INVALID;
  for (int u = 0; *s; u++) { // u: the first unit that may still come
    if (!take_number(&s, 1, 10, &v))
      return ERR_INVALID;
    while (u < N_UNITS && units[u].letter != *s)
      u++;
    if (u == N_UNITS || v > longest_s)
      return ERR_INVALID;
    total += v * units[u].s;
    if (total > longest_s)
      return ERR_INVALID;
    s++;
  }
  *ret_s = total;
  return ERR_OK;
}

void text_format_duration(char *dst, size_t cap, int64_t s) {
  char text[64] = "";
  size_t n = 0;
  bool minus = s < 0;
  uint64_t left = minus ? 0 - (uint64_t)s : (uint64_t)s;
  for (int u = 1; u < N_UNITS; u++) { // no weeks: people think "30d"
    uint64_t v = left / (uint64_t)units[u].s;
    left %= (uint64_t)units[u].s;
    if (v)
      n += (size_t)snprintf(text + n, sizeof text - n, "%s%llu%c", minus && !n ? "-" : "",
                            (unsigned long long)v, units[u].letter);
  }
  text_copy(dst, cap, n ? text : "0s");
}

void text_format_time(char *dst, size_t cap, int64_t t_s) {
  static const int64_t year_10000 = 253402300800;
  time_t t = (time_t)t_s;
  struct tm tm;
  char text[80];
  if (t_s < 0 || t_s >= year_10000 || !gmtime_r(&t, &tm)) {
    text_copy(dst, cap, "unknown");
    return;
  }
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
           tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
  text_copy(dst, cap, text);
}

struct moment {
  int64_t year, month, day, hour, minute, second; // month from 1
};

// Seconds since 1970 of a UTC moment; refuses days and hours that do not exist. A leap second
// counts as the next one.
static enum err moment_to_s(const struct moment *m, int64_t *ret_s) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (m->year < 1970 || m->month < 1 || m->month > 12 || m->hour > 23 || m->minute > 59 ||
      m->second > 60)
    return ERR_INVALID;
  bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;
  if (m->day < 1 || m->day > days[m->month - 1] + (m->month == 2 && leap))
    return ERR_INVALID;
  struct tm tm = {.tm_year = (int)m->year - 1900,
                  .tm_mon = (int)m->month - 1,
                  .tm_mday = (int)m->day,
                  .tm_hour = (int)m->hour,
                  .tm_min = (int)m->minute,
                  .tm_sec = (int)m->second};
  *ret_s = timegm(&tm);
  return ERR_OK;
}

// "Z", "+hhmm" or "+hh:mm", and the end of the text.
static bool take_zone(const char *s, int64_t *ret_offset_s) {
  int64_t hours, minutes;
  if (take(&s, 'Z') || take(&s, 'z')) {
    *ret_offset_s = 0;
    return *s == '\0';
  }
  int sign = *s == '-' ? -1 : 1;
  if (*s != '+' && *s != '-')
    return false;
  s++;
  if (s[0] && s[1] && s[2] == ':') {
    if (!take_number(&s, 2, 2, &hours) || !take(&s, ':') || !take_number(&s, 2, 2, &minutes))
      return false;
  } else {
    int64_t both;
    if (!take_number(&s, 4, 4, &both))
      return false;
    hours = both / 100;
    minutes = both % 100;
  }
  *ret_offset_s = sign * (hours * 3600 + minutes * 60);
  return *s == '\0' && hours < 24 && minutes < 60;
}

enum err text_parse_time(const char *s, int64_t *ret_s) {
  struct moment m = {0};
  int64_t fraction, offset_s, t;
  if (!take_number(&s, 4, 4, &m.year) || !take(&s, '-') || !take_number(&s, 2, 2, &m.month) ||
      !take(&s, '-') || !take_number(&s, 2, 2, &m.day) || !(take(&s, 'T') || take(&s, 't')) ||
      !take_number(&s, 2, 2, &m.hour) || !take(&s, ':') || !take_number(&s, 2, 2, &m.minute))
    return ERR_INVALID;
  if (take(&s, ':')) {
    if (!take_number(&s, 2, 2, &m.second) || (take(&s, '.') && !take_number(&s, 1, 9, &fraction)))
      return ERR_INVALID;
  }
  if (!take_zone(s, &offset_s) || moment_to_s(&m, &t))
    return ERR_INVALID;
  *ret_s = t - offset_s;
  return ERR_OK;
}

// Index of the three letters at *s in a table of such; −1 if they are none of them.
static int take_name(const char **s, const char *table) {
  for (int i = 0; table[i]; i += 3)
    if (strncmp(*s, table + i, 3) == 0) {
      *s += 3;
      return i / 3;
    }
  return -1;
}

enum err text_parse_http_date(const char *s, int64_t *ret_s) {
  struct moment m = {0};
  if (take_name(&s, "SunMonTueWedThuFriSat") < 0 || !take(&s, ',') || !take(&s, ' ') ||
      !take_number(&s, 2, 2, &m.day) || !take(&s, ' '))
    return ERR_INVALID;
  m.month = take_name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
  if (!take(&s, ' ') || !take_number(&s, 4, 4, &m.year) || !take(&s, ' ') ||
      !take_number(&s, 2, 2, &m.hour) || !take(&s, ':') || !take_number(&s, 2, 2, &m.minute) ||
      !take(&s, ':') || !take_number(&s, 2, 2, &m.second) || strcmp(s, " GMT") != 0)
    return ERR_INVALID;
  return moment_to_s(&m, ret_s);
}
