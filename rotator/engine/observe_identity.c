// What the identity's list of keys, or its refusal, says of who asked for it: whether a token
// manages these keys, and whether a refusal is about us, as it usually is, or the identity itself
// is gone.
#include <string.h>

#include "rotator/engine/turn.h"

// Its keys went with it.
static void identity_is_gone(struct turn *u, struct target *t) {
  for (int i = 0; u->view.state && i < SLOT_COUNT; i++) {
    const struct slot *s = &u->state.slots[i];
    if (i != SLOT_PENDING && s->used)
      evidence_iam(turn_evidence(u, t, s->value, s->key_id), CAUSE_identity_gone, u->view.now_s);
  }
}

static bool is_for_good(enum err err) {
  return err == ERR_DENIED || err == ERR_REFUSED || err == ERR_INVALID || err == ERR_MISSING;
}

void turn_iam_failed(struct turn *u, struct target *t, struct iam *iam, struct error *e) {
  struct iam_service_id id = {0};
  struct error why;
  size_t n = 0;
  // "iam-ServiceId-…". Whether a user is still there, nobody else can ask.
  const char *dash = iam_is_user(t->iam_id) ? NULL : strchr(t->iam_id, '-');
  if (!is_for_good(e->kind))
    return;
  u->view.iam_refused = t->memory->iam_refused = true;
  if (e->kind == ERR_DENIED || !dash ||
      iam->ops->find_service_id(iam, t->account, dash + 1, &id, &n, &why) != ERR_MISSING)
    return;
  error_set(e, ERR_REFUSED,
            "the service ID %s was deleted, and its keys with it: name another one in the "
            "configuration",
            dash + 1);
  identity_is_gone(u, t);
}

enum err own_manages(struct target *t, const struct engine_io *io, const struct secret *bearer,
                     const char *key_id, bool *ret_shown, struct error *e) {
  struct iam *iam = io->iam->ops->bearing(io->iam, bearer);
  struct iam_key_list list = {0};
  bool shown = false;
  if (!iam)
    return error_no_memory(e);
  enum err err = iam->ops->list(iam, t->account, t->iam_id, &list, e);
  for (size_t i = 0; err == ERR_OK && i < list.n; i++)
    shown = shown || strcmp(list.keys[i].id, key_id) == 0;
  iam_key_list_clear(&list);
  iam_free(iam);
  if (err == ERR_OK)
    *ret_shown = shown;
  return err;
}
