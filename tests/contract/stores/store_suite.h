// The contract of backends/store.h as tests. One suite, run on every store: a store describes
// itself as a subject, and a test program of a few lines runs it:
//
//   static const struct store_subject subject = {"vault, sink", STORE_SINK, STORE_CLASS_A, …};
//   int main(void) { return store_suite_run(&subject) != 0; }
#ifndef TESTS_CONTRACT_STORES_STORE_SUITE_H
#define TESTS_CONTRACT_STORES_STORE_SUITE_H

#include "backends/store.h"

struct store_subject {
  const char *name;
  enum store_kind kind;
  enum store_class class;
  bool keeps_details; // key_id, key_name and created_s are read as they were written
  // A fresh, empty place, made before each test and removed after it.
  void *(*setup)(void);
  void (*teardown)(void *place);
  // A new object for the n-th item of the place (n is 0 or 1). Items of one place stand as near to
  // each other as the store allows: two files of a directory, two Secrets of a namespace.
  struct store_item *(*open)(void *place, unsigned n);
  // Makes every write fail for certain (not written), or lets them pass again. NULL: not possible.
  void (*fail_writes)(void *place, bool on);
};

// Runs all tests on the subject; returns how many failed.
int store_suite_run(const struct store_subject *subject);

#endif
