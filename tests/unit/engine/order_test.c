// What a person orders, and what is said of an order that cannot be followed: nothing is written
// then.
#include "tests/unit/engine/world.h"

static struct error e;

static enum err ordered(struct world *w, const struct order *o, struct state *ret) {
  struct transition_input in = {.host = "host", .writer = "host/1 0"};
  enum err err = transition_ordered(view_of_world(w), o, &in, ret, &e);
  state_clear(&w->state);
  return err;
}

static void assert_refused(struct world *w, enum order_kind kind, const char *says) {
  const struct order o = {.kind = kind, .wish = {.grace_s = -1, .by = "test"}};
  struct state next = {0};
  assert_int_equal(ordered(w, &o, &next), ERR_REFUSED);
  assert_int_equal(e.kind, ERR_REFUSED);
  if (!strstr(e.text, says))
    fail_msg("\"%s\" does not say: %s", e.text, says);
  assert_int_equal(next.seq, 0);
}

static void back_is_where_a_previous_key_is(void **unused) {
  (void)unused;
  const struct order back = {.kind = ORDER_ROLLBACK, .wish = {.by = "test"}};
  struct state next;
  struct world w = world(PHASE_GRACE);
  assert_int_equal(ordered(&w, &back, &next), ERR_OK);
  assert_int_equal(next.wish.kind, WISH_BACK_TO);
  assert_string_equal(next.wish.key_id, "ApiKey-previous");
  state_clear(&next);
  w = world(PHASE_PUBLISHING); // the first key of all
  slot_clear(&w.state.slots[SLOT_PREVIOUS]);
  assert_refused(&w, ORDER_ROLLBACK, "there is no previous key to go back to");
  w = world(PHASE_RETIRING);
  assert_refused(&w, ORDER_ROLLBACK, "past the point of no return");
  w = world(PHASE_IDLE);
  assert_refused(&w, ORDER_ROLLBACK, "no rotation is under way");
}

static void an_old_key_is_retired_from_grace_alone(void **unused) {
  (void)unused;
  const struct order retire = {.kind = ORDER_RETIRE, .wish = {.by = "test"}};
  struct state next;
  struct world w = world(PHASE_GRACE);
  assert_int_equal(ordered(&w, &retire, &next), ERR_OK);
  assert_int_equal(next.wish.kind, WISH_RETIRE);
  state_clear(&next);
  w = world(PHASE_IDLE);
  assert_refused(&w, ORDER_RETIRE, "there is no old key in grace");
  w = world(PHASE_PUBLISHING);
  assert_refused(&w, ORDER_RETIRE, "not proven through every sink yet");
  w = world(PHASE_RETIRING);
  assert_refused(&w, ORDER_RETIRE, "past the point of no return already");
}

// What somebody may still read, or wants back, is not let go by an order either.
static void an_old_key_that_is_needed_is_not_retired(void **unused) {
  (void)unused;
  struct world w = world(PHASE_GRACE);
  w.state.hold.on = true;
  assert_refused(&w, ORDER_RETIRE, "resume first");
  w = world(PHASE_GRACE);
  w.view.sink_lost = true;
  assert_refused(&w, ORDER_RETIRE, "no longer configured, and may still be read");
  w = world(PHASE_GRACE);
  w.state.wish.kind = WISH_BACK_TO;
  assert_refused(&w, ORDER_RETIRE, "a rollback to the old key is asked for");
  w = world(PHASE_GRACE);
  w.sinks[1].value = SINK_PREVIOUS;
  assert_refused(&w, ORDER_RETIRE, "not every sink holds the new key");
}

static void no_order_is_followed_on_a_state_that_is_not_good(void **unused) {
  (void)unused;
  static const enum order_kind kinds[] = {ORDER_ROTATE, ORDER_ROLLBACK, ORDER_RETIRE, ORDER_HOLD,
                                          ORDER_KEEP_STATE};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct world w = world(PHASE_GRACE);
    w.view.home = HOME_CORRUPT;
    assert_refused(&w, kinds[i], "there is no state that could be kept");
  }
  struct world w = world(PHASE_IDLE);
  assert_refused(&w, ORDER_NEW_KEY, "there is a good state");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(back_is_where_a_previous_key_is),
      cmocka_unit_test(an_old_key_is_retired_from_grace_alone),
      cmocka_unit_test(an_old_key_that_is_needed_is_not_retired),
      cmocka_unit_test(no_order_is_followed_on_a_state_that_is_not_good)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
