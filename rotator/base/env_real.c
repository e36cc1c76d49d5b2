// The real clock, chance and signals. A stop is an eventfd that is written once and never read: it
// wakes every thread that sleeps in poll, and all that come later.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rotator/base/env.h"

static atomic_bool stop_asked;
static atomic_int stop_fd = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int64_t clock_ms(clockid_t id) {
  struct timespec ts;
  if (clock_gettime(id, &ts))
    return 0;
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_wall_ms(struct env *env) {
  (void)env;
  return clock_ms(CLOCK_REALTIME);
}

// Not CLOCK_MONOTONIC: that stands still while the machine sleeps, and a key must not be deleted on
// a reading of before.
static int64_t real_mono_ms(struct env *env) {
  (void)env;
  return clock_ms(CLOCK_BOOTTIME);
}

static bool real_stopping(struct env *env) {
  (void)env;
  return atomic_load(&stop_asked);
}

static enum err real_sleep_ms(struct env *env, int64_t ms) {
  enum { SLICE_MS = 60 * 1000, BLIND_SLICE_MS = 100 }; // blind: no eventfd could be made
  int64_t now = real_mono_ms(env), end = ms > INT64_MAX - now ? INT64_MAX : now + ms;
  struct pollfd p = {.fd = atomic_load(&stop_fd), .events = POLLIN};
  int64_t slice = p.fd >= 0 ? SLICE_MS : BLIND_SLICE_MS;
  while (!real_stopping(env)) {
    int64_t left = end - real_mono_ms(env);
    if (left <= 0)
      return ERR_OK;
    (void)poll(&p, 1, (int)(left < slice ? left : slice));
  }
  return ERR_CANCELLED;
}

static enum err real_random(struct env *env, void *buf, size_t len) {
  (void)env;
  unsigned char *p = buf;
  while (len) {
    ssize_t n = getrandom(p, len < 256 ? len : 256, 0);
    if (n < 0 && errno != EINTR)
      return ERR_INTERNAL;
    if (n > 0) {
      p += n;
      len -= (size_t)n;
    }
  }
  return ERR_OK;
}

static void make_stop_fd(void) {
  atomic_store(&stop_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

struct env *env_real(void) {
  static const struct env_ops ops = {real_wall_ms, real_mono_ms, real_sleep_ms, real_random,
                                     real_stopping};
  static struct env env = {&ops};
  pthread_once(&once, make_stop_fd);
  return &env;
}

static void on_signal(int number) {
  (void)number;
  int saved = errno, fd = atomic_load(&stop_fd);
  atomic_store(&stop_asked, true);
  if (fd >= 0) {
    ssize_t n = write(fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)n; // fails only when it is written already
  }
  errno = saved;
}

void env_real_catch_signals(void) {
  (void)env_real();
  // SA_RESETHAND: a second signal ends the process at once, which the protocol takes like any
  // crash.
  struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigemptyset(&stop.sa_mask);
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
}

uint32_t env_random_below(struct env *env, uint32_t n) {
  uint32_t v = 0;
  if (env_random(env, &v, sizeof v))
    return 0;
  return (uint32_t)((uint64_t)v * n >> 32);
}

enum err env_random_hex(struct env *env, char *dst, size_t digits) {
  static const char hex[] = "0123456789abcdef";
  unsigned char bytes[32];
  if (digits > 2 * sizeof bytes || env_random(env, bytes, digits / 2) != ERR_OK)
    return ERR_INTERNAL;
  for (size_t i = 0; i < digits; i++)
    dst[i] = hex[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
  dst[digits] = '\0';
  return ERR_OK;
}

// systemd sets JOURNAL_STREAM to "device:inode" of the stream it gave; the variable also reaches
// processes whose stderr was redirected elsewhere, hence the comparison (systemd.exec(5)).
bool env_stderr_is_journal(void) {
  const char *text = getenv("JOURNAL_STREAM");
  unsigned long long dev, ino;
  char rest;
  struct stat st;
  return text && sscanf(text, "%llu:%llu%c", &dev, &ino, &rest) == 2 &&
         fstat(STDERR_FILENO, &st) == 0 && dev == st.st_dev && ino == st.st_ino;
}

const char *env_credentials_dir(void) {
  const char *dir = getenv("CREDENTIALS_DIRECTORY");
  return dir && *dir ? dir : NULL;
}
