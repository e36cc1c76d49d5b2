// Loading: the main file, then targets.d, then what concerns several targets. See internal.h.
#include "rotator/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/config/internal.h"

// What config_free gives back.
struct whole {
  struct config config; // first
  struct config_arena arena;
};

void config_free(struct config *c) {
  struct whole *w = (struct whole *)c;
  if (!w)
    return;
  config_arena_free(&w->arena);
  free(w->config.targets);
  free(w);
}

// --- the top of a file ---

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

// The collector reads no other name, and no key's file gets overwritten by a slip.
static void check_metrics(struct config_loader *l, const struct config_slots *s) {
  const yaml_node_t *node = config_slot(s, "metrics_file");
  const char *path = l->config->metrics_file;
  if (node && path && !text_ends(path, ".prom"))
    config_wrong(l, &node->start_mark, NULL,
                 "metrics_file: expected a path that ends with .prom: "
                 "the collector reads no other file");
}

static void check_limits(struct config_loader *l, const struct config_slots *s) {
  int64_t n = l->config->limits.iam_requests_per_minute;
  if (n > 0 && n < CONFIG_REQUESTS_LEAST)
    config_wrong(l, config_slot_mark(s, "limits.iam_requests_per_minute"), NULL,
                 "limits.iam_requests_per_minute is 0 (as many as it takes) or at least %d",
                 CONFIG_REQUESTS_LEAST);
}

// A file that others may change must not name a program to run.
static void check_notify(struct config_loader *l, const struct config_slots *s) {
  const yaml_mark_t *at = config_slot_mark(s, "notify.run");
  bool named = l->config->notify.argv;
  if (at && named && l->changers[0])
    config_wrong(l, at, NULL, "notify.run: %s must not name a program to run", l->changers);
  at = config_slot_mark(s, "notify");
  if (at && !named && !config_slot_mark(s, "notify.run"))
    config_wrong(l, at, NULL, "notify: expected {run: [/PROGRAM]}");
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

#define SYSTEM_STATE_DIR "/var/lib/rotator"

// The service's own directory is that of whoever owns it: a command typed as the service's user
// has to find what the timer left there.
static bool owns_system_dir(void) {
  struct stat st;
  return geteuid() == 0 ||
         (lstat(SYSTEM_STATE_DIR, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid());
}

static void default_state_dir(struct config_loader *l) {
  const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
             *home = getenv("HOME");
  struct config *c = l->config;
  if (c->state_dir)
    return;
  if (systemd && systemd[0] == '/')
    c->state_dir = first_of(l, systemd);
  else if (owns_system_dir())
    c->state_dir = config_keep(l, SYSTEM_STATE_DIR);
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
  config_arrival_read(l, &l->base, &s);
  for (size_t i = 0; i < config_options_n; i++)
    l->base_given[i] = s.key[i] != NULL;
}

static void read_main(struct config_loader *l, yaml_node_t *root) {
  struct config_slots s;
  if (!is_mapping(l, root))
    return;
  config_collect(l, root, CONFIG_MAIN, &s);
  config_apply_defaults(l, CONFIG_MAIN, l->config);
  config_apply(l, &s, CONFIG_MAIN, &root->start_mark, l->config);
  if (!config_slot(&s, "version"))
    config_wrong(l, &root->start_mark, NULL,
                 "version is missing: the file begins with `version: 1`");
  config_credential_read(l, &s, "management", &l->config->management);
  check_metrics(l, &s);
  check_notify(l, &s);
  check_limits(l, &s);
  default_state_dir(l);
  config_apply_defaults(l, CONFIG_DEFAULTS, &l->base);
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

static void read_targets(struct config_loader *l, yaml_node_t *root) {
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

// --- files ---

static bool load_document(struct config_loader *l, const char *bytes, size_t len,
                          yaml_document_t *ret) {
  if (!config_yaml_begin(l, &bytes, &len))
    return false;
  l->large.bytes = len > CONFIG_WHOLE_MAX ? bytes : NULL;
  l->large.len = len;
  return l->large.bytes ? config_large_load(l, ret) : config_yaml_load(l, bytes, len, ret);
}

static void read_bytes(struct config_loader *l, const char *bytes, size_t len,
                       void (*read)(struct config_loader *l, yaml_node_t *root)) {
  yaml_document_t document;
  if (!load_document(l, bytes, len, &document))
    return;
  l->document = &document;
  read(l, yaml_document_get_root_node(&document));
  l->document = NULL;
  yaml_document_delete(&document);
}

static void add_to_digest(struct config *c, const char *path, const char *bytes, size_t len) {
  unsigned char parts[3][TEXT_SHA256_BYTES];
  memcpy(parts[0], c->digest, sizeof parts[0]);
  text_sha256(parts[1], path, strlen(path));
  text_sha256(parts[2], bytes, len);
  text_sha256(c->digest, parts, sizeof parts);
}

static void read_file(struct config_loader *l, const char *path,
                      void (*read)(struct config_loader *l, yaml_node_t *root)) {
  char *bytes = NULL;
  size_t len = 0;
  if (!config_file_read(l, path, &bytes, &len))
    return;
  add_to_digest(l->config, path, bytes, len);
  if (len == 0)
    config_wrong(l, NULL, NULL, "the file is empty");
  else
    read_bytes(l, bytes, len, read);
  free(bytes);
}

// DIR/targets.d of the main file's DIR.
static char *extra_dir(struct config_loader *l, const char *path) {
  static const char name[] = "targets.d";
  const char *slash = strrchr(path, '/');
  size_t dir = slash ? (size_t)(slash - path) + 1 : 0;
  char *joined = config_alloc(l, dir + sizeof name);
  if (joined) {
    memcpy(joined, path, dir);
    memcpy(joined + dir, name, sizeof name);
  }
  return joined;
}

static void read_extra(struct config_loader *l, const char *path) {
  char *dir = extra_dir(l, path), **files = NULL;
  size_t n = 0;
  if (!dir)
    return;
  l->file = dir;
  l->scope = CONFIG_SCOPE_FILE;
  if (!config_dir_list(l, dir, &files, &n)) {
    l->config->n_broken_files++;
    return;
  }
  for (size_t i = 0; i < n && !l->out_of_memory; i++) {
    char *file = config_keep(l, files[i]);
    if (!file)
      return;
    l->file = file;
    l->scope = CONFIG_SCOPE_FILE;
    l->file_broken = false;
    read_file(l, file, read_targets);
    l->config->n_broken_files += l->file_broken;
  }
}

static void check_all(struct config_loader *l) {
  l->file = l->config->path;
  l->scope = CONFIG_SCOPE_ALL;
  if (l->config->n_targets == 0 && l->report.n == 0)
    config_warn(l, NULL, NULL, "there are no targets, neither here nor in targets.d");
  config_claims_check(l);
}

static bool start(struct config_loader *l, const char *path, int64_t now_s,
                  const struct store_backend *const *backends) {
  struct whole *w = calloc(1, sizeof *w);
  *l = (struct config_loader){.backends = backends, .now_s = now_s, .scope = CONFIG_SCOPE_ALL};
  l->config = w ? &w->config : NULL;
  l->arena = w ? &w->arena : NULL;
  if (w)
    w->config.path = config_keep(l, path);
  if (!w || !l->config->path)
    return false;
  l->file = l->config->path;
  return true;
}

static enum err finish(struct config_loader *l, bool started, struct config **ret,
                       struct config_report *ret_report) {
  enum err err = !started || l->out_of_memory ? ERR_INTERNAL : l->fatal ? ERR_INVALID : ERR_OK;
  if (l->out_of_memory)
    config_report_clear(&l->report);
  else if (started)
    config_report_sort(&l->report, l->config->path);
  *ret_report = l->report;
  config_arena_free(&l->scratch);
  free(l->claims);
  if (err == ERR_OK)
    *ret = l->config;
  else
    config_free(l->config);
  return err;
}

enum err config_load(const char *path, int64_t now_s, const struct store_backend *const *backends,
                     struct config **ret, struct config_report *ret_report) {
  struct config_loader l;
  bool started = start(&l, path, now_s, backends);
  if (started) {
    read_file(&l, path, read_main);
    // Without any of the main file, the others would only be told to lack what it says.
    if (!l.out_of_memory && (l.n_wrong == 0 || l.config->state_dir))
      read_extra(&l, path);
    if (!l.out_of_memory)
      check_all(&l);
  }
  return finish(&l, started, ret, ret_report);
}

enum err config_load_bytes(const char *name, const char *bytes, size_t len, int64_t now_s,
                           const struct store_backend *const *backends, struct config **ret,
                           struct config_report *ret_report) {
  struct config_loader l;
  bool started = start(&l, name, now_s, backends);
  if (started)
    read_bytes(&l, bytes, len, read_main);
  if (started && !l.out_of_memory)
    check_all(&l);
  return finish(&l, started, ret, ret_report);
}

const struct config_target *config_target_find(const struct config *c, const char *name,
                                               char nearest[NEAREST_MAX]) {
  struct nearest n = nearest_start(name);
  for (size_t i = 0; i < c->n_targets; i++)
    if (strcmp(c->targets[i].name, name) == 0)
      return &c->targets[i];
  for (size_t i = 0; i < c->n_targets; i++)
    if (c->targets[i].name[0] != '(')
      nearest_try(&n, c->targets[i].name);
  memcpy(nearest, n.best, sizeof n.best);
  return NULL;
}
