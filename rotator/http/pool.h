// Transports of libcurl that many threads share, as one transport:
//
//   1. An exchange, or several together, take an idle transport of the pool, or make another when
//      there is none.
//   2. So N threads have N transports at most, and each keeps its connections for the next one.
//   3. When the answers came, the transport goes back; when one did not it is closed, so that the
//      next one reads certificates anew, which may have been replaced.
//   4. Each repeats what may be repeated (retry.h), and passes one gate with every try (gate.h):
//      what a service asks of one request holds for all.
//   5. Nothing is made, and libcurl does not start, before the first exchange.
#ifndef ROTATOR_HTTP_POOL_H
#define ROTATOR_HTTP_POOL_H

#include "rotator/http/curl_transport.h"
#include "rotator/http/gate.h"
#include "rotator/http/retry.h"

// The strings in *o must live as long as the pool. retry NULL: RETRY_DEFAULT. NULL without memory.
// Its exchange may be called by several threads at once; ERR_INVALID also for a certificate's file
// that can't be used. No exchange may be under way when it is freed (transport_free).
struct transport *http_pool_new(const struct curl_options *o, const struct retry_limits *retry,
                                struct env *env);
// The gate of all its exchanges; it stays the pool's.
struct http_gate *http_pool_gate(struct transport *pool);
// Closes what is idle: with it go the connections.
void http_pool_close_idle(struct transport *pool);

// For tests: what makes the transports of every pool from now on. It may hand out one and the same
// object again and again, for a pool never frees what it did not make itself. NULL: the real ones.
typedef struct transport *http_pool_maker(const struct curl_options *o, struct env *env);
void http_pool_use(http_pool_maker *make);

#endif
