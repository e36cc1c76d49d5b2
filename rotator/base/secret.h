// Bytes that must not leak. An opaque type: there is no way to pass it to a log call or a format
// string by mistake, and its free function wipes the whole allocation, so no caller can forget.
//
// Memory comes from OpenSSL's secure heap where that could be set up (locked, excluded from core
// dumps, guard pages), else from the ordinary heap; either way it is wiped to its last byte when
// freed or moved. Not thread safe per object; different objects may be used by different threads.
#ifndef ROTATOR_BASE_SECRET_H
#define ROTATOR_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/base/error.h"

struct secret;

// Once, before the first secret and before any thread: sets up the locked heap, forbids core dumps
// and ptrace (PR_SET_DUMPABLE, RLIMIT_CORE), and gives OpenSSL and cJSON allocators that wipe.
// Returns false if memory could not be locked (the program goes on; `rotator check` says so).
bool secret_setup(void);

// An empty secret that may grow to `limit` bytes (not counting a terminating NUL that is always
// kept behind the bytes). NULL only when memory is exhausted.
struct secret *secret_new(size_t limit);
// A copy of `len` bytes; its limit is len. NULL when memory is exhausted.
struct secret *secret_copy(const void *bytes, size_t len);
struct secret *secret_copy_text(const char *text);
struct secret *secret_dup(const struct secret *s); // NULL for NULL
// Wipes and frees; NULL is allowed. Always returns NULL: `s = secret_free(s);`
struct secret *secret_free(struct secret *s);

// Appends; ERR_INVALID beyond the limit (the secret is unchanged then), ERR_INTERNAL without
// memory.
enum err secret_append(struct secret *s, const void *bytes, size_t len);
enum err secret_append_text(struct secret *s, const char *text);
// Wipes the bytes, keeps the limit. For tests of the wiping, which must look while it still exists.
void secret_clear(struct secret *s);

const char *
secret_bytes(const struct secret *s); // NUL-terminated; "" for NULL; valid until the next change
size_t secret_len(const struct secret *s);    // 0 for NULL
bool secret_is_empty(const struct secret *s); // true for NULL
// Same length and bytes, in time that depends on the lengths only. Two NULLs are equal.
bool secret_equal(const struct secret *a, const struct secret *b);

// Does a text that others wrote, and that is to be shown, repeat a secret: 12 of its bytes in a
// row, or all of a shorter one? Fewer stand in a text by chance. False for an empty secret.
bool secret_is_repeated(const char *text, const void *bytes, size_t len);

// Wipes memory that is not a secret's own (stack buffers). The compiler may not drop it.
void secret_wipe(void *bytes, size_t len);

static inline void secret_cleanup(struct secret **s) {
  *s = secret_free(*s);
}
#define SECRET_AUTO __attribute__((cleanup(secret_cleanup))) struct secret *

#endif
