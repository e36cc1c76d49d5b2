// Bytes live in OpenSSL's secure heap while it has room, else in a wiping block. A secret that
// grows moves: the old place is wiped before it is given back. One NUL is always kept behind the
// bytes.
#include "rotator/base/secret.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/wipe_alloc.h"

struct secret {
  char *bytes; // NULL while empty and never grown
  size_t len, cap, limit;
};

static char *place_new(size_t size) {
  char *p = CRYPTO_secure_malloc_initialized() ? OPENSSL_secure_malloc(size) : NULL;
  return p ? p : wipe_malloc(size);
}

static void place_free(char *p, size_t size) {
  if (p && CRYPTO_secure_allocated(p))
    OPENSSL_secure_clear_free(p, size);
  else
    wipe_free(p);
}

struct secret *secret_new(size_t limit) {
  if (limit == SIZE_MAX)
    return NULL;
  struct secret *s = calloc(1, sizeof *s);
  if (s)
    s->limit = limit;
  return s;
}

struct secret *secret_copy(const void *bytes, size_t len) {
  struct secret *s = secret_new(len);
  return s && secret_append(s, bytes, len) ? secret_free(s) : s;
}

struct secret *secret_copy_text(const char *text) {
  return secret_copy(text, strlen(text));
}

struct secret *secret_dup(const struct secret *s) {
  return s ? secret_copy(secret_bytes(s), s->len) : NULL;
}

struct secret *secret_free(struct secret *s) {
  if (s) {
    place_free(s->bytes, s->cap);
    free(s);
  }
  return NULL;
}

// Makes room for `need` bytes in all, the NUL included.
static bool grow(struct secret *s, size_t need) {
  if (need <= s->cap)
    return true;
  size_t cap = s->cap ? s->cap : 32;
  while (cap < need)
    cap = cap > SIZE_MAX / 2 ? need : cap * 2;
  if (cap > s->limit + 1)
    cap = s->limit + 1;
  char *bytes = place_new(cap);
  if (!bytes)
    return false;
  if (s->len)
    memcpy(bytes, s->bytes, s->len);
  bytes[s->len] = '\0';
  place_free(s->bytes, s->cap);
  s->bytes = bytes;
  s->cap = cap;
  return true;
}

enum err secret_append(struct secret *s, const void *bytes, size_t len) {
  if (len > s->limit - s->len)
    return ERR_INVALID;
  if (!len)
    return ERR_OK;
  if (!grow(s, s->len + len + 1))
    return ERR_INTERNAL;
  memcpy(s->bytes + s->len, bytes, len);
  s->len += len;
  s->bytes[s->len] = '\0';
  return ERR_OK;
}

enum err secret_append_text(struct secret *s, const char *text) {
  return secret_append(s, text, strlen(text));
}

void secret_clear(struct secret *s) {
  if (s->bytes)
    secret_wipe(s->bytes, s->cap);
  s->len = 0;
}

const char *secret_bytes(const struct secret *s) {
  return s && s->bytes ? s->bytes : "";
}

size_t secret_len(const struct secret *s) {
  return s ? s->len : 0;
}

bool secret_is_empty(const struct secret *s) {
  return secret_len(s) == 0;
}

bool secret_equal(const struct secret *a, const struct secret *b) {
  return secret_len(a) == secret_len(b) &&
         CRYPTO_memcmp(secret_bytes(a), secret_bytes(b), secret_len(a)) == 0;
}

enum { RUN = 12, BLOCK = RUN / 2 };

// How long is the run of equal bytes around text[t] and bytes[b]?
static size_t run_around(const char *text, size_t text_len, size_t t, const char *bytes, size_t len,
                         size_t b) {
  size_t before = 0, after = 0;
  while (before < t && before < b && text[t - before - 1] == bytes[b - before - 1])
    before++;
  while (t + after < text_len && b + after < len && text[t + after] == bytes[b + after])
    after++;
  return before + after;
}

// Of the blocks that a secret is made of, each run of two blocks' length has a whole one: so one
// search a block does, not one a byte. A token has a thousand.
bool secret_is_repeated(const char *text, const void *of, size_t len) {
  const char *bytes = of, *at;
  size_t text_len = strlen(text);
  if (len < RUN)
    return len > 0 && memmem(text, text_len, bytes, len);
  for (size_t b = 0; b + BLOCK <= len; b += BLOCK)
    for (size_t t = 0; (at = memmem(text + t, text_len - t, bytes + b, BLOCK)); t++) {
      t = (size_t)(at - text);
      if (run_around(text, text_len, t, bytes, len, b) >= RUN)
        return true;
    }
  return false;
}

void secret_wipe(void *bytes, size_t len) {
  if (len)
    explicit_bzero(bytes, len);
}
