#include "rotator/engine/turn.h"

enum err sink_key(struct target *t, const struct engine_io *io, size_t sink, struct iam_key *ret,
                  struct error *e) {
  const struct turn *u = t->memory->kept;
  if (!u || sink >= t->n_sinks || u->sinks[sink].result != ERR_OK)
    return error_set(e, ERR_MISSING, "no value of this sink was read");
  return io->iam->ops->find_by_value(io->iam, u->sinks[sink].record.value, ret, e);
}
