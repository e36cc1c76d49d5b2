// The whole suite on a real Vault: both kinds on KV version 2, both on version 1, with a token that
// has the least policy.
#include "tests/contract/stores/store_suite.h"
#include "tests/contract/stores/vault_bench.h"

static enum store_kind kind;
static int version;

static void *setup(void) {
  return vault_bench_new(version);
}

static void teardown(void *place) {
  vault_bench_free(place);
}

static struct store_item *open_item(void *place, unsigned n) {
  static const char *const more[] = {
      "fields.name", "key_name", "fields.created", "created", "reads", "consistent", NULL};
  return vault_bench_open(place, kind, n == 0 ? "zero" : "one/deeper", more);
}

static void fail_writes(void *place, bool on) {
  vault_bench_read_only(place, on);
}

int main(void) {
  static const struct {
    const char *name;
    enum store_kind kind;
    int version;
  } runs[] = {
      {"vault, KV 2, sink", STORE_SINK, 2},
      {"vault, KV 2, home", STORE_HOME, 2},
      {"vault, KV 1, sink", STORE_SINK, 1},
      {"vault, KV 1, home", STORE_HOME, 1},
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    kind = runs[i].kind;
    version = runs[i].version;
    struct store_subject s = {
        runs[i].name,       kind,       version == 2 ? STORE_CLASS_A : STORE_CLASS_C,
        kind == STORE_SINK, setup,      teardown,
        open_item,          fail_writes};
    failed += store_suite_run(&s);
  }
  return failed != 0;
}
