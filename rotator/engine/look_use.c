// Who uses which key in grace: what the brake goes by (PROTOCOL.md section 4).
#include "rotator/engine/look.h"

// When IAM saw the key last. ERR_MISSING: it does not say. Other errors: it gave no answer.
static enum err last_use(struct look *l, enum slot_name name, int64_t *ret, struct error *e) {
  struct iam_key k = {0};
  enum err err = l->iam->ops->get(l->iam, l->u->state.slots[name].key_id, true, &k, e);
  if (err == ERR_OK && k.has_activity)
    *ret = k.last_authn_s;
  bool none = err == ERR_UNSENT || err == ERR_UNSURE || err == ERR_THROTTLED ||
              err == ERR_CANCELLED || err == ERR_INTERNAL;
  if (!none && !(err == ERR_OK && k.has_activity))
    err = ERR_MISSING;
  iam_key_clear(&k);
  return err;
}

#define OURS_FOR_S 120 // how long after the beginning of its turn an exchange of ours may be sent

// The last exchange of current by a rotator, as far as this host knows: grace begins after the full
// proof, and what was tried since is in the book. One by another host looks like a consumer's: then
// the brake is let go later, not sooner.
static int64_t last_exchange_of_ours(const struct look *l) {
  const struct state *s = &l->u->state;
  const struct secret *value = s->slots[SLOT_CURRENT].value;
  char print[EVIDENCE_PRINT_MAX];
  int64_t last = s->phase_since_s;
  evidence_print(l->u->binding, value, print);
  const struct evidence *e = evidence_find(&l->t->memory->book, print);
  if (e && e->proven_s > last)
    last = e->proven_s;
  if (e && e->refusal_s > last)
    last = e->refusal_s;
  if (e && e->unanswered_s > last)
    last = e->unanswered_s;
  return last + OURS_FOR_S;
}

// Is the new key in use by consumers? That it is not can only be said while we did not use it
// either: IAM names the last use alone.
static void look_at_new_use(struct look *l) {
  struct view *v = &l->u->view;
  const struct state *s = &l->u->state;
  int64_t used_s;
  struct error e;
  if (s->in_use_s > 0 || last_use(l, SLOT_CURRENT, &used_s, &e) != ERR_OK)
    return;
  // Our own management calls are made with it: who else used it is not known.
  if (v->own.is)
    return;
  v->current_unused = used_s <= s->phase_since_s + OURS_FOR_S;
  // What was a moment ago may be another process of ours, whose proof is in no book yet; what came
  // after this process had read the book may be one whose proof is not in ours.
  if (l->t->memory->first_asked_s == 0)
    l->t->memory->first_asked_s = v->now_s;
  if (used_s > last_exchange_of_ours(l) && used_s + 60 + OURS_FOR_S < v->now_s &&
      used_s < l->t->memory->first_asked_s)
    v->current_used_s = used_s;
}

// A look without an answer about the old one is none:
// the brake would be off.
enum err look_at_use(struct look *l, struct error *e) {
  struct view *v = &l->u->view;
  const struct state *s = &l->u->state;
  if (s->phase != PHASE_GRACE || !s->slots[SLOT_PREVIOUS].used ||
      state_grace_s(s, &l->t->policy) == 0)
    return ERR_OK;
  look_at_new_use(l);
  if (v->now_s < s->phase_since_s + l->t->policy.reload_within_s)
    return ERR_OK;
  enum err err = last_use(l, SLOT_PREVIOUS, &v->previous_used_s, e);
  v->previous_used_known = err == ERR_OK;
  return err == ERR_MISSING ? ERR_OK : err;
}
