// Homes and sinks: {STORE: {settings}}, for sinks with a name beside it.
#include <string.h>

#include "rotator/config/internal.h"

static void read_name(struct config_loader *l, yaml_node_t *key, yaml_node_t *value,
                      struct config_store *ret) {
  struct config_value v = {.loader = l, .most = 63};
  if (ret->name)
    config_wrong(l, &key->start_mark, NULL, "name stands here twice");
  else if (config_value_read(CONFIG_NAME, "name", value, &v))
    ret->name = config_keep(l, v.text);
}

static void tell_no_store(struct config_loader *l, const yaml_mark_t *at, const char *written,
                          bool sink) {
  char list[256] = "", shown[CONFIG_SHOWN_MAX];
  size_t n = 0;
  struct nearest nearest = nearest_start(written ? written : "");
  for (size_t i = 0; l->backends[i]; i++) {
    if (!config_store_is_offered(l->backends[i]))
      continue;
    nearest_try(&nearest, l->backends[i]->name);
    int put = snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", l->backends[i]->name);
    n += put > 0 && (size_t)put < sizeof list - n ? (size_t)put : 0;
  }
  if (sink && written)
    nearest_try(&nearest, "name");
  if (written && strcmp(written, "memory") == 0)
    config_wrong(l, at, NULL, "memory: this store is for tests and keeps nothing; there are: %s",
                 list);
  else if (written)
    config_wrong(l, at, nearest.best, "%s: no such store; there are: %s",
                 config_show_text(shown, written), list);
  else
    config_wrong(l, at, NULL, "expected one store, one of: %s", list);
}

static void read_entry(struct config_loader *l, yaml_node_t *node, enum store_kind kind,
                       struct config_store *ret) {
  char shown[CONFIG_SHOWN_MAX];
  bool sink = kind == STORE_SINK;
  *ret = (struct config_store){.line = (int)node->start_mark.line + 1};
  if (node->type != YAML_MAPPING_NODE) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected {STORE: {settings}}, found %s",
                 sink ? "sinks" : "home", config_show(shown, node));
    return;
  }
  const yaml_node_pair_t *end = node->data.mapping.pairs.top;
  bool told = false;
  for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < end; p++) {
    yaml_node_t *key = config_node(l, p->key), *value = config_node(l, p->value);
    const char *name = config_scalar(key);
    const struct store_backend *b = name ? config_backend_find(l, name) : NULL;
    if (sink && name && strcmp(name, "name") == 0) {
      read_name(l, key, value, ret);
    } else if (!b) {
      tell_no_store(l, &key->start_mark, name, sink);
      told = true;
    } else if (ret->backend) {
      config_wrong(l, &key->start_mark, NULL, "%s: a %s is one store, and this one is %s already",
                   name, sink ? "sink" : "home", ret->backend->name);
    } else {
      config_store_read(l, b, key, value, kind, ret);
    }
  }
  if (!ret->backend && !told)
    tell_no_store(l, &node->start_mark, NULL, sink);
}

void config_home_read(struct config_loader *l, yaml_node_t *node, struct config_store *ret) {
  read_entry(l, node, STORE_HOME, ret);
}

static bool name_taken(const struct config_store *sinks, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (sinks[i].name && strcmp(sinks[i].name, name) == 0)
      return true;
  return false;
}

// Sinks without a name get the store's, or the first free one of NAME-2, NAME-3 …
static void name_sinks(struct config_loader *l, struct config_store *sinks, size_t n) {
  char name[CONFIG_NAME_MAX];
  for (size_t i = 0; i < n; i++) {
    if (sinks[i].name || !sinks[i].backend)
      continue;
    snprintf(name, sizeof name, "%s", sinks[i].backend->name);
    for (unsigned k = 2; name_taken(sinks, n, name); k++)
      snprintf(name, sizeof name, "%.48s-%u", sinks[i].backend->name, k);
    sinks[i].name = config_keep(l, name);
  }
}

void config_sinks_read(struct config_loader *l, yaml_node_t *list, struct config_target *t) {
  char shown[CONFIG_SHOWN_MAX];
  const struct config_option *o = config_option_find("sinks", CONFIG_TARGET);
  if (list->type != YAML_SEQUENCE_NODE) {
    config_wrong(l, &list->start_mark, NULL, "sinks: expected a list of stores, found %s",
                 config_show(shown, list));
    return;
  }
  size_t n = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
  if (n < (size_t)o->least || n > (size_t)o->most) {
    config_wrong(l, &list->start_mark, NULL, "sinks: expected %lld to %lld stores, found %zu",
                 (long long)o->least, (long long)o->most, n);
    return;
  }
  t->sinks = config_alloc(l, n * sizeof *t->sinks);
  for (size_t i = 0; t->sinks && i < n; i++) {
    yaml_node_t *entry = config_node(l, list->data.sequence.items.start[i]);
    read_entry(l, entry, STORE_SINK, &t->sinks[i]);
    if (t->sinks[i].name && name_taken(t->sinks, i, t->sinks[i].name))
      config_wrong(l, &entry->start_mark, NULL, "sinks: two sinks of this target are named %s",
                   t->sinks[i].name);
  }
  t->n_sinks = t->sinks ? n : 0;
  if (t->sinks && !l->out_of_memory)
    name_sinks(l, t->sinks, n);
}
