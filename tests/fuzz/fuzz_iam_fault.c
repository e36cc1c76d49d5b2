// Bodies of errors: whatever they hold, codes stay codes, text stays printable, and "gone" needs
// IAM's own words.
#include <string.h>

#include "rotator/cloud/iam_fault.h"
#include "tests/fuzz/fuzz.h"

static void check_printable(const char *text, size_t cap) {
  size_t n = strnlen(text, cap);
  FUZZ_CHECK(n < cap);
  for (size_t i = 0; i < n; i++)
    FUZZ_CHECK(text[i] >= 0x20 && text[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct iam_fault f;
  iam_fault_decode((const char *)data, size, &f);
  check_printable(f.code, sizeof f.code);
  check_printable(f.message_code, sizeof f.message_code);
  check_printable(f.message, sizeof f.message);
  check_printable(f.trace, sizeof f.trace);
  FUZZ_CHECK(f.json || (!f.n && !f.code[0] && !f.message[0]));
  for (int status = 100; status < 600; status++) {
    enum err api = iam_fault_kind(status, &f, status & 1);
    enum err token = iam_fault_kind_of_exchange(status, &f);
    FUZZ_CHECK(api != ERR_OK && token != ERR_OK);
    FUZZ_CHECK(api != ERR_MISSING || (status == 404 && f.listed && f.n == 1));
    FUZZ_CHECK(token != ERR_REFUSED || (f.code[0] && status >= 400 && status < 500));
    FUZZ_CHECK(status < 500 || (api == ERR_UNSURE && token == ERR_UNSURE));
  }
  return 0;
}
