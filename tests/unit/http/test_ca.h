// A certificate authority for one test, and certificates of every sort, right and wrong.
#ifndef TESTS_UNIT_HTTP_TEST_CA_H
#define TESTS_UNIT_HTTP_TEST_CA_H

struct test_ca;

struct test_cert {
  char *cert, *key; // PEM
};

struct test_ca *test_ca_new(const char *name);
void test_ca_free(struct test_ca *ca);
// The authority's own certificate (PEM); lives as long as it.
const char *test_ca_pem(const struct test_ca *ca);
// A certificate with these names ("DNS:localhost,IP:127.0.0.1"), valid from `from_s` to `to_s`,
// both relative to now. usage: "serverAuth" or "clientAuth".
struct test_cert test_ca_issue(struct test_ca *ca, const char *names, const char *usage,
                               long from_s, long to_s);
void test_cert_free(struct test_cert *c);

#endif
