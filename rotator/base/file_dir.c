// openat2 refuses symbolic links in every component in one call. Kernels before 5.6 do not have it
// and some seccomp filters forbid it: then the path is walked component by component with
// O_NOFOLLOW.
#include "rotator/base/file_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rotator/base/text.h"

static const struct mapping {
  int number;
  enum err kind;
} mappings[] = {
    {ENOENT, ERR_MISSING},       {ENOTDIR, ERR_REFUSED}, {ELOOP, ERR_REFUSED},
    {EISDIR, ERR_REFUSED},       {EROFS, ERR_REFUSED},   {EPERM, ERR_REFUSED},
    {EBUSY, ERR_REFUSED},        {EXDEV, ERR_REFUSED},   {ENXIO, ERR_REFUSED},
    {ENODEV, ERR_REFUSED},       {ETXTBSY, ERR_REFUSED}, {EINVAL, ERR_REFUSED},
    {EACCES, ERR_DENIED},        {ENOSPC, ERR_LIMIT},    {EDQUOT, ERR_LIMIT},
    {EFBIG, ERR_LIMIT},          {EMLINK, ERR_LIMIT},    {EEXIST, ERR_CONFLICT},
    {ENAMETOOLONG, ERR_INVALID}, {ENOMEM, ERR_INTERNAL}, {EMFILE, ERR_INTERNAL},
    {ENFILE, ERR_INTERNAL},      {EBADF, ERR_INTERNAL},  {EFAULT, ERR_INTERNAL},
    {EIO, ERR_UNSENT},           {ESTALE, ERR_UNSENT},   {ETIMEDOUT, ERR_UNSENT},
    {EINTR, ERR_UNSENT},         {EAGAIN, ERR_UNSENT},   {ENOLCK, ERR_UNSENT},
    {EHOSTDOWN, ERR_UNSENT},     {ENOTCONN, ERR_UNSENT},
};

enum err file_fail(struct error *e, const char *path, const char *doing, int number) {
  enum err kind = ERR_REFUSED;
  for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++)
    if (mappings[i].number == number)
      kind = mappings[i].kind;
  const char *why = number == ELOOP ? "a symbolic link stands in the path" : strerror(number);
  if (number == EROFS)
    return error_set(
        e, kind,
        "%s: %s: %s (made so by a systemd unit, unless ReadWritePaths= names the directory)", path,
        doing, why);
  return error_set(e, kind, "%s: %s: %s", path, doing, why);
}

static int open_beneath(int at, const char *name, int flags) {
  int fd = openat(at, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;
  if (fd < 0 && errno == ENOTDIR && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
  return fd;
}

// The walk for where openat2 is not to be had.
static int walk(const char *path, int flags) {
  int fd = open_beneath(AT_FDCWD, *path == '/' ? "/" : ".", O_PATH);
  while (fd >= 0) {
    char part[NAME_MAX + 1];
    path += strspn(path, "/");
    size_t n = strcspn(path, "/");
    bool last = path[n + strspn(path + n, "/")] == '\0';
    int next = -1;
    if (n > NAME_MAX)
      errno = ENAMETOOLONG;
    else {
      memcpy(part, n ? path : ".", n ? n : 1);
      part[n ? n : 1] = '\0';
      next = open_beneath(fd, part, last ? flags : O_PATH);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    fd = next;
    path += n;
    if (last)
      return fd;
  }
  return -1;
}

int file_open_dir(const char *path, int flags) {
  struct open_how how = {.flags = (unsigned)(flags | O_DIRECTORY | O_CLOEXEC),
                         .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    return walk(path, flags);
  return (int)fd;
}

enum err file_place_open(const char *path, enum file_open_for what, struct file_place *ret,
                         struct error *e) {
  char dir[PATH_MAX];
  struct file_place p = {.path = path, .fd = -1};
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return error_set(e, ERR_INVALID, "%s: does not name a file", path);
  size_t n = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
  if (n >= sizeof dir || !text_copy(p.name, sizeof p.name, name))
    return file_fail(e, path, "open", ENAMETOOLONG);
  memcpy(dir, slash ? path : ".", n);
  dir[n] = '\0';
  p.fd = file_open_dir(dir, what == FILE_FOR_SEARCH ? O_PATH : O_RDONLY);
  if (p.fd < 0)
    return file_fail(e, path, "open its directory", errno);
  *ret = p;
  return ERR_OK;
}

void file_place_close(struct file_place *p) {
  if (p->fd >= 0)
    close(p->fd);
  p->fd = -1;
}

static bool trusted(uid_t owner, const struct file_rules *rules) {
  return owner == 0 || owner == geteuid() || (rules->owner != (uid_t)-1 && owner == rules->owner);
}

enum err file_dir_check(const struct file_place *p, const struct file_rules *rules,
                        struct error *e) {
  struct stat st;
  if (!rules->private_dir)
    return ERR_OK;
  if (fstat(p->fd, &st))
    return file_fail(e, p->path, "look at its directory", errno);
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
    return error_set(e, ERR_REFUSED, "%s: its directory is writable by group or others (mode %04o)",
                     p->path, (unsigned)st.st_mode & 07777u);
  if (!trusted(st.st_uid, rules))
    return error_set(e, ERR_REFUSED, "%s: its directory belongs to uid %u", p->path,
                     (unsigned)st.st_uid);
  return ERR_OK;
}

// Where nothing can be written, chmod is no advice.
static enum err tell_mode(const char *path, const struct stat *st, struct error *e) {
  struct statvfs fs;
  bool fixed = statvfs(path, &fs) == 0 && fs.f_flag & ST_RDONLY;
  return error_set(e, ERR_REFUSED, "%s: has mode %04o: %s", path, (unsigned)st->st_mode & 07777u,
                   fixed ? "give it 0400 or 0440 where it is mounted (Docker: mode of the secret; "
                           "Kubernetes: defaultMode of the volume)"
                         : "chmod 0600 (or 0640) it");
}

enum err file_stat_check(const char *path, const struct stat *st, const struct file_rules *rules,
                         struct error *e) {
  if (S_ISLNK(st->st_mode))
    return error_set(e, ERR_REFUSED, "%s: is a symbolic link", path);
  if (!S_ISREG(st->st_mode))
    return error_set(e, ERR_REFUSED, "%s: is %s", path,
                     S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
  if (!rules->any_owner && !trusted(st->st_uid, rules))
    return error_set(e, ERR_REFUSED, "%s: belongs to uid %u", path, (unsigned)st->st_uid);
  return st->st_mode & rules->forbidden_mode ? tell_mode(path, st, e) : ERR_OK;
}
