// What the parts of the loader share. Private to this folder and their tests.
//
// load.c drives: it reads the main file (yaml.c), then walks it (main.c), then does
// the same with each file of targets.d. A mapping is first *collected*: each of its names is looked
// up in the table of options, whatever is unknown, written twice or in the wrong place is told, and
// the value's node is noted in the option's slot. Then each slot is *applied*: its text is checked
// by type (value.c) and put into the struct at the option's offset. A target begins as a
// copy of `base`, which holds the table's defaults and then those of the file, and ends with what
// concerns several settings (target.c, policy.c, stores.c). What concerns
// several targets comes last (claims.c).
//
// Mistakes never stop the reading. `scope` says what a mistake breaks at the moment.
#ifndef ROTATOR_CONFIG_INTERNAL_H
#define ROTATOR_CONFIG_INTERNAL_H

#include <stdio.h>
#include <yaml.h>

#include "rotator/config/arena.h"
#include "rotator/config/config.h"
#include "rotator/config/schema.h"

enum config_scope { CONFIG_SCOPE_ALL, CONFIG_SCOPE_FILE, CONFIG_SCOPE_TARGET };

// Settings of one store that the main file gives for all its homes and sinks.
struct config_shared {
  struct store_setting *settings;
  size_t n;
  int line; // 0: none
};

// A name, identity or place that belongs to one target only.
struct config_claim {
  const char *key;  // begins with its kind: "name ", "identity ", "place "
  const char *what; // for people
  const char *file;
  yaml_mark_t mark;
  size_t target; // by its place in the list of targets
  size_t turn;   // when it was claimed
};

struct config_window_cached {
  struct config_window_cached *next;
  const char *text;
  struct policy_window window;
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
  bool open_to_all; // anybody may write this file
  bool file_broken;
  enum config_scope scope;
  struct config_target *target;
  yaml_document_t *document;

  struct config_target base;
  yaml_mark_t base_at[CONFIG_OPTIONS_MAX]; // where `defaults` gives an option
  bool base_given[CONFIG_OPTIONS_MAX];
  struct config_shared *shared; // as many as backends
  struct config_window_cached *windows;
  char *last_iam_url;

  size_t targets_cap;
  struct config_claim *claims;
  size_t n_claims, claims_cap;
};

// The values of one mapping, by the place of their option in config_options.
struct config_slots {
  yaml_node_t *key[CONFIG_OPTIONS_MAX], *value[CONFIG_OPTIONS_MAX];
};

// config.c. `backends` stands in for store_backends in tests. The second reads one main file from
// memory, without targets.d.
enum err config_load_with(const char *path, int64_t now_s,
                          const struct store_backend *const *backends, struct config **ret,
                          struct config_report *ret_report);
enum err config_load_bytes(const char *name, const char *bytes, size_t len, int64_t now_s,
                           const struct store_backend *const *backends, struct config **ret,
                           struct config_report *ret_report);

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

// survey.c: may the parser see these bytes, is the document one that a walk leaves again?
// False after a mistake.
bool config_guard(struct config_loader *l, const char *bytes, size_t len);
bool config_survey(struct config_loader *l, yaml_document_t *document);
yaml_mark_t config_mark_of(const char *bytes, size_t offset);

// yaml.c: one checked document: no cycles, not deep, no tags, no zero bytes in texts. False
// after a mistake, or when it is empty (a mistake too). yaml_document_delete when done.
bool config_yaml_load(struct config_loader *l, const char *bytes, size_t len, yaml_document_t *ret);
yaml_node_t *config_node(struct config_loader *l, int id);
const char *config_scalar(const yaml_node_t *node); // NULL: not a scalar
bool config_is_null(const yaml_node_t *node);       // nothing, ~, null
// "\"x\"", "a list", "a text of 44 characters": what may be repeated of a value that could be a
// secret in the wrong place.
#define CONFIG_SHOWN_MAX 64
const char *config_show(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *node);
const char *config_show_name(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *key); // unquoted
const char *config_show_text(char dst[CONFIG_SHOWN_MAX], const char *text);

// walk.c: looks up the names of a mapping that stands in one of the places; stores of the
// main file go to config_shared_read.
void config_collect(struct config_loader *l, yaml_node_t *mapping, unsigned where,
                    struct config_slots *s);
// Checks the values of the slots, writes them to `base`, and tells what is required and missing.
void config_apply(struct config_loader *l, const struct config_slots *s, unsigned where,
                  const yaml_mark_t *at, void *base);
yaml_node_t *config_slot(const struct config_slots *s, const char *name); // value, or NULL
const yaml_mark_t *config_slot_mark(const struct config_slots *s,
                                    const char *name); // of its name, or NULL

// value.c: checks the text of a scalar by type. ERR_INVALID: e says what was expected,
// nearest (WINDOW_NEAREST_MAX) the nearest right one or "". *ret_number: of bools, numbers,
// durations, and of choices their place.
struct config_limits {
  int64_t least, most;
  const char *choices;
  bool plain_loopback;
};
enum err config_value_check(enum config_type type, const struct config_limits *lim,
                            const char *text, int64_t *ret_number, char *nearest, struct error *e);
// Checks a node and writes it at the option's place in base.
void config_value_apply(struct config_loader *l, const struct config_option *o, yaml_node_t *node,
                        void *base);
// Writes the table's defaults to base.
void config_value_defaults(struct config_loader *l, unsigned where, void *base);
bool config_value_scalar(struct config_loader *l, const char *name, enum config_type type,
                         yaml_node_t *node);

// instance.c
struct config_crn {
  char account[40], region[40], guid[40];
};
enum err config_crn_read(const char *crn, struct config_crn *ret, char *nearest, struct error *e);
// An endpoint as a word or a URL, in which {guid} and {region} may stand.
enum err config_endpoint_check(const char *text, const char *choices, bool plain_loopback,
                               char *nearest, struct error *e);
// Turns t->iam_url and t->ingress_url from words and patterns into URLs.
void config_endpoints_resolve(struct config_loader *l, struct config_target *t,
                              const yaml_mark_t *at);

// policy.c: settles the defaults that depend on other settings and compares settings with
// each other. `s`: what is given at this place, the rest is the base's (NULL slots of the base
// itself are told by base_given).
void config_policy_settle(struct config_loader *l, struct config_target *t,
                          const struct config_slots *s);

// main.c
void config_main_read(struct config_loader *l, yaml_node_t *root);
void config_extra_read(struct config_loader *l, yaml_node_t *root);

// target.c
void config_targets_read(struct config_loader *l, yaml_node_t *list);

// settings.c
void config_shared_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                        yaml_node_t *value);
void config_store_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                       yaml_node_t *value, enum store_kind kind, struct config_store *ret);
// Makes the store of management.vault; after what is common to the store was read.
void config_management_read(struct config_loader *l, const yaml_mark_t *at);
const struct store_backend *config_backend_find(const struct config_loader *l, const char *name);

// stores.c
void config_home_read(struct config_loader *l, yaml_node_t *node, struct config_store *ret);
void config_sinks_read(struct config_loader *l, yaml_node_t *list, struct config_target *t);

// claims.c
void config_claim(struct config_loader *l, const yaml_mark_t *at, const char *kind, const char *key,
                  const char *what);
void config_claims_check(struct config_loader *l);

// The reader's own memory; NULL sets out_of_memory.
void *config_alloc(struct config_loader *l, size_t size);
char *config_keep(struct config_loader *l, const char *text);

#endif
