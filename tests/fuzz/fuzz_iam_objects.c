// Keys, pages of keys, service IDs and limits. An answer that is taken is whole; one that is not
// leaves nothing behind.
#include <string.h>

#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_pages.h"
#include "tests/fuzz/fuzz.h"

static void check_key(const struct iam_key *k) {
  FUZZ_CHECK(k->id[0] && k->iam_id[0]);
  FUZZ_CHECK(strlen(k->id) < sizeof k->id && strlen(k->description) < sizeof k->description);
  FUZZ_CHECK(!k->value);
  FUZZ_CHECK(!k->expired || k->expires_s >= 0);
}

static void try_page(const cJSON *o) {
  struct iam_key_list list = {0};
  struct iam_pages pages = {0};
  iam_decode_key_page(o, 1795498800, &list, NULL);
  size_t n = list.n;
  for (size_t i = 0; i < n; i++)
    check_key(&list.keys[i]);
  // The same page again adds nothing that was taken already.
  iam_decode_key_page(o, 1795498800, &list, NULL);
  FUZZ_CHECK(list.n == n);
  if (iam_pages_next(&pages, o, NULL) == ERR_OK && pages.token[0])
    FUZZ_CHECK(iam_pages_next(&pages, o, NULL) == ERR_CORRUPT);
  iam_key_list_clear(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  JSON_AUTO o = json_parse((const char *)data, size);
  struct iam_key key;
  struct iam_service_id service;
  int64_t limit = -1, count = -1;
  if (!o)
    return 0;
  if (iam_decode_key(o, 1795498800, &key, NULL) == ERR_OK)
    check_key(&key);
  if (iam_decode_service_id(o, &service, NULL) == ERR_OK)
    FUZZ_CHECK(service.id[0] && service.iam_id[0]);
  if (iam_decode_limit(o, "iam-ServiceId-1", &limit, &count, NULL) == ERR_OK)
    FUZZ_CHECK(limit >= 0 && count >= 0);
  try_page(o);
  return 0;
}
