// The locked heap where little or nothing may be locked. Each case is a process of its own.
#include <openssl/crypto.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/secret.h"
#include "tests/support/unit.h"

enum { SETUP_LOCKED = 10, SETUP_UNLOCKED = 11, BROKEN = 12 };

static int set_up_and_use(rlim_t most) {
  struct rlimit r = {most, most};
  // Root may lock without a limit.
  if (setrlimit(RLIMIT_MEMLOCK, &r) || (geteuid() == 0 && setuid(12345)))
    return BROKEN;
  bool locked = secret_setup();
  char large[100000];
  memset(large, 'x', sizeof large);
  SECRET_AUTO small = secret_copy_text("value");
  SECRET_AUTO big = secret_copy(large, sizeof large);
  if (!small || strcmp(secret_bytes(small), "value") != 0 || secret_len(big) != sizeof large ||
      memcmp(secret_bytes(big), large, sizeof large) != 0)
    return BROKEN;
  if (!CRYPTO_secure_allocated(secret_bytes(small)))
    return BROKEN; // guard pages and no dump, locked or not
  return locked ? SETUP_LOCKED : SETUP_UNLOCKED;
}

static int in_child(rlim_t most) {
  int status = 0;
  pid_t child = fork();
  if (child == 0)
    _exit(set_up_and_use(most));
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
}

static void nothing_may_be_locked(void **state) {
  (void)state;
  assert_int_equal(in_child(0), SETUP_UNLOCKED);
}

static void the_old_default_of_64_kib(void **state) {
  (void)state;
  struct rlimit r;
  assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &r), 0);
  if (r.rlim_max < 65536)
    skip();
  assert_int_equal(in_child(65536), SETUP_LOCKED);
}

static void the_new_default_of_8_mib(void **state) {
  (void)state;
  struct rlimit r;
  assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &r), 0);
  if (r.rlim_max < 8 * 1024 * 1024)
    skip();
  assert_int_equal(in_child(8 * 1024 * 1024), SETUP_LOCKED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_may_be_locked),
      cmocka_unit_test(the_old_default_of_64_kib),
      cmocka_unit_test(the_new_default_of_8_mib),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
