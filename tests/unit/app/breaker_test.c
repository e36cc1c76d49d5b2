// When the breaker opens: how many targets it takes, that each counts once, that only the same step
// failing in the same way counts, and what is no failure.
#include <stdlib.h>
#include <string.h>

#include "rotator/app/breaker.h"
#include "tests/support/unit.h"

static void fails(struct breaker *b, struct managed *m, enum row row, enum act_kind kind,
                  enum err err) {
  const struct action a = {.row = row, .kind = kind};
  breaker_step(b, m, &(struct step){.target = &m->target, .action = &a, .result = err});
}

// The number of targets after which it opens; 0: it does not.
static size_t opens_after(const struct config *c, size_t n, enum row row, enum act_kind kind,
                          enum err err) {
  struct breaker b;
  struct managed *all = calloc(n, sizeof *all);
  size_t at = 0;
  assert_non_null(all);
  breaker_init(&b, c, n);
  for (size_t i = 0; i < n && at == 0; i++) {
    fails(&b, &all[i], row, kind, err);
    fails(&b, &all[i], row, kind, err); // a target that tries again counts once
    at = breaker_is_open(&b) ? i + 1 : 0;
  }
  free(all);
  return at;
}

static void test_how_many(void **state) {
  (void)state;
  struct config c = {.breaker = {.targets = 5, .percent = 10}};
  assert_int_equal(opens_after(&c, 4, ROW_create, ACT_CREATE, ERR_REFUSED), 0);
  assert_int_equal(opens_after(&c, 20, ROW_create, ACT_CREATE, ERR_REFUSED), 5);
  assert_int_equal(opens_after(&c, 51, ROW_create, ACT_CREATE, ERR_REFUSED), 6);
  assert_int_equal(opens_after(&c, 200, ROW_publish, ACT_WRITE_SINK, ERR_UNSURE), 20);
  assert_int_equal(opens_after(&c, 20, ROW_promote, ACT_PROVE, ERR_REFUSED), 5);
  c.breaker.targets = 0;
  assert_int_equal(opens_after(&c, 200, ROW_create, ACT_CREATE, ERR_REFUSED), 0);
}

static void test_what_is_no_failure(void **state) {
  (void)state;
  const struct config c = {.breaker = {.targets = 1, .percent = 0}};
  assert_int_equal(opens_after(&c, 3, ROW_create, ACT_CREATE, ERR_OK), 0);
  assert_int_equal(opens_after(&c, 3, ROW_promote, ACT_CAS, ERR_CONFLICT), 0);
  assert_int_equal(opens_after(&c, 3, ROW_create, ACT_CREATE, ERR_CANCELLED), 0);
  assert_int_equal(opens_after(&c, 3, ROW_due, ACT_LOOK, ERR_UNSURE), 0);
  assert_int_equal(opens_after(&c, 3, ROW_unreadable, ACT_WAIT, ERR_UNSURE), 0);
}

static void test_the_same_step_in_the_same_way(void **state) {
  (void)state;
  const struct config c = {.breaker = {.targets = 2, .percent = 0}};
  static struct managed all[4];
  struct breaker b;
  breaker_init(&b, &c, 4);
  fails(&b, &all[0], ROW_create, ACT_CREATE, ERR_REFUSED);
  fails(&b, &all[1], ROW_create, ACT_CREATE, ERR_UNSURE);
  fails(&b, &all[2], ROW_publish, ACT_WRITE_SINK, ERR_REFUSED);
  assert_false(breaker_is_open(&b));
  fails(&b, &all[3], ROW_publish, ACT_WRITE_SINK, ERR_REFUSED);
  assert_true(breaker_is_open(&b));
  assert_int_equal(b.row, ROW_publish);
  assert_int_equal(b.err, ERR_REFUSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_how_many),
      cmocka_unit_test(test_what_is_no_failure),
      cmocka_unit_test(test_the_same_step_in_the_same_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
