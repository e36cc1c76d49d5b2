// Memory runs out: at every single allocation of the loader in turn. The sanitizers tell what
// leaks.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/scratch.h"
#include "tests/unit/config/try.h"

static long left = -1; // allocations that are still granted; negative: all

static int refused(void) {
  return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t size) {
  return refused() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size) {
  return refused() ? NULL : __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size) {
  return refused() ? NULL : __real_realloc(p, size);
}
char *__wrap_strdup(const char *s) {
  return refused() ? NULL : __real_strdup(s);
}

// Loads with 0, 1, 2 … allocations granted, until that is enough.
static void starve(const char *path, enum err want) {
  long granted = 0;
  for (;; granted++) {
    struct config *c = NULL;
    struct config_report report;
    left = granted;
    enum err err = config_load(path, NOW_S, try_backends, &c, &report);
    bool enough = left >= 0;
    left = -1;
    if (!enough) {
      assert_int_equal(err, ERR_INTERNAL);
      assert_null(c);
    } else {
      assert_int_equal(err, want);
    }
    config_free(c);
    config_report_clear(&report);
    if (enough)
      break;
  }
  assert_true(granted > 10);
}

static void ends_in_an_error_wherever_it_is(void **state) {
  (void)state;
  struct scratch s;
  char path[SCRATCH_PATH * 2];
  scratch_new(&s);
  assert_int_equal(mkdir(scratch_path(&s, "targets.d"), 0700), 0);
  scratch_write(scratch_path(&s, "targets.d/a.yaml"), "targets:\n" TARGET("x") TARGET("y"));
  scratch_write(scratch_path(&s, "targets.d/b.yaml"), "targets:\n" TARGET("x"));
  scratch_write(scratch_path(&s, "targets.d/c.yaml"), "[");
  snprintf(path, sizeof path, "%s", scratch_path(&s, "rotator.yaml"));
  scratch_write(path, HEAD
                "complaints: [a, b]\nvault: {address: \"https://v\"}\n"
                "defaults: {window: \"Sat 01:00-02:00 Europe/Berlin\"}\ntargets:\n" TARGET(
                    "a") "    home: {vault: {path: h}}\n    after_publish: {run: [/bin/true]}\n"
                         "    max_age: 1d\n" TARGET("b") "    oops: 1\n");
  starve(path, ERR_OK);
  scratch_write(path, HEAD "jobs: x\nmanagement: y\ngrace: 1h\n"
                           "targets: x\n");
  starve(path, ERR_INVALID);
  scratch_write(path, "version: 1\nmanagement: {vault: {mount: m, path: p}}\n"
                      "vault: {address: \"https://v\"}\ntargets:\n" TARGET("a"));
  starve(path, ERR_OK);
  scratch_write(path, "version: 1\nmanagement: {profile: {metadata: https, id: "
                      "Profile-44444444-4444-4444-8444-444444444444}}\ntargets:\n" TARGET("a"));
  starve(path, ERR_OK);
  scratch_remove(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_in_an_error_wherever_it_is),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
