// libcrypto does the hashing; base64url is our own, since libcrypto has the other alphabet only.
#define OPENSSL_SUPPRESS_DEPRECATED // SHA256_Init and its kin

#include "rotator/base/text_digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "rotator/base/secret.h"

// The one-shot function looks the algorithm up anew in each call, which takes longer than to hash
// what we have.
static EVP_MD *sha256;
static void fetch_sha256(void) {
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

// Needs no memory, and so is the way where there is none.
static void hash_in_place(unsigned char dst[TEXT_SHA256_BYTES], const void *bytes, size_t len) {
  SHA256_CTX c;
  SHA256_Init(&c);
  SHA256_Update(&c, bytes, len);
  SHA256_Final(dst, &c); // wipes what it holds of the bytes
}

void text_sha256(unsigned char dst[TEXT_SHA256_BYTES], const void *bytes, size_t len) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, fetch_sha256);
  const void *from = len ? bytes : "";
  if (!sha256 || EVP_Digest(from, len, dst, NULL, sha256, NULL) != 1)
    hash_in_place(dst, from, len);
}

void text_sha256_hex(char dst[TEXT_SHA256_HEX], const void *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  unsigned char sum[32];
  text_sha256(sum, bytes, len);
  for (size_t i = 0; i < sizeof sum; i++) {
    dst[2 * i] = digits[sum[i] >> 4];
    dst[2 * i + 1] = digits[sum[i] & 15];
  }
  dst[64] = '\0';
}

uint64_t text_hash64(const void *bytes, size_t len) {
  unsigned char sum[32];
  text_sha256(sum, bytes, len);
  uint64_t v = 0;
  for (int i = 0; i < 8; i++)
    v = v << 8 | sum[i];
  return v;
}

size_t text_base64url(char *dst, size_t cap, const void *bytes, size_t len) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const unsigned char *src = bytes;
  size_t need = len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0), n = 0;
  if (cap <= need) {
    if (cap)
      dst[0] = '\0';
    return 0;
  }
  uint32_t held = 0;
  int bits = 0;
  for (size_t i = 0; i < len; i++) {
    held = held << 8 | src[i];
    for (bits += 8; bits >= 6; bits -= 6)
      dst[n++] = alphabet[held >> (bits - 6) & 63];
  }
  if (bits)
    dst[n++] = alphabet[held << (6 - bits) & 63];
  dst[n] = '\0';
  return n;
}

static int digit(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

// The number of characters before the padding; SIZE_MAX when the padding is wrong or the length is
// impossible.
static size_t unpadded(const char *src, size_t len) {
  size_t n = len;
  while (n && len - n < 2 && src[n - 1] == '=')
    n--;
  if (n % 4 == 1 || (n != len && len % 4 != 0))
    return SIZE_MAX;
  return n;
}

enum err text_base64_decode(void *dst, size_t cap, const char *src, size_t len, size_t *ret_len) {
  unsigned char *out = dst;
  size_t n = 0, chars = unpadded(src, len);
  uint32_t held = 0;
  int bits = 0;
  if (chars == SIZE_MAX || chars / 4 * 3 + (chars % 4 ? chars % 4 - 1 : 0) > cap)
    return ERR_INVALID;
  for (size_t i = 0; i < chars; i++) {
    int d = digit(src[i]);
    if (d < 0) {
      secret_wipe(dst, n);
      return ERR_INVALID;
    }
    held = held << 6 | (uint32_t)d;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[n++] = (unsigned char)(held >> bits);
    }
  }
  *ret_len = n;
  return ERR_OK;
}
