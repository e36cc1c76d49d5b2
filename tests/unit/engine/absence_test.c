// A sink that is not there. "Absent" is the one version that repeats: a write that comes late is
// refused by nobody, so it is made anew only after a wait, and only by who knows what the state
// says now (PROTOCOL.md, section 6, rule 9).
#include "rotator/engine/turn.h"
#include "tests/unit/engine/fake_cloud.h"

static void a_sink_that_vanished_is_made_anew_after_its_time(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.sinks[0].item->longest_ms = 34000;
  rig_init(r);
  rig_put_sink(r, "one", NULL);
  int64_t before = r->env.mono_ms;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_true(r->env.mono_ms - before >= 34000);
  rig_free(r);
}

static void how_long_it_was_gone_is_kept_over_runs(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.sinks[0].item->longest_ms = 90000;
  rig_init(r);
  rig_put_sink(r, "one", NULL);
  tick(&r->target, &r->io, NULL, &r->result);
  int64_t since = r->memory.absent_since_s[0];
  assert_true(since > 0);
  fake_env_advance(&r->env, 3600000);
  rig_restart(r);
  r->memory.absent_since_s[0] = r->memory.absent_since_s[1] = since; // as the last run left it
  tick(&r->target, &r->io, NULL, &r->result);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_int_equal(r->memory.absent_since_s[1], 0);
  rig_free(r);
}

// --- a process that was slow between its reading and its write ---

static enum err results[8];
static unsigned n_results;

static void hear(void *ctx, const struct step *s) {
  (void)ctx;
  if (s->action->kind == ACT_WRITE_SINK && n_results < 8)
    results[n_results++] = s->result;
}

static uint64_t seq_of(struct rig *r) {
  struct state s = rig_state(r);
  uint64_t seq = s.seq;
  state_clear(&s);
  return seq;
}

// Sink "one" is gone, and the look at IAM takes so long; meanwhile `other` is done. *ret: how many
// times the state was written.
static struct rig *slow_rig(int64_t takes_ms, void (*other)(struct rig *), uint64_t *ret) {
  static const struct watcher w = {.end = hear};
  struct rig *r = rig_new();
  rig_init(r);
  rig_put_sink(r, "one", NULL);
  r->list_takes_ms = takes_ms;
  r->slow_lists = 1;
  r->meanwhile = other;
  n_results = 0;
  uint64_t seq = seq_of(r);
  tick(&r->target, &r->io, &w, &r->result);
  *ret = seq_of(r) - seq;
  return r;
}

static void a_young_reading_is_written_by(void **unused) {
  (void)unused;
  uint64_t written;
  struct rig *r = slow_rig(READING_GOOD_MS, NULL, &written);
  assert_int_equal(results[0], ERR_OK);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_int_equal(written, 0);
  rig_free(r);
}

static void an_old_reading_of_the_state_is_confirmed(void **unused) {
  (void)unused;
  uint64_t written;
  struct rig *r = slow_rig(READING_GOOD_MS + 1, NULL, &written);
  assert_int_equal(results[0], ERR_OK);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_int_equal(written, 1);
  rig_free(r);
}

static void home_is_old(struct rig *r) {
  r->target.home->stale_reads = true;
}

static void a_reading_of_a_home_that_serves_old_ones_is_confirmed(void **unused) {
  (void)unused;
  uint64_t written;
  struct rig *r = slow_rig(0, home_is_old, &written);
  assert_int_equal(results[0], ERR_OK);
  assert_int_equal(written, 1);
  rig_free(r);
}

static void another_rotator_was_faster(void **unused) {
  (void)unused;
  uint64_t written;
  struct rig *r = slow_rig(READING_GOOD_MS + 1, rig_wish, &written);
  assert_int_equal(results[0], ERR_CONFLICT);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static const struct store_ops *usual;
static struct rig *sleeper;
static enum err write_and_sleep(struct store_item *it, const struct store_record *r,
                                const struct store_version *expect,
                                struct store_version *ret_version, struct error *e) {
  enum err err = usual->write(it, r, expect, ret_version, e);
  fake_env_advance(&sleeper->env, READING_GOOD_MS + 1);
  return err;
}

static void sleep_in_home_writes(struct rig *r) {
  static struct store_ops slow;
  sleeper = r;
  usual = r->target.home->ops;
  slow = *usual;
  slow.write = write_and_sleep;
  r->target.home->ops = &slow;
}

static void a_confirmation_of_long_ago_is_none(void **unused) {
  (void)unused;
  uint64_t written;
  struct rig *r = slow_rig(READING_GOOD_MS + 1, sleep_in_home_writes, &written);
  assert_int_equal(results[0], ERR_UNSENT);
  assert_int_equal(written, 1);
  r->target.home->ops = usual;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  rig_free(r);
}

// The state too: what is made where none is, is made on a reading that is young.
static void a_first_state_is_not_made_on_an_old_reading(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_put_sink(r, "one", NULL);
  r->target.init = true;
  r->list_takes_ms = READING_GOOD_MS + 1;
  r->slow_lists = 2;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.why, WHY_look_old);
  assert_int_equal(rig_live_keys(r), 0);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sink_that_vanished_is_made_anew_after_its_time),
      cmocka_unit_test(how_long_it_was_gone_is_kept_over_runs),
      cmocka_unit_test(a_young_reading_is_written_by),
      cmocka_unit_test(an_old_reading_of_the_state_is_confirmed),
      cmocka_unit_test(a_reading_of_a_home_that_serves_old_ones_is_confirmed),
      cmocka_unit_test(another_rotator_was_faster),
      cmocka_unit_test(a_confirmation_of_long_ago_is_none),
      cmocka_unit_test(a_first_state_is_not_made_on_an_old_reading)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
