// What the tests here share: an emulator with one account in it, and clients that trust it.
#ifndef TESTS_INTEGRATION_CLOUD_SCENE_H
#define TESTS_INTEGRATION_CLOUD_SCENE_H

// cmocka wants these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rotator/base/json.h"
#include "rotator/cloud/iam_http.h"
#include "rotator/cloud/logs.h"
#include "rotator/http/curl_transport.h"
#include "tests/integration/support/emulator_process.h"

#define ACCOUNT "a0000000000000000000000000000001"
#define GUID "5a5a5a5a-0000-4000-8000-000000000001"
#define MANAGER "ServiceId-aaaaaaaa-0000-4000-8000-000000000001"
#define AGENT "ServiceId-aaaaaaaa-0000-4000-8000-000000000002"
#define AGENT_IAM "iam-" AGENT
#define VALUE "cm90YXRvci1pbnRlZ3JhdGlvbi10ZXN0LXZhbHVlISEh"

// Scans an error for the test's secrets, to its last byte.
#define assert_hidden(e) assert_no_secret(e, sizeof *(e))

struct scene {
  struct emulator emulator;
  struct transport *transport; // curl, without retries
  struct iam_auth *auth;
  struct iam *iam;
  struct secret *manager_key, *value;
  struct error e;
};

// The emulator at `program`, seeded: MANAGER administrates, AGENT has no rights yet, MANY has 120
// keys, FULL as many as it may have. Ends the process when that fails.
int scene_open(void **state);
int scene_close(void **state);
// Before each test: no faults.
int scene_reset(void **state);
void scene_program(const char *path);

// A fault of the control interface, for the next `times` matching requests.
void scene_fault(struct scene *s, const char *method, const char *path, const char *effect,
                 int times);
// How many requests the emulator has seen with this method and path prefix.
int scene_requests(struct scene *s, const char *method, const char *path);
// A transport that trusts this CA file; NULL: the system's.
struct transport *scene_transport(const char *ca_file, size_t max_body);

// A disabled key of AGENT with the value VALUE and this name.
enum err scene_create(struct scene *s, const char *name, struct iam_key *ret);
// Removes all keys of AGENT.
void scene_clean(struct scene *s);

void assert_no_secret(const void *bytes, size_t len);

#endif
