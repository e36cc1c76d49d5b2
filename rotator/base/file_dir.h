// Inside of atomic_file.c, file_sweep.c, file_lock.c and credential.c: directories opened without
// following a symbolic link, temporary files, and errno as a decision.
#ifndef ROTATOR_BASE_FILE_DIR_H
#define ROTATOR_BASE_FILE_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "rotator/base/atomic_file.h"

// A path taken apart. `fd` is the open directory.
struct file_place {
  const char *path; // as given, for messages
  char name[NAME_MAX + 1];
  int fd;
};

enum file_open_for {
  FILE_FOR_SEARCH,
  FILE_FOR_CHANGE
}; // search: O_PATH, needs no right to read the directory

// Opens the directory of `path`. Close with file_place_close. ERR_MISSING when it is not there,
// ERR_REFUSED when a component is a symbolic link or no directory.
enum err file_place_open(const char *path, enum file_open_for what, struct file_place *ret,
                         struct error *e);
void file_place_close(struct file_place *p);
#define FILE_PLACE_AUTO __attribute__((cleanup(file_place_close))) struct file_place
// Opens a directory by its whole path; no symbolic link in any component. −1 and errno on failure.
int file_open_dir(const char *path, int flags);

// Does the directory keep the rules (private_dir)?
enum err file_dir_check(const struct file_place *p, const struct file_rules *rules,
                        struct error *e);
// Is it a regular file that may be trusted: owned by root, the caller or rules->owner, and of a
// mode that the rules allow?
enum err file_stat_check(const char *path, const struct stat *st, const struct file_rules *rules,
                         struct error *e);

// The decision for an errno of a call that changed nothing, with "path: doing: reason" as the text.
enum err file_fail(struct error *e, const char *path, const char *doing, int number);

struct file_temp {
  char name[NAME_MAX + 1];
  int fd;
};
// Makes a temporary file for p->name in its directory, 0600, locked (flock) while it is open.
enum err file_temp_new(const struct file_place *p, struct file_temp *ret, struct error *e);
// Does a file of that name look like one of these: for some file, for the file `name`?
bool file_temp_is(const char *file);
bool file_temp_is_of(const char *file, const char *name);
// Removes temporary files for p->name whose writer is gone (file_sweep.c).
void file_temp_sweep(const struct file_place *p);

#endif
