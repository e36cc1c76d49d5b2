// What there is in the simulated world, and what the checks remember of it: keys, logs, sinks, and
// what a process or a host has seen of them. sim.h has the world that they are in.
#ifndef TESTS_PROTOCOL_THINGS_H
#define TESTS_PROTOCOL_THINGS_H

#include "backends/memory/memory.h"
#include "rotator/engine/evidence.h"
#include "rotator/engine/memory.h"
#include "rotator/engine/tag.h"
#include "rotator/engine/tick.h"
#include "tests/protocol/params.h"

#define SIM_ACCOUNT "0123456789abcdef0123456789abcdef"
#define SIM_IDENTITY "iam-ServiceId-11111111-1111-1111-1111-111111111111"
#define SIM_STRANGER "iam-ServiceId-22222222-2222-2222-2222-222222222222"
#define SIM_INSTANCE "22222222-3333-4444-5555-666666666666"

enum {
  SIM_KEYS = 512,
  SIM_HOSTS = 3,
  SIM_PAST = 8,
  SIM_PROOFS = 24,
  SIM_PROCS = 16384,
  SIM_OWN_PAST = 64
};
struct key_past {
  int64_t from_ms;
  bool exists, disabled;
};

// The truth about one key, and what the checks remember of it.
struct sim_key {
  char id[IAM_ID_MAX], value[64], description[IAM_DESC_MAX], name[64];
  const char *owner;
  bool exists, disabled, locked;
  int value_of;                   // the first key that had this value
  char print[EVIDENCE_PRINT_MAX]; // of that value
  int64_t created_ms, modified_ms, used_ms;
  int64_t uses;
  struct key_past past[SIM_PAST]; // newest last
  unsigned n_past;
  bool tagged, adopted;
  struct tag tag;
  bool hand;                  // a person disabled, enabled or deleted it, or made it
  bool noted;                 // its id stood in a true state
  bool current;               // … in `current`
  bool beyond;                // was previous in `retiring`
  bool removed;               // deleted by a rotator
  bool found;                 // a test log of it was, where logs are read
  bool proven;                // a full proof of it passed, or it was adopted
  bool given_up;              // a person said that its value in a sink may be written over
  bool braked;                // it went beyond return by the brake, and not by a person
  int64_t grace_ms;           // that was due to it when it went beyond return
  uint64_t looked[SIM_SINKS]; // event of the last look at each sink before that
};

// A test log that was accepted.
enum { SIM_LOGS = 64 };
struct sim_log {
  char nonce[40];
  int key;
  int64_t at_ms, server_s, visible_ms;
  bool lost;
};

// The truth about one sink.
struct sim_sink {
  char name[16], other_name[16]; // for the rotators: one of these, `called`
  const char *called;
  enum store_class class;
  bool configured; // rotators started now know it
  bool consumed;   // somebody reads it
  int key;         // whose value it holds; SINK_NOTHING, SINK_UNKNOWN
  uint64_t stamp;
  uint64_t changed; // event of its last change
  char version[STORE_VERSION_MAX];
  bool by_hand;                 // the present content was put there by a person
  bool may_overwrite;           // a person said so
  uint64_t edited;              // event of the last edit by hand
  int64_t held_ms[SIM_KEYS];    // when it last held the value of that key; −1 never
  int64_t flipped_ms[SIM_KEYS]; // when that key's value last left it, between two readings; −1
  uint64_t flip;                // event at which a hand took current out; 0: none
  uint64_t flip_epoch;
  int64_t held_was_ms[SIM_KEYS];    // held_ms before the last change
  int64_t held_before_ms[SIM_KEYS]; // held_ms before it
  int consumer_key;                 // what its consumer holds
  int64_t consumer_read_ms;
};
enum { HOME_ITEM = SIM_SINKS };
enum { SINK_NOTHING = -1, SINK_UNKNOWN = -2 };

// What one process has seen: the evidence for its decisions.
struct sink_seen {
  uint64_t event, changed; // of the reading, and of the change that made what was read
  int64_t at_ms;
  int key;
  uint64_t stamp;
};
struct proof_passed {
  int key;
  uint64_t event; // of the exchange
  int64_t at_ms;
};
struct witness {
  struct sink_seen sinks[SIM_SINKS];
  uint64_t state_event;
  int64_t sent_ms;       // when it began to send the write that this goes with
  uint64_t looked_event; // the reading of the state that its last look at IAM came after
  struct proof_passed passed[SIM_PROOFS], refused[SIM_PROOFS]; // rings; refused: the changed token
  unsigned n_passed, n_refused;
  // Of the rotator's own key, where it is the target's.
  uint64_t born;                           // event of its first reading of the state
  int gained;                              // the key of its management token
  int reads;                               // the key that its credential read last, and when
  uint64_t reads_event;                    //
  struct proof_passed managed[SIM_PROOFS]; // ring: keys that were listed by a token of theirs
  unsigned n_managed;
};

// What a host was shown of one value, kept as the program keeps its book of evidence.
struct shown {
  bool dead;   // IAM: its key is disabled or gone, and nothing newer says otherwise
  bool asleep; // … disabled, also where it was never proven
  enum shown_refusal {
    SHOWN_NONE,
    SHOWN_REFUSED,
    SHOWN_NO_SENDER,
    SHOWN_NO_INSTANCE
  } refused;                    // twice, apart, and never proven since
  bool ever_dead, ever_refused; // whatever came later
  bool proven;                  // a log was accepted with it, at some time
  int64_t proven_ms;
  // of one process: refusals in a row, and when the first of them was
  unsigned refusals;
  int64_t refused_ms;
  int64_t first_refused_ms; // also where IAM showed it disabled and alive since; 0: none
};

#endif
