// Inside the memory store. memory_space.c keeps spaces and cells, memory_content.c reads and writes
// them, memory.c is the store that serves them and does the faults.
#ifndef BACKENDS_MEMORY_MEMORY_SPACE_H
#define BACKENDS_MEMORY_MEMORY_SPACE_H

#include "backends/memory/memory.h"

#include <pthread.h>

struct memory_content {
  struct store_record record; // value NULL: absent
  uint64_t version;           // 0: absent
  unsigned touched;           // how often by memory_touch
};

// One item's place in a space. It lives as long as the space.
struct memory_cell {
  char *name;
  struct memory_content now;
  struct memory_content past[MEMORY_HISTORY]; // [0] is what was there before `now`
  size_t n_past;
  struct memory_cell *next;
};

// A write as it travels. Class C looks at no `expect`; only class A keeps the stamp.
struct memory_write {
  struct memory_cell *cell;
  enum store_class class;
  struct store_record record;
  struct store_version expect;
};

struct memory_delayed {
  struct memory_write write;
  struct memory_delayed *next;
};

struct memory_space {
  pthread_mutex_t lock; // of everything below
  unsigned refs;
  uint64_t counter; // of all versions given so far
  struct memory_cell *cells;
  struct memory_delayed *delayed; // oldest first
  enum memory_fault (*fault)(void *ctx, const struct memory_op *op);
  void *fault_ctx;
};

void memory_space_ref(struct memory_space *s);
// The cell of that name, made when it is not there; NULL when memory is exhausted. The second wants
// the lock held.
struct memory_cell *memory_space_cell(struct memory_space *s, const char *name);
struct memory_cell *memory_space_cell_locked(struct memory_space *s, const char *name);
// These two want the lock held, or nobody else around.
void memory_cell_forget_past(struct memory_cell *c);
void memory_delayed_free(struct memory_delayed *d);
enum memory_fault memory_space_ask(struct memory_space *s, const struct memory_op *op);

// Reads the content that was present `age` writes ago (0: now; at most the oldest that is known).
enum err memory_space_read(struct memory_space *s, struct memory_cell *c, unsigned age,
                           struct store_record *ret, struct store_version *ret_version,
                           struct error *e);

// `w` is borrowed. ERR_CONFLICT as in the store contract.
enum err memory_space_write(struct memory_space *s, const struct memory_write *w,
                            struct store_version *ret_version, struct error *e);
// Puts a copy of `w` among the delayed writes.
enum err memory_space_delay(struct memory_space *s, const struct memory_write *w, struct error *e);
void memory_space_forget_past(struct memory_space *s, struct memory_cell *c);

#endif
