// Certificates and keys on disk, looked at when a transport is made, so that a mistake is a mistake
// of the configuration and not of the network. It also keeps OpenSSL from asking for a passphrase
// on the terminal later.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "rotator/http/curl_internal.h"

static int no_passphrase(char *buf, int size, int writing, void *p) {
  (void)buf, (void)size, (void)writing, (void)p;
  return -1;
}

static enum err open_pem(const char *path, BIO **ret, struct error *e) {
  *ret = BIO_new_file(path, "r");
  return *ret ? ERR_OK : error_set(e, ERR_INVALID, "%s: can't be read", path);
}

static enum err load_cert(const char *path, X509 **ret, struct error *e) {
  BIO *bio = NULL;
  enum err err = open_pem(path, &bio, e);
  if (err)
    return err;
  *ret = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
  BIO_free(bio);
  return *ret ? ERR_OK : error_set(e, ERR_INVALID, "%s: holds no PEM certificate", path);
}

static enum err load_key(const char *path, EVP_PKEY **ret, struct error *e) {
  BIO *bio = NULL;
  enum err err = open_pem(path, &bio, e);
  if (err)
    return err;
  *ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
  BIO_free(bio);
  return *ret
             ? ERR_OK
             : error_set(e, ERR_INVALID, "%s: holds no PEM private key without a passphrase", path);
}

static enum err check_client(const struct curl_options *o, struct error *e) {
  X509 *cert = NULL;
  EVP_PKEY *key = NULL;
  if (!o->client_cert || !o->client_key)
    return error_set(e, ERR_INVALID, "a client certificate and its key go together");
  enum err err = load_cert(o->client_cert, &cert, e);
  if (!err)
    err = load_key(o->client_key, &key, e);
  if (!err && X509_check_private_key(cert, key) != 1)
    err = error_set(e, ERR_INVALID, "%s: is not the key of %s", o->client_key, o->client_cert);
  X509_free(cert);
  EVP_PKEY_free(key);
  return err;
}

enum err curl_files_check(const struct curl_options *o, struct error *e) {
  X509 *cert = NULL;
  enum err err = o->ca_file ? load_cert(o->ca_file, &cert, e) : ERR_OK;
  X509_free(cert);
  if (!err && (o->client_cert || o->client_key))
    err = check_client(o, e);
  return err;
}
