// Proof of arrival (PROTOCOL.md section 5): a test log that was accepted is looked for where logs
// are read, by an identity that may. It is asked for at growing distances until it is found or its
// time is over; then it is not known whether logs arrive, which is never a refusal of the key.
//
// Which log is looked for, and that one was found, is evidence of the value, and outlasts the
// process: the next one goes on with the same search. When to ask next is the process's own.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"

#define AROUND_S 300  // how far the clock of the ingestion may be from ours of the service
#define AGAIN_S 600   // after a log that was not found, until another one is sent
#define REST_MS 30000 // after a query without an answer

// Where no test log is sent (the rotator's own key, without an instance) there is none to look for.
static bool is_on(const struct target *t, const struct engine_io *io) {
  return t->policy.arrival_within_s > 0 && io->logs;
}

static bool is_over(const struct target *t, const struct evidence *e, int64_t now_s) {
  return now_s >= e->sent_s + t->policy.arrival_within_s;
}

// When another log may be sent in place of one that was not found.
static int64_t again_s(const struct target *t, const struct evidence *e) {
  return e->sent_s + t->policy.arrival_within_s + AGAIN_S;
}

void arrival_sent(struct turn *u, struct target *t, const struct engine_io *io,
                  const struct slot *slot, const char *nonce) {
  if (!is_on(t, io))
    return;
  struct evidence *e = turn_evidence(u, t, slot->value, slot->key_id);
  int64_t now_s = u->view.now_s;
  bool looked_for = e->nonce[0] && now_s < again_s(t, e);
  if (!u->verifies && (e->arrived_s > 0 || looked_for))
    return;
  evidence_sent(e, nonce, now_s);
  e->arrived_s = 0;
}

// --- when ----------------------------------------------------------------------------------------

// Logs were seen to become visible after ten seconds to two minutes; no number is published.
static int64_t pause_s(int64_t age_s) {
  if (age_s < 30)
    return 10;
  return age_s < 60 ? 15 : 30;
}

// How long until the next query: the last one is made when the time is just about over.
static int64_t wait_ms(const struct target *t, int64_t age_s) {
  int64_t left_ms = (t->policy.arrival_within_s - 1 - age_s) * 1000, ms = pause_s(age_s) * 1000;
  if (left_ms <= 0)
    return 1000;
  return ms < left_ms ? ms : left_ms;
}

static struct arrival_memory *memory_of(struct target *t, const struct engine_io *io,
                                        const struct evidence *e, int64_t now_s) {
  struct arrival_memory *m = &t->memory->arrival;
  if (strcmp(m->nonce, e->nonce) == 0)
    return m;
  *m = (struct arrival_memory){.refused = false};
  text_copy(m->nonce, sizeof m->nonce, e->nonce);
  int64_t first_ms = wait_ms(t, 0) - (now_s - e->sent_s) * 1000;
  m->next_ms = env_mono_ms(io->env) + (first_ms > 0 ? first_ms : 0);
  return m;
}

static void plan_next(struct target *t, const struct engine_io *io, const struct evidence *e,
                      int64_t now_s, int64_t least_ms) {
  struct arrival_memory *m = memory_of(t, io, e, now_s);
  int64_t ms = wait_ms(t, now_s - e->sent_s);
  m->next_ms = env_mono_ms(io->env) + (ms > least_ms ? ms : least_ms);
  m->asked = true;
}

// --- what is known -------------------------------------------------------------------------------

static enum arrival_seen seen_of(struct target *t, const struct engine_io *io,
                                 const struct evidence *e, int64_t now_s, int64_t *ret_again_s) {
  *ret_again_s = 0;
  if (!is_on(t, io))
    return ARRIVAL_OFF;
  if (e && e->arrived_s > 0)
    return ARRIVAL_FOUND;
  if (!e || !e->nonce[0])
    return ARRIVAL_UNSENT;
  const struct arrival_memory *m = memory_of(t, io, e, now_s);
  if (now_s >= again_s(t, e))
    return ARRIVAL_UNSENT;
  // A process that comes when the time is over asks once.
  if (m->refused || (m->asked && is_over(t, e, now_s))) {
    *ret_again_s = again_s(t, e);
    return m->refused ? ARRIVAL_REFUSED : ARRIVAL_MISSED;
  }
  int64_t left_ms = m->next_ms - env_mono_ms(io->env);
  int64_t next_s = left_ms > 0 ? now_s + (left_ms + 999) / 1000 : 0,
          end_s = e->sent_s + t->policy.arrival_within_s;
  // What would have to wait longer is not waited for.
  *ret_again_s = m->asked && next_s > end_s ? end_s : next_s;
  return ARRIVAL_SENT;
}

void arrival_recall(struct turn *u, struct target *t, const struct engine_io *io) {
  const struct slot *pending = &u->state.slots[SLOT_PENDING];
  struct slot_view *v = &u->view.slots[SLOT_PENDING];
  char print[EVIDENCE_PRINT_MAX];
  if (!is_on(t, io) || !pending->used || !pending->value)
    return;
  evidence_print(u->binding, pending->value, print);
  v->arrival =
      seen_of(t, io, evidence_find(&t->memory->book, print), u->view.now_s, &v->arrive_again_s);
}

// --- a query -------------------------------------------------------------------------------------

static enum logs_sighting find(struct target *t, const struct engine_io *io,
                               const struct evidence *ev, struct error *e) {
  const struct logs_search s = {.application = t->application,
                                .subsystem = t->subsystem,
                                .nonce = ev->nonce,
                                .from_s = ev->sent_s - AROUND_S,
                                .to_s = ev->sent_s + AROUND_S,
                                .archive = t->policy.arrival_tier == POLICY_TIER_ARCHIVE,
                                .sender = t->iam_id};
  if (io->reader)
    return io->reader->ops->find(io->reader, &s, e);
  error_set(e, ERR_INVALID, "nobody is configured who could look for the test log");
  return LOGS_UNREADABLE;
}

// What follows from a query that did not find it.
static enum err not_found(struct target *t, const struct engine_io *io, const struct evidence *ev,
                          int64_t now_s, enum logs_sighting seen, struct error *e) {
  int64_t least_ms = 0;
  switch (seen) {
  case LOGS_ASK_LATER:
    least_ms = e->retry_after_ms > 0 ? e->retry_after_ms : REST_MS;
    break;
  case LOGS_UNREADABLE:
  case LOGS_NO_API:
  case LOGS_MISASKED:
    memory_of(t, io, ev, now_s)->refused = true;
    break;
  case LOGS_SILENT:
    least_ms = REST_MS;
    break;
  default:
    break;
  }
  plan_next(t, io, ev, now_s, least_ms);
  if (e->kind == ERR_OK && seen != LOGS_UNSEEN)
    error_set(e, ERR_UNSURE, "look for the test log: %s", logs_sighting_name(seen));
  return e->kind;
}

enum err arrival_search(struct turn *u, struct target *t, const struct engine_io *io,
                        const struct slot *slot, struct error *e) {
  struct evidence *ev = turn_evidence(u, t, slot->value, slot->key_id);
  struct error why = {0};
  if (!ev->nonce[0])
    return error_set(e, ERR_INTERNAL, "there is no test log to look for");
  if (env_stopping(io->env))
    return error_set(e, ERR_CANCELLED, "stopped while looking for the test log");
  enum logs_sighting seen = find(t, io, ev, &why);
  if (seen == LOGS_SEEN) {
    evidence_arrived(ev, u->view.now_s);
    return ERR_OK;
  }
  enum err err = not_found(t, io, ev, u->view.now_s, seen, &why);
  *e = why;
  return err;
}

// The turn's own time stands still while it sleeps.
static void move_time(struct turn *u, const struct engine_io *io, int64_t begun_s,
                      int64_t begun_ms) {
  u->view.now_s = begun_s + (env_mono_ms(io->env) - begun_ms) / 1000;
}

enum err arrival_await(struct turn *u, struct target *t, const struct engine_io *io,
                       const struct slot *slot, struct error *e) {
  int64_t begun_ms = env_mono_ms(io->env), begun_s = u->view.now_s, next_s = 0;
  struct error why = {0};
  enum err err = ERR_OK;
  u->arrival = ARRIVAL_SENT;
  while (err != ERR_CANCELLED && err != ERR_INTERNAL) {
    move_time(u, io, begun_s, begun_ms);
    const struct evidence *ev = turn_evidence(u, t, slot->value, slot->key_id);
    u->arrival = seen_of(t, io, ev, u->view.now_s, &next_s);
    if (u->arrival != ARRIVAL_SENT)
      break;
    if (next_s <= u->view.now_s)
      err = arrival_search(u, t, io, slot, &why);
    else if (env_sleep_ms(io->env, (next_s - u->view.now_s) * 1000) != ERR_OK)
      err = error_set(&why, ERR_CANCELLED, "stopped while looking for the test log");
  }
  if (u->arrival != ARRIVAL_FOUND)
    *e = why;
  return u->arrival == ARRIVAL_SENT ? err : ERR_OK;
}
