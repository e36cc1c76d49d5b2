// What the file store can know of a place before it writes there. Rights are asked for the
// effective ids, as the kernel will judge the write itself.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/file/filestore.h"

#define ROOM_BYTES (64 * 1024) // the old file and the new one stand side by side for a moment

static enum err refuse_errno(const char *dir, int number, struct error *e) {
  enum err kind = number == EACCES || number == EPERM ? ERR_DENIED : ERR_REFUSED;
  return error_set(e, kind, "directory %s: %s", dir, strerror(number));
}

// The directory that holds `dir`, in `parent`.
static void parent_of(const char *dir, char parent[FILESTORE_PATH_MAX + 1]) {
  const char *slash = strrchr(dir, '/');
  size_t len = slash == dir ? 1 : (size_t)(slash - dir);
  memcpy(parent, dir, len);
  parent[len] = '\0';
}

static enum err absent_place(const struct filestore *fs, bool *ret_there, struct error *e) {
  char parent[FILESTORE_PATH_MAX + 1];
  struct stat st;
  if (fs->item.kind == STORE_SINK)
    return error_set(e, ERR_REFUSED, "directory %s is not there: not mounted, or yet to be made",
                     fs->dir);
  parent_of(fs->dir, parent);
  if (stat(parent, &st) != 0 && errno == ENOENT)
    return error_set(e, ERR_REFUSED,
                     "neither directory %s nor the one above it is there: not mounted?", fs->dir);
  *ret_there = false;
  return ERR_OK;
}

enum err filestore_place(const struct filestore *fs, bool *ret_there, struct error *e) {
  struct stat st;
  if (lstat(fs->dir, &st) != 0)
    return errno == ENOENT ? absent_place(fs, ret_there, e) : refuse_errno(fs->dir, errno, e);
  if (!S_ISDIR(st.st_mode))
    return error_set(e, ERR_REFUSED, "%s is %s, not a directory", fs->dir,
                     S_ISLNK(st.st_mode) ? "a symbolic link" : "something else");
  if (st.st_mode & S_IWOTH)
    return error_set(e, ERR_REFUSED,
                     "directory %s is writable by everybody: anybody could put another key there",
                     fs->dir);
  *ret_there = true;
  return ERR_OK;
}

static enum err check_room(const char *dir, struct error *e) {
  struct statvfs fs;
  if (statvfs(dir, &fs) != 0)
    return refuse_errno(dir, errno, e);
  if (fs.f_flag & ST_RDONLY)
    return error_set(
        e, ERR_REFUSED,
        "directory %s is on a file system that is mounted read-only (made so by a systemd "
        "unit, unless ReadWritePaths= names the directory)",
        dir);
  bool root = geteuid() == 0;
  uint64_t blocks = root ? fs.f_bfree : fs.f_bavail;
  if (blocks * fs.f_frsize < ROOM_BYTES)
    return error_set(e, ERR_LIMIT, "the file system of %s is full: less than %d KiB free", dir,
                     ROOM_BYTES / 1024);
  if (fs.f_files > 0 && (root ? fs.f_ffree : fs.f_favail) == 0)
    return error_set(e, ERR_LIMIT, "the file system of %s is full: no inode free", dir);
  return ERR_OK;
}

// A file that is a mount of its own (a container's bind mount) can be read, not replaced.
static enum err check_mount(const char *path, struct error *e) {
#ifdef STATX_ATTR_MOUNT_ROOT // Linux 5.8
  struct statx st;
  if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st) == 0 &&
      (st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
    return error_set(e, ERR_REFUSED, "the file is a mount point: mount its directory instead");
#endif
  return ERR_OK;
}

// Root in a container or a hardened unit may lack the capability; somebody else may have it.
static bool may_chown(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (syscall(SYS_capget, &header, data) != 0)
    return geteuid() == 0;
  return (data[0].effective & (1U << CAP_CHOWN)) != 0;
}

static enum err check_ownership(const struct file_rules *rules, struct error *e) {
  bool owner_fits = rules->owner == (uid_t)-1 || rules->owner == geteuid();
  bool group_fits =
      rules->group == (gid_t)-1 || rules->group == getegid() || group_member(rules->group);
  if ((owner_fits && group_fits) || may_chown())
    return ERR_OK;
  if (!owner_fits)
    return error_set(
        e, ERR_DENIED,
        "only root (CAP_CHOWN) can give the file to user %u: leave out `owner`, or run as"
        " that user",
        (unsigned)rules->owner);
  return error_set(
      e, ERR_DENIED,
      "user %u is no member of group %u and cannot give it the file: add it with usermod -aG",
      (unsigned)geteuid(), (unsigned)rules->group);
}

// A file that somebody opened to others is still ours to read, and each write gives it its mode.
static void remark_mode(const struct filestore *fs, struct error *e) {
  struct stat st;
  mode_t given = fs->rules.mode & 0777;
  if (lstat(fs->path, &st) != 0 || (st.st_mode & 0777 & ~given) == 0)
    return;
  error_set(
      e, ERR_OK, "has mode %04o: others may %s it; the next write sets %04o, or: chmod %04o %s",
      (unsigned)st.st_mode & 0777, st.st_mode & ~given & (S_IWGRP | S_IWOTH) ? "change" : "read",
      (unsigned)given, (unsigned)given, fs->path);
}

enum err filestore_check_place(const struct filestore *fs, struct error *e) {
  char parent[FILESTORE_PATH_MAX + 1];
  const char *dir = fs->dir;
  bool there = false;
  enum err err = filestore_place(fs, &there, e);
  if (err != ERR_OK)
    return err;
  if (!there) {
    parent_of(fs->dir, parent);
    dir = parent;
  }
  err = check_mount(fs->path, e);
  if (err == ERR_OK)
    err = check_room(dir, e);
  if (err == ERR_OK && faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
    err = errno == EACCES ? error_set(e, ERR_DENIED, "user %u may not write in directory %s",
                                      (unsigned)geteuid(), dir)
                          : refuse_errno(dir, errno, e);
  if (err == ERR_OK)
    err = check_ownership(&fs->rules, e);
  if (err == ERR_OK)
    remark_mode(fs, e);
  return err;
}
