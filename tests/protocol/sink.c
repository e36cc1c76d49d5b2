// The truth about items. Whatever may have changed one calls items_changed(), which compares
// versions; so no way of changing an item escapes the checks.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/protocol/sim.h"

static bool present(struct sim *s, const char *name, struct store_record *r,
                    struct store_version *v) {
  *r = (struct store_record){0};
  *v = (struct store_version){0};
  return memory_peek(s->space, name, r, v);
}

// A rotator wrote a value: it must be one that may be served.
static void check_written(struct sim *s, const struct sim_sink *sink, int before) {
  if (sink->key < 0) {
    sim_violate(s, "S1", "%s was written with a value that no key ever had", sink->name);
    return;
  }
  const struct sim_key *k = &s->keys[sink->key];
  if (!k->proven && !key_spoiled(s, sink->key))
    sim_violate(s, "S1", "%s was written with key %d, which was never proven", sink->name,
                sink->key);
  bool foreign = before == SINK_UNKNOWN ||
                 (before >= 0 && !key_is_ours(s, &s->keys[before]) && !s->keys[before].given_up);
  if (foreign && sink->class == STORE_CLASS_A && !sink->may_overwrite)
    sim_violate(s, "S6", "a value that is not ours was overwritten in %s", sink->name);
}

// A person takes current out, and later puts it back: where no rotator began the grace again for
// that, what stood in between is a matter of reload_within (class B, C; in class A versions tell).
static void watch_flip(struct sim *s, struct sim_sink *sink, int before, bool by_hand) {
  int current = state_key(s, SLOT_CURRENT);
  if (!by_hand || sink->class == STORE_CLASS_A || current < 0) {
    sink->flip = 0;
    return;
  }
  if (before == current && sink->key != current) { // it is taken out now, whatever was before
    sink->flip = sink->changed;
    sink->flip_epoch = s->state.epoch;
    memcpy(sink->held_before_ms, sink->held_was_ms, sizeof sink->held_before_ms);
  } else if (sink->flip && sink->key == current) {
    for (int k = 0; k < s->n_keys && sink->flip_epoch == s->state.epoch; k++)
      if (k != current && sink->held_ms[k] != sink->held_before_ms[k]) {
        sink->flipped_ms[k] = s->now_ms;
        sink->held_ms[k] = sink->held_before_ms[k];
      }
    sink->flip = 0;
  }
}

static void sink_changed(struct sim *s, int i, const struct store_record *r, bool by_hand) {
  struct sim_sink *sink = &s->sinks[i];
  int before = sink->key;
  memcpy(sink->held_was_ms, sink->held_ms, sizeof sink->held_was_ms);
  if (before >= 0)
    sink->held_ms[before] = s->now_ms;
  sink->key = SINK_NOTHING;
  if (r->value) {
    int k = key_by_value(s, secret_bytes(r->value));
    sink->key = k < 0 ? SINK_UNKNOWN : k;
  }
  if (sink->key >= 0)
    sink->held_ms[sink->key] = s->now_ms;
  sink->stamp = r->stamp;
  sink->changed = ++s->event;
  sink->by_hand = by_hand;
  sim_note(s, "%s now holds key %d, stamp %llu%s", sink->name, sink->key,
           (unsigned long long)r->stamp, by_hand ? ", by hand" : "");
  watch_flip(s, sink, before, by_hand);
  if (i == 0)
    own_place_changed(s);
  if (by_hand) {
    sink->edited = s->event;
    return;
  }
  check_written(s, sink, before);
  sink->may_overwrite = false;
  for (int k = 0; !sink->consumed && k < s->n_keys; k++)
    if (k != sink->key)
      sink->held_ms[k] = -1; // what it served before it was ours counts for nothing
  sink->consumed = true;
}

static void look_at_sink(struct sim *s, int i, bool by_hand) {
  struct store_record r;
  struct store_version v;
  present(s, s->sinks[i].name, &r, &v);
  if (strcmp(v.text, s->sinks[i].version) != 0) {
    text_copy(s->sinks[i].version, sizeof s->sinks[i].version, v.text);
    sink_changed(s, i, &r, by_hand);
  }
  store_record_clear(&r);
}

static void state_note(struct sim *s) {
  const struct slot *c = &s->state.slots[SLOT_CURRENT], *p = &s->state.slots[SLOT_PREVIOUS],
                    *n = &s->state.slots[SLOT_PENDING];
  sim_note(s,
           "STATE seq %llu %s g=%llu epoch %llu current %d previous %d pending %d wish %s%s by %s",
           (unsigned long long)s->state.seq, phase_name(s->state.phase),
           (unsigned long long)s->state.generation, (unsigned long long)s->state.epoch,
           c->used ? key_by_id(s, c->key_id) : -9, p->used ? key_by_id(s, p->key_id) : -9,
           n->used ? key_by_id(s, n->key_id) : -9, wish_name(s->state.wish.kind),
           s->state.hold.on ? " HOLD" : "", s->state.writer);
}

static void look_at_home(struct sim *s) {
  struct store_record r;
  struct store_version v;
  struct state fresh = {0};
  if (!present(s, "home", &r, &v) || strcmp(v.text, s->home_version) == 0) {
    store_record_clear(&r);
    return;
  }
  text_copy(s->home_version, sizeof s->home_version, v.text);
  struct error e = {0};
  enum err err = state_decode(r.value, &fresh, &e);
  store_record_clear(&r);
  if (err != ERR_OK) {
    sim_violate(s, "state", "a state was written that does not decode: %s", e.text);
    return;
  }
  struct state old = s->state;
  s->state = fresh;
  s->event++;
  state_note(s);
  check_state_changed(s, s->has_state ? &old : NULL, &s->state);
  if (!s->has_state || old.phase != s->state.phase)
    people_see(s, s->state.phase);
  s->has_state = true;
  s->state_event = s->event;
  s->state_ms = s->now_ms;
  state_clear(&old);
}

void items_changed(struct sim *s, bool by_hand) {
  for (unsigned i = 0; i < s->p.sinks; i++)
    look_at_sink(s, (int)i, by_hand);
  look_at_home(s);
  check_now(s);
}

void sink_edit(struct sim *s, int i, const char *value) {
  struct store_record r = {.value = value ? secret_copy_text(value) : NULL};
  if (memory_poke(s->space, s->sinks[i].name, &r) != ERR_OK)
    abort();
  store_record_clear(&r);
  items_changed(s, true);
}

void sink_touch(struct sim *s, int i, bool write) {
  struct sim_sink *sink = &s->sinks[i];
  struct store_record r;
  struct store_version v;
  bool there = present(s, sink->name, &r, &v);
  if (there && write && memory_poke(s->space, sink->name, &r) != ERR_OK)
    abort();
  if (there && !write)
    memory_touch(s->space, sink->name);
  store_record_clear(&r);
  if (present(s, sink->name, &r, &v))
    text_copy(sink->version, sizeof sink->version, v.text);
  store_record_clear(&r);
}
