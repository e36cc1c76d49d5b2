#include "rotator/app/query_budget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"

#define WHAT "look for the test log"
#define LOCK_WAIT_MS 2000 // it is held for a read and a write of one line

struct budget {
  struct logs_reader base;
  struct logs_reader *inner;
  struct env *env;
  char *dir;
  char path[600];
};

// The file holds one line, the time of the last query: this host's clock, milliseconds. What cannot
// be read as that, a write that was cut, counts as a query of now.
static bool read_last(int fd, int64_t *ret_ms, bool *ret_senseless) {
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

static bool write_last(int fd, int64_t now_ms) {
  char text[32];
  int n = snprintf(text, sizeof text, "%" PRId64 "\n", now_ms);
  return pwrite(fd, text, (size_t)n, 0) == n && ftruncate(fd, n) == 0;
}

static int64_t left_ms(int64_t last_ms, int64_t now_ms) {
  int64_t ago_ms = now_ms - last_ms;
  // A time of the future was noted by a clock that went back since.
  return ago_ms < 0 || ago_ms >= QUERY_APART_MS ? 0 : QUERY_APART_MS - ago_ms;
}

// With the lock. ERR_OK: it is noted, and may be sent.
static enum err take(struct budget *b, int fd, struct error *e) {
  int64_t now_ms = env_wall_ms(b->env), last_ms = 0;
  bool senseless = false;
  if (!read_last(fd, &last_ms, &senseless))
    return error_set(e, ERR_UNSENT, WHAT ": %s: %s", b->path, strerror(errno));
  int64_t left = senseless ? QUERY_APART_MS : left_ms(last_ms, now_ms);
  bool written = (left > 0 && !senseless) || write_last(fd, now_ms);
  if (!written)
    return error_set(e, ERR_UNSENT, WHAT ": %s: %s", b->path, strerror(errno));
  if (left == 0)
    return ERR_OK;
  error_set(e, ERR_THROTTLED, WHAT ": the instance was asked a moment ago; six queries a minute");
  if (e)
    e->retry_after_ms = left;
  return ERR_THROTTLED;
}

static enum err ask(struct budget *b, struct error *e) {
  int fd = -1;
  enum err err = file_make_dir(b->dir, 0700, e);
  if (err == ERR_OK)
    err = file_lock(b->path, b->env, LOCK_WAIT_MS, &fd, e);
  if (err == ERR_OK)
    err = take(b, fd, e);
  file_unlock(fd);
  return err;
}

static enum logs_sighting find(struct logs_reader *base, const struct logs_search *s,
                               struct error *e) {
  struct budget *b = (struct budget *)base;
  switch (ask(b, e)) {
  case ERR_OK:
    return b->inner->ops->find(b->inner, s, e);
  case ERR_THROTTLED:
    return LOGS_ASK_LATER;
  case ERR_CANCELLED:
    return LOGS_UNASKED;
  default:
    return LOGS_SILENT;
  }
}

static void free_budget(struct logs_reader *base) {
  struct budget *b = (struct budget *)base;
  logs_reader_free(b->inner);
  free(b->dir);
  free(b);
}

struct logs_reader *query_budget_new(struct logs_reader *inner, const char *state_dir,
                                     const char *guid, struct env *env) {
  static const struct logs_reader_ops ops = {find, free_budget};
  struct budget *b = calloc(1, sizeof *b);
  if (!b) {
    logs_reader_free(inner);
    return NULL;
  }
  *b = (struct budget){.base.ops = &ops, .inner = inner, .env = env, .dir = strdup(state_dir)};
  int n = snprintf(b->path, sizeof b->path, "%s/%s.queries", state_dir, guid);
  if (b->dir && n > 0 && (size_t)n < sizeof b->path)
    return &b->base;
  free_budget(&b->base);
  return NULL;
}
