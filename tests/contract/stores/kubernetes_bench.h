// A namespace of a real API server for the tests of the Kubernetes store, and short ways to put
// Secrets there. The server is that of tests/servers/kubernetes/with_cluster.sh: the programs must
// be run by it.
#ifndef TESTS_CONTRACT_STORES_KUBERNETES_BENCH_H
#define TESTS_CONTRACT_STORES_KUBERNETES_BENCH_H

#include "backends/store.h"

#define KUBERNETES_BENCH_NAMESPACE "stores"

// Once: the namespace, an account in it with the rights to get, patch and create secrets and no
// other, and its token. Ends the program when that fails.
void kubernetes_bench_begin(void);
void kubernetes_bench_end(void);

// A request as cluster administrator; returns the status. *ret_body (NULL: not wanted) is valid
// until the next call.
int kubernetes_bench_api(const char *method, const char *path, const char *content_type,
                         const char *body, const char **ret_body);
// Makes the Secret from the members that follow "metadata" ("\"data\":{…}"), and more metadata
// ("\"labels\":{…}"). Fails the test when that does not work.
void kubernetes_bench_make(const char *name, const char *metadata, const char *members);
void kubernetes_bench_patch(const char *name, const char *patch);
void kubernetes_bench_delete(const char *name);
// The object as JSON; valid until the next call.
const char *kubernetes_bench_get(const char *name);
// A name that no Secret has had.
const char *kubernetes_bench_name(char *dst, size_t cap);

// What the account may do with secrets, as a JSON list ("[\"get\"]"); returns when that is in
// force.
void kubernetes_bench_rights(const char *verbs);

// An item of the store, in the namespace, as the account; more settings are pairs of texts that end
// with NULL.
struct store_item *kubernetes_bench_open(enum store_kind kind, const char *name, ...)
    __attribute__((sentinel));

#endif
