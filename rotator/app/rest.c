#include "rotator/app/rest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file/file_peek.h"
#include "rotator/app/rest_about.h"
#include "rotator/base/log.h"

// So old is a file when it is read: one may be written twice within a tick of its clock.
#define SETTLED_MS 2000
#define DIR_OPEN_MS 1000 // a directory that is looked into is opened anew after that
#define TRIES 5          // to write what another process has not changed in between

struct rest {
  const struct app *app;
  unsigned char about[TEXT_SHA256_BYTES];
  char path[512];
  struct file_version version; // of the index that was read; all zero: there was none
  struct rest_index before;
  struct text_buf records; // of this run
  bool *ended; // of each target of the configuration: this run read it, and says how it is
  bool changed;
  struct filestore_dir homes, sinks;
  int64_t opened_ms;
};

static const struct file_rules rules = {.mode = 0600,
                                        .owner = (uid_t)-1,
                                        .group = (gid_t)-1,
                                        .private_dir = true,
                                        .max_bytes = REST_INDEX_MAX};

// --- the file ---

static enum err read_index(struct rest *x, struct error *e) {
  struct secret *bytes = NULL;
  const char *why;
  rest_index_clear(&x->before);
  x->version = (struct file_version){0};
  enum err err = file_read(x->path, &rules, &bytes, &x->version, e);
  if (err == ERR_MISSING)
    return ERR_OK;
  if (err == ERR_OK &&
      !rest_index_decode(bytes, x->about, x->app->config->n_targets, &x->before, &why))
    log_line(LOG_LEVEL_DEBUG, NULL, "rest", "%s: %s; all targets are read", x->path, why);
  return err;
}

static bool is_wanted(const struct app *a) {
  return a->cli.command == CMD_RUN && a->cli.n_targets == 0 && !a->cli.dry_run && !a->cli.json &&
         a->n_selected >= REST_LEAST;
}

struct rest *rest_new(const struct app *a) {
  struct rest *x = is_wanted(a) ? calloc(1, sizeof *x) : NULL;
  if (!x)
    return NULL;
  *x = (struct rest){.app = a,
                     .records = TEXT_BUF(REST_INDEX_MAX),
                     .homes = FILESTORE_NO_DIR,
                     .sinks = FILESTORE_NO_DIR};
  x->ended = calloc(a->config->n_targets + 1, sizeof *x->ended);
  int n = snprintf(x->path, sizeof x->path, "%s/rest.index", a->config->state_dir);
  if (!x->ended || n < 0 || (size_t)n >= sizeof x->path || !rest_about(a->config, x->about))
    return rest_free(x);
  struct error e;
  if (read_index(x, &e) != ERR_OK)
    log_error(LOG_LEVEL_DEBUG, NULL, "rest", &e);
  return x;
}

struct rest *rest_free(struct rest *x) {
  if (!x)
    return NULL;
  rest_index_clear(&x->before);
  text_buf_free(&x->records);
  free(x->ended);
  filestore_dir_close(&x->homes);
  filestore_dir_close(&x->sinks);
  free(x);
  return NULL;
}

// What others have settled meanwhile is kept.
void rest_write(struct rest *x) {
  struct error e = {0};
  if (!x || !x->changed)
    return;
  enum err err = ERR_CONFLICT;
  for (int i = 0; i < TRIES && err == ERR_CONFLICT; i++) {
    if (i > 0 && read_index(x, &e) != ERR_OK)
      break;
    struct secret *bytes =
        x->records.failed ? NULL : rest_index_encode(x->about, &x->records, &x->before, x->ended);
    err = bytes ? file_replace(x->path, &rules, bytes, &x->version, NULL, &e) : error_no_memory(&e);
    secret_free(bytes);
  }
  if (err != ERR_OK)
    log_error(LOG_LEVEL_DEBUG, NULL, "rest", &e);
}

// --- does it rest still? ---

static size_t number_of(const struct rest *x, const struct config_target *t) {
  return (size_t)(t - x->app->config->targets);
}

// The path of a sink that is a file; NULL: it is none.
static const char *file_of(const struct config_store *s) {
  if (!s->backend || strcmp(s->backend->name, "file") != 0)
    return NULL;
  return store_setting_get(s->settings, s->n_settings, "path");
}

static void refresh_dirs(struct rest *x) {
  int64_t now_ms = env_mono_ms(x->app->env);
  if (now_ms - x->opened_ms < DIR_OPEN_MS)
    return;
  filestore_dir_close(&x->homes);
  filestore_dir_close(&x->sinks);
  x->opened_ms = now_ms;
}

static bool is_unchanged(struct filestore_dir *d, const char *path, const struct rest_file *f) {
  struct file_peek now;
  return path && filestore_peek(d, path, &now) && file_version_equal(&now.version, &f->version) &&
         now.dir_owner == f->dir_owner;
}

// In the order in which a turn reads: sinks, then the state.
static bool are_unchanged(struct rest *x, const struct config_target *t, const struct rest_entry *e,
                          const struct rest_file *files) {
  char home[512];
  snprintf(home, sizeof home, "%s/%s.state", x->app->config->state_dir, e->binding);
  if (e->n_files != 1 + t->n_sinks)
    return false;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (!is_unchanged(&x->sinks, file_of(&t->sinks[i]), &files[1 + i]))
      return false;
  return is_unchanged(&x->homes, home, &files[0]);
}

// Under the lock of the target, as a tick would be.
static bool look(struct rest *x, const struct config_target *t, const struct rest_entry *e,
                 const struct rest_file *files) {
  char lock[512], run[512];
  int fd = -1;
  snprintf(lock, sizeof lock, "%s/%s.lock", x->app->config->state_dir, e->binding);
  snprintf(run, sizeof run, "%s.run", t->name);
  if (file_lock(lock, x->app->env, 0, &fd, NULL) != ERR_OK)
    return false;
  bool same = are_unchanged(x, t, e, files) && last_run_touch(x->homes.fd, run, e->run);
  file_unlock(fd);
  return same;
}

static bool is_time(const struct rest *x, const struct rest_entry *e) {
  int64_t now_s = env_wall_ms(x->app->env) / 1000;
  return now_s >= e->from_s && now_s < e->until_s;
}

bool rest_stands(struct rest *x, size_t i, struct rest_figures *ret_figures) {
  struct rest_entry e;
  struct rest_file files[REST_FILES_MAX];
  struct path_unit_failure failure;
  if (!x || env_stopping(x->app->env))
    return false;
  const struct config_target *t = x->app->chosen[i];
  if (!rest_index_find(&x->before, number_of(x, t), &e, files) || !is_time(x, &e))
    return false;
  refresh_dirs(x);
  if (compose_failed_watch(x->app->compose, t, &failure) || !look(x, t, &e, files))
    return false;
  *ret_figures = e.figures;
  log_line(LOG_LEVEL_DEBUG, t->name, "rest", "none of its files has changed since it was read");
  return true;
}

// --- what is to be known of it the next time ---

void rest_saw(struct managed *m, const struct step *s) {
  struct seen *seen = &m->seen;
  const struct view *v = s->view;
  seen->rests_until_s = s->result == ERR_OK ? decide_rests_until_s(v, s->action) : 0;
  if (seen->rests_until_s == 0)
    return;
  int64_t now_s = env_wall_ms(compose_env(m->compose)) / 1000;
  seen->rests_from_s = now_s > v->now_s ? now_s : v->now_s;
  bool files = filestore_version_parse(v->home_version, &seen->rests_on[0]);
  for (size_t i = 0; i < v->n_sinks; i++)
    files = files && v->sinks[i].class == STORE_CLASS_B &&
            filestore_version_parse(v->sinks[i].version, &seen->rests_on[1 + i]);
  if (!files)
    seen->rests_until_s = 0;
}

// Did it end as it does on most days, and was nobody asked, nothing done and nothing wrong?
static bool is_plain(const struct managed *m, const struct tick_result *r,
                     const struct outcome *o) {
  const struct seen *seen = &m->seen;
  bool good = r->end == TICK_REST && r->phase == PHASE_IDLE && !r->attention &&
              r->error.kind == ERR_OK && r->working != WORKING_NO;
  bool fine = o->exit == EXIT_FINE && o->silent && !o->fault && !o->watch.text[0];
  bool quiet = !seen->acted && seen->requests == 0 && !seen->unwell &&
               m->last_run.trouble_since_s == 0 && !m->last_run.iam_refused;
  for (int i = 0; i < ERR_COUNT; i++)
    quiet = quiet && seen->failures[i] == 0;
  return good && fine && quiet && seen->rests_until_s > seen->rests_from_s;
}

static bool is_of_files(const struct managed *m) {
  for (size_t i = 0; i < m->config->n_sinks; i++)
    if (!file_of(&m->config->sinks[i]))
      return false;
  return managed_is_local(m) && !m->target.own && !m->config->own_key;
}

// It is the file that was read, and it had not just been written then.
static bool enter_file(const struct managed *m, struct filestore_dir *d, const char *path,
                       size_t at, struct rest_file *ret) {
  const struct file_version *read = &m->seen.rests_on[at];
  struct file_peek now;
  int64_t settled_ns = (m->seen.ticked_ms - SETTLED_MS) * 1000000;
  if (!filestore_peek(d, path, &now) || !file_version_equal(&now.version, read) ||
      read->ctime_ns > settled_ns || !filestore_dir_is_local(d))
    return false;
  *ret = (struct rest_file){.version = *read, .dir_owner = now.dir_owner};
  return true;
}

static bool enter_files(struct rest *x, const struct managed *m,
                        struct rest_file files[REST_FILES_MAX]) {
  if (!enter_file(m, &x->homes, m->home_path, 0, &files[0]))
    return false;
  for (size_t i = 0; i < m->config->n_sinks; i++)
    if (!enter_file(m, &x->sinks, file_of(&m->config->sinks[i]), 1 + i, &files[1 + i]))
      return false;
  return true;
}

void rest_add(struct rest *x, const struct managed *m, const struct tick_result *r,
              const struct outcome *o, bool told) {
  struct rest_file files[REST_FILES_MAX];
  if (!x || r->end == TICK_BUSY || r->end == TICK_STOPPED) // another run's, or nobody's
    return;
  size_t number = number_of(x, m->config);
  struct rest_entry e;
  x->changed |= rest_index_find(&x->before, number, &e, files);
  x->ended[number] = true;
  refresh_dirs(x);
  if (told || !is_plain(m, r, o) || !is_of_files(m) || !enter_files(x, m, files))
    return;
  e = (struct rest_entry){.target = (uint32_t)number,
                          .n_files = (uint32_t)(1 + m->config->n_sinks),
                          .from_s = m->seen.rests_from_s,
                          .until_s = m->seen.rests_until_s,
                          .figures = {.working = r->working,
                                      .since_s = m->seen.current_since_s,
                                      .due_s = m->seen.due_s,
                                      .phase_since_s = m->seen.phase_since_s,
                                      .proven_s = m->seen.verdict.proven_s}};
  memcpy(e.run, m->last_run.content, sizeof e.run);
  text_copy(e.binding, sizeof e.binding, m->binding);
  rest_index_add(&x->records, &e, files);
  x->changed = true;
}
