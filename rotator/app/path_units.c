// `systemctl show '*.path'` answers with a block of "NAME=VALUE" lines a unit, blocks apart by an
// empty line, and for each path that a unit watches a line of its own:
//
//   Triggers=agent-restart@fluent-bit.service
//   Paths=/etc/rotator/keys/fluent-bit.env (PathChanged)
//   Result=trigger-limit-hit
//   Id=agent-restart@fluent-bit.path
//   ActiveState=failed
#include "rotator/app/path_units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/child.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

#define ANSWER_MAX (256 * 1024)
#define LIMIT_MS 5000
#define SYSTEMD_RUNS "/run/systemd/system" // as sd_booted(3) looks for it

static void ask(struct path_units *p, const char *systemctl, struct env *env) {
  const char *argv[] = {systemctl, "show",   "--no-pager", "-p",          "Id",
                        "-p",      "Result", "-p",         "ActiveState", "-p",
                        "Paths",   "-p",     "Triggers",   "*.path",      NULL};
  struct error e;
  struct child_spec spec = {.argv = (char *const *)argv,
                            .input = "",
                            .limit_ms = LIMIT_MS,
                            .env = env,
                            .ret_answer = &p->answer,
                            .answer_max = ANSWER_MAX};
  if (child_run(&spec, &e) == ERR_OK)
    return;
  log_error(LOG_LEVEL_DEBUG, NULL, "systemctl", &e);
  p->answer = secret_free(p->answer);
}

void path_units_clear(struct path_units *p) {
  p->answer = secret_free(p->answer);
  p->asked = false;
}

// --- one block ---

// The value of the `nth` line of that name in a block, into dst. False: there are not so many, or
// it is too long to be one of ours.
static bool field(const char *block, size_t len, const char *name, size_t nth, char *dst,
                  size_t cap) {
  size_t name_len = strlen(name);
  for (const char *line = block, *end = block + len; line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    size_t n = (size_t)((stop ? stop : end) - line);
    bool is_it = n > name_len && memcmp(line, name, name_len) == 0 && line[name_len] == '=';
    if (is_it && nth-- == 0) {
      int written = snprintf(dst, cap, "%.*s", (int)(n - name_len - 1), line + name_len + 1);
      return written >= 0 && (size_t)written < cap;
    }
    line += n + 1;
  }
  return false;
}

static bool is_same_file(const char *a, const char *b) {
  if (strcmp(a, b) == 0)
    return true;
  char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
  bool same = real_a && real_b && strcmp(real_a, real_b) == 0;
  free(real_a);
  free(real_b);
  return same;
}

static bool watches(const char *block, size_t len, const char *path) {
  char watched[4200];
  for (size_t i = 0; field(block, len, "Paths", i, watched, sizeof watched); i++) {
    char *kind = strrchr(watched, ' '); // " (PathChanged)"
    if (kind && kind[1] == '(')
      *kind = '\0';
    if (is_same_file(watched, path))
      return true;
  }
  return false;
}

static bool is_failed(const char *block, size_t len) {
  char state[32];
  return field(block, len, "ActiveState", 0, state, sizeof state) && strcmp(state, "failed") == 0;
}

static bool describe(const char *block, size_t len, const char *path,
                     struct path_unit_failure *ret) {
  char id[256], triggers[256] = "", result[64] = "";
  if (!field(block, len, "Id", 0, id, sizeof id))
    return false;
  field(block, len, "Triggers", 0, triggers, sizeof triggers);
  field(block, len, "Result", 0, result, sizeof result);
  snprintf(ret->text, sizeof ret->text,
           "%s has failed%s%s%s and no longer watches %s: what it restarts would keep the old key",
           id, result[0] ? " (" : "", result, result[0] ? ")" : "", path);
  // The unit that it starts counts, too, when the limit was that one's.
  snprintf(ret->next, sizeof ret->next, "systemctl reset-failed %s%s%s && systemctl start %s", id,
           triggers[0] ? " " : "", triggers, id);
  return true;
}

// --- all of them ---

static bool find_watcher(const struct path_units *p, const char *path,
                         struct path_unit_failure *ret) {
  const char *block = secret_bytes(p->answer);
  while (*block) {
    const char *gap = strstr(block, "\n\n");
    size_t len = gap ? (size_t)(gap - block) : strlen(block);
    if (is_failed(block, len) && watches(block, len, path) && describe(block, len, path, ret))
      return true;
    block += len;
    block += strspn(block, "\n");
  }
  return false;
}

// The path of a sink that is a file; NULL: it is none.
static const char *file_of(const struct config_store *s) {
  if (!s->backend || strcmp(s->backend->name, "file") != 0)
    return NULL;
  return store_setting_get(s->settings, s->n_settings, "path");
}

static bool has_file(const struct config_target *t) {
  for (size_t i = 0; i < t->n_sinks; i++)
    if (file_of(&t->sinks[i]))
      return true;
  return false;
}

static const char *find_systemctl(const struct path_units *p) {
  static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl"};
  if (p->systemctl || access(SYSTEMD_RUNS, F_OK) != 0)
    return p->systemctl;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (access(places[i], X_OK) == 0)
      return places[i];
  return NULL;
}

bool path_units_find(struct path_units *p, const struct config_target *t, struct env *env,
                     struct path_unit_failure *ret) {
  if (!has_file(t))
    return false;
  const char *systemctl = p->asked ? NULL : find_systemctl(p);
  p->asked = true;
  if (systemctl)
    ask(p, systemctl, env);
  for (size_t i = 0; p->answer && i < t->n_sinks; i++) {
    const char *path = file_of(&t->sinks[i]);
    if (path && find_watcher(p, path, ret))
      return true;
  }
  return false;
}
