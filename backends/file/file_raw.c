// The formats without a layout: raw (a key and a line break) and document (a home, byte for byte).
#include "backends/file/filestore.h"

static enum err raw_encode(const struct filestore *fs, const struct store_record *r,
                           struct secret **ret, struct error *e) {
  struct secret *s = secret_new(secret_len(r->value) + 1);
  if (!s || secret_append(s, secret_bytes(r->value), secret_len(r->value)) != ERR_OK ||
      (fs->newline && secret_append_text(s, "\n") != ERR_OK)) {
    secret_free(s);
    return error_no_memory(e);
  }
  *ret = s;
  return ERR_OK;
}

// One line break at the end is none of the key's, whoever wrote it.
static enum err raw_decode(const struct filestore *fs, const struct secret *bytes,
                           struct store_record *ret, struct error *e) {
  (void)fs;
  size_t len = secret_len(bytes);
  if (len > 0 && secret_bytes(bytes)[len - 1] == '\n')
    len--;
  ret->value = secret_copy(secret_bytes(bytes), len);
  return ret->value ? ERR_OK : error_no_memory(e);
}

static enum err document_encode(const struct filestore *fs, const struct store_record *r,
                                struct secret **ret, struct error *e) {
  (void)fs;
  struct secret *s = secret_dup(r->value);
  if (!s)
    return error_no_memory(e);
  *ret = s;
  return ERR_OK;
}

static enum err document_decode(const struct filestore *fs, const struct secret *bytes,
                                struct store_record *ret, struct error *e) {
  (void)fs;
  ret->value = secret_dup(bytes);
  return ret->value ? ERR_OK : error_no_memory(e);
}

const struct filestore_format filestore_raw = {"raw", raw_encode, raw_decode, NULL};
const struct filestore_format filestore_document = {"document", document_encode, document_decode,
                                                    NULL};
