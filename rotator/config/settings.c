// The settings of a store, checked against the store's own table of options.
//
// Nested settings are joined by dots. What the main file says of a store at its top is common to
// all homes and sinks of that store; a setting of a home or sink takes the place of the common one,
// and a nested group ("auth") of the whole common group. The store is then opened, which checks
// what its settings say together and tells its place, and closed. Nothing is contacted by that.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

#define SETTINGS_MAX 64

// Settings of one store that the main file gives for all its homes and sinks.
struct config_shared {
  struct config_shared *next;
  const struct store_backend *backend;
  struct store_setting *settings;
  size_t n;
  int line;
};

struct reading {
  const struct store_backend *backend;
  struct store_setting list[SETTINGS_MAX];
  size_t n;
};

const struct store_backend *config_backend_find(const struct config_loader *l, const char *name) {
  for (size_t i = 0; l->backends[i]; i++)
    if (config_store_is_offered(l->backends[i]) && strcmp(l->backends[i]->name, name) == 0)
      return l->backends[i];
  return NULL;
}

static const struct config_shared *shared_of(const struct config_loader *l,
                                             const struct store_backend *b) {
  const struct config_shared *shared = l->shared;
  while (shared && shared->backend != b)
    shared = shared->next;
  return shared;
}

static const struct store_option *option_find(const struct store_backend *b, const char *name) {
  for (const struct store_option *o = b->options; o->name; o++)
    if (strcmp(o->name, name) == 0)
      return o;
  return NULL;
}

bool config_other_spelling(const char *name, char dst[CONFIG_NAME_MAX]) {
  static const char *const holders[] = {"file", "credential"};
  if (strcmp(name, "ca_file") == 0) // no credential
    return false;
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
    size_t len = strlen(name), tail = strlen(holders[i]) + 1;
    if (len <= tail || len >= CONFIG_NAME_MAX || !text_ends(name, holders[i]))
      continue;
    char joint = name[len - tail];
    if (joint != '.' && joint != '_')
      continue;
    memcpy(dst, name, len + 1);
    dst[len - tail] = joint == '.' ? '_' : '.';
    return true;
  }
  return false;
}

// The option of that name, or of the same in the other spelling.
static const struct store_option *option_spelt(const struct store_backend *b, const char *name) {
  char other[CONFIG_NAME_MAX];
  const struct store_option *o = option_find(b, name);
  return o || !config_other_spelling(name, other) ? o : option_find(b, other);
}

static bool begins(const char *name, const char *prefix, size_t len) {
  return strncmp(name, prefix, len) == 0 && name[len] == '.';
}

static bool has_members(const struct store_backend *b, const char *prefix) {
  size_t len = strlen(prefix);
  for (const struct store_option *o = b->options; o->name; o++)
    if (begins(o->name, prefix, len))
      return true;
  return false;
}

// … by the other spelling of one: "role_id" of "role_id_file".
static bool has_members_spelt(const struct store_backend *b, const char *prefix) {
  size_t len = strlen(prefix);
  char other[CONFIG_NAME_MAX];
  for (const struct store_option *o = b->options; o->name; o++)
    if (config_other_spelling(o->name, other) && begins(other, prefix, len))
      return true;
  return false;
}

// Unquoted, unless it could be a secret.
static const char *show_name(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *key) {
  const char *s = config_scalar(key);
  if (!s || strlen(s) > 32)
    return config_show(dst, key);
  text_printable(dst, CONFIG_SHOWN_MAX, s, strlen(s));
  return dst;
}

static void tell_unknown(struct config_loader *l, const struct reading *r, const yaml_node_t *key,
                         const char *prefix) {
  char shown[CONFIG_SHOWN_MAX], part[CONFIG_NAME_MAX];
  const char *leaf = config_scalar(key);
  size_t len = strlen(prefix);
  struct nearest n = nearest_start(leaf ? leaf : "");
  for (const struct store_option *o = r->backend->options; o->name; o++) {
    if (strncmp(o->name, prefix, len) != 0)
      continue;
    snprintf(part, sizeof part, "%.*s", (int)strcspn(o->name + len, "."), o->name + len);
    nearest_try(&n, part);
    if (config_other_spelling(o->name, part) && part[strcspn(part + len, ".") + len] == '\0')
      nearest_try(&n, part + len);
  }
  bool secret = leaf && config_sounds_secret(leaf);
  config_wrong(l, &key->start_mark, n.best, "%s.%s%s: no such option of this store%s",
               r->backend->name, prefix, show_name(shown, key),
               secret ? "; a secret never stands in a configuration file" : "");
}

static void add_setting(struct config_loader *l, struct reading *r, const struct store_option *o,
                        const char *label, yaml_node_t *value) {
  struct config_value v = {
      .loader = l, .choices = o->choices, .most = o->type == STORE_OPT_TEXT ? 4096 : 0};
  if (config_value_read(config_store_type(o->type), label, value, &v))
    r->list[r->n++] = (struct store_setting){
        .name = o->name, .value = config_keep(l, v.text), .line = (int)value->start_mark.line + 1};
}

static void read_settings(struct config_loader *l, struct reading *r, yaml_node_t *mapping,
                          const char *prefix);

static void read_setting(struct config_loader *l, struct reading *r, yaml_node_t *key,
                         yaml_node_t *value, const char *prefix) {
  char name[CONFIG_NAME_MAX], label[CONFIG_NAME_MAX * 2], shown[CONFIG_SHOWN_MAX];
  const char *leaf = config_scalar(key);
  bool fits = leaf && snprintf(name, sizeof name - 1, "%s%s", prefix, leaf) < (int)sizeof name - 1;
  const struct store_option *o = fits ? option_spelt(r->backend, name) : NULL;
  bool mapping = value->type == YAML_MAPPING_NODE;
  bool group =
      fits && (has_members(r->backend, name) || (mapping && has_members_spelt(r->backend, name)));
  if (!o && !group) {
    tell_unknown(l, r, key, prefix);
    return;
  }
  snprintf(label, sizeof label, "%s.%s", r->backend->name, name);
  if (group && mapping) {
    snprintf(name, sizeof name, "%s%s.", prefix, leaf);
    read_settings(l, r, value, name);
  } else if (!o) {
    config_wrong(l, &value->start_mark, NULL, "%s: expected a mapping, found %s", label,
                 config_show(shown, value));
  } else if (store_setting_find(r->list, r->n, o->name)) {
    config_wrong(l, &key->start_mark, NULL, "%s stands here twice", label);
  } else if (r->n == SETTINGS_MAX) {
    config_wrong(l, &key->start_mark, NULL, "%s: too many settings", label);
  } else {
    add_setting(l, r, o, label, value);
  }
}

static void read_settings(struct config_loader *l, struct reading *r, yaml_node_t *mapping,
                          const char *prefix) {
  const yaml_node_pair_t *end = mapping->data.mapping.pairs.top;
  for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < end; p++)
    read_setting(l, r, config_node(l, p->key), config_node(l, p->value), prefix);
}

// The settings as the configuration keeps them.
static struct store_setting *keep(struct config_loader *l, const struct reading *r) {
  struct store_setting *kept = config_alloc(l, (r->n ? r->n : 1) * sizeof *kept);
  if (kept && r->n)
    memcpy(kept, r->list, r->n * sizeof *kept);
  return kept;
}

static bool read_mapping(struct config_loader *l, struct reading *r, yaml_node_t *value) {
  char shown[CONFIG_SHOWN_MAX];
  if (value->type == YAML_MAPPING_NODE)
    read_settings(l, r, value, "");
  else if (!config_is_null(value))
    config_wrong(l, &value->start_mark, NULL, "%s: expected a mapping of settings, found %s",
                 r->backend->name, config_show(shown, value));
  return value->type == YAML_MAPPING_NODE || config_is_null(value);
}

// The store whose items are programs, and those that are given a program to use.
static void check_program(struct config_loader *l, const struct reading *r, const yaml_mark_t *at) {
  bool names = strcmp(r->backend->name, "helper") == 0;
  for (size_t i = 0; i < r->n; i++)
    names |= strcmp(r->list[i].name, "program") == 0;
  if (l->changers[0] && names)
    config_wrong(l, at, NULL, "%s: %s must not name a program to run", r->backend->name,
                 l->changers);
}

void config_shared_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                        yaml_node_t *value) {
  const struct config_shared *first = shared_of(l, b);
  struct config_shared *shared = first ? NULL : config_scratch(l, sizeof *shared);
  struct reading r = {.backend = b};
  if (first)
    config_wrong(l, &key->start_mark, NULL, "%s stands here twice, first on line %d", b->name,
                 first->line);
  if (!shared)
    return;
  read_mapping(l, &r, value);
  check_program(l, &r, &key->start_mark);
  *shared = (struct config_shared){.next = l->shared,
                                   .backend = b,
                                   .settings = keep(l, &r),
                                   .n = r.n,
                                   .line = (int)key->start_mark.line + 1};
  if (shared->settings)
    l->shared = shared;
}

// Adds the common settings of whose group nothing is given here.
static void inherit(struct config_loader *l, struct reading *r) {
  const struct config_shared *shared = shared_of(l, r->backend);
  size_t own = r->n;
  for (size_t i = 0; shared && i < shared->n && r->n < SETTINGS_MAX; i++) {
    const struct store_setting *s = &shared->settings[i];
    size_t group = strcspn(s->name, "."), j = 0;
    while (j < own && (strcspn(r->list[j].name, ".") != group ||
                       strncmp(r->list[j].name, s->name, group) != 0))
      j++;
    if (j == own)
      r->list[r->n++] = *s;
  }
}

static void check_required(struct config_loader *l, const struct reading *r,
                           const yaml_mark_t *at) {
  for (const struct store_option *o = r->backend->options; o->name; o++)
    if (o->required && !store_setting_find(r->list, r->n, o->name))
      config_wrong(l, at, NULL, "%s.%s is missing. %s", r->backend->name, o->name, o->help);
}

// Opens the store, which checks what its settings say together. NULL: *e says why, and *ret_line
// which setting (0: of no single one), unless memory ran out.
static struct store_item *open_item(struct config_loader *l, const struct reading *r,
                                    enum store_kind kind, int *ret_line, struct error *e) {
  const struct store_context context = {.env = env_real()};
  struct store_item *item = NULL;
  int line = 0;
  enum err err = r->backend->open(&context, kind, r->list, r->n, &item, &line, e);
  if (err == ERR_INTERNAL)
    l->out_of_memory = true;
  *ret_line = err == ERR_INVALID ? line : 0;
  return err == ERR_OK ? item : NULL;
}

// The first `own` settings stand here, the others are common to the store. NULL: they do not go
// together, which was told.
static struct store_item *check_together(struct config_loader *l, const struct reading *r,
                                         size_t own, enum store_kind kind, const yaml_mark_t *at) {
  struct error e = {0};
  int line = 0;
  struct store_item *item = open_item(l, r, kind, &line, &e);
  if (item || l->out_of_memory)
    return item;
  yaml_mark_t there = *at;
  for (size_t i = 0; i < own && line > 0; i++)
    if (r->list[i].line == line)
      there = (yaml_mark_t){.line = (size_t)line - 1};
  config_wrong(l, &there, NULL, "%s: %s", r->backend->name, e.text);
  return NULL;
}

static void note_item(struct config_loader *l, struct store_item *item, const yaml_mark_t *at,
                      struct config_store *ret) {
  if (item) {
    config_claim(l, at, "place", item->place, item->what);
    // Only what such targets may publish is looked at (identity.c).
    ret->place = l->target && l->target->user ? config_keep(l, item->place) : NULL;
    ret->label = l->target && l->target->user ? config_keep(l, item->label) : NULL;
  }
  store_item_free(item);
}

void config_store_read(struct config_loader *l, const struct store_backend *b, yaml_node_t *key,
                       yaml_node_t *value, enum store_kind kind, struct config_store *ret) {
  struct reading r = {.backend = b};
  const yaml_mark_t *at = &key->start_mark;
  size_t wrong = l->n_wrong;
  ret->backend = b;
  if (!read_mapping(l, &r, value))
    return;
  check_program(l, &r, at);
  size_t own = r.n;
  inherit(l, &r);
  if (l->n_wrong == wrong)
    check_required(l, &r, at);
  if (l->n_wrong == wrong && !l->out_of_memory)
    note_item(l, check_together(l, &r, own, kind, at), at, ret);
  ret->settings = keep(l, &r);
  ret->n_settings = ret->settings ? r.n : 0;
}

static void add_text(struct reading *r, const char *name, char *value, const yaml_mark_t *at) {
  r->list[r->n++] = (struct store_setting){.name = name, .value = value, .line = (int)at->line + 1};
}

// No place is claimed: two configurations may share an identity of the rotator.
void config_vault_key_read(struct config_loader *l, struct config_credential *m,
                           const yaml_mark_t *at) {
  struct reading r = {.backend = config_backend_find(l, "vault")};
  struct config_store *store = config_alloc(l, sizeof *store);
  struct error e = {0};
  int line = 0;
  if (!r.backend)
    config_wrong(l, at, NULL, "%s.vault: built without this store", m->section);
  else if (!m->vault.mount || !m->vault.path)
    config_wrong(l, at, NULL, "%s.vault: expected {mount: MOUNT, path: PATH}", m->section);
  if (!r.backend || !m->vault.mount || !m->vault.path || !store)
    return;
  add_text(&r, "mount", m->vault.mount, at);
  add_text(&r, "path", m->vault.path, at);
  add_text(&r, "fields.value", m->vault.field, at);
  inherit(l, &r);
  struct store_item *item = open_item(l, &r, STORE_SINK, &line, &e);
  if (!item && !l->out_of_memory)
    config_wrong(l, at, NULL, "%s.vault: %s", m->section, e.text);
  store_item_free(item);
  *store = (struct config_store){.backend = r.backend, .settings = keep(l, &r), .line = m->line};
  store->n_settings = store->settings ? r.n : 0;
  m->store = store;
}

// The key stands bare in a file, or in the JSON that `ibmcloud iam … --file` writes: what it is
// now, it shall stay.
static bool is_json_file(const char *path) {
  FILE *f = fopen(path, "re");
  int first = f ? fgetc(f) : EOF;
  if (f)
    fclose(f);
  return first == '{';
}

bool config_key_sink(struct config_loader *l, const struct config_credential *c,
                     const yaml_mark_t *at, struct config_store *ret) {
  struct reading r = {.backend = config_backend_find(l, "file")};
  *ret = (struct config_store){.name = config_keep(l, "management"), .line = (int)at->line + 1};
  if (c->store) {
    ret->backend = c->store->backend;
    ret->settings = c->store->settings;
    ret->n_settings = c->store->n_settings;
    return true;
  }
  if (!c->file || !r.backend)
    return false;
  add_text(&r, "path", c->file, at);
  if (is_json_file(c->file))
    add_text(&r, "format", config_keep(l, "json"), at);
  note_item(l, check_together(l, &r, r.n, STORE_SINK, at), at, ret);
  ret->backend = r.backend;
  ret->settings = keep(l, &r);
  ret->n_settings = ret->settings ? r.n : 0;
  return true;
}
