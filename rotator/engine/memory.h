// What one process remembers about one target between turns. Everything here may be lost at any time.
#ifndef ROTATOR_ENGINE_MEMORY_H
#define ROTATOR_ENGINE_MEMORY_H

#include "rotator/base/text.h"
#include "rotator/engine/decide.h"

#define MEMORY_SIGHTINGS_MAX 8

// Rule 4: an absence, or a death, counts when it was seen twice, apart.
struct sighting {
  char key_id[IAM_ID_MAX];
  enum key_seen seen;
  int64_t first_ms, last_ms;  // env_mono_ms
};

struct proof_memory {
  char fingerprint[STATE_FINGERPRINT_MAX];  // of the value it is about; "" none
  uint64_t seq;
  char versions[TEXT_SHA256_HEX];  // digest of all sink versions
  unsigned passed;          // exchanges that passed so far
  bool tamper_refused;      // the changed token was refused
  enum proof_seen verdict;
  unsigned refutations, unknowns;
  int64_t next_ms, done_ms;
};

struct memory {
  uint64_t max_seq, max_generation;
  int64_t back_since_ms;      // since when an older state is being read; 0 not
  int64_t last_look_s;        // wall clock of the last answered look at IAM (kept over runs by the caller)
  bool dropped;               // a pending was dropped in this run: look at once
  bool adopted;
  struct sighting sightings[MEMORY_SIGHTINGS_MAX];
  struct proof_memory proofs[SLOT_COUNT];
  int64_t enabled_ms;         // when our enable of pending was answered, or pending was first seen active
  char enabled_id[IAM_ID_MAX];
  char created_id[IAM_ID_MAX];  // answer to create …
  uint64_t created_generation;
  bool created_disabled;
  struct secret *created_value;  // … with origin iam
  bool create_refused;           // a 400/409 that may mean "exists"
  uint64_t create_refused_generation;
  struct error create_error;
  unsigned backoff;              // waits in a row
  // of one tick (cleared when the target is put back)
  bool acted[ROW_COUNT];
  bool sink_acted[STATE_SINKS_MAX];
  bool hook_failed;
};
void memory_init(struct memory *m);
void memory_clear(struct memory *m);  // wipes what it owns

#endif
