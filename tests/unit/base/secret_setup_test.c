// The process's own protection: the locked heap, dumps, and the allocators that OpenSSL and cJSON
// were given.
#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "rotator/base/json.h"
#include "rotator/base/secret.h"
#include "tests/support/free_watch.h"
#include "tests/support/unit.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

#define MARK "hunter2-hunter2-hunter2"

static bool locked;

static long locked_kib(void) {
  char line[256];
  long kib = -1;
  FILE *f = fopen("/proc/self/status", "re");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "VmLck: %ld", &kib) == 1)
      break;
  if (f)
    fclose(f);
  return kib;
}

static void memory_is_locked_if_it_says_so(void **state) {
  (void)state;
  assert_int_equal(secret_setup(), locked); // again: nothing happens
  assert_true(CRYPTO_secure_malloc_initialized());
  if (locked)
    assert_true(locked_kib() >= 32);
}

// Else TLS libraries write the keys of every session into that file.
static void no_file_for_the_keys_of_sessions(void **state) {
  (void)state;
  assert_null(getenv("SSLKEYLOGFILE"));
}

static void no_core_no_ptrace(void **state) {
  (void)state;
  struct rlimit r = {1, 1};
  assert_int_equal(getrlimit(RLIMIT_CORE, &r), 0);
  assert_int_equal(r.rlim_cur, 0);
  assert_int_equal(r.rlim_max, 0);
  assert_int_equal(prctl(PR_GET_DUMPABLE), SANITIZED); // the leak checker needs ptrace
}

static void a_freed_secret_is_wiped_in_the_arena(void **state) {
  (void)state;
  struct secret *s = secret_copy_text("0123456789abcdef" MARK);
  const char *bytes = secret_bytes(s);
  assert_true(CRYPTO_secure_allocated(bytes));
  assert_string_equal(bytes + 16, MARK);
  secret_free(s);
  // The arena stays mapped; its first bytes now link the free list.
  char after[sizeof MARK];
  memcpy(after, bytes + 16, sizeof after);
  for (size_t i = 0; i < sizeof after; i++)
    assert_int_equal(after[i], 0);
}

static void a_full_arena_is_no_failure(void **state) {
  (void)state;
  enum { MANY = 1500 };
  static struct secret *all[MANY];
  char text[1000];
  int inside = 0, outside = 0;
  memset(text, 'x', sizeof text);
  for (int i = 0; i < MANY; i++) {
    all[i] = secret_copy(text, sizeof text);
    assert_non_null(all[i]);
    *(CRYPTO_secure_allocated(secret_bytes(all[i])) ? &inside : &outside) += 1;
  }
  assert_true(inside > 20 && outside > 20);
  free_watch("xxxxxxxx");
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(secret_len(all[i]), sizeof text);
    secret_free(all[i]);
  }
  assert_true(free_watch_blocks() >= (size_t)outside);
  assert_int_equal(free_watch_hits(), 0);
  free_watch(NULL);
  assert_int_equal(CRYPTO_secure_used(), 0);
}

static void cjson_wipes(void **state) {
  (void)state;
  static const char text[] = "{\"" MARK "\":[\"" MARK "\"]}";
  free_watch(MARK);
  cJSON *t = json_parse(text, strlen(text));
  assert_non_null(t);
  for (int i = 0; i < 50; i++)
    cJSON_AddStringToObject(t, "more", MARK);
  struct secret *s = NULL;
  assert_int_equal(json_print(t, 100000, &s), ERR_OK);
  secret_free(s);
  json_free(t);
  assert_true(free_watch_blocks() > 100);
  assert_int_equal(free_watch_hits(), 0);
  free_watch(NULL);
}

static void openssl_wipes(void **state) {
  (void)state;
  free_watch(MARK);
  char *p = OPENSSL_strdup(MARK);
  p = OPENSSL_realloc(p, 5000);
  assert_string_equal(p, MARK);
  OPENSSL_free(p);
  p = OPENSSL_malloc(64);
  memcpy(p, MARK, sizeof MARK);
  assert_null(OPENSSL_realloc(p, 0));
  EVP_PKEY *key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)MARK, sizeof MARK);
  EVP_PKEY_free(key);
  assert_true(free_watch_blocks() >= 4);
  assert_int_equal(free_watch_hits(), 0);
  free_watch(NULL);
}

int main(void) {
  setenv("SSLKEYLOGFILE", "/nowhere/keys", 1);
  locked = secret_setup();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_locked_if_it_says_so),
      cmocka_unit_test(no_file_for_the_keys_of_sessions),
      cmocka_unit_test(no_core_no_ptrace),
      cmocka_unit_test(a_freed_secret_is_wiped_in_the_arena),
      cmocka_unit_test(a_full_arena_is_no_failure),
      cmocka_unit_test(cjson_wipes),
      cmocka_unit_test(openssl_wipes),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
