#include "rotator/engine/turn.h"

#include <stdlib.h>

struct turn *turn_new(void) {
  return calloc(1, sizeof(struct turn));
}

void turn_free(struct turn *u) {
  if (!u)
    return;
  for (size_t i = 0; i < STATE_SINKS_MAX; i++) {
    store_record_clear(&u->sinks[i].record);
    secret_free(u->sinks[i].served);
  }
  iam_free(u->stand_in);
  iam_key_list_clear(&u->keys);
  iam_key_clear(&u->adoptable);
  state_clear(&u->state);
  free(u);
}

// What puts a key beyond return, or follows from that.
static bool is_final(const struct action *a) {
  return (a->row == ROW_retire && a->kind == ACT_CAS) || a->kind == ACT_DISABLE ||
         a->kind == ACT_DELETE;
}

static bool is_past(const struct turn *u, const struct engine_io *io) {
  return env_mono_ms(io->env) - u->began_ms > READING_GOOD_MS;
}

bool turn_absence_is_old(const struct turn *u, const struct engine_io *io,
                         const struct store_version *v) {
  return v->text[0] == '\0' && is_past(u, io);
}

bool turn_is_old(const struct turn *u, const struct engine_io *io, const struct action *a) {
  return (is_final(a) && is_past(u, io)) ||
         (a->kind == ACT_CAS && turn_absence_is_old(u, io, &u->home_version));
}

struct secret *turn_served(const struct turn *u, size_t sink) {
  const struct sink_reading *r = &u->sinks[sink];
  return r->result == ERR_OK ? r->record.value : r->served;
}

enum err sink_key(struct target *t, const struct engine_io *io, size_t sink, struct iam_key *ret,
                  struct error *e) {
  const struct turn *u = t->memory->kept;
  if (!u || sink >= t->n_sinks || u->sinks[sink].result != ERR_OK)
    return error_set(e, ERR_MISSING, "no value of this sink was read");
  return io->iam->ops->find_by_value(io->iam, u->sinks[sink].record.value, ret, e);
}

bool target_is_of_one_host(const struct target *t) {
  if (t->home->class != STORE_CLASS_A)
    return true;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (t->sinks[i].item->class != STORE_CLASS_A)
      return true;
  return false;
}
