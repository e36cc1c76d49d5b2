// Coroutines: several rotators in one thread, so that the scheduler alone decides who goes on.
#ifndef TESTS_PROTOCOL_CO_H
#define TESTS_PROTOCOL_CO_H

#include <stdbool.h>

struct co;

struct co *co_new(void (*run)(void *arg), void *arg);
// From outside: goes into the coroutine until it yields or ends.
void co_resume(struct co *c);
// From inside: goes back to whoever resumed it.
void co_yield (struct co *c);
bool co_ended(const struct co *c);
// Only an ended coroutine. Its stack is kept for the next one.
void co_free(struct co *c);
void co_drop_stacks(void);

#endif
