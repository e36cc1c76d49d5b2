#include <string.h>

#include "rotator/http/transport.h"
#include "tests/support/unit.h"

static void encoding(void **state) {
  (void)state;
  char dst[64];
  assert_true(http_encode(dst, sizeof dst, "AZaz09-._~"));
  assert_string_equal(dst, "AZaz09-._~");
  assert_true(http_encode(dst, sizeof dst, "a b/c?d=e&f%\xc3\xa9+"));
  assert_string_equal(dst, "a%20b%2Fc%3Fd%3De%26f%25%C3%A9%2B");
  assert_true(http_encode(dst, sizeof dst, ""));
  assert_string_equal(dst, "");
}

static void encoding_needs_room_for_all(void **state) {
  (void)state;
  char dst[8] = "zzz";
  assert_true(http_encode(dst, 5, "a/"));
  assert_string_equal(dst, "a%2F");
  assert_false(http_encode(dst, 4, "a/"));
  assert_string_equal(dst, "");
  assert_true(http_encode(dst, 2, "a"));
  assert_false(http_encode(dst, 1, "a"));
  assert_false(http_encode(dst, 0, ""));
}

static void forms(void **state) {
  (void)state;
  SECRET_AUTO form = secret_new(200);
  SECRET_AUTO key = secret_copy("k&y=\0", 5);
  assert_int_equal(http_form_add(form, "grant_type", "urn:ibm:params"), ERR_OK);
  assert_int_equal(http_form_add_secret(form, "apikey", key), ERR_OK);
  assert_int_equal(http_form_add(form, "empty", ""), ERR_OK);
  assert_string_equal(secret_bytes(form),
                      "grant_type=urn%3Aibm%3Aparams&apikey=k%26y%3D%00&empty=");
  SECRET_AUTO small = secret_new(5);
  assert_int_equal(http_form_add(small, "a", "bcd"), ERR_OK);
  assert_int_equal(http_form_add(small, "a", "b"), ERR_INVALID);
}

static void hosts(void **state) {
  (void)state;
  static const struct {
    const char *url, *host;
    bool https;
    int port;
  } rows[] = {
      {"https://iam.cloud.ibm.com", "iam.cloud.ibm.com", true, 443},
      {"https://iam.cloud.ibm.com/identity/token?x=@y:1/", "iam.cloud.ibm.com", true, 443},
      {"HTTPS://Host:8443/x", "Host", true, 8443},
      {"http://127.0.0.1:80", "127.0.0.1", false, 80},
      {"http://localhost?x", "localhost", false, 80},
      {"https://[::1]:1/x", "::1", true, 1},
      {"https://[2001:db8::1]/", "2001:db8::1", true, 443},
      {"https://a_b-c.d:65535/", "a_b-c.d", true, 65535},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    char host[64];
    bool https;
    int port;
    assert_true(http_url_host(rows[i].url, host, sizeof host, &https, &port));
    assert_string_equal(host, rows[i].host);
    assert_int_equal(https, rows[i].https);
    assert_int_equal(port, rows[i].port);
  }
}

static void urls_that_are_none(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      "iam.cloud.ibm.com",
      "//host/",
      "ftp://host/",
      "file:///etc/passwd",
      "https://",
      "https:///x",
      "https://user@host/",
      "https://user:pw@host/",
      "https://host:0/",
      "https://host:65536/",
      "https://host:/",
      "https://host:443x/",
      "https://host:-1/",
      "https://ho st/",
      "https://host\\@evil/",
      "https://host#@evil/",
      "https://host/#x",
      "https://[::1/",
      "https://::1/",
      "https://[fe80::1%eth0]/",
      "https://host/a b",
      "https://host/a\nb",
      "https://host/\xc3\xa9",
      "https://h\xc3\xa9/",
      "https//host",
      "https://host%2eevil/",
      "httpss://host/",
      "https://[]/",
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    char host[64] = "before";
    bool https = true;
    int port = 42;
    if (http_url_host(rows[i], host, sizeof host, &https, &port))
      fail_msg("taken: %s", rows[i]);
    assert_string_equal(host, "before");
    assert_int_equal(port, 42);
  }
  char small[4];
  bool https;
  int port;
  assert_false(http_url_host("https://host/", small, sizeof small, &https, &port));
}

static void loopback(void **state) {
  (void)state;
  static const char *const yes[] = {"127.0.0.1", "127.255.0.9", "::1",
                                    "localhost", "LOCALHOST",   "vault.localhost"};
  static const char *const no[] = {
      "",          "128.0.0.1", "10.0.0.1",    "::2",        "localhost.evil",  "notlocalhost",
      "127.1",     "0.0.0.0",   "127.0.0.1.x", ".localhost", "::ffff:10.0.0.1", "localhost.",
      "2130706433"};
  for (size_t i = 0; i < COUNT_OF(yes); i++)
    if (!http_host_is_loopback(yes[i]))
      fail_msg("not taken: %s", yes[i]);
  for (size_t i = 0; i < COUNT_OF(no); i++)
    if (http_host_is_loopback(no[i]))
      fail_msg("taken: %s", no[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encoding),
      cmocka_unit_test(encoding_needs_room_for_all),
      cmocka_unit_test(forms),
      cmocka_unit_test(hosts),
      cmocka_unit_test(urls_that_are_none),
      cmocka_unit_test(loopback),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
