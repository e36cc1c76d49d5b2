// The rotator's own key as what a target rotates (PROTOCOL.md section 8).
//
// Whether it is one is seen, not configured: the management token is one of this identity, and what
// it was gained with, or what stands now where the credential is read from, is a value of the
// state: of a slot, or a retired one. The configuration only says (target.own) that it should be.
//
// Three things are kept apart: the value that the token in use was gained with, the value that the
// next process will read, and when this process began. All three must be beyond the old key before
// anything is done to it that cannot be taken back.
#include <string.h>

#include "rotator/engine/turn.h"

static bool is_value_of(const struct turn *u, enum slot_name slot, const struct secret *value) {
  const struct slot *s = &u->state.slots[slot];
  return value && s->used && s->value && secret_equal(s->value, value);
}

// In a slot, or in one before: a copy that lags, or a process that lasts, is behind.
static bool is_of_state(const struct turn *u, const struct secret *value) {
  return value && (is_value_of(u, SLOT_CURRENT, value) || is_value_of(u, SLOT_PREVIOUS, value) ||
                   is_value_of(u, SLOT_PENDING, value) || state_knows_retired(&u->state, value));
}

void own_look(struct turn *u, struct target *t, const struct engine_io *io) {
  struct own_view *own = &u->view.own;
  struct iam_credential c = {0};
  struct error e;
  *own = (struct own_view){.is = t->own};
  own->by_previous = u->stand_in && u->stand_in_of == SLOT_PREVIOUS;
  if (!u->view.state || u->stand_in || !io->iam->ops->credential)
    return;
  enum err err = io->iam->ops->credential(io->iam, t->iam_id, &c, &e);
  // Not known counts as ours: it holds back, and no more.
  own->is = t->own || (err != ERR_OK && err != ERR_MISSING);
  if (err != ERR_OK)
    return;
  own->is = t->own || is_of_state(u, c.gained) || is_of_state(u, c.read);
  own->other = t->own && strcmp(c.iam_id, t->iam_id) != 0;
  own->reads_current = is_value_of(u, SLOT_CURRENT, c.read);
  own->by_current = is_value_of(u, SLOT_CURRENT, c.gained);
  own->by_previous = is_value_of(u, SLOT_PREVIOUS, c.gained);
  own->began_after = t->memory->began_epoch == u->state.epoch && u->state.epoch > 0;
  iam_credential_clear(&c);
}

static struct iam *by_slot(struct turn *u, struct target *t, const struct engine_io *io,
                           enum slot_name name, struct error *e) {
  const struct slot *slot = &u->state.slots[name];
  struct iam_token token = {0};
  if (!slot->used || !slot->value || prove_token(u, t, io, slot, &token, e) != ERR_OK)
    return NULL;
  struct iam *iam = io->iam->ops->bearing(io->iam, token.bearer);
  iam_token_clear(&token);
  if (!iam)
    error_no_memory(e);
  return iam;
}

bool own_stand_in(struct turn *u, struct target *t, const struct engine_io *io) {
  struct error e;
  if (!t->own || !u->view.state)
    return false;
  static const enum slot_name slots[] = {SLOT_CURRENT, SLOT_PREVIOUS};
  for (size_t i = 0; !u->stand_in && i < sizeof slots / sizeof *slots; i++) {
    u->stand_in = by_slot(u, t, io, slots[i], &e);
    u->stand_in_of = slots[i];
  }
  return u->stand_in != NULL;
}

enum err own_iam(struct turn *u, struct target *t, const struct engine_io *io, struct iam **ret,
                 struct iam **ret_made, struct error *e) {
  *ret_made = NULL;
  *ret = turn_iam(u, io);
  if (!u->view.own.is || u->view.slots[SLOT_CURRENT].dead)
    return ERR_OK;
  *ret = *ret_made = by_slot(u, t, io, SLOT_CURRENT, e);
  // Whatever was refused, it was not what is to be done.
  return *ret ? ERR_OK : error_set(e, ERR_UNSENT, "no token of the key that stays");
}
