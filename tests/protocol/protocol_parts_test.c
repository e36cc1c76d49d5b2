// The simulator's own parts: that a world is its seed, that time goes in order, that the fakes are
// as nasty as they should be, and that the checks can fail.
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

static struct totals totals;
static struct sim sim;
static char dir[] = "/tmp/rotator-parts-XXXXXX";

static int set_up(void **state) {
  (void)state;
  sim = (struct sim){.totals = &totals, .dir = dir};
  return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state) {
  char command[64];
  (void)state;
  sim_end(&sim);
  snprintf(command, sizeof command, "%s/lock", dir);
  remove(command);
  snprintf(command, sizeof command, "%s/mark", dir);
  remove(command);
  return rmdir(dir);
}

// ---- coroutines and time ----

struct walk {
  struct co *co;
  char name;
  char *log;
};

static void walk(void *arg) {
  struct walk *w = arg;
  for (int i = 0; i < 3; i++) {
    strncat(w->log, &w->name, 1);
    co_yield (w->co);
  }
}

static void coroutines_take_turns(void **state) {
  (void)state;
  char log[16] = "";
  struct walk a = {.name = 'a', .log = log}, b = {.name = 'b', .log = log};
  a.co = co_new(walk, &a);
  b.co = co_new(walk, &b);
  while (!co_ended(a.co)) {
    co_resume(a.co);
    co_resume(b.co);
  }
  assert_string_equal(log, "ababab");
  assert_true(co_ended(b.co));
  co_free(a.co);
  co_free(b.co);
}

static int64_t seen[4];
static int n_seen;
static void see(struct sim *s, void *arg) {
  (void)arg;
  seen[n_seen++] = s->now_ms;
}

static void events_come_in_order(void **state) {
  (void)state;
  struct sim s = {.totals = &totals};
  n_seen = 0;
  sim_at(&s, 30, see, NULL, NULL);
  sim_at(&s, 10, see, NULL, NULL);
  sim_at(&s, 20, see, NULL, NULL);
  sim_step(&s);
  sim_at(&s, 5, see, NULL, NULL); // the past is now
  while (sim_step(&s))
    continue;
  assert_int_equal(n_seen, 4);
  const int64_t expected[] = {10, 10, 20, 30};
  assert_memory_equal(seen, expected, sizeof expected);
  free(s.queue);
}

// ---- the truth about keys ----

static void replicas_lag(void **state) {
  (void)state;
  static struct sim s = {.totals = &totals};
  struct key_spec spec = {
      .owner = SIM_IDENTITY, .value = "v", .name = "", .description = "", .disabled = true};
  s.now_ms = 1000;
  int i = key_make(&s, &spec);
  assert_int_equal(key_make(&s, &spec), -1); // the value exists
  s.now_ms = 2000;
  key_switch(&s, i, false);
  s.now_ms = 3000;
  key_remove(&s, i);
  assert_false(key_as_of(&s.keys[i], 999).exists);
  assert_true(key_as_of(&s.keys[i], 1500).disabled);
  assert_false(key_as_of(&s.keys[i], 2500).disabled);
  assert_true(key_as_of(&s.keys[i], 2999).exists);
  assert_false(key_as_of(&s.keys[i], 3000).exists);
  int j = key_make(&s, &spec); // free again
  assert_int_equal(key_by_value(&s, "v"), j);
}

// ---- worlds ----

static void a_world_is_its_seed(void **state) {
  (void)state;
  struct totals first;
  memset(&totals, 0, sizeof totals);
  assert_true(sim_run(&sim, 7, NULL));
  first = totals;
  memset(&totals, 0, sizeof totals);
  assert_true(sim_run(&sim, 7, NULL));
  assert_memory_equal(&first, &totals, sizeof totals);
  memset(&totals, 0, sizeof totals);
  assert_true(sim_run(&sim, 8, NULL));
  assert_memory_not_equal(&first, &totals, sizeof totals);
}

static void a_calm_world_has_no_faults(void **state) {
  (void)state;
  memset(&totals, 0, sizeof totals);
  assert_true(sim_run(&sim, 3, "calm"));
  assert_int_equal(totals.crashes + totals.lost + totals.late + totals.twice + totals.unsent, 0);
  assert_true(totals.rotations >= 3);
}

static void a_planted_error_is_found_and_found_again(void **state) {
  (void)state;
  char first[sizeof sim.violation];
  sim.plant = PLANT_NO_GRACE;
  assert_false(sim_run(&sim, 1, "base"));
  memcpy(first, sim.violation, sizeof first);
  assert_true(strncmp(first, "S5: ", 4) == 0);
  assert_false(sim_run(&sim, 1, "base"));
  assert_string_equal(first, sim.violation);
  sim.plant = PLANT_NONE;
  assert_true(sim_run(&sim, 1, "base"));
}

static void an_unknown_scenario_is_refused(void **state) {
  (void)state;
  assert_false(sim_run(&sim, 1, "nonesuch"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coroutines_take_turns),
      cmocka_unit_test(events_come_in_order),
      cmocka_unit_test(replicas_lag),
      cmocka_unit_test(a_world_is_its_seed),
      cmocka_unit_test(a_calm_world_has_no_faults),
      cmocka_unit_test(a_planted_error_is_found_and_found_again),
      cmocka_unit_test(an_unknown_scenario_is_refused),
  };
  int failed = cmocka_run_group_tests(tests, set_up, tear_down);
  return failed != 0;
}
