// Many targets, few workers. A queue by due time: a worker takes the target that is due first,
// ticks it, and puts it back with its next time; a target that waits holds neither worker nor lock.
#ifndef ROTATOR_ENGINE_FLEET_H
#define ROTATOR_ENGINE_FLEET_H

#include "rotator/engine/tick.h"

#define FLEET_PATIENCES 20
#define FLEET_WHOLE_MS (2 * 3600 * 1000) // of a run, unless its patience alone is longer

struct fleet_options {
  unsigned jobs; // workers, ≥ 1
  // How long one call of fleet_run stays for a target that only waits: a target whose next tick is
  // further away than this is finished for this run. So is one that waits for the same thing again
  // and again, FLEET_PATIENCES times as long together, and one that rests. After FLEET_WHOLE_MS, or
  // the patience where that is longer, no target is ticked again that was ticked in this run: so
  // whatever the intervals of the policy are, and whoever undoes what is done, a run ends.
  int64_t patience_ms;
  bool wait_busy; // a target that another run holds is tried again until it is free
  // Is this target done for the caller's purpose (rotate --wait=published …), before it rests or
  // waits too long? NULL: no.
  bool (*done)(void *ctx, const struct target *t, const struct tick_result *r);
  void *done_ctx;
  // The interfaces of one worker for one target; called by the worker's thread. Return false: the
  // target fails (text in e).
  bool (*io)(void *ctx, unsigned worker, struct target *t, struct engine_io *ret, struct error *e);
  void *io_ctx;
  const struct watcher *watcher; // called from any worker, one call at a time
};

// Runs until every target is finished or a stop was asked for. results[i] belongs to targets[i].
void fleet_run(struct target *const *targets, size_t n, const struct fleet_options *o,
               struct env *env, struct tick_result *results);

#endif
