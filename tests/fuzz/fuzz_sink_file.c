// Files that consumers read: env, json, raw, document (the first byte says which). What decodes
// and is a key is written again, and decodes as the same; errors quote nothing of it.
#include <string.h>

#include "backends/file/filestore.h"
#include "tests/fuzz/script.h"

#define VALUE "FuzzKeyThatStandsInTheFile" // in the corpus

static void check_again(const struct filestore *fs, const struct store_record *r) {
  struct secret *bytes = NULL;
  struct store_record back = {0};
  struct error e = {0};
  FUZZ_CHECK(fs->format->encode(fs, r, &bytes, &e) == ERR_OK);
  FUZZ_CHECK(fs->format->decode(fs, bytes, &back, &e) == ERR_OK);
  FUZZ_CHECK(secret_equal(r->value, back.value) && strcmp(r->key_id, back.key_id) == 0);
  if (fs->format->served) {
    struct secret *served = fs->format->served(fs, bytes);
    FUZZ_CHECK(secret_equal(served, r->value));
    secret_free(served);
  }
  store_record_clear(&back);
  secret_free(bytes);
}

// What consumers are served of a file that decodes is what it decodes to.
static void check_served(const struct filestore *fs, const struct secret *bytes,
                         const struct store_record *r) {
  struct secret *served = fs->format->served ? fs->format->served(fs, bytes) : NULL;
  FUZZ_CHECK(!served || !r->value || secret_equal(served, r->value));
  secret_free(served);
}

// A member that is not ours is told by its name.
static bool quotes_value(const struct error *e) {
  return strstr(e->text, VALUE) && !strstr(e->text, "is not ours");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct filestore_format *const formats[] = {&filestore_env, &filestore_json,
                                                           &filestore_raw, &filestore_document};
  struct filestore fs = {.variable = "KEY", .newline = true};
  struct store_record r = {0};
  struct error e = {0};
  if (size < 1 || size > 8192)
    return 0;
  fs.format = formats[data[0] & 3];
  struct secret *bytes = secret_copy(data + 1, size - 1);
  enum err err = fs.format->decode(&fs, bytes, &r, &e);
  FUZZ_CHECK(err == ERR_OK ? r.value != NULL : e.text[0] && !quotes_value(&e));
  FUZZ_CHECK(err != ERR_INTERNAL);
  script_printable(e.text, sizeof e.text);
  if (err == ERR_OK) {
    check_served(&fs, bytes, &r);
    if (fs.format == &filestore_document || store_value_check(r.value, ERR_CORRUPT, NULL) == ERR_OK)
      check_again(&fs, &r);
  }
  store_record_clear(&r);
  secret_free(bytes);
  return 0;
}
