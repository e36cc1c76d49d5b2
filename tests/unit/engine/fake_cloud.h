// An IAM and a Cloud Logs that work, in the process, for tests of the engine that need no faults:
// one identity, keys in an array, time that stands until a sleep. The simulator in tests/protocol
// has the nasty ones.
#ifndef TESTS_UNIT_ENGINE_FAKE_CLOUD_H
#define TESTS_UNIT_ENGINE_FAKE_CLOUD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/memory/memory.h"
#include "rotator/engine/memory.h"
#include "rotator/engine/tick.h"
#include "rotator/engine/wish.h"
#include "tests/support/fake_env.h"

#define FAKE_KEYS 64

struct fake_key {
  struct iam_key key;
  struct secret *value;
  bool gone, manages_not;
};

struct rig {
  struct fake_env env;
  struct iam iam;
  struct iam_ops bearing_ops;
  struct logs logs;
  struct fake_key keys[FAKE_KEYS];
  size_t n_keys;
  bool iam_silent;       // IAM gives no answer
  bool refuses_all;      // … no key a token
  int64_t pause_ms;      // … and it said 429, with how long to wait
  int64_t list_takes_ms; // the list of keys does, slow_lists times
  unsigned slow_lists;
  void (*meanwhile)(struct rig *r); // what others do in the first of these; NULL: nothing
  unsigned slow_exchange_in;        // that many exchanges from now, one takes exchange_takes_ms
  int64_t exchange_takes_ms;
  int64_t listed_ms;         // when the keys were listed last
  int64_t end_age_ms;        // how long before a disable or delete that was, at most
  bool use_silent;           // … to the question who uses a key
  bool find_silent;          // … to the question for the key of a value
  bool list_hides;           // its list shows no key at all, as that of another group does
  bool limit_refused;        // it does not tell how many keys there are
  enum err created_answer;   // what a create answers that is done; no list shows its key then
  enum err create_answer;    // ERR_OK, or what create answers without doing anything
  enum logs_verdict verdict; // what a good token gets
  bool takes_forged;         // the endpoint takes a forged token, too
  bool own;                  // our own credential is a key: what is in sink "one", or
  const char *copy;          // … this, where it is read from a copy; NULL: it is not
  struct secret *gained;     // the key that the management token was gained with
  unsigned renewed_in;       // that many questions who uses a key from now, the process has slept:
  const char *renewed_with;  // its token had ended, and a new one is gained with this key
  const char *ends_with;     // the same, before a disable or delete by the management token
  bool manages_not;          // keys made from now on may not list the keys
  char ended_by[IAM_ID_MAX]; // whose token the last disable or delete bore
  unsigned logs_seen, lists; // logs that came, lists of keys that were asked for
  struct memory_space *space;
  struct memory memory;
  struct target target;
  struct engine_io io;
  struct tick_result result;
};

// A target "demo" on memory stores of class A: home "home", sinks "one" and "two"; grace and
// quarantine 0, waits 0.
struct rig *rig_new(void);
void rig_free(struct rig *r);

// Ticks until the engine rests, needs a person, or would wait for an hour or longer; waits pass at
// once.
void rig_run(struct rig *r);
// A new process: nothing is remembered.
void rig_restart(struct rig *r);
// After faults, in one to three processes: it rests with one key, which all consumers have, and no
// other is alive.
void rig_comes_to_rest(struct rig *r);
void rig_serves_a_live_key(struct rig *r); // each sink
// A key made by hand, active; returns its entry.
struct fake_key *rig_add_key(struct rig *r, const char *id, const char *value, const char *iam_id);
struct fake_key *rig_key(struct rig *r, const char *id);                // NULL: never was
struct fake_key *rig_key_of(struct rig *r, const struct secret *value); // NULL: nobody's
unsigned rig_live_keys(struct rig *r);
// The state as it is; the caller clears it. Fails the test when there is none.
struct state rig_state(struct rig *r);
void rig_put_sink(struct rig *r, const char *name, const char *value);
// What the sink holds: the id of the key with that value, "" if absent, "?" if nobody's.
const char *rig_sink_key(struct rig *r, const char *name);
// First key, settled.
void rig_init(struct rig *r);
// Set up, and run until there is nothing to do and the sinks' key works.
void rig_at_rest(struct rig *r);
const char *rig_current(struct rig *r); // the id of current's key; valid until the next call
void rig_wish(struct rig *r);           // for a rotation
enum phase rig_phase(struct rig *r);
// One that is managed by the key ApiKey-1 that it rotates, at rest.
struct rig *rig_own(void);
// What a look shows; without ask_iam, what is remembered.
struct view rig_observe(struct rig *r, bool ask_iam);
struct view rig_verify(struct rig *r); // what each sink holds is proven now

#endif
