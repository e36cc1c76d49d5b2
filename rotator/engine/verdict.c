// From evidence to verdicts: for each slot and each sink of a turn, what was seen of the value that
// is there. A value of which nothing is known is judged by where it stands, as far as that tells.
#include <string.h>

#include "rotator/engine/turn.h"

#define UNANSWERED_TRIES 3 // of one process, before an outage is left for the next look

struct evidence *turn_evidence(struct turn *u, struct target *t, const struct secret *value,
                               const char *key_id) {
  char print[EVIDENCE_PRINT_MAX];
  evidence_print(u->binding, value, print);
  return evidence_enter(&t->memory->book, print, key_id);
}

// Without making an entry: what was never judged shall not push out what was. An entry that is
// there counts as entered anew, so that what stands in a slot or a sink stays in the book.
static const struct evidence *evidence_of(const struct turn *u, struct target *t,
                                          const struct secret *value) {
  char print[EVIDENCE_PRINT_MAX];
  struct evidence_book *book = &t->memory->book;
  if (!value)
    return NULL;
  evidence_print(u->binding, value, print);
  return evidence_find(book, print) ? evidence_enter(book, print, "") : NULL;
}

// A file that must not be written, or does not decode, may serve a value all the same.
static bool is_retired(const struct turn *u, size_t i, const struct secret *value) {
  if (u->sinks[i].result == ERR_OK)
    return u->sink_views[i].value == SINK_RETIRED;
  return u->view.state && state_knows_retired(&u->state, value);
}

// Does anything speak for a retired value that was seen later than that? Whatever is known for
// retired was so when the state last changed its phase.
static bool speaks_for_retired(const struct turn *u, const struct sink_reading *r,
                               const struct evidence *e) {
  return r->key_alive || (e && e->proven_s > u->state.phase_since_s);
}

static struct verdict without_evidence(enum verdict_kind kind, enum cause cause, int64_t now_s) {
  return (struct verdict){.kind = kind, .cause = cause, .seen_s = now_s};
}

static struct verdict sink_verdict(const struct turn *u, struct target *t, size_t i) {
  const struct sink_reading *r = &u->sinks[i];
  const struct secret *value = turn_served(u, i);
  int64_t now_s = u->view.now_s;
  switch (value ? ERR_OK : r->result) {
  case ERR_OK:
    break;
  case ERR_MISSING:
    return without_evidence(VERDICT_NOT_WORKING, CAUSE_empty, now_s);
  case ERR_CORRUPT:
    return without_evidence(VERDICT_NOT_WORKING, CAUSE_not_decodable, now_s);
  case ERR_REFUSED:
  case ERR_DENIED:
  case ERR_INVALID:
    return without_evidence(VERDICT_NOT_KNOWN, CAUSE_unreadable, now_s);
  default:
    return without_evidence(VERDICT_NOT_KNOWN, CAUSE_silent, now_s);
  }
  const struct evidence *e = evidence_of(u, t, value);
  struct verdict v = evidence_verdict(e);
  if (is_retired(u, i, value) && v.kind != VERDICT_NOT_WORKING && !speaks_for_retired(u, r, e))
    return without_evidence(VERDICT_NOT_WORKING, CAUSE_retired, now_s);
  if (v.kind == VERDICT_WORKING && v.proven_s < r->unasked_s) {
    v.kind = VERDICT_NOT_KNOWN;
    v.cause = CAUSE_unasked;
    v.seen_s = r->unasked_s;
  }
  return v;
}

// A time of the future was noted by another clock.
static bool is_over(int64_t since_s, int64_t wait_s, int64_t now_s) {
  return since_s > now_s || now_s - since_s >= wait_s;
}

// Is it time to prove current again? One refusal is followed by a second try, which judges it. What
// speaks against the value is tried again with each look, and not more often: an outage may last.
// A key that IAM shows dead is not tried at all. With probes switched off as well: else what was
// once seen against a key, by a proof of a rotation or by verify, would be told for ever.
static bool probe_is_due(struct turn *u, struct target *t) {
  const struct policy *p = &t->policy;
  int64_t now_s = u->view.now_s;
  bool routine = p->probe_every_s > 0;
  u->view.probe_due_s = INT64_MAX;
  if (!u->view.state || !u->state.slots[SLOT_CURRENT].used)
    return false;
  const struct evidence *e = evidence_of(u, t, u->state.slots[SLOT_CURRENT].value);
  if (!e)
    return routine;
  if (e->iam != CAUSE_none)
    return false;
  bool again = is_over(e->unanswered_s, p->look_every_s, now_s);
  if (e->refusal != CAUSE_none)
    return again && is_over(e->refusal_s, p->look_every_s, now_s);
  if (e->refusals > 0)
    return true;
  if (e->unanswered_s > 0)
    return again || t->memory->proofs[SLOT_CURRENT].unknowns < UNANSWERED_TRIES;
  if (routine)
    u->view.probe_due_s = e->proven_s + p->probe_every_s;
  return routine && (e->proven_s == 0 || is_over(e->proven_s, p->probe_every_s, now_s));
}

void turn_judge(struct turn *u, struct target *t) {
  struct view *v = &u->view;
  for (int i = 0; v->state && i < SLOT_COUNT; i++)
    v->slots[i].verdict = evidence_verdict(evidence_of(u, t, v->state->slots[i].value));
  for (size_t i = 0; i < v->n_sinks; i++)
    u->sink_views[i].verdict = sink_verdict(u, t, i);
  v->probe_due = probe_is_due(u, t);
  // So that the end of a trouble is told, or a death is mended, at once.
  if (v->state &&
      (v->slots[SLOT_CURRENT].verdict.kind == VERDICT_NOT_WORKING || t->memory->iam_refused))
    v->look_due = true;
}
