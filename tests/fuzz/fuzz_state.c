// The state: any document, and any member "state" under a checksum that is right. What is accepted
// can be written, and reads back as the same; what is not is told without its values.
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/state.h"
#include "tests/fuzz/fuzz.h"

#define VALUE "FuzzKeyOfSomeSlot" // in the corpus, as a slot's value

static void check_again(const struct state *s) {
  struct secret *text = NULL, *again = NULL;
  struct state back = {0};
  FUZZ_CHECK(state_encode(s, &text, NULL, NULL) == ERR_OK);
  FUZZ_CHECK(state_decode(text, &back, NULL) == ERR_OK);
  FUZZ_CHECK(state_encode(&back, &again, NULL, NULL) == ERR_OK && secret_equal(text, again));
  FUZZ_CHECK(!state_impossible(&back));
  state_clear(&back);
  secret_free(text);
  secret_free(again);
}

static void check(struct secret *document) {
  struct state s = {0};
  struct error e = {0};
  enum err err = state_decode(document, &s, &e);
  if (err == ERR_OK)
    check_again(&s);
  else
    FUZZ_CHECK(err == ERR_CORRUPT && e.text[0] && !strstr(e.text, VALUE));
  FUZZ_CHECK(err == ERR_OK || (!s.slots[0].value && s.seq == 0));
  state_clear(&s);
  secret_free(document);
}

// With the checksum that belongs to it; NULL: it is no JSON.
static struct secret *in_document(const char *bytes, size_t len) {
  JSON_AUTO o = cJSON_CreateObject();
  cJSON *tree = json_parse(bytes, len);
  struct secret *text = NULL, *document = NULL;
  char digest[TEXT_SHA256_HEX];
  if (!tree)
    return NULL;
  FUZZ_CHECK(json_print(tree, STORE_HOME_MAX, &text) == ERR_OK);
  text_sha256_hex(digest, secret_bytes(text), secret_len(text));
  secret_free(text);
  json_add_int(o, "rotator_state", STATE_SCHEMA);
  json_add_text(o, "sha256", digest);
  cJSON_AddItemToObject(o, "state", tree);
  FUZZ_CHECK(json_print(o, 2 * STORE_HOME_MAX, &document) == ERR_OK);
  return document;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 32768)
    return 0;
  check(secret_copy(data, size));
  struct secret *document = in_document((const char *)data, size);
  if (document)
    check(document);
  return 0;
}
