// A place of its own on a real Vault server (VAULT_ADDR, VAULT_TOKEN) for a test of the store, and
// what the server's administrator would do. Every bench has a policy and a token with nothing but
// that policy, the least one of the manual page.
#ifndef TESTS_CONTRACT_STORES_VAULT_BENCH_H
#define TESTS_CONTRACT_STORES_VAULT_BENCH_H

#include <cjson/cJSON.h>

#include "backends/store.h"

struct vault_bench {
  char name[40];        // of policy and folder
  char token_file[256]; // holds the token
  int version;          // of the KV engine: 1, 2
};

// NULL when the server does not do what is asked; it says why.
struct vault_bench *vault_bench_new(int version);
void vault_bench_free(struct vault_bench *b);
// Lets the policy lose or get back the right to write.
void vault_bench_read_only(struct vault_bench *b, bool on);

// An item NAME of the bench, with more settings: pairs that end with NULL.
struct store_item *vault_bench_open(struct vault_bench *b, enum store_kind kind, const char *name,
                                    const char *const pairs[]);
enum err vault_bench_try(const struct store_setting *settings, size_t n, enum store_kind kind,
                         struct store_item **ret, int *ret_line, struct error *e);
// Path of the item below its mount.
const char *vault_bench_path(const struct vault_bench *b, const char *name);

// A request of the administrator; json may be NULL. Returns the status; *ret_answer (may be NULL)
// is the body, to be deleted, or NULL.
int vault_admin(const char *method, const char *path, const char *json, cJSON **ret_answer);
// The same that fails the test unless the answer is 200 or 204.
cJSON *vault_admin_must(const char *method, const char *path, const char *json);

#endif
