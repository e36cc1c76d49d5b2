// Which identity is meant, and the stores of a target.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/compose_internal.h"
#include "rotator/base/text.h"

void compose_close_stores(struct bound *b) {
  b->target.home = store_item_free(b->target.home);
  for (size_t i = 0; i < b->target.n_sinks; i++)
    store_item_free(b->target.sinks[i].item);
  b->target.n_sinks = 0;
}

bool bound_home_is_file(const struct bound *b) {
  return !b->config->home.backend;
}

// --- stores ---

static enum err open_item(struct bound *b, const struct config_store *s, enum store_kind kind,
                          struct store_item **ret, struct error *e) {
  struct store_context ctx = {.env = b->compose->env};
  int line = s->line;
  enum err err = s->backend->open(&ctx, kind, s->settings, s->n_settings, ret, &line, e);
  if (err != ERR_OK)
    error_wrap(e, "%s:%d: %s", b->config->file, line > 0 ? line : s->line,
               kind == STORE_HOME ? "home" : s->name);
  return err;
}

static enum err open_default_home(struct bound *b, struct error *e) {
  const struct store_backend *file = store_backend_find("file");
  if (!file)
    return error_set(e, ERR_INVALID, "%s:%d: built without the file store: configure a home",
                     b->config->file, b->config->line);
  struct store_setting path = {.name = "path", .value = b->home_path, .line = b->config->line};
  struct config_store home = {.name = (char[]){"home"},
                              .backend = file,
                              .settings = &path,
                              .n_settings = 1,
                              .line = b->config->line};
  return open_item(b, &home, STORE_HOME, &b->target.home, e);
}

static enum err open_stores(struct bound *b, struct error *e) {
  const struct config_target *t = b->config;
  enum err err = bound_home_is_file(b) ? open_default_home(b, e)
                                       : open_item(b, &t->home, STORE_HOME, &b->target.home, e);
  if (err == ERR_OK && t->n_sinks > STATE_SINKS_MAX)
    err = error_set(e, ERR_INVALID, "%s:%d: more than %d sinks", t->file, t->line, STATE_SINKS_MAX);
  for (size_t i = 0; err == ERR_OK && i < t->n_sinks; i++) {
    struct engine_sink *s = &b->target.sinks[i];
    err = open_item(b, &t->sinks[i], STORE_SINK, &s->item, e);
    if (err == ERR_OK) {
      s->name = t->sinks[i].name;
      b->target.n_sinks = i + 1;
    }
  }
  return err;
}

// Stores without compare-and-set need the lock, those of class C the mark too, and both a host.
static enum err set_lock(struct bound *b, struct error *e) {
  bool lock = b->target.home->class != STORE_CLASS_A;
  bool mark = b->target.home->class == STORE_CLASS_C;
  for (size_t i = 0; i < b->target.n_sinks; i++) {
    lock |= b->target.sinks[i].item->class != STORE_CLASS_A;
    mark |= b->target.sinks[i].item->class == STORE_CLASS_C;
  }
  b->target.lock_path = lock ? b->lock_path : NULL;
  b->target.mark_path = mark ? b->mark_path : NULL;
  if (lock && !b->compose->host_id[0])
    return error_set(e, ERR_INVALID,
                     "%s:%d: a local store is in use and this machine has no /etc/machine-id: set "
                     "host_id in the configuration",
                     b->config->file, b->config->line);
  return ERR_OK;
}

// --- identity ---

static enum err ask_identity(struct bound *b, unsigned worker, struct error *e) {
  struct iam *iam = compose_iam(b, worker, e);
  struct iam_service_id found = {0};
  const char *name = b->config->service_id;
  size_t n = 0;
  if (!iam)
    return ERR_INTERNAL;
  enum err err = iam->ops->find_service_id(iam, b->config->account, name, &found, &n, e);
  if (err != ERR_OK)
    return error_wrap(e, "service ID '%s'", name), err;
  if (n > 1)
    return error_set(e, ERR_INVALID,
                     "%zu service IDs of account %s are named '%s', one of them %s: write the id "
                     "instead of the name (%s:%d)",
                     n, b->config->account, name, found.id, b->config->file, b->config->line);
  text_copy(b->iam_id, sizeof b->iam_id, found.iam_id);
  return ERR_OK;
}

static enum err find_identity(struct bound *b, unsigned worker, enum compose_identity how,
                              struct error *e) {
  const char *id = b->config->service_id;
  int n = 0;
  if (text_starts(id, "ServiceId-"))
    n = snprintf(b->iam_id, sizeof b->iam_id, "iam-%s", id);
  else if (text_starts(id, "iam-ServiceId-") || text_starts(id, "IBMid-"))
    n = snprintf(b->iam_id, sizeof b->iam_id, "%s", id);
  else if (how != IDENTITY_ASKED && strcmp(b->record.service_id, id) == 0)
    n = snprintf(b->iam_id, sizeof b->iam_id, "%s", b->record.iam_id);
  if ((size_t)n >= sizeof b->iam_id)
    return error_set(e, ERR_INVALID, "%s:%d: '%s' is no service ID", b->config->file,
                     b->config->line, id);
  if (!b->iam_id[0] && how == IDENTITY_OFFLINE)
    return error_set(e, ERR_MISSING, "service ID '%s' was not looked up yet", id);
  return b->iam_id[0] ? ERR_OK : ask_identity(b, worker, e);
}

static bool is_there(const char *state_dir, const char *binding) {
  char path[512];
  int n = snprintf(path, sizeof path, "%s/%s.state", state_dir, binding);
  return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static enum err name_paths(struct bound *b, struct error *e) {
  const char *dir = b->compose->config->state_dir;
  int n = snprintf(b->home_path, sizeof b->home_path, "%s/%s.state", dir, b->binding);
  snprintf(b->lock_path, sizeof b->lock_path, "%s/%s.lock", dir, b->binding);
  snprintf(b->mark_path, sizeof b->mark_path, "%s/%s.mark", dir, b->binding);
  return n > 0 && (size_t)n < sizeof b->home_path
             ? ERR_OK
             : error_set(e, ERR_INVALID, "state_dir is too long: %s", dir);
}

enum err compose_bind_to(struct bound *b, const char *iam_id, struct error *e) {
  const char *dir = b->compose->config->state_dir;
  if (iam_id != b->iam_id)
    text_copy(b->iam_id, sizeof b->iam_id, iam_id);
  tag_binding(b->config->account, b->iam_id, b->config->guid, b->binding);
  b->target.iam_id = b->iam_id;
  enum err err = name_paths(b, e);
  if (err == ERR_OK)
    err = open_stores(b, e);
  if (err == ERR_OK)
    err = set_lock(b, e);
  if (err != ERR_OK) {
    compose_close_stores(b);
    return err;
  }
  // The configuration names another identity or instance now, and the old one's state is still
  // there: its keys would be left behind.
  b->target.rebound = bound_home_is_file(b) && b->record.binding[0] &&
                      strcmp(b->record.binding, b->binding) != 0 &&
                      is_there(dir, b->record.binding) && !is_there(dir, b->binding);
  b->bound = true;
  return ERR_OK;
}

enum err compose_bind(struct bound *b, unsigned worker, enum compose_identity how,
                      struct error *e) {
  if (b->bound)
    return ERR_OK;
  enum err err = find_identity(b, worker, how, e);
  return err == ERR_OK ? compose_bind_to(b, b->iam_id, e) : err;
}
