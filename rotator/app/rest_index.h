// The index of rest as bytes: what `run` keeps of targets at rest in <state_dir>/rest.index, so
// that the next one need not read what nobody has changed. What is in it, and when it is believed,
// is rest.h's.
//
// A head, one record a target, and a digest of all before it. Numbers are as this machine has them:
// the file never leaves it, and a head of another one is foreign. Never a value of a key.
#ifndef ROTATOR_APP_REST_INDEX_H
#define ROTATOR_APP_REST_INDEX_H

#include "rotator/base/atomic_file.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/state.h"
#include "rotator/engine/tag.h"

#define REST_INDEX_MAX (64 * 1024 * 1024)
#define REST_FILES_MAX (1 + STATE_SINKS_MAX)

struct rest_file {
  struct file_version version;
  uint64_t dir_owner; // who owns its directory
};

// For metrics_file (metrics.h): what they say of a target, which does not change while it rests.
struct rest_figures {
  int64_t working, since_s, due_s, phase_since_s, proven_s;
};

struct rest_entry {
  uint32_t target;                      // its number in the configuration
  uint32_t n_files;                     // its state, then its sinks in their order
  int64_t from_s, until_s;              // our clock: it rests from … to before …
  unsigned char run[TEXT_SHA256_BYTES]; // of the bytes of its .run file (last_run.h)
  struct rest_figures figures;
  char binding[TAG_BINDING_MAX + 7]; // (a multiple of 8)
};

// What was read. Zeroed: nothing.
struct rest_index {
  struct secret *bytes; // it holds none: that is what file_read gives
  size_t *at;           // of each target of the configuration: where its record begins; 0: none
  size_t n_targets, n;
};

// Takes `bytes`, in any case. `about`: what all of it depends on; an index of something else is
// refused. False: it is not used, and *ret_why says why; *ret is empty then.
bool rest_index_decode(struct secret *bytes, const unsigned char about[TEXT_SHA256_BYTES],
                       size_t n_targets, struct rest_index *ret, const char **ret_why);
void rest_index_clear(struct rest_index *x);

// False: there is none of that target.
bool rest_index_find(const struct rest_index *x, size_t target, struct rest_entry *ret,
                     struct rest_file ret_files[REST_FILES_MAX]);

// Adds a record to those that are to be written. What does not fit sets b->failed.
void rest_index_add(struct text_buf *b, const struct rest_entry *e, const struct rest_file *files);
// All of an index: `records`, and of `before` those of the targets that are not `replaced` (one
// bool a target). NULL without memory.
struct secret *rest_index_encode(const unsigned char about[TEXT_SHA256_BYTES],
                                 const struct text_buf *records, const struct rest_index *before,
                                 const bool *replaced);

#endif
