#include "util.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

void *util_alloc(size_t size) {
  void *p = calloc(1, size ? size : 1);
  if (!p)
    abort();
  return p;
}

void *util_realloc(void *old, size_t size) {
  void *p = realloc(old, size);
  if (!p)
    abort();
  return p;
}

char *util_dup(const char *text) {
  if (!text)
    return NULL;
  size_t len = strlen(text) + 1;
  return memcpy(util_alloc(len), text, len);
}

char *util_format(const char *format, ...) {
  char *out = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&out, format, args) < 0)
    abort();
  va_end(args);
  return out;
}

void sbuf_add(struct sbuf *b, const void *data, size_t len) {
  if (b->len + len + 1 > b->cap) {
    b->cap = (b->len + len + 1) * 2;
    b->data = util_realloc(b->data, b->cap);
  }
  if (len)
    memcpy(b->data + b->len, data, len);
  b->len += len;
  b->data[b->len] = '\0';
}

void sbuf_addf(struct sbuf *b, const char *format, ...) {
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int len = vasprintf(&text, format, args);
  va_end(args);
  if (len < 0)
    abort();
  sbuf_add(b, text, (size_t)len);
  free(text);
}

void util_random(void *out, size_t len) {
  if (RAND_bytes(out, (int)len) != 1)
    abort();
}

void util_hex(char *out, const unsigned char *data, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    out[2 * i] = digits[data[i] >> 4];
    out[2 * i + 1] = digits[data[i] & 15];
  }
  out[2 * len] = '\0';
}

void util_uuid(char out[37]) {
  unsigned char raw[16];
  char hex[33];
  util_random(raw, sizeof raw);
  raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40);
  raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
  util_hex(hex, raw, sizeof raw);
  snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void util_random_hex(char *out, size_t chars) {
  unsigned char raw[32];
  util_random(raw, chars / 2);
  util_hex(out, raw, chars / 2);
}

void util_sha256(unsigned char out[32], const void *data, size_t len) {
  if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
    abort();
}

void util_sha256_hex(char out[65], const char *text) {
  unsigned char raw[32];
  util_sha256(raw, text, strlen(text));
  util_hex(out, raw, sizeof raw);
}

static const char b64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *util_b64url(const void *data, size_t len) {
  const unsigned char *in = data;
  char *out = util_alloc(len * 4 / 3 + 4);
  size_t n = 0;
  unsigned bits = 0, held = 0;
  for (size_t i = 0; i < len; i++) {
    bits = (bits << 8) | in[i];
    held += 8;
    while (held >= 6) {
      held -= 6;
      out[n++] = b64_digits[(bits >> held) & 63];
    }
  }
  if (held)
    out[n++] = b64_digits[(bits << (6 - held)) & 63];
  return out;
}

static int b64_value(char c) {
  if (c == '+')
    c = '-';
  if (c == '/')
    c = '_';
  const char *at = c ? strchr(b64_digits, c) : NULL;
  return at ? (int)(at - b64_digits) : -1;
}

unsigned char *util_unb64url(const char *text, size_t text_len, size_t *ret_len) {
  unsigned char *out = util_alloc(text_len * 3 / 4 + 4);
  size_t n = 0;
  unsigned bits = 0, held = 0;
  for (size_t i = 0; i < text_len; i++) {
    int v = b64_value(text[i]);
    if (v < 0) {
      free(out);
      return NULL;
    }
    bits = (bits << 6) | (unsigned)v;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[n++] = (unsigned char)(bits >> held);
    }
  }
  out[n] = '\0';
  *ret_len = n;
  return out;
}

char *util_unb64(const char *text) {
  size_t len = strlen(text), n;
  while (len && text[len - 1] == '=')
    len--;
  return (char *)util_unb64url(text, len, &n);
}

char *util_percent(const char *text) {
  struct sbuf b = {0};
  sbuf_add(&b, "", 0);
  for (; *text; text++) {
    if (isalnum((unsigned char)*text) || strchr("-._~", *text))
      sbuf_add(&b, text, 1);
    else
      sbuf_addf(&b, "%%%02X", (unsigned)(unsigned char)*text);
  }
  return b.data;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void util_unpercent(char *text, bool plus_is_space) {
  char *out = text;
  for (; *text; text++) {
    if (*text == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0) {
      *out++ = (char)(hex_value(text[1]) * 16 + hex_value(text[2]));
      text += 2;
    } else {
      *out++ = *text == '+' && plus_is_space ? ' ' : *text;
    }
  }
  *out = '\0';
}

static struct tm broken_down(int64_t ms) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm tm;
  gmtime_r(&seconds, &tm);
  return tm;
}

void util_minute_time(char out[32], int64_t ms) {
  struct tm tm = broken_down(ms);
  strftime(out, 32, "%Y-%m-%dT%H:%M+0000", &tm);
}

void util_milli_time(char out[32], int64_t ms) {
  struct tm tm = broken_down(ms);
  size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(out + n, 32 - n, ".%03dZ", (int)(ms % 1000));
}

void util_http_date(char out[40], int64_t ms) {
  static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct tm tm = broken_down(ms);
  snprintf(out, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
           months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

// The zone: Z, +hh:mm or +hhmm; nothing at all counts as UTC.
static bool parse_zone(const char *text, int *ret_offset_s) {
  int hours, minutes, used = 0;
  if (!*text || !strcmp(text, "Z") || !strcmp(text, "z")) {
    *ret_offset_s = 0;
    return true;
  }
  if (*text != '+' && *text != '-')
    return false;
  if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 &&
      sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &used) != 2)
    return false;
  if (text[1 + used])
    return false;
  *ret_offset_s = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
  return true;
}

bool util_parse_time(const char *text, int64_t *ret_ms) {
  struct tm tm = {0};
  int zone, millis = 0;
  const char *rest = strptime(text, "%Y-%m-%dT%H:%M", &tm);
  if (!rest)
    return false;
  if (*rest == ':') {
    rest = strptime(rest, ":%S", &tm);
    if (!rest)
      return false;
  }
  if (*rest == '.') {
    rest++;
    for (int scale = 100; isdigit((unsigned char)*rest); rest++, scale /= 10)
      millis += (*rest - '0') * scale;
  }
  if (!parse_zone(rest, &zone))
    return false;
  *ret_ms = ((int64_t)timegm(&tm) - zone) * 1000 + millis;
  return true;
}
