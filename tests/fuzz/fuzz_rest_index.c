// The index of rest: whatever the bytes are, they are refused or make sense, and what was read can
// be written and reads back as the same. The digest over all is made to fit, so that what lies
// behind it is reached.
#include <string.h>

#include "rotator/app/rest_index.h"
#include "rotator/base/text.h"
#include "tests/fuzz/fuzz.h"

#define TARGETS 4
#define HEAD 24

static unsigned char about[TEXT_SHA256_BYTES];

static void check(const struct rest_index *x) {
  struct rest_entry e;
  struct rest_file files[REST_FILES_MAX];
  size_t n = 0;
  for (size_t i = 0; i < TARGETS; i++) {
    if (!rest_index_find(x, i, &e, files))
      continue;
    n++;
    FUZZ_CHECK(e.target == i && e.n_files >= 2 && e.n_files <= REST_FILES_MAX);
    FUZZ_CHECK(text_is_hex(e.binding, TAG_BINDING_MAX - 1));
  }
  FUZZ_CHECK(n == x->n);
}

// With the head and the digest that it lacks; the first byte says which are left as they are.
static struct secret *fit(const uint8_t *data, size_t size) {
  struct text_buf none = TEXT_BUF(1);
  const struct rest_index nothing = {.n = 0};
  struct secret *empty = rest_index_encode(about, &none, &nothing, NULL), *s = secret_new(1 << 20);
  unsigned char sum[TEXT_SHA256_BYTES];
  FUZZ_CHECK(empty && s);
  if (data[0] & 1)
    FUZZ_CHECK(secret_append(s, secret_bytes(empty), HEAD + TEXT_SHA256_BYTES) == ERR_OK);
  FUZZ_CHECK(secret_append(s, data + 1, size - 1) == ERR_OK);
  text_sha256(sum, secret_bytes(s), secret_len(s));
  if (data[0] & 2)
    FUZZ_CHECK(secret_append(s, sum, sizeof sum) == ERR_OK);
  secret_free(empty);
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const bool replaced[TARGETS];
  struct text_buf none = TEXT_BUF(1);
  struct rest_index x, y;
  const char *why;
  if (size == 0 || size > 65536)
    return 0;
  bool good = rest_index_decode(fit(data, size), about, TARGETS, &x, &why);
  FUZZ_CHECK(good == !why);
  check(&x);
  if (good) {
    FUZZ_CHECK(
        rest_index_decode(rest_index_encode(about, &none, &x, replaced), about, TARGETS, &y, &why));
    check(&y);
    FUZZ_CHECK(x.n == y.n);
    rest_index_clear(&y);
  }
  rest_index_clear(&x);
  return 0;
}
