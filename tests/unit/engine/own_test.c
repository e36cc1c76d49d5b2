// The rotator's own key as what a target rotates (PROTOCOL.md section 8): published in one run, let
// go in another, by the new key alone; and what stands in for it when it is lost.
#include "rotator/engine/fleet.h"
#include "rotator/engine/turn.h"
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

// A run of a process of its own.
static void run(struct rig *r) {
  rig_restart(r);
  rig_run(r);
}

static void the_run_that_published_lets_nothing_go(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  rig_wish(r);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_int_equal(r->result.why, WHY_own_run);
  assert_true(r->result.again_ms == INT64_MAX); // not in this process
  fake_env_advance(&r->env, 86400 * 1000LL);
  rig_run(r); // … however long it lasts
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_int_equal(rig_live_keys(r), 2);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 1);
  assert_string_equal(r->ended_by, "ApiKey-2");
  rig_free(r);
}

// A process that was there before the sinks had settled, though it did not publish itself.
static void nor_does_one_that_began_before(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  struct memory mine;
  rig_run(r);
  mine = r->memory; // it looked, at rest, and goes on later
  memory_init(&r->memory);
  rig_wish(r);
  rig_run(r);
  memory_clear(&r->memory);
  r->memory = mine;
  r->gained = secret_free(r->gained); // be it that its token is new
  rig_run(r);
  assert_int_equal(r->result.why, WHY_own_run);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  rig_free(r);
}

// The look began with the new key, and a token renewed within it is of the old one: a hand had put
// that one back while the process slept.
static void a_token_renewed_within_the_look(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  r->target.policy.grace_s = 7200;
  r->target.policy.reload_within_s = 3600;
  rig_wish(r);
  rig_run(r);
  fake_env_advance(&r->env, 86400 * 1000LL);
  rig_restart(r);
  r->renewed_in = 4; // two in each look: in the one that follows the probe
  r->renewed_with = "ApiKey-1";
  rig_run(r);
  assert_int_equal(r->renewed_in, 0);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_int_equal(r->result.why, WHY_own_run);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  rig_free(r);
}

// The token that an end is sent with is asked for after the look, and may take its time: then the
// look is too old, and is taken again.
static void a_slow_token_ends_nothing_on_an_old_look(void **unused) {
  (void)unused;
  for (unsigned n = 1; n <= 8; n++) { // whichever exchange of the run it is
    struct rig *r = rig_own();
    rig_wish(r);
    rig_run(r);
    fake_env_advance(&r->env, 86400 * 1000LL);
    rig_restart(r);
    r->slow_exchange_in = n;
    r->exchange_takes_ms = READING_GOOD_MS + 1;
    rig_run(r);
    assert_true(r->end_age_ms <= READING_GOOD_MS);
    run(r);
    assert_int_equal(rig_phase(r), PHASE_IDLE);
    assert_int_equal(rig_live_keys(r), 1);
    rig_free(r);
  }
}

// What the next run will read is a copy that nobody has renewed.
static void an_old_copy_holds_the_old_key(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  char old[64], new[64];
  strcpy(old, secret_bytes(rig_key(r, "ApiKey-1")->value));
  r->copy = old;
  r->target.own = false; // which is seen, not configured
  rig_wish(r);
  rig_run(r);
  for (int i = 0; i < 3; i++) {
    run(r);
    assert_int_equal(rig_phase(r), PHASE_GRACE);
    assert_int_equal(r->result.why, WHY_own_old);
    fake_env_advance(&r->env, 86400 * 1000LL);
  }
  assert_true(r->result.attention);
  assert_int_equal(rig_live_keys(r), 2);
  strcpy(new, secret_bytes(rig_key(r, "ApiKey-2")->value));
  r->copy = new;
  rig_run(r); // its token is one of the old key all the same
  assert_int_equal(r->result.why, WHY_own_run);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(r->ended_by, "ApiKey-2");
  rig_free(r);
}

// Another key of the same identity is none of this target's, and holds nothing back.
static void another_key_of_the_identity_is_not_our_matter(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  rig_add_key(r, "ApiKey-other", "kept-apart", "iam-ServiceId-1");
  r->copy = "kept-apart";
  r->target.own = false;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(r->ended_by, "ApiKey-other");
  rig_free(r);
}

// Where the copy goes back beyond the point of no return, the old key is not touched.
static void the_old_key_is_not_ended_by_itself(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  char old[64];
  strcpy(old, secret_bytes(rig_key(r, "ApiKey-1")->value));
  r->target.policy.quarantine_s = 3900;
  rig_wish(r);
  rig_run(r);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_RETIRING);
  rig_key(r, "ApiKey-1")->key.disabled = false; // by a person
  r->copy = old;
  run(r);
  assert_int_equal(r->result.why, WHY_own_old);
  assert_false(rig_key(r, "ApiKey-1")->key.disabled);
  r->copy = NULL;
  run(r);
  assert_true(rig_key(r, "ApiKey-1")->key.disabled);
  rig_free(r);
}

// The management token ends after the look, and the place has gone back by then: what ends the old
// key is sent with a token of the new one all the same.
static void the_old_key_is_ended_by_the_new_one(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  rig_wish(r);
  rig_run(r);
  r->ends_with = "ApiKey-1";
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_true(rig_key(r, "ApiKey-1")->gone);
  assert_string_equal(r->ended_by, "ApiKey-2");
  rig_free(r);
}

// Current dies beyond the point of no return: the old key cannot come back, and is all that is
// left.
static void the_last_key_stays(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  r->target.policy.quarantine_s = 3900;
  rig_wish(r);
  rig_run(r);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_RETIRING);
  rig_key(r, "ApiKey-1")->key.disabled = false; // by a person, as the death of the other
  rig_key(r, "ApiKey-2")->gone = true;
  run(r);
  assert_int_equal(r->result.why, WHY_own_last);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  assert_false(rig_key(r, "ApiKey-1")->gone || rig_key(r, "ApiKey-1")->key.disabled);
  // What it asks for: another key, put where ours is read from.
  size_t n;
  rig_add_key(r, "ApiKey-hand", "put-there", "iam-ServiceId-1");
  rig_put_sink(r, "one", "put-there");
  rig_restart(r);
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
  run(r);
  run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_true(rig_key(r, "ApiKey-1")->gone);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-4");
  rig_free(r);
}

// Both keys die in grace. What a hand then puts into the place is written over by no key that one
// look shows dead: there would be no second one.
static void both_keys_are_lost_in_grace(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  size_t n;
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  rig_key(r, "ApiKey-1")->gone = rig_key(r, "ApiKey-2")->gone = true;
  rig_add_key(r, "ApiKey-hand", "put-there", "iam-ServiceId-1");
  rig_put_sink(r, "one", "put-there");
  run(r);
  assert_int_equal(r->result.why, WHY_sink_foreign);
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_OK);
  rig_restart(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.why, WHY_absence);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-hand");
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE); // of the key that heals
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-4");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-4");
  rig_free(r);
}

static void what_may_not_manage_is_not_published(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  r->manages_not = true;
  rig_wish(r);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  rig_free(r);
}

// The new key dies in grace, and with it what the next run would authenticate with.
static void the_old_key_stands_in_for_a_dead_one(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  rig_key(r, "ApiKey-2")->key.disabled = true;
  run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_true(r->result.verdict.kind == VERDICT_WORKING);
  rig_free(r);
}

static void what_the_state_has_mends_a_credential_that_is_lost(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  rig_put_sink(r, "one", NULL);
  run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_int_equal(r->result.end, TICK_REST);
  r->target.own = false; // nobody said that this is ours to mend
  rig_put_sink(r, "one", NULL);
  rig_restart(r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.why, WHY_iam_silent);
  assert_string_equal(rig_sink_key(r, "one"), "");
  rig_free(r);
}

// Without memory for a client that bears the token of the key that stays, nothing is deleted.
static unsigned refused_in; // that many clients from now
static struct iam *(*usual_bearing)(struct iam *c, const struct secret *bearer);
static struct iam *no_bearing(struct iam *c, const struct secret *bearer) {
  return refused_in > 0 && --refused_in == 0 ? NULL : usual_bearing(c, bearer);
}
static void without_a_client_for_its_token_nothing_is_deleted(void **unused) {
  (void)unused;
  bool all = false;
  for (unsigned n = 1; !all; n++) {
    struct rig *r = rig_own();
    struct iam_ops ops = *r->iam.ops;
    rig_wish(r);
    rig_run(r);
    usual_bearing = ops.bearing;
    ops.bearing = no_bearing;
    r->iam.ops = &ops;
    refused_in = n;
    rig_restart(r);
    tick(&r->target, &r->io, NULL, &r->result);
    all = refused_in > 0;
    assert_true(all || !rig_key(r, "ApiKey-1")->gone);
    refused_in = 0;
    run(r);
    assert_int_equal(rig_phase(r), PHASE_IDLE);
    assert_string_equal(r->ended_by, "ApiKey-2");
    rig_free(r);
    assert_true(!all || n > 3); // for a proof, to disable, to delete
  }
}

static bool give_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                    struct error *err) {
  (void)worker, (void)t, (void)err;
  *ret = ((struct rig *)ctx)->io;
  return true;
}
static unsigned begun, ended;
static void hear_begin(void *ctx, const struct step *s) {
  (void)ctx, (void)s;
  begun++;
}
static void hear_end(void *ctx, const struct step *s) {
  (void)ctx, (void)s;
  ended++;
}

// A fleet does not stay for what only another process can do, and tells each step.
static void a_fleet_leaves_it_to_the_next_run(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  struct target *list[] = {&r->target};
  struct watcher w = {hear_begin, hear_end, NULL};
  struct fleet_options o = {
      .jobs = 1, .io = give_io, .io_ctx = r, .watcher = &w, .patience_ms = INT64_MAX / 2};
  r->target.policy.proof_span_s = 0;
  r->env.read_costs_ms = 100; // time goes on while the fleet waits
  rig_wish(r);
  fleet_run(list, 1, &o, &r->env.env, &r->result);
  assert_int_equal(r->result.why, WHY_own_run);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  assert_true(begun >= 8 && ended > begun);
  rig_free(r);
}

// A rotation is not begun where the place of the credential would not follow it.
static void a_rotation_begins_with_the_key_that_it_rotates(void **unused) {
  (void)unused;
  struct rig *r = rig_own();
  rig_add_key(r, "ApiKey-other", "kept-apart", "iam-ServiceId-1");
  r->copy = "kept-apart";
  rig_wish(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_blocked);
  assert_int_equal(r->result.why, WHY_own_old);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_run_that_published_lets_nothing_go),
      cmocka_unit_test(nor_does_one_that_began_before),
      cmocka_unit_test(a_token_renewed_within_the_look),
      cmocka_unit_test(a_slow_token_ends_nothing_on_an_old_look),
      cmocka_unit_test(an_old_copy_holds_the_old_key),
      cmocka_unit_test(another_key_of_the_identity_is_not_our_matter),
      cmocka_unit_test(the_old_key_is_not_ended_by_itself),
      cmocka_unit_test(the_old_key_is_ended_by_the_new_one),
      cmocka_unit_test(the_last_key_stays),
      cmocka_unit_test(both_keys_are_lost_in_grace),
      cmocka_unit_test(what_may_not_manage_is_not_published),
      cmocka_unit_test(the_old_key_stands_in_for_a_dead_one),
      cmocka_unit_test(what_the_state_has_mends_a_credential_that_is_lost),
      cmocka_unit_test(without_a_client_for_its_token_nothing_is_deleted),
      cmocka_unit_test(a_fleet_leaves_it_to_the_next_run),
      cmocka_unit_test(a_rotation_begins_with_the_key_that_it_rotates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
