// The stores as the engine sees them: backends/memory, with what happens to requests in front.
// Writes may be lost with their effect done or not, come late (their expected version is looked at
// then), or come twice; readings of the home store may be old where the world says so.
//
// What a class promises is kept: a local file (B) has no requests under way after the call; without
// compare-and-set (C) a write lands within W; "create if absent" of class A too, since "absent" is
// the one version that repeats.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

enum { W_MS = 34 * 1000 };

static struct fake_item *mine(struct store_item *it) {
  return (struct fake_item *)it;
}

static enum memory_fault give_fault(void *ctx, const struct memory_op *op) {
  struct sim *s = ctx;
  enum memory_fault f = s->next_fault;
  (void)op;
  s->next_fault = MEMORY_FINE;
  return f;
}

static const char *item_name(int item) {
  static const char *const names[] = {"sink0", "sink1", "sink2", "home"};
  return names[item];
}

static enum store_class item_class(const struct sim *s, int item) {
  return item == HOME_ITEM ? s->p.home_class : s->p.sink_class[item];
}

void stores_open(struct sim *s) {
  s->space = memory_space_new();
  for (int i = 0; i <= HOME_ITEM; i++)
    s->items[i] = memory_open(s->space, i == HOME_ITEM ? STORE_HOME : STORE_SINK, item_name(i),
                              item_class(s, i));
  memory_space_set_fault(s->space, give_fault, s);
}

void stores_close(struct sim *s) {
  for (int i = 0; i <= HOME_ITEM; i++)
    s->items[i] = store_item_free(s->items[i]);
  s->space = memory_space_unref(s->space);
}

static int value_key(const struct sim *s, const struct secret *value) {
  int k = key_by_value(s, secret_bytes(value));
  return k < 0 ? SINK_UNKNOWN : k;
}

static void witness_reading(struct proc *p, int item, enum err err, const struct store_record *r) {
  struct sim *s = p->sim;
  s->event++;
  if (item == HOME_ITEM) {
    p->seen.state_event = s->event;
    if (p->seen.born == 0 && err == ERR_OK)
      p->seen.born = s->event;
    return;
  }
  p->seen.sinks[item] =
      (struct sink_seen){.event = s->event,
                         .changed = s->sinks[item].changed,
                         .at_ms = s->now_ms,
                         .key = err == ERR_OK ? value_key(s, r->value) : SINK_NOTHING,
                         .stamp = err == ERR_OK ? r->stamp : 0};
}

static enum err read_now(struct proc *p, int item, struct store_record *ret,
                         struct store_version *ret_version, struct error *e) {
  struct sim *s = p->sim;
  if (s->faults && item == HOME_ITEM && s->p.stale_home && rng_chance(&s->rng, s->p.stale)) {
    s->next_fault = memory_stale(1 + (unsigned)rng_below(&s->rng, 3));
    s->totals->stale++;
  }
  return s->items[item]->ops->read(s->items[item], ret, ret_version, e);
}

// Plant state_first: the reading of the state that comes next is made before the sinks are read.
static void read_early(struct proc *p) {
  store_record_clear(&p->early);
  p->has_early = read_now(p, HOME_ITEM, &p->early, &p->early_version, NULL) == ERR_OK;
}

// The engine has a second look at this: a stamp above the state's seq shows that the state is old.
// It is planted away too.
static void hide_stamp(const struct proc *p, struct store_record *r) {
  struct state early = {0};
  if (p->has_early && state_decode(p->early.value, &early, NULL) == ERR_OK && r->stamp > early.seq)
    r->stamp = 0;
  state_clear(&early);
}

static void note_pending(struct proc *p, enum err err, const struct store_record *r) {
  struct state read = {0};
  p->seen_pending = SINK_NOTHING;
  if (err == ERR_OK && state_decode(r->value, &read, NULL) == ERR_OK &&
      read.slots[SLOT_PENDING].used && read.slots[SLOT_PENDING].value)
    p->seen_pending = key_by_value(p->sim, secret_bytes(read.slots[SLOT_PENDING].value));
  state_clear(&read);
}

static enum err item_read(struct store_item *it, struct store_record *ret,
                          struct store_version *ret_version, struct error *e) {
  struct fake_item *f = mine(it);
  struct proc *p = f->p;
  struct sim *s = p->sim;
  if (planted(s, PLANT_STATE_FIRST) && f->item != HOME_ITEM && !p->has_early && !p->ghost)
    read_early(p);
  if (!proc_point(p))
    return error_set(e, ERR_CANCELLED, "stopped");
  struct store_record r = {0};
  enum err err = fate_error(s, fate_draw(s, false, s->store_down_ms), e);
  if (err == ERR_OK && f->item == HOME_ITEM && p->has_early) {
    r = p->early;
    *ret_version = p->early_version;
    p->early = (struct store_record){0};
    p->has_early = false;
  } else if (err == ERR_OK) {
    err = read_now(p, f->item, &r, ret_version, e);
  }
  if (err == ERR_OK || err == ERR_MISSING)
    witness_reading(p, f->item, err, &r);
  if (f->item == HOME_ITEM)
    note_pending(p, err, &r);
  if (planted(s, PLANT_STATE_FIRST) && f->item != HOME_ITEM)
    hide_stamp(p, &r);
  if (f->item == HOME_ITEM)
    sim_note(s, "%s home: read %s → %s", p->writer, err ? "" : ret_version->text, err_name(err));
  else
    sim_note(s, "%s %s: read key %d stamp %llu %s → %s", p->writer, item_name(f->item),
             p->seen.sinks[f->item].key, (unsigned long long)r.stamp, err ? "" : ret_version->text,
             err_name(err));
  if (!proc_point(p)) {
    store_record_clear(&r);
    return error_set(e, ERR_CANCELLED, "stopped");
  }
  *ret = r;
  return err;
}

// A write as it travels.
struct travelling {
  int item;
  struct store_record record;
  struct store_version expect;
  char writer[32];
  struct witness seen; // what its sender knew
};

static enum err land(struct sim *s, const struct travelling *t, struct store_version *ret_version,
                     struct error *e) {
  s->landing = &t->seen;
  enum err err =
      s->items[t->item]->ops->write(s->items[t->item], &t->record, &t->expect, ret_version, e);
  if (err == ERR_OK)
    items_changed(s, false);
  return err;
}

static void drop_travelling(void *arg) {
  struct travelling *t = arg;
  store_record_clear(&t->record);
  free(t);
}

static void land_late(struct sim *s, void *arg) {
  struct travelling *t = arg;
  struct store_version v;
  s->totals->late_landed++;
  enum err err = land(s, t, &v, NULL);
  sim_note(s, "a late write of %s to %s lands → %s", t->writer, item_name(t->item), err_name(err));
}

static void send_later(struct sim *s, const struct travelling *t, int64_t most_ms) {
  struct travelling *copy = malloc(sizeof *copy);
  if (!copy)
    abort();
  *copy = *t;
  if (store_record_copy(&copy->record, &t->record) != ERR_OK)
    abort();
  int64_t late = fate_late_ms(s);
  sim_at(s, s->now_ms + (late > most_ms ? rng_between(&s->rng, 1, most_ms) : late), land_late, copy,
         drop_travelling);
}

static enum fate write_fate(struct sim *s, const struct travelling *t) {
  enum fate f = fate_draw(s, true, s->store_down_ms);
  enum store_class class = item_class(s, t->item);
  if (class == STORE_CLASS_B && f == FATE_LATE)
    f = FATE_UNANSWERED;
  if (class != STORE_CLASS_A && f == FATE_TWICE)
    f = FATE_FINE;
  return f;
}

// How long it may be under way. Nothing but W bounds one that expects nothing to be there.
static int64_t write_life_ms(const struct sim *s, const struct travelling *t) {
  return item_class(s, t->item) == STORE_CLASS_A && t->expect.text[0] ? 100 * DAY_MS : W_MS;
}

// … and how long its sender may take to send it, having asked for the last time how old its reading
// is.
static int64_t sending_most_ms(const struct sim *s, const struct travelling *t) {
  bool absent = item_class(s, t->item) == STORE_CLASS_A && !t->expect.text[0];
  return absent ? W_MS : INT64_MAX;
}

static void plant_version(struct sim *s, struct travelling *t) {
  bool blind = planted(s, t->item == HOME_ITEM ? PLANT_NO_STATE_CAS : PLANT_NO_SINK_CAS);
  struct store_record r = {0};
  if (blind && s->items[t->item]->ops->read(s->items[t->item], &r, &t->expect, NULL) == ERR_OK)
    store_record_clear(&r);
}

static enum err item_write(struct store_item *it, const struct store_record *r,
                           const struct store_version *expect, struct store_version *ret_version,
                           struct error *e) {
  struct fake_item *f = mine(it);
  struct proc *p = f->p;
  struct sim *s = p->sim;
  p->seen.sent_ms = s->now_ms;
  struct travelling t = {.item = f->item, .record = *r, .expect = *expect, .seen = p->seen};
  text_copy(t.writer, sizeof t.writer, p->writer);
  if (!p->ghost && p->stop_seen)
    sim_violate(s, "stop", "%s writes to %s after it was stopped", p->writer, item_name(f->item));
  if (!proc_point_within(p, sending_most_ms(s, &t)))
    return error_set(e, ERR_CANCELLED, "stopped");
  plant_version(s, &t);
  enum fate fate = write_fate(s, &t);
  enum err got = fate_error(s, fate, e);
  if (fate == FATE_LATE || fate == FATE_TWICE)
    send_later(s, &t, write_life_ms(s, &t));
  if (fate == FATE_FINE || fate == FATE_TWICE || fate == FATE_UNANSWERED) {
    enum err done = land(s, &t, ret_version, fate == FATE_UNANSWERED ? NULL : e);
    got = fate == FATE_UNANSWERED ? got : done;
  }
  sim_note(s, "%s %s: write key %d stamp %llu expecting %s → %s", p->writer, item_name(f->item),
           f->item == HOME_ITEM ? -9 : value_key(s, r->value), (unsigned long long)r->stamp,
           t.expect.text, err_name(got));
  return proc_point(p) ? got : error_set(e, ERR_CANCELLED, "stopped");
}

static enum err item_destroy_old(struct store_item *it, struct error *e) {
  struct proc *p = mine(it)->p;
  if (!proc_point(p))
    return error_set(e, ERR_CANCELLED, "stopped");
  return fate_error(p->sim, fate_draw(p->sim, false, p->sim->store_down_ms), e);
}

// No store here refuses for good, and what passes holds nothing up. (No draw either, so that the
// worlds of the seeds stay what they are.)
static enum err item_check(struct store_item *it, struct error *e) {
  (void)it, (void)e;
  return ERR_OK;
}

static void item_nothing(struct store_item *it) {
  (void)it;
}

static const struct store_ops fake_item_ops = {.read = item_read,
                                               .write = item_write,
                                               .destroy_old = item_destroy_old,
                                               .check = item_check,
                                               .free = item_nothing};

void fake_item_init(struct proc *p, int item, struct fake_item *ret) {
  struct sim *s = p->sim;
  *ret = (struct fake_item){.base = {.ops = &fake_item_ops,
                                     .kind = item == HOME_ITEM ? STORE_HOME : STORE_SINK,
                                     .class = item_class(s, item),
                                     .longest_ms = item_class(s, item) == STORE_CLASS_B ? 0 : W_MS},
                            .p = p,
                            .item = item};
  ret->base.stale_reads = item == HOME_ITEM && s->p.stale_home && !planted(s, PLANT_NO_CONFIRM);
  snprintf(ret->base.what, sizeof ret->base.what, "the %s", item_name(item));
  snprintf(ret->base.place, sizeof ret->base.place, "sim:%s", item_name(item));
}
