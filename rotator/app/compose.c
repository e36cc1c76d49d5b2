#include "rotator/app/compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/compose_worker.h"
#include "rotator/app/counted_transport.h"
#include "rotator/app/host_id.h"
#include "rotator/app/identity.h"
#include "rotator/app/path_units.h"
#include "rotator/app/readers.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/text.h"

struct compose {
  const struct config *config;
  struct env *env;
  struct managed **targets; // one a configured target, NULL until asked for
  struct workers *workers;
  struct readers *readers;
  struct path_units path_units;
  char host_id[STATE_WHO_MAX]; // "" not known
  char writer[STATE_WHO_MAX];
  char process_id[STATE_LINEAGE_MAX];
  int64_t state_dir_well_ms;
  char own_place[512]; // of a store: where `management` reads its key; "" nowhere that is one
};

// --- what all targets share ---

const struct config *compose_config(const struct compose *c) {
  return c->config;
}
struct env *compose_env(const struct compose *c) {
  return c->env;
}
int64_t *compose_state_dir_well_ms(struct managed *m) {
  return managed_is_local(m) ? &m->compose->state_dir_well_ms : NULL;
}

bool compose_failed_watch(struct compose *c, const struct config_target *t,
                          struct path_unit_failure *ret) {
  return path_units_find(&c->path_units, t, c->env, ret);
}

static enum err name_process(struct compose *c, struct error *e) {
  uint64_t id;
  char host[64] = "";
  enum err err = env_random(c->env, &id, sizeof id);
  if (err != ERR_OK)
    return error_set(e, err, "the system gave no random bytes");
  snprintf(c->process_id, sizeof c->process_id, "%016" PRIx64, id);
  if (gethostname(host, sizeof host - 1) != 0 || !host[0])
    text_copy(host, sizeof host, "host");
  snprintf(c->writer, sizeof c->writer, "%s/%ld %s", host, (long)getpid(), ROTATOR_VERSION);
  return ERR_OK;
}

// A credential of systemd is a copy, and no place that a store could write.
static void find_own_place(struct compose *c) {
  const struct config_credential *m = &c->config->management;
  const struct store_context context = {.env = c->env};
  struct store_item *item = NULL;
  int line = 0;
  if (m->store && m->store->backend->open(&context, STORE_SINK, m->store->settings,
                                          m->store->n_settings, &item, &line, NULL) == ERR_OK)
    text_copy(c->own_place, sizeof c->own_place, item->place);
  else if (m->file)
    snprintf(c->own_place, sizeof c->own_place, "file:%s", m->file);
  store_item_free(item);
}

enum err compose_new(const struct config *config, struct env *env, unsigned jobs,
                     struct compose **ret, struct error *e) {
  struct compose *c = calloc(1, sizeof *c);
  if (!c)
    return error_no_memory(e);
  c->config = config;
  c->env = env;
  c->targets = calloc(config->n_targets + 1, sizeof *c->targets);
  c->workers = workers_new(config, env, jobs);
  c->readers = readers_new(config, env);
  enum err err = c->targets && c->workers && c->readers ? ERR_OK : error_no_memory(e);
  if (err == ERR_OK)
    err = name_process(c, e);
  if (err != ERR_OK) {
    compose_free(c);
    return err;
  }
  host_id_find(config, c->host_id);
  find_own_place(c);
  *ret = c;
  return ERR_OK;
}

void compose_waits(struct compose *c, int64_t most_ms, request_wait_notice *notice) {
  workers_waits(c->workers, most_ms, notice);
}

static void close_stores(struct managed *m) {
  m->target.home = store_item_free(m->target.home);
  for (size_t i = 0; i < m->target.n_sinks; i++)
    store_item_free(m->target.sinks[i].item);
  m->target.n_sinks = 0;
}

static void managed_free(struct managed *m) {
  if (!m)
    return;
  counted_transport_forget(&m->seen.requests);
  close_stores(m);
  logs_free(m->logs);
  logs_reader_free(m->reader);
  audit_clear(&m->audit);
  memory_clear(&m->memory);
  free(m);
}

struct compose *compose_free(struct compose *c) {
  if (!c)
    return NULL;
  for (size_t i = 0; c->targets && i < c->config->n_targets; i++)
    managed_free(c->targets[i]);
  free(c->targets);
  path_units_clear(&c->path_units);
  workers_free(c->workers);
  readers_free(c->readers);
  // What the stores hold for all their items (a token that a login gave), once no item is left.
  for (size_t i = 0; store_backends[i]; i++)
    if (store_backends[i]->finish)
      store_backends[i]->finish();
  free(c);
  return NULL;
}

enum err compose_make_state_dir(struct compose *c, struct error *e) {
  return file_make_dir(c->config->state_dir, 0700, e);
}

// --- a target ---

// What the configuration alone says.
static void managed_init(struct managed *m, struct compose *c, const struct config_target *t) {
  m->config = t;
  m->compose = c;
  m->seen.dropped = ROW_COUNT;
  snprintf(m->key_words, sizeof m->key_words, "%s key of %s",
           t->own_key ? "Management" : "Cloud Logs ingestion", t->name);
  memory_init(&m->memory);
  last_run_path(m->last_run_path, sizeof m->last_run_path, c->config->state_dir, t->name);
  last_run_load(m->last_run_path, &m->last_run, &m->memory.book);
  m->memory.last_look_s = m->last_run.last_look_s;
  m->memory.iam_refused = m->last_run.iam_refused;
  // One time for all sinks: those that are there set theirs back when they are read.
  for (size_t i = 0; i < STATE_SINKS_MAX; i++)
    m->memory.absent_since_s[i] = m->last_run.absent_since_s;
  m->target = (struct target){.name = t->name,
                              .account = t->account,
                              .instance = t->guid,
                              .key_name = t->key_name,
                              .key_words = m->key_words,
                              .action_when_leaked = t->action_when_leaked,
                              .application = t->application,
                              .subsystem = t->subsystem,
                              .severity = t->severity,
                              .host_id = c->host_id,
                              .writer = c->writer,
                              .process_id = c->process_id,
                              .policy = t->policy,
                              .memory = &m->memory};
  if (t->after_publish.line > 0 || t->after_publish.argv) {
    m->hook = (struct hook){.config = &t->after_publish, .env = c->env};
    m->target.hook = hook_after_publish;
    m->target.hook_ctx = &m->hook;
  }
}

struct managed *compose_target(struct compose *c, size_t i) {
  if (!c->targets[i]) {
    c->targets[i] = calloc(1, sizeof *c->targets[i]);
    if (c->targets[i])
      managed_init(c->targets[i], c, &c->config->targets[i]);
  }
  return c->targets[i];
}

void compose_release(struct managed *m) {
  struct compose *c = m->compose;
  c->targets[m->config - c->config->targets] = NULL;
  managed_free(m);
}

// --- stores ---

static enum err open_item(struct managed *m, const struct config_store *s, enum store_kind kind,
                          struct store_item **ret, struct error *e) {
  struct store_context ctx = {.env = m->compose->env,
                              .tokens = workers_tokens(m->compose->workers, m->config->iam_url)};
  int line = s->line;
  enum err err = s->backend->open(&ctx, kind, s->settings, s->n_settings, ret, &line, e);
  if (err != ERR_OK)
    error_wrap(e, "%s:%d: %s", m->config->file, line > 0 ? line : s->line,
               kind == STORE_HOME ? "home" : s->name);
  return err;
}

static enum err open_default_home(struct managed *m, struct error *e) {
  const struct store_backend *file = store_backend_find("file");
  if (!file)
    return error_set(e, ERR_INVALID, "%s:%d: built without the file store: configure a home",
                     m->config->file, m->config->line);
  struct store_setting path = {.name = "path", .value = m->home_path, .line = m->config->line};
  struct config_store home = {.name = (char[]){"home"},
                              .backend = file,
                              .settings = &path,
                              .n_settings = 1,
                              .line = m->config->line};
  return open_item(m, &home, STORE_HOME, &m->target.home, e);
}

enum err compose_open_sinks(struct managed *m, struct error *e) {
  const struct config_target *t = m->config;
  enum err err = ERR_OK;
  if (t->n_sinks > STATE_SINKS_MAX)
    err = error_set(e, ERR_INVALID, "%s:%d: more than %d sinks", t->file, t->line, STATE_SINKS_MAX);
  for (size_t i = m->target.n_sinks; err == ERR_OK && i < t->n_sinks; i++) {
    struct engine_sink *s = &m->target.sinks[i];
    err = open_item(m, &t->sinks[i], STORE_SINK, &s->item, e);
    if (err == ERR_OK) {
      s->name = t->sinks[i].name;
      m->target.n_sinks = i + 1;
    }
  }
  return err;
}

// The rotator's own key, by what the configuration says; the engine sees it where nothing is said.
static bool is_own(const struct managed *m) {
  if (m->config->own_key)
    return true;
  for (size_t i = 0; i < m->target.n_sinks; i++)
    if (strcmp(m->target.sinks[i].item->place, m->compose->own_place) == 0)
      return true;
  return false;
}

// Stores without compare-and-set need the lock, those of class C the mark too, and both a host.
static enum err set_lock(struct managed *m, struct error *e) {
  bool lock = m->target.home->class != STORE_CLASS_A;
  bool mark = m->target.home->class == STORE_CLASS_C;
  for (size_t i = 0; i < m->target.n_sinks; i++) {
    lock |= m->target.sinks[i].item->class != STORE_CLASS_A;
    mark |= m->target.sinks[i].item->class == STORE_CLASS_C;
  }
  m->target.lock_path = lock ? m->lock_path : NULL;
  m->target.mark_path = mark ? m->mark_path : NULL;
  if (lock && !m->compose->host_id[0])
    return error_set(e, ERR_INVALID,
                     "%s:%d: a local store is in use and this machine has no /etc/machine-id: set "
                     "host_id in the configuration",
                     m->config->file, m->config->line);
  return ERR_OK;
}

// --- identity ---

static enum err find_identity(struct managed *m, unsigned worker, enum compose_identity how,
                              struct error *e) {
  char words[IDENTITY_WORDS_MAX];
  if (identity_is_known(m, how, m->iam_id))
    return ERR_OK;
  identity_words(m, words);
  if (how == IDENTITY_OFFLINE)
    return error_set(e, ERR_MISSING, "%s was not looked up yet", words);
  struct iam *iam = compose_iam(m, worker, e);
  return iam ? identity_ask(m, iam, m->iam_id, e) : ERR_INTERNAL;
}

static bool is_there(const char *state_dir, const char *binding) {
  char path[512];
  int n = snprintf(path, sizeof path, "%s/%s.state", state_dir, binding);
  return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static enum err name_paths(struct managed *m, struct error *e) {
  const char *dir = m->compose->config->state_dir;
  int n = snprintf(m->home_path, sizeof m->home_path, "%s/%s.state", dir, m->binding);
  snprintf(m->lock_path, sizeof m->lock_path, "%s/%s.lock", dir, m->binding);
  snprintf(m->mark_path, sizeof m->mark_path, "%s/%s.mark", dir, m->binding);
  return n > 0 && (size_t)n < sizeof m->home_path
             ? ERR_OK
             : error_set(e, ERR_INVALID, "state_dir is too long: %s", dir);
}

enum err compose_bind_to(struct managed *m, const char *iam_id, struct error *e) {
  const char *dir = m->compose->config->state_dir;
  if (m->bound && strcmp(m->iam_id, iam_id) == 0)
    return ERR_OK;
  if (m->bound)
    close_stores(m);
  m->bound = false;
  if (iam_id != m->iam_id)
    text_copy(m->iam_id, sizeof m->iam_id, iam_id);
  tag_binding(m->config->account, m->iam_id, m->config->guid, m->binding);
  m->target.iam_id = m->iam_id;
  enum err err = name_paths(m, e);
  if (err == ERR_OK)
    err = managed_is_local(m) ? open_default_home(m, e)
                              : open_item(m, &m->config->home, STORE_HOME, &m->target.home, e);
  if (err == ERR_OK)
    err = compose_open_sinks(m, e);
  if (err == ERR_OK)
    err = set_lock(m, e);
  if (err != ERR_OK) {
    close_stores(m);
    return err;
  }
  // The configuration names another identity or instance now, and the old one's state is still
  // there: its keys would be left behind.
  m->target.rebound = managed_is_local(m) && m->last_run.binding[0] &&
                      strcmp(m->last_run.binding, m->binding) != 0 &&
                      is_there(dir, m->last_run.binding) && !is_there(dir, m->binding);
  m->target.own = is_own(m);
  m->bound = true;
  return ERR_OK;
}

enum err compose_bind(struct managed *m, unsigned worker, enum compose_identity how,
                      struct error *e) {
  if (m->bound)
    return ERR_OK;
  enum err err = find_identity(m, worker, how, e);
  return err == ERR_OK ? compose_bind_to(m, m->iam_id, e) : err;
}

// --- interfaces ---

struct iam *compose_iam(struct managed *m, unsigned worker, struct error *e) {
  return workers_iam(m->compose->workers, worker, m->config->iam_url, e);
}

struct transport *compose_transport(const struct compose *c) {
  return workers_transport(c->workers);
}

static struct logs *managed_logs(struct managed *m, unsigned worker, struct error *e) {
  if (m->logs && m->logs_worker == worker)
    return m->logs;
  logs_free(m->logs);
  m->logs = audit_client(&m->audit, m->config->audit,
                         logs_http_new(m->config->ingress_url,
                                       (const char *const *)m->compose->config->complaints,
                                       compose_transport(m->compose)));
  if (!m->logs)
    error_no_memory(e);
  m->logs_worker = worker;
  return m->logs;
}

// Without it where there is no memory for it, and then its search says so.
static struct logs_reader *managed_reader(struct managed *m) {
  if (!m->reader)
    m->reader = readers_open(m->compose->readers, m->config, compose_transport(m->compose));
  return m->reader;
}

bool compose_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                struct error *e) {
  (void)ctx;
  struct managed *m = managed_of(t);
  counted_transport_for(&m->seen.requests);
  if (compose_bind(m, worker, IDENTITY_REMEMBERED, e) != ERR_OK)
    return false;
  struct iam *iam = compose_iam(m, worker, e);
  struct logs *logs = iam && !m->config->own_key ? managed_logs(m, worker, e) : NULL;
  if (!iam || (!logs && !m->config->own_key))
    return false;
  *ret = (struct engine_io){
      .env = m->compose->env, .iam = iam, .logs = logs, .reader = managed_reader(m)};
  return true;
}
