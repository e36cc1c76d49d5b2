#include "rotator/cloud/iam_url.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/http/transport.h"

#define TOKEN_PATH "/identity/token"

static size_t without_slashes(const char *url, size_t len) {
  while (len > 0 && url[len - 1] == '/')
    len--;
  return len;
}

char *iam_url_base(const char *url) {
  size_t len = without_slashes(url, strlen(url)), tail = strlen(TOKEN_PATH);
  if (len >= tail && memcmp(url + len - tail, TOKEN_PATH, tail) == 0)
    len = without_slashes(url, len - tail);
  return strndup(url, len);
}

static void add_encoded(struct text_buf *url, const char *text) {
  char encoded[3 * IAM_PAGE_TOKEN_MAX + 1];
  if (http_encode(encoded, sizeof encoded, text))
    text_buf_add_bytes(url, encoded, strlen(encoded));
  else
    url->failed = true;
}

void iam_url_segment(struct text_buf *url, const char *segment) {
  text_buf_add_bytes(url, "/", 1);
  add_encoded(url, segment);
}

void iam_url_query(struct text_buf *url, const char *name, const char *value) {
  text_buf_add(url, "%c%s=", strchr(text_buf_str(url), '?') ? '&' : '?', name);
  add_encoded(url, value);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// One byte of a query value; *at moves on. −1: a broken escape, or NUL.
static int next_byte(const char **at) {
  const char *s = *at;
  if (*s != '%') {
    *at = s + 1;
    return *s == '+' ? ' ' : (unsigned char)*s;
  }
  int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
  if (low < 0 || high * 16 + low == 0)
    return -1;
  *at = s + 3;
  return high * 16 + low;
}

static bool decode_value(const char *at, char *dst, size_t cap) {
  size_t n = 0;
  while (*at && *at != '&' && *at != '#') {
    int byte = next_byte(&at);
    if (byte < 0 || n + 1 >= cap)
      return false;
    dst[n++] = (char)byte;
  }
  dst[n] = '\0';
  return n > 0;
}

bool iam_url_param(const char *url, const char *name, char *dst, size_t cap) {
  size_t len = strlen(name);
  const char *at = url + strcspn(url, "?#");
  while (*at == '?' || *at == '&') {
    at++;
    if (strncmp(at, name, len) == 0 && at[len] == '=')
      return decode_value(at + len + 1, dst, cap);
    at += strcspn(at, "&#");
  }
  return false;
}
