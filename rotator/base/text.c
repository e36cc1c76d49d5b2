#include "rotator/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Makes room for `more` bytes and a NUL; false (and failed) beyond the limit or without memory.
static bool reserve(struct text_buf *b, size_t more) {
  if (b->failed || b->len > b->limit || more > b->limit - b->len)
    return !(b->failed = true);
  size_t need = b->len + more + 1;
  if (need <= b->cap)
    return true;
  size_t cap = b->cap ? b->cap : 128;
  while (cap < need)
    cap *= 2;
  char *bytes = realloc(b->bytes, cap);
  if (!bytes)
    return !(b->failed = b->starved = true);
  b->bytes = bytes;
  b->cap = cap;
  return true;
}

void text_buf_add_bytes(struct text_buf *b, const void *bytes, size_t len) {
  if (!reserve(b, len))
    return;
  if (len)
    memcpy(b->bytes + b->len, bytes, len);
  b->len += len;
  b->bytes[b->len] = '\0';
}

void text_buf_add(struct text_buf *b, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (n < 0)
    b->failed = true;
  else if (reserve(b, (size_t)n)) {
    vsnprintf(b->bytes + b->len, (size_t)n + 1, fmt, again);
    b->len += (size_t)n;
  }
  va_end(again);
}

const char *text_buf_str(const struct text_buf *b) {
  return b->bytes ? b->bytes : "";
}

void text_buf_free(struct text_buf *b) {
  free(b->bytes);
  *b = TEXT_BUF(b->limit);
}

bool text_copy(char *dst, size_t cap, const char *src) {
  if (!cap)
    return false;
  size_t n = strnlen(src, cap);
  bool whole = n < cap;
  if (!whole)
    n = cap - 1;
  memmove(dst, src, n);
  dst[n] = '\0';
  return whole;
}

void text_printable(char *dst, size_t cap, const char *src, size_t len) {
  if (!cap)
    return;
  size_t n = len < cap ? len : cap - 1;
  for (size_t i = 0; i < n; i++)
    dst[i] = src[i] >= 0x20 && src[i] < 0x7f ? src[i] : '?';
  dst[n] = '\0';
}

bool text_starts(const char *s, const char *prefix) {
  return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix) {
  size_t n = strlen(s), m = strlen(suffix);
  return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static unsigned least(unsigned a, unsigned b, unsigned c) {
  unsigned m = a < b ? a : b;
  return m < c ? m : c;
}

// Levenshtein's distance with one row of the table.
unsigned text_distance(const char *a, const char *b) {
  enum { MOST = 64 };
  size_t n = strnlen(a, MOST), m = strnlen(b, MOST);
  unsigned row[MOST + 1];
  for (size_t j = 0; j <= m; j++)
    row[j] = (unsigned)j;
  for (size_t i = 1; i <= n; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= m; j++) {
      unsigned above = row[j];
      row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[m];
}

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool text_is_hex(const char *s, size_t exactly) {
  for (size_t i = 0; i < exactly; i++)
    if (!is_hex(s[i]))
      return false;
  return s[exactly] == '\0';
}

bool text_is_uuid(const char *s) {
  static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  size_t i = 0;
  for (; form[i]; i++)
    if (form[i] == '-' ? s[i] != '-' : !is_hex(s[i]))
      return false;
  return s[i] == '\0';
}
