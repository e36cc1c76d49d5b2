#include "ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "util.h"

#define VALID_DAYS 3650 // tests move their clocks far

static void check(bool ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "ibmcloud-emulator: OpenSSL failed: %s\n", what);
    abort();
  }
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  check(extension && X509_add_ext(cert, extension, -1), value);
  X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *common_name) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                                   -1, 0),
        "name");
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name) {
  X509 *cert = X509_new();
  unsigned char serial[16];
  util_random(serial, sizeof serial);
  serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
  BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
  check(cert && number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)), "serial");
  BN_free(number);
  X509_set_version(cert, 2);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600L * 24 * 365);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600L * 24 * VALID_DAYS);
  X509_set_pubkey(cert, key);
  set_name(X509_get_subject_name(cert), common_name);
  return cert;
}

// Every host name the emulator can be reached by, the vendor's real ones included: a client whose
// resolver is pointed here then finds what it expects.
static char *subject_names(void) {
  static const char *const regions[] = {"jp-osa",  "au-syd",   "jp-tok", "in-che", "in-mum",
                                        "eu-de",   "eu-gb",    "eu-es",  "ca-tor", "ca-mon",
                                        "us-east", "us-south", "br-sao"};
  static const char *const domains[] = {"localhost", "cloud.ibm.com", "test.cloud.ibm.com"};
  struct sbuf b = {0};
  sbuf_addf(&b, "DNS:localhost,DNS:*.localhost,DNS:iam.localhost,DNS:private.iam.localhost,"
                "DNS:api.metadata.cloud.ibm.com,DNS:iam.cloud.ibm.com,DNS:private.iam.cloud.ibm."
                "com,DNS:iam.test.cloud.ibm.com,"
                "IP:127.0.0.1,IP:::1");
  for (size_t r = 0; r < sizeof regions / sizeof *regions; r++) {
    sbuf_addf(&b, ",DNS:private.%s.iam.cloud.ibm.com", regions[r]);
    sbuf_addf(&b, ",DNS:*.%s.secrets-manager.localhost,DNS:*.private.%s.secrets-manager.localhost",
              regions[r], regions[r]);
    sbuf_addf(&b,
              ",DNS:*.%s.secrets-manager.appdomain.cloud"
              ",DNS:*.private.%s.secrets-manager.appdomain.cloud",
              regions[r], regions[r]);
    for (size_t d = 0; d < sizeof domains / sizeof *domains; d++) {
      const char *logs = "logs";
      sbuf_addf(&b, ",DNS:*.ingress.%s.%s.%s,DNS:*.ingress.private.%s.%s.%s", regions[r], logs,
                domains[d], regions[r], logs, domains[d]);
      sbuf_addf(&b, ",DNS:*.api.%s.%s.%s,DNS:*.api.private.%s.%s.%s", regions[r], logs, domains[d],
                regions[r], logs, domains[d]);
    }
  }
  return b.data;
}

static char *to_text(BIO *bio) {
  char *data;
  long len = BIO_get_mem_data(bio, &data);
  char *text = util_format("%.*s", (int)len, data);
  BIO_free(bio);
  return text;
}

static char *certificate_pem(X509 *cert) {
  BIO *bio = BIO_new(BIO_s_mem());
  check(bio && PEM_write_bio_X509(bio, cert), "certificate");
  return to_text(bio);
}

static char *key_pem(EVP_PKEY *key) {
  BIO *bio = BIO_new(BIO_s_mem());
  check(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), "key");
  return to_text(bio);
}

void ca_make(struct ca *ret_ca) {
  EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
  check(ca_key && key, "keys");
  X509 *authority = new_certificate(ca_key, "ibmcloud-emulator test authority");
  X509_set_issuer_name(authority, X509_get_subject_name(authority));
  add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(authority, authority, NID_subject_key_identifier, "hash");
  check(X509_sign(authority, ca_key, EVP_sha256()), "self-signature");

  X509 *server = new_certificate(key, "ibmcloud-emulator");
  char *names = subject_names();
  X509_set_issuer_name(server, X509_get_subject_name(authority));
  add_extension(server, authority, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server, authority, NID_key_usage, "critical,digitalSignature");
  add_extension(server, authority, NID_ext_key_usage, "serverAuth");
  add_extension(server, authority, NID_subject_key_identifier, "hash");
  add_extension(server, authority, NID_authority_key_identifier, "keyid");
  add_extension(server, authority, NID_subject_alt_name, names);
  check(X509_sign(server, ca_key, EVP_sha256()), "signature");

  *ret_ca = (struct ca){certificate_pem(authority), certificate_pem(server), key_pem(key)};
  free(names);
  X509_free(authority);
  X509_free(server);
  EVP_PKEY_free(ca_key);
  EVP_PKEY_free(key);
}

void ca_free(struct ca *ca) {
  free(ca->ca_pem);
  free(ca->server_pem);
  free(ca->server_key_pem);
  *ca = (struct ca){0};
}
