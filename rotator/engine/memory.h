// What one process remembers about one target between turns. Everything here may be lost at any
// time.
#ifndef ROTATOR_ENGINE_MEMORY_H
#define ROTATOR_ENGINE_MEMORY_H

#include "rotator/base/atomic_file.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/view.h"

#define MEMORY_SIGHTINGS_MAX 8
#define MEMORY_STRAYS_MAX 32

struct turn;

// Rule 4: an absence, or a death, counts when it was seen twice, apart. One entry a key of a slot.
struct sighting {
  char key_id[IAM_ID_MAX];
  unsigned absent, unusable;      // looks in a row that showed it so
  int64_t absent_ms, unusable_ms; // env_mono_ms of the first of them
};

struct proof_memory {
  char fingerprint[STATE_FINGERPRINT_MAX]; // of the value it is about; "" none
  uint64_t seq;
  char versions[TEXT_SHA256_HEX]; // digest of all sink versions
  unsigned passed;                // exchanges that passed so far
  bool tamper_refused;            // the changed token was refused
  enum proof_seen verdict;
  unsigned refutations, unknowns;
  int64_t next_ms, done_ms;
};

// Since when exchanges of a value pass without a break (proof.c).
struct passing_memory {
  char fingerprint[STATE_FINGERPRINT_MAX]; // of the value; "" none
  int64_t since_ms, last_ms;
};

// The search for one test log.
struct arrival_memory {
  char nonce[EVIDENCE_NONCE_MAX]; // of the log it is about
  int64_t next_ms;                // env_mono_ms, not before
  bool asked;                     // by this process
  bool refused;                   // the reader was, for good
};

// A look at IAM that the next turns of the same tick may go on with (carry.c).
struct carried_look {
  bool is;
  struct iam_key_list list; // as it was answered, and as our own effects were answered since
  int64_t asked_ms;         // env_mono_ms when it was sent for
};

// The last document that was written in this tick, and what it decodes to.
struct written_state {
  struct secret *document; // NULL: none
  struct state state;
};

struct memory {
  uint64_t max_seq, max_generation;
  bool began;            // a state was read
  uint64_t began_epoch;  // its epoch, if the sinks had settled in it; 0: they had not
  int64_t back_since_ms; // since when an older state is being read; 0 not
  struct sighting sightings[MEMORY_SIGHTINGS_MAX];
  struct evidence_book book; // kept over runs by the caller
  int64_t last_look_s; // wall clock of the last answered look at IAM (kept over runs by the caller)
  bool iam_refused;    // … and the last one was refused for good (kept likewise)
  bool dropped;        // a pending was dropped in this run: look at once
  bool adopted;
  bool rotated; // a key was promoted in the place of another
  struct proof_memory proofs[SLOT_COUNT];
  struct passing_memory passing;
  struct arrival_memory arrival;
  int64_t enabled_ms; // when our enable of pending was answered, or pending was first seen active
  char enabled_id[IAM_ID_MAX];
  char created_id[IAM_ID_MAX]; // answer to create …
  uint64_t created_generation;
  bool created_disabled;
  struct secret *created_value; // … with origin iam
  bool create_refused;          // a 400/409 that may mean "exists"
  uint64_t create_refused_generation;
  int64_t unfound_ms; // … since when nobody was found to have the value; 0: was not searched
  struct error create_error;
  uint64_t hook_done_epoch; // the hook succeeded in this epoch
  int64_t first_asked_s;    // when IAM was first asked who uses the new key, server time
  unsigned backoff;         // waits in a row
  // class A sinks that are not there: since when, by our wall clock, seconds (kept over runs by the
  // caller); 0: there
  int64_t absent_since_s[STATE_SINKS_MAX];
  struct file_version mark; // the mark of an unclean end that is being waited for
  int64_t mark_until_ms;
  struct turn *kept; // the reading that tick_observe handed out
  // of one tick (memory_new_tick)
  struct carried_look carried;
  struct written_state written;
  bool sink_acted[STATE_SINKS_MAX];
  char strays_acted[MEMORY_STRAYS_MAX][IAM_ID_MAX];
  unsigned n_strays;
  bool hook_failed;
  bool refused; // an effect was refused for good: the tick ends in attention
};
void memory_init(struct memory *m);
void memory_new_tick(struct memory *m);
// What was seen of a key now, entered into its sighting; returns the entry.
struct sighting *memory_sight(struct memory *m, const char *key_id, bool absent, bool unusable,
                              int64_t now_ms);
// Did the last look at this key show it absent or unusable? Then the next look shall not wait for
// look_every.
bool memory_doubts(const struct memory *m, const char *key_id);
// This document was written, and is this state where it is read. Both are taken over; *s is zeroed.
void memory_wrote(struct memory *m, struct secret *document, struct state *s);
void memory_forget_written(struct memory *m);
// As state_decode. The very bytes that were written are not decoded again: that is a pure function,
// and gave that state before they were written (state_encode).
enum err memory_decode(const struct memory *m, const struct secret *document, struct state *ret,
                       struct error *e);
void carry_drop(struct memory *m);   // carry.c: no look is carried any more
void memory_clear(struct memory *m); // wipes what it owns

// For how long exchanges of one value have passed, one after the other, none of them in vain.
// _enter: one passed; `print` as in proof_memory ("": nothing is noted). _end: one did not. _spans:
// do they reach over `span_ms`, and may another one be added now? Two that lie more than a minute
// apart do not belong together.
void passing_enter(struct passing_memory *m, const char *print, int64_t now_ms);
void passing_end(struct passing_memory *m);
bool passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms,
                   int64_t now_ms);

#endif
