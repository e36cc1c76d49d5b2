// A credential file, be it one word, a line with a line break, or the JSON of `ibmcloud iam
// api-key-create --file`: what is taken can stand in a header and in a form, and an error never
// quotes what it found.
#include <string.h>

#include "rotator/app/credential.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/credential.h"
#include "tests/fuzz/script.h"

#define VALUE "FuzzKeyThatStandsInTheFile" // in the corpus

static const uint8_t *bytes;
static size_t len;

enum err __wrap_file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                          struct file_version *ret_version, struct error *e);
enum err __wrap_file_read(const char *path, const struct file_rules *rules, struct secret **ret,
                          struct file_version *ret_version, struct error *e) {
  (void)path, (void)rules, (void)ret_version, (void)e;
  *ret = secret_copy(bytes, len);
  return ERR_OK;
}

static void check_error(const struct error *e) {
  FUZZ_CHECK(e->text[0] && !strstr(e->text, VALUE));
  script_printable(e->text, sizeof e->text);
}

static void check_word(void) {
  const struct credential_file file = {CREDENTIAL_KEPT, "a token", "/", NULL};
  struct secret *word = NULL;
  struct error e = {0};
  if (credential_read_word(&file, &word, &e) != ERR_OK) {
    FUZZ_CHECK(!word);
    check_error(&e);
    return;
  }
  FUZZ_CHECK(secret_len(word) > 0);
  e = (struct error){0};
  if (credential_check_word(word, "the token", &e) != ERR_OK)
    check_error(&e);
  else
    for (const char *c = secret_bytes(word); *c; c++)
      FUZZ_CHECK(*c > 0x20 && *c < 0x7f);
  secret_free(word);
}

static void check_key(void) {
  char path[] = "/";
  struct config_credential c = {.kind = CONFIG_CREDENTIAL_KEY, .file = path};
  struct error e = {0};
  struct secret *key = credential_read(&c, &e);
  if (!key) {
    check_error(&e);
    return;
  }
  FUZZ_CHECK(secret_len(key) > 0 && credential_check_word(key, "it", NULL) == ERR_OK);
  FUZZ_CHECK(memmem(bytes, len, secret_bytes(key), secret_len(key)) || bytes[0] == '{');
  secret_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes = data;
  len = size;
  check_word();
  check_key();
  return 0;
}
