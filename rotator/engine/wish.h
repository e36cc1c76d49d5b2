// What commands may do to a state: wishes, hold, and the ways out of attention (PROTOCOL.md section 9). Each is one CAS by
// way of tick_change_state; only the tick acts on it.
#ifndef ROTATOR_ENGINE_WISH_H
#define ROTATOR_ENGINE_WISH_H

#include "rotator/engine/tick.h"

// `rotate`: a wish; also forgives failed rotations (a person asked). w.kind is set by the function.
enum err wish_rotate(struct target *t, const struct engine_io *io, const struct wish *w, struct error *e);
// `rollback`: staged: give up; publishing, grace: back to the previous key. ERR_REFUSED with the reason elsewhere.
enum err wish_rollback(struct target *t, const struct engine_io *io, const struct wish *w, struct error *e);
// `hold`, `resume`.
enum err wish_hold(struct target *t, const struct engine_io *io, const struct hold *h, struct error *e);
enum err wish_resume(struct target *t, const struct engine_io *io, struct error *e);
// `repair --keep state`: the sinks are written anew from current: → publishing with the same slots (idle: previous empty), so
// that foreign values are overwritten knowingly.
enum err repair_keep_state(struct target *t, const struct engine_io *io, struct error *e);
// `repair --keep sink=NAME`: the active, proven key of this identity found there becomes current (by → publishing, the old
// one previous). ERR_REFUSED when IAM does not know it as such.
enum err repair_keep_sink(struct target *t, const struct engine_io *io, const char *sink, struct error *e);
// `repair --new-key`: a new state above every tag and stamp seen (home corrupt, absent or rebound): → staged.
enum err repair_new_key(struct target *t, const struct engine_io *io, struct error *e);
enum err repair_take_host(struct target *t, const struct engine_io *io, struct error *e);
enum err repair_drop_sink(struct target *t, const struct engine_io *io, const char *sink, struct error *e);

#endif
