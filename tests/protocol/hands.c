// The people around the rotators: a person who disables, deletes and makes keys and edits sinks;
// one who wishes; one who changes the configuration; strangers who take our values; and outages.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/protocol/sim.h"

// The next of events that come `per_100_days` times in 100 days, on average.
// False: not any more.
static bool again(struct sim *s, unsigned per_100_days, void (*run)(struct sim *s, void *arg)) {
  if (per_100_days == 0 || !s->faults)
    return false;
  sim_at(s, s->now_ms + 1 + (int64_t)rng_below(&s->rng, (uint64_t)(200 * DAY_MS) / per_100_days),
         run, NULL, NULL);
  return true;
}

static unsigned any_host(struct sim *s) {
  return (unsigned)rng_below(&s->rng, s->p.hosts);
}

// ---- keys ----

int state_key(const struct sim *s, enum slot_name slot) {
  const struct slot *l = &s->state.slots[slot];
  if (!s->has_state || !l->used)
    return -1;
  if (l->key_id[0])
    return key_by_id(s, l->key_id);
  return l->value ? key_by_value(s, secret_bytes(l->value)) : -1;
}

static void foreign_key(struct sim *s, bool ours_by_binding) {
  char text[IAM_DESC_MAX];
  struct tag tag = {.lineage = "00000000deadbeef", .generation = 1 + rng_below(&s->rng, 50)};
  struct key_spec k = {.owner = SIM_IDENTITY, .name = "by hand", .description = "made by a person"};
  tag_binding(SIM_ACCOUNT, SIM_IDENTITY, SIM_INSTANCE, tag.binding);
  tag_format(&tag, "another state's", text);
  if (ours_by_binding)
    k.description = text;
  int i = key_make(s, &k);
  if (i >= 0)
    s->keys[i].hand = true;
}

// A person takes the value that we are about to make a key of.
static void take_value(struct sim *s) {
  const struct slot *pending = &s->state.slots[SLOT_PENDING];
  if (!s->has_state || !pending->used || !pending->value || pending->key_id[0])
    return;
  struct key_spec k = {.owner = rng_chance(&s->rng, 7000) ? SIM_STRANGER : SIM_IDENTITY,
                       .value = secret_bytes(pending->value),
                       .name = "theirs",
                       .description = ""};
  int i = key_make(s, &k);
  if (i >= 0) {
    s->keys[i].hand = true;
    s->totals->strangers++;
  }
}

static void turn_to_key(struct sim *s, void *arg) {
  (void)arg;
  if (!s->faults)
    return;
  int i = state_key(s, (enum slot_name)rng_below(&s->rng, SLOT_COUNT));
  unsigned what = (unsigned)rng_below(&s->rng, 10);
  s->totals->hands++;
  if (what == 0)
    foreign_key(s, false);
  if (i < 0 || what == 0)
    return;
  sim_note(s, "a person turns to key %d (%u)", i, what);
  s->keys[i].hand = true;
  if (what <= 5)
    key_switch(s, i, true);
  else if (what <= 7)
    key_remove(s, i);
  else if (what == 8)
    key_switch(s, i, false);
  else
    s->keys[i].locked = true;
  check_now(s);
}

static void hand_on_key(struct sim *s, void *arg) {
  if (again(s, s->p.hands_per_100d, hand_on_key))
    turn_to_key(s, arg);
}

// A stranger looks at the state every so often; ours is the only value he knows.
static void stranger(struct sim *s, void *arg) {
  (void)arg;
  if (!s->faults)
    return;
  sim_at(s, s->now_ms + rng_between(&s->rng, 10, 40 * MINUTE_MS), stranger, NULL, NULL);
  if (rng_chance(&s->rng, 3000))
    take_value(s);
}

// ---- sinks ----

static void change_sink(struct sim *s, void *arg) {
  (void)arg;
  if (!s->faults)
    return;
  int sink = (int)rng_below(&s->rng, s->p.sinks);
  if (!s->has_state || s->sinks[sink].key == SINK_NOTHING)
    return;
  s->totals->edits++;
  unsigned what = (unsigned)rng_below(&s->rng, 8);
  char text[32];
  snprintf(text, sizeof text, "typed-by-hand-%u", (unsigned)s->event);
  int old = (int)rng_below(&s->rng, (uint64_t)s->n_keys);
  int previous = state_key(s, SLOT_PREVIOUS), current = state_key(s, SLOT_CURRENT);
  if (what == 0)
    sink_edit(s, sink, text);
  else if (what == 1)
    sink_edit(s, sink, s->keys[old].value);
  else if (what == 2)
    sink_edit(s, sink, NULL);
  else if (what <= 5 && previous >= 0)
    sink_edit(s, sink, s->keys[previous].value);
  else if (current >= 0)
    sink_edit(s, sink, s->keys[current].value);
}

static void edit_sink(struct sim *s, void *arg) {
  if (again(s, s->p.edits_per_100d, edit_sink))
    change_sink(s, arg);
}

// ---- files that others see to ----

static bool has_metadata(const struct sim *s, unsigned i) {
  return s->sinks[i].class != STORE_CLASS_A;
}

static void touch_all(struct sim *s, bool write) {
  sim_note(s, "the sinks are %s", write ? "written anew, as they are" : "linked");
  for (unsigned i = 0; i < s->p.sinks; i++)
    if (has_metadata(s, i))
      sink_touch(s, (int)i, write);
}

// These two go on when the faults have stopped: a rotation must end all the same.
static void snapshot(struct sim *s, void *arg) {
  sim_at(s, s->now_ms + s->p.snapshot_ms, snapshot, arg, NULL);
  touch_all(s, false);
}

static void restore(struct sim *s, void *arg) {
  sim_at(s, s->now_ms + s->p.restore_ms, restore, arg, NULL);
  touch_all(s, true);
}

// Back to current, unless a rotator saw it and wrote current itself.
static void flip_back(struct sim *s, void *arg) {
  struct sim_sink *sink = arg;
  int current = state_key(s, SLOT_CURRENT);
  if (sink->by_hand && sink->key >= 0 && current >= 0 && s->faults)
    sink_edit(s, (int)(sink - s->sinks), s->keys[current].value);
}

static void flip(struct sim *s, void *arg) {
  (void)arg;
  if (!again(s, s->p.flips_per_100d, flip))
    return;
  struct sim_sink *sink = &s->sinks[rng_below(&s->rng, s->p.sinks)];
  int previous = state_key(s, SLOT_PREVIOUS), current = state_key(s, SLOT_CURRENT);
  if (s->state.phase != PHASE_GRACE || previous < 0 || sink->key != current)
    return;
  s->totals->edits++;
  sink_edit(s, (int)(sink - s->sinks), s->keys[previous].value);
  sim_at(s, s->now_ms + rng_between(&s->rng, MINUTE_MS, 40 * MINUTE_MS), flip_back, sink, NULL);
}

// ---- wishes and configuration ----

static void make_wish(struct sim *s, void *arg) {
  (void)arg;
  static const enum job jobs[] = {JOB_ROTATE,   JOB_ROTATE,   JOB_ROTATE,      JOB_ROLLBACK,
                                  JOB_ROLLBACK, JOB_ROLLBACK, JOB_COMPROMISED, JOB_HOLD,
                                  JOB_RESUME,   JOB_RETIRE};
  if (!again(s, s->p.wishes_per_100d, make_wish))
    return;
  s->totals->wishes++;
  proc_start(s, any_host(s), jobs[rng_below(&s->rng, sizeof jobs / sizeof *jobs)]);
}

static void change_config(struct sim *s, void *arg) {
  (void)arg;
  if (!again(s, s->p.config_per_100d, change_config))
    return;
  struct sim_sink *sink = &s->sinks[rng_below(&s->rng, s->p.sinks)];
  unsigned configured = 0;
  for (unsigned i = 0; i < s->p.sinks; i++)
    configured += s->sinks[i].configured;
  if (sink->configured && rng_chance(&s->rng, 3000)) {
    sink->called = sink->called == sink->name ? sink->other_name : sink->name;
    s->totals->config++;
    sim_note(s, "the configuration calls %s %s", sink->name, sink->called);
    return;
  }
  if (sink->configured && configured == 1)
    return;
  sink->configured = !sink->configured;
  s->totals->config++;
  sim_note(s, "the configuration %s %s", sink->configured ? "now has" : "no longer has",
           sink->name);
  int current = state_key(s, SLOT_CURRENT);
  if (sink->configured && current >= 0 && rng_chance(&s->rng, 3000))
    sink_edit(s, (int)(sink - s->sinks), s->keys[current].value); // a person helps
}

// ---- rights, and looks by hand ----

void rights_take(struct sim *s, enum shown_refusal what) {
  s->rights = what;
  sim_note(s, "ingestion %s",
           what == SHOWN_NONE        ? "takes our logs again"
           : what == SHOWN_NO_SENDER ? "refuses us: no Sender"
                                     : "has no such instance");
}

static void give_back(struct sim *s, void *arg) {
  (void)arg;
  rights_take(s, SHOWN_NONE);
}

static void take_rights(struct sim *s, void *arg) {
  (void)arg;
  if (!again(s, s->p.rights_per_100d, take_rights) || s->rights != SHOWN_NONE)
    return;
  s->totals->rights++;
  rights_take(s, rng_chance(&s->rng, 7000) ? SHOWN_NO_SENDER : SHOWN_NO_INSTANCE);
  sim_at(s, s->now_ms + rng_between(&s->rng, MINUTE_MS, 2 * DAY_MS), give_back, NULL, NULL);
}

static void look(struct sim *s, void *arg) {
  (void)arg;
  if (again(s, s->p.looks_per_100d, look))
    proc_start(s, any_host(s), rng_chance(&s->rng, 5000) ? JOB_LOOK : JOB_VERIFY);
}

static void outage(struct sim *s, void *arg) {
  (void)arg;
  if (!again(s, s->p.outage, outage))
    return;
  int64_t until = s->now_ms + rng_between(&s->rng, 1000,
                                          rng_chance(&s->rng, 8000) ? 5 * MINUTE_MS : 8 * HOUR_MS);
  s->totals->outages++;
  switch (rng_below(&s->rng, 5)) {
  case 0:
    s->iam_down_ms = until;
    break;
  case 1:
    s->logs_down_ms = until;
    break;
  case 2:
    s->store_down_ms = until;
    break;
  case 3:
    s->complaining_ms = until;
    break;
  default:
    s->endpoint_open_ms = until;
    break;
  }
}

static int64_t soon_ms(struct sim *s) {
  return rng_between(&s->rng, 1, rng_chance(&s->rng, 5000) ? 15 * 1000 : 2 * MINUTE_MS);
}

void people_see(struct sim *s, enum phase phase) {
  bool published = phase == PHASE_PUBLISHING || phase == PHASE_GRACE;
  if (!s->faults)
    return;
  if (s->p.eager_wishes && published && rng_chance(&s->rng, 2500))
    proc_start_later(s, soon_ms(s), any_host(s), JOB_ROLLBACK);
  if (s->p.eager_wishes && phase != PHASE_IDLE && rng_chance(&s->rng, 1000))
    proc_start_later(s, soon_ms(s), any_host(s), phase == PHASE_STAGED ? JOB_ROLLBACK : JOB_HOLD);
  if (s->p.eager_wishes && published && rng_chance(&s->rng, 500))
    proc_start_later(s, soon_ms(s), any_host(s), JOB_COMPROMISED);
  if (s->p.eager_retire && phase == PHASE_GRACE && rng_chance(&s->rng, 5000))
    proc_start_later(s, soon_ms(s), any_host(s), JOB_RETIRE);
  if (s->p.eager_hands && rng_chance(&s->rng, 1200))
    sim_at(s, s->now_ms + soon_ms(s), turn_to_key, NULL, NULL);
  if (s->p.eager_edits && rng_chance(&s->rng, 1200))
    sim_at(s, s->now_ms + soon_ms(s), change_sink, NULL, NULL);
}

// The identity has a key of another state: another host's, or one that was lost.
static void other_state(struct sim *s, void *arg) {
  (void)arg;
  if (s->has_state)
    foreign_key(s, true);
}

static void forget_earlier(struct sim *s, void *arg) {
  struct sim_key *k = arg;
  sim_note(s, "a person deletes what is left of an earlier state");
  key_remove(s, (int)(k - s->keys));
}

void earlier_state(struct sim *s) {
  foreign_key(s, true);
  s->keys[s->n_keys - 1].past[0].from_ms = -100 * DAY_MS;
  sim_at(s, s->now_ms + rng_between(&s->rng, 1, 6 * DAY_MS), forget_earlier,
         &s->keys[s->n_keys - 1], NULL);
}

void hands_begin(struct sim *s) {
  again(s, s->p.hands_per_100d, hand_on_key);
  again(s, s->p.edits_per_100d, edit_sink);
  again(s, s->p.flips_per_100d, flip);
  if (s->p.snapshot_ms)
    snapshot(s, NULL);
  if (s->p.restore_ms)
    restore(s, NULL);
  again(s, s->p.wishes_per_100d, make_wish);
  again(s, s->p.config_per_100d, change_config);
  again(s, s->p.outage, outage);
  again(s, s->p.rights_per_100d, take_rights);
  again(s, s->p.looks_per_100d, look);
  if (s->p.strangers)
    stranger(s, NULL);
  if (s->p.other_lineage)
    sim_at(s, s->now_ms + DAY_MS, other_state, NULL, NULL);
}
