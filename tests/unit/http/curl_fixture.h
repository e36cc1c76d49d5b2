// One curl transport and, if wanted, one raw server, for a test; made and dropped by each test.
#ifndef TESTS_UNIT_HTTP_CURL_FIXTURE_H
#define TESTS_UNIT_HTTP_CURL_FIXTURE_H

#include "rotator/http/curl_transport.h"
#include "tests/support/fake_env.h"
#include "tests/support/unit.h"
#include "tests/unit/http/raw_server.h"

struct curl_fixture {
  struct fake_env f; // only its stop is used: libcurl's own time goes on
  struct raw_server *server;
  struct transport *t;
  struct http_response got;
  struct error e;
  char url[256];
};
extern struct curl_fixture fix;

// For main(): secret_setup and libcurl, once.
void curl_fixture_global(void);

// A transport that may speak plain HTTP to loopback, timeouts 20 s; *o may change that (NULL:
// nothing).
void curl_fixture_transport(const struct curl_options *o);
// A raw server with these steps, and a transport.
void curl_fixture_serve(const struct raw_step *steps, size_t n);
// Drops what was made.
int curl_fixture_drop(void **state);

// http://127.0.0.1:PORT/path of the raw server, in fix.url.
const char *curl_fixture_url(const char *path);
// One exchange with fix.t; the answer in fix.got, the error in fix.e.
enum err curl_fixture_send(const struct http_request *req);
// GET with replay safe of the server's path.
enum err curl_fixture_get(const char *path);
// New connections that the transport says it has made.
int curl_fixture_connections(void);

#define CURL_TEST(name) cmocka_unit_test_teardown(name, curl_fixture_drop)

#endif
