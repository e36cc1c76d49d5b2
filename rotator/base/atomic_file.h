// Files that are replaced whole or not at all.
//
// The directory is opened first (O_DIRECTORY, symbolic links refused in every component);
// everything after goes through that descriptor. A write makes a temporary file (O_EXCL, random
// name ".NAME.XXXXXX.tmp", locked while it is written), sets owner and mode, writes, fsyncs,
// renames over the target, fsyncs the directory. Whatever goes wrong, readers see the old file or
// the new one, and our temporary file is gone; that of a killed run is removed by the next write of
// the same file (nobody holds its lock any more). In a directory of many files one process looks
// for such files once in as many writes as there are files, so that a write costs the same there.
#ifndef ROTATOR_BASE_ATOMIC_FILE_H
#define ROTATOR_BASE_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

// Identity of one content of one path: changes whenever the file is replaced or written in place.
struct file_version {
  uint64_t dev, ino, size;
  int64_t mtime_ns, ctime_ns;
};

struct file_rules {
  mode_t mode; // of the file that is written, e.g. 0600
  uid_t owner; // (uid_t)-1: the caller's own
  gid_t group; // (gid_t)-1: the caller's own
  // The directory must not be writable by group or others (sticky bit counts as private), and must
  // belong to somebody who might own the file.
  bool private_dir;
  size_t max_bytes;      // a larger file is refused when read; 0: 1 MiB
  bool any_owner;        // the file may belong to anybody
  mode_t forbidden_mode; // a file with one of these bits is refused
};

// Reads a regular file. ERR_MISSING when it or its directory is not there; ERR_REFUSED for a
// symbolic link, a directory, a device, a file owned by somebody other than root, the caller or
// rules->owner, one that is too large, a mode or a directory that breaks the rules; ERR_DENIED on
// EACCES; ERR_CONFLICT when somebody keeps writing to it; ERR_UNSENT on EIO and the like. The text
// names path and reason. ret_version may be NULL.
enum err file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                   struct file_version *ret_version, struct error *e);
// Replaces (or creates) the file. `expect` may be NULL (no check) or point to the version that must
// still be there; a version of all zero means "must be absent". ERR_CONFLICT if it differs.
// ERR_REFUSED as for file_read and on EROFS; ERR_MISSING when the directory is not there; ERR_LIMIT
// on ENOSPC and EDQUOT; ERR_UNSURE when the rename was done but its durability is not known.
// *ret_version is set on success; ret_version may be NULL.
enum err file_replace(const char *path, const struct file_rules *rules, const struct secret *bytes,
                      const struct file_version *expect, struct file_version *ret_version,
                      struct error *e);
// The same for a content that is made while it is written, and is no secret. `make` is called when
// the place is known to be good; what it returns, if not ERR_OK, ends the replacement with that
// error (in *e, by it). It need not look at the stream's own errors.
struct file_content {
  enum err (*make)(void *ctx, FILE *f, struct error *e);
  void *ctx;
};
enum err file_replace_with(const char *path, const struct file_rules *rules,
                           const struct file_content *content, struct error *e);
// Creates a directory (and missing parents) with the mode; ERR_OK when it is there already.
enum err file_make_dir(const char *path, mode_t mode, struct error *e);

struct stat;
struct file_version file_version_of(const struct stat *st);
bool file_version_equal(const struct file_version *a, const struct file_version *b);

// An flock on a file that is made (0600) when absent and never unlinked. ERR_BUSY when somebody
// else holds it and wait_ms (measured on env) is over. The descriptor is close-on-exec.
struct env;
enum err file_lock(const char *path, struct env *env, int64_t wait_ms, int *ret_fd,
                   struct error *e);
void file_unlock(int fd); // negative: nothing

#endif
