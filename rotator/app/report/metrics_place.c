#include "rotator/app/report/metrics_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/text.h"

#define SUFFIX ".prom"

void metrics_shard(const struct cli_shard *s, char dst[METRICS_SHARD_MAX]) {
  dst[0] = '\0';
  if (s->count > 0)
    snprintf(dst, METRICS_SHARD_MAX, "shard=\"%u/%u\"", s->index, s->count);
}

bool metrics_path(const char *file, const struct cli_shard *s, char *dst, size_t cap) {
  int stem = (int)(strlen(file) - strlen(SUFFIX)), n;
  if (s->count == 0)
    return text_copy(dst, cap, file);
  n = snprintf(dst, cap, "%.*s.shard-%u" SUFFIX, stem, file, s->index);
  return n > 0 && (size_t)n < cap;
}

// Is it a file beside metrics_file that this division of the fleet has no share for?
static bool is_left(const char *name, const char *file, const struct cli_shard *s) {
  size_t stem = strlen(file) - strlen(SUFFIX), digits;
  if (strcmp(name, file) == 0)
    return s->count > 0;
  if (strncmp(name, file, stem) != 0 || !text_starts(name + stem, ".shard-"))
    return false;
  const char *number = name + stem + strlen(".shard-");
  digits = strspn(number, "0123456789");
  if (digits == 0 || digits > 9 || strcmp(number + digits, SUFFIX) != 0)
    return false;
  return strtoul(number, NULL, 10) >= s->count;
}

static enum err sweep(DIR *dir, const char *file, const struct cli_shard *s, struct error *e) {
  enum err err = ERR_OK;
  const struct dirent *entry;
  int fd = dirfd(dir);
  while (fd >= 0 && (entry = readdir(dir)) != NULL)
    if (is_left(entry->d_name, file, s) && unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT)
      err = error_set(e, ERR_DENIED, "%s, of another division of the fleet, was not removed: %s",
                      entry->d_name, strerror(errno));
  return err;
}

enum err metrics_sweep(const char *file, const struct cli_shard *s, struct error *e) {
  const char *slash = strrchr(file, '/');
  char path[4096];
  snprintf(path, sizeof path, "%.*s", slash > file ? (int)(slash - file) : 1, file);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    if (fd >= 0)
      close(fd);
    return error_set(e, ERR_DENIED, "%s: %s", path, strerror(errno));
  }
  enum err err = sweep(dir, slash + 1, s, e);
  closedir(dir);
  return err;
}
