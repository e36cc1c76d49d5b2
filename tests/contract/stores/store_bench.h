// What the tests of the suite are written with. A bench is a subject's fresh place with item 0
// opened.
#ifndef TESTS_CONTRACT_STORES_STORE_BENCH_H
#define TESTS_CONTRACT_STORES_STORE_BENCH_H

#include "tests/contract/stores/store_suite.h"

struct store_bench {
  const struct store_subject *subject;
  void *place;
  struct store_item *it; // item 0
};

// For cmocka: *state is a struct store_bench whose subject is set.
int store_bench_setup(void **state);
int store_bench_teardown(void **state);

// Record n, right for the item's kind; another n gives another value. The caller clears it.
struct store_record make_record(const struct store_item *it, unsigned n);
struct store_version absent(void);

// Writes record n, reads: the test fails when that does not work. must_read does not clear *ret.
struct store_version must_write(struct store_item *it, unsigned n,
                                const struct store_version *expect);
struct store_version must_read(struct store_item *it, struct store_record *ret);

#define assert_err(want, got, e) assert_err_at(want, got, e, __FILE__, __LINE__)
void assert_err_at(enum err want, enum err got, const struct error *e, const char *file, int line);
// The item holds record n, and (where v is given) under that version.
void assert_holds(struct store_item *it, unsigned n, const struct store_version *v);
void assert_absent(struct store_item *it);
// The error of that kind names the item, says something, and not the record's value.
void assert_story(const struct store_item *it, const struct error *e, enum err kind,
                  const struct store_record *r);

#endif
