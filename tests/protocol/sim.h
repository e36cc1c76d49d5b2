// The simulator's world: one target in simulated time, the truth about it, and the rotators that
// act on it.
//
// sched.c keeps the time and the queue of things to come; every call of a fake passes proc_point()
// there, where the rotator waits (a little, or for hours), may be stopped, and may die. fake_env.c,
// fake_iam.c, fake_logs.c and fake_store.c are what the engine sees; iam_truth.c and sink.c keep
// what is true. check*.c look at the truth after each change of it and compare it with the promises
// of PROTOCOL.md section 1. host.c starts rotators, hands.c is the people around them, scenario.c
// draws from the seed what kind of world it is, plant.c plants errors to see whether the checks
// find them.
//
// All times are milliseconds of true time unless a name says otherwise; hosts and the server have
// clocks of their own.
#ifndef TESTS_PROTOCOL_SIM_H
#define TESTS_PROTOCOL_SIM_H

#include <stdarg.h>

#include "backends/memory/memory.h"
#include "rotator/engine/evidence.h"
#include "rotator/engine/memory.h"
#include "rotator/engine/tag.h"
#include "rotator/engine/tick.h"
#include "tests/protocol/co.h"
#include "tests/protocol/params.h"
#include "tests/protocol/rng.h"
#include "tests/protocol/things.h"

enum job {
  JOB_TICK,
  JOB_INIT,
  JOB_ROTATE,
  JOB_COMPROMISED,
  JOB_ROLLBACK,
  JOB_HOLD,
  JOB_RESUME,
  JOB_KEEP_STATE,
  JOB_KEEP_SINK,
  JOB_NEW_KEY,
  JOB_DROP_SINK,
  JOB_RETIRE,
  JOB_LOOK,
  JOB_VERIFY,
  JOB_COUNT
};

struct sim;
struct proc;

struct fake_env {
  struct env base;
  struct proc *p;
};
struct fake_iam {
  struct iam base;
  struct proc *p;
  bool bears; // a certain token: of this key (−1: forged), until then, gained at that event
  int key;
  int64_t end_ms;
  uint64_t event;
};
struct shown_token {
  int key;
  uint64_t event;
  int64_t end_ms;
  bool genuine;
};
struct fake_logs {
  struct logs base;
  struct proc *p;
};
struct fake_reader {
  struct logs_reader base;
  struct proc *p;
};
struct fake_item {
  struct store_item base;
  struct proc *p;
  int item;
}; // item: its number, HOME_ITEM for the state

// One process of a host, from its start to its end or death.
struct proc {
  struct sim *sim;
  unsigned number, host;
  unsigned book; // whose record it keeps: its host's, or that of the one host there is
  enum job job;
  struct co *co;
  bool ghost; // dead: its calls do nothing, so that the engine unwinds and frees what it holds
  bool stopping, stop_seen, marked_at_death, server_known;
  unsigned ghost_calls;
  int64_t mono_base_ms;
  struct fake_env env;
  struct fake_iam iam;
  struct fake_logs logs;
  struct fake_reader reader;
  struct fake_item home, sinks[SIM_SINKS];
  struct target target;
  struct engine_io io;
  struct memory memory;
  char writer[32], process_id[17], host_id[16];
  struct store_record early; // plant state_first: the state as it was before the sinks were read
  struct store_version early_version;
  bool has_early;
  struct witness seen;
  int copied;           // OWN_COPY: the key of the copy
  int64_t token_end_ms; // of the management token, whose key seen.gained is
  bool stands_in;       // a key of the state stands in for it: its list is a look
  int seen_pending;     // pending in its last reading of the state; SINK_NOTHING
  int64_t started_ms;
  bool iam_answered; // the last look at IAM got its answers
  struct shown shown[SIM_KEYS];
};

struct totals {
  uint64_t runs, rotations, given_up, swaps, crashes, stops, pauses, processes, ticks, calls,
      events, switches;
  uint64_t unsent, throttled, lost, late, late_landed, twice, stale, outages, complaints;
  uint64_t hands, edits, wishes, config, strangers, repairs, heals, consumer_reads, checks, l1;
  uint64_t rights, verdicts, said_working, said_not_working, books_lost;
  uint64_t rows[ROW_COUNT];
};

struct sim_event {
  int64_t at_ms;
  uint64_t order;
  void (*run)(struct sim *s, void *arg);
  void *arg;
  void (*drop)(void *arg); // frees arg, after the run or instead of it; NULL: nothing to free
};

struct sim {
  uint64_t seed;
  const uint8_t *chosen; // what is decided by these bytes, and not by the seed; NULL: nothing
  size_t n_chosen;
  struct rng rng;
  struct params p;
  struct totals *totals;
  struct own_past { // what sink 0 held, newest last
    int64_t from_ms;
    int key;
    bool by_hand;
  } own_past[SIM_OWN_PAST];
  unsigned n_own_past;
  int64_t own_back_ms; // when it last came to hold again what it held before
  const char *dir;     // for lock and mark
  int plant;           // plant.h
  int64_t now_ms;
  uint64_t event; // counts what happens
  bool faults;    // still on
  bool over, violated;
  char violation[512];
  struct sim_event *queue;
  size_t n_queue, cap_queue;
  // truth
  struct sim_key keys[SIM_KEYS];
  int n_keys;
  struct sim_sink sinks[SIM_SINKS];
  int rare_key; // what the consumer holds that exchanges seldom; SINK_NOTHING: it is gone
  struct memory_space *space;
  struct store_item *items[SIM_SINKS + 1]; // the stores themselves; the last is the home
  enum memory_fault next_fault;
  char home_version[STORE_VERSION_MAX];
  bool has_state;
  struct state state;
  uint64_t state_event;
  int64_t state_ms;
  uint64_t phase_event, hook_epoch;
  uint64_t taken_back; // event at which the note of a disabling was last taken back
  int64_t
      grace_from_ms; // since when every sink showed current, by the witness of the settling process
  int64_t server_offset_ms, host_offset_ms[SIM_HOSTS];
  struct sim_log logs[SIM_LOGS];
  unsigned n_logs;                                                                    // ever
  int64_t iam_down_ms, logs_down_ms, store_down_ms, complaining_ms, endpoint_open_ms; // until when
  int64_t hiding_ms;         // until when each list shows no key
  enum shown_refusal rights; // what ingestion answers to a token of ours now
  int64_t wish_grace_s;      // a wish of this run asked for it; −1 none
  bool compromised;
  bool asked_to_retire;          // a person did, at some time
  int retire_key;                // the key that may go, as the state was asked to note, …
  uint64_t retire_epoch;         // … in this epoch and in no other
  bool repairing;                // a person repairs: current may change by no row of the table
  const struct witness *landing; // what the sender of the write that lands knew
  unsigned n_procs;
  struct proc *running[SIM_HOSTS * 4];
  unsigned n_running;
  struct tick_result last;
  bool has_last;
  unsigned last_host;
  bool one_host;                // a class B or C store is in use
  enum working said[SIM_HOSTS]; // by the last tick that kept each book
  struct evidence_book books[SIM_HOSTS];
  struct shown shown[SIM_HOSTS][SIM_KEYS];
  unsigned rotations;
  int64_t faults_end_ms;
  // trace
  bool tracing;
  char (*trace)[240];
  unsigned n_trace;
};

// sched.c
void sim_at(struct sim *s, int64_t at_ms, void (*run)(struct sim *s, void *arg), void *arg,
            void (*drop)(void *arg));
bool sim_step(struct sim *s); // the next event; false when there is none
void sim_forget(struct sim *s);
void sim_forget_proc(struct sim *s, const struct proc *p); // it is not woken any more
bool proc_wait(struct proc *p, int64_t ms);                // false: it is dead
bool proc_point(struct proc *p);                           // a switch point
bool proc_point_within(struct proc *p, int64_t most_ms);   // … that takes no longer
// trace.c
#define sim_note(s, ...) ((s)->tracing ? sim_trace((s), __VA_ARGS__) : (void)0)
void sim_trace(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_trace_print(const struct sim *s, unsigned most);
void sim_violate(struct sim *s, const char *promise, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// fate.c
enum fate {
  FATE_FINE,
  FATE_UNSENT,
  FATE_THROTTLED,
  FATE_LOST,
  FATE_UNANSWERED,
  FATE_LATE,
  FATE_TWICE
};
enum fate fate_draw(struct sim *s, bool change, int64_t down_until_ms);
int64_t fate_late_ms(struct sim *s);
enum err fate_error(struct sim *s, enum fate f,
                    struct error *e); // ERR_OK where the request is done and answered

// iam_truth.c: what is true of keys
struct key_spec {
  const char *owner, *value, *name, *description;
  bool disabled;
};
int key_make(struct sim *s, const struct key_spec *k); // −1: the value exists
int key_by_id(const struct sim *s, const char *id);
// Has no other key its value? A late create may give one a second key, and no answer of IAM about
// that key by its id says of which value it is.
bool key_is_alone(const struct sim *s, int key);
int key_by_value(const struct sim *s,
                 const char *value); // the one that exists, else the last that did; −1
bool key_alive(const struct sim_key *k);
bool key_spoiled(const struct sim *s, int i); // a person had a hand in a key of this value
bool key_is_ours(const struct sim *s, const struct sim_key *k);
void key_switch(struct sim *s, int i, bool disabled);
void key_remove(struct sim *s, int i);
struct key_past key_as_of(const struct sim_key *k, int64_t at_ms);
int64_t sim_server_ms(const struct sim *s);

// the fakes
void fake_env_init(struct proc *p);
void fake_iam_init(struct proc *p);
void fake_logs_init(struct proc *p);
void fake_reader_init(struct proc *p); // after io was filled in
void reader_log_sent(struct proc *p, int key, const char *nonce);
void fake_item_init(struct proc *p, int item, struct fake_item *ret);
void stores_open(struct sim *s);
void stores_close(struct sim *s);
int64_t fake_mono_ms(struct proc *p);
void fake_token_text(const struct sim *s, int key, char *dst, size_t cap);

// sink.c: the truth about items, re-read after every write that may have landed
void items_changed(struct sim *s, bool by_hand);
void sink_edit(struct sim *s, int sink, const char *value); // by hand; NULL removes
// The content stays; it is written anew, or its metadata is.
void sink_touch(struct sim *s, int sink, bool write);

// check.c, check_state.c, check_end.c
void check_now(struct sim *s);
void check_key_dies(struct sim *s, int key, const char *how);
void check_state_changed(struct sim *s, const struct state *old, const struct state *new);
void check_request(struct proc *p, const char *what,
                   const char *key_id); // before enable, disable, delete, describe
bool check_end(struct sim *s, char *why, size_t cap);
void check_rest(struct proc *p); // a tick of it ended at rest
// Does the state list the sink, and by which name? NULL: no. A place tells one, not its name.
const char *state_lists(const struct state *st, const struct sim_sink *sink);
unsigned witness_passed(const struct witness *w, int key, uint64_t since, int64_t *ret_span_ms);
// Its last look at IAM came after its last reading of the state: it was of that turn.
bool witness_looked(const struct witness *w);
bool witness_refused(const struct witness *w, int key, uint64_t since);

// check_verdict.c: S8
void shown_key(struct proc *p, int key, bool alive, bool absent);
// … in an answer that named it by its id alone: of a value with two keys it says nothing for sure.
void shown_key_by_id(struct proc *p, int key, bool alive, bool absent); // by an answer of IAM
void shown_refused(struct proc *p, int key, enum shown_refusal how);
void shown_no_verdict(struct proc *p, int key); // a try to prove it ended in nothing
void shown_accepted(struct proc *p, int key);
void book_load(struct proc *p);
void book_save(struct proc *p);
void check_verdicts(struct proc *p, const struct view *v); // of the sinks
void check_result(struct proc *p, const struct tick_result *r);
void check_look(struct proc *p, const struct view *v); // after a look by hand

// own.c: the rotator's own key as the key of the target
void own_begin(struct proc *p);
bool own_works_elsewhere(struct proc *p); // on other targets, first; false: it died
void own_place_changed(struct sim *s);
// Is the call authenticated? Gains a token where there is none. ERR_OK, also where it is no matter.
enum err own_authenticate(struct fake_iam *i, struct error *e);
enum err own_credential(struct iam *c, const char *iam_id, struct iam_credential *ret,
                        struct error *e);
struct iam *own_bearing(struct iam *c, const struct secret *bearer);
void own_listed(struct fake_iam *i, enum err err, const struct iam_key_list *l); // in a proof
void own_check_request(const struct fake_iam *i, const char *what, int key);
void own_check_promoted(struct sim *s, int key, const struct witness *w, uint64_t since);
void own_check_retire(struct sim *s, int key, const struct witness *w);
void own_check_now(struct sim *s);
bool own_rescue(struct sim *s); // a person puts a key by hand where none is left; false: no need
// fake_logs.c
struct shown_token token_read(const struct secret *bearer);
void witness_token(struct proc *p, const struct shown_token *t, bool accepted);
// remember.c
void decoded_forget(void);
// host.c
void proc_start(struct sim *s, unsigned host, enum job job);
void proc_start_later(struct sim *s, int64_t ms, unsigned host, enum job job);
void hosts_begin(struct sim *s);
void proc_command(struct proc *p); // command.c
void proc_wake(struct sim *s, void *arg);
void proc_died(struct proc *p);
void procs_kill(struct sim *s);
// hands.c, person.c
int state_key(const struct sim *s, enum slot_name slot); // the key in a slot of the true state; −1
void hands_begin(struct sim *s);
void earlier_state(struct sim *s);                // makes its key
void people_see(struct sim *s, enum phase phase); // the phase changed
void person_begin(struct sim *s);
void consumers_begin(struct sim *s);
void rights_take(struct sim *s, enum shown_refusal what); // SHOWN_NONE: given back
// scenario.c
bool scenario_draw(struct sim *s, const char *name);
const char *scenario_names(void);
// world.c: one run; true: no violation
bool sim_run(struct sim *s, uint64_t seed, const char *scenario);
void sim_end(struct sim *s);

#endif
