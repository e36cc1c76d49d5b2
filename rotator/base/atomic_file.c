// How a replacement goes: open the directory, look at what is there, temporary file (owner, mode,
// bytes, fsync), look again, rename, fsync of the directory. Up to the rename nothing has changed,
// so every failure before it is definite; after it, only durability can be in doubt. A kill at any
// point leaves the old or the new file, and perhaps a temporary one for the next write to sweep up.
#include "rotator/base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rotator/base/file_dir.h"

enum { READ_TRIES = 3, DEFAULT_MAX_BYTES = 1024 * 1024 };

static int64_t ns(struct timespec t) {
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct file_version file_version_of(const struct stat *st) {
  return (struct file_version){.dev = st->st_dev,
                               .ino = st->st_ino,
                               .size = (uint64_t)st->st_size,
                               .mtime_ns = ns(st->st_mtim),
                               .ctime_ns = ns(st->st_ctim)};
}

bool file_version_equal(const struct file_version *a, const struct file_version *b) {
  return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
         a->ctime_ns == b->ctime_ns;
}

// --- reading -------------------------------------------------------------------------------------

struct source { // a file that is open for reading
  const char *path;
  int fd;
  const struct file_rules *rules;
};

// As far as `size`; whether the file is longer by now shows in its size afterwards.
static enum err read_bytes(const struct source *f, size_t size, struct secret **ret,
                           struct error *e) {
  char part[4096];
  const char *path = f->path;
  size_t most = f->rules->max_bytes ? f->rules->max_bytes : DEFAULT_MAX_BYTES;
  SECRET_AUTO bytes = secret_new(most);
  enum err err = bytes ? ERR_OK : error_set(e, ERR_INTERNAL, "%s: out of memory", path);
  while (!err) {
    ssize_t n = read(f->fd, part, sizeof part);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      err = file_fail(e, path, "read", errno);
    if (n <= 0)
      break;
    err = secret_append(bytes, part, (size_t)n);
    if (!err && secret_len(bytes) == size)
      break;
    if (err == ERR_INVALID)
      err = error_set(e, ERR_REFUSED, "%s: is larger than %zu bytes", path, most);
    else if (err)
      (void)error_set(e, err, "%s: out of memory", path);
  }
  secret_wipe(part, sizeof part);
  if (!err) {
    *ret = bytes;
    bytes = NULL;
  }
  return err;
}

// One reading of a file that was looked at just before; ERR_CONFLICT when somebody wrote to it
// meanwhile.
static enum err read_once(const struct source *f, const struct stat *before, struct secret **ret,
                          struct file_version *ret_version, struct error *e) {
  struct stat after;
  SECRET_AUTO bytes = NULL;
  enum err err = file_stat_check(f->path, before, f->rules, e);
  if (!err)
    err = read_bytes(f, (size_t)before->st_size, &bytes, e);
  if (err)
    return err;
  if (fstat(f->fd, &after))
    return file_fail(e, f->path, "look at it", errno);
  struct file_version v = file_version_of(before), w = file_version_of(&after);
  if (!file_version_equal(&v, &w) || secret_len(bytes) != v.size)
    return error_set(e, ERR_CONFLICT, "%s: changes while it is read", f->path);
  *ret = bytes;
  bytes = NULL;
  if (ret_version)
    *ret_version = v;
  return ERR_OK;
}

enum err file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                   struct file_version *ret_version, struct error *e) {
  FILE_PLACE_AUTO p = {.fd = -1};
  enum err err = file_place_open(path, FILE_FOR_SEARCH, &p, e);
  if (!err)
    err = file_dir_check(&p, rules, e);
  if (err)
    return err;
  int fd = openat(p.fd, p.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return errno == ELOOP   ? error_set(e, ERR_REFUSED, "%s: is a symbolic link", path)
           : errno == ENXIO ? error_set(e, ERR_REFUSED, "%s: is not a regular file", path)
                            : file_fail(e, path, "open", errno);
  struct stat st;
  const struct source f = {.path = path, .fd = fd, .rules = rules};
  err = ERR_CONFLICT;
  for (int i = 0; i < READ_TRIES && err == ERR_CONFLICT; i++)
    err = (i > 0 && lseek(fd, 0, SEEK_SET) < 0) || fstat(fd, &st)
              ? file_fail(e, path, "look at it", errno)
              : read_once(&f, &st, ret, ret_version, e);
  close(fd);
  return err;
}

// --- replacing -----------------------------------------------------------------------------------

// What stands at the place now; all zero when nothing does.
static enum err version_there(const struct file_place *p, const struct file_rules *rules,
                              struct file_version *ret, struct error *e) {
  struct stat st;
  *ret = (struct file_version){0};
  if (fstatat(p->fd, p->name, &st, AT_SYMLINK_NOFOLLOW))
    return errno == ENOENT ? ERR_OK : file_fail(e, p->path, "look at it", errno);
  enum err err = file_stat_check(p->path, &st, rules, e);
  if (!err)
    *ret = file_version_of(&st);
  return err;
}

static enum err expect_version(const struct file_place *p, const struct file_rules *rules,
                               const struct file_version *expect, struct error *e) {
  struct file_version now;
  enum err err = version_there(p, rules, &now, e);
  if (err || !expect || file_version_equal(&now, expect))
    return err;
  return error_set(e, ERR_CONFLICT, "%s: is not as it was read", p->path);
}

static enum err set_owner(const struct file_place *p, int fd, const struct file_rules *rules,
                          struct error *e) {
  struct stat st;
  if (fstat(fd, &st))
    return file_fail(e, p->path, "look at the temporary file", errno);
  bool owner = rules->owner != (uid_t)-1 && rules->owner != st.st_uid;
  bool group = rules->group != (gid_t)-1 && rules->group != st.st_gid;
  if ((owner || group) &&
      fchown(fd, owner ? rules->owner : (uid_t)-1, group ? rules->group : (gid_t)-1))
    return errno == EPERM
               ? error_set(e, ERR_DENIED, "%s: may not give the file that owner or group", p->path)
               : file_fail(e, p->path, "set its owner", errno);
  if (fchmod(fd, rules->mode & 0777))
    return file_fail(e, p->path, "set its mode", errno);
  return ERR_OK;
}

// A content on its way into the temporary file: a whole one, or one that is made meanwhile.
struct writing {
  const struct file_place *place;
  int fd;
  const struct secret *bytes;
  const struct file_content *content; // NULL: bytes
  int failed;                         // errno of the first write that failed; 0: none did
};

static bool write_part(struct writing *w, const char *at, size_t left) {
  while (left > 0 && w->failed == 0) {
    ssize_t n = write(w->fd, at, left);
    if (n < 0 && errno != EINTR)
      w->failed = errno;
    if (n > 0) {
      at += n;
      left -= (size_t)n;
    }
  }
  return w->failed == 0;
}

static ssize_t write_stream(void *cookie, const char *bytes, size_t len) {
  return write_part(cookie, bytes, len) ? (ssize_t)len : 0;
}

static enum err write_made(struct writing *w, struct error *e) {
  FILE *f = fopencookie(w, "w", (cookie_io_functions_t){.write = write_stream});
  if (!f)
    return error_no_memory(e);
  enum err err = w->content->make(w->content->ctx, f, e);
  bool whole = fclose(f) == 0;
  if (err == ERR_OK && !whole && w->failed == 0)
    return error_no_memory(e);
  return err;
}

static enum err write_all(struct writing *w, struct error *e) {
  enum err err = ERR_OK;
  if (w->content)
    err = write_made(w, e);
  else
    write_part(w, secret_bytes(w->bytes), secret_len(w->bytes));
  if (err == ERR_OK && w->failed != 0)
    return file_fail(e, w->place->path, "write", w->failed);
  if (err == ERR_OK && fsync(w->fd))
    return file_fail(e, w->place->path, "fsync", errno);
  return err;
}

// The rename, the one step that readers see.
static enum err put_in_place(const struct file_place *p, const struct file_temp *t,
                             bool must_be_absent, struct error *e) {
  int r = -1;
  if (must_be_absent) {
    r = (int)syscall(SYS_renameat2, p->fd, t->name, p->fd, p->name, RENAME_NOREPLACE);
    if (r && errno == EEXIST)
      return error_set(e, ERR_CONFLICT, "%s: is there already", p->path);
  }
  if (r && (!must_be_absent || errno == EINVAL || errno == ENOSYS))
    r = renameat(p->fd, t->name, p->fd, p->name);
  if (r && (errno == EBUSY || errno == EXDEV))
    return error_set(e, ERR_REFUSED, "%s: is a mount point: mount its directory instead", p->path);
  enum err err = r ? file_fail(e, p->path, "rename", errno) : ERR_OK;
  if (err == ERR_UNSENT && e) // a filesystem that did not answer may have done it
    e->kind = ERR_UNSURE;
  return err == ERR_UNSENT ? ERR_UNSURE : err;
}

static enum err settle(const struct file_place *p, int fd, struct file_version *ret_version,
                       struct error *e) {
  struct stat st;
  if (fsync(p->fd) && errno != EINVAL) // EINVAL: a filesystem without it
    return error_set(e, ERR_UNSURE, "%s: was replaced, but fsync of its directory failed: %s",
                     p->path, strerror(errno));
  if (fstat(fd, &st))
    return error_set(e, ERR_UNSURE, "%s: was replaced, but can't be looked at", p->path);
  if (ret_version)
    *ret_version = file_version_of(&st);
  return ERR_OK;
}

struct replacement {
  const char *path;
  const struct file_rules *rules;
  const struct secret *bytes;
  const struct file_content *content;
  const struct file_version *expect; // NULL: whatever is there
};

static enum err replace(const struct replacement *r, struct file_version *ret_version,
                        struct error *e) {
  static const struct file_version absent;
  FILE_PLACE_AUTO p = {.fd = -1};
  struct file_temp t;
  enum err err = file_place_open(r->path, FILE_FOR_CHANGE, &p, e);
  if (!err)
    err = file_dir_check(&p, r->rules, e);
  if (!err)
    err = expect_version(&p, r->rules, r->expect, e);
  if (err)
    return err;
  file_temp_sweep(&p);
  if ((err = file_temp_new(&p, &t, e)))
    return err;
  struct writing w = {.place = &p, .fd = t.fd, .bytes = r->bytes, .content = r->content};
  err = set_owner(&p, t.fd, r->rules, e);
  if (!err)
    err = write_all(&w, e);
  if (!err)
    err = expect_version(&p, r->rules, r->expect, e);
  if (!err)
    err = put_in_place(&p, &t, r->expect && file_version_equal(r->expect, &absent), e);
  if (err)
    (void)unlinkat(p.fd, t.name, 0);
  else
    err = settle(&p, t.fd, ret_version, e);
  close(t.fd);
  return err;
}

enum err file_replace(const char *path, const struct file_rules *rules, const struct secret *bytes,
                      const struct file_version *expect, struct file_version *ret_version,
                      struct error *e) {
  return replace(&(struct replacement){path, rules, bytes, NULL, expect}, ret_version, e);
}

enum err file_replace_with(const char *path, const struct file_rules *rules,
                           const struct file_content *content, struct error *e) {
  return replace(&(struct replacement){path, rules, NULL, content, NULL}, NULL, e);
}
