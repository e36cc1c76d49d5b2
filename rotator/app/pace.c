#include "rotator/app/pace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"

#define LOCK_WAIT_MS 2000 // it is held for a read and a write of one line

bool pace_init(struct pace *ret, const char *dir, const char *name, struct env *env) {
  *ret = (struct pace){.dir = dir, .env = env, .at_once = 1};
  int n = snprintf(ret->path, sizeof ret->path, "%s/%s", dir, name);
  return n > 0 && (size_t)n < sizeof ret->path;
}

// What cannot be read as a time is a write that was cut.
static bool read_paid(int fd, int64_t *ret_ms, bool *ret_senseless) {
  char text[32];
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  char *end = text;
  if (n < 0)
    return false;
  text[n] = '\0';
  *ret_ms = n > 0 ? strtoll(text, &end, 10) : 0;
  *ret_senseless = n > 0 && (end == text || *end != '\n');
  return true;
}

static bool write_paid(int fd, int64_t ms) {
  char text[32];
  int n = snprintf(text, sizeof text, "%" PRId64 "\n", ms);
  return pwrite(fd, text, (size_t)n, 0) == n && ftruncate(fd, n) == 0;
}

static enum err no_file(const struct pace *p, struct error *e) {
  return error_set(e, ERR_UNSENT, "%s: %s", p->path, strerror(errno));
}

// A time that is further ahead than we ever write was noted by a clock that went back since.
static bool is_of_another_clock(const struct pace *p, int64_t paid_ms, int64_t now_ms) {
  return paid_ms - now_ms > p->longest_ms + 2 * (int64_t)p->at_once * p->apart_ms;
}

// With the lock.
static enum err take(struct pace *p, int fd, bool urgent, int64_t most_ms, int64_t *ret_wait_ms,
                     struct error *e) {
  int64_t now_ms = env_wall_ms(p->env), paid_ms = 0;
  bool senseless = false;
  if (!read_paid(fd, &paid_ms, &senseless))
    return no_file(p, e);
  if (senseless) // counts as one of now
    paid_ms = now_ms + p->apart_ms;
  else if (paid_ms < now_ms || is_of_another_clock(p, paid_ms, now_ms))
    paid_ms = now_ms;
  unsigned free = urgent ? p->at_once : p->at_once - p->kept;
  int64_t wait_ms = urgent ? 0 : paid_ms - now_ms - (free - 1) * p->apart_ms;
  bool goes = wait_ms <= most_ms;
  if ((goes || senseless) && !write_paid(fd, paid_ms + (goes ? p->apart_ms : 0)))
    return no_file(p, e);
  *ret_wait_ms = wait_ms > 0 ? wait_ms : 0;
  return goes ? ERR_OK : ERR_THROTTLED;
}

enum err pace_take(struct pace *p, bool urgent, int64_t most_ms, int64_t *ret_wait_ms,
                   struct error *e) {
  int fd = -1;
  enum err err = file_make_dir(p->dir, 0700, e);
  if (err == ERR_OK)
    err = file_lock(p->path, p->env, LOCK_WAIT_MS, &fd, e);
  if (err == ERR_OK)
    err = take(p, fd, urgent, most_ms, ret_wait_ms, e);
  file_unlock(fd);
  return err;
}
