// Descriptions of keys: a tag that is found is written again as it stood there.
#include <string.h>

#include "rotator/engine/tag.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[IAM_DESC_MAX], again[IAM_DESC_MAX];
  struct tag t = {.generation = 7}, back;
  if (size >= sizeof text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  if (!tag_parse(text, &t)) {
    FUZZ_CHECK(t.generation == 7);
    return 0;
  }
  FUZZ_CHECK(t.generation > 0 && strlen(t.binding) == 32 && strlen(t.lineage) == 16);
  tag_format(&t, "", again);
  FUZZ_CHECK(strstr(text, again));
  tag_format(&t, "words", again);
  FUZZ_CHECK(tag_parse(again, &back));
  FUZZ_CHECK(back.generation == t.generation && strcmp(back.lineage, t.lineage) == 0);
  return 0;
}
