// The process's own protection, set up once. The order matters: OpenSSL takes allocators only
// before its first allocation, and the secure heap is OpenSSL's.
#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rotator/base/json.h"
#include "rotator/base/secret.h"
#include "rotator/base/wipe_alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

enum {
  ARENA_BYTES = 1024 * 1024,
  SMALL_ARENA_BYTES = 32 * 1024, // where RLIMIT_MEMLOCK is the old 64 KiB
  SMALLEST_BYTES = 32,
};

// libcrypto does not bear to run out of memory while it starts: it ends the process, or crashes in
// the first digest after that. So until it has started, we say so and end instead.
static bool starting;

static void *got(void *p) {
  static const char text[] =
      "rotator: out of memory at start-up: nothing was contacted and nothing was changed\n";
  if (!p && starting) {
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(EXIT_FAILURE);
  }
  return p;
}

static void *openssl_malloc(size_t n, const char *file, int line) {
  (void)file, (void)line;
  return n ? got(wipe_malloc(n)) : NULL;
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line) {
  (void)file, (void)line;
  if (n)
    return got(wipe_realloc(p, n));
  wipe_free(p);
  return NULL;
}

static void openssl_free(void *p, const char *file, int line) {
  (void)file, (void)line;
  wipe_free(p);
}

static bool lock_arena(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_MEMLOCK, &r) == 0 && r.rlim_cur < r.rlim_max) {
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_MEMLOCK, &r);
  }
  if (CRYPTO_secure_malloc_init(ARENA_BYTES, SMALLEST_BYTES) == 1)
    return true;
  // 2: made, but not locked. A small arena that is locked holds the keys themselves; larger bodies
  // fall back.
  (void)CRYPTO_secure_malloc_done();
  if (CRYPTO_secure_malloc_init(SMALL_ARENA_BYTES, SMALLEST_BYTES) == 1)
    return true;
  // Guard pages and MADV_DONTDUMP are still worth having.
  (void)CRYPTO_secure_malloc_done();
  (void)CRYPTO_secure_malloc_init(ARENA_BYTES, SMALLEST_BYTES);
  return false;
}

static void forbid_dumps(void) {
  struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
#if !SANITIZED
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // the leak checker of the sanitizers works by ptrace
#endif
}

// Everything that libcrypto makes at its first use.
static void start_libcrypto(void) {
  unsigned char sum[SHA256_DIGEST_LENGTH];
  (void)got(SHA256((const unsigned char *)"", 0, sum));
}

bool secret_setup(void) {
  static bool done, locked;
  if (done)
    return locked;
  done = true;
  unsetenv("SSLKEYLOGFILE"); // TLS libraries would write the keys of every session there
  (void)CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
  cJSON_Hooks hooks = {.malloc_fn = json_malloc, .free_fn = wipe_free};
  cJSON_InitHooks(&hooks);
  forbid_dumps();
  starting = true;
  locked = lock_arena();
  start_libcrypto();
  starting = false;
  return locked;
}
