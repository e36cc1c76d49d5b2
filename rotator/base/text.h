// Small helpers for text that is not secret and that no library is worth.
#ifndef ROTATOR_BASE_TEXT_H
#define ROTATOR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

// A growing, NUL-terminated text with a ceiling given at birth. Zero-initialise with
// TEXT_BUF(limit). An append that does not fit sets `failed` and changes nothing; check once at the
// end. For text that is NOT secret.
struct text_buf {
  char *bytes; // NULL until the first append; use text_buf_str()
  size_t len, cap, limit;
  bool failed, starved; // it does not fit; and starved: for want of memory
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

// "ServiceId-<uuid>" etc: is s exactly a lower- or upper-case UUID?
bool text_is_uuid(const char *s);
bool text_is_hex(const char *s, size_t exactly);

#endif
