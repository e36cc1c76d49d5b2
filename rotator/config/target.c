// Targets: each begins as a copy of what `defaults` says.
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"

// The name before anything else, so that every mistake can say whose it is.
static char *name_early(struct config_loader *l, yaml_node_t *node) {
  char place[512];
  if (node->type == YAML_MAPPING_NODE) {
    const yaml_node_pair_t *end = node->data.mapping.pairs.top;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < end; p++) {
      const char *key = config_scalar(config_node(l, p->key)),
                 *value = config_scalar(config_node(l, p->value));
      struct config_value v = {.loader = l, .text = value, .most = 64};
      if (key && value && strcmp(key, "name") == 0 && config_value_check(CONFIG_NAME, &v) == ERR_OK)
        return config_keep(l, value);
    }
  }
  snprintf(place, sizeof place, "(%.480s:%zu)", l->file, node->start_mark.line + 1);
  return config_keep(l, place);
}

static struct config_target *push(struct config_loader *l) {
  struct config *c = l->config;
  if (c->n_targets == l->targets_cap) {
    size_t cap = l->targets_cap ? l->targets_cap * 2 : 4;
    struct config_target *grown = realloc(c->targets, cap * sizeof *grown);
    if (!grown) {
      l->out_of_memory = true;
      return NULL;
    }
    c->targets = grown;
    l->targets_cap = cap;
  }
  struct config_target *t = &c->targets[c->n_targets++];
  *t = l->base;
  return t;
}

static void finish_instance(struct config_loader *l, struct config_target *t,
                            const struct config_slots *s) {
  struct config_crn crn;
  char nearest[NEAREST_MAX];
  if (!t->instance || config_crn_read(t->instance, &crn, nearest, NULL) != ERR_OK)
    return;
  memcpy(t->account, crn.account, sizeof t->account);
  memcpy(t->region, crn.region, sizeof t->region);
  memcpy(t->guid, crn.guid, sizeof t->guid);
  config_endpoints_resolve(l, t, &config_slot(s, "instance")->start_mark);
}

static void finish_names(struct config_loader *l, struct config_target *t,
                         const struct config_slots *s) {
  char name[128];
  const yaml_mark_t *at = config_slot_mark(s, "name");
  if (!t->key_name) {
    snprintf(name, sizeof name, "%.64s-%s", t->name, t->own_key ? "management" : "ingestion");
    t->key_name = config_keep(l, name);
  }
  if (at && t->name[0] != '(') {
    snprintf(name, sizeof name, "name: %.64s", t->name);
    config_claim(l, at, "name", t->name, name);
  }
}

static void read_mapping(struct config_loader *l, struct config_target *t, yaml_node_t *node) {
  struct config_slots s;
  char *name = t->name;
  config_collect(l, node, CONFIG_TARGET, &s);
  config_apply(l, &s, CONFIG_TARGET, &node->start_mark, t);
  t->name = name;
  if (l->out_of_memory)
    return;
  finish_names(l, t, &s);
  config_own_read(l, t, &s, &node->start_mark);
  finish_instance(l, t, &s);
  config_policy_settle(l, t, &s);
  yaml_node_t *home = config_slot(&s, "home"), *sinks = config_slot(&s, "sinks");
  if (home)
    config_home_read(l, home, &t->home);
  if (sinks)
    config_sinks_read(l, sinks, t);
  config_own_settle(l, t, &s, &node->start_mark);
  config_identity_settle(l, t, &s, &node->start_mark);
  config_arrival_read(l, t, &s);
}

static void read_target(struct config_loader *l, yaml_node_t *node) {
  char shown[CONFIG_SHOWN_MAX];
  enum config_scope scope = l->scope;
  struct config_target *t = push(l);
  if (!t)
    return;
  t->file = (char *)l->file;
  t->line = (int)node->start_mark.line + 1;
  t->name = name_early(l, node);
  l->scope = CONFIG_SCOPE_TARGET;
  l->target = t;
  if (node->type == YAML_MAPPING_NODE)
    read_mapping(l, t, node);
  else
    config_wrong(l, &node->start_mark, NULL, "targets: expected a mapping, found %s",
                 config_show(shown, node));
  l->target = NULL;
  l->scope = scope;
}

static bool read_entry(struct config_loader *l, yaml_node_t *node) {
  if (l->config->n_targets == CONFIG_TARGETS_MAX) {
    config_wrong(l, &node->start_mark, NULL, "more than %d targets", CONFIG_TARGETS_MAX);
    return false;
  }
  read_target(l, node);
  return !l->out_of_memory;
}

void config_targets_read(struct config_loader *l, yaml_node_t *list) {
  char shown[CONFIG_SHOWN_MAX];
  if (config_is_null(list))
    return;
  if (list->type != YAML_SEQUENCE_NODE) {
    config_wrong(l, &list->start_mark, NULL,
                 "targets: expected a list, found %s; each entry begins with \"- \"",
                 config_show(shown, list));
    return;
  }
  if (l->large.bytes) {
    config_large_targets(l, read_entry);
    return;
  }
  const yaml_node_item_t *end = list->data.sequence.items.top;
  for (const yaml_node_item_t *i = list->data.sequence.items.start; i < end; i++)
    if (!read_entry(l, config_node(l, *i)))
      return;
}
