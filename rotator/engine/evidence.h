// What was seen of the values that consumers read: the only basis on which this program says that a
// key works, or that it does not.
//
// Evidence belongs to a value, not to a sink, a slot or a key's id: whatever holds the value, be it
// the state's current one or something a hand put into a sink, is judged by what was seen of that
// value. Values are known by a salted digest (a print). There are three kinds of it, each with its
// time, and the newest of a kind replaces the older one:
//
//   proof      a token was made of the value, and the bound instance took a test log with it
//   IAM        what IAM last showed of the value's key: alive, disabled, expired, deleted
//   refusal    the value, or a token made of it, was refused twice, apart
//
// A proof ends whatever spoke against the value before it. A refusal, or a key that IAM shows dead,
// stands until newer evidence of its kind, or a proof, replaces it: neither the end of a process
// nor time makes it go. The caller keeps the book over runs.
#ifndef ROTATOR_ENGINE_EVIDENCE_H
#define ROTATOR_ENGINE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rotator/base/secret.h"
#include "rotator/cloud/iam.h"

#define EVIDENCE_PRINT_MAX 33 // 32 hex digits and NUL
#define EVIDENCE_MAX 12       // values kept, the one entered last first
#define EVIDENCE_BY_MAX 16
#define EVIDENCE_NONCE_MAX 33

// Why a value does not work, or why that is not known. Names are for records and JSON; what people
// read is worded by the program's reports.
// clang-format off
#define CAUSE_LIST(X)                                                                              \
  X(none)                                                                                          \
  X(deleted) X(disabled) X(expired)                    /* IAM: of the key */                       \
  X(identity_gone)                                     /* IAM: the service ID was deleted */       \
  X(refused)                                           /* IAM takes no token request with it */    \
  X(other_identity)                                    /* … it is a key of somebody else */        \
  X(sender_missing) X(instance_gone)                   /* ingestion: 401 or 403; 404 */            \
  X(manager_missing)                                   /* IAM: it may not list its keys */         \
  X(empty) X(not_decodable) X(retired)                 /* the sink: nothing, garbage, an old one */\
  X(unreadable) X(silent) X(unasked)                   /* not known: the sink; IAM, of the key */ \
  X(unanswered) X(unproven)                            /* not known: the proof */
// clang-format on
enum cause {
#define X(name) CAUSE_##name,
  CAUSE_LIST(X)
#undef X
      CAUSE_COUNT
};
const char *cause_name(enum cause c);
enum cause cause_of_name(const char *name); // CAUSE_COUNT: no such

struct evidence {
  char print[EVIDENCE_PRINT_MAX]; // "": unused
  char key_id[IAM_ID_MAX];        // of the value's key; "" not known
  int64_t proven_s;               // the last proof, server time; 0: never
  char proven_by[EVIDENCE_BY_MAX];
  enum cause iam; // none: alive, or never asked
  int64_t iam_s;  // since when IAM shows it so; 0: it never showed anything else
  enum cause refusal;
  int64_t refusal_s;
  int64_t unanswered_s; // the last try to prove it that got no verdict; 0: none since the last
  // Proof of arrival: the test log that is looked for, and when one was found last.
  char nonce[EVIDENCE_NONCE_MAX]; // "": none
  int64_t sent_s, arrived_s;      // server time; 0: never
  // of this process: refusals in a row, and when the first of them was
  unsigned refusals;
  int64_t refused_ms;
};

struct evidence_book {
  struct evidence of[EVIDENCE_MAX];
};

// The print of a value; `salt` is the same for all values of a target (its binding).
void evidence_print(const char *salt, const struct secret *value, char ret[EVIDENCE_PRINT_MAX]);

// The entry of that print: NULL if there is none; evidence_enter makes one then, in place of the
// one that was entered longest ago. What it returns is good until something else is entered.
const struct evidence *evidence_find(const struct evidence_book *b, const char *print);
struct evidence *evidence_enter(struct evidence_book *b, const char *print, const char *key_id);
// The entry of the value of that key; NULL: none is known to be. Good as long as that of enter.
struct evidence *evidence_of_key(struct evidence_book *b, const char *key_id);

// Takes over what another process has seen meanwhile, value by value: of each kind the newer one
// stands, and a proof ends what is older than it. Values that are not in *b are added while there
// is room.
void evidence_merge(struct evidence_book *b, const struct evidence_book *other);

// A proof passed; `by`: the row or command that asked for it.
void evidence_proven(struct evidence *e, const char *by, int64_t now_s);
// IAM showed the value's key: CAUSE_none when it is alive.
void evidence_iam(struct evidence *e, enum cause seen, int64_t now_s);
// The value was refused. It counts when it was refused twice with at least apart_ms between the
// two (now_ms: env_mono_ms), as an absence does. True: it counts now.
bool evidence_refused(struct evidence *e, enum cause seen, int64_t now_s, int64_t now_ms,
                      int64_t apart_ms);
// A try to prove it ended without a verdict.
void evidence_unanswered(struct evidence *e, int64_t now_s);

// A test log was sent that is to be looked for, and it was found. Neither is part of the verdict:
// whether logs arrive depends on the instance too.
void evidence_sent(struct evidence *e, const char *nonce, int64_t now_s);
void evidence_arrived(struct evidence *e, int64_t now_s);

enum verdict_kind { VERDICT_NOT_KNOWN, VERDICT_WORKING, VERDICT_NOT_WORKING };
const char *verdict_name(enum verdict_kind k); // "working", "not working", "not known"

struct verdict {
  enum verdict_kind kind;
  enum cause cause; // none when it works
  int64_t seen_s;   // when that was seen; 0: not said
  int64_t proven_s; // the last proof, also where it does not work now; 0: never
  char proven_by[EVIDENCE_BY_MAX];
  char key_id[IAM_ID_MAX];
};

// What the evidence says of a value. NULL: nothing is known of it.
struct verdict evidence_verdict(const struct evidence *e);

#endif
