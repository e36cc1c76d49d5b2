// What is known of the life of a target's keys: which key was what, and when, and when it was
// proven, refused or used. Put together from the history, the state and the evidence. Pure.
//
// The history tells the changes, oldest first; the state tells what is so now, and wins: whoever
// lost the history has at least that. Only the last LIFE_KEYS_MAX keys are kept.
#ifndef ROTATOR_APP_PAGE_LIFE_H
#define ROTATOR_APP_PAGE_LIFE_H

#include "rotator/base/json.h"
#include "rotator/engine/view.h"

#define LIFE_KEYS_MAX 4
#define LIFE_SPANS_MAX 8
#define LIFE_MARKS_MAX 40

enum life_stage { LIFE_NEW, LIFE_CURRENT, LIFE_OLD, LIFE_DISABLED, LIFE_STAGES };
const char *life_stage_name(enum life_stage s); // "new", "current", "old", "disabled"

struct life_span {
  enum life_stage stage;
  int64_t from_s, to_s; // to_s 0: it lasts
};
struct life_key {
  char id[IAM_ID_MAX];
  struct life_span spans[LIFE_SPANS_MAX]; // one after the other; the last ones, if there were more
  size_t n_spans;
};

enum life_event { LIFE_PROVEN, LIFE_REFUSED, LIFE_USED, LIFE_EVENTS };
struct life_mark {
  enum life_event event;
  size_t key; // index
  int64_t at_s;
};

struct life {
  struct life_key keys[LIFE_KEYS_MAX]; // in the order in which they were first seen
  size_t n_keys;
  struct life_mark marks[LIFE_MARKS_MAX]; // the last ones
  size_t n_marks;
  // of the history so far
  int64_t created_s;  // the pending key's, of which no id was noted yet
  int64_t adopted_s;  // of a key whose id was not known
  int64_t promoted_s; // when a key became current last
  int64_t last_s;     // of the last entry
};

// An entry of the history (history.h), oldest first. What it does not know it passes over.
void life_add_entry(struct life *l, const cJSON *entry);
// Then what the state says: once. Keys that are in no slot have ended.
void life_add_state(struct life *l, const struct state *s);
// What was seen of the values; of keys that are not known it is passed over.
void life_add_evidence(struct life *l, const struct evidence_book *b);

// The span that lasts; NULL: the key is gone.
const struct life_span *life_lasting(const struct life_key *k);

#endif
