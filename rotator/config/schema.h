// The one table of options. Whatever is read, checked, defaulted, suggested or documented comes
// from it; the stores' own tables (struct store_option) join it where a store may stand.
#ifndef ROTATOR_CONFIG_SCHEMA_H
#define ROTATOR_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/store.h"

enum config_type {
  CONFIG_SECTION,  // a mapping whose members are options of their own: "proof" and "proof.count"
  CONFIG_VERSION,  // the number 1
  CONFIG_TEXT,     // any text without control characters; bounds are lengths
  CONFIG_LABEL,    // printable ASCII without quotes and backslash
  CONFIG_NAME,     // [a-z0-9][a-z0-9._-]*
  CONFIG_TOKEN,    // letters, digits, ".", "_", "-"
  CONFIG_PATH,     // absolute
  CONFIG_MODE,     // "0600", quoted
  CONFIG_BOOL,     // bool
  CONFIG_INT,      // int64_t
  CONFIG_COUNT,    // unsigned
  CONFIG_DURATION, // int64_t, seconds
  CONFIG_CHOICE,   // an enum whose values are the places in `choices`
  CONFIG_WORD,     // one of `choices`, kept as text
  CONFIG_SEVERITY, // int, 1 … 6 or a name
  CONFIG_WINDOW,   // struct policy_window
  CONFIG_INSTANCE, // the CRN of an instance
  CONFIG_IDENTITY, // name or id of a service ID
  CONFIG_ENDPOINT, // one of `choices` or a URL, as text; may be a section too
  CONFIG_WORDS,    // list of texts
  CONFIG_COMMAND,  // list of arguments, the first an absolute path
  CONFIG_HOME,     // {STORE: {…}}
  CONFIG_SINKS,    // list of {name: …, STORE: {…}}
  CONFIG_TARGETS,  // list of targets
};

enum config_where {
  CONFIG_MAIN = 1,     // top of the main file → struct config
  CONFIG_EXTRA = 2,    // top of a file of targets.d
  CONFIG_DEFAULTS = 4, // `defaults` → struct config_target
  CONFIG_TARGET = 8,   // a target → struct config_target
};

#define CONFIG_NAME_MAX 64    // of a dotted name, with its NUL
#define CONFIG_OPTIONS_MAX 64 // more options than the table has

struct config_option {
  const char *name; // members of a section: "proof.count"
  enum config_type type;
  unsigned where; // of enum config_where
  bool required;
  int64_t least,
      most; // bounds of numbers, seconds, lengths and of the entries of lists; 0, 0: none
  const char *choices;  // "a|b|c"
  const char *fallback; // the default, read like a written value; NULL: none
  const char *shown;    // for people, in place of fallback, where the default depends on something
  size_t offset;        // of the value in its struct
  const char *help;     // one sentence
};

extern const struct config_option config_options[];
extern const size_t config_options_n;

// The option of that dotted name in one of the places, or NULL.
const struct config_option *config_option_find(const char *name, unsigned where);
// The first option anywhere whose last part is `leaf`, or NULL.
const struct config_option *config_option_find_leaf(const char *leaf);
// Has it members?
bool config_option_has_members(const struct config_option *o);
const char *config_option_leaf(const struct config_option *o); // "count" of "proof.count"
// Does the name look as if somebody tried to write down a secret?
bool config_sounds_secret(const char *name);
// Where an option may stand, for people.
const char *config_where_text(unsigned where);

const struct store_option *config_store_option_find(const struct store_backend *b,
                                                    const char *name);
// Does any option of the store begin with "prefix."?
bool config_store_has_members(const struct store_backend *b, const char *prefix);
// A store that a configuration may name: the one for tests keeps nothing, and is none.
bool config_store_is_offered(const struct store_backend *b);
enum config_type config_store_type(enum store_option_type t);

// Keeps the nearest of several right names. Start with CONFIG_NEAREST(written); best stays NULL
// when none is near.
struct config_nearest {
  const char *written, *best;
  unsigned distance;
};
struct config_nearest config_nearest_start(const char *written);
void config_nearest_try(struct config_nearest *n, const char *name);

#endif
