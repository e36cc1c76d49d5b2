// Small helpers: memory that never fails, a growing string, hashes, encodings, times.
#ifndef EMU_UTIL_H
#define EMU_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Out of memory ends the program: an emulator has nothing better to do.
void *util_alloc(size_t size);
void *util_realloc(void *old, size_t size);
char *util_dup(const char *text); // NULL stays NULL
char *util_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct sbuf {
  char *data; // always ends in NUL once anything was added
  size_t len;
  size_t cap;
};
void sbuf_add(struct sbuf *b, const void *data, size_t len);
void sbuf_addf(struct sbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

void util_random(void *out, size_t len);
void util_hex(char *out, const unsigned char *data, size_t len); // 2*len+1 bytes
void util_uuid(char out[37]);
void util_random_hex(char *out, size_t chars); // chars+1 bytes
void util_sha256(unsigned char out[32], const void *data, size_t len);
void util_sha256_hex(char out[65], const char *text);

// base64url without padding, as JWTs and page tokens want it. Results are to be freed.
char *util_b64url(const void *data, size_t len);
unsigned char *util_unb64url(const char *text, size_t text_len, size_t *ret_len); // NULL: bad
char *util_unb64(const char *text); // ordinary base64, NULL when malformed

char *util_percent(const char *text); // everything but unreserved bytes is encoded
void util_unpercent(char *text, bool plus_is_space);

// Times are milliseconds since the epoch.
void util_minute_time(char out[32], int64_t ms); // 2026-02-19T12:55+0000, as the identity API
void util_milli_time(char out[32], int64_t ms);  // 2026-02-19T12:55:07.123Z, as policies
void util_http_date(char out[40], int64_t ms);
bool util_parse_time(const char *text, int64_t *ret_ms); // any of the above, or RFC 3339

#endif
