#include "rotator/app/report/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/report/decision_words.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/log.h"
#include "rotator/base/text_time.h"

#define LINE_MAX_BYTES 4096

static bool history_path(const struct managed *m, char *dst, size_t cap, const char *end) {
  int n = snprintf(dst, cap, "%s/history/%s.jsonl%s", compose_config(m->compose)->state_dir,
                   m->target.name, end);
  return n > 0 && (size_t)n < cap;
}

static void complain(const struct managed *m, const char *path, int number) {
  static bool complained;
  if (!complained)
    log_line(LOG_LEVEL_WARN, m->target.name, "history", "%s: %s; history is not kept", path,
             strerror(number));
  complained = true;
}

static int open_for_append(const char *path, const char *old) {
  struct stat st;
  if (stat(path, &st) == 0 && st.st_size >= HISTORY_MAX)
    (void)rename(path, old);
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

// One write(2) a line: lines of several processes do not mix.
static void append(struct managed *m, cJSON *entry) {
  char path[600], old[600], dir[560];
  SECRET_AUTO text = NULL;
  if (!history_path(m, path, sizeof path, "") || !history_path(m, old, sizeof old, ".1") ||
      json_print(entry, LINE_MAX_BYTES, &text) != ERR_OK)
    return;
  snprintf(dir, sizeof dir, "%s/history", compose_config(m->compose)->state_dir);
  int fd = open_for_append(path, old);
  if (fd < 0 && errno == ENOENT && file_make_dir(dir, 0700, NULL) == ERR_OK)
    fd = open_for_append(path, old);
  if (fd < 0) {
    complain(m, path, errno);
    return;
  }
  char line[LINE_MAX_BYTES + 1];
  size_t len = secret_len(text);
  memcpy(line, secret_bytes(text), len);
  line[len] = '\n';
  if (write(fd, line, len + 1) != (ssize_t)(len + 1))
    complain(m, path, errno);
  close(fd);
}

static cJSON *new_entry(const struct managed *m, const char *what, const char *text) {
  char now[32];
  cJSON *o = cJSON_CreateObject();
  text_format_time(now, sizeof now, env_wall_ms(compose_env(m->compose)) / 1000);
  cJSON_AddStringToObject(o, "time", now);
  cJSON_AddStringToObject(o, "what", what);
  cJSON_AddStringToObject(o, "text", text);
  return o;
}

static void add_text(cJSON *o, const char *name, const char *text) {
  if (text && text[0])
    cJSON_AddStringToObject(o, name, text);
}

const char *history_key(const struct step *s) {
  const struct state *st = s->view->state;
  const struct slot *pending = &st->slots[SLOT_PENDING];
  if (s->action->key_id[0])
    return s->action->key_id;
  if (st->phase == PHASE_IDLE || pending->used)
    return pending->used ? pending->key_id : "";
  return st->slots[SLOT_CURRENT].key_id;
}

static void add_state(cJSON *o, const struct step *s) {
  const struct state *st = s->view->state;
  if (s->phase != PHASE_COUNT)
    cJSON_AddStringToObject(o, "phase", phase_name(s->phase));
  if (!st)
    return;
  add_text(o, "key_id", history_key(s));
  add_text(o, "previous_id", st->slots[SLOT_PREVIOUS].key_id);
  json_add_u64_text(o, "generation", st->generation);
  json_add_u64_text(o, "epoch", st->epoch);
  add_text(o, "reason", st->wish.reason);
  add_text(o, "by", st->wish.by);
}

void history_step(struct managed *m, const struct step *s) {
  JSON_AUTO o = new_entry(m, row_name(s->action->row), row_words(s->action->row)->done);
  add_state(o, s);
  add_text(o, "sink",
           s->action->kind == ACT_WRITE_SINK ? m->target.sinks[s->action->sink].name : NULL);
  if (s->action->row == ROW_promote && s->view->state)
    add_text(o, "arrival", arrival_name(s->view->slots[SLOT_PENDING].arrival));
  if (s->result != ERR_OK && s->error)
    add_text(o, "error", s->error->text);
  append(m, o);
}

void history_command(struct managed *m, const char *command, const char *text, const char *reason) {
  JSON_AUTO o = new_entry(m, command, text ? text : "");
  add_text(o, "reason", reason);
  add_text(o, "by", m->target.writer);
  append(m, o);
}

static bool read_file(const char *path, bool (*each)(void *ctx, const cJSON *entry), void *ctx,
                      bool *ret_any) {
  char line[LINE_MAX_BYTES + 2];
  FILE *f = fopen(path, "re");
  bool go_on = true;
  if (!f)
    return true;
  while (go_on && fgets(line, sizeof line, f)) {
    JSON_AUTO o = json_parse(line, strcspn(line, "\n"));
    if (!o)
      continue;
    *ret_any = true;
    go_on = each(ctx, o);
  }
  fclose(f);
  return go_on;
}

enum err history_read(const struct managed *m, bool (*each)(void *ctx, const cJSON *entry),
                      void *ctx, struct error *e) {
  char path[600], old[600];
  bool any = false;
  if (!history_path(m, path, sizeof path, "") || !history_path(m, old, sizeof old, ".1"))
    return error_set(e, ERR_INVALID, "state_dir is too long");
  if (read_file(old, each, ctx, &any))
    read_file(path, each, ctx, &any);
  return any ? ERR_OK : error_set(e, ERR_MISSING, "nothing has been done to this target yet");
}
