// S8: what is said of a sink's value rests on what this host was shown of it. Nothing is said to
// work that was never proven, or that was seen refused or dead since and is so in truth; nothing is
// said not to work of which nothing was shown.
//
// What a host was shown is noted where an answer reaches its process, by value, and kept and lost
// together with the book of evidence that the program keeps for it.
#include <string.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

static struct shown *shown_of(struct proc *p, int key) {
  return p->ghost || key < 0 ? NULL : &p->shown[p->sim->keys[key].value_of];
}

// Of a key that is in no sink yet only what passes counts: it is refused until every replica knows
// it. In truth, or by the reading of a process that slept since.
static bool is_pending(const struct proc *p, int key) {
  return key >= 0 && (state_key(p->sim, SLOT_PENDING) == key || p->seen_pending == key);
}

// A key that was proven a moment ago and is not seen is one that a replica does not know yet.
static bool is_young(const struct proc *p, const struct shown *w) {
  return w->proven && p->sim->now_ms - w->proven_ms < (p->target.policy.propagation_s + 1) * 1000;
}

// `absent`: it was not found. Of a value that was never proven, that says nothing.
void shown_key(struct proc *p, int key, bool alive, bool absent) {
  struct shown *w = shown_of(p, key);
  if (!w)
    return;
  w->ever_dead = w->ever_dead || !alive;
  if (is_pending(p, key))
    return;
  if (!alive && w->proven && !(absent && is_young(p, w)))
    w->dead = true;
  if (!alive && !absent)
    w->asleep = true;
  bool by_iam = w->refused == SHOWN_REFUSED || w->refused == SHOWN_NONE; // believed or not yet
  if (alive && (w->dead || w->asleep) && by_iam) { // that was why, and it lives
    w->refused = SHOWN_NONE;
    w->refusals = 0;
  }
  if (alive)
    w->dead = w->asleep = false;
}

void shown_key_by_id(struct proc *p, int key, bool alive, bool absent) {
  struct shown *w = shown_of(p, key);
  if (w && key_is_alone(p->sim, key))
    shown_key(p, key, alive, absent);
  else if (w)
    w->ever_dead = w->ever_dead || !alive;
}

void shown_no_verdict(struct proc *p, int key) {
  struct shown *w = shown_of(p, key);
  if (w)
    w->refusals = 0;
}

// Counts when it is seen twice, apart; a refusal by IAM only while IAM answers us.
void shown_refused(struct proc *p, int key, enum shown_refusal how) {
  struct shown *w = shown_of(p, key);
  if (!w)
    return;
  if (is_pending(p, key)) { // a hand may have put its value into a sink: then it is told
    w->ever_refused = true;
    return;
  }
  bool by_iam = how == SHOWN_REFUSED || p->sim->p.own_alone; // … what it may do is IAM's word too
  if (by_iam && !p->iam_answered) { // in part, perhaps: then it may be believed
    w->refusals = 0;
    if (w->refused != SHOWN_NONE)
      w->refused = how;
    w->ever_refused = true;
    return;
  }
  int64_t apart_ms = p->target.policy.absence_apart_s * 1000;
  if (w->first_refused_ms == 0)
    w->first_refused_ms = p->sim->now_ms;
  else if (p->sim->now_ms - w->first_refused_ms >= apart_ms)
    w->ever_refused = true;
  if (w->refusals++ == 0)
    w->refused_ms = p->sim->now_ms;
  bool apart = p->sim->now_ms - w->refused_ms >= apart_ms;
  if (w->refused == SHOWN_NONE && (w->refusals < 2 || !apart))
    return;
  w->refused = how;
  w->ever_refused = true;
}

void shown_accepted(struct proc *p, int key) {
  struct shown *w = shown_of(p, key);
  if (!w)
    return;
  w->dead = w->asleep = false;
  w->refused = SHOWN_NONE;
  w->refusals = 0;
  w->first_refused_ms = 0;
  w->proven = true;
  w->proven_ms = p->sim->now_ms;
}

// ---- the record of a host ----

void book_load(struct proc *p) {
  struct sim *s = p->sim;
  memcpy(p->shown, s->shown[p->book], (size_t)s->n_keys * sizeof *p->shown);
  for (int i = 0; i < s->n_keys; i++)
    p->shown[i].refusals = 0, p->shown[i].first_refused_ms = 0;
  if (planted(s, PLANT_BOOK_NOT_KEPT))
    return;
  p->memory.book = s->books[p->book];
  for (int i = 0; i < EVIDENCE_MAX; i++)
    p->memory.book.of[i].refusals = 0;
}

// The book keeps so many values: what was seen of one that went is held neither against it nor for
// it, also where it is entered anew later.
static void forget_what_went(struct proc *p) {
  const struct sim *s = p->sim;
  for (int i = 0; i < s->n_keys && !planted(s, PLANT_BOOK_NOT_KEPT); i++) {
    struct shown *w = &p->shown[i];
    if (evidence_find(&p->memory.book, s->keys[i].print))
      continue;
    w->dead = w->asleep = w->proven = false;
    w->refused = SHOWN_NONE;
    w->refusals = 0;
  }
}

// The last process to end is the one that is believed. A record that could not be written is the
// one before it.
void book_save(struct proc *p) {
  struct sim *s = p->sim;
  forget_what_went(p);
  if (s->faults && rng_chance(&s->rng, 300)) {
    s->totals->books_lost++;
    return;
  }
  s->books[p->book] = p->memory.book;
  memcpy(s->shown[p->book], p->shown, (size_t)s->n_keys * sizeof *p->shown);
}

// ---- what is said ----

static bool works(const struct sim *s, int key) {
  int i = key_by_value(s, s->keys[key].value);
  return key_alive(&s->keys[i]) && s->rights == SHOWN_NONE;
}

static void check_said_working(struct proc *p, const char *sink, int key) {
  struct sim *s = p->sim;
  const struct shown *w = &p->shown[s->keys[key].value_of];
  s->totals->said_working++;
  if (!w->proven)
    sim_violate(s, "S8", "%s says that %s works (key %d): it was never shown to", p->writer, sink,
                key);
  else if ((w->dead || w->refused != SHOWN_NONE) && !works(s, key))
    sim_violate(s, "S8", "%s says that %s works: key %d does not, and was seen %s", p->writer, sink,
                key, w->dead ? "dead" : "refused");
}

// A value that went within this tick is not held against the book either, nor one that was entered
// anew in it: then its proof is not in the entry. Nor is an absence of one whose proof was cut
// short (an outage in the middle of a full proof): IAM may know keys that it does not show.
static bool is_in_book(const struct proc *p, int key) {
  const struct evidence *e = evidence_find(&p->memory.book, p->sim->keys[key].print);
  const struct shown *w = &p->shown[p->sim->keys[key].value_of];
  bool judged = e && (w->proven ? e->proven_s > 0 : w->refused != SHOWN_NONE);
  return planted(p->sim, PLANT_BOOK_NOT_KEPT) || judged;
}

static void check_said_not_known(struct proc *p, const char *sink, int key) {
  struct sim *s = p->sim;
  const struct shown *w = &p->shown[s->keys[key].value_of];
  if ((w->dead || w->refused != SHOWN_NONE) && !works(s, key) && is_in_book(p, key))
    sim_violate(s, "S8", "%s does not know whether %s works: key %d was seen %s, and is", p->writer,
                sink, key, w->dead ? "dead" : "refused");
}

static void check_said_not_working(struct proc *p, const char *sink, int key, enum cause cause) {
  struct sim *s = p->sim;
  const struct shown *w = &p->shown[s->keys[key].value_of];
  s->totals->said_not_working++;
  bool by_iam = cause == CAUSE_deleted || cause == CAUSE_disabled || cause == CAUSE_expired;
  bool refused = cause == CAUSE_refused || cause == CAUSE_disabled ||
                 cause == CAUSE_sender_missing || cause == CAUSE_instance_gone ||
                 cause == CAUSE_manager_missing;
  if ((by_iam && w->ever_dead) || (refused && w->ever_refused) || (!by_iam && !refused))
    return;
  sim_violate(s, "S8", "%s says that %s does not work (%s): nothing of it was shown of key %d",
              p->writer, sink, cause_name(cause), key);
}

// Of what its last reading of the sink showed.
static int key_read(const struct proc *p, size_t sink) {
  const struct fake_item *item = (const struct fake_item *)p->target.sinks[sink].item;
  return p->seen.sinks[item->item].event > 0 ? p->seen.sinks[item->item].key : SINK_UNKNOWN;
}

// Could the sink be read? Else nobody can say.
static bool has_value(enum cause c) {
  return c != CAUSE_unreadable && c != CAUSE_silent;
}

static void check_verdict(struct proc *p, size_t i, const struct verdict *v) {
  struct sim *s = p->sim;
  const char *sink = p->target.sinks[i].name;
  int key = key_read(p, i);
  s->totals->verdicts++;
  sim_note(s, "%s says: %s, key %d, is %s (%s)", p->writer, sink, key, verdict_name(v->kind),
           cause_name(v->cause));
  if (v->kind == VERDICT_WORKING && key < 0)
    sim_violate(s, "S8", "%s says that %s works, which holds no key's value", p->writer, sink);
  else if (v->kind == VERDICT_WORKING)
    check_said_working(p, sink, key);
  else if (v->kind == VERDICT_NOT_KNOWN && key >= 0 && has_value(v->cause))
    check_said_not_known(p, sink, key);
  else if (v->kind == VERDICT_NOT_WORKING && key >= 0)
    check_said_not_working(p, sink, key, v->cause);
}

void check_verdicts(struct proc *p, const struct view *v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    check_verdict(p, i, &v->sinks[i].verdict);
}

// The result of a tick, also of one that was broken off, speaks for the worst of the sinks.
void check_result(struct proc *p, const struct tick_result *r) {
  for (size_t i = 0; r->verdict.kind == VERDICT_WORKING && i < p->target.n_sinks; i++)
    check_verdict(p, i, &r->verdict);
}

// Was the key dead already when the look began, for every replica?
static bool dead_before(const struct proc *p, int key) {
  const struct sim *s = p->sim;
  const struct sim_key *k = &s->keys[key_by_value(s, s->keys[key].value)];
  return !key_alive(k) && k->past[k->n_past - 1].from_ms + s->p.list_lag_ms < p->started_ms;
}

// A look by hand that IAM answered could have seen a dead key; a proof now can only say what it was
// shown now.
void check_look(struct proc *p, const struct view *v) {
  struct sim *s = p->sim;
  check_verdicts(p, v);
  for (size_t i = 0; i < v->n_sinks; i++) {
    int key = key_read(p, i);
    if (v->sinks[i].verdict.kind != VERDICT_WORKING || key < 0)
      continue;
    bool proven_now = p->shown[s->keys[key].value_of].proven_ms >= p->started_ms;
    if (v->iam_answered && dead_before(p, key) && !proven_now) // an endpoint may lag for longer
      sim_violate(s, "S8", "%s looked and says that %s works: key %d was dead before", p->writer,
                  v->sinks[i].name, key);
    if (p->job == JOB_VERIFY && !proven_now)
      sim_violate(s, "S8", "%s verified and says that %s works: key %d was not proven now",
                  p->writer, v->sinks[i].name, key);
  }
}
