#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rotator/base/env.h"
#include "rotator/base/file_dir.h"

enum { TRY_EVERY_MS = 50 };

// Makes one directory below `at` and opens it; one that is there already is taken as it is.
static int enter(int at, const char *name, mode_t mode) {
  bool made = mkdirat(at, name, mode) == 0;
  if (!made && errno != EEXIST)
    return -1;
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == EACCES)
    fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && made && (fchmod(fd, mode) || (fsync(at) && errno != EINVAL && errno != EBADF))) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

enum err file_make_dir(const char *path, mode_t mode, struct error *e) {
  int fd = file_open_dir(*path == '/' ? "/" : ".", O_RDONLY);
  for (const char *at = path + strspn(path, "/"); fd >= 0 && *at;) {
    char name[NAME_MAX + 1];
    size_t n = strcspn(at, "/");
    int next = -1;
    errno = ENAMETOOLONG;
    if (n <= NAME_MAX) {
      memcpy(name, at, n);
      name[n] = '\0';
      next = enter(fd, name, mode);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    fd = next;
    at += n + strspn(at + n, "/");
  }
  if (fd < 0)
    return file_fail(e, path, "make the directory", errno);
  close(fd);
  return ERR_OK;
}

static enum err open_lock(const char *path, int *ret_fd, struct error *e) {
  FILE_PLACE_AUTO p = {.fd = -1};
  struct stat st;
  enum err err = file_place_open(path, FILE_FOR_SEARCH, &p, e);
  if (err)
    return err;
  int fd =
      openat(p.fd, p.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  if (fd < 0)
    return file_fail(e, path, "open the lock", errno);
  if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
    close(fd);
    return error_set(e, ERR_REFUSED, "%s: is not a regular file", path);
  }
  *ret_fd = fd;
  return ERR_OK;
}

static enum err take_lock(const char *path, int fd, struct env *env, int64_t wait_ms,
                          struct error *e) {
  int64_t start = env_mono_ms(env);
  for (;;) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
      return ERR_OK;
    if (errno == EINTR)
      continue; // nobody holds it for that, and there may be no time to wait
    if (errno != EWOULDBLOCK)
      return file_fail(e, path, "lock", errno);
    int64_t left = start + wait_ms - env_mono_ms(env);
    if (left <= 0)
      return error_set(e, ERR_BUSY, "%s: somebody else holds the lock", path);
    if (env_sleep_ms(env, left < TRY_EVERY_MS ? left : TRY_EVERY_MS))
      return error_set(e, ERR_CANCELLED, "%s: a stop was asked for while waiting for the lock",
                       path);
  }
}

enum err file_lock(const char *path, struct env *env, int64_t wait_ms, int *ret_fd,
                   struct error *e) {
  int fd = -1;
  enum err err = open_lock(path, &fd, e);
  if (!err)
    err = take_lock(path, fd, env, wait_ms, e);
  if (!err)
    *ret_fd = fd;
  else if (fd >= 0)
    close(fd);
  return err;
}

void file_unlock(int fd) {
  if (fd >= 0)
    close(fd); // the lock goes with the descriptor, which no program that we start inherits
}
