// From a mapping to slots, and from slots to a struct.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

static size_t index_of(const struct config_option *o) {
  return (size_t)(o - config_options);
}

yaml_node_t *config_slot(const struct config_slots *s, const char *name) {
  const struct config_option *o = config_option_find(name, ~0U);
  return o ? s->value[index_of(o)] : NULL;
}

const yaml_mark_t *config_slot_mark(const struct config_slots *s, const char *name) {
  const struct config_option *o = config_option_find(name, ~0U);
  return o && s->key[index_of(o)] ? &s->key[index_of(o)]->start_mark : NULL;
}

static const char *leaf_of(const struct config_option *o) { // "count" of "proof.count"
  const char *dot = strrchr(o->name, '.');
  return dot ? dot + 1 : o->name;
}

static bool has_members(const struct config_option *o) {
  return o->type == CONFIG_SECTION || o->type == CONFIG_ENDPOINTS;
}

// Where an option may stand, for people.
static const char *where_text(unsigned where) {
  switch (where) {
  case CONFIG_MAIN:
    return "at the top of the main file";
  case CONFIG_MAIN | CONFIG_EXTRA:
    return "at the top of a file";
  case CONFIG_DEFAULTS | CONFIG_TARGET:
    return "in a target, or in `defaults` of the main file";
  default:
    return "in a target";
  }
}

// The nearest name that may stand behind `prefix` in this place.
static struct nearest nearest_here(struct config_loader *l, const char *prefix, const char *leaf,
                                   unsigned where) {
  size_t len = strlen(prefix);
  struct nearest n = nearest_start(leaf);
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    if ((o->where & where) && strncmp(o->name, prefix, len) == 0 && !strchr(o->name + len, '.'))
      nearest_try(&n, o->name + len);
  }
  for (size_t i = 0; where == CONFIG_MAIN && len == 0 && l->backends[i]; i++)
    if (config_store_is_offered(l->backends[i]))
      nearest_try(&n, l->backends[i]->name);
  return n;
}

// What stands in a section of a section ("management.profile.id") is no advice for an `id` that
// stands somewhere else.
static bool is_deep(const struct config_option *o) {
  const char *dot = strchr(o->name, '.');
  return dot && strchr(dot + 1, '.');
}

// The option of that name in another place, whole or as the last part of one.
static const struct config_option *find_elsewhere(const char *leaf) {
  const struct config_option *o = config_option_find(leaf, ~0U);
  for (size_t i = 0; !o && i < config_options_n; i++)
    if (!is_deep(&config_options[i]) && strcmp(leaf_of(&config_options[i]), leaf) == 0)
      o = &config_options[i];
  return o;
}

static const struct config_option *nearest_elsewhere(const char *leaf) {
  struct nearest n = nearest_start(leaf);
  for (size_t i = 0; i < config_options_n; i++)
    if (!is_deep(&config_options[i]))
      nearest_try(&n, leaf_of(&config_options[i]));
  return n.best[0] ? find_elsewhere(n.best) : NULL;
}

static void tell_misplaced(struct config_loader *l, const yaml_mark_t *at, const char *name,
                           const struct config_option *o) {
  if (strchr(o->name, '.'))
    config_wrong(l, at, o->name, "%s: no such option here", name);
  else
    config_wrong(l, at, NULL, "%s: no such option here; %s belongs %s", name, o->name,
                 where_text(o->where));
}

static void tell_unknown(struct config_loader *l, yaml_node_t *key, const char *prefix,
                         unsigned where) {
  char name[CONFIG_NAME_MAX], shown[CONFIG_SHOWN_MAX];
  const yaml_mark_t *at = &key->start_mark;
  const char *leaf = config_scalar(key);
  if (!leaf || strlen(leaf) >= CONFIG_NAME_MAX / 2) {
    config_wrong(l, at, NULL, "expected the name of an option, found %s", config_show(shown, key));
    return;
  }
  size_t len = text_copy(name, sizeof name, prefix) ? strlen(name) : 0;
  text_printable(name + len, sizeof name - len, leaf, strlen(leaf));
  if (l->n_wrong >= CONFIG_MISTAKES_MAX) { // will not be told any more: no need to look for advice
    config_wrong(l, at, NULL, "%s: no such option", name);
    return;
  }
  const struct config_option *elsewhere = find_elsewhere(leaf);
  const struct nearest near = nearest_here(l, prefix, leaf, where);
  if (strcmp(leaf, "<<") == 0)
    config_wrong(l, at, NULL,
                 "merge keys (<<) are not read; put what targets share into `defaults`");
  else if (where == CONFIG_EXTRA &&
           (config_backend_find(l, leaf) || (elsewhere && elsewhere->where == CONFIG_MAIN)))
    config_wrong(l, at, NULL,
                 "%s stands in the main file only; a file of targets.d holds `targets`", name);
  else if (config_sounds_secret(leaf))
    config_wrong(l, at, NULL,
                 "%s: a secret never stands in a configuration file; put it into a file of its own "
                 "(mode 0600) or into a systemd credential, and name that",
                 name);
  else if (strchr(leaf, '.') && config_option_find(name, where))
    config_wrong(l, at, NULL, "%s: a dot stands for a mapping here; write %.*s: {%s: …}", name,
                 (int)strcspn(name, "."), name, strchr(name, '.') + 1);
  else if (elsewhere)
    tell_misplaced(l, at, name, elsewhere);
  else if (!near.best[0] && (elsewhere = nearest_elsewhere(leaf)))
    config_wrong(l, at, elsewhere->name, "%s: no such option here", name);
  else
    config_wrong(l, at, near.best, "%s: no such option", name);
}

static void tell_no_section(struct config_loader *l, const struct config_option *o,
                            yaml_node_t *value) {
  char shown[CONFIG_SHOWN_MAX];
  if (config_credential_is(o))
    config_wrong(l, &value->start_mark, NULL,
                 "%s: the key itself never stands in a configuration file; expected "
                 "{file: /PATH} or {credential: NAME}, found %s",
                 o->name, value->type == YAML_SCALAR_NODE ? "a text" : "a list");
  else
    config_wrong(l, &value->start_mark, NULL, "%s: expected a mapping, found %s", o->name,
                 config_show(shown, value));
}

static void collect(struct config_loader *l, yaml_node_t *mapping, const char *prefix,
                    unsigned where, struct config_slots *s);

static void collect_pair(struct config_loader *l, const yaml_node_pair_t *pair, const char *prefix,
                         unsigned where, struct config_slots *s) {
  yaml_node_t *key = config_node(l, pair->key), *value = config_node(l, pair->value);
  const char *leaf = config_scalar(key);
  char name[CONFIG_NAME_MAX];
  const struct config_option *o = NULL;
  if (leaf && snprintf(name, sizeof name, "%s%s", prefix, leaf) < (int)sizeof name &&
      !strchr(leaf, '.'))
    o = config_option_find(name, where);
  const struct store_backend *b =
      !o && leaf && where == CONFIG_MAIN && !prefix[0] ? config_backend_find(l, leaf) : NULL;
  if (b) {
    config_shared_read(l, b, key, value);
    return;
  }
  if (!o) {
    tell_unknown(l, key, prefix, where);
    return;
  }
  size_t at = index_of(o);
  if (s->key[at]) {
    config_wrong(l, &key->start_mark, NULL, "%s stands here twice, first on line %zu", name,
                 s->key[at]->start_mark.line + 1);
    return;
  }
  s->key[at] = key;
  s->value[at] = value;
  bool mapping = value->type == YAML_MAPPING_NODE;
  if (mapping && has_members(o) && strcmp(name, "defaults") != 0) {
    snprintf(name, sizeof name, "%s.", o->name);
    collect(l, value, name, where, s);
    if (o->type != CONFIG_SECTION) // its members are its value
      s->value[at] = NULL;
  } else if (o->type == CONFIG_SECTION && !mapping && !config_is_null(value)) {
    tell_no_section(l, o, value);
  }
}

static void collect(struct config_loader *l, yaml_node_t *mapping, const char *prefix,
                    unsigned where, struct config_slots *s) {
  const yaml_node_pair_t *end = mapping->data.mapping.pairs.top;
  for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < end; p++)
    collect_pair(l, p, prefix, where, s);
}

void config_collect(struct config_loader *l, yaml_node_t *mapping, unsigned where,
                    struct config_slots *s) {
  memset(s, 0, sizeof *s);
  collect(l, mapping, "", where, s);
}

static struct config_value value_of(struct config_loader *l, const struct config_option *o) {
  return (struct config_value){
      .loader = l, .least = o->least, .most = o->most, .choices = o->choices};
}

static void *place_of(const struct config_option *o, void *base) {
  return (unsigned char *)base + o->offset;
}

// A list of texts, NULL-terminated. An empty one gives NULL.
static void apply_list(struct config_loader *l, const struct config_option *o, yaml_node_t *node,
                       void *base) {
  char shown[CONFIG_SHOWN_MAX];
  if (node->type != YAML_SEQUENCE_NODE) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected a list, found %s", o->name,
                 config_show(shown, node));
    return;
  }
  size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
  if (n < (size_t)o->least || n > (size_t)o->most) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected %lld to %lld entries, found %zu",
                 o->name, (long long)o->least, (long long)o->most, n);
    return;
  }
  char **list = n ? config_alloc(l, (n + 1) * sizeof *list) : NULL;
  for (size_t i = 0; list && i < n; i++) {
    yaml_node_t *entry = config_node(l, node->data.sequence.items.start[i]);
    bool program = o->type == CONFIG_COMMAND && i == 0;
    struct config_value v = {.loader = l, .most = 4096, .choices = o->choices};
    enum config_type type = program ? CONFIG_PATH : o->choices ? CONFIG_WORD : CONFIG_TEXT;
    if (config_value_read(type, o->name, entry, &v))
      list[i] = config_keep(l, v.text);
  }
  memcpy(place_of(o, base), &list, sizeof list);
}

static void apply_value(struct config_loader *l, const struct config_option *o, yaml_node_t *node,
                        void *base) {
  struct config_value v = value_of(l, o);
  if (o->type == CONFIG_WORDS || o->type == CONFIG_COMMAND)
    apply_list(l, o, node, base);
  // What is left is read by those who know it: sections, stores, targets.
  else if (config_types[o->type].check && config_value_read(o->type, o->name, node, &v))
    config_types[o->type].keep(&v, place_of(o, base));
}

void config_apply(struct config_loader *l, const struct config_slots *s, unsigned where,
                  const yaml_mark_t *at, void *base) {
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    if (!(o->where & where))
      continue;
    if (s->value[i])
      apply_value(l, o, s->value[i], base);
    else if (o->required && !s->key[i])
      config_wrong(l, at, NULL, "%s is missing. %s", o->name, o->help);
  }
}

void config_apply_defaults(struct config_loader *l, unsigned where, void *base) {
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    struct config_value v = value_of(l, o);
    v.text = o->fallback;
    if ((o->where & where) && v.text && config_value_check(o->type, &v) == ERR_OK)
      config_types[o->type].keep(&v, place_of(o, base));
  }
}
