// The memory store: spaces of items that live as long as the process. To the engine it is a store
// like any other, of class A, B or C as the setting says; a test or a simulator holds the space
// itself and can be nasty through it.
//
// A space has a lock of its own: threads, and items of the same name, may share it. The fault
// callback is called outside that lock, so it may look into the space, edit it, and land delayed
// writes.
//
//   struct memory_space *s = memory_space_new();
//   struct store_item *it = memory_open(s, STORE_SINK, "agent", STORE_CLASS_A);
//   memory_space_set_fault(s, lose_the_third, &my_state);
//   …
//   store_item_free(it);
//   memory_space_unref(s);
#ifndef BACKENDS_MEMORY_MEMORY_H
#define BACKENDS_MEMORY_MEMORY_H

#include "backends/store.h"

struct memory_space;

// For tests and simulators: a space of the caller's own, with one reference; NULL only when memory
// is exhausted.
struct memory_space *memory_space_new(void);
// The space that settings call by this name, made when it is not there; the registry and the caller
// hold a reference each.
struct memory_space *memory_space_named(const char *name);
// For tests, at their end: the registry forgets its named spaces (those in use live on, nameless).
void memory_spaces_forget(void);
// Drops a reference; items hold one each. With the last, everything is wiped. NULL allowed; always
// NULL.
struct memory_space *memory_space_unref(struct memory_space *s);

// For tests and simulators: an item object of the space, like the one that the settings make. The
// caller may then set its `stale_reads` and `longest_ms`, so that the engine knows what to expect
// of the faults below. NULL only when memory is exhausted.
struct store_item *memory_open(struct memory_space *s, enum store_kind kind, const char *name,
                               enum store_class class);

enum memory_op_kind { MEMORY_READ, MEMORY_WRITE, MEMORY_DESTROY_OLD, MEMORY_CHECK };

// What is about to happen; borrowed for the length of the callback.
struct memory_op {
  enum memory_op_kind kind;
  const struct store_item *item;
  const char *name;                   // of the item
  const struct store_record *record;  // of a write, else NULL
  const struct store_version *expect; // of a write, else NULL
};

// What shall happen. The first four are for writes; on other operations DELAY and DOUBLE are FINE,
// UNANSWERED is LOSE.
enum memory_fault {
  MEMORY_FINE,   // as the contract says
  MEMORY_DELAY,  // answered ERR_UNSURE; lands when memory_land says so, its `expect` looked at then
  MEMORY_DOUBLE, // done and answered truly; a copy of it is delayed
  MEMORY_UNANSWERED,     // done (its `expect` looked at), answered ERR_UNSURE
  MEMORY_LOSE,           // not done, answered ERR_UNSURE
  MEMORY_UNSENT,         // not done, answered ERR_UNSENT
  MEMORY_ANSWER = 0x100, // + enum err: not done, answered so
  MEMORY_STALE =
      0x200, // + k: a reading k writes old (or as old as there is), from MEMORY_HISTORY at most
};
#define MEMORY_HISTORY 8 // past contents kept of each item while a fault callback is set
static inline enum memory_fault memory_answer(enum err kind) {
  return (enum memory_fault)(MEMORY_ANSWER + (int)kind);
}
static inline enum memory_fault memory_stale(unsigned k) {
  return (enum memory_fault)(MEMORY_STALE + (int)k);
}

// For tests and simulators. Called before each operation on the space's items, from the thread that
// does it. NULL: no faults.
void memory_space_set_fault(struct memory_space *s,
                            enum memory_fault (*fault)(void *ctx, const struct memory_op *op),
                            void *ctx);

// For tests and simulators: writes that are under way, oldest first. memory_land lets the index-th
// arrive, true if it took effect; memory_drop lets it get lost.
size_t memory_delayed(struct memory_space *s);
bool memory_land(struct memory_space *s, size_t index);
void memory_drop(struct memory_space *s, size_t index);

// For tests and simulators: the present truth about an item, past all faults. False: absent
// (nothing is written). The caller clears *ret; ret_version may be NULL.
bool memory_peek(struct memory_space *s, const char *name, struct store_record *ret,
                 struct store_version *ret_version);
// For tests and simulators, an edit by hand: writes without asking (value NULL: removes the item),
// and gives it a new version.
enum err memory_poke(struct memory_space *s, const char *name, const struct store_record *r);
// For tests and simulators: gives the item a new version without writing it, as chmod does to a
// file.
void memory_touch(struct memory_space *s, const char *name);

#endif
