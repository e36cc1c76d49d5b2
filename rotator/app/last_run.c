#include "rotator/app/last_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/atomic_file.h"
#include "rotator/base/json.h"

#define LAST_RUN_MAX 16384
#define TRIES 5 // to write what another process has not changed in between

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

// Only where a test log was looked for.
static bool add_arrival(cJSON *o, const struct evidence *e) {
  return !e->nonce[0] ||
         (json_add_text(o, "nonce", e->nonce) && json_add_int(o, "sent_s", e->sent_s) &&
          json_add_int(o, "arrived_s", e->arrived_s));
}

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
         json_add_int(o, "unanswered_s", e->unanswered_s) && add_arrival(o, e);
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

static bool decode_arrival(const cJSON *o, struct evidence *e) {
  return !json_get(o, "nonce") ||
         (json_copy_text(o, "nonce", e->nonce, sizeof e->nonce) &&
          json_int(o, "sent_s", &e->sent_s) && json_int(o, "arrived_s", &e->arrived_s));
}

static bool decode_evidence(const cJSON *o, struct evidence *e) {
  return json_copy_text(o, "print", e->print, sizeof e->print) && e->print[0] &&
         json_copy_text(o, "key_id", e->key_id, sizeof e->key_id) &&
         json_int(o, "proven_s", &e->proven_s) &&
         json_copy_text(o, "proven_by", e->proven_by, sizeof e->proven_by) &&
         copy_cause(o, "iam", &e->iam) && json_int(o, "iam_s", &e->iam_s) &&
         copy_cause(o, "refusal", &e->refusal) && json_int(o, "refusal_s", &e->refusal_s) &&
         json_int(o, "unanswered_s", &e->unanswered_s) && decode_arrival(o, e);
}

// Is there evidence of the same value among the first n? Of two, nobody could say which is newer.
static bool known_before(const struct evidence_book *book, int n) {
  for (int i = 0; i < n; i++)
    if (strcmp(book->of[i].print, book->of[n].print) == 0)
      return true;
  return false;
}

// A program before evidence was kept wrote none.
static bool decode_book(const cJSON *o, struct evidence_book *book) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "evidence"), *item;
  int n = 0;
  if (list && !cJSON_IsArray(list))
    return false;
  cJSON_ArrayForEach(item, list) {
    if (n == EVIDENCE_MAX || !decode_evidence(item, &book->of[n]) || known_before(book, n))
      return false;
    n++;
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
  h = mix_int(mix_int(mix_int(h, e->refusal), e->refusal_s), e->unanswered_s);
  return mix_int(mix_int(mix_text(h, e->nonce), e->sent_s), e->arrived_s);
}

static uint64_t digest_of(const struct last_run *r, const struct evidence_book *book) {
  uint64_t h = mix_text(14695981039346656037u, r->service_id);
  h = mix_text(mix_text(h, r->iam_id), r->binding);
  h = mix_int(mix_int(h, r->last_look_s), r->iam_refused);
  h = mix_int(mix_int(h, r->absent_since_s), r->trouble_since_s);
  h = mix_int(mix_text(mix_text(h, r->row), r->why), r->exit);
  h = mix_int(mix_text(mix_text(h, r->told), r->told_key), r->told_s);
  for (int i = 0; i < EVIDENCE_MAX; i++)
    if (book->of[i].print[0])
      h = mix_evidence(h, &book->of[i]);
  return h ? h : 1;
}

static bool add_told(cJSON *o, const struct last_run *r) {
  if (r->told_s == 0)
    return true;
  return json_add_text(o, "told", r->told) && json_add_text(o, "told_key", r->told_key) &&
         json_add_int(o, "told_s", r->told_s);
}

// Most targets have nobody to tell.
static bool decode_told(const cJSON *o, struct last_run *r) {
  if (!json_int(o, "told_s", &r->told_s))
    return true;
  return json_copy_text(o, "told", r->told, sizeof r->told) &&
         json_copy_text(o, "told_key", r->told_key, sizeof r->told_key) && r->told_s > 0;
}

static enum err encode(const struct last_run *r, const struct evidence_book *book,
                       struct secret **ret) {
  JSON_AUTO o = cJSON_CreateObject();
  bool whole = o && json_add_int(o, "rotator_run", 1) &&
               json_add_text(o, "service_id", r->service_id) &&
               json_add_text(o, "iam_id", r->iam_id) && json_add_text(o, "binding", r->binding) &&
               json_add_int(o, "last_look_s", r->last_look_s) &&
               cJSON_AddBoolToObject(o, "iam_refused", r->iam_refused) &&
               json_add_int(o, "absent_since_s", r->absent_since_s) &&
               json_add_int(o, "trouble_since_s", r->trouble_since_s) &&
               json_add_text(o, "row", r->row) && json_add_text(o, "why", r->why) &&
               json_add_int(o, "exit", r->exit) && add_told(o, r) && add_book(o, book);
  return whole ? json_print(o, LAST_RUN_MAX, ret) : ERR_INTERNAL;
}

// A member that is missing or senseless makes the whole file worth nothing.
static bool decode(const cJSON *o, struct last_run *r, struct evidence_book *book) {
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
               json_int(o, "exit", &status) && decode_told(o, r) && decode_book(o, book);
  r->iam_refused = json_bool(o, "iam_refused", false); // earlier programs did not write it
  r->exit = status >= 0 && status < 256 ? (int)status : 1;
  return whole && r->last_look_s >= 0 && r->absent_since_s >= 0 && r->trouble_since_s >= 0;
}

struct found {                 // what the file holds now
  struct file_version version; // all zero: there is none
  bool usable;
  struct last_run run;
  struct evidence_book book;
};

static enum err read_now(const char *path, struct found *ret, struct error *e) {
  SECRET_AUTO bytes = NULL;
  *ret = (struct found){.usable = false};
  enum err err = file_read(path, &rules, &bytes, &ret->version, e);
  if (err == ERR_MISSING)
    return ERR_OK;
  if (err != ERR_OK)
    return err;
  JSON_AUTO o = NULL;
  if (json_read(secret_bytes(bytes), secret_len(bytes), &o) == ERR_INTERNAL)
    return error_no_memory(e);
  ret->usable = decode(o, &ret->run, &ret->book);
  ret->run.ended_s = ret->version.mtime_ns / 1000000000;
  ret->run.written = digest_of(&ret->run, &ret->book);
  text_sha256(ret->run.content, secret_bytes(bytes), secret_len(bytes));
  return ERR_OK;
}

void last_run_load(const char *path, struct last_run *ret, struct evidence_book *ret_book) {
  struct found now;
  bool usable = read_now(path, &now, NULL) == ERR_OK && now.usable;
  *ret = usable ? now.run : (struct last_run){.exit = 0};
  *ret_book = usable ? now.book : (struct evidence_book){.of = {{.iam = CAUSE_none}}};
}

// Another process has written the file since we read it.
static void take_over(struct last_run *r, struct evidence_book *book, const struct found *now,
                      bool ran) {
  evidence_merge(book, &now->book);
  if (r->last_look_s < now->run.last_look_s)
    r->last_look_s = now->run.last_look_s;
  if (r->told_s < now->run.told_s) {
    r->told_s = now->run.told_s;
    memcpy(r->told, now->run.told, sizeof r->told);
    memcpy(r->told_key, now->run.told_key, sizeof r->told_key);
  }
  if (ran)
    return;
  r->absent_since_s = now->run.absent_since_s;
  r->trouble_since_s = now->run.trouble_since_s;
  memcpy(r->row, now->run.row, sizeof r->row);
  memcpy(r->why, now->run.why, sizeof r->why);
  r->exit = now->run.exit;
  r->ended_s = now->run.ended_s;
}

static enum err save_once(const char *path, struct last_run *r, struct evidence_book *book,
                          bool ran, struct error *e) {
  SECRET_AUTO bytes = NULL;
  struct found now;
  enum err err = read_now(path, &now, e);
  if (err != ERR_OK)
    return err;
  bool others = now.usable && now.run.written != r->written;
  if (others)
    take_over(r, book, &now, ran);
  const struct timespec before[2] = {{.tv_sec = r->ended_s}, {.tv_sec = r->ended_s}};
  if (encode(r, book, &bytes) != ERR_OK)
    return error_no_memory(e);
  err = file_replace(path, &rules, bytes, &now.version, NULL, e);
  if (err != ERR_OK)
    return err;
  r->written = digest_of(r, book);
  memset(r->content, 0, sizeof r->content);
  if (!others)
    text_sha256(r->content, secret_bytes(bytes), secret_len(bytes));
  if (!ran)
    utimensat(AT_FDCWD, path, before, 0);
  return ERR_OK;
}

enum err last_run_save(const char *path, struct last_run *r, struct evidence_book *book, bool ran,
                       struct error *e) {
  if (digest_of(r, book) == r->written && (!ran || utimensat(AT_FDCWD, path, NULL, 0) == 0))
    return ERR_OK;
  enum err err = ERR_CONFLICT;
  for (int i = 0; i < TRIES && err == ERR_CONFLICT; i++)
    err = save_once(path, r, book, ran, e);
  return err;
}

// As file_read would take it: a file, of ours or of root.
static bool holds(int fd, const unsigned char content[TEXT_SHA256_BYTES]) {
  char bytes[LAST_RUN_MAX];
  unsigned char now[TEXT_SHA256_BYTES];
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
      st.st_size > LAST_RUN_MAX)
    return false;
  ssize_t n = read(fd, bytes, sizeof bytes);
  if (n <= 0 || n != st.st_size)
    return false;
  text_sha256(now, bytes, (size_t)n);
  return memcmp(now, content, sizeof now) == 0;
}

bool last_run_touch(int at, const char *path, const unsigned char content[TEXT_SHA256_BYTES]) {
  int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool done = holds(fd, content) && futimens(fd, NULL) == 0;
  close(fd);
  return done;
}

void last_run_note(struct last_run *r, bool fault, int64_t now_s) {
  if (!fault)
    r->trouble_since_s = 0;
  else if (r->trouble_since_s == 0 || r->trouble_since_s > now_s)
    r->trouble_since_s = now_s;
}
