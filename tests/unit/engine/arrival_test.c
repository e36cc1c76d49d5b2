// Proof of arrival, with the engine on memory stores and a cloud that works: a new key's test log
// is looked for before anything is published.
#include "rotator/base/text.h"
#include "rotator/engine/evidence.h"
#include "rotator/engine/turn.h"
#include "tests/support/unit.h"
#include "tests/unit/engine/fake_cloud.h"

// Answers as told, and remembers what it was asked.
struct reader {
  struct logs_reader base;
  struct rig *rig;
  enum logs_sighting answer; // until found_after_s
  enum err kind;
  int64_t retry_after_ms;
  int64_t found_after_s; // since the first query; −1: never
  int64_t first_ms;
  unsigned queries;
  int64_t at_ms[1000];
  char nonce[40];
  unsigned nonces;
  struct logs_search last;
};

static enum logs_sighting find(struct logs_reader *base, const struct logs_search *s,
                               struct error *e) {
  struct reader *r = (struct reader *)base;
  int64_t now = r->rig->env.mono_ms;
  if (r->queries == 0)
    r->first_ms = now;
  assert_true(r->queries < 1000);
  r->at_ms[r->queries++] = now;
  if (strcmp(r->nonce, s->nonce) != 0)
    r->nonces++;
  text_copy(r->nonce, sizeof r->nonce, s->nonce);
  r->last = *s;
  if (r->found_after_s >= 0 && now - r->first_ms >= r->found_after_s * 1000)
    return LOGS_SEEN;
  if (r->kind != ERR_OK)
    error_set(e, r->kind, "the reader says no");
  e->retry_after_ms = r->retry_after_ms;
  return r->answer;
}

static const struct logs_reader_ops ops = {.find = find};

struct scene {
  struct rig *rig;
  struct reader reader;
};

// A target at rest whose key a person wants to have rotated.
static void begin(struct scene *s, bool required) {
  *s = (struct scene){.rig = rig_new()};
  rig_init(s->rig);
  s->reader =
      (struct reader){.base.ops = &ops, .rig = s->rig, .answer = LOGS_UNSEEN, .found_after_s = -1};
  s->rig->io.reader = &s->reader.base;
  s->rig->target.policy.arrival_within_s = 120;
  s->rig->target.policy.arrival_required = required;
  fake_env_advance(&s->rig->env, 31LL * 86400 * 1000);
}

static void end(struct scene *s) {
  rig_free(s->rig);
}

// For `s` seconds, as a run would: waits of more than half a minute are left to the next.
static void run_for(struct scene *s, int64_t seconds) {
  struct rig *r = s->rig;
  int64_t end_ms = r->env.mono_ms + seconds * 1000;
  do {
    tick(&r->target, &r->io, NULL, &r->result);
    if (r->result.end != TICK_WAIT)
      return;
    int64_t wait = r->result.again_ms - r->env.mono_ms;
    fake_env_advance(&r->env, wait < end_ms - r->env.mono_ms ? wait : end_ms - r->env.mono_ms);
  } while (r->env.mono_ms < end_ms);
}

static void off_asks_nobody(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, true);
  s.rig->target.policy.arrival_within_s = 0;
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.reader.queries, 0);
  end(&s);
}

static void found_is_published(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, true);
  s.reader.found_after_s = 0;
  int64_t begun_s = s.rig->env.wall_ms / 1000;
  rig_run(s.rig);
  assert_int_equal(s.rig->result.phase, PHASE_IDLE);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.reader.queries, 1);
  assert_string_equal(s.reader.last.application, "rotator");
  assert_string_equal(s.reader.last.sender, "iam-ServiceId-1");
  assert_int_equal(strlen(s.reader.nonce), 32);
  // Around the time at which it was sent, by the server's clock.
  assert_within(s.reader.last.from_s, begun_s - 300, begun_s);
  assert_within(s.reader.last.to_s, begun_s + 300, begun_s + 600);
  assert_false(s.reader.last.archive);
  end(&s);
}

// Found late: until then nothing is published, and the queries are apart.
static void late_holds_back_until_found(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, false);
  s.reader.found_after_s = 70;
  run_for(&s, 60);
  assert_int_equal(rig_phase(s.rig), PHASE_STAGED);
  assert_int_equal(s.rig->result.why, WHY_arrival_pending);
  assert_string_equal(row_name(s.rig->result.row), "arrive");
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-1");
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.reader.nonces, 1);
  assert_within(s.reader.queries, 4, 8);
  for (unsigned i = 1; i < s.reader.queries; i++)
    assert_true(s.reader.at_ms[i] - s.reader.at_ms[i - 1] >= 10000);
  end(&s);
}

// Never found and not required: the key is good all the same.
static void never_is_not_known(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, false);
  int64_t begun_ms = s.rig->env.mono_ms;
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.rig->result.working, WORKING_YES);
  assert_within(s.rig->env.mono_ms - begun_ms, 119000, 400000);
  // The last query was made when the time was just about over.
  assert_within(s.reader.at_ms[s.reader.queries - 1] - begun_ms, 115000, 122000);
  assert_int_equal(s.reader.nonces, 1);
  end(&s);
}

// Required: it waits, never refutes, and sends another log after a while.
static void required_holds_back(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, true);
  run_for(&s, 130);
  assert_int_equal(rig_phase(s.rig), PHASE_STAGED);
  assert_int_equal(s.rig->result.why, WHY_arrival_missed);
  assert_false(s.rig->result.attention);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-1");
  assert_int_equal(s.reader.nonces, 1);
  run_for(&s, 7 * 3600);
  assert_int_equal(rig_phase(s.rig), PHASE_STAGED);
  assert_true(s.reader.nonces > 5);
  assert_true(s.rig->result.attention); // for longer than alert_after
  struct state state = rig_state(s.rig);
  assert_int_equal(state.failures, 0);
  state_clear(&state);
  s.reader.found_after_s = 0;
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.rig->result.phase, PHASE_IDLE);
  end(&s);
}

static enum arrival_seen verify(struct scene *s, struct error *e) {
  struct state state = {0};
  struct view v;
  assert_int_equal(tick_verify(&s->rig->target, &s->rig->io, true, &state, &v, e), ERR_OK);
  assert_int_equal(view_working(&v), WORKING_YES);
  assert_int_equal(v.sinks[0].arrival, v.sinks[1].arrival); // one value
  state_clear(&state);
  return v.sinks[0].arrival;
}

// 429: what the service says is waited for.
static void throttled_waits(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, false);
  s.reader.answer = LOGS_ASK_LATER;
  s.reader.kind = ERR_THROTTLED;
  s.reader.retry_after_ms = 45000;
  s.reader.found_after_s = 40;
  rig_run(s.rig);
  assert_int_equal(s.reader.queries, 2);
  assert_true(s.reader.at_ms[1] - s.reader.at_ms[0] >= 45000);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  end(&s);
}

// … but not beyond the time that there is.
static void throttled_for_long(void **unused) {
  (void)unused;
  struct scene s;
  struct error e = {0};
  begin(&s, false);
  s.reader.answer = LOGS_ASK_LATER;
  s.reader.kind = ERR_THROTTLED;
  s.reader.retry_after_ms = 3600000;
  int64_t begun_ms = s.rig->env.mono_ms;
  assert_int_equal(verify(&s, &e), ARRIVAL_MISSED);
  assert_int_equal(e.kind, ERR_THROTTLED);
  assert_within(s.rig->env.mono_ms - begun_ms, 119000, 122000);
  begun_ms = s.rig->env.mono_ms;
  s.reader.queries = 0;
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_within(s.rig->env.mono_ms - begun_ms, 119000, 400000);
  end(&s);
}

// A reader that may not read is asked no second time, and is no matter of the key.
static void no_rights(void **unused) {
  (void)unused;
  for (int required = 0; required < 2; required++) {
    struct scene s;
    begin(&s, required);
    s.reader.answer = LOGS_UNREADABLE;
    s.reader.kind = ERR_DENIED;
    run_for(&s, 100);
    assert_int_equal(s.reader.queries, 1);
    assert_string_equal(rig_sink_key(s.rig, "one"), required ? "ApiKey-1" : "ApiKey-2");
    if (required) {
      assert_int_equal(s.rig->result.why, WHY_arrival_refused);
      assert_true(s.rig->result.attention);
      assert_string_equal(s.rig->result.error.text, "the reader says no");
    }
    end(&s);
  }
}

static void nobody_configured(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, true);
  s.rig->io.reader = NULL;
  run_for(&s, 60);
  assert_int_equal(s.rig->result.why, WHY_arrival_refused);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-1");
  end(&s);
}

// What was sent is evidence: the next process goes on with the same search, and asks once even when
// the time is over.
static void a_new_process_goes_on(void **unused) {
  (void)unused;
  struct scene s;
  begin(&s, true);
  run_for(&s, 40);
  assert_true(s.reader.queries > 0);
  struct evidence_book book = s.rig->memory.book;
  rig_restart(s.rig);
  s.rig->memory.book = book;
  fake_env_advance(&s.rig->env, 300 * 1000);
  s.reader.found_after_s = 0;
  unsigned before = s.reader.queries;
  tick(&s.rig->target, &s.rig->io, NULL, &s.rig->result);
  assert_int_equal(s.reader.queries, before + 1);
  assert_int_equal(s.reader.nonces, 1);
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  end(&s);
}

// By hand, each time anew.
static void by_hand(void **unused) {
  (void)unused;
  struct scene s;
  struct error e = {0};
  begin(&s, false);
  s.reader.found_after_s = 20;
  assert_int_equal(verify(&s, &e), ARRIVAL_FOUND);
  assert_int_equal(e.kind, ERR_OK);
  s.reader.found_after_s = -1;
  assert_int_equal(verify(&s, &e), ARRIVAL_MISSED);
  assert_int_equal(s.reader.nonces, 2);
  s.reader.answer = LOGS_UNREADABLE;
  s.reader.kind = ERR_DENIED;
  assert_int_equal(verify(&s, &e), ARRIVAL_REFUSED);
  assert_int_equal(e.kind, ERR_DENIED);
  s.rig->target.policy.arrival_tier = POLICY_TIER_ARCHIVE;
  s.reader.found_after_s = 0;
  assert_int_equal(verify(&s, &e), ARRIVAL_FOUND);
  assert_true(s.reader.last.archive);
  end(&s);
}

// A stop ends the search; what is not known stays so.
static void a_stop_ends_the_search(void **unused) {
  (void)unused;
  struct scene s;
  struct error e = {0};
  struct state state = {0};
  struct view v;
  begin(&s, false);
  s.rig->env.stop_after_sleeps = 2;
  assert_int_equal(tick_verify(&s.rig->target, &s.rig->io, true, &state, &v, &e), ERR_CANCELLED);
  assert_int_equal(e.kind, ERR_CANCELLED);
  s.rig->env.stop = false;
  s.rig->env.stop_after_sleeps = 1;
  assert_int_equal(tick_verify(&s.rig->target, &s.rig->io, true, &state, &v, NULL), ERR_CANCELLED);
  end(&s);
}

// An act upon a log that was never sent, or that comes when all is to stop, asks nobody.
static void nobody_is_asked_in_vain(void **unused) {
  (void)unused;
  struct scene s;
  struct error e;
  struct action search = {.row = ROW_arrive, .kind = ACT_SEARCH, .slot = SLOT_CURRENT};
  begin(&s, false);
  struct turn *u = turn_new();
  turn_read_stores(u, &s.rig->target, &s.rig->io);
  assert_int_equal(act_do(u, &s.rig->target, &s.rig->io, &search, &e), ERR_INTERNAL);
  arrival_sent(u, &s.rig->target, &s.rig->io, &u->state.slots[SLOT_CURRENT], "0123");
  s.rig->env.stop = true;
  assert_int_equal(act_do(u, &s.rig->target, &s.rig->io, &search, &e), ERR_CANCELLED);
  assert_int_equal(s.reader.queries, 0);
  s.rig->env.stop = false;
  s.reader.answer = LOGS_SILENT; // which says no more than that
  assert_int_equal(act_do(u, &s.rig->target, &s.rig->io, &search, &e), ERR_UNSURE);
  assert_non_null(strstr(e.text, "test log"));
  assert_int_equal(s.reader.queries, 1);
  turn_free(u);
  end(&s);
}

// A key that is proven by management alone sends no test log: there is none to look for.
static void no_log_no_search(void **unused) {
  (void)unused;
  struct scene s;
  struct error e = {0};
  begin(&s, true);
  s.rig->own = s.rig->target.own = true;
  s.rig->io.logs = NULL;
  rig_wish(s.rig);
  rig_restart(s.rig);
  rig_run(s.rig);
  assert_string_equal(rig_sink_key(s.rig, "one"), "ApiKey-2");
  assert_int_equal(s.reader.queries, 0);
  assert_int_equal(verify(&s, &e), ARRIVAL_OFF);
  end(&s);
}

// The newest log, and the newest finding, of two processes.
static void evidence_is_merged(void **unused) {
  (void)unused;
  struct evidence_book a = {0}, b = {0};
  evidence_sent(evidence_enter(&a, "one", "ApiKey-1"), "older", 100);
  evidence_sent(evidence_enter(&b, "one", "ApiKey-1"), "newer", 200);
  evidence_arrived(evidence_enter(&b, "one", ""), 210);
  evidence_merge(&a, &b);
  assert_string_equal(evidence_find(&a, "one")->nonce, "newer");
  assert_int_equal(evidence_find(&a, "one")->sent_s, 200);
  assert_int_equal(evidence_find(&a, "one")->arrived_s, 210);
  evidence_merge(&b, &a);
  assert_string_equal(evidence_find(&b, "one")->nonce, "newer");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(off_asks_nobody),
      cmocka_unit_test(found_is_published),
      cmocka_unit_test(late_holds_back_until_found),
      cmocka_unit_test(never_is_not_known),
      cmocka_unit_test(required_holds_back),
      cmocka_unit_test(throttled_waits),
      cmocka_unit_test(throttled_for_long),
      cmocka_unit_test(no_rights),
      cmocka_unit_test(nobody_configured),
      cmocka_unit_test(a_new_process_goes_on),
      cmocka_unit_test(by_hand),
      cmocka_unit_test(a_stop_ends_the_search),
      cmocka_unit_test(nobody_is_asked_in_vain),
      cmocka_unit_test(no_log_no_search),
      cmocka_unit_test(evidence_is_merged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
