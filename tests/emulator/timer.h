// One thread that calls functions later. Delays of any number of requests in flight cost one heap
// entry each, no thread.
#ifndef EMU_TIMER_H
#define EMU_TIMER_H

#include <stdbool.h>

struct timers;

// `stopping` is true when the program ends before the time has come: release, do not act.
typedef void timer_fn(void *arg, bool stopping);

struct timers *timers_new(void);
// `prepare` (may be NULL) runs under the timers' lock before the entry can fire: a connection must
// be suspended before it can be resumed. False, with nothing called, once timers_stop has begun.
bool timers_after(struct timers *t, long ms, timer_fn *fn, void *arg, void (*prepare)(void *arg));
// From one thread only; a second call does nothing.
void timers_stop(struct timers *t); // runs what is left with stopping = true
void timers_free(struct timers *t);

#endif
