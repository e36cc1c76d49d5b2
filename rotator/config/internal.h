// What the parts of the loader share. Private to this folder and its tests.
//
// load.c leads: it reads the main file (file.c, yaml.c), then walks it, then does the same with
// each file of targets.d. A mapping is first *collected* (walk.c): each of its names is looked up
// in the table of options (options.c), whatever is unknown, written twice or in the wrong place is
// told, and the value's node is noted in the option's slot. Then each slot is *applied*: its text
// is checked and kept by the row of its type (value.c), at the option's offset of the struct. A
// target (target.c) begins as a copy of `base`, which holds the table's defaults and then those of
// the file, and ends with what concerns several settings (instance.c, policy.c) and with its stores
// (stores.c, settings.c). What concerns several targets comes last (claims.c).
//
// Mistakes (mistakes.c) never stop the reading. `scope` says what a mistake breaks at the moment.
#ifndef ROTATOR_CONFIG_INTERNAL_H
#define ROTATOR_CONFIG_INTERNAL_H

#include <stdio.h>
#include <yaml.h>

#include "rotator/base/choices.h"
#include "rotator/config/config.h"

// --- options.c: the one table of options. Whatever is read, checked, defaulted, suggested or
// documented comes from it; the stores' own tables (struct store_option) join it where a store may
// stand.

enum config_type {  // value.c has a row for each
  CONFIG_SECTION,   // a mapping whose members are options of their own: "proof" and "proof.count"
  CONFIG_VERSION,   // the number 1
  CONFIG_TEXT,      // any text without control characters; limits are lengths
  CONFIG_LABEL,     // printable ASCII without quotes and backslash
  CONFIG_NAME,      // [a-z0-9][a-z0-9._-]*
  CONFIG_TOKEN,     // letters, digits, ".", "_", "-"
  CONFIG_PATH,      // absolute
  CONFIG_MODE,      // "0600", quoted
  CONFIG_BOOL,      // bool
  CONFIG_INT,       // int64_t
  CONFIG_COUNT,     // unsigned
  CONFIG_DURATION,  // int64_t, seconds
  CONFIG_CHOICE,    // an enum whose values are the places in `choices`
  CONFIG_WORD,      // one of `choices`, kept as text
  CONFIG_SEVERITY,  // int, 1 … 6 or a name
  CONFIG_WINDOW,    // struct policy_window
  CONFIG_INSTANCE,  // the CRN of an instance
  CONFIG_IDENTITY,  // name or id of a service ID
  CONFIG_PROFILE,   // id of a trusted profile
  CONFIG_CRN,       // its CRN
  CONFIG_ACCOUNT,   // id of an account
  CONFIG_METADATA,  // one of `choices` or a URL, as text
  CONFIG_USER,      // IAM id of a user, or "me"
  CONFIG_ENDPOINT,  // one of `choices` or a URL, as text
  CONFIG_ENDPOINTS, // the same for IAM and ingestion at once, or a section with one for each
  CONFIG_WORDS,     // list of texts
  CONFIG_COMMAND,   // list of arguments, the first an absolute path
  CONFIG_HOME,      // {STORE: {…}}
  CONFIG_SINKS,     // list of {name: …, STORE: {…}}
  CONFIG_TARGETS,   // list of targets
  CONFIG_TYPES,     // how many there are
};

enum config_where {
  CONFIG_MAIN = 1,     // top of the main file → struct config
  CONFIG_EXTRA = 2,    // top of a file of targets.d
  CONFIG_DEFAULTS = 4, // `defaults` → struct config_target
  CONFIG_TARGET = 8,   // a target → struct config_target
};

#define CONFIG_NAME_MAX 64     // of a dotted name, with its NUL
#define CONFIG_OPTIONS_MAX 128 // more options than the table has

struct config_option {
  const char *name; // members of a section: "proof.count"
  enum config_type type;
  unsigned where; // of enum config_where
  bool required;
  int64_t least,
      most; // limits of numbers, seconds, lengths and of the entries of lists; 0, 0: none
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
// The type by which a store's option is checked and documented.
enum config_type config_store_type(enum store_option_type t);
// A credential is named by the file, or by the systemd credential, that holds it, and that may be
// written in two ways: "secret_id.file" and "secret_id_file". Gives the other way; false: `name` is
// no such option, or does not fit.
bool config_other_spelling(const char *name, char dst[CONFIG_NAME_MAX]);
// Does the name look as if somebody tried to write down a secret?
bool config_sounds_secret(const char *name);
// Is that option a section that tells how a token is got ("management")?
bool config_credential_is(const struct config_option *o);
// A store that a configuration may name: the one for tests keeps nothing, and is none.
bool config_store_is_offered(const struct store_backend *b);

// --- the loader

enum config_scope { CONFIG_SCOPE_ALL, CONFIG_SCOPE_FILE, CONFIG_SCOPE_TARGET };

struct config_arena { // memory that is given back all at once
  struct config_block *newest;
};

struct config_loader {
  struct config *config;
  struct config_arena *arena;  // lives as long as the configuration
  struct config_arena scratch; // until the end of loading
  const struct store_backend *const *backends;
  int64_t now_s;

  struct config_report report;
  size_t report_cap;
  bool fatal, out_of_memory;
  size_t n_wrong; // mistakes that are not warnings, those left out included

  const char *file;
  char changers[200]; // who may change this file so that it must not name a program; "": nobody
  bool file_broken;
  enum config_scope scope;
  struct config_target *target;
  yaml_document_t *document;
  struct {
    const char *bytes; // of a file that is read target by target; NULL: it is not
    size_t len;
  } large;

  struct config_target base;            // what `defaults` says
  bool base_given[CONFIG_OPTIONS_MAX];  // which options it gives
  struct config_shared *shared;         // of stores: what the top of the main file says
  struct config_window_cached *windows; // those that were read
  char *last_iam_url;

  size_t targets_cap;
  struct config_claim *claims;
  size_t n_claims, claims_cap;
};

// load.c: one main file from memory, without targets.d. For tests and fuzzing.
enum err config_load_bytes(const char *name, const char *bytes, size_t len, int64_t now_s,
                           const struct store_backend *const *backends, struct config **ret,
                           struct config_report *ret_report);

// memory.c: zeroed memory that lives as long as the configuration, or until the end of loading.
// NULL sets out_of_memory.
void *config_alloc(struct config_loader *l, size_t size);
char *config_keep(struct config_loader *l, const char *text);
void *config_scratch(struct config_loader *l, size_t size);
char *config_scratch_text(struct config_loader *l, const char *text);
void config_arena_free(struct config_arena *a);

// mistakes.c: adds a mistake of the present scope at a mark (NULL: the file as a whole).
// `nearest` may be NULL or "".
void config_wrong(struct config_loader *l, const yaml_mark_t *at, const char *nearest,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void config_warn(struct config_loader *l, const yaml_mark_t *at, const char *nearest,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void config_report_sort(struct config_report *r, const char *main_file);

// file.c: the whole file, malloc'd; false (and a mistake) if it cannot be used. Sets
// l->open_to_all.
bool config_file_read(struct config_loader *l, const char *path, char **ret, size_t *ret_len);
// The *.yaml of a directory by name, as full paths in scratch; no directory is an empty one.
bool config_dir_list(struct config_loader *l, const char *dir, char ***ret, size_t *ret_n);

// yaml.c: can the bytes be looked at as YAML at all? Moves behind a mark that some editors put in
// front. False after a mistake.
bool config_yaml_begin(struct config_loader *l, const char **bytes, size_t *len);
// yaml.c: one checked document: no cycles, not deep, no tags, no zero bytes in texts. False
// after a mistake, or when it is empty (a mistake too). yaml_document_delete when done.
bool config_yaml_load(struct config_loader *l, const char *bytes, size_t len, yaml_document_t *ret);
// Inside of yaml.c and large.c: is the document, whose root lies at `depth`, safe to walk? What is
// wrong with the bytes, in the parser's words or in ours.
bool config_yaml_survey(struct config_loader *l, yaml_document_t *document, int depth);
void config_yaml_tell(struct config_loader *l, const yaml_parser_t *p);

// large.c: as config_yaml_load, of l->large, without the entries of `targets`; then these, one
// after the other, until `read` returns false. The node is good until then.
bool config_large_load(struct config_loader *l, yaml_document_t *ret);
void config_large_targets(struct config_loader *l,
                          bool (*read)(struct config_loader *l, yaml_node_t *node));

yaml_node_t *config_node(struct config_loader *l, int id);
const char *config_scalar(const yaml_node_t *node); // NULL: not a scalar
bool config_is_null(const yaml_node_t *node);       // nothing, ~, null
// "\"x\"", "a list", "a text of 44 characters": what may be repeated of a value that could be a
// secret in the wrong place.
#define CONFIG_SHOWN_MAX 64
const char *config_show(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *node);
const char *config_show_text(char dst[CONFIG_SHOWN_MAX], const char *text);

// value.c: a value that is checked, and what the check makes of it.
struct config_value {
  struct config_loader *loader;
  int64_t least, most; // as of struct config_option
  const char *choices;
  const char *text;
  int64_t number; // of bools (0, 1), numbers, durations, severities; of choices: the place
  struct policy_window window;
  char nearest[NEAREST_MAX]; // after a mistake: the nearest right text, or ""
  struct error e;            // what was expected
};
struct config_type_row {
  enum err (*check)(struct config_value *v); // NULL: not a single value
  void (*keep)(const struct config_value *v, void *at);
  const char *schema; // JSON Schema but for limits; beside `choices`, or NULL for them alone
  const char *manual; // mdoc of rotator.yaml(5); beside `choices`, or NULL for them alone
};
extern const struct config_type_row config_types[CONFIG_TYPES];
// Checks v->text by its type, which is a single value's. ERR_INVALID: v->e and v->nearest are set.
enum err config_value_check(enum config_type type, struct config_value *v);
// Takes the text from a node, and tells what is wrong with it. `label`: the option's name.
bool config_value_read(enum config_type type, const char *label, yaml_node_t *node,
                       struct config_value *v);

// walk.c: the values of one mapping, by the place of their option in config_options.
struct config_slots {
  yaml_node_t *key[CONFIG_OPTIONS_MAX], *value[CONFIG_OPTIONS_MAX];
};
// Looks up the names of a mapping that stands in one of the places; stores of the main file go to
// config_shared_read.
void config_collect(struct config_loader *l, yaml_node_t *mapping, unsigned where,
                    struct config_slots *s);
// Checks the values of the slots, writes them to `base`, and tells what is required and missing.
void config_apply(struct config_loader *l, const struct config_slots *s, unsigned where,
                  const yaml_mark_t *at, void *base);
// Writes the table's defaults to base.
void config_apply_defaults(struct config_loader *l, unsigned where, void *base);
// The value of an option, and where its name stands; NULL: not given.
yaml_node_t *config_slot(const struct config_slots *s, const char *name);
const yaml_mark_t *config_slot_mark(const struct config_slots *s, const char *name);

// instance.c
struct config_crn {
  char account[40], region[40], guid[40];
};
enum err config_crn_read(const char *crn, struct config_crn *ret, char nearest[NEAREST_MAX],
                         struct error *e);
// An endpoint as a word or a URL, in which {guid} and {region} may stand.
enum err config_endpoint_check(struct config_value *v);
// Turns t->iam_url, t->ingress_url and t->api_url from words and patterns into URLs; without an
// instance, the first alone.
void config_endpoints_resolve(struct config_loader *l, struct config_target *t,
                              const yaml_mark_t *at);

// profile.c: the types of the same names.
enum err config_profile_id_check(struct config_value *v);
enum err config_profile_crn_check(struct config_value *v);
enum err config_account_check(struct config_value *v);
enum err config_metadata_check(struct config_value *v);

// policy.c: settles the defaults that depend on other settings and compares settings with
// each other. `s`: what is given at this place, the rest is the base's (NULL slots of the base
// itself are told by base_given).
void config_policy_settle(struct config_loader *l, struct config_target *t,
                          const struct config_slots *s);

// arrival.c: reads proof.arrival.identity, and checks it with the rest of the target. After the
// endpoints and the sinks.
void config_arrival_read(struct config_loader *l, struct config_target *t,
                         const struct config_slots *s);

// target.c
void config_targets_read(struct config_loader *l, yaml_node_t *list);

// settings.c: what the main file says of a store at its top; the store of a home or sink; that of
// a key in Vault, after what is common to the store was read.
const struct store_backend *config_backend_find(const struct config_loader *l, const char *name);
void config_shared_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                        yaml_node_t *value);
void config_store_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                       yaml_node_t *value, enum store_kind kind, struct config_store *ret);
void config_vault_key_read(struct config_loader *l, struct config_credential *c,
                           const yaml_mark_t *at);
// The place of a key that is read so as a sink; false: a credential of systemd is none.
bool config_key_sink(struct config_loader *l, const struct config_credential *c,
                     const yaml_mark_t *at, struct config_store *ret);

// stores.c: homes and sinks.
void config_home_read(struct config_loader *l, yaml_node_t *node, struct config_store *ret);
void config_sinks_read(struct config_loader *l, yaml_node_t *list, struct config_target *t);

// credential.c: what the members of a section say together that tells how a token is got
// ("management"), after config_apply has written each of them to *c. Without that section *c is
// left as it is; with it, what *c had from elsewhere (`defaults`) is dropped.
void config_credential_read(struct config_loader *l, const struct config_slots *s,
                            const char *section, struct config_credential *c);

// ids.c: could it be the name or id of a service ID? Is it "me", or the IAM id of a user? Set v->e
// and v->nearest if not.
enum err config_service_id_check(struct config_value *v);
enum err config_user_check(struct config_value *v);

// identity.c: whose key it is. One identity, and no user's key for an agent, unless accepted. `at`:
// where the target begins; after its sinks and instance were read.
void config_identity_settle(struct config_loader *l, struct config_target *t,
                            const struct config_slots *s, const yaml_mark_t *at);

// own.c: the rotator's own key (own_key), which has an account in place of an instance, and a sink
// of its own; of other targets, that instance and sinks are there. The first before instance and
// sinks are read, the second after them.
void config_own_read(struct config_loader *l, struct config_target *t, const struct config_slots *s,
                     const yaml_mark_t *at);
void config_own_settle(struct config_loader *l, struct config_target *t,
                       const struct config_slots *s, const yaml_mark_t *at);

// claims.c: what may belong to one target only.
void config_claim(struct config_loader *l, const yaml_mark_t *at, const char *kind, const char *key,
                  const char *what);
void config_claims_check(struct config_loader *l);

#endif
