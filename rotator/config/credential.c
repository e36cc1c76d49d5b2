// A section that tells how a token is got ("management"), of which options.c has the rows.
//
//   {file: …} {credential: …} {vault: …}   an API key
//
// Each member has been read by its row; here is what they say together.
#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

// One section that is being read.
struct reading {
  struct config_loader *loader;
  const struct config_slots *slots;
  const char *section;
  const yaml_mark_t *at; // of the section
};

// The texts of a struct config_credential, by the members of its section.
static const struct {
  const char *member;
  size_t offset;
} texts[] = {
    {"file", offsetof(struct config_credential, file)},
    {"credential", offsetof(struct config_credential, credential)},
    {"vault.mount", offsetof(struct config_credential, vault.mount)},
    {"vault.path", offsetof(struct config_credential, vault.path)},
};

bool config_credential_is(const struct config_option *o) {
  char member[CONFIG_NAME_MAX];
  return o->type == CONFIG_SECTION &&
         snprintf(member, sizeof member, "%s.credential", o->name) < (int)sizeof member &&
         config_option_find(member, o->where);
}

static const char *full_name(char dst[CONFIG_NAME_MAX], const struct reading *r,
                             const char *member) {
  snprintf(dst, CONFIG_NAME_MAX, "%s.%s", r->section, member);
  return dst;
}

static const yaml_mark_t *mark_of(const struct reading *r, const char *member) {
  char name[CONFIG_NAME_MAX];
  return config_slot_mark(r->slots, full_name(name, r, member));
}

static yaml_node_t *node_of(const struct reading *r, const char *member) {
  char name[CONFIG_NAME_MAX];
  return config_slot(r->slots, full_name(name, r, member));
}

static bool is_section(const struct reading *r, const char *member) { // or nothing at all
  const yaml_node_t *node = node_of(r, member);
  return node && (config_is_null(node) || node->type == YAML_MAPPING_NODE);
}

// What does not stand here comes from `defaults`, and belongs to the section that this one
// replaces.
static void drop_inherited(const struct reading *r, struct config_credential *c) {
  char *none = NULL, field[CONFIG_NAME_MAX];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!mark_of(r, texts[i].member))
      memcpy((unsigned char *)c + texts[i].offset, &none, sizeof none);
  const struct config_option *o = config_option_find(full_name(field, r, "vault.field"), ~0U);
  if (o && !mark_of(r, "vault.field"))
    c->vault.field = config_keep(r->loader, o->fallback);
  c->store = NULL;
}

// --- the section ---

// The one way that is given; NULL after a mistake.
static const char *find_way(const struct reading *r) {
  static const char *const ways[] = {"file", "credential", "vault"};
  const char *first = NULL;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (!mark_of(r, ways[i]))
      continue;
    if (first) {
      config_wrong(r->loader, r->at, NULL,
                   "%s: expected one of file, credential and vault, found two: %s and %s",
                   r->section, first, ways[i]);
      return NULL;
    }
    first = ways[i];
  }
  return first;
}

static void tell_nothing(const struct reading *r) {
  const yaml_node_t *node = config_slot(r->slots, r->section);
  bool empty =
      config_is_null(node) || (node->type == YAML_MAPPING_NODE &&
                               node->data.mapping.pairs.top == node->data.mapping.pairs.start);
  if (empty) // whatever else is wrong with it has been told
    config_wrong(r->loader, r->at, NULL,
                 "%s: expected {file: /PATH} or {credential: NAME}, or {vault: {…}}", r->section);
}

void config_credential_read(struct config_loader *l, const struct config_slots *s,
                            const char *section, struct config_credential *c) {
  struct reading r = {l, s, section, config_slot_mark(s, section)};
  if (!r.at)
    return;
  size_t wrong = l->n_wrong;
  drop_inherited(&r, c);
  c->section = section;
  c->line = (int)r.at->line + 1;
  const char *way = find_way(&r);
  if (!way && l->n_wrong == wrong)
    tell_nothing(&r);
  if (way && strcmp(way, "vault") == 0 && is_section(&r, "vault"))
    config_vault_key_read(l, c, mark_of(&r, "vault"));
  c->kind = way ? CONFIG_CREDENTIAL_KEY : CONFIG_CREDENTIAL_NONE;
}
