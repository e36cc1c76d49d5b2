// A gate before every host that one pool sends to. What a service asks of one request, it asks of
// all of ours:
//
//   1. An answer 429 or 503 with Retry-After closes the host for that long (GATE_CLOSED_MS at most;
//      the longest stands). Meanwhile nothing is sent there, whoever asks.
//   2. Who comes to a closed gate waits for it, if it opens within GATE_WAIT_MS and the request's
//      own time; else it gets ERR_THROTTLED, with the time that is left, and nothing was sent. A
//      `prompt` request waits for HTTP_PROMPT_MS at most: what it acts upon was seen before, and is
//      to be seen anew after a longer wait.
//   3. An answer 429 also halves how many requests may be under way there at once, and each
//      GATE_GROWS good answers allow one more, until it is as if nothing had been.
//      Of several that want to go together (transport.h) those for which there is room go at once,
//      and the others after them: behind a 429 they go one by one, or not at all.
//   4. A host may have a pace besides: so many requests a minute (struct http_pace). Who has to
//      wait for it waits likewise; a prompt request is counted and does not wait.
#ifndef ROTATOR_HTTP_GATE_H
#define ROTATOR_HTTP_GATE_H

#include "rotator/base/env.h"
#include "rotator/http/transport.h"

#define GATE_WAIT_MS 30000
#define GATE_CLOSED_MS (15 * 60 * 1000)
#define GATE_GROWS 8

// Says when a request may be sent; called by any thread.
struct http_pace {
  // ERR_OK: after *ret_wait_ms (≤ most_ms; 0: now), and its place is taken. ERR_THROTTLED: not
  // within most_ms; e->retry_after_ms says when. Any other error: it is not known, and nothing is
  // sent. `prompt`: now, whatever was sent before.
  enum err (*take)(struct http_pace *p, bool prompt, int64_t most_ms, int64_t *ret_wait_ms,
                   struct error *e);
};

// A host was closed for so long; called by any thread, for each answer that did it.
typedef void http_gate_notice(void *ctx, const char *host, int status, int64_t ms);

struct http_gate;
struct http_gate *http_gate_new(struct env *env); // NULL without memory
void http_gate_free(struct http_gate *g);         // NULL allowed
// All three before the first exchange. Nobody waits longer than ms, where that is less than
// GATE_WAIT_MS. The pace is for the host of that URL and stays the caller's.
void http_gate_patience(struct http_gate *g, int64_t ms);
void http_gate_watch(struct http_gate *g, http_gate_notice *notice, void *ctx);
bool http_gate_pace(struct http_gate *g, const char *url, struct http_pace *pace);

// A transport that passes the gate with each request. Takes inner over; the gate stays the
// caller's. NULL without memory (then inner is freed).
struct transport *http_gate_transport_new(struct transport *inner, struct http_gate *g);

#endif
