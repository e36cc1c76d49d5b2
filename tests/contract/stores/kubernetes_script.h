// The Kubernetes store on the scripted transport: one sink, a token in a file, a clock that obeys.
#ifndef TESTS_CONTRACT_STORES_KUBERNETES_SCRIPT_H
#define TESTS_CONTRACT_STORES_KUBERNETES_SCRIPT_H

#include "backends/store.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"
#include "tests/support/scripted_transport.h"

#define VALUE "s3cr3t-value-of-a-key"
#define VALUE64 "czNjcjN0LXZhbHVlLW9mLWEta2V5"

#define SECRET(members)                                                                            \
  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"logs-agent\",\"namespace\":\"ns\",\"uid\":\"u\"," \
  "\"resourceVersion\":\"5\"}" members "}"
#define STATUS(reason, code, more)                                                                 \
  "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" VALUE " " VALUE64                   \
  "\",\"reason\":\"" reason "\",\"code\":" code more "}"
#define PAGE "<html>" VALUE "</html>"

struct kubernetes_script {
  struct fake_env env;
  struct transport *script;
  struct scratch dir;
  char token[SCRATCH_PATH * 2]; // the file; at first it holds "first-token"
  struct store_item *it;
  unsigned handed_out; // how many transports were asked for
};
extern struct kubernetes_script kube;

// For cmocka. The end fails the test when there was a request that no row matched.
int kubernetes_script_setup(void **state);
int kubernetes_script_teardown(void **state);

// One row for every request from now on.
void answer(const struct script_row *row);
enum err read_it(struct store_version *v, struct error *e);
// Writes VALUE with stamp 3 under *v, which takes the new version.
enum err write_it(struct store_version *v, struct error *e);

#endif
