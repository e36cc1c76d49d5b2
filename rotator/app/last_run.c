#include "rotator/app/last_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/atomic_file.h"
#include "rotator/base/json.h"

#define LAST_RUN_MAX 4096

static const struct file_rules rules = {.mode = 0600,
                                        .owner = (uid_t)-1,
                                        .group = (gid_t)-1,
                                        .private_dir = true,
                                        .max_bytes = LAST_RUN_MAX};

bool last_run_path(char *dst, size_t cap, const char *state_dir, const char *target) {
  int n = snprintf(dst, cap, "%s/%s.run", state_dir, target);
  return n > 0 && (size_t)n < cap;
}

static enum err encode(const struct last_run *r, struct secret **ret) {
  JSON_AUTO o = cJSON_CreateObject();
  cJSON_AddNumberToObject(o, "rotator_run", 1);
  cJSON_AddStringToObject(o, "service_id", r->service_id);
  cJSON_AddStringToObject(o, "iam_id", r->iam_id);
  cJSON_AddStringToObject(o, "binding", r->binding);
  cJSON_AddNumberToObject(o, "last_look_s", (double)r->last_look_s);
  cJSON_AddNumberToObject(o, "absent_since_s", (double)r->absent_since_s);
  cJSON_AddNumberToObject(o, "trouble_since_s", (double)r->trouble_since_s);
  cJSON_AddStringToObject(o, "row", r->row);
  cJSON_AddStringToObject(o, "why", r->why);
  cJSON_AddNumberToObject(o, "exit", r->exit);
  return o ? json_print(o, LAST_RUN_MAX, ret) : ERR_INTERNAL;
}

// A member that is missing or senseless makes the whole file worth nothing.
static bool decode(const struct secret *bytes, struct last_run *r) {
  JSON_AUTO o = json_parse(secret_bytes(bytes), secret_len(bytes));
  int64_t schema = 0, status = 0;
  if (!o || !json_int(o, "rotator_run", &schema) || schema != 1)
    return false;
  bool whole = json_copy_text(o, "service_id", r->service_id, sizeof r->service_id) &&
               json_copy_text(o, "iam_id", r->iam_id, sizeof r->iam_id) &&
               json_copy_text(o, "binding", r->binding, sizeof r->binding) &&
               json_copy_text(o, "row", r->row, sizeof r->row) &&
               json_copy_text(o, "why", r->why, sizeof r->why) &&
               json_int(o, "last_look_s", &r->last_look_s) &&
               json_int(o, "absent_since_s", &r->absent_since_s) &&
               json_int(o, "trouble_since_s", &r->trouble_since_s) && json_int(o, "exit", &status);
  r->exit = status >= 0 && status < 256 ? (int)status : 1;
  return whole && r->last_look_s >= 0 && r->absent_since_s >= 0 && r->trouble_since_s >= 0;
}

void last_run_load(const char *path, struct last_run *ret) {
  SECRET_AUTO bytes = NULL;
  struct file_version v;
  struct last_run r = {0};
  *ret = r;
  if (file_read(path, &rules, &bytes, &v, NULL) != ERR_OK || !decode(bytes, &r))
    return;
  r.ended_s = v.mtime_ns / 1000000000;
  *ret = r;
}

enum err last_run_save(const char *path, const struct last_run *before, const struct last_run *r,
                       struct error *e) {
  SECRET_AUTO old = NULL;
  SECRET_AUTO new = NULL;
  struct file_version v;
  if (encode(before, &old) != ERR_OK || encode(r, &new) != ERR_OK)
    return error_no_memory(e);
  if (before->service_id[0] && secret_equal(old, new) && utimensat(AT_FDCWD, path, NULL, 0) == 0)
    return ERR_OK;
  return file_replace(path, &rules, new, NULL, &v, e);
}

void last_run_note(struct last_run *r, bool fault, int64_t now_s) {
  if (!fault)
    r->trouble_since_s = 0;
  else if (r->trouble_since_s == 0 || r->trouble_since_s > now_s)
    r->trouble_since_s = now_s;
}
