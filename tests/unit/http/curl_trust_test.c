// Whose certificates are trusted: authorities as file, text and directory, and what is replaced.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/wipe_alloc.h"
#include "rotator/http/curl_internal.h"
#include "tests/support/scratch.h"
#include "tests/unit/http/curl_fixture.h"
#include "tests/unit/http/tls_server.h"

enum { HOUR_S = 3600 };

static struct scratch scratch;
static struct test_ca *ca, *other_ca;
static struct test_cert good;
static struct tls_server *server;

static void put(char *dst, const char *name, const char *text) {
  snprintf(dst, SCRATCH_PATH * 2, "%s", scratch_path(&scratch, name));
  scratch_write(dst, text);
}

static int begin(void **state) {
  (void)state;
  scratch_new(&scratch);
  ca = test_ca_new("Test CA");
  other_ca = test_ca_new("Other CA");
  good = test_ca_issue(ca, "DNS:localhost,IP:127.0.0.1", "serverAuth", -HOUR_S, HOUR_S);
  server = tls_server_new(&good, NULL, NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  tls_server_free(server);
  test_ca_free(ca);
  test_ca_free(other_ca);
  test_cert_free(&good);
  scratch_remove(&scratch);
  return 0;
}

// A request that may not be repeated, to this name of the server.
static enum err post_to(const char *host) {
  snprintf(fix.url, sizeof fix.url, "https://%s:%d/x", host, tls_server_port(server));
  const struct http_request req = {.method = "POST", .url = fix.url};
  return curl_fixture_send(&req);
}

static void expect_unsent(const char *host) {
  assert_int_equal(post_to(host), ERR_UNSENT);
  assert_non_null(strstr(fix.e.text, "TLS with "));
}

// Replaced at its place while the transport lives: both ways it counts for the next exchange.
static void r15_authorities_are_replaced(void **state) {
  (void)state;
  char place[SCRATCH_PATH * 2];
  put(place, "replaced.pem", test_ca_pem(other_ca));
  curl_fixture_transport(&(struct curl_options){.ca_file = place});
  expect_unsent("localhost");
  scratch_write(place, test_ca_pem(ca)); // added
  assert_int_equal(post_to("localhost"), ERR_OK);
  assert_int_equal(post_to("localhost"), ERR_OK);
  scratch_write(place, test_ca_pem(other_ca)); // taken away: kept connections end too
  assert_int_equal(post_to("localhost"), ERR_UNSENT);
  char next[SCRATCH_PATH * 2];
  put(next, "next.pem", test_ca_pem(ca));
  assert_int_equal(rename(next, place), 0);
  assert_int_equal(post_to("localhost"), ERR_OK);
}

// The parsed bundle is kept while its file stays as it is.
static void r15_authorities_that_stay_are_not_read_again(void **state) {
  (void)state;
  char ca_file[SCRATCH_PATH * 2];
  put(ca_file, "ca.pem", test_ca_pem(ca));
  curl_fixture_transport(&(struct curl_options){.ca_file = ca_file});
  for (int i = 0; i < 3; i++) {
    const struct http_request req = {.method = "GET", .url = fix.url, .replay = HTTP_REPLAY_SAFE};
    snprintf(fix.url, sizeof fix.url, "https://localhost:%d/x", tls_server_port(server));
    assert_int_equal(curl_fixture_send(&req), ERR_OK);
  }
  assert_int_equal(curl_fixture_connections(), 1);
}

// As VAULT_CACERT_BYTES and VAULT_CAPATH give them.
static void authorities_as_text_and_as_directory(void **state) {
  (void)state;
  char dir[SCRATCH_PATH * 2], inside[SCRATCH_PATH * 2];
  struct error e;
  curl_fixture_transport(&(struct curl_options){.ca_bytes = test_ca_pem(ca)});
  assert_int_equal(post_to("localhost"), ERR_OK);
  transport_free(fix.t);
  curl_fixture_transport(&(struct curl_options){.ca_bytes = test_ca_pem(other_ca)});
  expect_unsent("localhost");
  transport_free(fix.t);
  fix.t = NULL;
  snprintf(dir, sizeof dir, "%s", scratch_path(&scratch, "authorities"));
  assert_int_equal(mkdir(dir, 0755), 0);
  put(inside, "authorities/README", "no certificate\n");
  const struct curl_options o = {.ca_path = dir};
  assert_int_equal(curl_transport_new(&o, &fix.f.env, &fix.t, &e), ERR_INVALID);
  assert_non_null(strstr(e.text, "authorities: no PEM certificate"));
  put(inside, "authorities/a.pem", test_ca_pem(other_ca));
  curl_fixture_transport(&o);
  expect_unsent("localhost");
  put(inside, "authorities/any-name.crt", test_ca_pem(ca));
  assert_int_equal(post_to("localhost"), ERR_OK);
  assert_int_equal(unlink(inside), 0);
  expect_unsent("localhost");
  const struct curl_options text = {.ca_bytes = "no certificate"};
  struct transport *none = NULL;
  assert_int_equal(curl_transport_new(&text, &fix.f.env, &none, &e), ERR_INVALID);
}

static long granted = -1; // allocations before the one that fails; negative: all
static bool was_refused;

void *__real_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size) {
  if (granted < 0 || granted-- > 0)
    return __real_wipe_malloc(size);
  was_refused = true;
  return __real_wipe_malloc(SIZE_MAX);
}

// Some thousands: all of them where that takes seconds, and a share where it takes minutes (under a
// sanitizer, and on other machines, which qemu plays).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
enum { EACH = 7 };
#else
enum { EACH = 1 };
#endif

// Whichever allocation of OpenSSL's fails, no file is called broken that is not.
static void for_want_of_memory_none_is_broken(void **state) {
  (void)state;
  char file[SCRATCH_PATH * 2], cert[SCRATCH_PATH * 2], key[SCRATCH_PATH * 2];
  put(file, "starved.pem", test_ca_pem(ca));
  put(cert, "cert.pem", good.cert);
  put(key, "key.pem", good.key);
  const struct curl_options all[] = {
      {.ca_file = file}, {.ca_bytes = test_ca_pem(ca)}, {.client_cert = cert, .client_key = key}};
  for (size_t i = 0; i < COUNT_OF(all); i++) {
    unsigned lacked = 0;
    for (long n = 0; n == 0 || was_refused; n += EACH) {
      struct error e = {0};
      was_refused = false;
      granted = n;
      enum err err = curl_files_check(&all[i], &e);
      granted = -1;
      if (err != ERR_OK && err != ERR_INTERNAL)
        fail_msg("allocation %ld of %zu: %s", n, i, e.text);
      lacked += err == ERR_INTERNAL;
    }
    assert_true(lacked > 0);
    assert_int_equal(curl_files_check(&all[i], NULL), ERR_OK);
  }
}

// OpenSSL may not get over it: a handshake that fails later is no outage of the server, and what it
// cannot read is not broken. The last test, as this process has lacked memory from here on.
static void nor_is_anybody_blamed_later(void **state) {
  (void)state;
  char broken[SCRATCH_PATH * 2];
  granted = 0;
  assert_null(wipe_malloc(1));
  granted = -1;
  put(broken, "broken.pem", "no certificate\n");
  const struct curl_options all[] = {{.ca_file = broken},
                                     {.ca_bytes = "no certificate"},
                                     {.client_cert = broken, .client_key = broken}};
  for (size_t i = 0; i < COUNT_OF(all); i++)
    assert_int_equal(curl_files_check(&all[i], NULL), ERR_INTERNAL);
  curl_fixture_transport(&(struct curl_options){.ca_bytes = test_ca_pem(other_ca)});
  assert_int_equal(post_to("localhost"), ERR_INTERNAL);
  assert_non_null(strstr(fix.e.text, "TLS with localhost:"));
  assert_non_null(strstr(fix.e.text, "memory ran out in this process"));
  transport_free(fix.t);
  curl_fixture_transport(&(struct curl_options){.ca_bytes = test_ca_pem(ca)});
  assert_int_equal(post_to("localhost"), ERR_OK);
}

int main(void) {
  curl_fixture_global();
  const struct CMUnitTest tests[] = {
      CURL_TEST(r15_authorities_are_replaced),
      CURL_TEST(r15_authorities_that_stay_are_not_read_again),
      CURL_TEST(authorities_as_text_and_as_directory),
      CURL_TEST(for_want_of_memory_none_is_broken),
      CURL_TEST(nor_is_anybody_blamed_later),
  };
  int failed = cmocka_run_group_tests(tests, begin, end);
  return failed != 0;
}
