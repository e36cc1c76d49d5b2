// Stores that are programs: an item is read and written by running a program that speaks the helper
// protocol (rotator-store-helper(5)). The stores `helper` and `libsecret` differ in the program
// that they name and in what they tell it; everything else is here.
//
// Class C: there is no compare-and-set, so each write is read back by a second run of the program,
// and a write that cannot be confirmed is ERR_UNSURE. The time limit is the store's W: at the limit
// the program's process group is killed, and the kernel kills the program when the run that started
// it is gone.
#ifndef BACKENDS_PROGRAM_H
#define BACKENDS_PROGRAM_H

#include "backends/store.h"

#define PROGRAM_OPTIONS_MAX 4
#define PROGRAM_ITEM_MAX 128  // bytes of an item's name
#define PROGRAM_PATH_MAX 320  // so that path and item fit into store_item.place
#define PROGRAM_VALUE_MAX 128 // bytes of a further option

#define PROGRAM_TIMEOUT "20s"
#define PROGRAM_TIMEOUT_HELP                                                                       \
  "How long one run of the program may take, 1s to 5m; then it is killed, and a write counts as "  \
  "unsure."

// A member that goes into every request beside item and kind.
struct program_option {
  const char *name, *value;
};

struct program_spec {
  const char *store;                    // its name, for messages
  const char *path;                     // of the program, absolute
  const char *item;                     // name of the item
  const char *place;                    // store_item.place
  int64_t limit_ms;                     // of one run
  const struct program_option *options; // at most PROGRAM_OPTIONS_MAX
  size_t n_options;
};

// Is it a name that every program can use in its own names: letters, digits and ._@:+=/-, a letter
// or digit first, no ".." between slashes? ERR_INVALID, with what is wrong, otherwise.
enum err program_check_name(const char *what, const char *name, struct error *e);
// Duration text of the setting (NULL: PROGRAM_TIMEOUT) in ms. ERR_INVALID outside 1s to 5m.
enum err program_parse_timeout(const char *text, int64_t *ret_ms, struct error *e);

// Makes the item; nothing is run. ERR_OK or ERR_INTERNAL.
enum err program_open(const struct store_context *ctx, enum store_kind kind,
                      const struct program_spec *spec, struct store_item **ret, struct error *e);

#endif
