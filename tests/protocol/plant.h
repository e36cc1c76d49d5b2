// Errors that can be planted into the engine or its surroundings, to see whether the checks find
// them. plant.c puts itself between the tick and the table (the linker's --wrap): it can show
// decide another view, change the act, or change the state that a transition makes. One that is
// about stores or readings sits in fake_store.c.
#ifndef TESTS_PROTOCOL_PLANT_H
#define TESTS_PROTOCOL_PLANT_H

#include <stdbool.h>

#define PLANT_LIST(X)                                                                              \
  X(none, NONE, base, "nothing")                                                                   \
  X(no_stamp, NO_STAMP, races, "a sink that equals current counts as stamped")                     \
  X(state_first, STATE_FIRST, races,                                                               \
    "the state is read before the sinks, and a newer stamp does not show it")                      \
  X(no_confirm, NO_CONFIRM, stale,                                                                 \
    "an old reading of the state is not confirmed before a sink is written")                       \
  X(no_sink_cas, NO_SINK_CAS, races, "sinks are written under whatever version they have")         \
  X(no_state_cas, NO_STATE_CAS, races, "the state is written under whatever version it has")       \
  X(grace_from_publishing, GRACE_FROM_PUBLISHING, base, "grace is counted from publishing")        \
  X(no_grace, NO_GRACE, base, "there is no grace")                                                 \
  X(promote_unproven, PROMOTE_UNPROVEN, base, "a pending key that is active counts as proven")     \
  X(arrival_guessed, ARRIVAL_GUESSED, arrival, "a test log that was sent counts as found")         \
  X(arrival_optional, ARRIVAL_OPTIONAL, arrival, "a log that must be found is given up in time")   \
  X(settle_unproven, SETTLE_UNPROVEN, base, "current counts as proven in publishing")              \
  X(settle_at_once, SETTLE_AT_ONCE, races, "a proof through the sinks never takes its span")       \
  X(retire_unproven, RETIRE_UNPROVEN, base, "current counts as probed in grace")                   \
  X(disable_unproven, DISABLE_UNPROVEN, base, "current counts as probed in retiring")              \
  X(disable_early, DISABLE_EARLY, base, "previous is disabled in grace")                           \
  X(stray_no_bound, STRAY_NO_BOUND, base, "a stray is any key of ours that is in no slot")         \
  X(stray_any_lineage, STRAY_ANY_LINEAGE, base, "a key of another lineage is a stray")             \
  X(stray_never, STRAY_NEVER, base, "strays are never removed")                                    \
  X(enable_unnoted, ENABLE_UNNOTED, base, "a key is enabled before its id is noted")               \
  X(take_strangers, TAKE_STRANGERS, strangers, "a stranger's key with our value is noted as ours") \
  X(swap_unproven, SWAP_UNPROVEN, wishes, "previous counts as probed when a swap is wanted")       \
  X(wish_stays, WISH_STAYS, wishes, "a swap does not clear the wish")                              \
  X(moved_ignored, MOVED_IGNORED, edits, "the versions noted are not looked at")                   \
  X(moved_by_identity, MOVED_BY_IDENTITY, files,                                                   \
    "class B, C: other metadata, or the same content written anew, begin the grace again")         \
  X(rewrite_ignored, REWRITE_IGNORED, files,                                                       \
    "class B, C: a sink that holds current is not looked at any closer")                           \
  X(rewrite_for_ever, REWRITE_FOR_EVER, files,                                                     \
    "class B, C: each writing of the same content puts the end of grace off again")                \
  X(late_forgiven, LATE_FORGIVEN, brake,                                                           \
    "who used the old key late has moved over when it could have exchanged again")                 \
  X(late_for_ever, LATE_FOR_EVER, brake, "late use counts until the new key is in use")            \
  X(one_for_all, ONE_FOR_ALL, brake, "whoever uses the new key shows that all have moved over")    \
  X(mend_in_grace, MEND_IN_GRACE, edits, "a sink is mended in grace, and grace goes on")           \
  X(one_sink_enough, ONE_SINK_ENOUGH, base, "one sink that serves is enough")                      \
  X(no_mark_wait, NO_MARK_WAIT, local, "class C: nobody waits after an unclean end")               \
  X(no_lock, NO_LOCK, local, "class B, C: no lock")                                                \
  X(dead_current_waits, DEAD_CURRENT_WAITS, hands, "retiring waits for a dead current")            \
  X(held_dead, HELD_DEAD, hands, "a hold counts in retiring though current is dead")               \
  X(drift_without_current, DRIFT_WITHOUT_CURRENT, first, "the drift row wins without a current")   \
  X(hold_retires, HOLD_RETIRES, wishes, "a hold does not keep from retiring")                      \
  X(hook_skipped, HOOK_SKIPPED, base, "the reload hook is not waited for")                         \
  X(quarantine_by_iam, QUARANTINE_BY_IAM, base,                                                    \
    "the quarantine counts from IAM's modified_at, be it of before")                               \
  X(noted_beforehand, NOTED_BEFOREHAND, base,                                                      \
    "the quarantine counts from the beginning of retiring, be the disabling sent hours later")     \
  X(note_stays, NOTE_STAYS, wishes, "the note of a disabling stays when the key is enabled again") \
  X(swap_no_epoch, SWAP_NO_EPOCH, base, "a swap does not begin a new epoch")                       \
  X(retire_wish_unproven, RETIRE_WISH_UNPROVEN, endings, "a wish to retire needs no probe")        \
  X(retire_wish_outlives, RETIRE_WISH_OUTLIVES, endings, "a wish to retire outlives its grace")    \
  X(unlisted_never, UNLISTED_NEVER, config, "a sink that serves already is not put on the list")   \
  X(renamed_never, RENAMED_NEVER, config, "the list keeps a sink's old name")                      \
  X(stop_ignored, STOP_IGNORED, base, "a stop does not stop")                                      \
  X(verdict_from_memory, VERDICT_FROM_MEMORY, hands, "a sink that holds current is said to work")  \
  X(book_not_kept, BOOK_NOT_KEPT, hands, "what was seen ends with the process")                    \
  X(refusal_forgotten, REFUSAL_FORGOTTEN, hands, "a look at IAM ends the news of a refusal")       \
  X(alive_is_proof, ALIVE_IS_PROOF, hands, "a key that IAM shows alive counts as proven")          \
  X(no_probe, NO_PROBE, base, "nothing is proven at rest")                                         \
  X(one_refusal, ONE_REFUSAL, hands, "one refusal is enough")                                      \
  X(outage_is_refusal, OUTAGE_IS_REFUSAL, hands, "no answer counts as a refusal")                  \
  X(death_ignored, DEATH_IGNORED, hands, "that IAM shows a key dead is not noted")                 \
  X(verify_from_book, VERIFY_FROM_BOOK, hands,                                                     \
    "a proof by hand proves nothing, and says the same")                                           \
  X(look_never_old, LOOK_NEVER_OLD, edits,                                                         \
    "what was seen is acted upon, however long ago that was")                                      \
  X(carry_adopt, CARRY_ADOPT, strangers, "a key is adopted by the look of an earlier turn")        \
  X(carry_stray, CARRY_STRAY, base, "a stray is deleted by the look of an earlier turn")           \
  X(carry_retire, CARRY_RETIRE, base, "a grace is ended by the look of an earlier turn")           \
  X(carry_disable, CARRY_DISABLE, base, "the old key is disabled by the look of an earlier turn")  \
  X(carry_delete, CARRY_DELETE, base, "the old key is deleted by the look of an earlier turn")     \
  X(carry_absence, CARRY_ABSENCE, base, "one look that is carried shows an absence twice")         \
  X(list_believed, LIST_BELIEVED, groups, "a list that hides keys counts as whole")                \
  X(own_same_run, OWN_SAME_RUN, self, "the run that published its own key lets the old one go")    \
  X(own_old_token, OWN_OLD_TOKEN, self, "whose key its token was gained with is not looked at")    \
  X(own_not_read, OWN_NOT_READ, self, "nor is what its credential reads")                          \
  X(own_unmanaged, OWN_UNMANAGED, self, "nobody asks whether the new key may manage keys")         \
  X(own_by_cached, OWN_BY_CACHED, self, "the old key is ended by whatever token there is")         \
  X(own_last_ended, OWN_LAST_ENDED, self, "the old key is ended though it is all that is left")    \
  X(own_no_stand_in, OWN_NO_STAND_IN, self, "no key of the state stands in for a refused one")     \
  X(own_unknown, OWN_UNKNOWN, self, "nobody sees that a key is the rotator's own")

enum plant {
#define X(name, NAME, scenario, text) PLANT_##NAME,
  PLANT_LIST(X)
#undef X
      PLANT_COUNT
};

struct sim;
bool planted(const struct sim *s, enum plant p);
enum plant plant_find(const char *name); // PLANT_COUNT: none
const char *plant_name(enum plant p);
const char *plant_text(enum plant p);
const char *plant_scenario(enum plant p); // where it is met soonest
// decide and transition know no simulator: this says whose they are now.
void plant_enter(struct sim *s);

// plant_carry.c: does the row that is planted match, where nobody minds that the look is an old
// one? Then *ret is what it does.
struct view;
struct action;
void plant_carry_enter(struct sim *s);
bool plant_goes_too_far(const struct view *v, struct action *ret);

#endif
