// Digests and base64, which libcurl does not give (libcrypto).
#ifndef ROTATOR_BASE_TEXT_DIGEST_H
#define ROTATOR_BASE_TEXT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"

#define TEXT_SHA256_BYTES 32
#define TEXT_SHA256_HEX 65
void text_sha256(unsigned char dst[TEXT_SHA256_BYTES], const void *bytes, size_t len);
void text_sha256_hex(char dst[TEXT_SHA256_HEX], const void *bytes, size_t len);
uint64_t text_hash64(const void *bytes, size_t len); // the first 8 bytes of SHA-256, big endian
// base64url without padding. dst needs (len * 4 + 2) / 3 + 1 bytes. Returns characters written.
size_t text_base64url(char *dst, size_t cap, const void *bytes, size_t len);
// Decodes base64url or base64, padding optional. ERR_INVALID on anything else. *ret_len ≤ cap.
enum err text_base64_decode(void *dst, size_t cap, const char *src, size_t len, size_t *ret_len);

#endif
