#include "rotator/app/notify.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/report/report.h"
#include "rotator/base/child.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/base/trust.h"

#define DOCUMENT_MAX (16 * 1024 * 1024)
#define TIMEOUT_S 30

enum condition { WELL, ATTENTION, BROKEN };
static const char *const condition_names[] = {"well", "attention", "broken"};

struct mark { // what a record will say when the program has been told
  char target[65];
  char told[16], key[IAM_ID_MAX];
};

struct notify {
  cJSON *events;
  size_t n_events;
  struct mark *marks;
  size_t n, cap;
  bool failed; // memory ran out on the way
};

// --- what changed ---

static bool is_wanted(const struct config *c, const char *event) {
  for (char *const *on = c->notify.on; on && *on; on++)
    if (strcmp(*on, event) == 0)
      return true;
  return !c->notify.on;
}

// Whoever is not told of one condition hears of the next one below it: for somebody who wants to
// know of broken targets alone, one that only wants a person has recovered.
static enum condition condition_of(const struct config *c, const struct outcome *o) {
  enum condition now = o->exit == EXIT_PAGE ? BROKEN : o->exit == EXIT_FINE ? WELL : ATTENTION;
  if (now == BROKEN && !is_wanted(c, "broken"))
    now = ATTENTION;
  return now == ATTENTION && !is_wanted(c, "attention") ? WELL : now;
}

static enum condition told_condition(const struct last_run *last) {
  enum condition c = BROKEN;
  while (c > WELL && strcmp(last->told, condition_names[c]) != 0)
    c--;
  return c;
}

// A key that every consumer's place holds, proven. Before the first that we know of there is
// nothing to compare it with, unless it was made now.
static bool is_rotated(const struct managed *m, const struct tick_result *r) {
  const char *told = m->last_run.told_key;
  bool published = r->phase < PHASE_COUNT && r->phase != PHASE_PUBLISHING && r->current_id[0];
  return published && strcmp(told, r->current_id) != 0 && (told[0] || m->seen.promoted);
}

// --- what is told ---

static struct notify *notify_of(struct app *a) {
  if (!a->notify)
    a->notify = calloc(1, sizeof *a->notify);
  if (a->notify && !a->notify->events)
    a->notify->events = cJSON_CreateArray();
  return a->notify && a->notify->events ? a->notify : NULL;
}

static void add_event(struct app *a, struct managed *m, const struct tick_result *r,
                      const struct outcome *o, const char *event) {
  struct notify *n = a->notify;
  cJSON *x = cJSON_CreateObject();
  if (!x || !cJSON_AddItemToArray(n->events, x)) {
    cJSON_Delete(x);
    n->failed = true;
    return;
  }
  bool good = json_add_text(x, "target", m->target.name) && json_add_text(x, "event", event) &&
              json_add_text(x, "was", condition_names[told_condition(&m->last_run)]) &&
              json_add_text(x, "was_key", m->last_run.told_key);
  if (n->n_events++ < NOTIFY_WHOLE)
    report_describe(a, m, r, o, x);
  else
    good = good && json_add_int(x, "exit", o->exit);
  n->failed |= !good;
}

static struct mark *new_mark(struct notify *n) {
  if (n->n == n->cap) {
    size_t cap = n->cap ? 2 * n->cap : 64;
    struct mark *grown = realloc(n->marks, cap * sizeof *grown);
    n->failed |= !grown;
    if (!grown)
      return NULL;
    n->marks = grown;
    n->cap = cap;
  }
  struct mark *k = &n->marks[n->n++];
  *k = (struct mark){.told = ""};
  return k;
}

bool notify_add(struct app *a, struct managed *m, const struct tick_result *r,
                const struct outcome *o) {
  const struct config *c = a->config;
  if (!c->notify.argv)
    return false;
  if (!outcome_is_seen(r, o) || !notify_of(a))
    return true;
  enum condition was = told_condition(&m->last_run), now = condition_of(c, o);
  bool rotated = is_rotated(m, r);
  const char *key = rotated || !m->last_run.told_key[0] ? r->current_id : m->last_run.told_key;
  if (rotated && is_wanted(c, "rotated"))
    add_event(a, m, r, o, "rotated");
  const char *event = now == WELL ? "recovered" : condition_names[now];
  if (was != now && is_wanted(c, event))
    add_event(a, m, r, o, event);
  if (was == now && strcmp(key, m->last_run.told_key) == 0)
    return false;
  struct mark *k = new_mark(a->notify);
  if (!k)
    return true;
  text_copy(k->target, sizeof k->target, m->target.name);
  text_copy(k->told, sizeof k->told, condition_names[now]);
  text_copy(k->key, sizeof k->key, key);
  return true;
}

// --- telling ---

static enum err make_document(const struct app *a, struct secret **ret, struct error *e) {
  char at[32];
  JSON_AUTO o = cJSON_CreateObject();
  text_format_time(at, sizeof at, env_wall_ms(a->env) / 1000);
  bool good = !a->notify->failed && o && json_add_int(o, "rotator", 1) &&
              json_add_text(o, "command", cli_commands[a->cli.command].name) &&
              json_add_text(o, "at", at) &&
              cJSON_AddItemReferenceToObject(o, "events", a->notify->events);
  if (!good)
    return error_no_memory(e);
  if (json_print(o, DOCUMENT_MAX, ret) != ERR_OK)
    return error_set(e, ERR_INVALID, "more events than fit into one document");
  return ERR_OK;
}

static enum err run_program(const struct app *a, struct error *e) {
  char *const *argv = a->config->notify.argv;
  int64_t timeout_s = a->config->notify.timeout_s > 0 ? a->config->notify.timeout_s : TIMEOUT_S;
  SECRET_AUTO input = NULL;
  enum err err = make_document(a, &input, e);
  if (err == ERR_OK)
    err = trust_program(argv[0], e);
  if (err != ERR_OK)
    return err;
  const struct child_spec spec = {.argv = argv,
                                  .input = secret_bytes(input),
                                  .input_len = secret_len(input),
                                  .limit_ms = timeout_s * 1000,
                                  .env = a->env};
  return child_run(&spec, e);
}

static void keep(const struct app *a, const struct mark *k) {
  char path[512];
  struct last_run last;
  struct evidence_book book;
  struct error e = {0};
  if (!last_run_path(path, sizeof path, a->config->state_dir, k->target))
    return;
  last_run_load(path, &last, &book);
  if (last.written == 0) // there is none, or it cannot be used: the next run begins it
    return;
  text_copy(last.told, sizeof last.told, k->told);
  text_copy(last.told_key, sizeof last.told_key, k->key);
  last.told_s = env_wall_ms(a->env) / 1000;
  if (last_run_save(path, &last, &book, false, &e) != ERR_OK)
    log_error(LOG_LEVEL_WARN, k->target, "notify", &e);
}

void notify_send(struct app *a) {
  struct error e = {0};
  struct notify *n = a->notify;
  if (!n)
    return;
  if ((n->n_events > 0 || n->failed) && run_program(a, &e) != ERR_OK) {
    log_line(LOG_LEVEL_WARN, NULL, "notify",
             "notify.run: %s; what it was to be told (%zu event%s) is told again by the next run",
             e.text, n->n_events, n->n_events == 1 ? "" : "s");
    return;
  }
  for (size_t i = 0; i < n->n; i++)
    keep(a, &n->marks[i]);
}

void notify_free(struct app *a) {
  if (!a->notify)
    return;
  cJSON_Delete(a->notify->events);
  free(a->notify->marks);
  free(a->notify);
  a->notify = NULL;
}
