// What one run leaves for the next about one target: a small private file,
// <state_dir>/<target>.run.
//
// Nothing in it has authority: losing it costs one look at IAM and one probe of the key. It keeps
// what was seen of the values that consumers read (evidence.h), so that what one run saw is not
// forgotten by the next, nor by a command by hand. It spares a run with nothing due
// every connection (the identity behind a service ID's name, the time of the last look), and lets
// `run` stay silent about a passing fault until it has lasted. The file's own time says when the
// last run ended, so that a run which changes nothing else costs one utimensat.
#ifndef ROTATOR_APP_LAST_RUN_H
#define ROTATOR_APP_LAST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "rotator/base/error.h"
#include "rotator/base/text_digest.h"
#include "rotator/cloud/iam.h"
#include "rotator/engine/evidence.h"
#include "rotator/engine/tag.h"

struct last_run {
  char service_id
      [IAM_NAME_MAX];      // as the configuration had it (identity.h); "" nothing is remembered
  char iam_id[IAM_ID_MAX]; // what it meant
  char binding[TAG_BINDING_MAX]; // of the state the last run worked on
  int64_t last_look_s;           // last answered look at IAM, our clock; 0 never
  bool iam_refused;              // the last look was refused for good
  int64_t absent_since_s;  // since when a sink of class A has not been there, our clock; 0 all are
  int64_t trouble_since_s; // since when each run has met a fault; 0: the last met none
  char row[32], why[32];   // how the last run ended
  int exit;                // … and what it answered
  // What the program of `notify` was told last (notify.h): the condition, the key, and when; "",
  // "", 0: nothing. The later of two processes' counts.
  char told[16], told_key[IAM_ID_MAX];
  int64_t told_s;
  int64_t ended_s;  // when it ended (the file's time); 0 never. Not written
  uint64_t written; // digest of what the file holds; 0: there is none. Not written
  // SHA-256 of the file's bytes, as they were read or written last; all zero: there is none, or
  // what was written holds what another process saw meanwhile. Not written.
  unsigned char content[TEXT_SHA256_BYTES];
};

// "<state_dir>/<target>.run" into dst.
bool last_run_path(char *dst, size_t cap, const char *state_dir, const char *target);

// Never fails: when there is none, or it cannot be used, *ret and *ret_book are all zero.
void last_run_load(const char *path, struct last_run *ret, struct evidence_book *ret_book);

// Writes *r and the book if they differ from what was read or written last. Evidence that another
// process has kept in the file meanwhile is taken over into the book (evidence_merge). `ran`: a run
// has ended now; else (a command observed) the file keeps its time and how the last run ended, and
// nothing is done when nothing is new.
enum err last_run_save(const char *path, struct last_run *r, struct evidence_book *book, bool ran,
                       struct error *e);

// Sets the file's time to now, for a run that ended without decoding it, if its bytes are still
// those of that digest. `path` is looked for in the directory `at`. False: they are others, or it
// cannot be done.
bool last_run_touch(int at, const char *path, const unsigned char content[TEXT_SHA256_BYTES]);

// A run ended with a fault (or none): since when has this lasted?
void last_run_note(struct last_run *r, bool fault, int64_t now_s);

#endif
