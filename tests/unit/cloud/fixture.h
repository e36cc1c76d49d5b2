// What the tests of rotator/cloud share: a client on a scripted transport, tokens, and a search for
// secrets in errors.
#ifndef TESTS_UNIT_CLOUD_FIXTURE_H
#define TESTS_UNIT_CLOUD_FIXTURE_H

// cmocka wants these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rotator/cloud/iam_http.h"
#include "tests/support/fake_env.h"
#include "tests/support/scripted_transport.h"

#define BASE "https://iam.test"
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define IAM_ID "iam-ServiceId-11111111-2222-4333-8444-555555555555"
#define KEY_ID "ApiKey-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define VALUE "Zm9yLXRlc3RzLW9ubHktbm90LWEtcmVhbC1rZXkhISEh" // of an API key
#define BEARER "mgmtmgmt.eyJ0ZXN0IjoxfQ.bWFuYWdlbWVudC1zaWduYXR1cmU"
#define COUNT(array) (sizeof array / sizeof((array)[0]))

// The three shapes of error, and what a gateway says.
#define LISTED(code, message_code, message)                                                        \
  "{\"errors\":[{\"code\":\"" code "\",\"message_code\":\"" message_code "\","                     \
  "\"message\":\"" message "\",\"details\":\"about " VALUE "\"}],"                                 \
  "\"status_code\":400,\"trace\":\"trace-of-the-body\"}"
#define GONE LISTED("not_found", "BXNIM0102E", "Unable to find object")
#define FLAT(code, message)                                                                        \
  "{\"errorCode\":\"" code "\",\"errorMessage\":\"" message "\",\"errorDetails\":\"" VALUE "\","   \
  "\"context\":{\"requestId\":\"request-id-of-the-body\"}}"
#define HTML "<!DOCTYPE html><html><body>Not found</body></html>"

struct fixture {
  struct fake_env env;
  struct transport *transport;
  struct iam_auth *auth;
  struct iam *iam;
  struct secret *value; // VALUE
  struct error e;
};

// A client with a fixed management token. The table must live as long as the fixture.
void fixture_open(struct fixture *f, const struct script_row *rows, size_t n);
// Another table for the same client.
void fixture_rows(struct fixture *f, const struct script_row *rows, size_t n);
// The management token becomes one of that IAM id.
void fixture_me(struct fixture *f, const char *iam_id);
// Checks that no request was unexpected and that the last error holds no secret, then frees all.
void fixture_close(struct fixture *f);

// "e30.<claims>.c2ln". Static buffer, one at a time.
const char *fixture_jwt(const char *claims);
// The answer of the token endpoint with such a token. Static buffer, one at a time.
const char *fixture_token_body(const char *iam_id, int expires_in);
// Fails the test when *e repeats 12 characters of the secret.
void assert_hidden(const struct error *e, const char *secret);
// Fails the test when the secret stands anywhere in the bytes.
void assert_absent(const char *secret, const void *bytes, size_t len);

#endif
