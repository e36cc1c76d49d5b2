#include "rotator/app/compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/compose_internal.h"
#include "rotator/app/hook.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/text.h"

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

static void bound_free(struct bound *b) {
  if (!b)
    return;
  compose_close_stores(b);
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

// What the configuration alone says.
static void bound_init(struct bound *b, struct compose *c, const struct config_target *t) {
  b->config = t;
  b->compose = c;
  b->told.dropped = ROW_COUNT;
  snprintf(b->words, sizeof b->words, "Cloud Logs ingestion key of %s", t->name);
  memory_init(&b->memory);
  record_path(b->record_path, sizeof b->record_path, c->config->state_dir, t->name);
  record_load(b->record_path, &b->record);
  b->record_before = b->record;
  b->memory.last_look_s = b->record.last_look_s;
  // One time for all sinks: those that are there set theirs back when they are read.
  for (size_t i = 0; i < STATE_SINKS_MAX; i++)
    b->memory.absent_since_s[i] = b->record.absent_since_s;
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

enum err compose_make_state_dir(struct compose *c, struct error *e) {
  return file_make_dir(c->config->state_dir, 0700, e);
}

// --- interfaces ---

struct iam *compose_iam(struct bound *b, unsigned worker, struct error *e) {
  return workers_iam(b->compose->workers, worker, b->config->iam_url, e);
}

struct transport *compose_transport(const struct compose *c) {
  return workers_transport(c->workers);
}

static struct logs *bound_logs(struct bound *b, unsigned worker, struct error *e) {
  if (b->logs && b->logs_worker == worker)
    return b->logs;
  logs_free(b->logs);
  b->logs = NULL;
  b->logs =
      logs_http_new(b->config->ingress_url, (const char *const *)b->compose->config->complaints,
                    compose_transport(b->compose));
  if (!b->logs)
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
