#include "rotator/app/report/decision_words.h"

#include <assert.h>
#include <stdio.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

// The commands named here end what they are named for: tests/cli follows them.
static const struct why_words whys[] = {
    [WHY_none] = {false, false, "nothing to report", NULL, NULL},
    [WHY_home_silent] = {true, false, "the store of the rotator's state gave no answer", NULL,
                         "mend what the store says; the next run goes on by itself"},
    [WHY_home_corrupt] =
        {false, false, "the rotator's state cannot be used: damaged, or written by a newer version",
         "repair",
         "decide: bring back a state that is newer than the last rotation, or the newer "
         "rotator; else begin anew"},
    [WHY_home_back] = {false, false,
                       "the rotator's state went back in time: restored from a backup?", "repair",
                       "decide: bring the newest state back, or keep what the sinks hold"},
    [WHY_rebound] = {false, false,
                     "the configuration names another identity or instance than the state does",
                     "repair",
                     "decide: take the change of the configuration back, or begin anew "
                     "under the new name"},
    [WHY_other_host] = {false, false,
                        "another host manages this target, and its stores are local to that host",
                        "repair --take-host",
                        "decide: does the other host no longer manage it? Two hosts by turns would "
                        "write each other's files"},
    [WHY_sinks_disagree] = {false, true, "there is no state, and the sinks hold different values",
                            "repair", "decide: which of the values is right"},
    [WHY_value_not_ours] =
        {false, true,
         "there is no state, and the sinks hold a value that is not an active key of "
         "this identity",
         "repair", "decide: may that value be written over?"},
    [WHY_tags_without_state] =
        {false, false, "there is no state, but IAM has keys that an earlier state made here",
         "repair",
         "decide: bring the state back, or go on with the key that the sinks hold, or "
         "begin anew"},
    [WHY_need_init] = {false, true, "the target was never set up", "init", NULL},
    [WHY_no_state] = {false, true,
                      "there is no state: the target was never set up, or its state was lost (IAM, "
                      "which has the keys of a state, was not asked)",
                      "init", NULL},
    [WHY_sink_silent] = {true, false, "a sink gave no answer", NULL,
                         "mend what the store says; the next run goes on by itself"},
    [WHY_sink_refused] = {false, false, "a sink is there and must not be used", NULL,
                          "mend what the store says; the next run goes on by itself"},
    [WHY_sink_drift] = {false, false, "a sink did not hold the current key", NULL,
                        "mend what keeps the sink from being written; the next run writes it"},
    [WHY_sink_unlisted] = {false, false, "a sink is not on the state's list under its name yet",
                           NULL, NULL},
    [WHY_sink_foreign] = {false, true, "a sink holds a value that never was ours", "repair",
                          "decide: did somebody put it there for a reason?"},
    [WHY_sink_corrupt] = {false, true, "what a sink holds does not decode", "repair --keep state",
                          NULL},
    [WHY_stray] = {false, false, "a key of an abandoned attempt is left over", NULL, NULL},
    [WHY_stray_locked] = {false, false,
                          "a key of an abandoned attempt is left over and locked in IAM", NULL,
                          NULL},
    [WHY_iam_silent] = {true, false, "IAM gave no answer", NULL,
                        "mend what is said here; the next run goes on by itself"},
    [WHY_keys_hidden] = {true, false, "IAM does not show all keys of the identity", NULL,
                         "find out why: is the service ID in a group that the management identity "
                         "may not read? The next run goes on by itself"},
    [WHY_current_dead] = {true, true, "the current key is disabled, expired or gone", "rotate",
                          NULL},
    [WHY_due] = {false, false, "the key is due", NULL, NULL},
    [WHY_wished] = {false, false, "a person asked for it", NULL, NULL},
    [WHY_hold] = {false, false, "a hold is on", "resume",
                  "decide: is the reason of the hold over?"},
    [WHY_fleet_fails] = {false, false,
                         "the same step failed for many targets of this run: nothing new begins",
                         "rotate",
                         "mend what fails for the others; the next run goes on by itself"},
    [WHY_window_closed] = {false, false, "the window for new rotations is closed", "rotate", NULL},
    [WHY_key_places] = {false, false,
                        "the identity has no two free places for keys: delete one that nobody uses",
                        "keys",
                        "decide: which of the keys does nobody use? Delete it (keys "
                        "TARGET --delete ID --foreign); the next run goes on"},
    [WHY_sink_lost] =
        {false, false,
         "a sink that the state lists is no longer configured, and consumers may still read it",
         "repair", "decide: does nobody read that sink any more?"},
    [WHY_failures] = {false, true,
                      "several rotations in a row failed: mend the cause, then rotate by hand",
                      "rotate", "mend the cause first; the history of the target names it"},
    [WHY_max_age] = {false, false, "the current key is older than max_age", "rotate", NULL},
    [WHY_not_due] = {false, false, "nothing is due", NULL, NULL},
    [WHY_adopted] = {false, false, "the key that was there was adopted", NULL, NULL},
    [WHY_create_refused] =
        {false, false, "IAM refused to create the key", NULL,
         "mend what IAM says; a service ID that is locked is unlocked by: ibmcloud "
         "iam service-id-unlock NAME (rollback gives this rotation up instead)"},
    [WHY_proof_pending] = {false, false, "the proof of the key is under way", NULL, NULL},
    [WHY_proof_unknown] = {true, false, "the proof of the key gave no verdict", NULL,
                           "mend what the proof met; the next run tries again"},
    [WHY_refuted] = {true, false, "the key was refused while another key of the identity worked",
                     NULL, NULL},
    [WHY_value_taken] = {false, false, "the new value belongs to another key already", NULL, NULL},
    [WHY_key_gone] = {false, false, "the new key is gone from IAM", NULL, NULL},
    [WHY_propagation] = {false, false, "the new key is not known everywhere yet", NULL, NULL},
    [WHY_not_stager] = {false, false, "the process that staged the key has ended", NULL, NULL},
    [WHY_hook_failed] = {true, false, "the reload hook failed", NULL,
                         "mend the hook; the next run starts it again, and both keys work until "
                         "it succeeds"},
    [WHY_sink_moved] = {false, false,
                        "a sink was changed by somebody else in grace: grace starts again", NULL,
                        NULL},
    [WHY_sink_rewritten] = {false, false,
                            "somebody wrote the same key to a sink in grace: grace goes on", NULL,
                            NULL},
    [WHY_moved_often] =
        {false, false,
         "somebody keeps changing a sink in grace: find out who, the rotation cannot end", NULL,
         "find out who changes it, and stop that; grace then ends by itself"},
    [WHY_grace] = {false, false, "consumers are moving to the new key", NULL, NULL},
    [WHY_in_use] = {false, false, "the new key is in use by consumers", NULL, NULL},
    [WHY_used_late] = {false, false, "the old key was used late, and the new one by nobody so far",
                       NULL, NULL},
    [WHY_still_used] = {false, false, "the old key is still in use", "retire",
                        "decide: who still uses it, and may they be cut off?"},
    [WHY_refused] = {false, true, "the current key does not work", NULL, NULL},
    [WHY_noted_disabled] = {false, false, "the old key is disabled", NULL, NULL},
    [WHY_noted_active] = {false, false, "the old key is not disabled, or not to stay so", NULL,
                          NULL},
    [WHY_quarantine] = {false, false,
                        "the old key is disabled and will be deleted after its quarantine", NULL,
                        NULL},
    [WHY_previous_locked] = {false, false, "the old key is locked in IAM: unlock it there", NULL,
                             NULL},
    [WHY_pending_locked] = {false, false, "the new key is locked in IAM", NULL, NULL},
    [WHY_absence] = {false, false,
                     "a key was not seen in IAM; a second look decides whether it is gone", NULL,
                     NULL},
    [WHY_rollback] = {false, false, "a person wanted the old key back", NULL, NULL},
    [WHY_arrival_pending] = {false, false, "the new key's test log is not found yet", NULL, NULL},
    [WHY_arrival_missed] =
        {true, false, "a test log was accepted and is not found", "verify --arrival",
         "find out why: is the instance's quota used up, does one of its rules drop or block the "
         "log, has it no bucket for priority insights, is it in the other tier? The next run tries "
         "again"},
    [WHY_arrival_refused] =
        {true, false, "the reader may not look for the test log", "verify --arrival",
         "mend what is said of the reader (proof.arrival.identity); the next run tries again"},
    [WHY_look_old] = {true, false,
                      "what was seen was too old to act upon before all of it was there", NULL,
                      "find out what answers so slowly, IAM or a store (or whether "
                      "limits.iam_requests_per_minute is set too low); the next run goes on by "
                      "itself"},
    [WHY_repeated] = {true, false, "a step was done and did not take effect yet", NULL, NULL},
    [WHY_own_run] = {false, false,
                     "the rotator itself uses the keys of this target: a later run, by the new key "
                     "alone, lets the old one go",
                     NULL, NULL},
    [WHY_own_old] = {false, false,
                     "what the rotator reads its own key from does not hold this target's current "
                     "key",
                     NULL,
                     "find out what keeps the place that `management` names behind the sinks: a "
                     "credential of systemd that is loaded from another file, a copy that lags or "
                     "that nobody renews? The next run goes on by itself"},
    [WHY_own_other] = {false, false,
                       "this target is the rotator's own key, which is a key of another identity",
                       NULL,
                       "decide: name the identity that `management` is a key of, or give the "
                       "rotator a key of this one"},
    [WHY_own_last] =
        {false, true,
         "the current key is dead, and the old one, which is to be ended, is all that "
         "the rotator has left to authenticate with",
         "repair --keep state",
         "mend it with another key: make one of this identity by hand and put it where "
         "`management` is read from"},
};
static_assert(sizeof whys / sizeof *whys == WHY_COUNT, "every reason has words");

const struct why_words *why_words(enum why w) {
  return &whys[(unsigned)w < WHY_COUNT ? w : WHY_none];
}

#define PROOF_REQUESTS "POST {iam}/identity/token and POST {ingress}/logs/v1/singles, several times"
#define PROBE_REQUESTS "POST {iam}/identity/token and POST {ingress}/logs/v1/singles, once"
#define SINK_REQUESTS "write the current value to the sink, read it back"

static const struct row_words rows[] = {
    [ROW_unreadable] = {"reading the state", "read the state", "read the state"},
    [ROW_corrupt] = {"reading the state", "read the state", "read the state"},
    [ROW_rebound] = {"comparing state and configuration", "compared state and configuration",
                     "none"},
    [ROW_other_host] = {"comparing hosts", "compared hosts", "none"},
    [ROW_adopt] = {"adopting the key that is there", "adopted the key that is there", NULL},
    [ROW_first] = {"staging the first key", "staged the first key", NULL},
    [ROW_unclear] = {"looking for a state", "found no state", "none"},
    [ROW_drift] = {"mending the sink", "wrote the current key to the sink again", SINK_REQUESTS},
    [ROW_foreign] = {"looking at the sinks", "found a value that never was ours", "none"},
    [ROW_stray] = {"deleting the key of an abandoned attempt",
                   "deleted the key of an abandoned attempt", "DELETE {iam}/v1/apikeys/{id}"},
    [ROW_heal] = {"staging a key in place of the dead one", "staged a key in place of the dead one",
                  NULL},
    [ROW_probe] = {"proving that the current key still works",
                   "proved that the current key still works", PROBE_REQUESTS},
    [ROW_due] = {"staging a new key", "staged a new key", NULL},
    [ROW_blocked] = {"waiting", "not begun", "none"},
    [ROW_rest] = {"resting", "nothing to do", "none"},
    [ROW_give_up] = {"giving the new key up", "gave the new key up, as asked", NULL},
    [ROW_create] = {"creating the new key, disabled", "created the new key, disabled",
                    "POST {iam}/v1/apikeys"},
    [ROW_note] = {"noting the new key's id", "noted the new key's id", NULL},
    [ROW_taken] = {"giving the new value up", "gave the new value up: it belongs to another key",
                   NULL},
    [ROW_enable] = {"enabling the new key", "enabled the new key",
                    "DELETE {iam}/v1/apikeys/{id}/disable"},
    [ROW_lost] = {"giving the new key up", "gave the new key up: it is gone", NULL},
    [ROW_arrive] = {"looking for the new key's test log", "looked for the new key's test log",
                    "POST {api}/v1/query"},
    [ROW_promote] = {"proving the new key", "the new key is proven: publishing begins",
                     PROOF_REQUESTS},
    [ROW_refute] = {"giving the new key up", "gave the new key up: it is refused", NULL},
    [ROW_await] = {"waiting for the new key's proof", "waiting for the new key's proof", "none"},
    [ROW_swap] = {"going back to the previous key", "went back to the previous key",
                  PROBE_REQUESTS},
    [ROW_both_dead] = {"giving up on two keys that no longer work",
                       "gave up on two keys that no longer work", NULL},
    [ROW_publish] = {"writing the sink", "wrote the sink", SINK_REQUESTS},
    [ROW_reload] = {"running the reload hook", "ran the reload hook", "run the reload hook"},
    [ROW_settle] = {"proving the key through every sink", "the key is proven through every sink",
                    PROOF_REQUESTS},
    [ROW_stuck] = {"waiting for the new key to be in every sink",
                   "waiting for the new key to be in every sink", "none"},
    [ROW_moved] = {"starting grace again", "a sink was changed: grace starts again", NULL},
    [ROW_rewritten] = {"noting a sink that was written anew",
                       "somebody wrote the same key to a sink: grace goes on", NULL},
    [ROW_use] = {"noting which key is in use", "noted which key is in use", NULL},
    [ROW_retire] = {"passing the point of no return", "the old key is past the point of no return",
                    PROBE_REQUESTS},
    [ROW_serve] = {"waiting for consumers to move over", "both keys work", "none"},
    [ROW_noted] = {"noting whether the old key is disabled",
                   "noted whether the old key is disabled", NULL},
    [ROW_held] = {"holding the old key alive", "enabled the old key again because of the hold",
                  "DELETE {iam}/v1/apikeys/{id}/disable"},
    [ROW_unsure] = {"proving the current key before the old one goes",
                    "the current key is not proven now", PROBE_REQUESTS},
    [ROW_disable] = {"disabling the old key", "disabled the old key",
                     "POST {iam}/v1/apikeys/{id}/disable"},
    [ROW_quarantine] = {"waiting for the quarantine's end", "the old key is in quarantine", "none"},
    [ROW_delete] = {"deleting the old key", "deleted the old key", "DELETE {iam}/v1/apikeys/{id}"},
    [ROW_retired] = {"ending the rotation", "the old key is gone: rotation finished", NULL},
};
static_assert(sizeof rows / sizeof *rows == ROW_COUNT, "every row has words");

const struct row_words *row_words(enum row r) {
  return &rows[(unsigned)r < ROW_COUNT ? r : ROW_rest];
}

static const struct cause_entry {
  const char *text, *next;
} causes[] = {
    [CAUSE_none] = {"it works", "status"},
    [CAUSE_deleted] = {"the key was deleted", "run"},
    [CAUSE_disabled] = {"the key is disabled in IAM: by hand, or because it was found leaked",
                        "run"},
    [CAUSE_expired] = {"the key has expired", "run"},
    [CAUSE_identity_gone] = {"the service ID was deleted, and its keys with it", "repair"},
    [CAUSE_refused] = {"IAM refuses it: it is no key, or one that is gone", "run"},
    [CAUSE_other_identity] = {"the key belongs to another identity", "repair"},
    [CAUSE_sender_missing] = {"the instance refuses its logs: role Sender is missing, or "
                              "this network is not let in",
                              "verify"},
    [CAUSE_instance_gone] = {"the Cloud Logs instance is not there", "check"},
    [CAUSE_manager_missing] =
        {"IAM lets it list no keys of its identity: the rights to manage them "
         "are missing",
         "init --print-policy"},
    [CAUSE_empty] = {"there is no key where consumers read it", "run"},
    [CAUSE_not_decodable] = {"what consumers read is no key: it cannot be decoded",
                             "repair --keep state"},
    [CAUSE_retired] = {"consumers read a key that was retired", "run"},
    [CAUSE_unreadable] = {"the rotator may not read what consumers read", "check"},
    [CAUSE_silent] = {"the store of the key gave no answer", "check"},
    [CAUSE_unasked] = {"IAM gave no answer to the question for its key", "status"},
    [CAUSE_unanswered] = {"the last proof of the key got no answer", "verify"},
    [CAUSE_unproven] = {"the key was never proven", "verify"},
};
static_assert(sizeof causes / sizeof *causes == CAUSE_COUNT, "every cause has words");

const char *cause_words(enum cause c) {
  return causes[(unsigned)c < CAUSE_COUNT ? c : CAUSE_none].text;
}

const char *cause_next(enum cause c) {
  return causes[(unsigned)c < CAUSE_COUNT ? c : CAUSE_none].next;
}

// "; last proven …" where it was.
static void add_proof(struct text_buf *b, const struct verdict *v) {
  char when[32];
  text_format_time(when, sizeof when, v->proven_s);
  if (v->proven_s > 0)
    text_buf_add(b, "; last proven %s", when);
}

void verdict_words(char *dst, size_t cap, const struct verdict *v) {
  struct text_buf b = TEXT_BUF(300);
  char when[32];
  text_format_time(when, sizeof when, v->proven_s);
  if (v->kind == VERDICT_WORKING)
    text_buf_add(&b, "working, proven %s (%s)", when, v->proven_by);
  else
    text_buf_add(&b, "%s: %s", verdict_name(v->kind), cause_words(v->cause));
  if (v->kind == VERDICT_NOT_KNOWN)
    add_proof(&b, v);
  text_copy(dst, cap, text_buf_str(&b));
  text_buf_free(&b);
}

const char *arrival_words(enum arrival_seen a) {
  switch (a) {
  case ARRIVAL_FOUND:
    return "its test log was found";
  case ARRIVAL_MISSED:
    return "its test log was not found in time";
  case ARRIVAL_REFUSED:
    return "its test log could not be looked for";
  default:
    return "";
  }
}

const char *arrival_name(enum arrival_seen a) {
  switch (a) {
  case ARRIVAL_FOUND:
    return "found";
  case ARRIVAL_MISSED:
    return "not_found";
  case ARRIVAL_REFUSED:
    return "refused";
  default:
    return "";
  }
}

void working_words(char *dst, size_t cap, enum working w, const struct verdict *v) {
  struct text_buf b = TEXT_BUF(300);
  bool said = v && v->cause != CAUSE_none;
  switch (w) {
  case WORKING_YES:
    text_buf_add(&b, "Consumers have a working key%s%s", v && v->key_id[0] ? ": " : "",
                 v ? v->key_id : "");
    break;
  case WORKING_NO:
    text_buf_add(&b, "Consumers have NO working key%s%s", said ? ": " : "",
                 said ? cause_words(v->cause) : "");
    break;
  case WORKING_UNKNOWN:
    text_buf_add(&b, "Not known whether consumers have a working key%s%s", said ? ": " : "",
                 said ? cause_words(v->cause) : "");
    if (said)
      add_proof(&b, v);
    break;
  }
  text_copy(dst, cap, text_buf_str(&b));
  text_buf_free(&b);
}

static const char *const sink_values[] = {
    [SINK_SILENT] = "no answer",
    [SINK_REFUSED] = "must not be used",
    [SINK_EMPTY] = "empty",
    [SINK_CURRENT] = "current key",
    [SINK_PREVIOUS] = "old key",
    [SINK_PENDING] = "new key",
    [SINK_RETIRED] = "retired key",
    [SINK_FOREIGN] = "foreign value",
    [SINK_CORRUPT] = "does not decode",
    [SINK_UNJUDGED] = "a value (no state to compare it with)",
};
static_assert(sizeof sink_values / sizeof *sink_values == SINK_UNJUDGED + 1,
              "every sink value has words");

const char *sink_words(enum sink_value v) {
  return (unsigned)v <= SINK_UNJUDGED ? sink_values[v] : "unknown";
}
