// The note that one run leaves for the next: whatever the file holds, what is taken of it can be
// written, and reads back as the same.
#include <string.h>

#include "rotator/app/last_run.h"
#include "rotator/base/atomic_file.h"
#include "tests/fuzz/fuzz.h"

static struct secret *file;
static unsigned writes;

enum err __wrap_file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                          struct file_version *ret_version, struct error *e);
enum err __wrap_file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                          struct file_version *ret_version, struct error *e) {
  (void)path;
  if (!file)
    return ERR_MISSING;
  if (secret_len(file) > rules->max_bytes)
    return error_set(e, ERR_REFUSED, "too large");
  *ret = secret_dup(file);
  *ret_version = (struct file_version){.mtime_ns = 1000000000ll * writes};
  return ERR_OK;
}
enum err __wrap_file_replace(const char *path, const struct file_rules *rules,
                             const struct secret *bytes, const struct file_version *expect,
                             struct file_version *ret_version, struct error *e);
enum err __wrap_file_replace(const char *path, const struct file_rules *rules,
                             const struct secret *bytes, const struct file_version *expect,
                             struct file_version *ret_version, struct error *e) {
  (void)path, (void)expect, (void)ret_version, (void)e;
  FUZZ_CHECK(secret_len(bytes) <= rules->max_bytes);
  secret_free(file);
  file = secret_dup(bytes);
  writes++;
  return ERR_OK;
}

struct all {
  struct last_run run;
  struct evidence_book book;
};

static struct all load(void) {
  struct all a;
  memset(&a, 0, sizeof a);
  last_run_load("fuzz.run", &a.run, &a.book);
  return a;
}

static void check_sense(const struct all *a) {
  FUZZ_CHECK(a->run.exit >= 0 && a->run.exit < 256 && a->run.last_look_s >= 0);
  FUZZ_CHECK(a->run.absent_since_s >= 0 && a->run.trouble_since_s >= 0 && a->run.told_s >= 0);
  for (int i = 0; i < EVIDENCE_MAX; i++)
    FUZZ_CHECK((unsigned)a->book.of[i].iam < CAUSE_COUNT &&
               (unsigned)a->book.of[i].refusal < CAUSE_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  file = secret_copy(data, size);
  writes = 0;
  struct all a = load();
  check_sense(&a);
  a.run.exit = a.run.exit ? 0 : 3; // so that there is something new to be written
  enum err err = last_run_save("fuzz.run", &a.run, &a.book, true, NULL);
  FUZZ_CHECK(size > 16384 || (err == ERR_OK && writes == 1));
  if (err == ERR_OK) {
    struct all b = load();
    check_sense(&b);
    FUZZ_CHECK(b.run.written == a.run.written);
  }
  file = secret_free(file);
  return 0;
}
