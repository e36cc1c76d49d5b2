// How long a decision to rest stands: to the second before anything falls due by which another one
// would be made, and not beyond.
#include <limits.h>

#include "tests/support/unit.h"
#include "tests/unit/engine/fake_cloud.h"

#define DAY_S 86400

static int64_t until_s; // of the last decision; −1: it was no end of a tick

static void see(void *ctx, const struct step *s) {
  (void)ctx;
  until_s = act_is_effect(s->action->kind) ? -1 : decide_rests_until_s(s->view, s->action);
}

static void tick_at(struct rig *r, int64_t wall_s) {
  static const struct watcher watcher = {.end = see};
  fake_env_advance(&r->env, wall_s * 1000 - r->env.wall_ms);
  tick(&r->target, &r->io, &watcher, &r->result);
}

static int64_t now_s(const struct rig *r) {
  return r->env.wall_ms / 1000;
}

// What is first: the times of the others are far away.
static void look(struct policy *p) {
  p->look_every_s = 3600;
}
static void probe(struct policy *p) {
  p->probe_every_s = 1800;
}
static void rotation(struct policy *p) {
  p->rotate_every_s = 10 * DAY_S;
}
static void age(struct policy *p) {
  p->max_age_s = 5 * DAY_S;
}

static struct rig *resting(void (*first)(struct policy *p)) {
  struct rig *r = rig_new();
  rig_at_rest(r);
  struct policy *p = &r->target.policy;
  p->look_every_s = p->rotate_every_s = p->max_age_s = 300 * DAY_S;
  p->rotate_jitter_s = p->probe_every_s = 0;
  first(p);
  return r;
}

static bool is_plain(const struct rig *r, unsigned lists, unsigned logs) {
  return r->result.end == TICK_REST && !r->result.attention && r->lists == lists &&
         r->logs_seen == logs;
}

static void to_the_second(void **unused) {
  (void)unused;
  static void (*const firsts[])(struct policy *p) = {look, probe, rotation, age};
  for (size_t i = 0; i < COUNT_OF(firsts); i++) {
    struct rig *r = resting(firsts[i]);
    unsigned lists = r->lists, logs = r->logs_seen;
    tick_at(r, now_s(r));
    int64_t stands_s = until_s;
    assert_true(is_plain(r, lists, logs));
    assert_true(stands_s > now_s(r));
    tick_at(r, stands_s - 1);
    assert_true(is_plain(r, lists, logs));
    assert_int_equal(until_s, stands_s);
    tick_at(r, stands_s);
    if (is_plain(r, lists, logs))
      fail_msg("the same was decided, of %zu", i);
    rig_free(r);
  }
}

// What IAM showed is no part of the files.
static void not_after_a_look(void **unused) {
  (void)unused;
  struct rig *r = resting(look);
  tick_at(r, now_s(r) + 3600);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(until_s, 0);
  tick_at(r, now_s(r));
  assert_true(until_s > now_s(r));
  rig_free(r);
}

static void not_of_another_rest(void **unused) {
  (void)unused;
  struct rig *r = resting(age);
  tick_at(r, now_s(r) + 6 * DAY_S);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->result.why, WHY_max_age);
  assert_int_equal(until_s, 0);
  rig_free(r);
  r = resting(rotation);
  r->target.fleet_fails = true;
  tick_at(r, now_s(r) + 11 * DAY_S);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->result.why, WHY_fleet_fails);
  assert_int_equal(until_s, 0);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(to_the_second),
      cmocka_unit_test(not_after_a_look),
      cmocka_unit_test(not_of_another_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
