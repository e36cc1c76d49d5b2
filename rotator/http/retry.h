// Retry as a decorator. Whether a result is worth another try is one function, how long to wait is
// another; both are pure.
#ifndef ROTATOR_HTTP_RETRY_H
#define ROTATOR_HTTP_RETRY_H

#include "rotator/base/env.h"
#include "rotator/http/transport.h"

struct retry_limits {
  unsigned tries;  // most sends of one request; default 4
  int64_t base_ms; // first ceiling of the wait; doubles; default 500
  int64_t cap_ms;  // ceiling of one wait; default 15000
  // A longer Retry-After is not waited for: the answer is handed up; default 30000.
  int64_t retry_after_cap_ms;
  int64_t deadline_ms; // all tries and waits together; default 60000
};
#define RETRY_DEFAULT ((struct retry_limits){4, 500, 15000, 30000, 60000})

// The two rules, apart. For tests, by table: from outside their many cases cannot be reached.
// Worth repeating? Unsent and 429 always; unsure, 408 and 5xx (not 501) only when the request says
// HTTP_REPLAY_SAFE; nothing with HTTP_REPLAY_ONCE.
// (A prompt request is not repeated after more than HTTP_PROMPT_MS of Retry-After: what it acts
// upon would be old by then.)
bool retry_is_worth(enum err result, int status, enum http_replay replay);
// For tests, likewise. Full jitter: a random wait in [0, min(cap, base · 2^(try−1))]; Retry-After,
// where given, is a floor. −1: longer than allowed, do not retry. `dice` is a random 32-bit number,
// `try_no` counts from 1.
int64_t retry_wait_ms(const struct retry_limits *p, unsigned try_no, int64_t retry_after_ms,
                      uint32_t dice);

// Takes ownership of inner. NULL without memory.
struct transport *retry_transport_new(struct transport *inner, const struct retry_limits *p,
                                      struct env *env);

#endif
