// The promises that show in the steps of the state: what was promoted was proven, what was settled
// was read in every sink, what was put beyond return had its grace. The evidence is the writer's
// own, as it was when it sent the write.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/engine/turn.h"
#include "tests/protocol/sim.h"

enum { ROUNDING_MS = 2000 };

static int slot_key(const struct sim *s, const struct state *st, enum slot_name slot) {
  return st->slots[slot].used && st->slots[slot].key_id[0] ? key_by_id(s, st->slots[slot].key_id)
                                                           : -1;
}

static bool is_killed(const struct sim *s, int key) {
  return key < 0 || s->keys[key].hand || !key_alive(&s->keys[key]);
}

static bool hold_is_on(const struct sim *s, const struct state *st) {
  int64_t slack_s = 2;
  return st->hold.on &&
         (st->hold.until_s == 0 || sim_server_ms(s) / 1000 + slack_s < st->hold.until_s);
}

static bool fully_proven(const struct sim *s, const struct witness *w, int key, uint64_t since) {
  int64_t span_ms;
  unsigned n = witness_passed(w, key, since, &span_ms);
  return n >= s->p.policy.proof_count && span_ms >= (s->p.policy.proof_span_s - 1) * 1000 &&
         witness_refused(w, key, since);
}

// The span may have been seen before the sinks were written, by the same process.
static bool proven_again(const struct sim *s, const struct witness *w, int key, uint64_t since) {
  int64_t span_ms;
  bool enough = witness_passed(w, key, since, NULL) >= s->p.policy.proof_count;
  witness_passed(w, key, 0, &span_ms);
  return enough && span_ms >= (s->p.policy.proof_span_s - 1) * 1000 &&
         witness_refused(w, key, since);
}

// ---- steps ----

static void promoted(struct sim *s, const struct state *new, const struct witness *w) {
  int key = slot_key(s, new, SLOT_CURRENT);
  if (key < 0)
    return;
  own_check_promoted(s, key, w, s->state_event);
  if (fully_proven(s, w, key, s->state_event))
    s->keys[key].proven = true;
  else
    sim_violate(s, "S1", "key %d was promoted without a full proof", key);
  if (s->p.policy.arrival_required && !s->keys[key].found)
    sim_violate(s, "S1", "key %d was promoted, and no log of it was ever found", key);
}

static void swapped(struct sim *s, const struct state *new, const struct witness *w) {
  int key = slot_key(s, new, SLOT_CURRENT);
  s->totals->swaps++;
  if (new->wish.kind == WISH_BACK_TO)
    sim_violate(s, "L1", "the swap to key %d did not end the wish for it: it would swap for ever",
                key);
  if (witness_passed(w, key, s->state_event, NULL) == 0)
    sim_violate(s, "S1", "swapped back to key %d without a probe", key);
}

// Every sink that the writer knows showed `key` in a reading later than `since`. *ret_ms is the
// earliest such reading.
static bool all_sinks_showed(const struct sim *s, const struct witness *w, const struct state *st,
                             uint64_t since, int64_t *ret_ms) {
  int key = slot_key(s, st, SLOT_CURRENT);
  *ret_ms = INT64_MAX;
  for (unsigned i = 0; i < s->p.sinks; i++) {
    const struct sink_seen *seen = &w->sinks[i];
    if (seen->event == 0)
      continue;
    if (seen->event < since || seen->key != key ||
        (s->sinks[i].class == STORE_CLASS_A && seen->stamp != st->epoch))
      return false;
    *ret_ms = seen->at_ms < *ret_ms ? seen->at_ms : *ret_ms;
  }
  return *ret_ms != INT64_MAX;
}

static void settled(struct sim *s, const struct state *old, const struct witness *w) {
  int key = slot_key(s, old, SLOT_CURRENT);
  uint64_t since = s->state_event;
  if (!all_sinks_showed(s, w, old, s->phase_event, &s->grace_from_ms)) {
    sim_violate(s, "S5", "settled though not every sink was seen to serve key %d in this epoch",
                key);
    return;
  }
  for (unsigned i = 0; i < s->p.sinks; i++)
    if (w->sinks[i].event > 0 && w->sinks[i].changed > since)
      since = w->sinks[i].changed;
  own_check_promoted(s, key, w, since);
  if (!proven_again(s, w, key, since))
    sim_violate(s, "S5", "settled without a full proof of key %d through the sinks", key);
  if (s->p.has_hook && s->hook_epoch < old->epoch)
    sim_violate(s, "S5", "settled before the reload hook succeeded in epoch %llu",
                (unsigned long long)old->epoch);
}

// A person said that the old key may go: of this key, in this grace, and of nothing else.
static bool asked_to_retire(const struct sim *s, const struct state *st) {
  return st->phase == PHASE_GRACE && s->retire_epoch > 0 && s->retire_epoch == st->epoch &&
         s->retire_key == slot_key(s, st, SLOT_PREVIOUS);
}

static int64_t grace_ms(const struct sim *s, const struct state *st) {
  if (asked_to_retire(s, st))
    return 0;
  int64_t g = st->grace_s >= 0 ? st->grace_s : s->p.policy.grace_s;
  bool wished = g == s->p.policy.grace_s || g == s->wish_grace_s || (s->compromised && g == 0);
  return (wished ? g : s->p.policy.grace_s) * 1000;
}

// S2 where the old key stood in a sink between two readings only: whoever read it then has
// reload_within, in a grace that may be twice as long for it.
static void check_flips(struct sim *s, int previous) {
  const struct sim_key *k = &s->keys[previous];
  int64_t reload_ms = s->p.policy.reload_within_s * 1000;
  reload_ms = reload_ms < k->grace_ms ? reload_ms : k->grace_ms;
  if (s->now_ms - s->grace_from_ms > 2 * k->grace_ms - ROUNDING_MS)
    return;
  for (unsigned i = 0; i < s->p.sinks; i++) {
    const struct sim_sink *sink = &s->sinks[i];
    if (sink->consumed && sink->edited <= k->looked[i] && sink->flipped_ms[previous] >= 0 &&
        s->now_ms - sink->flipped_ms[previous] < reload_ms - ROUNDING_MS)
      sim_violate(s, "S2", "retired %lld ms after key %d left %s again; readers have %lld ms",
                  (long long)(s->now_ms - sink->flipped_ms[previous]), previous, sink->name,
                  (long long)reload_ms);
  }
}

// Edits by hand after the last look are forgiven, if it was not too old when it was acted upon.
static bool is_young(const struct sink_seen *seen, const struct witness *w) {
  return w->sent_ms - seen->at_ms <= READING_GOOD_MS;
}

static void put_beyond(struct sim *s, const struct state *old, int previous,
                       const struct witness *w) {
  s->keys[previous].beyond = true;
  s->keys[previous].grace_ms = grace_ms(s, old);
  for (unsigned i = 0; i < s->p.sinks; i++)
    s->keys[previous].looked[i] = w->sinks[i].event;
}

static void retire_begins(struct sim *s, const struct state *old, const struct state *new,
                          const struct witness *w) {
  int key = slot_key(s, new, SLOT_CURRENT), previous = slot_key(s, new, SLOT_PREVIOUS);
  int64_t seen_ms;
  if (!witness_looked(w))
    sim_violate(s, "look", "key %d is put beyond return by a look of an earlier turn", previous);
  if (previous < 0)
    return;
  put_beyond(s, old, previous, w);
  if (is_killed(s, key) && is_killed(s, previous))
    return; // both dead
  for (unsigned i = 0; i < s->p.sinks; i++)
    if (!is_young(&w->sinks[i], w))
      s->keys[previous].looked[i] = s->event;
  if (old->phase != PHASE_GRACE) {
    sim_violate(s, "S5", "from %s to retiring though key %d or %d is alive", phase_name(old->phase),
                key, previous);
    return;
  }
  if (s->now_ms - s->grace_from_ms < s->keys[previous].grace_ms - ROUNDING_MS)
    sim_violate(s, "S5", "retired %lld ms after all sinks served the new key; the grace is %lld ms",
                (long long)(s->now_ms - s->grace_from_ms), (long long)s->keys[previous].grace_ms);
  if (!all_sinks_showed(s, w, old, s->phase_event, &seen_ms))
    sim_violate(s, "S5", "retired though not every sink was seen to serve key %d", key);
  check_flips(s, previous);
  own_check_retire(s, key, w);
  s->keys[previous].braked = s->keys[previous].grace_ms >= DAY_MS;
  if (witness_passed(w, key, s->state_event, NULL) == 0)
    sim_violate(s, "S5", "retired without a probe of key %d", key);
  if (hold_is_on(s, old))
    sim_violate(s, "hold", "retired in spite of a hold");
  for (size_t i = 0; i < old->n_sinks; i++)
    for (unsigned j = 0; j < s->p.sinks; j++)
      if (old->sinks[i].place[strlen(old->sinks[i].place) - 1] == s->sinks[j].name[4] &&
          w->sinks[j].event == 0)
        sim_violate(s, "S5", "retired without reading %s, which the state lists", s->sinks[j].name);
}

static void retired(struct sim *s, const struct state *old, const struct witness *w) {
  int previous = slot_key(s, old, SLOT_PREVIOUS);
  s->rotations++;
  s->totals->rotations++;
  if (previous >= 0 && s->keys[previous].exists)
    sim_violate(s, "S3", "key %d was dropped from `previous` and still exists", previous);
  if (!witness_looked(w))
    sim_violate(s, "look", "key %d is held for gone by a look of an earlier turn", previous);
}

static void staged(struct sim *s, const struct state *old) {
  int key = slot_key(s, old, SLOT_CURRENT);
  if (key < 0 || is_killed(s, key)) {
    s->totals->heals++;
    return;
  }
  if (hold_is_on(s, old))
    sim_violate(s, "hold", "a rotation began in spite of a hold");
}

// ---- laws that hold for every step ----

static bool may_follow(enum phase from, enum phase to) {
  static const unsigned to_of[] = {
      [PHASE_IDLE] = 1u << PHASE_STAGED | 1u << PHASE_PUBLISHING,
      [PHASE_STAGED] = 1u << PHASE_PUBLISHING | 1u << PHASE_IDLE,
      [PHASE_PUBLISHING] = 1u << PHASE_GRACE | 1u << PHASE_IDLE | 1u << PHASE_RETIRING,
      [PHASE_GRACE] = 1u << PHASE_PUBLISHING | 1u << PHASE_RETIRING | 1u << PHASE_IDLE,
      [PHASE_RETIRING] = 1u << PHASE_IDLE};
  return from == to || (to_of[from] >> to & 1);
}

static void check_laws(struct sim *s, const struct state *old, const struct state *new) {
  bool enters = new->phase == PHASE_PUBLISHING && old->phase != PHASE_PUBLISHING;
  if (new->seq != old->seq + 1)
    sim_violate(s, "state", "seq went from %llu to %llu", (unsigned long long)old->seq,
                (unsigned long long)new->seq);
  if (new->generation != old->generation &&
      (new->generation != old->generation + 1 || new->phase != PHASE_STAGED))
    sim_violate(s, "state", "the generation changed in %s", phase_name(new->phase));
  if (strcmp(new->lineage, old->lineage) != 0)
    sim_violate(s, "state", "the lineage changed");
  if ((enters && new->epoch != new->seq) || (new->epoch != old->epoch &&new->epoch != new->seq))
    sim_violate(s, "state", "the epoch is not the seq at which publishing was entered");
  if (!may_follow(old->phase, new->phase))
    sim_violate(s, "state", "%s does not follow %s", phase_name(new->phase),
                phase_name(old->phase));
}

static void check_slots(struct sim *s, const struct state *new) {
  for (int i = 0; i < SLOT_COUNT; i++) {
    int key = slot_key(s, new, (enum slot_name)i);
    if (key < 0)
      continue;
    s->keys[key].noted = true;
    if (strcmp(s->keys[key].value, secret_bytes(new->slots[i].value)) != 0)
      sim_violate(s, "state", "%s names key %d and holds another value",
                  slot_name((enum slot_name)i), key);
  }
  int current = slot_key(s, new, SLOT_CURRENT);
  if (new->slots[SLOT_CURRENT].used && current < 0)
    sim_violate(s, "S1", "current is a key that never was");
  if (current < 0)
    return;
  if (s->keys[current].beyond)
    sim_violate(s, "S4", "key %d is current again, and was beyond return", current);
  s->keys[current].current = true;
}

// A person chose the key that a sink holds.
static void chosen(struct sim *s, const struct state *old, const struct state *new) {
  int key = slot_key(s, new, SLOT_CURRENT);
  if (key >= 0)
    s->keys[key].adopted = s->keys[key].proven = true;
  if (!s->repairing)
    sim_violate(s, "S1", "current changed from %s to %s by no row of the table",
                phase_name(old->phase), phase_name(new->phase));
}

static void check_step(struct sim *s, const struct state *old, const struct state *new) {
  const struct witness *w = s->landing;
  bool same_current = slot_key(s, old, SLOT_CURRENT) == slot_key(s, new, SLOT_CURRENT);
  bool by_row = strcmp(old->slots[SLOT_PENDING].key_id, new->slots[SLOT_CURRENT].key_id) == 0;
  if (old->phase == PHASE_STAGED && new->phase == PHASE_PUBLISHING && by_row)
    promoted(s, new, w);
  else if (!same_current && slot_key(s, new, SLOT_CURRENT) == slot_key(s, old, SLOT_PREVIOUS))
    swapped(s, new, w);
  else if (!same_current && new->slots[SLOT_CURRENT].used)
    chosen(s, old, new);
  if (old->phase == PHASE_PUBLISHING && (new->phase == PHASE_GRACE || new->phase == PHASE_IDLE) &&
      !is_killed(s, slot_key(s, old, SLOT_CURRENT)))
    settled(s, old, w);
  if (old->phase != PHASE_RETIRING && new->phase == PHASE_RETIRING)
    retire_begins(s, old, new, w);
  if (old->phase == PHASE_RETIRING && new->phase == PHASE_IDLE)
    retired(s, old, w);
  if (old->phase == PHASE_IDLE && new->phase == PHASE_STAGED)
    staged(s, old);
  if (old->phase == PHASE_STAGED && new->phase == PHASE_IDLE)
    s->totals->given_up++;
}

const char *state_lists(const struct state *st, const struct sim_sink *sink) {
  for (size_t i = 0; i < st->n_sinks; i++)
    if (st->sinks[i].place[strlen(st->sinks[i].place) - 1] == sink->name[4])
      return st->sinks[i].name;
  return NULL;
}

static bool names_key(const struct wish *w) {
  return (w->kind == WISH_RETIRE || w->kind == WISH_ROTATE) && w->key_id[0];
}

// A wish to retire comes from a person; what it forgives is noted when it is written.
static void check_retire_wish(struct sim *s, const struct state *old, const struct state *new) {
  if (!names_key(&new->wish) ||
      (names_key(&old->wish) && strcmp(old->wish.key_id, new->wish.key_id) == 0))
    return;
  s->retire_key = slot_key(s, new, SLOT_PREVIOUS);
  s->retire_epoch = new->epoch;
  if (!s->asked_to_retire || new->phase != PHASE_GRACE)
    sim_violate(s, "S2", "a wish to retire in %s that nobody made", phase_name(new->phase));
}

// Every sink that a rotator read with the current key in it is on the list, by the name it has: a
// person who takes it out of the configuration is asked for its readers then.
void check_rest(struct proc *p) {
  struct sim *s = p->sim;
  // Where the home store serves old readings, a host may rest by a list that was right once.
  if (!s->has_state || s->state.phase != PHASE_IDLE || s->p.stale_home)
    return;
  for (size_t i = 0; i < p->target.n_sinks; i++) {
    const struct fake_item *item = (const struct fake_item *)p->target.sinks[i].item;
    const struct sink_seen *seen = &p->seen.sinks[item->item];
    if (seen->event < s->state_event || seen->key < 0 ||
        seen->key != slot_key(s, &s->state, SLOT_CURRENT))
      continue;
    const char *name = state_lists(&s->state, &s->sinks[item->item]);
    if (!name || strcmp(name, p->target.sinks[i].name) != 0)
      sim_violate(s, "list", "%s was read with the current key, and is listed %s%s",
                  p->target.sinks[i].name, name ? "as " : "nowhere", name ? name : "");
  }
}

// A sink that no state ever listed, or that a person dropped, is nobody's matter.
static void drop_consumers(struct sim *s, const struct state *old, const struct state *new) {
  for (unsigned i = 0; i < s->p.sinks; i++)
    if ((!old || state_lists(old, &s->sinks[i])) && !state_lists(new, &s->sinks[i]))
      s->sinks[i].consumed = false;
}

// No state is begun beside keys that another one made here, which may be in use. (Those of the
// scenario's other lineage come later.)
static void check_begun(struct sim *s, const struct state *new) {
  for (int i = 0; i < s->n_keys; i++)
    if (s->keys[i].exists && s->keys[i].tagged && strcmp(s->keys[i].tag.lineage, new->lineage) != 0)
      sim_violate(s, "lineage", "a state is begun though key %d of an earlier one exists", i);
}

void check_state_changed(struct sim *s, const struct state *old, const struct state *new) {
  if (!old) {
    int adopted = slot_key(s, new, SLOT_CURRENT);
    if (adopted >= 0 && !witness_looked(s->landing))
      sim_violate(s, "look", "key %d is adopted by a look of an earlier turn", adopted);
    if (adopted >= 0)
      s->keys[adopted].adopted = s->keys[adopted].proven = true;
    check_begun(s, new);
    if (new->phase != PHASE_IDLE &&new->phase != PHASE_STAGED)
      sim_violate(s, "state", "the first state is %s", phase_name(new->phase));
  } else {
    check_laws(s, old, new);
    check_step(s, old, new);
    check_retire_wish(s, old, new);
    if (old->disabled_s > 0 && new->disabled_s == 0)
      s->taken_back = s->event;
  }
  check_slots(s, new);
  drop_consumers(s, old, new);
  if (!old || old->phase != new->phase || old->epoch != new->epoch)
    s->phase_event = s->event;
}
