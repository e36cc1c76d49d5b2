#include "tests/unit/http/test_ca.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

struct test_ca {
  EVP_PKEY *key;
  X509 *cert;
  char *pem;
  long serial;
};

static void must(int good) {
  if (good)
    return;
  fputs("test_ca: OpenSSL refused\n", stderr);
  abort();
}

static char *bio_text(BIO *bio) {
  char *bytes;
  long n = BIO_get_mem_data(bio, &bytes);
  char *text = strndup(bytes, (size_t)n);
  must(n > 0 && text);
  BIO_free(bio);
  return text;
}

static char *cert_pem(X509 *cert) {
  BIO *bio = BIO_new(BIO_s_mem());
  must(bio && PEM_write_bio_X509(bio, cert));
  return bio_text(bio);
}

static char *key_pem(EVP_PKEY *key) {
  BIO *bio = BIO_new(BIO_s_mem());
  must(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
  return bio_text(bio);
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  must(x && X509_add_ext(cert, x, -1));
  X509_EXTENSION_free(x);
}

// A certificate without extensions and signature.
static X509 *draft(EVP_PKEY *key, const char *name, long serial, long from_s, long to_s) {
  X509 *cert = X509_new();
  must(cert && X509_set_version(cert, X509_VERSION_3));
  must(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial));
  must(X509_gmtime_adj(X509_getm_notBefore(cert), from_s) != NULL);
  must(X509_gmtime_adj(X509_getm_notAfter(cert), to_s) != NULL);
  must(X509_set_pubkey(cert, key));
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                  (const unsigned char *)name, -1, -1, 0));
  return cert;
}

struct test_ca *test_ca_new(const char *name) {
  struct test_ca *ca = calloc(1, sizeof *ca);
  must(ca != NULL);
  ca->key = EVP_EC_gen("P-256");
  must(ca->key != NULL);
  ca->cert = draft(ca->key, name, ca->serial = 1, -DAY_S, DAY_S);
  must(X509_set_issuer_name(ca->cert, X509_get_subject_name(ca->cert)));
  extend(ca->cert, ca->cert, NID_basic_constraints, "critical,CA:TRUE");
  extend(ca->cert, ca->cert, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(ca->cert, ca->cert, NID_subject_key_identifier, "hash");
  must(X509_sign(ca->cert, ca->key, EVP_sha256()));
  ca->pem = cert_pem(ca->cert);
  return ca;
}

void test_ca_free(struct test_ca *ca) {
  EVP_PKEY_free(ca->key);
  X509_free(ca->cert);
  free(ca->pem);
  free(ca);
}

const char *test_ca_pem(const struct test_ca *ca) {
  return ca->pem;
}

struct test_cert test_ca_issue(struct test_ca *ca, const char *names, const char *usage,
                               long from_s, long to_s) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  must(key != NULL);
  X509 *cert = draft(key, "test", ++ca->serial, from_s, to_s);
  must(X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)));
  extend(cert, ca->cert, NID_subject_alt_name, names);
  extend(cert, ca->cert, NID_ext_key_usage, usage);
  must(X509_sign(cert, ca->key, EVP_sha256()));
  struct test_cert c = {cert_pem(cert), key_pem(key)};
  X509_free(cert);
  EVP_PKEY_free(key);
  return c;
}

void test_cert_free(struct test_cert *c) {
  free(c->cert);
  free(c->key);
  *c = (struct test_cert){0};
}
