// The top of the main file and of the files of targets.d.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/config/internal.h"

static bool is_mapping(struct config_loader *l, yaml_node_t *root) {
  char shown[CONFIG_SHOWN_MAX];
  if (root->type == YAML_MAPPING_NODE)
    return true;
  if (config_is_null(root))
    config_wrong(l, NULL, NULL, "the file holds nothing");
  else
    config_wrong(l, &root->start_mark, NULL, "expected options such as `targets:`, found %s",
                 config_show(shown, root));
  return false;
}

static void check_management(struct config_loader *l, const struct config_slots *s) {
  const yaml_mark_t *at = config_slot_mark(s, "management");
  const yaml_node_t *section = config_slot(s, "management");
  if (!at)
    return;
  l->config->management.line = (int)at->line + 1;
  bool file = config_slot(s, "management.file"),
       credential = config_slot(s, "management.credential"),
       vault = config_slot_mark(s, "management.vault");
  bool empty = config_is_null(section) ||
               (section->type == YAML_MAPPING_NODE &&
                section->data.mapping.pairs.top == section->data.mapping.pairs.start);
  if (file && credential)
    config_wrong(l, at, NULL, "management: expected one of file and credential, found both");
  else if (vault && (file || credential))
    config_wrong(l, at, NULL, "management: expected one of file, credential and vault, found two");
  else if (empty) // whatever else is wrong with it has been told
    config_wrong(l, at, NULL, "management: expected {file: /PATH} or {credential: NAME}");
  else if (vault && (config_is_null(config_slot(s, "management.vault")) ||
                     config_slot(s, "management.vault")->type == YAML_MAPPING_NODE))
    config_management_read(l, config_slot_mark(s, "management.vault"));
}

// The first directory of a list joined by ":".
static char *first_of(struct config_loader *l, const char *list) {
  char *kept = config_keep(l, list);
  if (kept)
    kept[strcspn(kept, ":")] = '\0';
  return kept;
}

static char *join(struct config_loader *l, const char *dir, const char *rest) {
  size_t size = strlen(dir) + strlen(rest) + 1;
  char *path = config_alloc(l, size);
  if (path)
    snprintf(path, size, "%s%s", dir, rest);
  return path;
}

static void default_state_dir(struct config_loader *l) {
  const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
             *home = getenv("HOME");
  struct config *c = l->config;
  if (c->state_dir)
    return;
  if (systemd && systemd[0] == '/')
    c->state_dir = first_of(l, systemd);
  else if (geteuid() == 0)
    c->state_dir = config_keep(l, "/var/lib/rotator");
  else if (xdg && xdg[0] == '/')
    c->state_dir = join(l, xdg, "/rotator");
  else if (home && home[0] == '/')
    c->state_dir = join(l, home, "/.local/state/rotator");
  else
    config_wrong(l, NULL, NULL, "state_dir: there is no home directory to put it into; give one");
}

static void read_defaults(struct config_loader *l, yaml_node_t *node) {
  struct config_slots s;
  memset(&s, 0, sizeof s);
  if (node && node->type == YAML_MAPPING_NODE)
    config_collect(l, node, CONFIG_DEFAULTS, &s);
  config_apply(l, &s, CONFIG_DEFAULTS, node ? &node->start_mark : NULL, &l->base);
  config_policy_settle(l, &l->base, &s);
  for (size_t i = 0; i < config_options_n; i++)
    l->base_given[i] = s.key[i] != NULL;
}

void config_main_read(struct config_loader *l, yaml_node_t *root) {
  struct config_slots s;
  if (!is_mapping(l, root))
    return;
  config_collect(l, root, CONFIG_MAIN, &s);
  config_value_defaults(l, CONFIG_MAIN, l->config);
  config_apply(l, &s, CONFIG_MAIN, &root->start_mark, l->config);
  if (!config_slot(&s, "version"))
    config_wrong(l, &root->start_mark, NULL,
                 "version is missing: the file begins with `version: 1`");
  check_management(l, &s);
  default_state_dir(l);
  config_value_defaults(l, CONFIG_DEFAULTS, &l->base);
  read_defaults(l, config_slot(&s, "defaults"));
  if (config_slot(&s, "targets") && !l->out_of_memory)
    config_targets_read(l, config_slot(&s, "targets"));
}

// A target that was written without `targets:` around it.
static bool looks_like_target(struct config_loader *l, yaml_node_t *root) {
  const yaml_node_pair_t *end = root->data.mapping.pairs.top;
  for (const yaml_node_pair_t *p = root->data.mapping.pairs.start; p < end; p++) {
    const char *key = config_scalar(config_node(l, p->key));
    if (key && (strcmp(key, "instance") == 0 || strcmp(key, "sinks") == 0))
      return true;
  }
  return false;
}

void config_extra_read(struct config_loader *l, yaml_node_t *root) {
  struct config_slots s;
  if (root->type == YAML_SEQUENCE_NODE ||
      (root->type == YAML_MAPPING_NODE && looks_like_target(l, root))) {
    config_wrong(l, &root->start_mark, NULL,
                 "a file of targets.d holds `targets:` and a list of targets below it");
    return;
  }
  if (!is_mapping(l, root))
    return;
  size_t first = l->config->n_targets;
  config_collect(l, root, CONFIG_EXTRA, &s);
  config_apply(l, &s, CONFIG_EXTRA, &root->start_mark, l->config);
  if (config_slot(&s, "targets"))
    config_targets_read(l, config_slot(&s, "targets"));
  else if (!l->file_broken)
    config_wrong(l, &root->start_mark, NULL,
                 "targets is missing: a file of targets.d holds a list of targets");
  for (size_t i = first; l->file_broken && i < l->config->n_targets; i++)
    l->config->targets[i].broken = true;
}
