// Reading of files: what is too large, no file or not readable is told before anything is read into
// memory.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/text.h"
#include "rotator/base/trust.h"
#include "rotator/config/internal.h"

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode))
    return "a directory";
  if (S_ISFIFO(mode))
    return "a pipe";
  if (S_ISSOCK(mode))
    return "a socket";
  return "a device";
}

// A sticky directory lets nobody replace the files of others.
static bool is_open_to_all(const struct stat *st) {
  return (st->st_mode & S_IWOTH) && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX));
}

static bool dir_is_open_to_all(const char *path) {
  const char *slash = strrchr(path, '/');
  char dir[4096] = ".";
  struct stat st;
  size_t len = slash ? (size_t)(slash - path) + (slash == path) : 1;
  if (len >= sizeof dir)
    return false;
  memcpy(dir, slash ? path : ".", len);
  dir[len] = '\0';
  return stat(dir, &st) == 0 && is_open_to_all(&st);
}

// What root runs may be named by root alone: the rules are those of the programs themselves. For
// others a group that may write is theirs more often than not.
static void note_access(struct config_loader *l, const char *path, const struct stat *st) {
  bool dir = dir_is_open_to_all(path), file = is_open_to_all(st);
  struct error e;
  if (file)
    config_warn(l, NULL, NULL, "anybody may write this file (mode %04o); chmod o-w",
                (unsigned)(st->st_mode & 07777));
  else if (dir)
    config_warn(l, NULL, NULL,
                "anybody may replace this file: its directory is writable by all; chmod o-w");
  if (file || dir)
    text_copy(l->changers, sizeof l->changers, "a file that anybody may change");
  else if (geteuid() == 0 && trust_file(path, &e) != ERR_OK)
    snprintf(l->changers, sizeof l->changers, "%.160s; such a file", e.text);
}

static bool read_all(int fd, char *bytes, size_t cap, size_t *ret_len) {
  size_t len = 0;
  while (len < cap) {
    ssize_t n = read(fd, bytes + len, cap - len);
    if (n == 0)
      break;
    if (n < 0 && errno != EINTR)
      return false;
    len += n > 0 ? (size_t)n : 0;
  }
  *ret_len = len;
  return true;
}

static bool read_open(struct config_loader *l, const char *path, int fd, char **ret,
                      size_t *ret_len) {
  struct stat st;
  if (fstat(fd, &st) != 0) {
    config_wrong(l, NULL, NULL, "cannot be looked at: %s", strerror(errno));
    return false;
  }
  if (!S_ISREG(st.st_mode)) {
    config_wrong(l, NULL, NULL, "expected a file, found %s", kind_of(st.st_mode));
    return false;
  }
  if (st.st_size > CONFIG_FILE_MAX) {
    config_wrong(
        l, NULL, NULL,
        "%lld bytes are too many for a configuration file (at most %d); more targets fit into "
        "several files of targets.d",
        (long long)st.st_size, CONFIG_FILE_MAX);
    return false;
  }
  note_access(l, path, &st);
  // One byte more than it says, so that a file which grows meanwhile is seen to.
  size_t cap = (size_t)st.st_size + 1, len = 0;
  char *bytes = malloc(cap);
  if (!bytes) {
    l->out_of_memory = true;
    return false;
  }
  if (!read_all(fd, bytes, cap, &len) || len == cap) {
    config_wrong(l, NULL, NULL, "cannot be read: %s",
                 len == cap ? "it is being written" : strerror(errno));
    free(bytes);
    return false;
  }
  *ret = bytes;
  *ret_len = len;
  return true;
}

bool config_file_read(struct config_loader *l, const char *path, char **ret, size_t *ret_len) {
  l->changers[0] = '\0';
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    config_wrong(l, NULL, NULL, "cannot be opened: %s", strerror(errno));
    return false;
  }
  bool good = read_open(l, path, fd, ret, ret_len);
  close(fd);
  return good;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(struct config_loader *l, const char *dir, const char *name) {
  size_t size = strlen(dir) + strlen(name) + 2;
  char *path = config_scratch(l, size);
  if (path)
    snprintf(path, size, "%s/%s", dir, name);
  return path;
}

// Adds a name to a growing list. The old list stays in the arena until the end: it doubles, so that
// is little.
static void push(struct config_loader *l, char ***list, size_t *n, char *path) {
  if ((*n & (*n - 1)) == 0) { // 0 or a power of two: full
    char **grown = config_scratch(l, (*n ? *n * 2 : 1) * sizeof *grown);
    if (!grown)
      return;
    if (*n)
      memcpy(grown, *list, *n * sizeof *grown);
    *list = grown;
  }
  (*list)[(*n)++] = path;
}

bool config_dir_list(struct config_loader *l, const char *dir, char ***ret, size_t *ret_n) {
  char **list = NULL;
  size_t n = 0;
  DIR *d = opendir(dir);
  int why = errno;
  struct stat link;
  // Not there at all is fine; a link that leads nowhere is not.
  if (!d && (why != ENOENT || lstat(dir, &link) == 0)) {
    config_wrong(l, NULL, NULL, "cannot be opened: %s", strerror(why));
    return false;
  }
  for (struct dirent *entry; d && (entry = readdir(d));) {
    const char *name = entry->d_name;
    if (name[0] == '.')
      continue;
    if (text_ends(name, ".yml"))
      config_warn(l, NULL, NULL, "%.200s is not read: names end with .yaml", name);
    char *path = text_ends(name, ".yaml") ? join(l, dir, name) : NULL;
    if (path)
      push(l, &list, &n, path);
  }
  if (d)
    closedir(d);
  if (n > 1)
    qsort(list, n, sizeof *list, by_name);
  *ret = list;
  *ret_n = n;
  return true;
}
