// What a test does with its rig once it is made (fake_cloud.c): runs it, looks at it, lays hands on
// it.
#include <stdio.h>
#include <string.h>

#include "tests/unit/engine/fake_cloud.h"

void rig_run(struct rig *r) {
  for (int i = 0; i < 200; i++) {
    tick(&r->target, &r->io, NULL, &r->result);
    if (r->result.end != TICK_WAIT || r->result.again_ms - r->env.mono_ms >= 3600000)
      return;
    fake_env_advance(&r->env, r->result.again_ms - r->env.mono_ms);
  }
  fail_msg("no end: row %s, why %s", row_name(r->result.row), why_name(r->result.why));
}

void rig_restart(struct rig *r) {
  memory_clear(&r->memory);
  memory_init(&r->memory);
  r->gained = secret_free(r->gained);
}

struct state rig_state(struct rig *r) {
  struct store_record record = {0};
  struct state s;
  assert_true(memory_peek(r->space, "home", &record, NULL));
  assert_int_equal(state_decode(record.value, &s, NULL), ERR_OK);
  store_record_clear(&record);
  return s;
}

void rig_put_sink(struct rig *r, const char *name, const char *value) {
  struct store_record record = {.value = value ? secret_copy_text(value) : NULL};
  assert_int_equal(memory_poke(r->space, name, &record), ERR_OK);
  store_record_clear(&record);
}

const char *rig_sink_key(struct rig *r, const char *name) {
  struct store_record record = {0};
  if (!memory_peek(r->space, name, &record, NULL))
    return "";
  struct fake_key *k = rig_key_of(r, record.value);
  store_record_clear(&record);
  return k ? k->key.id : "?";
}

void rig_init(struct rig *r) {
  r->target.init = true;
  rig_run(r);
  r->target.init = false;
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->result.phase, PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), "ApiKey-1");
  assert_string_equal(rig_sink_key(r, "two"), "ApiKey-1");
}

void rig_at_rest(struct rig *r) {
  rig_init(r);
  rig_run(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(r->result.working, WORKING_YES);
}

const char *rig_current(struct rig *r) {
  static char id[IAM_ID_MAX];
  struct state s = rig_state(r);
  strcpy(id, s.slots[SLOT_CURRENT].key_id);
  state_clear(&s);
  return id;
}

struct view rig_observe(struct rig *r, bool ask_iam) {
  struct state s = {0};
  struct view v;
  assert_int_equal(tick_observe(&r->target, &r->io, ask_iam, &s, &v, NULL), ERR_OK);
  v.state = NULL;
  state_clear(&s);
  return v;
}

struct view rig_verify(struct rig *r) {
  struct state s = {0};
  struct view v;
  struct error e;
  assert_int_equal(tick_verify(&r->target, &r->io, false, &s, &v, &e), ERR_OK);
  v.state = NULL;
  state_clear(&s);
  return v;
}

void rig_wish(struct rig *r) {
  struct error e;
  struct wish w = {.grace_s = -1, .by = "test"};
  assert_int_equal(wish_rotate(&r->target, &r->io, &w, &e), ERR_OK);
}

enum phase rig_phase(struct rig *r) {
  struct state s = rig_state(r);
  enum phase p = s.phase;
  state_clear(&s);
  return p;
}

struct rig *rig_own(void) {
  struct rig *r = rig_new();
  rig_init(r);
  r->own = r->target.own = true;
  rig_restart(r);
  return r;
}

void rig_serves_a_live_key(struct rig *r) {
  static const char *const names[] = {"one", "two"};
  for (int i = 0; i < 2; i++) {
    struct fake_key *k = rig_key(r, rig_sink_key(r, names[i]));
    assert_true(k && !k->gone && !k->key.disabled);
  }
}

void rig_comes_to_rest(struct rig *r) {
  r->target.fleet_fails = false;
  for (int i = 0; i < 3 && (i == 0 || r->result.end != TICK_REST); i++) {
    rig_run(r);
    rig_restart(r);
  }
  struct state s = rig_state(r);
  assert_int_equal(r->result.end, TICK_REST);
  assert_int_equal(s.phase, PHASE_IDLE);
  assert_string_equal(rig_sink_key(r, "one"), s.slots[SLOT_CURRENT].key_id);
  assert_int_equal(rig_live_keys(r), 1);
  rig_serves_a_live_key(r);
  state_clear(&s);
}
