// Loading: the main file, then targets.d, then what concerns several targets. See config_loader.h.
#include "rotator/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void read_bytes(struct config_loader *l, const char *bytes, size_t len,
                       void (*read)(struct config_loader *l, yaml_node_t *root)) {
  yaml_document_t document;
  if (!config_yaml_load(l, bytes, len, &document))
    return;
  l->document = &document;
  read(l, yaml_document_get_root_node(&document));
  l->document = NULL;
  yaml_document_delete(&document);
}

static void read_file(struct config_loader *l, const char *path,
                      void (*read)(struct config_loader *l, yaml_node_t *root)) {
  char *bytes = NULL;
  size_t len = 0;
  if (!config_file_read(l, path, &bytes, &len))
    return;
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
    read_file(l, file, config_extra_read);
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
  struct whole *w = calloc(1, sizeof(*w));
  size_t n = 0;
  while (backends[n])
    n++;
  *l = (struct config_loader){.backends = backends, .now_s = now_s, .scope = CONFIG_SCOPE_ALL};
  l->config = w ? &w->config : NULL;
  l->arena = w ? &w->arena : NULL;
  l->shared = config_arena_alloc(&l->scratch, (n + 1) * sizeof(*l->shared));
  if (w)
    w->config.path = config_keep(l, path);
  if (!w || !l->shared || !l->config->path)
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

enum err config_load_with(const char *path, int64_t now_s,
                          const struct store_backend *const *backends, struct config **ret,
                          struct config_report *ret_report) {
  struct config_loader l;
  bool started = start(&l, path, now_s, backends);
  if (started) {
    read_file(&l, path, config_main_read);
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
    read_bytes(&l, bytes, len, config_main_read);
  if (started && !l.out_of_memory)
    check_all(&l);
  return finish(&l, started, ret, ret_report);
}

enum err config_load(const char *path, int64_t now_s, struct config **ret,
                     struct config_report *ret_report) {
  return config_load_with(path, now_s, store_backends, ret, ret_report);
}

const struct config_target *config_target_find(const struct config *c, const char *name) {
  for (size_t i = 0; i < c->n_targets; i++)
    if (strcmp(c->targets[i].name, name) == 0)
      return &c->targets[i];
  return NULL;
}

const char *config_target_nearest(const struct config *c, const char *name) {
  struct config_nearest n = config_nearest_start(name);
  for (size_t i = 0; i < c->n_targets; i++)
    if (c->targets[i].name[0] != '(')
      config_nearest_try(&n, c->targets[i].name);
  return n.best;
}
