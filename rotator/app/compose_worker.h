// What each worker of a fleet has, and what all of them share.
#ifndef ROTATOR_APP_COMPOSE_WORKER_H
#define ROTATOR_APP_COMPOSE_WORKER_H

#include "backends/store.h"
#include "rotator/app/request_budget.h"
#include "rotator/cloud/iam_http.h"
#include "rotator/config/config.h"
#include "rotator/http/transport.h"

struct workers;

// `jobs` workers, numbered from 0. NULL without memory.
struct workers *workers_new(const struct config *config, struct env *env, unsigned jobs);
void workers_free(struct workers *w);

// How long a request may wait for its service's leave, at most (http/gate.h), and who hears of it.
// Before the first one.
void workers_waits(struct workers *w, int64_t most_ms, request_wait_notice *notice);

// The transport of all workers, for any thread; and worker `at`'s IAM client for that URL, for the
// worker's own thread, NULL without memory. Both live as long as *w.
struct transport *workers_transport(const struct workers *w);
struct iam *workers_iam(struct workers *w, unsigned at, const char *iam_url, struct error *e);
// Tokens of that IAM for stores, for any thread; NULL: there is no such IAM. They live as long as
// *w.
const struct store_tokens *workers_tokens(struct workers *w, const char *iam_url);

#endif
