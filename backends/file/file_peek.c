#include "backends/file/file_peek.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "rotator/base/file_dir.h"

bool filestore_version_parse(const struct store_version *v, struct file_version *ret) {
  memset(ret, 0, sizeof *ret);
  if (v->text[0] == '\0')
    return true;
  int end = -1;
  int n = sscanf(v->text, "%" SCNx64 ":%" SCNx64 ":%" SCNd64 "+%" SCNx64 ":%" SCNd64 "%n",
                 &ret->ino, &ret->size, &ret->mtime_ns, &ret->dev, &ret->ctime_ns, &end);
  return n == 5 && end > 0 && v->text[end] == '\0';
}

void filestore_dir_close(struct filestore_dir *d) {
  if (d->fd >= 0)
    close(d->fd);
  d->fd = -1;
}

static bool is_private(int fd, uid_t *ret_owner) {
  struct stat st;
  if (fstat(fd, &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
    return false;
  *ret_owner = st.st_uid;
  return true;
}

static bool enter(struct filestore_dir *d, const char *path, size_t len) {
  if (d->fd >= 0 && strncmp(d->path, path, len) == 0 && d->path[len] == '\0')
    return true;
  filestore_dir_close(d);
  if (len >= sizeof d->path)
    return false;
  memcpy(d->path, path, len);
  d->path[len] = '\0';
  d->fd = file_open_dir(d->path, O_PATH);
  if (d->fd >= 0 && !is_private(d->fd, &d->owner))
    filestore_dir_close(d);
  return d->fd >= 0;
}

bool filestore_peek(struct filestore_dir *d, const char *path, struct file_peek *ret) {
  struct stat st;
  const char *slash = strrchr(path, '/');
  if (!slash || !enter(d, path, slash == path ? 1 : (size_t)(slash - path)) ||
      fstatat(d->fd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  *ret = (struct file_peek){.version = file_version_of(&st), .dir_owner = d->owner};
  return true;
}

// By their numbers in linux/magic.h, which not every system's has.
bool filestore_dir_is_local(const struct filestore_dir *d) {
  static const uint32_t locals[] = {
      0xEF53,     // ext2, ext3, ext4
      0x58465342, // xfs
      0x9123683E, // btrfs
      0x01021994, // tmpfs
      0xF2F52010, // f2fs
      0x2FC12FC1, // zfs
      0xCA451A4E, // bcachefs
      0x794C7630, // overlayfs
  };
  struct statfs fs;
  if (d->fd < 0 || fstatfs(d->fd, &fs) != 0)
    return false;
  for (size_t i = 0; i < sizeof locals / sizeof *locals; i++)
    if ((uint32_t)fs.f_type == locals[i])
      return true;
  return false;
}
