// A look at IAM that is carried over: most turns of a rotation follow an act that moved nothing in
// IAM but what IAM's answer to that act said. The list of keys of a turn before is then as good as
// another one, and one request less. What it shows is judged anew, against the state of each turn.
//
//   1. The look of a turn is taken (carry_take), and dropped again after an act that failed, that
//      got no answer, or that ended or dropped something (carry_on).
//   2. IAM's answer to our own create and enable belongs to it.
//   3. It is used (carry_is_fit) within the tick, for ten seconds, and where it shows nothing bad:
//      what has to be seen twice, apart, is never seen by the same look again.
//   4. decide says which acts may rest on it. For all others IAM is asked.
//   5. Where the key is our own (section 8), and while the brake asks who uses which key, each turn
//      looks for itself.
#include <stdlib.h>
#include <string.h>

#include "rotator/engine/turn.h"

#define CARRIED_MS 10000

void carry_drop(struct memory *m) {
  iam_key_list_clear(&m->carried.list);
  m->carried.is = false;
}

void carry_take(struct turn *u, struct target *t) {
  struct carried_look *c = &t->memory->carried;
  const struct view *v = &u->view;
  carry_drop(t->memory);
  c->is = v->iam_answered && v->home != HOME_BACK && !v->list_short && !v->witness_ahead &&
          !u->stand_in && !v->own.is && !t->own;
  if (!c->is)
    return;
  c->list = u->keys;
  c->asked_ms = u->asked_ms;
  u->keys = (struct iam_key_list){0};
}

static struct iam_key *find(const struct carried_look *c, const char *id) {
  for (size_t i = 0; i < c->list.n; i++)
    if (strcmp(c->list.keys[i].id, id) == 0)
      return &c->list.keys[i];
  return NULL;
}

// A pending key is born disabled. Whatever else is not active takes a second look.
static bool shows_slots(const struct carried_look *c, const struct state *s) {
  for (int i = 0; i < SLOT_COUNT; i++) {
    const struct slot *slot = &s->slots[i];
    const struct iam_key *k = find(c, slot->key_id);
    if (!slot->used || (i == SLOT_PENDING && !slot->key_id[0]))
      continue;
    if (!k || k->expired || (k->disabled && i != SLOT_PENDING))
      return false;
  }
  return true;
}

bool carry_is_fit(const struct turn *u, const struct target *t, int64_t now_ms) {
  const struct carried_look *c = &t->memory->carried;
  const struct view *v = &u->view;
  if (!c->is || v->home != HOME_OK || v->state->phase == PHASE_IDLE ||
      now_ms - c->asked_ms > CARRIED_MS)
    return false;
  if (v->state->phase == PHASE_GRACE && state_grace_s(v->state, &t->policy) > 0)
    return false;
  for (size_t i = 0; i < v->n_sinks; i++) // whose value it is, IAM has to be asked
    if (v->sinks[i].value == SINK_FOREIGN || v->sinks[i].value == SINK_RETIRED)
      return false;
  return shows_slots(c, v->state);
}

// Did the act leave IAM as the look and the answer to the act show it?
static bool keeps_look(const struct action *a) {
  switch (a->row) {
  case ROW_first:
  case ROW_heal:
  case ROW_due:
  case ROW_promote:
  case ROW_publish:
  case ROW_reload:
  case ROW_settle:
  case ROW_enable:
    return true;
  case ROW_retire:
    return a->kind == ACT_CAS;
  case ROW_create:
    return a->kind == ACT_CREATE;
  case ROW_note:
    return a->why == WHY_none;
  default:
    return false;
  }
}

void carry_on(struct target *t, const struct action *a, enum err err) {
  if (err != ERR_OK || !keeps_look(a))
    carry_drop(t->memory);
}

void carry_created(struct memory *m, const struct iam_key *k) {
  struct iam_key_list *l = &m->carried.list;
  struct iam_key *keys = m->carried.is ? realloc(l->keys, (l->n + 1) * sizeof *keys) : NULL;
  if (!keys) {
    carry_drop(m);
    return;
  }
  l->keys = keys;
  keys[l->n] = *k;
  keys[l->n++].value = NULL; // that stays the caller's
}

void carry_enabled(struct memory *m, const char *key_id) {
  struct iam_key *k = find(&m->carried, key_id);
  if (k)
    k->disabled = false;
}
