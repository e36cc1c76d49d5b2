// The decision table of PROTOCOL.md section 4, as a pure function: no I/O, no clock, no allocation.
// First row that matches wins. The answer may be "look" (ask IAM, then decide again on the same
// reading of sinks and state) or "prove": the result comes back in the next view.
#ifndef ROTATOR_ENGINE_DECIDE_H
#define ROTATOR_ENGINE_DECIDE_H

#include "rotator/engine/view.h"

// Rows, in the order of the table. The names are those of the page.
// clang-format off
#define ROW_LIST(X)                                                                                \
  X(unreadable) X(corrupt) X(rebound) X(other_host) X(adopt) X(first) X(unclear) X(drift)          \
  X(foreign) X(stray) X(heal) X(use) X(probe) X(due) X(blocked) X(rest) X(give_up) X(create)       \
  X(note) X(taken) X(enable) X(lost) X(arrive) X(promote) X(refute) X(await) X(swap) X(both_dead)  \
  X(publish) X(reload) X(settle) X(stuck) X(moved) X(rewritten) X(retire) X(serve) X(noted)        \
  X(held) X(unsure) X(disable) X(quarantine) X(delete) X(retired)
// clang-format on

enum row {
#define X(name) ROW_##name,
  ROW_LIST(X)
#undef X
      ROW_COUNT
};
const char *row_name(enum row r);

enum act_kind {
  ACT_LOOK,       // ask IAM, then decide again
  ACT_PROVE,      // slot, proof
  ACT_SEARCH,     // slot: its test log, where logs are read
  ACT_CAS,        // the transition that belongs to the row (transition.h)
  ACT_WRITE_SINK, // sink
  ACT_CREATE,
  ACT_ENABLE,
  ACT_DISABLE,
  ACT_DELETE, // key_id (create: pending's)
  ACT_HOOK,
  ACT_WAIT,      // until wait_s (0: with back-off), then read anew
  ACT_REST,      // nothing to do until wait_s
  ACT_ATTENTION, // a person is needed
};

// Does it change something outside of this process? (Proving sends logs, and changes
// nothing.)
bool act_is_effect(enum act_kind kind);

// Why, for people: chosen by decide, worded in report. One enum, so that every text is tested once.
// (no_state stands for decide's wish to ask IAM first, where a command is not to ask.)
// clang-format off
#define WHY_LIST(X)                                                                                \
  X(none) X(home_silent) X(home_corrupt) X(home_back) X(rebound) X(other_host) X(sinks_disagree)   \
  X(value_not_ours) X(tags_without_state) X(need_init) X(sink_silent) X(sink_refused)              \
  X(sink_drift) X(sink_unlisted) X(sink_foreign) X(sink_corrupt) X(stray) X(stray_locked)          \
  X(iam_silent) X(keys_hidden) X(current_dead) X(due) X(wished) X(hold) X(fleet_fails)             \
  X(window_closed) X(key_places) X(sink_lost) X(failures) X(max_age) X(not_due) X(adopted)         \
  X(create_refused) X(proof_pending) X(proof_unknown) X(refuted) X(value_taken) X(key_gone)        \
  X(propagation) X(not_stager) X(hook_failed) X(sink_moved) X(sink_rewritten) X(moved_often)       \
  X(grace) X(in_use) X(used_late) X(still_used) X(refused) X(noted_disabled) X(noted_active)       \
  X(quarantine) X(previous_locked) X(pending_locked) X(absence) X(rollback) X(repeated) X(own_run) \
  X(own_old) X(own_other) X(own_last) X(arrival_pending) X(arrival_missed) X(arrival_refused)      \
  X(look_old) X(no_state)
// clang-format on

enum why {
#define X(name) WHY_##name,
  WHY_LIST(X)
#undef X
      WHY_COUNT
};
const char *why_name(enum why w);

struct action {
  enum row row;
  enum act_kind kind;
  enum why why;
  enum slot_name slot; // prove, enable, disable, delete
  enum proof_kind proof;
  size_t sink;             // write_sink, and the one meant by an attention
  char key_id[IAM_ID_MAX]; // enable, disable, delete, note
  int64_t wait_s;          // wait, rest: server time; 0: back-off
  bool attention;          // also tell a person, though the act goes on or waits
};

void decide(const struct view *v, struct action *ret);

// Until when does this decision follow again, if what was read stays as it is and only time goes
// on? Of the plain rest of a turn that did not ask IAM; 0: of no other. Never later than a look, a
// probe or a rotation is due.
int64_t decide_rests_until_s(const struct view *v, const struct action *a);

// Do consumers have a working key, as far as this view shows?
enum working { WORKING_YES, WORKING_NO, WORKING_UNKNOWN };
enum working view_working(const struct view *v);
// The verdict that this rests on: the first of the worst sinks'. Unproven where there is no sink.
struct verdict view_verdict(const struct view *v);
enum working verdict_working(const struct verdict *v);

#endif
