#include "rotator/app/compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/compose_worker.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/child.h"
#include "rotator/base/json.h"
#include "rotator/base/text.h"

#define HOOK_INPUT_MAX (32 * 1024)

struct compose {
  const struct config *config;
  struct env *env;
  struct bound **bounds; // one a configured target, NULL until asked for
  struct workers *workers;
  char host_id[STATE_WHO_MAX]; // "" not known
  char writer[STATE_WHO_MAX];
  char process_id[STATE_LINEAGE_MAX];
};

// --- what all targets share ---

const struct config *compose_config(const struct compose *c) {
  return c->config;
}
struct env *compose_env(const struct compose *c) {
  return c->env;
}

// The machine id, unless the configuration says otherwise. A container has none, or another one
// with each start: then host_id must be configured.
static void find_host_id(struct compose *c) {
  char id[64] = "";
  if (c->config->host_id) {
    text_copy(c->host_id, sizeof c->host_id, c->config->host_id);
    return;
  }
  FILE *f = fopen("/etc/machine-id", "re");
  if (!f)
    return;
  if (fgets(id, sizeof id, f))
    id[strcspn(id, "\n")] = '\0';
  fclose(f);
  if (text_is_hex(id, 32))
    text_copy(c->host_id, sizeof c->host_id, id);
}

static enum err name_process(struct compose *c, struct error *e) {
  uint64_t id;
  char host[64] = "";
  enum err err = env_random(c->env, &id, sizeof id);
  if (err != ERR_OK)
    return error_set(e, err, "no random bytes");
  snprintf(c->process_id, sizeof c->process_id, "%016" PRIx64, id);
  if (gethostname(host, sizeof host - 1) != 0 || !host[0])
    text_copy(host, sizeof host, "host");
  snprintf(c->writer, sizeof c->writer, "%s/%ld %s", host, (long)getpid(), ROTATOR_VERSION);
  return ERR_OK;
}

enum err compose_new(const struct config *config, struct env *env, unsigned jobs,
                     struct compose **ret, struct error *e) {
  struct compose *c = calloc(1, sizeof *c);
  if (!c)
    return error_no_memory(e);
  c->config = config;
  c->env = env;
  c->bounds = calloc(config->n_targets + 1, sizeof *c->bounds);
  c->workers = workers_new(config, env, jobs);
  enum err err = c->bounds && c->workers ? ERR_OK : error_no_memory(e);
  if (err == ERR_OK)
    err = name_process(c, e);
  if (err != ERR_OK) {
    compose_free(c);
    return err;
  }
  find_host_id(c);
  *ret = c;
  return ERR_OK;
}

static void close_stores(struct bound *b) {
  b->target.home = store_item_free(b->target.home);
  for (size_t i = 0; i < b->target.n_sinks; i++)
    store_item_free(b->target.sinks[i].item);
  b->target.n_sinks = 0;
}

static void bound_free(struct bound *b) {
  if (!b)
    return;
  close_stores(b);
  logs_free(b->logs);
  memory_clear(&b->memory);
  free(b);
}

struct compose *compose_free(struct compose *c) {
  if (!c)
    return NULL;
  for (size_t i = 0; c->bounds && i < c->config->n_targets; i++)
    bound_free(c->bounds[i]);
  free(c->bounds);
  workers_free(c->workers);
  for (size_t i = 0; store_backends[i]; i++)
    if (store_backends[i]->finish)
      store_backends[i]->finish();
  free(c);
  return NULL;
}

enum err compose_make_state_dir(struct compose *c, struct error *e) {
  return file_make_dir(c->config->state_dir, 0700, e);
}

// --- the reload hook (after_publish): tells consumers that a new key is in the sinks ---
//
// The program gets no argument but those configured, no environment but PATH, and one JSON object
// on standard input: {"target", "key_id", "generation", "epoch", "sinks": [{"name", "place"}]}.
// Never a value. It may be run more than once in an epoch.

static enum err describe_change(const struct target *t, const struct state *s,
                                struct secret **ret) {
  JSON_AUTO o = cJSON_CreateObject();
  cJSON *sinks = cJSON_AddArrayToObject(o, "sinks");
  cJSON_AddStringToObject(o, "target", t->name);
  cJSON_AddStringToObject(o, "key_id", s->slots[SLOT_CURRENT].key_id);
  json_add_u64_text(o, "generation", s->slots[SLOT_CURRENT].generation);
  json_add_u64_text(o, "epoch", s->epoch);
  for (size_t i = 0; i < t->n_sinks; i++) {
    cJSON *sink = cJSON_CreateObject();
    cJSON_AddStringToObject(sink, "name", t->sinks[i].name);
    cJSON_AddStringToObject(sink, "place", t->sinks[i].item->place);
    cJSON_AddItemToArray(sinks, sink);
  }
  return o && sinks ? json_print(o, HOOK_INPUT_MAX, ret) : ERR_INTERNAL;
}

static enum err hook_after_publish(void *ctx, const struct target *t, const struct state *s,
                                   struct error *e) {
  const struct config_hook *h = ctx;
  SECRET_AUTO input = NULL;
  if (describe_change(t, s, &input) != ERR_OK)
    return error_set(e, ERR_INTERNAL, "the hook's input cannot be made");
  struct child_spec spec = {.argv = h->argv,
                            .input = secret_bytes(input),
                            .input_len = secret_len(input),
                            .limit_ms = (h->timeout_s > 0 ? h->timeout_s : 60) * 1000,
                            .env = bound_of(t)->compose->env};
  return child_run(&spec, e);
}

// --- a target ---

// What the configuration alone says.
static void bound_init(struct bound *b, struct compose *c, const struct config_target *t) {
  b->config = t;
  b->compose = c;
  b->seen.dropped = ROW_COUNT;
  snprintf(b->words, sizeof b->words, "Cloud Logs ingestion key of %s", t->name);
  memory_init(&b->memory);
  last_run_path(b->last_run_path, sizeof b->last_run_path, c->config->state_dir, t->name);
  last_run_load(b->last_run_path, &b->last_run);
  b->last_run_before = b->last_run;
  b->memory.last_look_s = b->last_run.last_look_s;
  // One time for all sinks: those that are there set theirs back when they are read.
  for (size_t i = 0; i < STATE_SINKS_MAX; i++)
    b->memory.absent_since_s[i] = b->last_run.absent_since_s;
  b->target = (struct target){.name = t->name,
                              .account = t->account,
                              .instance = t->guid,
                              .key_name = t->key_name,
                              .key_words = b->words,
                              .action_when_leaked = t->action_when_leaked,
                              .application = t->application,
                              .subsystem = t->subsystem,
                              .severity = t->severity,
                              .host_id = c->host_id,
                              .writer = c->writer,
                              .process_id = c->process_id,
                              .policy = t->policy,
                              .memory = &b->memory};
  if (t->after_publish.line > 0 || t->after_publish.argv) {
    b->target.hook = hook_after_publish;
    b->target.hook_ctx = (void *)(uintptr_t)&t->after_publish;
  }
}

struct bound *compose_bound(struct compose *c, size_t i) {
  if (!c->bounds[i]) {
    c->bounds[i] = calloc(1, sizeof *c->bounds[i]);
    if (c->bounds[i])
      bound_init(c->bounds[i], c, &c->config->targets[i]);
  }
  return c->bounds[i];
}

// The default home: is it the file below the state directory?
static bool bound_home_is_file(const struct bound *b) {
  return !b->config->home.backend;
}

// --- stores ---

static enum err open_item(struct bound *b, const struct config_store *s, enum store_kind kind,
                          struct store_item **ret, struct error *e) {
  struct store_context ctx = {.env = b->compose->env, .user_agent = NULL};
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
  else if (how != IDENTITY_ASKED && strcmp(b->last_run.service_id, id) == 0)
    n = snprintf(b->iam_id, sizeof b->iam_id, "%s", b->last_run.iam_id);
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
    close_stores(b);
    return err;
  }
  // The configuration names another identity or instance now, and the old one's state is still
  // there: its keys would be left behind.
  b->target.rebound = bound_home_is_file(b) && b->last_run.binding[0] &&
                      strcmp(b->last_run.binding, b->binding) != 0 &&
                      is_there(dir, b->last_run.binding) && !is_there(dir, b->binding);
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

// --- interfaces ---

struct iam *compose_iam(struct bound *b, unsigned worker, struct error *e) {
  return workers_iam(b->compose->workers, worker, b->config->iam_url, e);
}

struct transport *compose_transport(struct compose *c, unsigned worker, struct error *e) {
  return workers_transport(c->workers, worker, e);
}

static struct logs *bound_logs(struct bound *b, unsigned worker, struct error *e) {
  if (b->logs && b->logs_worker == worker)
    return b->logs;
  logs_free(b->logs);
  b->logs = NULL;
  struct transport *t = compose_transport(b->compose, worker, e);
  if (t)
    b->logs = logs_http_new(b->config->ingress_url,
                            (const char *const *)b->compose->config->complaints, t);
  if (t && !b->logs)
    error_no_memory(e);
  b->logs_worker = worker;
  return b->logs;
}

bool compose_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                struct error *e) {
  (void)ctx;
  struct bound *b = bound_of(t);
  if (compose_bind(b, worker, IDENTITY_REMEMBERED, e) != ERR_OK)
    return false;
  struct iam *iam = compose_iam(b, worker, e);
  struct logs *logs = iam ? bound_logs(b, worker, e) : NULL;
  if (!logs)
    return false;
  *ret = (struct engine_io){.env = b->compose->env, .iam = iam, .logs = logs};
  return true;
}
