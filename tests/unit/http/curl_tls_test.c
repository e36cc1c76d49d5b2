// TLS: who is trusted, what a refusal means, certificates on disk, and the way through a proxy.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scratch.h"
#include "tests/unit/http/curl_fixture.h"
#include "tests/unit/http/tls_server.h"
#include "tests/unit/http/tunnel.h"

enum { HOUR_S = 3600 };

static struct scratch scratch;
static struct test_ca *ca, *other_ca;
static struct test_cert good, client, foreign_client;
static struct tls_server *server;
static char ca_file[SCRATCH_PATH * 2], cert_file[SCRATCH_PATH * 2], key_file[SCRATCH_PATH * 2];

static void put(char *dst, const char *name, const char *text) {
  snprintf(dst, SCRATCH_PATH * 2, "%s", scratch_path(&scratch, name));
  scratch_write(dst, text);
}

static int begin(void **state) {
  (void)state;
  ca = test_ca_new("Test CA");
  other_ca = test_ca_new("Other CA");
  good = test_ca_issue(ca, "DNS:localhost,IP:127.0.0.1", "serverAuth", -HOUR_S, HOUR_S);
  client = test_ca_issue(ca, "DNS:client", "clientAuth", -HOUR_S, HOUR_S);
  foreign_client = test_ca_issue(other_ca, "DNS:client", "clientAuth", -HOUR_S, HOUR_S);
  put(ca_file, "ca.pem", test_ca_pem(ca));
  put(cert_file, "client.pem", client.cert);
  put(key_file, "client.key", client.key);
  return 0;
}

static int end(void **state) {
  (void)state;
  test_ca_free(ca);
  test_ca_free(other_ca);
  test_cert_free(&good);
  test_cert_free(&client);
  test_cert_free(&foreign_client);
  scratch_remove(&scratch);
  return 0;
}

static int drop(void **state) {
  curl_fixture_drop(state);
  if (server)
    tls_server_free(server);
  server = NULL;
  return 0;
}

static void serve(const struct test_cert *c, const char *priorities, const char *client_ca) {
  server = tls_server_new(c, priorities, client_ca);
}

// A request that may not be repeated, to this name of the server.
static enum err post_to(const char *host) {
  snprintf(fix.url, sizeof fix.url, "https://%s:%d/x", host, tls_server_port(server));
  const struct http_request req = {.method = "POST", .url = fix.url};
  return curl_fixture_send(&req);
}

static void a_server_that_is_known(void **state) {
  (void)state;
  serve(&good, NULL, NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  assert_int_equal(post_to("127.0.0.1"), ERR_OK);
  assert_int_equal(post_to("localhost"), ERR_OK);
  assert_string_equal(secret_bytes(fix.got.body), "none");
  assert_true(fix.got.date_s > 1700000000);
}

static void expect_unsent(const char *host, const char *reason) {
  assert_int_equal(post_to(host), ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "TLS with "));
  if (!strstr(fix.e.text, reason))
    fail_msg("%s", fix.e.text);
  assert_int_equal(tls_server_requests(server), 0);
}

static void a_server_of_an_unknown_authority(void **state) {
  (void)state;
  serve(&good, NULL, NULL);
  curl_fixture_transport(NULL); // the system's bundle
  expect_unsent("127.0.0.1", "unable to get local issuer certificate");
}

static void a_server_with_another_name(void **state) {
  (void)state;
  struct test_cert c = test_ca_issue(ca, "DNS:other.example", "serverAuth", -HOUR_S, HOUR_S);
  serve(&c, NULL, NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  expect_unsent("localhost", "no alternative certificate subject name matches");
  test_cert_free(&c);
}

static void certificates_out_of_time(void **state) {
  (void)state;
  struct test_cert old = test_ca_issue(ca, "DNS:localhost", "serverAuth", -2 * HOUR_S, -HOUR_S);
  struct test_cert early = test_ca_issue(ca, "DNS:localhost", "serverAuth", HOUR_S, 2 * HOUR_S);
  serve(&old, NULL, NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  expect_unsent("localhost", "expired");
  tls_server_free(server);
  serve(&early, NULL, NULL);
  expect_unsent("localhost", "not yet valid");
  test_cert_free(&old);
  test_cert_free(&early);
}

static void a_certificate_for_another_use(void **state) {
  (void)state;
  struct test_cert c = test_ca_issue(ca, "DNS:localhost", "clientAuth", -HOUR_S, HOUR_S);
  serve(&c, NULL, NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  expect_unsent("localhost", "purpose");
  test_cert_free(&c);
}

static void old_versions_of_tls(void **state) {
  (void)state;
  serve(&good, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  expect_unsent("localhost", "");
  tls_server_free(server);
  serve(&good, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL);
  assert_int_equal(post_to("localhost"), ERR_OK);
}

static void a_server_that_speaks_no_tls(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{"HTTP/1.1 200 OK\r\n\r\n", 0, RAW_CLOSE}};
  curl_fixture_serve(steps, 1);
  snprintf(fix.url, sizeof fix.url, "https://127.0.0.1:%d/", raw_server_port(fix.server));
  const struct http_request req = {.method = "POST", .url = fix.url, .timeout_ms = 100};
  assert_int_equal(curl_fixture_send(&req), ERR_UNSENT); // the handshake ran into its time
  assert_int_equal(raw_server_requests(fix.server), 0);
}

static void connections_over_tls(void **state) {
  (void)state;
  serve(&good, NULL, NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  snprintf(fix.url, sizeof fix.url, "https://127.0.0.1:%d/", tls_server_port(server));
  struct http_request req = {.method = "GET", .url = fix.url, .replay = HTTP_REPLAY_SAFE};
  for (int i = 0; i < 3; i++)
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(tls_server_connections(server), 1);
  req.fresh_connection = true;
  for (int i = 0; i < 3; i++)
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(tls_server_connections(server), 4);
  assert_int_equal(curl_fixture_connections(), 4);
}

// n requests of that kind, each on a connection of its own; how many of them resumed a session.
static int resumed_of(int n, bool fresh) {
  int resumed = tls_server_resumed(server), connections = tls_server_connections(server);
  snprintf(fix.url, sizeof fix.url, "https://localhost:%d/", tls_server_port(server));
  const struct http_request req = {.method = "POST", .url = fix.url, .fresh_connection = fresh};
  for (int i = 0; i < n; i++)
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
  assert_int_equal(tls_server_connections(server), connections + n);
  return tls_server_resumed(server) - resumed;
}

static void sessions_that_are_resumed(void **state) {
  (void)state;
  serve(&good, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  assert_int_equal(resumed_of(3, true), 2);
  assert_int_equal(resumed_of(2, false), 2);
  assert_int_equal(resumed_of(2, true), 2);
  transport_free(fix.t); // with it go its sessions: another may trust others
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  assert_int_equal(resumed_of(1, true), 0);
}

// The identifier of one can be read by a balancer, and lead a proof's connection to the replica of
// another.
static void sessions_that_are_not(void **state) {
  (void)state;
  serve(&good, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  assert_int_equal(resumed_of(2, true), 0);
  assert_int_equal(resumed_of(2, false), 2);
  assert_int_equal(resumed_of(2, true), 0);
}

static void the_name_in_the_certificate_may_be_another(void **state) {
  (void)state;
  char host[64];
  struct test_cert c = test_ca_issue(ca, "DNS:kubernetes", "serverAuth", -HOUR_S, HOUR_S);
  serve(&c, NULL, NULL);
  curl_fixture_transport(
      &(struct curl_options){.ca_file = ca_file, .tls_server_name = "kubernetes"});
  assert_int_equal(post_to("127.0.0.1"), ERR_OK);
  snprintf(host, sizeof host, "127.0.0.1:%d", tls_server_port(server));
  assert_string_equal(tls_server_host(server), host);
  transport_free(fix.t);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file, .tls_server_name = "vault"});
  assert_int_equal(post_to("127.0.0.1"), ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "TLS with 127.0.0.1:"));
  test_cert_free(&c);
}

static void client_certificates(void **state) {
  (void)state;
  serve(&good, NULL, test_ca_pem(ca));
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  assert_int_equal(post_to("localhost"), ERR_OK);
  assert_string_equal(secret_bytes(fix.got.body), "none");
  transport_free(fix.t);
  curl_fixture_transport(
      &(struct curl_options){.ca_file = ca_file, .client_cert = cert_file, .client_key = key_file});
  assert_int_equal(post_to("localhost"), ERR_OK);
  assert_string_equal(secret_bytes(fix.got.body), "shown");
}

static void expect_invalid(const struct curl_options *o, const char *reason) {
  struct transport *t = NULL;
  struct error e;
  assert_int_equal(curl_transport_new(o, &fix.f.env, &t, &e), ERR_INVALID);
  assert_null(t);
  if (!strstr(e.text, reason))
    fail_msg("%s", e.text);
}

static void files_that_cannot_be_used(void **state) {
  (void)state;
  char missing[SCRATCH_PATH * 2], junk[SCRATCH_PATH * 2], other_key[SCRATCH_PATH * 2],
      locked[SCRATCH_PATH * 2];
  put(junk, "junk", "no PEM\n");
  put(other_key, "other.key", foreign_client.key);
  put(locked, "locked.key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjPlaceholderA==\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n");
  put(missing, "missing", "");
  unlink(missing);
  fake_env_init(&fix.f, 1);
  expect_invalid(&(struct curl_options){.ca_file = missing}, "missing: can't be read");
  expect_invalid(&(struct curl_options){.ca_file = junk}, "junk: holds no PEM certificate");
  expect_invalid(&(struct curl_options){.client_cert = cert_file}, "go together");
  expect_invalid(&(struct curl_options){.client_key = key_file}, "go together");
  expect_invalid(&(struct curl_options){.client_cert = junk, .client_key = key_file}, "junk: ");
  expect_invalid(&(struct curl_options){.client_cert = cert_file, .client_key = junk}, "junk: ");
  expect_invalid(&(struct curl_options){.client_cert = cert_file, .client_key = locked}, "locked");
  expect_invalid(&(struct curl_options){.client_cert = cert_file, .client_key = other_key},
                 "other.key: is not the key of ");
}

static void through_a_proxy(void **state) {
  (void)state;
  char proxy[64], wanted[64];
  serve(&good, NULL, NULL);
  struct tunnel *tunnel = tunnel_new(tls_server_port(server));
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", tunnel_port(tunnel));
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file, .proxy = proxy});
  enum err err = post_to("localhost");
  snprintf(wanted, sizeof wanted, "CONNECT localhost:%d HTTP/1.1", tls_server_port(server));
  bool same = strcmp(tunnel_last(tunnel), wanted) == 0;
  tunnel_free(tunnel);
  assert_int_equal(err, ERR_OK);
  assert_true(same);
  assert_string_equal(fix.got.transaction, ""); // not the proxy's
  assert_string_equal(fix.got.etag, "");
}

static void through_the_proxy_of_the_environment(void **state) {
  (void)state;
  char proxy[64];
  serve(&good, NULL, NULL);
  struct tunnel *tunnel = tunnel_new(tls_server_port(server));
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", tunnel_port(tunnel));
  setenv("HTTPS_PROXY", proxy, 1);
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  setenv("NO_PROXY", "localhost", 1);
  enum err direct = post_to("localhost");
  bool untouched = tunnel_last(tunnel)[0] == '\0';
  unsetenv("NO_PROXY");
  transport_free(fix.t); // a kept connection would be used again
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  enum err tunnelled = post_to("localhost");
  bool touched = tunnel_last(tunnel)[0] != '\0';
  unsetenv("HTTPS_PROXY");
  tunnel_free(tunnel);
  assert_int_equal(direct, ERR_OK);
  assert_true(untouched);
  assert_int_equal(tunnelled, ERR_OK);
  assert_true(touched);
}

// Whatever the proxy does before the tunnel stands, the request was not sent.
static void proxies_that_refuse(void **state) {
  (void)state;
  static const struct raw_step steps[] = {
      {"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 0, RAW_CLOSE},
      {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 0, RAW_CLOSE},
      {"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", 0, RAW_CLOSE},
      {NULL, 0, RAW_CLOSE},
      {NULL, 0, RAW_RESET},
      {NULL, 0, RAW_HOLD},
      {"HTTP/1.1 200 Connected\r\n\r\n", 0, RAW_CLOSE}, // and then no TLS
      {"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, RAW_CLOSE},
  };
  for (size_t i = 0; i < COUNT_OF(steps); i++) {
    char proxy[64];
    fix.server = raw_server_new(&steps[i], 1);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", raw_server_port(fix.server));
    curl_fixture_transport(&(struct curl_options){.ca_file = ca_file, .proxy = proxy});
    const struct http_request req = {.method = "POST",
                                     .url = "https://iam.example/x",
                                     .timeout_ms = steps[i].end == RAW_HOLD ? 200 : 20000};
    enum err err = curl_fixture_send(&req);
    if (err != ERR_UNSENT)
      fail_msg("%zu: %s: %s", i, err_name(err), fix.e.text);
    if (steps[i].end != RAW_HOLD)
      assert_int_equal(raw_server_requests(fix.server), 1);
    curl_fixture_drop(NULL);
  }
  curl_fixture_transport(&(struct curl_options){.proxy = "http://name.invalid:1"});
  const struct http_request req = {.method = "POST", .url = "https://iam.example/x"};
  assert_int_equal(curl_fixture_send(&req), ERR_UNSENT);
}

static void stop_now(void *data) {
  (void)data;
  atomic_store(&fix.f.stop, true);
}

static void a_stop_before_it_is_sent(void **state) {
  (void)state;
  static const struct raw_step steps[] = {{"HTTP/1.1 200 Connected\r\n\r\n", 0, RAW_HOLD}};
  char proxy[64];
  fix.server = raw_server_new(steps, 1);
  raw_server_on_request(fix.server, stop_now, NULL);
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", raw_server_port(fix.server));
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file, .proxy = proxy});
  const struct http_request req = {.method = "POST", .url = "https://iam.example/x"};
  assert_int_equal(curl_fixture_send(&req), ERR_CANCELLED);
}

#define TLS_TEST(name) cmocka_unit_test_teardown(name, drop)

// OpenSSL as old and lax as it can be made: what is refused is refused by us.
static void lax_openssl(void) {
  static const char text[] = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
                             "[c]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n";
  scratch_new(&scratch);
  scratch_write(scratch_path(&scratch, "openssl.cnf"), text);
  setenv("OPENSSL_CONF", scratch.path, 1);
}

int main(void) {
  lax_openssl();
  curl_fixture_global();
  const struct CMUnitTest tests[] = {
      TLS_TEST(a_server_that_is_known),
      TLS_TEST(a_server_of_an_unknown_authority),
      TLS_TEST(a_server_with_another_name),
      TLS_TEST(certificates_out_of_time),
      TLS_TEST(a_certificate_for_another_use),
      TLS_TEST(old_versions_of_tls),
      TLS_TEST(a_server_that_speaks_no_tls),
      TLS_TEST(connections_over_tls),
      TLS_TEST(sessions_that_are_resumed),
      TLS_TEST(sessions_that_are_not),
      TLS_TEST(the_name_in_the_certificate_may_be_another),
      TLS_TEST(client_certificates),
      TLS_TEST(files_that_cannot_be_used),
      TLS_TEST(through_a_proxy),
      TLS_TEST(through_the_proxy_of_the_environment),
      TLS_TEST(proxies_that_refuse),
      TLS_TEST(a_stop_before_it_is_sent),
      TLS_TEST(a_stop_before_it_is_sent),
  };
  int failed = cmocka_run_group_tests(tests, begin, end);
  curl_transport_finish();
  return failed != 0;
}
