// What each row's CAS writes: phases, slots, epoch, wishes, the list of sinks.
#include <stdio.h>

#include "tests/unit/engine/world.h"

static struct state_sink configured[] = {{.name = "one", .place = "memory:one", .noted = {"v9"}},
                                         {.name = "two", .place = "memory:two", .noted = {"v5"}}};

static struct transition_input input(void) {
  return (struct transition_input){.fresh_value = secret_copy_text("fresh-value"),
                                   .lineage = "fedcba9876543210",
                                   .account = "a",
                                   .iam_id = "iam-ServiceId-x",
                                   .instance = "g",
                                   .host = "host",
                                   .writer = "host/1 0",
                                   .stager = "1111111111111111",
                                   .sinks = configured,
                                   .n_sinks = 2};
}

static struct state after(struct world *w, enum row row, enum why why) {
  struct transition_input in = input();
  struct action a = {.row = row, .kind = ACT_CAS, .why = why};
  struct state next;
  strcpy(a.key_id, "ApiKey-found");
  assert_int_equal(transition(view_of_world(w), &a, &in, &next), ERR_OK);
  if (w->view.state) {
    assert_int_equal(next.seq, w->state.seq + 1);
    assert_string_equal(next.lineage, w->state.lineage);
  }
  assert_int_equal(next.n_sinks, 2);
  secret_free(in.fresh_value);
  secret_free(in.adopted_value);
  state_clear(&w->state);
  return next;
}

#define CHECK(phase_, row, why) after(&(struct world[]){world(phase_)}[0], row, why)

static void staging(void **unused) {
  (void)unused;
  static const enum row rows[] = {ROW_due, ROW_heal};
  for (int i = 0; i < 2; i++) {
    struct state s = CHECK(PHASE_IDLE, rows[i], WHY_due);
    assert_int_equal(s.phase, PHASE_STAGED);
    assert_int_equal(s.generation, 4);
    assert_int_equal(s.slots[SLOT_PENDING].generation, 4);
    assert_string_equal(secret_bytes(s.slots[SLOT_PENDING].value), "fresh-value");
    assert_string_equal(s.slots[SLOT_PENDING].key_id, "");
    assert_int_equal(s.phase_since_s, NOW);
    assert_true(s.slots[SLOT_CURRENT].used);
    state_clear(&s);
  }
  struct world w = world(PHASE_IDLE);
  w.policy.origin = POLICY_ORIGIN_IAM;
  struct state s = after(&w, ROW_due, WHY_due);
  assert_true(s.pending_from_iam);
  assert_string_equal(s.stager, "1111111111111111");
  state_clear(&s);
}

static void beginnings(void **unused) {
  (void)unused;
  struct world w = nothing(SINK_EMPTY);
  w.view.tag_generation = 41; // above every tag and stamp seen
  struct state s = after(&w, ROW_first, WHY_none);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_int_equal(s.seq, 42);
  assert_int_equal(s.generation, 42);
  assert_false(s.slots[SLOT_CURRENT].used);
  assert_string_equal(s.lineage, "fedcba9876543210");
  assert_string_equal(s.host, "host");
  state_clear(&s);

  w = nothing(SINK_UNJUDGED);
  struct iam_key key = {.created_s = NOW - 100 * DAY};
  strcpy(key.id, "ApiKey-by-hand");
  w.view.adoptable = &key;
  struct transition_input in = input();
  in.adopted_value = secret_copy_text("by-hand");
  struct action a = {.row = ROW_adopt, .kind = ACT_CAS};
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_OK);
  assert_int_equal(s.phase, PHASE_IDLE);
  assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-by-hand");
  assert_int_equal(s.slots[SLOT_CURRENT].generation, 0);
  assert_int_equal(s.slots[SLOT_CURRENT].since_s, NOW - 100 * DAY);
  assert_int_equal(s.slots[SLOT_CURRENT].adopted_s, NOW);
  secret_free(in.fresh_value);
  state_clear(&s);
}

static void drops(void **unused) {
  (void)unused;
  static const enum row rows[] = {ROW_give_up, ROW_taken,  ROW_lost,
                                  ROW_refute,  ROW_create, ROW_note};
  for (int i = 0; i < 6; i++) {
    struct world w = world(PHASE_STAGED);
    w.state.wish.kind = i == 0 ? WISH_GIVE_UP : WISH_ROTATE;
    struct state s = after(&w, rows[i], WHY_not_stager);
    assert_int_equal(s.phase, PHASE_IDLE);
    assert_false(s.slots[SLOT_PENDING].used);
    assert_int_equal(s.failures, 1);
    assert_int_equal(s.generation, 3); // in no slot for ever: its key is a stray
    assert_int_equal(s.wish.kind, i == 0 ? WISH_NONE : WISH_ROTATE);
    state_clear(&s);
  }
}

static void noting(void **unused) {
  (void)unused;
  struct world w = world(PHASE_STAGED);
  w.state.slots[SLOT_PENDING].key_id[0] = '\0';
  struct state s = after(&w, ROW_note, WHY_none);
  assert_int_equal(s.phase, PHASE_STAGED);
  assert_string_equal(s.slots[SLOT_PENDING].key_id, "ApiKey-found");
  assert_string_equal(secret_bytes(s.slots[SLOT_PENDING].value), "pending-value");
  state_clear(&s);
  w = world(PHASE_STAGED); // origin iam: id and value in one CAS
  w.state.pending_from_iam = true;
  slot_clear(&w.state.slots[SLOT_PENDING]);
  w.state.slots[SLOT_PENDING] = (struct slot){.used = true, .generation = 3};
  s = after(&w, ROW_note, WHY_none);
  assert_string_equal(secret_bytes(s.slots[SLOT_PENDING].value), "fresh-value");
  state_clear(&s);
}

static void promoting(void **unused) {
  (void)unused;
  struct world w = world(PHASE_STAGED);
  w.state.wish = (struct wish){.kind = WISH_ROTATE, .compromised = true, .grace_s = -1};
  struct state s = after(&w, ROW_promote, WHY_none);
  assert_int_equal(s.phase, PHASE_PUBLISHING);
  assert_int_equal(s.epoch, s.seq);
  assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-pending");
  assert_string_equal(s.slots[SLOT_PREVIOUS].key_id, "ApiKey-current");
  assert_false(s.slots[SLOT_PENDING].used);
  assert_int_equal(s.grace_s, 0);
  assert_int_equal(s.quarantine_s, 0);
  assert_int_equal(s.wish.kind, WISH_NONE);
  state_clear(&s);
  w = world(PHASE_STAGED);
  w.state.wish = (struct wish){.kind = WISH_ROTATE, .grace_s = 600};
  s = after(&w, ROW_promote, WHY_none);
  assert_int_equal(s.grace_s, 600);
  assert_int_equal(s.quarantine_s, -1);
  state_clear(&s);
}

static void publishing_again(void **unused) {
  (void)unused;
  struct world w = world(PHASE_GRACE);
  w.state.wish.kind = WISH_BACK_TO;
  struct state s = after(&w, ROW_swap, WHY_rollback);
  assert_int_equal(s.phase, PHASE_PUBLISHING);
  assert_int_equal(s.epoch, s.seq);
  assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-previous");
  assert_string_equal(s.slots[SLOT_PREVIOUS].key_id, "ApiKey-current");
  assert_int_equal(s.wish.kind, WISH_NONE);
  state_clear(&s);
  s = CHECK(PHASE_GRACE, ROW_moved, WHY_sink_moved);
  assert_int_equal(s.phase, PHASE_PUBLISHING);
  assert_int_equal(s.epoch, s.seq);
  assert_int_equal(s.moved, 1);
  assert_string_equal(s.slots[SLOT_CURRENT].key_id, "ApiKey-current");
  state_clear(&s);
  s = CHECK(PHASE_PUBLISHING, ROW_reload, WHY_none);
  assert_int_equal(s.hook_epoch, s.epoch);
  state_clear(&s);
}

static void settling(void **unused) {
  (void)unused;
  struct world w = world(PHASE_PUBLISHING);
  w.state.failures = 2;
  struct state s = after(&w, ROW_settle, WHY_none);
  assert_int_equal(s.phase, PHASE_GRACE);
  assert_string_equal(s.sinks[0].noted.text, "v9"); // the version of each sink is noted
  assert_string_equal(s.sinks[1].noted.text, "v5");
  assert_int_equal(s.failures, 0);
  state_clear(&s);
  w = world(PHASE_PUBLISHING);
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  s = after(&w, ROW_settle, WHY_none);
  assert_int_equal(s.phase, PHASE_IDLE);
  state_clear(&s);
}

// R11: what uses the old key after that is somebody else.
static void a_new_key_in_use(void **unused) {
  (void)unused;
  struct world w = world(PHASE_GRACE);
  w.view.current_used_s = NOW - 120;
  w.view.previous_used_s = NOW - 300;
  struct state s = after(&w, ROW_use, WHY_in_use);
  assert_int_equal(s.phase, PHASE_GRACE);
  assert_int_equal(s.phase_since_s, NOW - 60);
  assert_int_equal(s.in_use_s, NOW - 120);
  assert_int_equal(s.late_s, 0);
  state_clear(&s);
  w = world(PHASE_GRACE);
  w.view.previous_used_s = NOW - 300;
  s = after(&w, ROW_use, WHY_used_late);
  assert_int_equal(s.late_s, NOW - 300);
  assert_int_equal(s.in_use_s, 0);
  state_clear(&s);
  static const enum row ends[] = {ROW_moved, ROW_retire, ROW_swap};
  for (int i = 0; i < 3; i++) {
    w = world(PHASE_GRACE);
    w.state.in_use_s = w.state.late_s = NOW;
    s = after(&w, ends[i], WHY_none);
    assert_int_equal(s.in_use_s, 0);
    assert_int_equal(s.late_s, 0);
    state_clear(&s);
  }
}

// R1: grace goes on, the writing is noted, and when it was seen.
static void a_sink_written_anew(void **unused) {
  (void)unused;
  struct world w = world(PHASE_GRACE);
  w.sinks[1].rewritten = true;
  w.state.n_sinks = 2;
  for (int i = 0; i < 2; i++) {
    w.state.sinks[i] = configured[i];
    strcpy(w.state.sinks[i].noted.text, "v1");
  }
  struct state s = after(&w, ROW_rewritten, WHY_sink_rewritten);
  assert_int_equal(s.phase, PHASE_GRACE);
  assert_int_equal(s.phase_since_s, NOW - 60);
  assert_int_equal(s.epoch, 7);
  assert_int_equal(s.moved, 0);
  assert_int_equal(s.rewritten_s, NOW);
  assert_string_equal(s.sinks[0].noted.text, "v1");
  assert_string_equal(s.sinks[1].noted.text, "v5");
  state_clear(&s);
  w = world(PHASE_GRACE);
  w.state.rewritten_s = NOW; // of one grace only
  s = after(&w, ROW_moved, WHY_sink_moved);
  assert_int_equal(s.rewritten_s, 0);
  state_clear(&s);
}

// R2: noted when it is seen, taken back when it is not so, and of one phase.
static void since_when_the_old_key_is_disabled(void **unused) {
  (void)unused;
  struct world w = world(PHASE_RETIRING);
  struct state s = after(&w, ROW_noted, WHY_noted_disabled);
  assert_int_equal(s.phase, PHASE_RETIRING);
  assert_int_equal(s.phase_since_s, NOW - 60);
  assert_int_equal(s.disabled_s, NOW);
  state_clear(&s);
  w = world(PHASE_RETIRING);
  w.state.disabled_s = NOW - DAY;
  s = after(&w, ROW_noted, WHY_noted_active);
  assert_int_equal(s.disabled_s, 0);
  state_clear(&s);
  w = world(PHASE_RETIRING);
  w.state.disabled_s = NOW - DAY;
  s = after(&w, ROW_retired, WHY_none);
  assert_int_equal(s.disabled_s, 0);
  state_clear(&s);
}

static void endings(void **unused) {
  (void)unused;
  struct state s = CHECK(PHASE_GRACE, ROW_retire, WHY_none);
  assert_int_equal(s.phase, PHASE_RETIRING);
  assert_true(s.slots[SLOT_PREVIOUS].used);
  state_clear(&s);
  struct world w = world(PHASE_RETIRING);
  w.state.grace_s = w.state.quarantine_s = 0;
  w.state.wish.kind = WISH_BACK_TO;
  s = after(&w, ROW_retired, WHY_none);
  assert_int_equal(s.phase, PHASE_IDLE);
  assert_false(s.slots[SLOT_PREVIOUS].used);
  assert_int_equal(s.grace_s, -1);
  assert_int_equal(s.wish.kind, WISH_NONE);
  SECRET_AUTO old = secret_copy_text("previous-value");
  assert_true(state_knows_retired(&s, old));
  state_clear(&s);
  s = CHECK(PHASE_GRACE, ROW_both_dead, WHY_current_dead);
  assert_int_equal(s.phase, PHASE_RETIRING);
  state_clear(&s);
  w = world(PHASE_PUBLISHING);
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  s = after(&w, ROW_both_dead, WHY_current_dead);
  assert_int_equal(s.phase, PHASE_IDLE);
  state_clear(&s);
}

static void sinks_are_listed_and_lost_ones_stay(void **unused) {
  (void)unused;
  struct world w = world(PHASE_IDLE);
  struct transition_input in = input();
  struct action a = {.row = ROW_drift, .kind = ACT_CAS};
  struct state s;
  w.state.n_sinks = 2;
  w.state.sinks[0] = (struct state_sink){.name = "gone", .place = "memory:gone", .noted = {"v1"}};
  w.state.sinks[1] = (struct state_sink){.name = "renamed", .place = "memory:two", .noted = {"v2"}};
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_OK);
  assert_int_equal(s.phase, PHASE_IDLE);
  assert_int_equal(s.n_sinks, 3);
  assert_string_equal(s.sinks[0].place, "memory:one");
  assert_string_equal(s.sinks[0].noted.text, "");
  assert_string_equal(s.sinks[1].name, "two");
  assert_string_equal(s.sinks[1].noted.text, "v2");
  assert_string_equal(s.sinks[2].name, "gone");
  assert_string_equal(s.sinks[2].noted.text, "v1");
  state_clear(&s);
  w.state.phase = PHASE_PUBLISHING;
  a.row = ROW_settle;
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_OK);
  assert_string_equal(s.sinks[2].noted.text, ""); // nobody saw it in this epoch
  secret_free(in.fresh_value);
  state_clear(&s);
  state_clear(&w.state);
}

// A list without room for a sink that may still be read would lose it: nothing is written then.
static void no_sink_is_lost_for_want_of_room(void **unused) {
  (void)unused;
  struct world w = world(PHASE_IDLE);
  struct transition_input in = input();
  struct action a = {.row = ROW_drift, .kind = ACT_CAS};
  struct state s = {0};
  w.state.n_sinks = STATE_SINKS_MAX;
  for (int i = 0; i < STATE_SINKS_MAX; i++)
    snprintf(w.state.sinks[i].place, sizeof w.state.sinks[i].place, "memory:gone-%d", i);
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_INTERNAL);
  assert_int_equal(s.n_sinks, 0);
  w.state.n_sinks = STATE_SINKS_MAX - in.n_sinks;
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_OK);
  assert_int_equal(s.n_sinks, STATE_SINKS_MAX);
  secret_free(in.fresh_value);
  state_clear(&s);
  state_clear(&w.state);
}

// What history and progress say of a step is what its CAS writes.
static void the_phase_of_a_step_is_the_one_written(void **unused) {
  (void)unused;
  int written = 0;
  for (int i = 0; i < PHASE_COUNT * ROW_COUNT * 4; i++) {
    struct world w = world((enum phase)(i % PHASE_COUNT));
    struct action a = {.row = (enum row)(i / PHASE_COUNT % ROW_COUNT), .kind = ACT_CAS};
    struct transition_input in = input();
    struct iam_key key = {0};
    struct state s;
    a.why = i / PHASE_COUNT / ROW_COUNT % 2 ? WHY_not_stager : WHY_none;
    if (i / PHASE_COUNT / ROW_COUNT / 2)
      slot_clear(&w.state.slots[SLOT_PREVIOUS]);
    w.view.adoptable = &key;
    if (transition(view_of_world(&w), &a, &in, &s) == ERR_OK) {
      assert_int_equal(transition_phase(&w.state, &a), s.phase);
      written++;
      state_clear(&s);
    }
    a.kind = ACT_CREATE;
    assert_int_equal(transition_phase(&w.state, &a), w.state.phase);
    secret_free(in.fresh_value);
    state_clear(&w.state);
  }
  assert_true(written > 100);
  struct action a = {.row = ROW_first, .kind = ACT_CAS};
  assert_int_equal(transition_phase(NULL, &a), PHASE_STAGED);
  a.kind = ACT_WAIT;
  assert_int_equal(transition_phase(NULL, &a), PHASE_COUNT);
}

static void rows_without_a_transition_are_refused(void **unused) {
  (void)unused;
  struct world w = world(PHASE_IDLE);
  struct transition_input in = input();
  struct action a = {.row = ROW_rest, .kind = ACT_CAS};
  struct state s;
  assert_int_equal(transition(view_of_world(&w), &a, &in, &s), ERR_INTERNAL);
  secret_free(in.fresh_value);
  state_clear(&w.state);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(staging),
                                     cmocka_unit_test(beginnings),
                                     cmocka_unit_test(drops),
                                     cmocka_unit_test(noting),
                                     cmocka_unit_test(promoting),
                                     cmocka_unit_test(publishing_again),
                                     cmocka_unit_test(settling),
                                     cmocka_unit_test(a_new_key_in_use),
                                     cmocka_unit_test(a_sink_written_anew),
                                     cmocka_unit_test(since_when_the_old_key_is_disabled),
                                     cmocka_unit_test(endings),
                                     cmocka_unit_test(sinks_are_listed_and_lost_ones_stay),
                                     cmocka_unit_test(no_sink_is_lost_for_want_of_room),
                                     cmocka_unit_test(the_phase_of_a_step_is_the_one_written),
                                     cmocka_unit_test(rows_without_a_transition_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
