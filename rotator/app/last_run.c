#include "rotator/app/last_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/atomic_file.h"
#include "rotator/base/json.h"
#include "rotator/base/text_digest.h"

#define LAST_RUN_MAX 16384

static const struct file_rules rules = {.mode = 0600,
                                        .owner = (uid_t)-1,
                                        .group = (gid_t)-1,
                                        .private_dir = true,
                                        .max_bytes = LAST_RUN_MAX};

bool last_run_path(char *dst, size_t cap, const char *state_dir, const char *target) {
  int n = snprintf(dst, cap, "%s/%s.run", state_dir, target);
  return n > 0 && (size_t)n < cap;
}

// --- evidence ---

static bool add_evidence(cJSON *list, const struct evidence *e) {
  cJSON *o = cJSON_CreateObject();
  if (!o || !cJSON_AddItemToArray(list, o)) {
    cJSON_Delete(o);
    return false;
  }
  return json_add_text(o, "print", e->print) && json_add_text(o, "key_id", e->key_id) &&
         json_add_int(o, "proven_s", e->proven_s) && json_add_text(o, "proven_by", e->proven_by) &&
         json_add_text(o, "iam", cause_name(e->iam)) && json_add_int(o, "iam_s", e->iam_s) &&
         json_add_text(o, "refusal", cause_name(e->refusal)) &&
         json_add_int(o, "refusal_s", e->refusal_s) &&
         json_add_int(o, "unanswered_s", e->unanswered_s);
}

static bool add_book(cJSON *o, const struct evidence_book *book) {
  cJSON *list = cJSON_AddArrayToObject(o, "evidence");
  for (int i = 0; list && i < EVIDENCE_MAX; i++)
    if (book->of[i].print[0] && !add_evidence(list, &book->of[i]))
      return false;
  return list != NULL;
}

static bool copy_cause(const cJSON *o, const char *name, enum cause *ret) {
  char text[32];
  if (!json_copy_text(o, name, text, sizeof text))
    return false;
  *ret = cause_of_name(text);
  return *ret < CAUSE_COUNT;
}

static bool decode_evidence(const cJSON *o, struct evidence *e) {
  return json_copy_text(o, "print", e->print, sizeof e->print) && e->print[0] &&
         json_copy_text(o, "key_id", e->key_id, sizeof e->key_id) &&
         json_int(o, "proven_s", &e->proven_s) &&
         json_copy_text(o, "proven_by", e->proven_by, sizeof e->proven_by) &&
         copy_cause(o, "iam", &e->iam) && json_int(o, "iam_s", &e->iam_s) &&
         copy_cause(o, "refusal", &e->refusal) && json_int(o, "refusal_s", &e->refusal_s) &&
         json_int(o, "unanswered_s", &e->unanswered_s);
}

// A program before evidence was kept wrote none.
static bool decode_book(const cJSON *o, struct evidence_book *book) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "evidence"), *item;
  int n = 0;
  if (list && !cJSON_IsArray(list))
    return false;
  cJSON_ArrayForEach(item, list) {
    if (n == EVIDENCE_MAX || !decode_evidence(item, &book->of[n++]))
      return false;
  }
  return true;
}

// --- the file ---

// Of all that is written, to know without writing it whether the file holds it already: a run in
// which nothing is due does that for each target. FNV-1a; nobody gains by a file that is not
// rewritten.
static uint64_t mix(uint64_t h, const void *bytes, size_t len) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < len; i++)
    h = (h ^ at[i]) * 1099511628211u;
  return h;
}
static uint64_t mix_text(uint64_t h, const char *text) {
  return mix(h, text, strlen(text) + 1);
}
static uint64_t mix_int(uint64_t h, int64_t v) {
  return mix(h, &v, sizeof v);
}

static uint64_t mix_evidence(uint64_t h, const struct evidence *e) {
  h = mix_text(mix_text(h, e->print), e->key_id);
  h = mix_text(mix_int(h, e->proven_s), e->proven_by);
  h = mix_int(mix_int(h, e->iam), e->iam_s);
  return mix_int(mix_int(mix_int(h, e->refusal), e->refusal_s), e->unanswered_s);
}

static uint64_t digest_of(const struct last_run *r, const struct evidence_book *book) {
  uint64_t h = mix_text(14695981039346656037u, r->service_id);
  h = mix_text(mix_text(h, r->iam_id), r->binding);
  h = mix_int(mix_int(h, r->last_look_s), r->iam_refused);
  h = mix_int(mix_int(h, r->absent_since_s), r->trouble_since_s);
  h = mix_int(mix_text(mix_text(h, r->row), r->why), r->exit);
  for (int i = 0; i < EVIDENCE_MAX; i++)
    if (book->of[i].print[0])
      h = mix_evidence(h, &book->of[i]);
  return h ? h : 1;
}

static enum err encode(const struct last_run *r, const struct evidence_book *book,
                       struct secret **ret) {
  JSON_AUTO o = cJSON_CreateObject();
  bool whole =
      o && json_add_int(o, "rotator_run", 1) && json_add_text(o, "service_id", r->service_id) &&
      json_add_text(o, "iam_id", r->iam_id) && json_add_text(o, "binding", r->binding) &&
      json_add_int(o, "last_look_s", r->last_look_s) &&
      cJSON_AddBoolToObject(o, "iam_refused", r->iam_refused) &&
      json_add_int(o, "absent_since_s", r->absent_since_s) &&
      json_add_int(o, "trouble_since_s", r->trouble_since_s) && json_add_text(o, "row", r->row) &&
      json_add_text(o, "why", r->why) && json_add_int(o, "exit", r->exit) && add_book(o, book);
  return whole ? json_print(o, LAST_RUN_MAX, ret) : ERR_INTERNAL;
}

// A member that is missing or senseless makes the whole file worth nothing.
static bool decode(const struct secret *bytes, struct last_run *r, struct evidence_book *book) {
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
               json_int(o, "trouble_since_s", &r->trouble_since_s) &&
               json_int(o, "exit", &status) && decode_book(o, book);
  r->iam_refused = json_bool(o, "iam_refused", false); // earlier programs did not write it
  r->exit = status >= 0 && status < 256 ? (int)status : 1;
  return whole && r->last_look_s >= 0 && r->absent_since_s >= 0 && r->trouble_since_s >= 0;
}

void last_run_load(const char *path, struct last_run *ret, struct evidence_book *ret_book) {
  SECRET_AUTO bytes = NULL;
  struct file_version v;
  struct last_run r = {0};
  struct evidence_book book = {0};
  *ret = r;
  *ret_book = book;
  if (file_read(path, &rules, &bytes, &v, NULL) != ERR_OK || !decode(bytes, &r, &book))
    return;
  r.ended_s = v.mtime_ns / 1000000000;
  r.written = digest_of(&r, &book);
  *ret = r;
  *ret_book = book;
}

enum err last_run_save(const char *path, struct last_run *r, const struct evidence_book *book,
                       bool ran, struct error *e) {
  SECRET_AUTO bytes = NULL;
  struct file_version v;
  const struct timespec before[2] = {{.tv_sec = r->ended_s}, {.tv_sec = r->ended_s}};
  uint64_t digest = digest_of(r, book);
  if (digest == r->written && (!ran || utimensat(AT_FDCWD, path, NULL, 0) == 0))
    return ERR_OK;
  if (encode(r, book, &bytes) != ERR_OK)
    return error_no_memory(e);
  enum err err = file_replace(path, &rules, bytes, NULL, &v, e);
  if (err != ERR_OK)
    return err;
  r->written = digest;
  if (!ran)
    utimensat(AT_FDCWD, path, before, 0);
  return ERR_OK;
}

void last_run_note(struct last_run *r, bool fault, int64_t now_s) {
  if (!fault)
    r->trouble_since_s = 0;
  else if (r->trouble_since_s == 0 || r->trouble_since_s > now_s)
    r->trouble_since_s = now_s;
}
