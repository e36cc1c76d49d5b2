// The Vault store on a scripted transport and a clock that only sleeps move: what a real server
// cannot be made to show.
#ifndef TESTS_CONTRACT_STORES_VAULT_SCRIPT_H
#define TESTS_CONTRACT_STORES_VAULT_SCRIPT_H

#include "backends/store.h"
#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"

#define VAULT_SCRIPT_TOKEN "hvs.scripted-token"
#define VAULT_SCRIPT_VALUE "kQ5vRr0s-XtdmbF2hIhq5PqDd4rXxSduvO2Yh2Gx_9c1"

// Rows and answers that many scripts need.
#define GET_DATA .method = "GET", .url = "/v1/secret/data/logs/edge$"
#define POST_DATA .method = "POST", .url = "/v1/secret/data/logs/edge$"
#define GET_OK(text) {GET_DATA, .body = (text)}
#define POST_OK(text) {POST_DATA, .body = (text)}
#define GET_FAILS(code, text) {GET_DATA, .status = (code), .body = (text)}
#define POST_FAILS(code, text) {POST_DATA, .status = (code), .body = (text)}
#define ERRORS(text) "{\"errors\":[\"" text "\"]}"
#define LOOKUP_GOOD {.method = "GET", .url = "/v1/auth/token/lookup-self$", .body = "{\"data\":{}}"}
#define VAULT_T "2026-11-24T05:40:00.123456789Z"
#define VAULT_META(n) "\"metadata\":{\"version\":" n ",\"created_time\":\"" VAULT_T "\"}"
#define VAULT_SECRET(n)                                                                            \
  "{\"request_id\":\"r-1\",\"data\":{\"data\":{\"api_key\":\"" VAULT_SCRIPT_VALUE                  \
  "\",\"rotator_stamp\":\"7\",\"team\":\"x\"}," VAULT_META(n) "},\"warnings\":null}"
#define VAULT_WRITTEN(n) "{\"data\":{\"version\":" n ",\"created_time\":\"2026-11-24T06:00:00Z\"}}"
#define VAULT_V(n) n "@" VAULT_T
#define VAULT_NOTHING "{\"errors\":[]}"
// A whole answer: the fields of the secret as JSON, and its version.
#define VAULT_FIELDS(json, n) "{\"data\":{\"data\":" json "," VAULT_META(n) "}}"
#define VAULT_DYING                                                                                \
  "{\"data\":{\"data\":{\"api_key\":\"k\"},\"metadata\":{\"version\":1,\"created_time\":"          \
  "\"" VAULT_T "\",\"deletion_time\":\"2027-01-01T00:00:00Z\"}}}"
#define VAULT_GONE(more)                                                                           \
  "{\"data\":{\"data\":null,\"metadata\":{\"version\":2,\"created_time\":\"" VAULT_T               \
  "\",\"deletion_time\":\"2026-11-24T05:40:05Z\",\"destroyed\":" more "}}}"
#define VAULT_EXPIRED VAULT_GONE("false")
#define VAULT_DESTROYED VAULT_GONE("true")
#define VAULT_MOUNT_OF(path, v)                                                                    \
  {.method = "GET",                                                                                \
   .url = "/v1/sys/internal/ui/mounts/",                                                           \
   .body =                                                                                         \
       "{\"data\":{\"path\":\"" path "\",\"type\":\"kv\",\"options\":{\"version\":\"" v "\"}}}"}
#define VAULT_MOUNT(v) VAULT_MOUNT_OF("secret/", v)

struct vault_script {
  struct fake_env f;
  struct transport *t; // scripted
  struct store_item *it;
  const char *const *pairs; // more settings of the tables' items
};

// For cmocka: *state is a struct vault_script without an item.
int vault_script_setup(void **state);
int vault_script_teardown(void **state);

// Answers by these rows from now on, with a new item made of "mount" secret, "path" logs/edge and
// more settings (pairs that end with NULL; NULL: none), and a new session.
void vault_script_open(struct vault_script *s, const struct script_row *rows, size_t n,
                       const char *const pairs[]);
void vault_script_open_home(struct vault_script *s, const struct script_row *rows, size_t n);
// Ends items and sessions, as the end of the program does.
void vault_script_finish(struct vault_script *s);

// One call under a script, and what is wanted of it; left out: ERR_OK, any version, any text, no
// write.
struct vault_want {
  const char *name;
  struct script_row rows[6];
  enum err err;
  const char *version; // NULL: not looked at
  const char *says;    // part of the error's text
  size_t posts;        // writes of the secret that are sent
};
// Each of the table is read, or a record with stamp 8 is written expecting that version. Besides
// what is wanted, no text of an error may hold a secret or a control character.
void vault_script_reads(struct vault_script *s, const struct vault_want *table, size_t n);
void vault_script_writes(struct vault_script *s, const struct vault_want *table, size_t n,
                         const char *expect);

#endif
