// What a tick and an order make of answers that are not the usual ones: a store that refuses to be
// read, a lock that was set a moment ago, an identity that is gone, a system without chance.
#include "rotator/engine/turn.h"
#include "tests/unit/engine/fake_cloud.h"

static struct error e;

static enum err wish(struct rig *r) {
  struct wish w = {.grace_s = -1, .by = "test"};
  return wish_rotate(&r->target, &r->io, &w, &e);
}

// --- stores --------------------------------------------------------------------------------------

struct fault {
  enum memory_op_kind op;
  const char *name;
  enum err answer;
};
static enum memory_fault answer(void *ctx, const struct memory_op *op) {
  const struct fault *f = ctx;
  return op->kind == f->op && strcmp(op->name, f->name) == 0 ? memory_answer(f->answer)
                                                             : MEMORY_FINE;
}

// That something may not be read says nothing of the key, and is told to a person; what gave no
// answer is waited for, but not where this process lacks what it takes to read.
static void what_may_not_be_read_is_not_known(void **unused) {
  (void)unused;
  static const struct {
    struct fault fault;
    enum tick_end end;
    enum why why;
    enum cause cause; // of the verdict
  } rows[] = {
      {{MEMORY_READ, "one", ERR_REFUSED}, TICK_ATTENTION, WHY_sink_refused, CAUSE_unreadable},
      {{MEMORY_READ, "one", ERR_DENIED}, TICK_ATTENTION, WHY_sink_refused, CAUSE_unreadable},
      {{MEMORY_READ, "one", ERR_INVALID}, TICK_ATTENTION, WHY_sink_refused, CAUSE_unreadable},
      {{MEMORY_READ, "one", ERR_UNSENT}, TICK_WAIT, WHY_sink_silent, CAUSE_silent},
      {{MEMORY_READ, "one", ERR_INTERNAL}, TICK_FAILED, WHY_sink_silent, CAUSE_silent},
      {{MEMORY_READ, "home", ERR_REFUSED}, TICK_ATTENTION, WHY_home_silent, CAUSE_none},
      {{MEMORY_READ, "home", ERR_DENIED}, TICK_ATTENTION, WHY_home_silent, CAUSE_none},
      {{MEMORY_READ, "home", ERR_INVALID}, TICK_ATTENTION, WHY_home_silent, CAUSE_none},
      {{MEMORY_READ, "home", ERR_UNSENT}, TICK_WAIT, WHY_home_silent, CAUSE_none},
      {{MEMORY_READ, "home", ERR_INTERNAL}, TICK_FAILED, WHY_home_silent, CAUSE_none},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig *r = rig_new();
    struct fault fault = rows[i].fault;
    rig_init(r);
    memory_space_set_fault(r->space, answer, &fault);
    tick(&r->target, &r->io, NULL, &r->result);
    assert_int_equal(r->result.end, rows[i].end);
    assert_int_equal(r->result.why, rows[i].why);
    assert_int_equal(r->result.verdict.cause, rows[i].cause);
    assert_int_equal(r->result.verdict.kind == VERDICT_NOT_WORKING, false);
    memory_space_set_fault(r->space, NULL, NULL);
    rig_run(r);
    assert_int_equal(r->result.working, WORKING_YES);
    rig_free(r);
  }
}

// In class A and B there is nothing that a write could be made to depend on: no order makes it one.
static void what_has_no_version_is_not_written_over(void **unused) {
  (void)unused;
  for (int class = STORE_CLASS_A; class <= STORE_CLASS_B; class ++) {
    struct rig *r = rig_new();
    struct fault fault = {MEMORY_READ, "one", ERR_CORRUPT};
    size_t n;
    r->target.sinks[0].item->class = (enum store_class) class;
    rig_init(r);
    memory_space_set_fault(r->space, answer, &fault);
    for (int i = 0; i < 2; i++) {
      rig_run(r);
      assert_int_equal(r->result.end, TICK_ATTENTION);
      assert_int_equal(r->result.why, WHY_sink_refused);
      assert_int_equal(r->result.verdict.cause, CAUSE_not_decodable);
      repair_keep_state(&r->target, &r->io, &n, &e);
    }
    memory_space_set_fault(r->space, NULL, NULL);
    rig_run(r);
    assert_int_equal(r->result.end, TICK_REST);
    rig_free(r);
  }
}

// A new key would be made for nothing.
static void no_rotation_begins_where_a_sink_may_not_be_written(void **unused) {
  (void)unused;
  static const enum err refusals[] = {ERR_REFUSED, ERR_DENIED, ERR_LIMIT};
  for (int i = 0; i < 3; i++) {
    struct rig *r = rig_new();
    struct fault fault = {MEMORY_CHECK, "two", refusals[i]};
    rig_init(r);
    assert_int_equal(wish(r), ERR_OK);
    memory_space_set_fault(r->space, answer, &fault);
    rig_run(r);
    assert_int_equal(r->result.row, ROW_blocked);
    assert_int_equal(r->result.why, WHY_sink_refused);
    assert_int_equal(r->result.error.kind, refusals[i]);
    assert_int_equal(r->n_keys, 1);
    memory_space_set_fault(r->space, NULL, NULL);
    rig_run(r);
    assert_string_equal(rig_sink_key(r, "two"), "ApiKey-2");
    rig_free(r);
  }
}

static void an_order_says_what_keeps_the_state_away(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct fault fault = {MEMORY_READ, "home", ERR_UNSENT};
  size_t n;
  rig_init(r);
  memory_space_set_fault(r->space, answer, &fault);
  assert_int_equal(wish(r), ERR_UNSENT);
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_UNSENT);
  memory_space_set_fault(r->space, NULL, NULL);
  r->target.instance = "another";
  r->target.rebound = true;
  assert_int_equal(wish(r), ERR_REFUSED);
  assert_non_null(strstr(e.text, "another identity or instance"));
  r->target.instance = "guid";
  r->target.rebound = false;
  // What this process has seen does not vanish: that is an old reading, or an outage.
  struct store_record none = {0};
  assert_int_equal(memory_poke(r->space, "home", &none), ERR_OK);
  assert_int_equal(wish(r), ERR_UNSURE);
  assert_int_equal(repair_keep_state(&r->target, &r->io, &n, &e), ERR_UNSURE);
  assert_non_null(strstr(e.text, "home store gave no answer"));
  rig_free(r);
}

// Somebody undoes whatever is done: the tick ends all the same, and consumers have a working key.
static unsigned undone;
static enum memory_fault undo(void *ctx, const struct memory_op *op) {
  struct rig *r = ctx;
  if (op->kind == MEMORY_WRITE && strcmp(op->name, "home") == 0) {
    struct store_record old = {.value = secret_dup(rig_key(r, "ApiKey-1")->value)};
    undone++;
    assert_int_equal(memory_poke(r->space, "one", &old), ERR_OK);
    store_record_clear(&old);
  }
  return MEMORY_FINE;
}
static void what_is_undone_again_and_again_is_left_for_later(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->target.policy.grace_s = 86400;
  r->target.policy.proof_span_s = 0;
  assert_int_equal(wish(r), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  undone = 0;
  rig_put_sink(r, "one", NULL);
  memory_space_set_fault(r->space, undo, r);
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_WAIT);
  assert_int_equal(r->result.why, WHY_repeated);
  assert_true(r->result.again_ms > r->env.mono_ms);
  assert_true(undone >= 50 && undone <= 200);
  assert_int_equal(rig_live_keys(r), 2);
  memory_space_set_fault(r->space, NULL, NULL);
  fake_env_advance(&r->env, 2 * 86400 * 1000LL);
  rig_run(r);
  fake_env_advance(&r->env, 2 * 86400 * 1000LL);
  rig_run(r);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  assert_int_equal(rig_live_keys(r), 1);
  rig_free(r);
}

// --- IAM -----------------------------------------------------------------------------------------

static struct iam_ops changed; // of the rig's IAM

static enum err is_locked(struct iam *c, const char *id, struct error *err) {
  (void)c;
  return error_set(err, ERR_LOCKED, "%s is locked", id);
}

// A lock that was set after the look is met by the act: it is a person's to lift, and named.
static void a_lock_that_is_met_is_told(void **unused) {
  (void)unused;
  static const struct {
    int act; // 0 enable, 1 disable, 2 delete, 3 delete a stray
    enum why why;
  } rows[] = {{0, WHY_pending_locked},
              {1, WHY_previous_locked},
              {2, WHY_previous_locked},
              {3, WHY_stray_locked}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig *r = rig_new();
    const struct iam_ops *usual = r->iam.ops;
    rig_init(r);
    if (rows[i].act == 3) { // made by a create that came late
      struct state s = rig_state(r);
      struct tag tag = {.generation = s.generation};
      tag_binding("account", "iam-ServiceId-1", "guid", tag.binding);
      memcpy(tag.lineage, s.lineage, sizeof tag.lineage);
      struct fake_key *k = rig_add_key(r, "ApiKey-late", "late", "iam-ServiceId-1");
      tag_format(&tag, "", k->key.description);
      state_clear(&s);
    }
    assert_int_equal(wish(r), ERR_OK);
    changed = *usual;
    if (rows[i].act == 0)
      changed.enable = is_locked;
    else if (rows[i].act == 1)
      changed.disable = is_locked;
    else
      changed.remove = is_locked;
    r->iam.ops = &changed;
    rig_run(r);
    assert_int_equal(r->result.end, TICK_ATTENTION);
    assert_int_equal(r->result.why, rows[i].why);
    assert_int_equal(r->result.error.kind, ERR_LOCKED);
    assert_int_equal(r->result.working, WORKING_YES);
    r->iam.ops = usual;
    rig_run(r);
    assert_int_equal(r->result.end, TICK_REST);
    assert_int_equal(rig_live_keys(r), 1);
    rig_free(r);
  }
}

static enum err list_answer, identity_answer;
static enum err refuse_list(struct iam *c, const char *account, const char *iam_id,
                            struct iam_key_list *ret, struct error *err) {
  (void)c, (void)account, (void)iam_id, (void)ret;
  return error_set(err, list_answer, "no list");
}
static enum err find_identity(struct iam *c, const char *account, const char *name,
                              struct iam_service_id *ret, size_t *ret_n, struct error *err) {
  (void)c, (void)account, (void)ret, (void)ret_n;
  assert_string_equal(name, "ServiceId-1");
  return error_set(err, identity_answer, "asked for the identity");
}

// A list that is refused usually says something of us. Where the service ID itself is gone, its
// keys went with it; only IAM's own word for that counts, and not where we may not ask.
static void an_identity_that_is_gone_is_told(void **unused) {
  (void)unused;
  static const struct {
    enum err list, identity;
    bool gone;
  } rows[] = {{ERR_REFUSED, ERR_MISSING, true}, {ERR_MISSING, ERR_MISSING, true},
              {ERR_INVALID, ERR_MISSING, true}, {ERR_REFUSED, ERR_DENIED, false},
              {ERR_REFUSED, ERR_UNSURE, false}, {ERR_DENIED, ERR_MISSING, false},
              {ERR_UNSENT, ERR_MISSING, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig *r = rig_new();
    struct state s = {0};
    struct view v;
    rig_init(r);
    changed = *r->iam.ops;
    changed.list = refuse_list;
    changed.find_service_id = find_identity;
    r->iam.ops = &changed;
    list_answer = rows[i].list;
    identity_answer = rows[i].identity;
    assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
    assert_int_equal(strstr(e.text, "ServiceId-1 was deleted") != NULL, rows[i].gone);
    assert_int_equal(e.kind, rows[i].gone ? ERR_REFUSED : rows[i].list);
    assert_int_equal(v.sinks[0].verdict.kind, rows[i].gone ? VERDICT_NOT_WORKING : VERDICT_WORKING);
    if (rows[i].gone)
      assert_int_equal(v.sinks[1].verdict.cause, CAUSE_identity_gone);
    state_clear(&s);
    rig_free(r);
  }
}

// The key of a value in a sink, for repair: whoever it is of.
static void the_key_in_a_sink_is_named(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct iam_key k = {0};
  struct state s = {0};
  struct view v;
  rig_init(r);
  rig_add_key(r, "ApiKey-foreign", "foreign", "iam-ServiceId-2");
  rig_put_sink(r, "two", "foreign");
  assert_int_equal(sink_key(&r->target, &r->io, 1, &k, &e), ERR_MISSING); // nothing was looked at
  assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
  assert_int_equal(sink_key(&r->target, &r->io, 1, &k, &e), ERR_OK);
  assert_string_equal(k.id, "ApiKey-foreign");
  assert_int_equal(sink_key(&r->target, &r->io, 2, &k, &e), ERR_MISSING);
  state_clear(&s);
  rig_put_sink(r, "two", NULL);
  assert_int_equal(tick_observe(&r->target, &r->io, true, &s, &v, &e), ERR_OK);
  assert_int_equal(sink_key(&r->target, &r->io, 1, &k, &e), ERR_MISSING);
  state_clear(&s);
  rig_free(r);
}

// A key that somebody disabled is no successor that the old one may go for.
static void nothing_is_retired_for_a_key_that_is_not_active(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  struct wish w = {.grace_s = -1, .by = "test"};
  rig_init(r);
  r->target.policy.grace_s = 86400;
  assert_int_equal(wish(r), ERR_OK);
  rig_run(r);
  assert_int_equal(rig_phase(r), PHASE_GRACE);
  rig_key(r, "ApiKey-2")->key.disabled = true;
  assert_int_equal(wish_retire(&r->target, &r->io, &w, &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "ApiKey-2 is not active"));
  assert_int_equal(wish_retire(&r->target, &r->io, &w, NULL), ERR_REFUSED);
  assert_false(rig_key(r, "ApiKey-1")->key.disabled);
  rig_free(r);
}

// --- chance, and acts that are none --------------------------------------------------------------

// Without chance there is no value, no lineage and no nonce. Nothing is begun on a bad one.
static void without_chance_nothing_begins(void **unused) {
  (void)unused;
  struct rig *r = rig_new();
  rig_init(r);
  r->env.random_fails = true;
  assert_int_equal(wish(r), ERR_INTERNAL);
  assert_non_null(strstr(e.text, "randomness"));
  r->env.random_fails = false;
  assert_int_equal(wish(r), ERR_OK);
  r->env.random_fails = true;
  tick(&r->target, &r->io, NULL, &r->result);
  assert_int_equal(r->result.end, TICK_FAILED);
  assert_int_equal(r->result.error.kind, ERR_INTERNAL);
  assert_int_equal(rig_phase(r), PHASE_IDLE);
  r->env.random_fails = false;
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-2");
  // A test log without a nonce is none: no verdict on the value, and no log.
  unsigned logs = r->logs_seen;
  r->env.random_fails = true;
  assert_int_not_equal(rig_verify(r).sinks[0].verdict.kind, VERDICT_NOT_WORKING);
  assert_int_equal(r->logs_seen, logs);
  rig_free(r);
}

static void what_is_no_act_is_not_done(void **unused) {
  (void)unused;
  static const enum act_kind none[] = {ACT_LOOK, ACT_WAIT, ACT_REST, ACT_ATTENTION};
  struct rig *r = rig_new();
  rig_init(r);
  struct turn *u = turn_new();
  turn_read_stores(u, &r->target, &r->io);
  uint64_t seq = u->state.seq;
  for (int i = 0; i < 4; i++)
    assert_int_equal(act_do(u, &r->target, &r->io, &(struct action){.kind = none[i]}, &e),
                     ERR_INTERNAL);
  turn_free(u);
  struct state s = rig_state(r);
  assert_int_equal(s.seq, seq);
  state_clear(&s);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_may_not_be_read_is_not_known),
      cmocka_unit_test(what_has_no_version_is_not_written_over),
      cmocka_unit_test(no_rotation_begins_where_a_sink_may_not_be_written),
      cmocka_unit_test(an_order_says_what_keeps_the_state_away),
      cmocka_unit_test(what_is_undone_again_and_again_is_left_for_later),
      cmocka_unit_test(a_lock_that_is_met_is_told),
      cmocka_unit_test(an_identity_that_is_gone_is_told),
      cmocka_unit_test(the_key_in_a_sink_is_named),
      cmocka_unit_test(nothing_is_retired_for_a_key_that_is_not_active),
      cmocka_unit_test(without_chance_nothing_begins),
      cmocka_unit_test(what_is_no_act_is_not_done)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
