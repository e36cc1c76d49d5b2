// Inside the file store. file_settings.c makes an item from settings, file.c reads and writes it,
// file_check.c looks at the place, and each format is a pair of functions in a file of its own.
#ifndef BACKENDS_FILE_FILESTORE_H
#define BACKENDS_FILE_FILESTORE_H

#include "backends/store.h"
#include "rotator/base/atomic_file.h"

#define FILESTORE_PATH_MAX 480          // "file:" and the path fit into store_item.place
#define FILESTORE_VARIABLE_MAX 128      // bytes of an environment variable's name
#define FILESTORE_BYTES_MAX (64 * 1024) // of a sink file; a key has at most STORE_SINK_MAX

struct filestore;

// How a record is laid out in a file.
struct filestore_format {
  const char *name;
  // The file's bytes for a record that store_write let pass. ERR_OK, or ERR_INTERNAL when memory is
  // exhausted.
  enum err (*encode)(const struct filestore *fs, const struct store_record *r, struct secret **ret,
                     struct error *e);
  // The record in bytes that are not all white space. ERR_MISSING: ours, without a value.
  // ERR_REFUSED: it holds what the next write would drop. ERR_CORRUPT: neither. *ret is zeroed
  // before, and may be half filled on failure (the caller clears it).
  enum err (*decode)(const struct filestore *fs, const struct secret *bytes,
                     struct store_record *ret, struct error *e);
  // The value that consumers find in bytes that do not decode; NULL: none that is recognised. The
  // pointer itself may be NULL, too.
  struct secret *(*served)(const struct filestore *fs, const struct secret *bytes);
};
extern const struct filestore_format
    filestore_raw; // the value, for consumers that read nothing else
extern const struct filestore_format
    filestore_json; // as `ibmcloud iam service-api-key-create --file` writes
extern const struct filestore_format filestore_env;      // for EnvironmentFile= and sh
extern const struct filestore_format filestore_document; // a home: the bytes as they are

struct filestore {
  struct store_item item; // first: the engine's pointer is ours
  char path[FILESTORE_PATH_MAX + 1];
  char dir[FILESTORE_PATH_MAX + 1]; // the path without its last component
  const struct filestore_format *format;
  char variable[FILESTORE_VARIABLE_MAX + 1]; // env
  bool newline;                              // raw: ends the file with one
  struct file_rules rules;
};

// A zeroed filestore with everything but item.ops set from the settings. Errors as
// store_backend.open.
enum err filestore_configure(struct filestore *fs, enum store_kind kind,
                             const struct store_setting *settings, size_t n, int *ret_line,
                             struct error *e);

// Is the directory there, and can nobody but its owner and group put files into it? *ret_there is
// false for a home whose directory is missing and can be made. ERR_REFUSED, with what is wrong,
// otherwise.
enum err filestore_place(const struct filestore *fs, bool *ret_there, struct error *e);
// Would a write find rights, room and ownership? The content has been looked at before.
enum err filestore_check_place(const struct filestore *fs, struct error *e);

#endif
