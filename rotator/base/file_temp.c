// Temporary files of writes, ".NAME.XXXXXX.tmp". A writer holds an flock on its own, so whoever
// gets the lock knows that the writer is gone: no waiting for an age, and no live writer is robbed.
// The writer makes sure, after it has the lock, that the sweep of somebody else did not come
// between creating and locking (the link count is then 0).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rotator/base/env.h"
#include "rotator/base/file_dir.h"

enum { CHANCE_LEN = 6, ROOM_FOR_NAME = NAME_MAX - 2 - CHANCE_LEN - 4, TRIES = 16 };
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz012345";

static bool name_new(const struct file_place *p, char dst[NAME_MAX + 1]) {
  unsigned char dice[CHANCE_LEN];
  char chance[CHANCE_LEN + 1] = "";
  if (env_random(env_real(), dice, sizeof dice))
    return false;
  for (int i = 0; i < CHANCE_LEN; i++)
    chance[i] = alphabet[dice[i] & 31];
  snprintf(dst, NAME_MAX + 1, ".%.*s.%s.tmp", ROOM_FOR_NAME, p->name, chance);
  return true;
}

// Is the file, just created, ours alone? Where the filesystem knows no locks, yes.
static bool claim(int fd) {
  struct stat st;
  if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
    return false;
  return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

enum err file_temp_new(const struct file_place *p, struct file_temp *ret, struct error *e) {
  struct file_temp t;
  for (int i = 0; i < TRIES; i++) {
    if (!name_new(p, t.name))
      return error_set(e, ERR_INTERNAL, "%s: no random numbers", p->path);
    t.fd = openat(p->fd, t.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (t.fd < 0 && errno != EEXIST)
      return file_fail(e, p->path, "make a temporary file beside it", errno);
    if (t.fd >= 0 && claim(t.fd)) {
      *ret = t;
      return ERR_OK;
    }
    if (t.fd >= 0) {
      (void)unlinkat(p->fd, t.name, 0);
      close(t.fd);
    }
  }
  return error_set(e, ERR_UNSENT, "%s: no free name for a temporary file beside it", p->path);
}

bool file_temp_is(const char *file) {
  size_t n = strlen(file), ends = 1 + CHANCE_LEN + 4;
  return n > 1 + ends && file[0] == '.' && file[n - ends] == '.' &&
         strspn(file + n - ends + 1, alphabet) == CHANCE_LEN && strcmp(file + n - 4, ".tmp") == 0;
}

bool file_temp_is_of(const char *file, const char *name) {
  size_t n = strnlen(name, ROOM_FOR_NAME);
  return file_temp_is(file) && strlen(file) == 1 + n + 1 + CHANCE_LEN + 4 &&
         memcmp(file + 1, name, n) == 0;
}
