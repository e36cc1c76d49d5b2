#include "tests/support/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  abort();
}

void scratch_new(struct scratch *s) {
  const char *tmp = getenv("TMPDIR");
  snprintf(s->dir, sizeof s->dir, "%s/rotator-test.XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (!mkdtemp(s->dir))
    die(s->dir);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)ftw;
  if (type == FTW_D || type == FTW_DNR) {
    (void)umount2(path, MNT_DETACH);
    (void)chmod(path, 0700);
  }
  return 0;
}

void scratch_remove(struct scratch *s) {
  (void)nftw(s->dir, open_up, 16, FTW_PHYS);
  (void)nftw(s->dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

const char *scratch_path(struct scratch *s, const char *name) {
  snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
  return s->path;
}

void scratch_write(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
    die(path);
}

bool scratch_holds(const char *path, const char *text) {
  size_t n = strlen(text), got = 0;
  char *bytes = malloc(n + 1);
  FILE *f = fopen(path, "re");
  if (f && bytes)
    got = fread(bytes, 1, n + 1, f);
  bool same = f && bytes && got == n && memcmp(bytes, text, n) == 0;
  if (f)
    fclose(f);
  free(bytes);
  return same;
}

int scratch_entries(const char *dir) {
  DIR *d = opendir(dir);
  int n = 0;
  if (!d)
    return -1;
  for (struct dirent *f; (f = readdir(d));)
    n += strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0;
  closedir(d);
  return n;
}
