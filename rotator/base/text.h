// Small text and time helpers that are not worth a library, and digests that libcurl does not give
// (OpenSSL).
#ifndef ROTATOR_BASE_TEXT_H
#define ROTATOR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"

// A growing, NUL-terminated text with a ceiling given at birth. Zero-initialise with
// TEXT_BUF(limit). An append that does not fit sets `failed` and changes nothing; check once at the
// end. For text that is NOT secret.
struct text_buf {
  char *bytes; // NULL until the first append; use text_buf_str()
  size_t len, cap, limit;
  bool failed;
};
#define TEXT_BUF(max) ((struct text_buf){.limit = (max)})
void text_buf_add(struct text_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_buf_add_bytes(struct text_buf *b, const void *bytes, size_t len);
const char *text_buf_str(const struct text_buf *b); // never NULL
void text_buf_free(struct text_buf *b);

// Copies src into dst[cap], cutting at cap - 1, always terminated. Returns false if it was cut.
bool text_copy(char *dst, size_t cap, const char *src);
// Like text_copy, with every byte outside printable ASCII replaced by '?': for text of a service on
// a terminal or in a log.
void text_printable(char *dst, size_t cap, const char *src, size_t len);
bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
// How many single-character edits turn a into b (for "did you mean"); at most 64 characters are
// looked at.
unsigned text_distance(const char *a, const char *b);

// Durations: "0s", "90m", "24h", "30d", "1d12h", units w d h m s, biggest first, each once. A bare
// number other than 0 is refused. Seconds out. ERR_INVALID also above 10 years.
enum err text_parse_duration(const char *s, int64_t *ret_s);
// The shortest exact form ("90m" → "1h30m", 0 → "0s"). dst[32] is enough.
void text_format_duration(char *dst, size_t cap, int64_t s);

// RFC 3339 in UTC, "2026-11-24T05:40:00Z". dst[32] is enough. t_s < 0 gives "unknown".
void text_format_time(char *dst, size_t cap, int64_t t_s);
// RFC 3339 and IAM's own shape "2026-02-19T12:55+0000" (minutes, seconds or fractions; Z, +hhmm,
// +hh:mm). UTC seconds out.
enum err text_parse_time(const char *s, int64_t *ret_s);
// RFC 9110 date ("Tue, 24 Nov 2026 05:40:00 GMT"). UTC seconds out.
enum err text_parse_http_date(const char *s, int64_t *ret_s);

#define TEXT_SHA256_HEX 65
void text_sha256_hex(char dst[TEXT_SHA256_HEX], const void *bytes, size_t len);
void text_sha256(unsigned char dst[32], const void *bytes, size_t len);
uint64_t text_hash64(const void *bytes, size_t len); // the first 8 bytes of SHA-256, big endian
// base64url without padding. dst needs (len * 4 + 2) / 3 + 1 bytes. Returns characters written.
size_t text_base64url(char *dst, size_t cap, const void *bytes, size_t len);
// Decodes base64url or base64, padding optional. ERR_INVALID on anything else. *ret_len ≤ cap.
enum err text_base64_decode(void *dst, size_t cap, const char *src, size_t len, size_t *ret_len);

// "ServiceId-<uuid>" etc: is s exactly a lower- or upper-case UUID?
bool text_is_uuid(const char *s);
bool text_is_hex(const char *s, size_t exactly);

#endif
