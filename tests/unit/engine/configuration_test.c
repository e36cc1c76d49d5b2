// A configuration that changes between runs, and in the middle of a rotation: what the table says
// happens.
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static void add_sink(struct rig *r, const char *name) {
  r->target.sinks[r->target.n_sinks++] =
      (struct engine_sink){name, memory_open(r->space, STORE_SINK, name, STORE_CLASS_A)};
}

static void a_sink_added_at_rest_is_filled(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  add_sink(r, "three");
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "three"), "ApiKey-1");
  struct state s = rig_state(r);
  assert_int_equal(s.n_sinks, 3);
  assert_int_equal(s.phase, PHASE_IDLE);
  state_clear(&s);
  rig_free(r);
}

static void assert_listed(struct rig *r, size_t i, const char *name) {
  struct state s = rig_state(r);
  assert_true(i < s.n_sinks);
  assert_string_equal(s.sinks[i].name, name);
  state_clear(&s);
}

// Somebody gave a new sink the current key by hand: nothing is to be written, and its readers
// count.
static void a2_a_sink_filled_by_hand_is_listed(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct store_record value = {0};
  rig_init(r);
  assert_true(memory_peek(r->space, "one", &value, NULL));
  assert_int_equal(memory_poke(r->space, "three", &value), ERR_OK);
  store_record_clear(&value);
  add_sink(r, "three");
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_listed(r, 2, "three");
  store_item_free(r->target.sinks[2].item);
  r->target.n_sinks = 2; // taken out again: a person is asked for its readers
  rig_restart(r);
  rig_wish(r);
  rig_run(r);
  assert_int_equal(r->result.why, WHY_sink_lost);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// A rename is known by its place: the list follows, and the old name cannot drop the place.
static void a2_a_renamed_sink_stays_on_the_list(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.sinks[1].name = "renamed";
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "two", &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "renamed"));
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_listed(r, 1, "renamed");
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "two", &e), ERR_MISSING);
  rig_free(r);
}

static void a_sink_added_in_grace_starts_the_grace_again(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  fake_env_advance(&r->env, 80000 * 1000LL);
  add_sink(r, "three");
  rig_restart(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "three"), "ApiKey-2");
  fake_env_advance(&r->env, 80000 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 2); // it would have been over
  fake_env_advance(&r->env, 10000 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_sink_removed_in_grace_holds_the_old_key(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  rig_wish(r);
  rig_run(r);
  store_item_free(r->target.sinks[1].item);
  r->target.n_sinks = 1;
  rig_restart(r);
  fake_env_advance(&r->env, 90000 * 1000LL);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.row, ROW_serve);
  assert_int_equal(r->result.why, WHY_sink_lost);
  assert_true(r->result.attention);
  assert_int_equal(rig_live_keys(r), 2);
  assert_int_equal(repair_drop_sink(&r->target, &r->io, "two", &e), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void an_edited_instance_is_rebound(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.instance = "another";
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_rebound);
  assert_int_equal(r->result.end, TICK_ATTENTION);
  r->target.instance = "guid";
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  rig_free(r);
}

static void a_home_that_moved_is_unclear(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  store_item_free(r->target.home);
  r->target.home = memory_open(r->space, STORE_HOME, "elsewhere", STORE_CLASS_A);
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_unclear);
  assert_int_equal(r->result.why, WHY_tags_without_state);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void a_key_made_for_another_instance_is_not_adopted(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  store_item_free(r->target.home);
  r->target.home = memory_open(r->space, STORE_HOME, "elsewhere", STORE_CLASS_A);
  r->target.instance = "another";
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_unclear);
  rig_free(r);
}

static void a_hand_made_key_is_adopted_and_rotated_later(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct fake_key *k =
      rig_add_key(r, "ApiKey-by-hand", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa", r->target.iam_id);
  k->key.created_s -= 400 * 86400;
  rig_put_sink(r, "one", "made-by-hand-aaaaaaaaaaaaaaaaaaaaaaa"); // the other sink is empty
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-by-hand");
  assert_int_equal(rig_live_keys(r), 1); // overdue, and not rotated in the same run
  rig_restart(r);
  fake_env_advance(&r->env, 4 * 86400 * 1000LL);
  rig_run(r);
  assert_int_equal(rig_live_keys(r), 1);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_true(rig_key(r, "ApiKey-by-hand")->gone);
  rig_free(r);
}

static void a_state_from_a_backup_is_noticed(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct store_record backup = {0};
  rig_init(r);
  assert_true(memory_peek(r->space, "home", &backup, NULL));
  rig_wish(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(memory_poke(r->space, "home", &backup), ERR_OK);
  store_record_clear(&backup);
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_corrupt);
  assert_int_equal(r->result.why, WHY_home_back);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2"); // nothing was touched
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// The same on plain stores: no stamp tells, the tag of the key in the sink does.
static void a_state_from_a_backup_is_noticed_without_stamps(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct store_record backup = {0};
  r->target.home->class = r->target.sinks[0].item->class = r->target.sinks[1].item->class =
      STORE_CLASS_B;
  rig_init(r);
  assert_true(memory_peek(r->space, "home", &backup, NULL));
  rig_wish(r);
  rig_run(r);
  assert_int_equal(memory_poke(r->space, "home", &backup), ERR_OK);
  store_record_clear(&backup);
  rig_restart(r);
  rig_run(r);
  assert_int_equal(r->result.row, ROW_corrupt);
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void origin_iam(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  r->target.policy.origin = POLICY_ORIGIN_IAM;
  rig_init(r);
  rig_wish(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

static void another_process_drops_a_pending_whose_value_iam_makes(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.origin = POLICY_ORIGIN_IAM;
  r->create_answer = ERR_UNSENT;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  struct state s = rig_state(r);
  assert_int_equal(s.phase, PHASE_STAGED);
  state_clear(&s);
  rig_restart(r);
  r->create_answer = ERR_OK;
  r->target.process_id = "fedcba9876543210";
  rig_run(r); // dropped, and staged again since the wish stays
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  s = rig_state(r);
  assert_int_equal(s.generation, 3);
  state_clear(&s);
  rig_free(r);
}

static void a_refused_create_is_attention(void **unused) {
  (void)unused;
  static const enum err kinds[] = {ERR_DENIED, ERR_LIMIT, ERR_REFUSED};
  for (int i = 0; i < 3; i++) {
    struct rig *r = rig_new();
    rig_init(r);
    r->create_answer = kinds[i];
    rig_wish(r);
    rig_run(r);
    assert_int_equal(r->result.end, TICK_ATTENTION);
    assert_int_equal(r->result.row, ROW_create);
    assert_string_equal(r->result.error.text, "create is refused");
    assert_int_equal(r->result.working, WORKING_YES);
    r->create_answer = ERR_OK;
    rig_restart(r);
    rig_run(r);
    assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
    rig_free(r);
  }
}

static void a_stranger_who_has_the_value(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->create_answer = ERR_UNSENT;
  rig_wish(r);
  tick(&r->target, &r->io, NULL, &r->result);
  struct state s = rig_state(r);
  rig_add_key(r, "ApiKey-stranger", secret_bytes(s.slots[SLOT_PENDING].value), "iam-ServiceId-9");
  state_clear(&s);
  r->create_answer = ERR_OK;
  rig_run(r);
  assert_false(rig_key(r, "ApiKey-stranger")->gone); // S6
  assert_int_equal(r->result.phase, PHASE_IDLE);
  assert_int_equal(rig_live_keys(r), 2);
  assert_string_not_equal(rig_sink_key(r, "one"), "ApiKey-stranger");
  rig_free(r);
}

static void a_dead_current_heals(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  rig_key(r, "ApiKey-1")->gone = true;
  rig_restart(r);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(r->result.phase, PHASE_IDLE);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sink_added_at_rest_is_filled),
      cmocka_unit_test(a2_a_sink_filled_by_hand_is_listed),
      cmocka_unit_test(a2_a_renamed_sink_stays_on_the_list),
      cmocka_unit_test(a_sink_added_in_grace_starts_the_grace_again),
      cmocka_unit_test(a_sink_removed_in_grace_holds_the_old_key),
      cmocka_unit_test(an_edited_instance_is_rebound),
      cmocka_unit_test(a_home_that_moved_is_unclear),
      cmocka_unit_test(a_key_made_for_another_instance_is_not_adopted),
      cmocka_unit_test(a_hand_made_key_is_adopted_and_rotated_later),
      cmocka_unit_test(a_state_from_a_backup_is_noticed),
      cmocka_unit_test(a_state_from_a_backup_is_noticed_without_stamps),
      cmocka_unit_test(origin_iam),
      cmocka_unit_test(another_process_drops_a_pending_whose_value_iam_makes),
      cmocka_unit_test(a_refused_create_is_attention),
      cmocka_unit_test(a_stranger_who_has_the_value),
      cmocka_unit_test(a_dead_current_heals)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
