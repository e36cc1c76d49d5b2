// Transports of one server for a store whose items are used by several threads at once: a call
// takes an idle transport or makes another, so N threads have at most N connections, and each
// connection is used again. Retrying is in it (rotator/http/retry.h).
#ifndef BACKENDS_HTTP_POOL_H
#define BACKENDS_HTTP_POOL_H

#include "rotator/http/curl_transport.h"
#include "rotator/http/retry.h"

struct http_pool;

// The options' strings must live as long as the pool. NULL without memory.
struct http_pool *http_pool_new(const struct curl_options *o, const struct retry_policy *retry,
                                struct env *env);
// No exchange may be under way. NULL is allowed; always NULL.
struct http_pool *http_pool_free(struct http_pool *p);

// As http_exchange; ERR_INVALID also when a certificate's file cannot be used. Thread safe.
enum err http_pool_exchange(struct http_pool *p, const struct http_request *req,
                            struct http_response *ret, struct error *e);

// For tests: what makes the transports of every pool from now on. It may hand out one and the same
// object again and again, for a pool never frees what it did not make itself. NULL: the real ones.
typedef struct transport *http_pool_maker(const struct curl_options *o, struct env *env);
void http_pool_use(http_pool_maker *make);

#endif
