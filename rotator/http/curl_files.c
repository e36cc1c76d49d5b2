// Certificates and keys on disk, looked at when a transport is made, so that a mistake is a mistake
// of the configuration and not of the network. It also keeps OpenSSL from asking for a passphrase
// on the terminal later.
//
// libcurl keeps the parsed authorities for a day, which saves 20 ms of each new connection; a
// bundle that is replaced at its place (by the distribution, by a volume of Kubernetes) would not
// be read meanwhile. So the files are looked at before each exchange, which costs a stat, and a
// handle whose files have changed is replaced.
#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/base/wipe_alloc.h"
#include "rotator/http/curl_internal.h"

#define BUNDLE_MAX (8 * 1024 * 1024)

static int no_passphrase(char *buf, int size, int writing, void *p) {
  (void)buf, (void)size, (void)writing, (void)p;
  return -1;
}

// For want of memory, which passes, or because of what it is? OpenSSL does not always say, and may
// have lacked it earlier.
static enum err not_read(const char *path, const char *why, struct error *e) {
  return wipe_was_starved() ? error_no_memory(e) : error_set(e, ERR_INVALID, "%s%s", path, why);
}

static enum err open_pem(const char *path, BIO **ret, struct error *e) {
  errno = 0;
  *ret = BIO_new_file(path, "r");
  if (!*ret && errno == ENOMEM)
    return error_no_memory(e);
  return *ret ? ERR_OK : not_read(path, ": can't be read", e);
}

static enum err load_cert(const char *path, X509 **ret, struct error *e) {
  BIO *bio = NULL;
  enum err err = open_pem(path, &bio, e);
  if (err)
    return err;
  *ret = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
  BIO_free(bio);
  return *ret ? ERR_OK : not_read(path, ": holds no PEM certificate", e);
}

static enum err load_key(const char *path, EVP_PKEY **ret, struct error *e) {
  BIO *bio = NULL;
  enum err err = open_pem(path, &bio, e);
  if (err)
    return err;
  *ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
  BIO_free(bio);
  return *ret ? ERR_OK : not_read(path, ": holds no PEM private key without a passphrase", e);
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
    err = wipe_was_starved() ? error_no_memory(e)
                             : error_set(e, ERR_INVALID, "%s: is not the key of %s", o->client_key,
                                         o->client_cert);
  X509_free(cert);
  EVP_PKEY_free(key);
  return err;
}

// --- authorities ---------------------------------------------------------------------------------

const char *curl_files_ca(const struct curl_options *o) {
  return o->ca_file ? o->ca_file : curl_version_info(CURLVERSION_NOW)->cainfo;
}

static uint64_t hash_stat(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0)
    return 1;
  const uint64_t parts[] = {(uint64_t)st.st_dev,          (uint64_t)st.st_ino,
                            (uint64_t)st.st_size,         (uint64_t)st.st_mtim.tv_sec,
                            (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ctim.tv_sec,
                            (uint64_t)st.st_ctim.tv_nsec};
  return text_hash64((const char *)parts, sizeof parts);
}

// Calls for each file of the directory that is no hidden one; false ends it. The names' order is
// the directory's.
static bool each_file(const char *dir, bool (*call)(const char *path, void *ctx), void *ctx) {
  char path[4096];
  bool good = true;
  DIR *d = opendir(dir);
  for (struct dirent *entry; d && good && (entry = readdir(d));) {
    int n = snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
    if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof path)
      good = call(path, ctx);
  }
  if (d)
    closedir(d);
  return d && good;
}

static bool add_stat(const char *path, void *ctx) {
  *(uint64_t *)ctx += hash_stat(path); // whatever the order
  return true;
}

uint64_t curl_files_trust(const struct curl_options *o) {
  if (o->ca_bytes)
    return 0;
  if (!o->ca_path) {
    const char *ca = curl_files_ca(o);
    return ca ? hash_stat(ca) : 0;
  }
  uint64_t sum = hash_stat(o->ca_path);
  each_file(o->ca_path, add_stat, &sum);
  return sum;
}

// Adds every certificate of the file; what else is there is passed over.
static bool add_certificates(const char *path, void *ctx) {
  struct stat st;
  BIO *from = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? BIO_new_file(path, "r") : NULL;
  BIO *to = from ? BIO_new(BIO_s_mem()) : NULL;
  struct text_buf *b = ctx;
  char *bytes = NULL;
  for (X509 *cert; to && (cert = PEM_read_bio_X509_AUX(from, NULL, no_passphrase, NULL));) {
    PEM_write_bio_X509(to, cert);
    X509_free(cert);
  }
  long len = to ? BIO_get_mem_data(to, &bytes) : 0;
  if (len > 0)
    text_buf_add_bytes(b, bytes, (size_t)len);
  BIO_free(to);
  BIO_free(from);
  return !b->failed;
}

enum err curl_files_bundle(const char *dir, char **ret, struct error *e) {
  struct text_buf b = TEXT_BUF(BUNDLE_MAX);
  if (!each_file(dir, add_certificates, &b) || b.len == 0) {
    enum err err = b.starved || wipe_was_starved() ? error_no_memory(e)
                   : b.failed
                       ? error_set(e, ERR_INVALID, "%s: too many certificates", dir)
                       : error_set(e, ERR_INVALID, "%s: no PEM certificate can be read there", dir);
    text_buf_free(&b);
    return err;
  }
  *ret = b.bytes;
  return ERR_OK;
}

static enum err check_bytes(const char *pem, struct error *e) {
  BIO *bio = BIO_new_mem_buf(pem, -1);
  X509 *cert = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL) : NULL;
  BIO_free(bio);
  X509_free(cert);
  return cert ? ERR_OK : not_read("the authorities given as text", " hold no PEM certificate", e);
}

enum err curl_files_check(const struct curl_options *o, struct error *e) {
  X509 *cert = NULL;
  enum err err = o->ca_file ? load_cert(o->ca_file, &cert, e) : ERR_OK;
  X509_free(cert);
  if (!err && o->ca_bytes)
    err = check_bytes(o->ca_bytes, e);
  if (!err && (o->client_cert || o->client_key))
    err = check_client(o, e);
  return err;
}
