// What the engine's decisions, and what it sees, mean to people: one table by enum why, one by enum
// row, one by enum sink_value. Nothing else in the program words a decision.
#ifndef ROTATOR_APP_REPORT_DECISION_WORDS_H
#define ROTATOR_APP_REPORT_DECISION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/engine/decide.h"

struct why_words {
  bool fault; // something gave no answer or failed: it passes by itself, or lasts (alert_after)
  // When it is not known whether consumers have a working key, is this a reason to fear that they
  // have none?
  bool doubt;
  const char *text; // a clause: no capital, no full stop
  // The command that ends it, without "rotator" and target: "repair --new-key". NULL: it ends by
  // itself, and each run brings it on.
  const char *next;
  // What only a person can decide or mend, before that command does any good; NULL: nothing.
  const char *person;
};
const struct why_words *why_words(enum why w);

struct row_words {
  const char *doing;   // of the row's act: "creating the new key, disabled"
  const char *done;    // "created the new key, disabled"
  const char *request; // what it sends, for --dry-run; NULL: a write of the state
};
const struct row_words *row_words(enum row r);

// Why a value does not work, or is not known to: a clause, "the key was deleted".
const char *cause_words(enum cause c);
// The command that ends that, as in why_words.
const char *cause_next(enum cause c);
// "working, proven 2026-11-24T05:40:00Z (settle)", "not working: the key was deleted".
void verdict_words(char *dst, size_t cap, const struct verdict *v);
// The first line of every answer about a target: "Consumers have a working key: ApiKey-…",
// "Consumers have NO working key: the key was deleted". NULL, or without a cause: nothing was seen.
void working_words(char *dst, size_t cap, enum working w, const struct verdict *v);

// What became of the test log that was looked for: "its test log was found". "": it was not.
const char *arrival_words(enum arrival_seen a);
// The same in one word, for the JSON answer: "found", "not_found", "refused"; "": it was not.
const char *arrival_name(enum arrival_seen a);

// What a sink holds: "old key", "no answer" …
const char *sink_words(enum sink_value v);

#endif
