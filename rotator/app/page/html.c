#include "rotator/app/page/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/base/text_time.h"

#define REPLACEMENT "\xef\xbf\xbd" // U+FFFD
#define TIME_LEN (sizeof "2026-11-28T02:33:18Z" - 1)

// One character of UTF-8: its length, and the code point; 0: it is none.
static size_t character(const unsigned char *s, uint32_t *ret) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
  uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
  if (n == 0 || s[0] > 0xf4)
    return 0;
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80)
      return 0;
    c = c << 6 | (s[i] & 0x3f);
  }
  *ret = c;
  return c >= least[n] && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff) ? n : 0;
}

// Controls, and characters that make a line read otherwise than it is.
static bool is_unfit(uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
         (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

static const char *entity(uint32_t c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

static void put(FILE *f, const char *text, size_t len) {
  for (const char *end = text + len; text < end;) {
    uint32_t c = 0;
    size_t n = character((const unsigned char *)text, &c);
    const char *instead = n == 0 || is_unfit(c) ? REPLACEMENT : entity(c);
    if (instead)
      fputs(instead, f);
    else
      fwrite(text, 1, n, f);
    text += n > 0 ? n : 1;
  }
}

static void put_text(FILE *f, const char *text) {
  if (text)
    put(f, text, strlen(text));
}

void html(FILE *f, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  for (const char *at = fmt; *at;) {
    size_t plain = strcspn(at, "%");
    fwrite(at, 1, plain, f);
    at += plain;
    if (strncmp(at, "%s", 2) == 0)
      put_text(f, va_arg(args, const char *));
    else if (strncmp(at, "%d", 2) == 0)
      fprintf(f, "%d", va_arg(args, int));
    else if (strncmp(at, "%zu", 3) == 0)
      fprintf(f, "%zu", va_arg(args, size_t));
    else if (*at)
      fputc('%', f);
    at += *at == '\0' ? 0 : strncmp(at, "%zu", 3) == 0 ? 3 : 2;
  }
  va_end(args);
}

// The seconds are in the attribute; people read minutes.
static void put_time(FILE *f, const char *rfc3339) {
  fprintf(f, "<time datetime=\"%s\">%.10s %.5s UTC</time>", rfc3339, rfc3339, rfc3339 + 11);
}

void html_time(FILE *f, int64_t t_s) {
  char text[32];
  text_format_time(text, sizeof text, t_s);
  if (t_s > 0 && strlen(text) == TIME_LEN)
    put_time(f, text);
  else
    fputs("–", f);
}

// Does a time stand here?
static bool is_time(const char *s, char dst[TIME_LEN + 1]) {
  int64_t t_s;
  static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
  for (size_t i = 0; i < TIME_LEN; i++)
    if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
      return false;
  memcpy(dst, s, TIME_LEN);
  dst[TIME_LEN] = '\0';
  return text_parse_time(dst, &t_s) == ERR_OK;
}

void html_words(FILE *f, const char *text) {
  char when[TIME_LEN + 1];
  const char *from = text ? text : "";
  for (const char *at = from; *at;) {
    if (!is_time(at, when)) {
      at++;
      continue;
    }
    put(f, from, (size_t)(at - from));
    put_time(f, when);
    from = at += TIME_LEN;
  }
  put_text(f, from);
}

void html_age(FILE *f, int64_t s) {
  char text[32];
  if (s < 0) {
    fputs("–", f);
    return;
  }
  age_text(text, sizeof text, s);
  put_text(f, text);
}
