// The memory store keeps the contract, in every class and kind that it can pretend to be.
#include <stdlib.h>

#include "backends/memory/memory.h"
#include "tests/contract/stores/store_suite.h"

static enum store_kind kind;
static enum store_class class;

static void *setup(void) {
  return memory_space_new();
}

static void teardown(void *place) {
  memory_space_unref(place);
}

static struct store_item *open_item(void *place, unsigned n) {
  return memory_open(place, kind, n == 0 ? "zero" : "one", class);
}

static enum memory_fault refuse(void *ctx, const struct memory_op *op) {
  (void)ctx;
  return op->kind == MEMORY_WRITE ? memory_answer(ERR_DENIED) : MEMORY_FINE;
}

static void fail_writes(void *place, bool on) {
  memory_space_set_fault(place, on ? refuse : NULL, NULL);
}

int main(void) {
  static const struct {
    const char *name;
    enum store_kind kind;
    enum store_class class;
  } runs[] = {
      {"memory, sink, class A", STORE_SINK, STORE_CLASS_A},
      {"memory, sink, class B", STORE_SINK, STORE_CLASS_B},
      {"memory, sink, class C", STORE_SINK, STORE_CLASS_C},
      {"memory, home, class A", STORE_HOME, STORE_CLASS_A},
      {"memory, home, class C", STORE_HOME, STORE_CLASS_C},
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    kind = runs[i].kind;
    class = runs[i].class;
    struct store_subject s = {runs[i].name, kind,     class,     true,
                              setup,        teardown, open_item, fail_writes};
    failed += store_suite_run(&s);
  }
  return failed != 0;
}
