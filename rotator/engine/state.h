// The state of one target: the one item in its home store, changed only by compare-and-set.
// PROTOCOL.md section 2.
//
// transition.c and order.c are the only files that make a changed state; store it with its
// successor's seq and read it back before anything is done on the strength of it.
#ifndef ROTATOR_ENGINE_STATE_H
#define ROTATOR_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/store.h"
#include "rotator/base/secret.h"
#include "rotator/cloud/iam.h"
#include "rotator/engine/policy.h"

#define STATE_SCHEMA 1
#define STATE_SINKS_MAX 16
#define STATE_RETIRED_MAX 24
#define STATE_LINEAGE_MAX 17     // 16 hex digits
#define STATE_FINGERPRINT_MAX 33 // 32 hex digits
#define STATE_WHO_MAX 128

enum phase { PHASE_IDLE, PHASE_STAGED, PHASE_PUBLISHING, PHASE_GRACE, PHASE_RETIRING, PHASE_COUNT };
const char *phase_name(enum phase p);

struct slot {
  bool used;
  struct secret *value;    // NULL only in pending with origin iam, before its answer
  char key_id[IAM_ID_MAX]; // "" until noted
  uint64_t generation;     // 0: adopted, bears no tag
  int64_t since_s;         // when its key was made (adopted: as IAM says), server time
  int64_t adopted_s;       // when it was adopted; 0: made by us
};
enum slot_name { SLOT_CURRENT, SLOT_PREVIOUS, SLOT_PENDING, SLOT_COUNT };
const char *slot_name(enum slot_name s);

enum wish_kind { WISH_NONE, WISH_ROTATE, WISH_BACK_TO, WISH_GIVE_UP, WISH_RETIRE, WISH_COUNT };
const char *wish_name(enum wish_kind w);

struct wish {
  enum wish_kind kind;
  char key_id[IAM_ID_MAX]; // back to this key; retire, rotate: this key may go (state_may_retire)
  int64_t grace_s;         // rotate: of that rotation; −1: the policy's
  bool compromised;        // rotate: grace and quarantine 0, does not wait for window or due
  char reason[STATE_WHO_MAX];
  char by[STATE_WHO_MAX];
  int64_t at_s; // retire: by the clock that phase_since_s is of
};

struct hold {
  bool on;
  int64_t until_s; // 0: until lifted
  char reason[STATE_WHO_MAX];
  char by[STATE_WHO_MAX];
};

struct state_sink {
  char name[64];
  char place[512];            // store_item.place
  struct store_version noted; // on entering grace; "" before
};

struct state {
  uint64_t seq; // +1 at each write
  enum phase phase;
  uint64_t generation; // +1 at each staging
  uint64_t epoch;      // the seq at which publishing was last entered
  uint64_t hook_epoch; // the epoch whose reload hook has succeeded
  char account[IAM_ID_MAX], iam_id[IAM_ID_MAX], instance[IAM_ID_MAX];
  char lineage[STATE_LINEAGE_MAX];
  char host[STATE_WHO_MAX];       // "" when only class A stores are in use
  char stager[STATE_LINEAGE_MAX]; // origin iam: the process that staged pending, "" otherwise
  bool pending_from_iam;          // origin of pending's value
  struct slot slots[SLOT_COUNT];
  struct state_sink sinks[STATE_SINKS_MAX];
  size_t n_sinks;
  struct wish wish;
  struct hold hold;
  int64_t grace_s, quarantine_s; // of the rotation under way; −1: the policy's
  unsigned failures;             // failed rotations in a row
  unsigned moved;                // how often grace was begun again in this rotation
  char retired[STATE_RETIRED_MAX][STATE_FINGERPRINT_MAX]; // newest first; "" where unused
  int64_t phase_since_s;                                  // server time
  // Of one phase, 0: not so. Documents without these members are of before they were known.
  int64_t in_use_s;    // last use of the new key by others, as it was when seen first
  int64_t late_s;      // last use of the old key that was late, and seen before any of the new one
  int64_t disabled_s;  // retiring: since when previous was seen disabled without a break
  int64_t rewritten_s; // a sink with current in it was last seen to have been written by others
  char writer[STATE_WHO_MAX]; // "host/pid version"
};

// The document that stands in a home store after `forget`: no state, and no secret. Reading it is
// like reading nothing, except that there is a version to write under.
#define STATE_FORGOTTEN "{\"rotator_forgotten\":1}"

void state_clear(struct state *s); // wipes and zeroes
enum err state_copy(const struct state *from,
                    struct state *ret); // deep; ERR_INTERNAL without memory
void slot_clear(struct slot *s);

// A short salted digest by which an older value of ours is recognised without keeping it.
// ERR_INTERNAL without memory, *ret is "" then.
enum err state_fingerprint(const struct state *s, const struct secret *value,
                           char ret[STATE_FINGERPRINT_MAX]);
// Puts the value among the retired ones, so that a sink that holds it is written anew. Nothing if
// it is known. ERR_INTERNAL without memory: those that are known stay.
enum err state_add_retired(struct state *s, const struct secret *value);
bool state_knows_retired(const struct state *s, const struct secret *value);

// The same for a sink whose content is no value, known by its place and version: a person said that
// just this content may be written over. Where the store cannot tell versions of such a content
// apart ("") the place alone counts.
enum err state_add_garbage(struct state *s, const char *place, const struct store_version *v);
bool state_knows_garbage(const struct state *s, const char *place, const struct store_version *v);

// When the grace that is under way ends, for whoever ends no grace by hand. A sink that was written
// by others with current in it may have held the old key for a while before that: whoever read it
// then reads again within reload_within. That puts the end off by no more than another grace.
int64_t state_grace_s(const struct state *s, const struct policy *p);
int64_t state_grace_end_s(const struct state *s, const struct policy *p);

// Did a person say, in this very grace, that the old key may go though it is still used? A wish
// that names another key, or was made before grace began (again), is none. A wish for a rotation
// may bear it too.
bool state_may_retire(const struct state *s);

// What no writer of ours produces, so that it is better stopped at than acted on: names the member
// that is wrong; NULL for a possible state.
const char *state_impossible(const struct state *s);

// The document: {"rotator_state":1,"sha256":…,"state":{…}}. Strict: unknown or missing members, a
// wrong checksum, impossible combinations (staged without pending, two slots with one generation,
// seq 0 …) are ERR_CORRUPT with the member named; a newer schema is ERR_CORRUPT with the code
// "schema". state_encode reads back what it made and compares it: ERR_INTERNAL when it would not be
// the same state (without memory, or an impossible one). *ret_back is what it read (NULL allowed).
enum err state_encode(const struct state *s, struct secret **ret, struct state *ret_back,
                      struct error *e);
enum err state_decode(const struct secret *document, struct state *ret, struct error *e);

#endif
