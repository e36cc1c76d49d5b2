// What a tick has seen: the whole input of decide. Plain data without I/O; observe.c makes it,
// tests write it down.
#ifndef ROTATOR_ENGINE_VIEW_H
#define ROTATOR_ENGINE_VIEW_H

#include "rotator/engine/evidence.h"
#include "rotator/engine/policy.h"
#include "rotator/engine/state.h"

enum home_seen {
  HOME_SILENT,  // no answer
  HOME_REFUSED, // there, and must not be used (rights, symbolic link, full)
  HOME_ABSENT,  // no state
  HOME_OK,
  HOME_CORRUPT, // does not decode, newer schema
  HOME_BACK,    // an older seq or generation than seen before
  HOME_REBOUND, // another binding than the configuration's
};

enum sink_value {
  SINK_SILENT,  // no answer
  SINK_REFUSED, // there, and must not be used (symbolic link, foreign lines, rights)
  SINK_EMPTY,
  SINK_CURRENT, // holds the value of that slot
  SINK_PREVIOUS,
  SINK_PENDING,
  SINK_RETIRED,  // a value of ours that was retired
  SINK_FOREIGN,  // a value that never was ours
  SINK_CORRUPT,  // it does not decode; it can be written over
  SINK_UNJUDGED, // a value, but there is no state to compare it with
};

// Was a test log that the key sent found where logs are read? (PROTOCOL.md section 5)
enum arrival_seen {
  ARRIVAL_OFF,     // it is not looked for
  ARRIVAL_UNSENT,  // no log to look for, or it is time for another one
  ARRIVAL_SENT,    // sent, and not found yet
  ARRIVAL_MISSED,  // not found in time: not known whether the key's logs arrive
  ARRIVAL_REFUSED, // … for the reader was refused for good
  ARRIVAL_FOUND,
};

struct sink_view {
  const char *name;
  enum sink_value value;
  enum store_class class;
  bool stamped;              // class A: bears this state's epoch (B, C: always true)
  bool noted;                // the writing that was noted on entering grace, or since, is there
  bool rewritten;            // class B, C: noted, and written anew since
  bool listed;               // the state lists its place
  bool renamed;              // … under another name
  bool acted;                // written in this tick already
  bool unwritable;           // it said that it would take no other value (asked before a rotation)
  struct verdict verdict;    // does what consumers read here work?
  enum arrival_seen arrival; // tick_verify alone: was the log found that it sent?
  const struct store_version *version; // as it was read; "": there is none
};

enum key_seen {
  KEY_NOT_ASKED,
  KEY_ACTIVE,
  KEY_DISABLED,
  KEY_EXPIRED,
  KEY_ABSENT, // in one look, or in looks that were not apart
  KEY_GONE,   // absent twice, apart
};

enum proof_kind { PROOF_PROBE, PROOF_FULL };
enum proof_seen {
  PROOF_NONE,    // nothing known about it with this seq and these sink versions
  PROOF_PROBED,  // a probe passed
  PROOF_PROVEN,  // the full proof passed (a probe too)
  PROOF_UNKNOWN, // tried, no verdict (outage, propagation, no control)
  PROOF_REFUTED, // a definite refusal while the control passed
};

struct slot_view {
  enum key_seen key;
  bool dead; // disabled, expired or gone, said twice apart
  bool locked;
  int64_t look_again_s; // when the next look may settle it (KEY_ABSENT, not yet dead); 0: no need
  int64_t modified_s;   // IAM's modified_at, −1 unknown
  enum proof_seen proof;
  unsigned refutations;   // in a row, after the propagation budget
  int64_t prove_again_s;  // not before; 0: at once
  struct verdict verdict; // does its value work?
  enum arrival_seen arrival;
  int64_t arrive_again_s; // not looked for, or no other log sent, before that; 0: at once
};

// The rotator's own credential, where it is a key that this target rotates (PROTOCOL.md section 8).
struct own_view {
  bool is;            // it is; what follows is said only then
  bool other;         // … by configuration, but it is a key of another identity
  bool reads_current; // read anew from where it is configured, it is current's value
  bool by_current;    // the token in use was gained with current's value
  bool by_previous;   // … with previous's
  bool began_after;   // this process began after the sinks had settled in this epoch
};

struct view {
  int64_t now_s; // the server's clock where known, else ours
  enum home_seen home;
  const struct store_version *home_version; // as it was read; "": there is none
  const struct policy *policy;              // what the configuration wants
  const struct state *state;                // NULL unless HOME_OK (or HOME_BACK)
  int64_t back_for_s;                       // HOME_BACK: how long already
  bool other_host; // a class B or C store is in use and the state names another host

  const struct sink_view *sinks; // those of the configuration
  size_t n_sinks;
  bool sink_lost;   // the state lists a sink that the configuration no longer has
  bool sinks_agree; // the non-empty ones hold one value (no state)

  bool iam_asked, iam_answered;
  bool carried;     // what is said of IAM was seen in an earlier turn of this tick, and goes on
  bool iam_refused; // it, or our own credential, said no for good: nothing is learned from a list
  // The list of keys lacks one of ours that IAM shows when asked for it, or has fewer than IAM
  // counts: what it does not show may be there all the same.
  bool list_short;
  bool look_due;  // at rest: look_every is over, a pending was dropped in this run, or current
                  // looked bad
  bool probe_due; // at rest and in grace: the last proof of current is too old, or something spoke
                  // against it since
  // When they will be, if nothing but time goes on; INT64_MAX: never for that.
  int64_t look_due_s, probe_due_s;
  struct slot_view slots[SLOT_COUNT];
  char found_id[IAM_ID_MAX]; // pending without id: the id of its key, as answered or found; "" not
                             // seen
  bool found_active;         // … that key was found active
  bool value_taken;          // pending's value belongs to a key that is not ours
  bool create_refused; // this process's create was refused for good, and the key was not found by
                       // value
  bool is_stager;      // origin iam: this process staged pending
  bool key_places_known;
  int64_t key_places;        // free places for keys
  char stray_id[IAM_ID_MAX]; // one stray; "" none
  bool stray_locked;         // strays that were acted on in this tick are passed over
  unsigned other_lineages;   // keys of this binding and another lineage
  bool tags_seen;            // keys that bear this binding (no state)
  bool witness_ahead; // a sink's stamp, or the tag of a sink's key, is newer than the state: it
                      // went back
  uint64_t tag_generation;         // highest generation and stamp seen anywhere (no state)
  struct iam_key const *adoptable; // no state: the key that IAM names for the sinks' one value,
                                   // active and of this identity
  bool previous_used_known;        // activity of previous could be read
  int64_t previous_used_s;         // its last_authn; −1 never
  int64_t current_used_s;          // grace: last use of current by others; 0 none seen, or noted
  bool current_unused;             // grace: nobody used current since it began, we included

  struct own_view own;

  bool command_init; // first set-up was asked for
  bool rotated_now;  // in this run, of this process: the next by age waits for a later one
  bool adopted_now;  // adopted in this run: never rotated in the same
  bool has_hook;
  bool hook_failed; // in this tick
  bool hook_done;   // this process ran it with success in this epoch
  bool due;         // by date alone
  bool window_open;
  bool fleet_fails; // too many targets of this run failed at the same step
  int64_t due_s;
};

#endif
