// Policies: one that covers names a role, and covers also when less is asked.
#include <string.h>

#include "rotator/cloud/iam_decode.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct iam_want want = {"account", "iam-ServiceId-1", "5a5a"}, anything = {0};
  struct iam_policy narrow, wide;
  JSON_AUTO o = json_parse((const char *)data, size);
  if (!o || iam_decode_policy(o, &want, &narrow, NULL))
    return 0;
  FUZZ_CHECK(narrow.id[0]);
  FUZZ_CHECK(narrow.covers == (narrow.role[0] != '\0'));
  FUZZ_CHECK(iam_decode_policy(o, &anything, &wide, NULL) == ERR_OK);
  FUZZ_CHECK(!narrow.covers || wide.covers);
  return 0;
}
