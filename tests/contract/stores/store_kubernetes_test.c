// The Kubernetes store keeps the contract, on a real API server.
#include <stdio.h>
#include <stdlib.h>

#include "tests/contract/stores/kubernetes_bench.h"
#include "tests/contract/stores/store_suite.h"

static enum store_kind kind;

struct place {
  char name[2][64];
};

static void *setup(void) {
  struct place *p = calloc(1, sizeof(*p));
  for (int i = 0; p && i < 2; i++)
    kubernetes_bench_name(p->name[i], sizeof p->name[i]);
  return p;
}

static void teardown(void *place) {
  struct place *p = place;
  for (int i = 0; i < 2; i++)
    kubernetes_bench_delete(p->name[i]);
  free(p);
}

static struct store_item *open_item(void *place, unsigned n) {
  return kubernetes_bench_open(kind, ((struct place *)place)->name[n], "create", "true",
                               (char *)NULL);
}

static void fail_writes(void *place, bool on) {
  (void)place;
  kubernetes_bench_rights(on ? "[\"get\"]" : "[\"get\",\"patch\",\"create\"]");
}

int main(void) {
  int failed = 0;
  kubernetes_bench_begin();
  for (int i = 0; i < 2; i++) {
    kind = i == 0 ? STORE_SINK : STORE_HOME;
    struct store_subject s = {i == 0 ? "kubernetes, sink" : "kubernetes, home",
                              kind,
                              STORE_CLASS_A,
                              i == 0,
                              setup,
                              teardown,
                              open_item,
                              fail_writes};
    failed += store_suite_run(&s);
  }
  kubernetes_bench_end();
  return failed != 0;
}
