// One turn: what was read, in the order that the protocol demands (sinks, then state, then IAM),
// and what the one act of this turn needs from it: the versions under which it may write. Nothing
// of a turn outlives it, except through memory.h.
#ifndef ROTATOR_ENGINE_TURN_H
#define ROTATOR_ENGINE_TURN_H

#include "rotator/base/text_digest.h"
#include "rotator/engine/memory.h"
#include "rotator/engine/tag.h"
#include "rotator/engine/tick.h"
#include "rotator/engine/transition.h"

struct sink_reading {
  enum err result;
  struct store_record record;
  struct secret *served; // what consumers read though the store must not; NULL: that is not known
  struct store_version version;
  struct error error;
  bool key_alive;    // IAM showed the key of its value alive, in this turn
  int64_t unasked_s; // it gave no answer then, and the look went on; 0: it did, or was not asked
};

struct turn {
  int64_t began_ms; // env_mono_ms; later, where the state was confirmed since
  struct view view;
  struct state state; // valid if view.state points to it
  struct sink_view sink_views[STATE_SINKS_MAX];
  struct sink_reading sinks[STATE_SINKS_MAX];
  struct store_version home_version;
  char versions[TEXT_SHA256_HEX]; // digest of the sink versions
  char binding[TAG_BINDING_MAX];
  // than the state, as far as that is known, and one of them is not as the state has it
  bool sinks_older;
  struct iam *stand_in; // IAM by a key of the state, where our own credential is refused; NULL: not
  enum slot_name stand_in_of;
  bool verifies;             // by hand: test logs are looked for
  enum arrival_seen arrival; // … and so it ended, of the last one
  struct iam_key_list keys;  // as IAM listed them in this turn
  int64_t asked_ms;          // env_mono_ms when they were asked for
  struct iam_key adoptable;
  size_t adoptable_sink; // the sink that holds its value
  struct error error;    // the last thing that went wrong while reading
};

struct turn *turn_new(void); // NULL without memory
void turn_free(struct turn *t);

// What consumers read in the sink, for judging it; NULL: not known, or nothing.
struct secret *turn_served(const struct turn *u, size_t sink);

// Is what was read too old for an act that cannot be taken back? Then all is to be read anew.
#define READING_GOOD_MS 30000
bool turn_is_old(const struct turn *u, const struct engine_io *io, const struct action *a);
// The same of what is made where nothing is: absent is the one version that repeats, so a write
// that comes late is refused by nobody.
bool turn_absence_is_old(const struct turn *u, const struct engine_io *io,
                         const struct store_version *v);

// Is a store of class B or C in use?
bool target_is_of_one_host(const struct target *t);

// Reads sinks, then the state, and fills in the view as far as these go.
void turn_read_stores(struct turn *u, struct target *t, const struct engine_io *io);
// Asks IAM, and fills in the rest.
void turn_ask_iam(struct turn *u, struct target *t, const struct engine_io *io);

// carry.c: a look that is gone on with. _take: the turn's own look becomes the one that is carried.
// _is_fit: may the look that memory has be used in this turn? Then turn_carry_look fills in the
// view from it. _on: after the act; the look goes on, or is dropped. _created, _enabled: what IAM
// answered to an effect of ours belongs to it.
void carry_take(struct turn *u, struct target *t);
bool carry_is_fit(const struct turn *u, const struct target *t, int64_t now_ms);
void turn_carry_look(struct turn *u, struct target *t, const struct engine_io *io);
void carry_on(struct target *t, const struct action *a, enum err err);
void carry_created(struct memory *m, const struct iam_key *k);
void carry_enabled(struct memory *m, const char *key_id);

// IAM for the effects of this turn: as the look of this turn asked it.
static inline struct iam *turn_iam(const struct turn *u, const struct engine_io *io) {
  return u->stand_in ? u->stand_in : io->iam;
}

// own.c: the rotator's own key as what a target rotates. What the credential is, put into the view;
// after the list of keys was answered by turn_iam.
void own_look(struct turn *u, struct target *t, const struct engine_io *io);
// Our own credential was refused: a key of the state that IAM takes stands in for it in this turn.
// False: there is none.
bool own_stand_in(struct turn *u, struct target *t, const struct engine_io *io);
// IAM for what is done to a key that has a successor: by the successor, where both are ours.
// *ret_made is to be freed by the caller (NULL: nothing to free).
enum err own_iam(struct turn *u, struct target *t, const struct engine_io *io, struct iam **ret,
                 struct iam **ret_made, struct error *e);

// observe_identity.c: can the identity's keys be managed with this token? ERR_OK: they were listed
// with it; *ret_shown: that key among them. Else as for the list of keys (ERR_DENIED: it may not).
enum err own_manages(struct target *t, const struct engine_io *io, const struct secret *bearer,
                     const char *key_id, bool *ret_shown, struct error *e);

// The look at IAM failed with *e. When IAM, or our own credential, refused it for good, that is
// kept, and *e says it when the identity is gone.
void turn_iam_failed(struct turn *u, struct target *t, struct iam *iam, struct error *e);

// What the evidence says of each slot and sink, put into the view. After every reading.
void turn_judge(struct turn *u, struct target *t);
// The entry of a value in the target's book, made where there is none.
struct evidence *turn_evidence(struct turn *u, struct target *t, const struct secret *value,
                               const char *key_id);

// One step of a proof of the slot, entered into memory: all exchanges at once when they need not be
// spread, else one.
enum err prove_step(struct turn *u, struct target *t, const struct engine_io *io,
                    const struct action *a, struct error *e);
// What memory knows about a proof of the slot that is still usable in this turn, put into the view.
void proof_recall(struct turn *u, struct target *t, const struct engine_io *io,
                  enum slot_name slot);
// A token of the slot's value, of the target's identity; a refusal is entered into the evidence.
enum err prove_token(struct turn *u, struct target *t, const struct engine_io *io,
                     const struct slot *slot, struct iam_token *ret, struct error *e);
// The full proof of a key that is in no slot, now: sleeps between the exchanges, and leaves nothing
// in memory. ERR_REFUSED: it does not work.
enum err prove_key(struct turn *u, struct target *t, const struct engine_io *io,
                   const struct slot *slot, struct error *e);

// The search for a test log that was sent with a value (arrival.c). _sent: one was, in a proof of
// pending, or by hand (then it is looked for whatever was found before). _search: one query,
// entered into evidence and memory; ERR_MISSING where it was not found and the answer says what may
// be missing. _recall: what is known of pending's, put into the view. _await: searches and sleeps
// until it was found or the time is over; what came of it is in the turn. *e: why it was not found,
// if that was said.
void arrival_sent(struct turn *u, struct target *t, const struct engine_io *io,
                  const struct slot *slot, const char *nonce);
enum err arrival_search(struct turn *u, struct target *t, const struct engine_io *io,
                        const struct slot *slot, struct error *e);
void arrival_recall(struct turn *u, struct target *t, const struct engine_io *io);
enum err arrival_await(struct turn *u, struct target *t, const struct engine_io *io,
                       const struct slot *slot, struct error *e);

// A probe of a value that may be in no slot, now: what comes of it is in its evidence. Tries once
// more, and sleeps in between, when it did not pass. `step` stands in the test log, which is noted
// for arrival_await where the turn verifies.
enum err prove_value(struct turn *u, struct target *t, const struct engine_io *io,
                     const struct slot *slot, const char *step, struct error *e);

// Does the one act.
enum err act_do(struct turn *u, struct target *t, const struct engine_io *io,
                const struct action *a, struct error *e);
// Writes a successor of the turn's state. Sets e and remembers the highest seq.
enum err act_cas(struct turn *u, struct target *t, const struct state *next, struct error *e);
// What the transitions of this turn need; `in` points into it. `fresh`: with a fresh value where
// values are ours to make. ERR_INTERNAL without randomness; to be cleared in any case.
struct act_input {
  struct transition_input in;
  struct state_sink sinks[STATE_SINKS_MAX];
  const struct secret *values[STATE_SINKS_MAX];
  char lineage[STATE_LINEAGE_MAX];
};
enum err act_input(struct turn *u, struct target *t, const struct engine_io *io, bool fresh,
                   struct act_input *ret);
void act_input_clear(struct act_input *i);

// Writes an item under the mark where the store needs one. Without an answer the mark stays: the
// write may still land.
enum err mark_write_item(struct target *t, struct store_item *item, const struct store_record *r,
                         const struct store_version *expect, struct error *e);
// Under the lock, before anything is read: may a write still be under way? Then mark_error says so
// (ERR_LOCKED).
bool mark_blocks(struct target *t, const struct engine_io *io);
enum err mark_error(struct target *t, const struct engine_io *io, struct error *e);

#endif
