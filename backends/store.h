// What a secret store is. This header is all that a new store must read: implement `struct
// store_ops` in a folder of its own, add a line to registry.c, and run the contract suite
// (tests/contract/stores) on it.
//
// A store keeps items. An item is one of two kinds. STORE_HOME holds the rotator's private state of
// one target: an opaque document of up to 256 KiB, written whole. STORE_SINK is where consumers
// read the key: the store puts the record's value where the configuration says (a file, a field of
// a Vault secret, …), and with it, in the same write, the stamp.
//
// Classes. A: writes are compare-and-set on a version of the store's own that never repeats for an
// item; many hosts may use it at once. B: a local file; versions tell contents apart, the caller
// holds a lock. C: no compare-and-set at all; the caller holds a lock, and `expect` is not looked
// at.
//
// Threads: one item object is used by one thread at a time; different items at once. No call may
// block longer than `longest_ms` plus its own timeouts, and none may log or print.
#ifndef BACKENDS_STORE_H
#define BACKENDS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/credential.h"
#include "rotator/base/env.h"
#include "rotator/base/error.h"
#include "rotator/base/secret.h"

#define STORE_VERSION_MAX 160
#define STORE_HOME_MAX (256 * 1024) // bytes of a home document
#define STORE_SINK_MAX (8 * 1024)   // bytes of a key; IAM's own are 44

enum store_kind { STORE_HOME, STORE_SINK };
enum store_class { STORE_CLASS_A, STORE_CLASS_B, STORE_CLASS_C };

// One reading or writing of an item. `value` is owned by the record.
struct store_record {
  struct secret *value; // sink: the key (see store_value_check); home: the document. Never empty
  uint64_t stamp;       // sink of class A: the epoch it was written in; 0: none
  char key_id[64];      // sink: id of the key, where the format has a place for it; "" otherwise
  char key_name[256];   // sink: name of the key, likewise
  int64_t created_s;    // sink: when the key was made, likewise (to the minute); 0: not known
};
void store_record_clear(struct store_record *r); // wipes and zeroes; NULL allowed
// Copies every field and the value. ERR_OK, or ERR_INTERNAL when memory is exhausted (*ret is
// untouched then).
enum err store_record_copy(struct store_record *ret, const struct store_record *r);

// Is `value` a key that every store can hold and every consumer reads the same? 1 to STORE_SINK_MAX
// bytes of printable ASCII without space, quotes and backslash. If not: `kind`, and a text that
// says what is wrong and at which byte, never the byte. store_write refuses others (ERR_REFUSED); a
// store calls it on what it read (ERR_CORRUPT).
enum err store_value_check(const struct secret *value, enum err kind, struct error *e);

// The version of an item's present content. Opaque; compare with strcmp. "" stands for "absent".
// Class B, C: what changes without the content being written (a hard link made, mode and owner set,
// the disk under another device number) goes behind the last '+' of the text.
struct store_version {
  char text[STORE_VERSION_MAX];
};
// How much of the text tells one writing of the content from another: up to the '+', or all.
size_t store_version_write_len(const struct store_version *v);
// Was the content of a class B or C item left alone between two versions? Never of "absent".
bool store_version_same_write(const struct store_version *a, const struct store_version *b);

struct store_item;

struct store_ops {
  // Reads value and version together, from the authoritative place, never from a cache of the
  // caller's. Absent item (or one whose value is empty): ERR_MISSING, and *ret_version is "", or,
  // where the item exists without our value (a Vault secret with other fields, a Secret without the
  // key), the version to expect in the write that adds it. ERR_REFUSED: it is there and must not be
  // used (symbolic link, foreign owner, foreign lines, immutable, wrong type), or the place that
  // would hold it is not there (no such directory, mount, namespace), which is no evidence of
  // absence. ERR_CORRUPT: it does not decode. ERR_UNSENT, ERR_UNSURE, ERR_THROTTLED, ERR_LOCKED
  // (sealed): no answer now. ERR_DENIED: rights are missing. *ret is written on ERR_OK only (and
  // not freed before), *ret_version on ERR_OK, ERR_MISSING and, for the repair that overwrites it,
  // ERR_CORRUPT ("" there where the store cannot tell).
  enum err (*read)(struct store_item *it, struct store_record *ret,
                   struct store_version *ret_version, struct error *e);
  // What the consumers of a sink read there all the same, though `read` refused it or it did not
  // decode: the key beside other people's lines. ERR_MISSING: nothing that is recognised. It is
  // there to be judged, never to be written, kept or adopted. *ret is written on ERR_OK only. NULL:
  // the store's consumers read nothing that `read` does not.
  enum err (*read_served)(struct store_item *it, struct secret **ret, struct error *e);
  // Writes the whole record if the item's version still is `expect` (class A, B; "" means "must be
  // absent"). Foreign fields of a shared item are kept. ERR_CONFLICT: it was not; nothing was
  // written. ERR_UNSURE: the write may have happened, may happen still, or not: the caller reads
  // again. ERR_UNSENT: certainly not written. ERR_LIMIT: full. ERR_REFUSED, ERR_DENIED: a definite
  // no. On success *ret_version is the version of what was written, never "".
  enum err (*write)(struct store_item *it, const struct store_record *r,
                    const struct store_version *expect, struct store_version *ret_version,
                    struct error *e);
  // Destroys versions of the item older than the present one that may still hold retired keys;
  // ERR_OK also where the store keeps none. May be repeated. NULL: the store keeps none, or cannot
  // destroy them.
  enum err (*destroy_old)(struct store_item *it, struct error *e);
  // Preflight without changing any item: rights, reachability, sealed, read-only, formats. (Where
  // it shows only by trying, a trial item of the store's own is made and removed.) ERR_OK,
  // or the error that a write would meet; e->text says what is missing and, where it can be known,
  // the line that grants it. An absent item is fine. With ERR_OK, *e of kind ERR_OK and with a text
  // says what is not as it should be though a write would succeed (and mend it).
  enum err (*check)(struct store_item *it, struct error *e);
  // Frees the item. Never fails.
  void (*free)(struct store_item *it);
};

struct store_item {
  const struct store_ops *ops;
  enum store_kind kind;
  enum store_class class;
  int64_t longest_ms; // W: how long an unanswered write may still take effect (local file: 0)
  bool stale_reads;   // a read may be older than the newest acknowledged write
  char what[256];     // for people: "file /etc/rotator/keys/prod.env", "vault secret/logs/edge"
  char place[512];    // identity of store and path, to compare configurations: "file:/etc/x.env"
  // Of a sink: the variable, key or field by which consumers find the value there, "IAM_API_KEY";
  // "" where it stands alone.
  char label[256];
};

// The checked entrances: they refuse calls that break the contract above (ERR_INTERNAL; a value
// that no store may hold is ERR_REFUSED), make sure that *ret is untouched on failure, and put
// it->what before an error's text, which is then never empty. `e` may be NULL here; a store is
// always given one. The engine calls these only.
enum err store_read(struct store_item *it, struct store_record *ret,
                    struct store_version *ret_version, struct error *e);
enum err store_read_served(struct store_item *it, struct secret **ret, struct error *e);
enum err store_write(struct store_item *it, const struct store_record *r,
                     const struct store_version *expect, struct store_version *ret_version,
                     struct error *e);
enum err store_destroy_old(struct store_item *it, struct error *e);
enum err store_check(struct store_item *it,
                     struct error *e);                     // *e.text may say something with ERR_OK
struct store_item *store_item_free(struct store_item *it); // NULL allowed; always NULL

// Settings of an item as the configuration gives them: flat names and texts, already checked
// against the store's option table for presence and type ("path" "/etc/x.env", "format" "env").
// Strings live as long as the configuration.
struct store_setting {
  const char *name, *value;
  int line; // of the configuration file, for errors
};

enum store_option_type {
  STORE_OPT_TEXT,
  STORE_OPT_PATH,     // absolute
  STORE_OPT_MODE,     // "0600", a string
  STORE_OPT_BOOL,     // "true", "false"
  STORE_OPT_CHOICE,   // one of `choices`
  STORE_OPT_DURATION, // "30s"
  STORE_OPT_INT,
};
struct store_option {
  const char *name;
  enum store_option_type type;
  bool required;
  const char *choices;  // "raw|json|env" for STORE_OPT_CHOICE
  const char *fallback; // shown in the manual; NULL: none
  const char *help;     // one sentence for manual and JSON Schema
};

// Tokens of IBM Cloud IAM, for stores that are services of IBM Cloud: how a token is got is not
// theirs. Several threads may ask at once.
struct store_tokens {
  // A token to send as "Authorization: Bearer". `key`: the file of an API key whose token is meant,
  // read anew for each exchange; NULL: the rotator's own identity. `refused`: a token given before
  // that the service did not take; another is got. *ret on ERR_OK only. Errors are those of the
  // exchange, none of them an answer about the item: ERR_DENIED, ERR_INVALID, ERR_UNSENT …
  enum err (*get)(const struct store_tokens *t, const struct credential_file *key,
                  const struct secret *refused, struct secret **ret, struct error *e);
};

// What a store needs of its surroundings.
struct store_context {
  struct env *env;
  const struct store_tokens *tokens; // NULL: an item may be opened, and not used, without them
};

// One kind of store. `open` makes an item object from settings without contacting anything;
// ERR_INVALID with *ret_line set to the setting's line (0: of no single one) when two settings do
// not go together. *ret_line is not looked at otherwise.
struct store_backend {
  const char *name;                   // the word in the configuration: "file"
  const struct store_option *options; // ends with a NULL name
  enum err (*open)(const struct store_context *ctx, enum store_kind kind,
                   const struct store_setting *settings, size_t n, struct store_item **ret,
                   int *ret_line, struct error *e);
  // Called once at the end of the program, when all items are freed and no other thread is left:
  // gives back what the store holds for all of them (a token that a login gave). NULL: nothing.
  void (*finish)(void);
};

// All stores that were built in, by name, ends with NULL (registry.c). Each is a `const struct
// store_backend store_backend_NAME` in backends/NAME.
extern const struct store_backend *const store_backends[];
const struct store_backend *store_backend_find(const char *name); // NULL: unknown
// The setting of that name, for its value and line; NULL: not given.
const struct store_setting *store_setting_find(const struct store_setting *settings, size_t n,
                                               const char *name);
// Its value, or NULL.
const char *store_setting_get(const struct store_setting *settings, size_t n, const char *name);

#endif
