// Answers of the token endpoint, and bare tokens. What is taken can stand in a header line.
#include <string.h>

#include "rotator/cloud/iam_decode.h"
#include "tests/fuzz/fuzz.h"

static void check_claims(const struct iam_token *t) {
  FUZZ_CHECK(t->iam_id[0] && t->account[0]);
  FUZZ_CHECK(strlen(t->iam_id) < sizeof t->iam_id && strlen(t->name) < sizeof t->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct iam_token t = {0};
  int64_t life_s;
  if (iam_decode_claims((const char *)data, size, &t, &life_s, NULL) == ERR_OK)
    check_claims(&t);
  char subject[64];
  if (iam_decode_subject((const char *)data, size, subject, sizeof subject)) {
    FUZZ_CHECK(memchr(subject, '\0', sizeof subject));
    for (const char *at = subject; *at; at++)
      FUZZ_CHECK((unsigned char)*at >= 0x20 && *at != 0x7f);
  }
  t = (struct iam_token){0};
  if (iam_decode_token((const char *)data, size, &t, NULL) == ERR_OK) {
    check_claims(&t);
    FUZZ_CHECK(t.expires_in_s > 0);
    for (const char *at = secret_bytes(t.bearer); *at; at++)
      FUZZ_CHECK(*at > 0x20 && *at < 0x7f);
  } else {
    FUZZ_CHECK(!t.bearer);
  }
  iam_token_clear(&t);
  return 0;
}
