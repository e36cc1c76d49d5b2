// Each directory on the way counts, of the path as it is given and of the one it leads to.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/trust.h"

static bool is_foreign(const struct stat *st) {
  return st->st_uid != 0 && st->st_uid != geteuid();
}

// A directory with the sticky bit lets nobody replace what belongs to others.
static enum err check_directory(const char *dir, struct error *e) {
  struct stat st;
  if (stat(dir, &st) != 0)
    return error_set(e, ERR_REFUSED, "directory %s: %s", dir, strerror(errno));
  if (is_foreign(&st))
    return error_set(e, ERR_REFUSED,
                     "directory %s belongs to user %u, who could put something else there", dir,
                     (unsigned)st.st_uid);
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
    return error_set(e, ERR_REFUSED,
                     "directory %s is writable by others, who could put something else there: "
                     "chmod go-w",
                     dir);
  return ERR_OK;
}

static enum err check_directories(const char *path, struct error *e) {
  char dir[PATH_MAX];
  enum err err = check_directory("/", e);
  for (size_t i = 1; err == ERR_OK && path[i] && i < sizeof dir; i++)
    if (path[i] == '/') {
      memcpy(dir, path, i);
      dir[i] = '\0';
      err = check_directory(dir, e);
    }
  return err;
}

static enum err check_file(const char *kind, const char *path, char real[PATH_MAX],
                           struct error *e) {
  struct stat st;
  if (!realpath(path, real) || stat(real, &st) != 0)
    return errno == ENOENT ? error_set(e, ERR_REFUSED, "%s %s is not there", kind, path)
                           : error_set(e, errno == EACCES ? ERR_DENIED : ERR_REFUSED, "%s %s: %s",
                                       kind, path, strerror(errno));
  enum err err = path[0] == '/' ? check_directories(path, e) : ERR_OK;
  if (err == ERR_OK && strcmp(path, real) != 0)
    err = check_directories(real, e);
  if (err != ERR_OK)
    return err;
  if (!S_ISREG(st.st_mode))
    return error_set(e, ERR_REFUSED, "%s is not a %s", path, kind);
  if (is_foreign(&st))
    return error_set(e, ERR_REFUSED, "%s %s belongs to user %u, who could change it", kind, path,
                     (unsigned)st.st_uid);
  if (st.st_mode & (S_IWGRP | S_IWOTH))
    return error_set(e, ERR_REFUSED, "%s %s is writable by others: chmod go-w", kind, path);
  return ERR_OK;
}

enum err trust_file(const char *path, struct error *e) {
  char real[PATH_MAX];
  return check_file("file", path, real, e);
}

enum err trust_program(const char *path, struct error *e) {
  char real[PATH_MAX];
  enum err err = check_file("program", path, real, e);
  if (err != ERR_OK)
    return err;
  if (faccessat(AT_FDCWD, real, X_OK, AT_EACCESS) != 0)
    return error_set(e, ERR_DENIED, "program %s cannot be run: %s", path, strerror(errno));
  return ERR_OK;
}
