// What people ask of a rotator: one command, one process.
#include <string.h>

#include "rotator/engine/wish.h"
#include "tests/protocol/sim.h"

static const char *first_foreign(const struct sim *s) {
  for (unsigned i = 0; i < s->p.sinks; i++) {
    const struct sim_sink *k = &s->sinks[i];
    if (k->by_hand && k->key >= 0 && !key_is_ours(s, &s->keys[k->key]))
      return k->called;
  }
  return "none";
}

static const char *first_lost(const struct sim *s) {
  for (unsigned i = 0; s->has_state && i < s->p.sinks; i++)
    if (!s->sinks[i].configured && state_lists(&s->state, &s->sinks[i]))
      return state_lists(&s->state, &s->sinks[i]);
  return "none";
}
// What the sinks hold now may be written over from now on.
static void give_up_foreign(struct sim *s) {
  for (int i = 0; i < SIM_SINKS; i++) {
    s->sinks[i].may_overwrite = true;
    if (s->sinks[i].key >= 0)
      s->keys[s->sinks[i].key].given_up = true;
  }
}

void proc_command(struct proc *p) {
  struct sim *s = p->sim;
  struct target *t = &p->target;
  struct wish w = {.grace_s = -1, .reason = "asked", .by = "a person"};
  struct hold h = {.reason = "asked", .by = "a person"};
  struct error e = {0};
  struct state seen = {0};
  struct view v = {0};
  enum err err = ERR_OK;
  size_t n;
  switch (p->job) {
  case JOB_COMPROMISED:
    w.compromised = true;
    s->compromised = true;
    err = wish_rotate(t, &p->io, &w, &e);
    break;
  case JOB_ROTATE:
    err = wish_rotate(t, &p->io, &w, &e);
    break;
  case JOB_ROLLBACK:
    err = wish_rollback(t, &p->io, &w, &e);
    break;
  case JOB_RETIRE:
    s->asked_to_retire = true;
    err = wish_retire(t, &p->io, &w, &e);
    break;
  case JOB_HOLD:
    h.until_s = rng_chance(&s->rng, 5000) ? sim_server_ms(s) / 1000 + 86400 : 0;
    err = wish_hold(t, &p->io, &h, &e);
    break;
  case JOB_RESUME:
    err = wish_resume(t, &p->io, &e);
    break;
  case JOB_KEEP_STATE:
    give_up_foreign(s);
    err = repair_keep_state(t, &p->io, &n, &e);
    give_up_foreign(s);
    break;
  case JOB_KEEP_SINK:
    s->repairing = true;
    give_up_foreign(s);
    err = repair_keep_sink(t, &p->io, first_foreign(s), &e);
    give_up_foreign(s);
    break;
  case JOB_DROP_SINK:
    err = repair_drop_sink(t, &p->io, first_lost(s), &e);
    break;
  case JOB_LOOK:
    err = tick_observe(t, &p->io, true, &seen, &v, &e);
    break;
  case JOB_VERIFY:
    err = tick_verify(t, &p->io, false, &seen, &v, &e);
    break;
  default:
    break;
  }
  if (!p->ghost && (p->job == JOB_LOOK || p->job == JOB_VERIFY) && err == ERR_OK)
    check_look(p, &v);
  if (!p->ghost)
    book_save(p);
  state_clear(&seen);
  sim_note(s, "%s command %d → %s %s", p->writer, p->job, err_name(err), e.text);
}
