// A window is one or more parts joined by ";", each of them [DAYS] HH:MM-HH:MM [ZONE].
//
// Every part is read first, so that a mistake is told whatever the day. Then, zone by zone, each
// day from yesterday (a span that began before midnight may still be open) to two weeks ahead is
// asked whether it is one of the part's, and its two local times become moments. The spans of all
// parts are sorted, those that touch become one, and what lies further ahead than WINDOW_DAYS is
// left out, except that two spans always stay: no spans would mean "always", and one alone would
// not show how long the window stays shut.
#include "rotator/config/window.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/config/zone.h"

#define DAY_S 86400
#define AHEAD_DAYS 15
#define DAYS_SEEN (AHEAD_DAYS + 2)
#define PART_MAX 128
#define SHOWN_MAX 40

struct part {
  unsigned days; // bit 0: Sunday
  int open_min, close_min;
  char zone[NEAREST_MAX]; // "": not given
};

struct reader {
  char *nearest;
  struct error *e;
};

static const char *const day_names[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static void suggest(const struct reader *r, const char *word) {
  if (r->nearest)
    text_copy(r->nearest, NEAREST_MAX, word);
}

// A word that may be repeated: a secret in the wrong place is longer than anything that belongs
// here.
static const char *shown(const char *word, size_t len, char dst[SHOWN_MAX]) {
  char printable[33];
  text_printable(printable, sizeof printable, word, len);
  snprintf(dst, SHOWN_MAX, len < sizeof printable ? "\"%s\"" : "a long word", printable);
  return dst;
}

static int day_find(const char *s, size_t len) {
  for (int i = 0; i < 7; i++)
    if (len == 3 && strncasecmp(s, day_names[i], 3) == 0)
      return i;
  return -1;
}

static enum err day_unknown(const struct reader *r, const char *s, size_t len) {
  for (int i = 0; i < 7; i++)
    if (len >= 2 && strncasecmp(s, day_names[i], len < 3 ? len : 3) == 0)
      suggest(r, day_names[i]);
  char word[SHOWN_MAX];
  return error_set(r->e, ERR_INVALID, "expected days such as Mon-Thu or Sat,Sun, not %s",
                   shown(s, len, word));
}

// "Mon-Thu", "Mon,Wed,Fri", "Fri-Mon"
static enum err read_days(const struct reader *r, const char *s, unsigned *ret) {
  unsigned days = 0;
  for (;;) {
    size_t len = strcspn(s, ",-");
    int from = day_find(s, len), to = from;
    if (from < 0)
      return day_unknown(r, s, len);
    s += len;
    if (*s == '-') {
      len = strcspn(++s, ",-");
      to = day_find(s, len);
      if (to < 0)
        return day_unknown(r, s, len);
      s += len;
    }
    for (int d = from;; d = (d + 1) % 7) {
      days |= 1U << d;
      if (d == to)
        break;
    }
    if (*s == '\0')
      break;
    if (*s++ != ',')
      return error_set(r->e, ERR_INVALID, "expected a comma between two ranges of days");
  }
  *ret = days;
  return ERR_OK;
}

// "HH:MM" with two digits each; minutes since midnight, −1 if it is none.
static int read_clock(const char *s) {
  for (int i = 0; i < 5; i++)
    if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
      return -1;
  int hour = (s[0] - '0') * 10 + s[1] - '0', minute = (s[3] - '0') * 10 + s[4] - '0';
  return hour > 24 || minute > 59 || (hour == 24 && minute != 0) ? -1 : hour * 60 + minute;
}

static enum err read_times(const struct reader *r, const char *s, struct part *p) {
  char word[SHOWN_MAX];
  p->open_min = strlen(s) == 11 && s[5] == '-' ? read_clock(s) : -1;
  p->close_min = p->open_min >= 0 ? read_clock(s + 6) : -1;
  if (p->open_min < 0 || p->close_min < 0 || p->open_min == 24 * 60)
    return error_set(r->e, ERR_INVALID, "expected times such as 09:00-16:00, not %s",
                     shown(s, strlen(s), word));
  if (p->open_min == p->close_min)
    return error_set(r->e, ERR_INVALID, "%s is empty; the whole day is 00:00-24:00", s);
  if (p->close_min < p->open_min) // over midnight
    p->close_min += 24 * 60;
  return ERR_OK;
}

static enum err read_zone(const struct reader *r, const char *s, struct part *p) {
  if (!text_copy(p->zone, sizeof p->zone, s) || !zone_is_known(s)) {
    char nearest[NEAREST_MAX], word[SHOWN_MAX];
    if (zone_renamed(s, nearest)) {
      suggest(r, nearest);
      return error_set(r->e, ERR_INVALID,
                       "%s is no zone on this machine: a former name of %s; write that, or install "
                       "the package tzdata-legacy",
                       s, nearest);
    }
    if (!zone_database_is_there())
      return error_set(r->e, ERR_INVALID,
                       "%s is no zone on this machine, which has no tz database: install the "
                       "package tzdata",
                       shown(s, strlen(s), word));
    zone_nearest(s, nearest);
    suggest(r, nearest);
    return error_set(r->e, ERR_INVALID, "%s is no zone of the tz database on this machine",
                     shown(s, strlen(s), word));
  }
  return ERR_OK;
}

// Splits off the next word in place; NULL at the end.
static char *next_word(char **at) {
  char *word = *at + strspn(*at, " ");
  if (*word == '\0')
    return NULL;
  char *end = word + strcspn(word, " ");
  *at = *end ? end + 1 : end;
  *end = '\0';
  return word;
}

static enum err read_part(const struct reader *r, const char *text, size_t len, struct part *p) {
  char copy[PART_MAX], repeated[SHOWN_MAX];
  if (len >= sizeof copy)
    return error_set(r->e, ERR_INVALID, "a part of %zu characters is too long", len);
  memcpy(copy, text, len);
  copy[len] = '\0';
  char *at = copy, *word = next_word(&at);
  *p = (struct part){.days = 0x7f};
  enum err err = ERR_OK;
  if (word && (word[0] < '0' || word[0] > '9')) {
    err = read_days(r, word, &p->days);
    word = next_word(&at);
  }
  if (err == ERR_OK && !word)
    err =
        error_set(r->e, ERR_INVALID,
                  "expected [days] HH:MM-HH:MM [zone], such as Mon-Thu 09:00-16:00 Europe/Berlin");
  if (err == ERR_OK)
    err = read_times(r, word, p);
  if (err == ERR_OK && (word = next_word(&at)))
    err = read_zone(r, word, p);
  if (err == ERR_OK && (word = next_word(&at)))
    err = error_set(r->e, ERR_INVALID, "%s follows the zone; parts are joined by \";\"",
                    shown(word, strlen(word), repeated));
  return err;
}

static enum err read_parts(const struct reader *r, const char *text, struct part *parts,
                           size_t *ret_n) {
  size_t n = 0, zones = 0;
  for (const char *s = text;; s++) {
    size_t len = strcspn(s, ";");
    if (n == WINDOW_PARTS_MAX)
      return error_set(r->e, ERR_INVALID, "more than %d parts", WINDOW_PARTS_MAX);
    enum err err = read_part(r, s, len, &parts[n]);
    if (err != ERR_OK)
      return err;
    zones += parts[n++].zone[0] != '\0';
    s += len;
    if (*s == '\0')
      break;
  }
  // A zone behind the last part only looks as if it were meant for all of them, and is not.
  if (zones != 0 && zones != n)
    return error_set(
        r->e, ERR_INVALID,
        "the zone stands in some parts only; give it in each part, or in none for UTC");
  *ret_n = n;
  return ERR_OK;
}

struct spans {
  struct policy_span at[WINDOW_PARTS_MAX * DAYS_SEEN];
  size_t n;
};

static enum err add_part(const struct part *p, int64_t now_s, struct spans *out) {
  struct zone_before before;
  if (zone_enter(p->zone[0] ? p->zone : "UTC", &before) != ERR_OK)
    return ERR_INTERNAL;
  int64_t local_s = zone_local_s(now_s);
  int64_t today = local_s / DAY_S - (local_s % DAY_S < 0);
  for (int64_t day = today - 1; day <= today + AHEAD_DAYS; day++) {
    int64_t weekday = ((day + 4) % 7 + 7) % 7; // day 0 was a Thursday
    if (!(p->days & 1U << weekday))
      continue;
    struct policy_span s = {.open_s = zone_utc_s(day * DAY_S + p->open_min * 60),
                            .close_s = zone_utc_s(day * DAY_S + p->close_min * 60)};
    if (s.open_s < s.close_s && s.close_s > now_s)
      out->at[out->n++] = s;
  }
  zone_leave(&before);
  return ERR_OK;
}

static int by_open(const void *a, const void *b) {
  const struct policy_span *x = a, *y = b;
  return x->open_s < y->open_s ? -1 : x->open_s > y->open_s;
}

static void merge(struct spans *all, int64_t until_s, struct policy_window *ret) {
  struct policy_window w = {.n = 0};
  qsort(all->at, all->n, sizeof all->at[0], by_open);
  for (size_t i = 0; i < all->n; i++) {
    const struct policy_span *s = &all->at[i];
    struct policy_span *last = w.n ? &w.spans[w.n - 1] : NULL;
    if (last && s->open_s <= last->close_s) {
      if (s->close_s > last->close_s)
        last->close_s = s->close_s;
    } else if (w.n == sizeof w.spans / sizeof w.spans[0] || (w.n > 1 && s->open_s >= until_s)) {
      break;
    } else {
      w.spans[w.n++] = *s;
    }
  }
  *ret = w;
}

enum err window_read(const char *text, int64_t now_s, struct policy_window *ret,
                     char nearest[NEAREST_MAX], struct error *e) {
  struct reader r = {.nearest = nearest, .e = e};
  suggest(&r, "");
  if (strcmp(text, "always") == 0) {
    *ret = (struct policy_window){.n = 0};
    return ERR_OK;
  }
  struct part parts[WINDOW_PARTS_MAX];
  size_t n = 0;
  enum err err = read_parts(&r, text, parts, &n);
  struct spans all = {.n = 0};
  for (size_t i = 0; i < n && err == ERR_OK; i++)
    if (add_part(&parts[i], now_s, &all) != ERR_OK)
      err = error_no_memory(e);
  if (err == ERR_OK && all.n == 0) // cannot be while each part has a day of the week
    err = error_set(e, ERR_INVALID, "it does not open within two weeks");
  if (err == ERR_OK)
    merge(&all, now_s + WINDOW_DAYS * DAY_S, ret);
  return err;
}

int64_t window_longest_gap_s(const struct policy_window *w) {
  int64_t longest = 0;
  for (size_t i = 1; i < w->n; i++)
    if (w->spans[i].open_s - w->spans[i - 1].close_s > longest)
      longest = w->spans[i].open_s - w->spans[i - 1].close_s;
  return longest;
}
