// What a tick does when something does not work: refusals, back-off, old readings, vanished sinks,
// stops.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

struct refusal {
  const char *name;
  enum err kind;
};
static enum memory_fault refuse_writes(void *ctx, const struct memory_op *op) {
  const struct refusal *f = ctx;
  bool hit = op->kind == MEMORY_WRITE && f->name && strcmp(op->name, f->name) == 0;
  return hit ? memory_answer(f->kind) : MEMORY_FINE;
}

static void a_sink_that_refuses_keeps_the_old_key_and_not_the_other_sink(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"one", ERR_REFUSED};
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_PUBLISHING);
  assert_true(r->result.attention);
  assert_int_equal(r->result.error.kind, ERR_REFUSED);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  assert_int_equal(r->result.working, WORKING_YES);
  f.name = NULL;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// An answer that the value exists, without a key that has it: late news, or it means something else
// (a locked identity). Seen twice, apart, a person is told.
static void a_create_refused_as_existing_ends_when_nobody_has_the_value(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.absence_apart_s = 10;
  rig_wish(r);
  r->create_answer = ERR_EXISTS;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.why, WHY_repeated);
  r->env.mono_ms += 9000;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  r->env.mono_ms += 1000;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.why, WHY_create_refused);
  assert_int_equal(r->result.error.kind, ERR_EXISTS);
  r->create_answer = ERR_OK; // the identity was unlocked: the next run goes on
  rig_restart(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void note_found(void *ctx, const struct step *s) {
  bool *active = ctx;
  if (s->action->row == ROW_note)
    *active = s->view->found_active;
}

// A create that was sent twice, and a list that shows no key: whatever the refusal is called, who
// has the value is asked, and it is our own key, disabled as it was made.
static void a_key_that_exists_already_is_found_by_its_value(void **unused) {
  (void)unused;
  static const enum err answers[] = {ERR_EXISTS, ERR_REFUSED};
  for (int i = 0; i < 2; i++) {
    struct rig *r = rig_new();
    bool active = true;
    struct watcher w = {.end = note_found, .ctx = &active};
    rig_init(r);
    r->created_answer = answers[i];
    rig_wish(r);
    tick(&r->target, &r->io, &w, &r->result);
    assert_false(active);
    assert_false(rig_key(r, "ApiKey-2")->key.disabled); // enabled since
    rig_free(r);
  }
}

struct refusals {
  unsigned writes;
};
static enum memory_fault refuse_both(void *ctx, const struct memory_op *op) {
  struct refusals *f = ctx;
  if (op->kind != MEMORY_WRITE || strcmp(op->name, "home") == 0)
    return MEMORY_FINE;
  f->writes++;
  return memory_answer(ERR_DENIED);
}

// A confirmation of the state (a home with old readings) is no progress: a sink that refuses is not
// asked again and again in one tick.
static void a_refusal_is_not_repeated_behind_a_confirmation(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusals f = {0};
  r->target.home->stale_reads = true;
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  rig_wish(r);
  memory_space_set_fault(r->space, refuse_both, &f);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_PUBLISHING);
  assert_int_equal(f.writes, 2); // each sink once
  assert_true(r->result.attention);
  rig_free(r);
}

static void assert_hidden_keys(struct rig *r) {
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.why, WHY_keys_hidden);
  assert_int_equal(r->result.error.kind, ERR_UNSURE);
}

// R3: the list shows the keys of another group. A current key that is there all the same says so,
// and nothing is begun, nor called done, until the list is whole.
static void r3_a_list_without_the_current_key_is_no_answer(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  r->list_hides = r->limit_refused = true;
  rig_wish(r);
  assert_hidden_keys(r);
  assert_int_equal(r->result.phase, PHASE_IDLE);
  assert_non_null(strstr(r->result.error.text, "does not show ApiKey-1"));
  assert_int_equal(rig_live_keys(r), 1);
  r->list_hides = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// A key that is looked for while the list hides keys is not gone.
static void r3_nothing_is_gone_by_a_list_that_hides_keys(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.proof_span_s = 0;
  r->target.policy.grace_s = r->target.policy.reload_within_s = 60;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.phase, PHASE_GRACE);
  fake_env_advance(&r->env, 120 * 1000);
  rig_key(r, "ApiKey-1")->gone = true; // by hand
  r->list_hides = true;
  for (int i = 0; i < 10; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    fake_env_advance(&r->env, 60 * 1000);
  }
  assert_int_equal(r->result.phase, PHASE_RETIRING);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.why, WHY_keys_hidden);
  r->list_hides = false;
  rig_run(r);
  assert_int_equal(r->result.phase, PHASE_IDLE);
  rig_free(r);
}

// Without a state the count is what tells: neither a first key nor an adopted one beside keys that
// nobody sees, and no state begun anew.
static void r3_no_first_key_by_a_list_that_hides_keys(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_add_key(r, "ApiKey-old", "made-by-an-earlier-state-aaaaaaaa", "iam-ServiceId-1");
  r->target.init = r->list_hides = true;
  assert_hidden_keys(r);
  assert_non_null(strstr(r->result.error.text, "lists 0 keys"));
  assert_int_equal(repair_new_key(&r->target, &r->io, &e), ERR_UNSURE);
  assert_int_equal(rig_live_keys(r), 1);
  rig_put_sink(r, "one", "made-by-an-earlier-state-aaaaaaaa");
  rig_put_sink(r, "two", "made-by-an-earlier-state-aaaaaaaa");
  r->limit_refused = true;
  assert_hidden_keys(r);
  assert_non_null(strstr(r->result.error.text, "does not show ApiKey-old"));
  r->list_hides = false;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  rig_free(r);
}

static void a_home_that_refuses_is_attention(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"home", ERR_LIMIT};
  rig_init(r);
  rig_wish(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.row, ROW_due);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  f.name = NULL;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void a_locked_home_is_waited_for(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"home", ERR_LOCKED};
  rig_init(r);
  rig_wish(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  rig_free(r);
}

static void a_locked_previous_is_left_and_said(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_key(r, "ApiKey-1")->key.locked = true;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_int_equal(r->result.why, WHY_previous_locked);
  assert_false(rig_key(r, "ApiKey-1")->gone);
  rig_key(r, "ApiKey-1")->key.locked = false;
  rig_run(r);
  assert_true(rig_key(r, "ApiKey-1")->gone);
  rig_free(r);
}

static void an_outage_waits_with_growing_pauses(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_wish(r);
  r->iam_silent = true;
  int64_t last = 0, now;
  for (int i = 0; i < 6; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    assert_int_equal(r->result.end, TICK_WAIT);
    assert_int_equal(r->result.error.kind, ERR_UNSENT);
    now = r->result.again_ms - r->env.mono_ms;
    assert_true(now >= last / 2 && now <= 60000);
    last = now;
    fake_env_advance(&r->env, now);
  }
  assert_true(last > 8000);
  r->iam_silent = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static enum memory_fault old_readings(void *ctx, const struct memory_op *op) {
  unsigned *n = ctx;
  return op->kind == MEMORY_READ && strcmp(op->name, "home") == 0 && ++*n % 3 == 0 ? memory_stale(1)
                                                                                   : MEMORY_FINE;
}

static void old_readings_of_the_home_do_no_harm(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  unsigned n = 0;
  memory_space_set_fault(r->space, old_readings, &n);
  r->target.home->stale_reads = true;
  rig_init(r);
  rig_wish(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_stop_ends_the_tick_before_the_next_act(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_wish(r);
  r->env.stop = true;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_STOPPED);
  assert_int_equal(rig_live_keys(r), 1);
  r->env.stop = false;
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  rig_free(r);
}

static void a_wish_is_not_lost_to_another_writer(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct refusal f = {"home", ERR_CONFLICT};
  struct wish w = {.grace_s = -1};
  rig_init(r);
  memory_space_set_fault(r->space, refuse_writes, &f);
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e),
                   ERR_CONFLICT); // tried again, and then said
  f.name = NULL;
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
  rig_free(r);
}

static void observing_changes_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct state s = {0};
  struct view v;
  rig_init(r);
  rig_wish(r);
  assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
  assert_int_equal(v.home, HOME_OK);
  assert_true(v.iam_answered);
  assert_int_equal(v.slots[SLOT_CURRENT].key, KEY_ACTIVE);
  assert_ptr_equal(v.state, &s);
  assert_int_equal(rig_live_keys(r), 1);
  state_clear(&s);
  rig_free(r);
}

static void a_complaint_proves_nothing(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->verdict = LOGS_COMPLAINED;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_await);
  assert_int_equal(r->result.why, WHY_proof_unknown);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sink_that_refuses_keeps_the_old_key_and_not_the_other_sink),
      cmocka_unit_test(a_refusal_is_not_repeated_behind_a_confirmation),
      cmocka_unit_test(r3_a_list_without_the_current_key_is_no_answer),
      cmocka_unit_test(r3_nothing_is_gone_by_a_list_that_hides_keys),
      cmocka_unit_test(r3_no_first_key_by_a_list_that_hides_keys),
      cmocka_unit_test(a_home_that_refuses_is_attention),
      cmocka_unit_test(a_locked_home_is_waited_for),
      cmocka_unit_test(a_locked_previous_is_left_and_said),
      cmocka_unit_test(an_outage_waits_with_growing_pauses),
      cmocka_unit_test(old_readings_of_the_home_do_no_harm),
      cmocka_unit_test(a_stop_ends_the_tick_before_the_next_act),
      cmocka_unit_test(a_create_refused_as_existing_ends_when_nobody_has_the_value),
      cmocka_unit_test(a_key_that_exists_already_is_found_by_its_value),
      cmocka_unit_test(a_wish_is_not_lost_to_another_writer),
      cmocka_unit_test(observing_changes_nothing),
      cmocka_unit_test(a_complaint_proves_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
