// What commands may do to a state: wishes, hold, and the ways out of attention (PROTOCOL.md section
// 9). Each is one CAS, tried again when somebody was faster; only the tick acts on it.
#ifndef ROTATOR_ENGINE_WISH_H
#define ROTATOR_ENGINE_WISH_H

#include "rotator/engine/tick.h"

// `rotate`: a wish; also forgives failed rotations (a person asked). w.kind is set by the function.
enum err wish_rotate(struct target *t, const struct engine_io *io, const struct wish *w,
                     struct error *e);
// `rollback`: staged: give up; publishing, grace: back to the previous key. ERR_REFUSED with the
// reason elsewhere.
enum err wish_rollback(struct target *t, const struct engine_io *io, const struct wish *w,
                       struct error *e);
// `retire`: the old key may go though it is still used, and though grace is not over. ERR_REFUSED
// with the reason: there is none in grace, a hold is on, a sink does not hold the new key, or the
// full proof of it, which is made here, failed. Row `retire` obeys, and keeps its other conditions.
enum err wish_retire(struct target *t, const struct engine_io *io, const struct wish *w,
                     struct error *e);
// `hold`, `resume`.
enum err wish_hold(struct target *t, const struct engine_io *io, const struct hold *h,
                   struct error *e);
enum err wish_resume(struct target *t, const struct engine_io *io, struct error *e);
// `repair --keep state`: values that the sinks hold and that are not ours count as older values of
// ours from now on, and so does a content that does not decode, so that the tick writes current
// over them. *ret_sinks: how many.
enum err repair_keep_state(struct target *t, const struct engine_io *io, size_t *ret_sinks,
                           struct error *e);
// `repair --keep sink=NAME`: the active, working key of this identity found there becomes current
// (by → publishing, the old one previous). From idle, staged, or without a (readable) state.
// ERR_REFUSED when it is not such a key, or in another phase.
enum err repair_keep_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e);
// `repair --new-key`: a new state above every tag and stamp seen, when there is none that can be
// used: → staged. Keys of the old one are left alone.
enum err repair_new_key(struct target *t, const struct engine_io *io, struct error *e);
enum err repair_take_host(struct target *t, const struct engine_io *io, struct error *e);
enum err repair_drop_sink(struct target *t, const struct engine_io *io, const char *sink,
                          struct error *e);

// `forget`: the state is replaced by a document that says so. Only from idle: ERR_REFUSED
// elsewhere.
enum err target_forget(struct target *t, const struct engine_io *io, struct error *e);

#endif
