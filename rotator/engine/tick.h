// One target's tick: observe, decide, do one thing, observe again … until there is nothing to do or
// only waiting is left.
//
// A target is what the configuration says plus the interfaces to act on. Its memory is what one
// process may remember between turns (PROTOCOL.md rule 11): losing it costs time, never safety.
#ifndef ROTATOR_ENGINE_TICK_H
#define ROTATOR_ENGINE_TICK_H

#include "backends/store.h"
#include "rotator/base/env.h"
#include "rotator/cloud/iam.h"
#include "rotator/cloud/logs.h"
#include "rotator/cloud/logs_reader.h"
#include "rotator/engine/decide.h"

struct memory; // memory.h

struct engine_sink {
  const char *name;
  struct store_item *item;
};

// What a tick acts through. iam and logs belong to the worker that runs the tick.
struct engine_io {
  struct env *env;
  struct iam *iam;
  struct logs *logs;          // for this target's instance; NULL: it has none
  struct logs_reader *reader; // likewise; NULL: test logs are not looked for
};

struct target {
  const char *name;
  const char *account, *iam_id, *instance;
  const char *key_name, *key_words; // of the keys made; words go before the tag
  const char *action_when_leaked;   // NULL: the service's default
  const char *application, *subsystem;
  int severity;
  const char *host_id;    // this host
  const char *writer;     // "host/pid version"
  const char *process_id; // 16 random hex digits of this process
  struct policy policy;
  struct store_item *home;
  struct engine_sink sinks[STATE_SINKS_MAX];
  size_t n_sinks;
  bool rebound; // the configuration's binding changed since the last run and the old state is still
                // there
  bool init;    // the command is init
  bool fleet_fails; // the same step failed for too many targets of this run: begin nothing new
  // One of the sinks is where the management credential is read from (section 8).
  bool own;
  // The reload hook; NULL: none. ERR_OK when it succeeded within its time.
  enum err (*hook)(void *ctx, const struct target *t, const struct state *s, struct error *e);
  void *hook_ctx;
  // The lock of class B and C stores: held from the first read of a turn until the last answer.
  // NULL: not needed.
  const char *lock_path;
  const char *mark_path; // mark of a write under way (class C); NULL: not needed
  struct memory *memory; // not NULL
};

// What is told to whoever watches: one call before each act, one after the last decision of a tick.
struct step {
  const struct target *target;
  const struct view *view;
  const struct action *action;
  enum err result;           // ERR_OK before the act; else how it went wrong
  enum phase phase;          // that the state is in now, after the act; PHASE_COUNT: no state
  const struct error *error; // NULL before the act
};
struct watcher {
  void (*begin)(void *ctx, const struct step *s); // may be NULL
  void (*end)(void *ctx, const struct step *s);
  void *ctx;
};

enum tick_end { TICK_REST, TICK_WAIT, TICK_ATTENTION, TICK_BUSY, TICK_STOPPED, TICK_FAILED };

struct tick_result {
  enum tick_end end;
  enum row row;
  enum why why;
  enum phase phase;        // PHASE_COUNT: no state
  struct verdict verdict;  // the worst of the sinks'; not known: nothing was read
  struct verdict previous; // of the old key's value, where there is one
  enum working working;    // the same in one word
  bool attention;          // with TICK_WAIT and TICK_REST: a person should see to it all the same
  int64_t
      again_ms; // env_mono_ms at which the next tick makes sense; INT64_MAX: not in this process
  // It waits until an earlier write has had its time. That is no matter of patience: a later
  // process would begin to count anew.
  bool of_mark;
  int64_t waiting_since_s; // phase_since of the state, 0 none
  char current_id[IAM_ID_MAX], previous_id[IAM_ID_MAX];
  uint64_t epoch, generation, seq;
  struct error error; // the last thing that went wrong, kind ERR_OK if nothing did
};

// The result of having seen `v` (NULL: nothing), of deciding on `a` (NULL: nothing was decided: it
// failed) and of `e` (NULL: nothing went wrong). Everybody who answers like a tick uses it, also
// those who only observe. Whoever knows better changes `end` and `again_ms`.
struct tick_result tick_result(const struct view *v, const struct action *a, const struct error *e);

void tick(struct target *t, const struct engine_io *io, const struct watcher *w,
          struct tick_result *ret);

// Reads sinks, state and IAM once without acting: for status, check, repair and --dry-run.
// *ret_state must be cleared by the caller; the view points into t->memory and *ret_state.
enum err tick_observe(struct target *t, const struct engine_io *io, bool ask_iam,
                      struct state *ret_state, struct view *ret, struct error *e);

// The key that IAM names for the value that the sink held in the last tick_observe; clear with
// iam_key_clear. ERR_MISSING: no value was read, or IAM knows no key of it.
enum err sink_key(struct target *t, const struct engine_io *io, size_t sink, struct iam_key *ret,
                  struct error *e);
// The same with IAM asked, and after that the value of each sink is proven, read back from there: a
// token and one test log. Nothing is changed but the evidence; the answer is in the verdicts of the
// view. *e is what went wrong last. Takes two tries, `absence_apart` apart, where a value is
// refused. `arrival`: that test log is looked for, too, for as long as the policy says; the sinks
// of the view say whether it was found.
enum err tick_verify(struct target *t, const struct engine_io *io, bool arrival,
                     struct state *ret_state, struct view *ret, struct error *e);

#endif
