// Memory runs out at every single allocation of writing a state in turn: it is written whole or not
// at all. A document without one of its slots would be believed, its checksum being right, and the
// key that it no longer names would be deleted as a stray. What is read for want of memory in vain
// is never called corrupt, which would be a person's matter: it passes.
#include "tests/support/starve.h"
#include "tests/unit/engine/world.h"

static void decode_and_compare(const struct state *s, const struct secret *document) {
  struct state back;
  assert_int_equal(state_decode(document, &back, NULL), ERR_OK);
  assert_int_equal(back.phase, s->phase);
  for (int i = 0; i < SLOT_COUNT; i++) {
    assert_int_equal(back.slots[i].used, s->slots[i].used);
    assert_string_equal(back.slots[i].key_id, s->slots[i].key_id);
    assert_string_equal(secret_bytes(back.slots[i].value), secret_bytes(s->slots[i].value));
  }
  assert_int_equal(back.n_sinks, s->n_sinks);
  assert_string_equal(back.sinks[1].name, s->sinks[1].name);
  assert_string_equal(back.retired[0], s->retired[0]);
  assert_string_equal(back.wish.reason, s->wish.reason);
  assert_int_equal(back.hold.on, s->hold.on);
  assert_int_equal(back.rewritten_s, s->rewritten_s);
  state_clear(&back);
}

static struct state full(enum phase phase) {
  struct world w = world(phase);
  w.state.n_sinks = 2;
  strcpy(w.state.sinks[0].name, "one");
  strcpy(w.state.sinks[0].place, "memory:one");
  strcpy(w.state.sinks[1].name, "two");
  strcpy(w.state.sinks[1].place, "memory:two");
  strcpy(w.state.wish.reason, "why");
  w.state.hold.on = true;
  w.state.rewritten_s = NOW;
  assert_int_equal(state_add_retired(&w.state, w.state.slots[SLOT_CURRENT].value), ERR_OK);
  return w.state;
}

static void a1_a_state_is_written_whole_or_not_at_all(void **unused) {
  (void)unused;
  for (int phase = 0; phase < PHASE_COUNT; phase++) {
    struct state s = full((enum phase)phase);
    bool enough = false;
    long n = 0;
    for (; !enough; n++) {
      struct secret *document = NULL;
      struct error e = {0};
      starve_at(n);
      enum err err = state_encode(&s, &document, NULL, &e);
      enough = starve_over();
      if (err == ERR_OK) {
        decode_and_compare(&s, document);
      } else {
        assert_true(err == ERR_INTERNAL && e.kind == ERR_INTERNAL && !document && !enough);
        assert_string_equal(e.text, "out of memory");
      }
      secret_free(document);
    }
    assert_true(n > 200);
    state_clear(&s);
  }
}

static void a1_a_state_is_read_whole_or_not_at_all(void **unused) {
  (void)unused;
  struct state s = full(PHASE_GRACE);
  struct secret *document = NULL;
  assert_int_equal(state_encode(&s, &document, NULL, NULL), ERR_OK);
  bool enough = false;
  for (long n = 0; !enough; n++) {
    struct state back = {0};
    struct error e = {0};
    starve_at(n);
    enum err err = state_decode(document, &back, &e);
    enough = starve_over();
    assert_true(err == ERR_OK || (err == ERR_INTERNAL && e.kind == ERR_INTERNAL && !enough));
    if (err == ERR_OK) {
      SECRET_AUTO again = NULL;
      assert_int_equal(state_encode(&back, &again, NULL, NULL), ERR_OK);
      assert_true(secret_equal(again, document));
    }
    state_clear(&back);
  }
  secret_free(document);
  state_clear(&s);
}

static void a1_older_values_are_not_forgotten(void **unused) {
  (void)unused;
  struct state s = full(PHASE_GRACE);
  char known[STATE_FINGERPRINT_MAX];
  bool enough = false;
  memcpy(known, s.retired[0], sizeof known);
  for (long n = 0; !enough; n++) {
    starve_at(n);
    enum err err = state_add_retired(&s, s.slots[SLOT_PREVIOUS].value);
    enough = starve_over();
    assert_string_equal(s.retired[err == ERR_OK ? 1 : 0], known);
    assert_true(s.retired[0][0]);
    if (err == ERR_OK)
      break;
  }
  state_clear(&s);
}

// A content that a person gave up is told from all others, or is nobody's to write over.
static void a1_content_without_a_value_is_noted_or_not(void **unused) {
  (void)unused;
  const struct store_version version = {"7"}, later = {"8"};
  struct state s = full(PHASE_IDLE);
  bool enough = false;
  for (long n = 0; !enough; n++) {
    starve_at(n);
    enum err err = state_add_garbage(&s, "memory:one", &version);
    enough = starve_over();
    assert_int_equal(err, enough ? ERR_OK : ERR_INTERNAL);
    assert_int_equal(state_knows_garbage(&s, "memory:one", &version), enough);
    assert_false(state_knows_garbage(&s, "memory:one", &later));
  }
  starve_at(0);
  assert_false(state_knows_garbage(&s, "memory:one", &version));
  assert_false(starve_over());
  state_clear(&s);
}

// The value of the old key is known for an older one of ours as soon as no slot has it any more.
static void a1_nothing_is_retired_that_would_be_forgotten(void **unused) {
  (void)unused;
  struct world w = world(PHASE_RETIRING);
  const struct action retired = {.row = ROW_retired, .kind = ACT_CAS};
  struct transition_input in = {.host = "", .writer = "test"};
  const struct secret *old = w.state.slots[SLOT_PREVIOUS].value;
  bool enough = false;
  long n = 0;
  for (; !enough; n++) {
    struct state next = {0};
    starve_at(n);
    enum err err = transition(view_of_world(&w), &retired, &in, &next);
    enough = starve_over();
    assert_int_equal(err, enough ? ERR_OK : ERR_INTERNAL);
    assert_int_equal(next.seq, enough ? w.state.seq + 1 : 0);
    assert_int_equal(state_knows_retired(&next, old), enough);
    state_clear(&next);
  }
  assert_true(n > 3); // two values are copied
  state_clear(&w.state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a1_a_state_is_written_whole_or_not_at_all),
      cmocka_unit_test(a1_a_state_is_read_whole_or_not_at_all),
      cmocka_unit_test(a1_older_values_are_not_forgotten),
      cmocka_unit_test(a1_content_without_a_value_is_noted_or_not),
      cmocka_unit_test(a1_nothing_is_retired_that_would_be_forgotten)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
