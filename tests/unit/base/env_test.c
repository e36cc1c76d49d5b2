// The real environment. The stop comes last: it cannot be taken back.
#include "rotator/base/env.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_env.h"
#include "tests/support/unit.h"

static void clocks(void **state) {
  (void)state;
  struct env *env = env_real();
  assert_ptr_equal(env, env_real());
  assert_true(env_wall_ms(env) > 1700000000000);
  int64_t before = env_mono_ms(env);
  for (int i = 0; i < 1000; i++) {
    int64_t now = env_mono_ms(env);
    assert_true(now >= before);
    before = now;
  }
}

// A machine that slept for a day, as far as a process can be shown one: in a time namespace whose
// CLOCK_BOOTTIME is a day ahead, and CLOCK_MONOTONIC is not.
static int in_a_world_that_slept(void) {
  static const char offset[] = "boottime 86400 0\n";
  if (unshare(CLONE_NEWTIME) != 0)
    return 77;
  int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, offset, strlen(offset)) != (ssize_t)strlen(offset))
    return 77;
  int64_t before = env_mono_ms(env_real());
  int status = 0;
  pid_t inside = fork();
  if (inside == 0)
    _exit(env_mono_ms(env_real()) - before >= 86400 * 1000LL ? 0 : 1);
  return inside > 0 && waitpid(inside, &status, 0) == inside ? WEXITSTATUS(status) : 2;
}

static void sleep_of_the_machine_counts(void **state) {
  (void)state;
  int status = 0;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(in_a_world_that_slept());
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) {
    print_message("not allowed to make a time namespace\n");
    skip();
  }
  assert_int_equal(status, 0);
}

static void a_sleep_is_not_too_short(void **state) {
  (void)state;
  struct env *env = env_real();
  int64_t before = env_mono_ms(env);
  assert_int_equal(env_sleep_ms(env, 20), ERR_OK);
  assert_true(env_mono_ms(env) - before >= 20);
  assert_int_equal(env_sleep_ms(env, 0), ERR_OK);
  assert_int_equal(env_sleep_ms(env, -5), ERR_OK);
}

static void chance(void **state) {
  (void)state;
  struct env *env = env_real();
  static unsigned char a[1000], b[1000], zero[64];
  assert_int_equal(env_random(env, a, sizeof a), ERR_OK);
  assert_int_equal(env_random(env, b, sizeof b), ERR_OK);
  assert_memory_not_equal(a, b, sizeof a);
  assert_memory_not_equal(a + sizeof a - sizeof zero, zero, sizeof zero); // filled to the end
  assert_int_equal(env_random(env, a, 0), ERR_OK);
  char hex[17], other[17], too_long[80];
  assert_int_equal(env_random_hex(env, hex, 16), ERR_OK);
  assert_int_equal(env_random_hex(env, other, 16), ERR_OK);
  assert_int_equal(strspn(hex, "0123456789abcdef"), 16);
  assert_int_equal(strlen(hex), 16);
  assert_string_not_equal(hex, other);
  assert_int_equal(env_random_hex(env, too_long, 66), ERR_INTERNAL);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(env_random_below(env, 1), 0);
    assert_true(env_random_below(env, 7) < 7);
  }
}

static void random_below_reaches_every_number(void **state) {
  (void)state;
  struct fake_env f;
  fake_env_init(&f, 1);
  unsigned seen[7] = {0};
  for (int i = 0; i < 7000; i++)
    seen[env_random_below(&f.env, 7)]++;
  for (size_t i = 0; i < COUNT_OF(seen); i++)
    assert_within(seen[i], 800, 1200);
  f.random_fails = true;
  assert_int_equal(env_random_below(&f.env, 7), 0);
}

static void the_fake_keeps_its_promises(void **state) {
  (void)state;
  struct fake_env f, g;
  fake_env_init(&f, 7), fake_env_init(&g, 7);
  uint64_t a, b;
  env_random(&f.env, &a, sizeof a), env_random(&g.env, &b, sizeof b);
  assert_true(a == b);
  int64_t wall = env_wall_ms(&f.env), mono = env_mono_ms(&f.env);
  assert_int_equal(env_sleep_ms(&f.env, 500), ERR_OK);
  assert_int_equal(env_wall_ms(&f.env) - wall, 500);
  assert_int_equal(env_mono_ms(&f.env) - mono, 500);
  f.stop_after_sleeps = 2;
  assert_int_equal(env_sleep_ms(&f.env, 1), ERR_OK);
  assert_int_equal(env_sleep_ms(&f.env, 1), ERR_CANCELLED);
  assert_true(env_stopping(&f.env));
  assert_int_equal(env_sleep_ms(&f.env, 1), ERR_CANCELLED);
  assert_int_equal(f.n_sleeps, 4);
  assert_int_equal(fake_env_slept(&f), 503);
}

static void *sleep_long(void *result) {
  *(enum err *)result = env_sleep_ms(env_real(), INT64_MAX);
  return NULL;
}

static void a_signal_wakes_every_sleeper(void **state) {
  (void)state;
  struct env *env = env_real();
  pthread_t threads[4];
  enum err results[COUNT_OF(threads)] = {ERR_OK};
  env_real_catch_signals();
  assert_false(env_stopping(env));
  for (size_t i = 0; i < COUNT_OF(threads); i++)
    assert_int_equal(pthread_create(&threads[i], NULL, sleep_long, &results[i]), 0);
  assert_int_equal(env_sleep_ms(env, 20), ERR_OK); // most of them sleep by now
  assert_int_equal(kill(getpid(), SIGTERM), 0);
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(results[i], ERR_CANCELLED);
  }
  assert_true(env_stopping(env));
  assert_int_equal(env_sleep_ms(env, 1000000), ERR_CANCELLED); // and everyone who comes later
  assert_int_equal(kill(getpid(), SIGINT), 0); // the other one: once more is the same
  assert_true(env_stopping(env));
}

static void a_second_signal_ends_the_process(void **state) {
  (void)state;
  struct sigaction now;
  assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
  assert_true(now.sa_handler == SIG_DFL);
  assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
  assert_true(now.sa_handler == SIG_IGN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clocks),
      cmocka_unit_test(sleep_of_the_machine_counts),
      cmocka_unit_test(a_sleep_is_not_too_short),
      cmocka_unit_test(chance),
      cmocka_unit_test(random_below_reaches_every_number),
      cmocka_unit_test(the_fake_keeps_its_promises),
      cmocka_unit_test(a_signal_wakes_every_sleeper),
      cmocka_unit_test(a_second_signal_ends_the_process),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
