// The person who does what `attention` asks for, and the consumers, who read their sink every so
// often and exchange the key they hold.
#include <string.h>

#include "tests/protocol/sim.h"

static void unlock_all(struct sim *s) {
  for (int i = 0; i < s->n_keys; i++)
    s->keys[i].locked = false;
}

static bool any_lost_sink(const struct sim *s) {
  for (unsigned j = 0; s->has_state && j < s->p.sinks; j++)
    if (!s->sinks[j].configured && state_lists(&s->state, &s->sinks[j]))
      return true;
  return false;
}

static void make_room(struct sim *s) {
  for (int i = 0; i < s->n_keys; i++)
    if (s->keys[i].exists && !key_is_ours(s, &s->keys[i]) && !s->p.other_lineage)
      key_remove(s, i);
}

// Healing must not wait for the end of a hold: so the person lets it stand for a while. (Once it
// has begun, something else holds it up: a full account.)
static bool may_resume(struct sim *s) {
  if (s->faults)
    return rng_chance(&s->rng, 5000);
  if (s->now_ms < s->faults_end_ms + 2 * DAY_MS)
    return false;
  int current = state_key(s, SLOT_CURRENT);
  if (current >= 0 && !key_alive(&s->keys[current]) && s->state.phase != PHASE_STAGED)
    sim_violate(s, "L1", "a hold keeps a dead current (key %d) from being healed", current);
  return true;
}

static enum job remedy(struct sim *s) {
  switch (s->last.why) {
  case WHY_sink_foreign:
    return rng_chance(&s->rng, 2000) ? JOB_KEEP_SINK : JOB_KEEP_STATE;
  case WHY_failures:
    return JOB_ROTATE;
  case WHY_create_refused:
    return JOB_ROLLBACK;
  case WHY_refused: // a refusal stands until a proof: where nothing is probed, a person verifies
    return JOB_VERIFY;
  case WHY_need_init:
    return JOB_INIT;
  case WHY_still_used:
    if (s->faults || s->p.rare_ms) // one that is gone must not hold it for ever
      return !s->p.rare_ms && rng_chance(&s->rng, 3000) ? JOB_RETIRE : JOB_COUNT;
    return s->p.own || rng_chance(&s->rng, 5000) ? JOB_RETIRE : JOB_COMPROMISED;
  case WHY_stray_locked:
  case WHY_previous_locked:
  case WHY_pending_locked:
    unlock_all(s);
    return JOB_COUNT;
  case WHY_key_places:
    make_room(s);
    return JOB_COUNT;
  default:
    break;
  }
  if (s->last.row == ROW_delete || s->last.row == ROW_stray || s->last.row == ROW_enable ||
      s->last.row == ROW_disable)
    unlock_all(s);
  if (s->last.row == ROW_create)
    make_room(s);
  if (s->has_state && s->state.hold.on && may_resume(s))
    return JOB_RESUME;
  if (any_lost_sink(s))
    return JOB_DROP_SINK;
  if (s->has_state && s->state.phase == PHASE_STAGED && s->last.attention &&
      rng_chance(&s->rng, 3000))
    return JOB_ROLLBACK;
  return JOB_COUNT;
}

static void person(struct sim *s, void *arg) {
  (void)arg;
  sim_at(s, s->now_ms + (s->faults ? rng_between(&s->rng, HOUR_MS, 12 * HOUR_MS) : 2 * HOUR_MS),
         person, NULL, NULL);
  if (!s->has_last || (s->faults && !s->last.attention))
    return;
  if (s->last.why != WHY_previous_locked && own_rescue(s))
    return;
  enum job job = remedy(s);
  if (job == JOB_COUNT)
    return;
  s->totals->repairs++;
  proc_start(s, job == JOB_VERIFY ? s->last_host : (unsigned)rng_below(&s->rng, s->p.hosts), job);
}

void person_begin(struct sim *s) {
  sim_at(s, rng_between(&s->rng, 1, HOUR_MS), person, NULL, NULL);
}

// ---- consumers ----

static void use_key(struct sim *s, struct sim_sink *sink) {
  if (sink->consumer_key < 0)
    return;
  struct sim_key *k = &s->keys[sink->consumer_key];
  if (key_alive(k)) {
    sim_note(s, "the consumer of %s uses key %d", sink->name, sink->consumer_key);
    k->used_ms = sim_server_ms(s);
    k->uses++;
  }
}

static void consume(struct sim *s, void *arg) {
  struct sim_sink *sink = arg;
  sim_at(s, s->now_ms + rng_between(&s->rng, s->p.reload_ms / 2, s->p.reload_ms), consume, arg,
         NULL);
  if (!sink->consumed)
    return;
  s->totals->consumer_reads++;
  use_key(s, sink); // with what it has held since its last reading
  sink->consumer_key = sink->key;
  use_key(s, sink);
}

// ---- the consumer that exchanges seldom, and reads the sink at its start only ----

// It held the old key all along, and used it in the grace: the brake is there for it.
static void check_rare(struct sim *s) {
  const struct sim_key *k = &s->keys[s->rare_key];
  if (!key_alive(k) && k->braked && !key_spoiled(s, s->rare_key))
    sim_violate(s, "brake", "key %d is gone, and a consumer that exchanges every %lld min holds it",
                s->rare_key, (long long)(s->p.rare_ms / MINUTE_MS));
}

static void rare_exchange(struct sim *s) {
  struct sim_key *k = &s->keys[s->rare_key];
  sim_note(s, "the rare consumer uses key %d", s->rare_key);
  check_rare(s);
  if (key_alive(k)) {
    k->used_ms = sim_server_ms(s);
    k->uses++;
  }
}

static void rare(struct sim *s, void *arg) {
  sim_at(s, s->now_ms + rng_between(&s->rng, s->p.rare_ms / 2, s->p.rare_ms), rare, arg, NULL);
  if (s->rare_key >= 0)
    rare_exchange(s);
  bool ends = rng_chance(&s->rng, s->faults ? 700 : 6000);
  if (ends || rng_chance(&s->rng, 1200))
    s->rare_key = ends ? SINK_NOTHING : s->sinks[0].key;
  if (s->rare_key >= 0 && !key_alive(&s->keys[s->rare_key]))
    s->rare_key = s->sinks[0].key;
}

void consumers_begin(struct sim *s) {
  s->rare_key = SINK_NOTHING;
  if (s->p.rare_ms)
    rare(s, NULL);
  for (unsigned i = s->p.rare_ms > 0; i < s->p.sinks; i++)
    sim_at(s, rng_between(&s->rng, 0, s->p.reload_ms), consume, &s->sinks[i], NULL);
}
