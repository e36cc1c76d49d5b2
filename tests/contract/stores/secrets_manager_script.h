// The store of IBM Cloud Secrets Manager on the scripted transport: tokens that count, a clock that
// obeys.
#ifndef TESTS_CONTRACT_STORES_SECRETS_MANAGER_SCRIPT_H
#define TESTS_CONTRACT_STORES_SECRETS_MANAGER_SCRIPT_H

#include "backends/store.h"
#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"

#define VALUE "s3cr3t-value-of-a-key"
#define TOKEN "token-of-the-rotator"
#define CRN                                                                                        \
  "crn:v1:bluemix:public:secrets-manager:eu-de:a/d3a0c0ffee00000000000000000000d3:"                \
  "99999999-2222-4333-8444-555555555555::"
#define HOST "https://99999999-2222-4333-8444-555555555555.eu-de.secrets-manager.appdomain.cloud"

// Parts of answers.
#define V(id, more)                                                                                \
  "{\"id\":\"" id "\",\"payload_available\":true,\"payload\":\"" VALUE "\"" more "}"
#define VERSIONS(current, previous)                                                                \
  "{\"versions\":[{\"id\":\"" current "\",\"alias\":\"current\"},{\"id\":\"" previous              \
  "\",\"alias\":\"previous\"}]}"
#define ERROR(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"
#define NOT_FOUND {.method = "GET", .status = 404, .body = ERROR("not_found", "no such secret")}

// Rows.
#define BY_NAME                                                                                    \
  {.method = "GET",                                                                                \
   .url = "/secret_groups/default/secret_types/arbitrary/secrets/edge$",                           \
   .body = "{\"id\":\"S1\"}"}
#define CURRENT(text) {.method = "GET", .url = "/secrets/S1/versions/current$", .body = (text)}
#define LIST(text) {.method = "GET", .url = "/secrets/S1/versions$", .body = (text)}
#define POST_OK(id)                                                                                \
  {.method = "POST", .url = "/secrets/S1/versions$", .status = 201, .body = "{\"id\":\"" id "\"}"}
#define POST_FAILS(code, text)                                                                     \
  {.method = "POST", .url = "/secrets/S1/versions$", .status = (code), .body = (text)}

struct secrets_manager_script {
  struct fake_env env;
  struct transport *script;
  struct store_item *it;
  struct store_tokens tokens;
  unsigned asked, refused; // for a token; with one that was refused
  const char *key_file;    // that was asked for last; NULL: the rotator's own
  enum err no_token;       // not ERR_OK: there is none
};
extern struct secrets_manager_script sm;

// For cmocka. A sink 'edge' of the group default.
int secrets_manager_setup(void **state);
int secrets_manager_teardown(void **state);

// Opens another item, with more settings: pairs that end with NULL. On a failure *line and *e say
// why.
enum err secrets_manager_open(enum store_kind kind, const char *const pairs[], int *line,
                              struct error *e);
void answers(const struct script_row *rows, size_t n);
enum err read_it(struct store_version *v, struct error *e);
enum err write_it(struct store_version *v, struct error *e); // VALUE
size_t writes(void);                                         // that were sent

#endif
