// What stands at a file's place now, as far as it shows without reading it: for whoever knows of
// which version a reading was, and asks whether another one would be of the same.
#ifndef BACKENDS_FILE_FILE_PEEK_H
#define BACKENDS_FILE_FILE_PEEK_H

#include "backends/store.h"
#include "rotator/base/atomic_file.h"

// The version that the file store gave out, in numbers; all zero for an absent file. False: it is
// none of a file.
bool filestore_version_parse(const struct store_version *v, struct file_version *ret);

// A directory that stays open for the files in it: begin with fd −1.
struct filestore_dir {
  char path[512];
  int fd;
  uid_t owner;
};
#define FILESTORE_NO_DIR ((struct filestore_dir){.fd = -1})
void filestore_dir_close(struct filestore_dir *d);

struct file_peek {
  struct file_version version;
  uid_t dir_owner;
};

// Looks at the file. *d is the directory that was looked into last, and becomes this file's. False:
// a symbolic link is in its path, its directory may be written by others than its owner, or there
// is no such file. What the store thinks of owner and mode of the file, and of the directory's
// owner, it said when it read them: they are in *ret.
bool filestore_peek(struct filestore_dir *d, const char *path, struct file_peek *ret);

// Is the directory on a file system of this host alone? Another one's tells what others changed
// when its cache is over.
bool filestore_dir_is_local(const struct filestore_dir *d);

#endif
