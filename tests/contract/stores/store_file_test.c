// The file store keeps the contract in all its formats.
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "tests/contract/stores/file_bench.h"
#include "tests/contract/stores/store_suite.h"

static enum store_kind kind;
static const char *format; // NULL: a home

static void *setup(void) {
  return file_bench_new();
}

static void teardown(void *place) {
  file_bench_free(place);
}

static struct store_item *open_item(void *place, unsigned n) {
  const struct file_bench *b = place;
  char path[FILE_BENCH_PATH + 16];
  snprintf(path, sizeof path, "%s/item-%u", b->dir, n);
  return format ? file_bench_open(kind, path, "format", format, (char *)NULL)
                : file_bench_open(kind, path, (char *)NULL);
}

// No file may grow: writes end with EFBIG, for root too.
static void fail_writes(void *place, bool on) {
  (void)place;
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = on ? 0 : limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
}

int main(void) {
  static const struct {
    const char *name, *format;
    enum store_kind kind;
    bool keeps_details;
  } runs[] = {
      {"file, raw", "raw", STORE_SINK, false},
      {"file, json", "json", STORE_SINK, true},
      {"file, env", "env", STORE_SINK, false},
      {"file, home", NULL, STORE_HOME, false},
  };
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGXFSZ, &ignore, NULL);
  int failed = 0;
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    kind = runs[i].kind;
    format = runs[i].format;
    struct store_subject s = {runs[i].name, kind,     STORE_CLASS_B, runs[i].keeps_details,
                              setup,        teardown, open_item,     fail_writes};
    failed += store_suite_run(&s);
  }
  return failed != 0;
}
