// Errors that can be planted into the engine or its surroundings, to see whether the checks find them. plant.c puts itself
// between the tick and the table (the linker's --wrap): it can show decide another view, change the act, or change the state
// that a transition makes. One that is about stores or readings sits in fake_store.c.
#ifndef TESTS_PROTOCOL_PLANT_H
#define TESTS_PROTOCOL_PLANT_H

#include <stdbool.h>

#define PLANT_LIST(X)                                                                                                 \
  X(none, NONE, "nothing")                                                                                            \
  X(no_stamp, NO_STAMP, "a sink that equals current counts as stamped")                                               \
  X(state_first, STATE_FIRST, "the state is read before the sinks")                                                   \
  X(no_confirm, NO_CONFIRM, "an old reading of the state is not confirmed before a sink is written")                  \
  X(no_sink_cas, NO_SINK_CAS, "sinks are written under whatever version they have")                                   \
  X(no_state_cas, NO_STATE_CAS, "the state is written under whatever version it has")                                 \
  X(grace_from_publishing, GRACE_FROM_PUBLISHING, "grace is counted from publishing")                                 \
  X(no_grace, NO_GRACE, "there is no grace")                                                                          \
  X(promote_unproven, PROMOTE_UNPROVEN, "a pending key that is active counts as proven")                              \
  X(settle_unproven, SETTLE_UNPROVEN, "current counts as proven in publishing")                                       \
  X(retire_unproven, RETIRE_UNPROVEN, "current counts as probed in grace")                                            \
  X(disable_early, DISABLE_EARLY, "previous is disabled in grace")                                                    \
  X(stray_no_bound, STRAY_NO_BOUND, "a stray is any key of ours that is in no slot")                                  \
  X(stray_any_lineage, STRAY_ANY_LINEAGE, "a key of another lineage is a stray")                                      \
  X(stray_never, STRAY_NEVER, "strays are never removed")                                                             \
  X(enable_unnoted, ENABLE_UNNOTED, "a key is enabled before its id is noted")                                        \
  X(take_strangers, TAKE_STRANGERS, "a stranger's key with our value is noted as ours")                               \
  X(swap_unproven, SWAP_UNPROVEN, "previous counts as probed when a swap is wanted")                                  \
  X(wish_stays, WISH_STAYS, "a swap does not clear the wish")                                                         \
  X(moved_ignored, MOVED_IGNORED, "the versions noted are not looked at")                                             \
  X(mend_in_grace, MEND_IN_GRACE, "a sink is mended in grace, and grace goes on")                                     \
  X(one_sink_enough, ONE_SINK_ENOUGH, "one sink that serves is enough")                                               \
  X(no_mark_wait, NO_MARK_WAIT, "class C: nobody waits after an unclean end")                                         \
  X(no_lock, NO_LOCK, "class B, C: no lock")                                                                          \
  X(dead_current_waits, DEAD_CURRENT_WAITS, "retiring waits for a dead current")                                      \
  X(held_dead, HELD_DEAD, "a hold counts in retiring though current is dead")                                         \
  X(drift_without_current, DRIFT_WITHOUT_CURRENT, "the drift row wins without a current")                             \
  X(hold_retires, HOLD_RETIRES, "a hold does not keep from retiring")                                                 \
  X(hook_skipped, HOOK_SKIPPED, "the reload hook is not waited for")                                                  \
  X(swap_no_epoch, SWAP_NO_EPOCH, "a swap does not begin a new epoch")                                                \
  X(stop_ignored, STOP_IGNORED, "a stop does not stop")

enum plant {
#define X(name, NAME, text) PLANT_##NAME,
  PLANT_LIST(X)
#undef X
  PLANT_COUNT
};

struct sim;
bool planted(const struct sim *s, enum plant p);
enum plant plant_find(const char *name);  // PLANT_COUNT: none
const char *plant_name(enum plant p);
const char *plant_text(enum plant p);
// decide and transition know no simulator: this says whose they are now.
void plant_enter(struct sim *s);

#endif
