// The promises that can be judged by the truth of one instant: S1, S3, S4, S6, and S2 and S5 at the
// moment a key dies. Nothing here trusts what the engine says of itself; the state is decoded for
// what it claims, and compared.
#include <stdio.h>
#include <string.h>

#include "tests/protocol/sim.h"

enum { ROUNDING_MS = 2000 }; // the engine counts whole seconds

// S1: what a consumer would read now is accepted by IAM now.
static void check_sink(struct sim *s, const struct sim_sink *sink) {
  if (!sink->consumed || sink->key < 0 || sink->by_hand)
    return;
  const struct sim_key *k = &s->keys[sink->key];
  if (!key_alive(k) && !key_spoiled(s, sink->key))
    sim_violate(s, "S1", "%s holds key %d, which is %s", sink->name, sink->key,
                k->exists ? "disabled" : "deleted");
}

static bool in_slot(const struct state *st, const char *id) {
  for (int i = 0; i < SLOT_COUNT; i++)
    if (st->slots[i].used && strcmp(st->slots[i].key_id, id) == 0)
      return true;
  return false;
}

// S3: an active key of ours is in a slot, or is a stray by definition, or came alive by a person's
// hand.
static void check_known(struct sim *s, int i) {
  const struct sim_key *k = &s->keys[i];
  if (!s->has_state || !key_alive(k) || !key_is_ours(s, k) || k->hand || in_slot(&s->state, k->id))
    return;
  if (k->adopted)
    sim_violate(s, "S3", "key %d, the adopted one, is active and in no slot", i);
  else if (k->tag.generation > s->state.generation)
    sim_violate(s, "S3", "key %d is active and of generation %llu, the state counts %llu", i,
                (unsigned long long)k->tag.generation, (unsigned long long)s->state.generation);
  else if (!k->noted && !s->p.disabled_ignored)
    sim_violate(s, "S3", "key %d is active, and its id was never noted", i);
}

// S4: a value that was deleted works no more.
static void check_stays_dead(struct sim *s, int i) {
  const struct sim_key *k = &s->keys[i];
  if (!key_alive(k) || k->hand || s->p.disabled_ignored || !key_is_ours(s, k))
    return;
  for (int j = 0; j < s->n_keys; j++)
    if (j != i && s->keys[j].removed && strcmp(s->keys[j].value, k->value) == 0)
      sim_violate(s, "S4", "key %d is active with the value of key %d, which was deleted", i, j);
}

void check_now(struct sim *s) {
  s->totals->checks++;
  for (unsigned i = 0; i < s->p.sinks; i++)
    check_sink(s, &s->sinks[i]);
  own_check_now(s);
  for (int i = 0; i < s->n_keys; i++)
    if (key_alive(&s->keys[i])) {
      check_known(s, i);
      check_stays_dead(s, i);
    }
}

// S2, for every consumer there could be: the last of them read the value at the instant before it
// left the sink.
static void check_consumers(struct sim *s, int i, const char *how) {
  const struct sim_key *k = &s->keys[i];
  for (unsigned j = 0; j < s->p.sinks; j++) {
    const struct sim_sink *sink = &s->sinks[j];
    if (!sink->consumed || sink->edited > k->looked[j])
      continue; // edited by hand when it was too late to see: nobody can help that
    if (sink->key == i)
      sim_violate(s, "S1", "%s of key %d, which %s holds", how, i, sink->name);
    else if (sink->held_ms[i] >= 0 && s->now_ms - sink->held_ms[i] < k->grace_ms - ROUNDING_MS)
      sim_violate(s, "S2", "%s of key %d, %lld ms after it left %s; the grace is %lld ms", how, i,
                  (long long)(s->now_ms - sink->held_ms[i]), sink->name, (long long)k->grace_ms);
  }
}

// A pending whose id is not known yet covers every key of its generation.
static bool may_become_current(const struct sim *s, const struct sim_key *k) {
  const struct state *st = &s->state;
  const struct slot *pending = &st->slots[SLOT_PENDING];
  if (!s->has_state ||
      (st->phase == PHASE_RETIRING && strcmp(st->slots[SLOT_PREVIOUS].key_id, k->id) == 0))
    return false;
  if (in_slot(st, k->id))
    return true;
  return pending->used && !pending->key_id[0] && k->tagged &&
         strcmp(k->tag.lineage, st->lineage) == 0 && k->tag.generation == pending->generation;
}

// Since when the key is disabled without a break.
static int64_t disabled_ms(const struct sim_key *k) {
  unsigned i = k->n_past;
  while (i > 1 && k->past[i - 2].disabled)
    i--;
  return k->past[i - 1].from_ms;
}

// Tokens of a key that is disabled live for an hour: the quarantine, less what a late request and
// rounding take of it, is no shorter. A dead current ends it, and so does a quarantine of 0. Who
// read a note that was taken back since is forgiven: it may have read that note, and then the
// disabling after it.
static void check_quarantine(const struct proc *p, int i) {
  struct sim *s = p->sim;
  const struct sim_key *k = &s->keys[i];
  const struct state *st = &s->state;
  int64_t quarantine_s = st->quarantine_s >= 0 ? st->quarantine_s : s->p.policy.quarantine_s;
  int current = s->has_state ? key_by_id(s, st->slots[SLOT_CURRENT].key_id) : -1;
  if (s->p.stale || p->seen.state_event < s->taken_back)
    return;
  if (!s->has_state || st->phase != PHASE_RETIRING || quarantine_s < 3900 || !k->disabled ||
      strcmp(st->slots[SLOT_PREVIOUS].key_id, k->id) != 0 || current < 0 ||
      !key_alive(&s->keys[current]) || key_spoiled(s, current))
    return;
  int64_t ms = s->now_ms - disabled_ms(k);
  if (ms < HOUR_MS)
    sim_violate(s, "quarantine", "key %d is deleted %lld ms after it was disabled", i,
                (long long)ms);
}

// A rotator's disable or delete takes effect.
void check_key_dies(struct sim *s, int i, const char *how) {
  const struct sim_key *k = &s->keys[i];
  if (k->hand)
    return;
  if (may_become_current(s, k))
    sim_violate(s, k->current ? "S5" : "stray", "%s of key %d, which is in a slot", how, i);
  if (!key_alive(k))
    return;
  if (k->current && !k->beyond)
    sim_violate(s, "S5", "%s of key %d, which never passed the point of no return", how, i);
  if (k->current)
    check_consumers(s, i, how);
}

// The old key goes only by a process that saw its successor work, unless that is dead.
static void check_successor(const struct proc *p, const char *what, int i) {
  struct sim *s = p->sim;
  const struct state *st = &s->state;
  int current = s->has_state ? key_by_id(s, st->slots[SLOT_CURRENT].key_id) : -1;
  if (!s->has_state || st->phase != PHASE_RETIRING || current < 0 ||
      strcmp(st->slots[SLOT_PREVIOUS].key_id, s->keys[i].id) != 0 ||
      !key_alive(&s->keys[current]) || key_spoiled(s, current))
    return;
  if (witness_passed(&p->seen, current, 0, NULL) == 0)
    sim_violate(s, "S5", "%s of key %d by a process that never probed key %d", what, i, current);
}

// S6 and rule 5, before the request is sent.
void check_request(struct proc *p, const char *what, const char *key_id) {
  struct sim *s = p->sim;
  if (p->ghost)
    return;
  if (p->stop_seen)
    sim_violate(s, "stop", "%s sends %s after it was stopped", p->writer, what);
  if (!key_id)
    return;
  int i = key_by_id(s, key_id);
  if (i < 0) {
    sim_violate(s, "S6", "%s of a key that never was", what);
    return;
  }
  const struct sim_key *k = &s->keys[i];
  if (!key_is_ours(s, k))
    sim_violate(s, "S6", "%s of key %d, which is not ours", what, i);
  if (strcmp(what, "delete") == 0 && k->exists)
    check_quarantine(p, i);
  bool ends = strcmp(what, "delete") == 0 || strcmp(what, "disable") == 0;
  if (ends && !witness_looked(&p->seen))
    sim_violate(s, "look", "%s of key %d by a look of an earlier turn", what, i);
  if (ends && k->exists)
    check_successor(p, what, i);
  if (strcmp(what, "enable") == 0 && !k->noted)
    sim_violate(s, "S4", "enable of key %d, whose id was never noted", i);
}

// How often the value was exchanged and its token accepted by this process since an event, and over
// which span.
unsigned witness_passed(const struct witness *w, int key, uint64_t since, int64_t *ret_span_ms) {
  unsigned n = 0, kept = w->n_passed < SIM_PROOFS ? w->n_passed : SIM_PROOFS;
  int64_t first = INT64_MAX, last = INT64_MIN;
  for (unsigned i = 0; i < kept; i++) {
    const struct proof_passed *e = &w->passed[i];
    if (e->key != key || e->event < since)
      continue;
    n++;
    first = e->at_ms < first ? e->at_ms : first;
    last = e->at_ms > last ? e->at_ms : last;
  }
  if (ret_span_ms)
    *ret_span_ms = n ? last - first : 0;
  return n;
}

bool witness_looked(const struct witness *w) {
  return w->looked_event > 0 && w->looked_event == w->state_event;
}

bool witness_refused(const struct witness *w, int key, uint64_t since) {
  unsigned kept = w->n_refused < SIM_PROOFS ? w->n_refused : SIM_PROOFS;
  for (unsigned i = 0; i < kept; i++)
    if (w->refused[i].key == key && w->refused[i].event >= since)
      return true;
  return false;
}
