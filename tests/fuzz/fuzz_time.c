// Durations and points in time: what is read can be written and is read as the same.
#include <string.h>

#include "rotator/base/text_time.h"
#include "tests/fuzz/fuzz.h"

static void check_duration(const char *text) {
  int64_t s = -7, again = -7;
  char out[64];
  if (text_parse_duration(text, &s) != ERR_OK) {
    FUZZ_CHECK(s == -7);
    return;
  }
  FUZZ_CHECK(s >= 0 && s <= 3653ll * 86400);
  text_format_duration(out, sizeof out, s);
  FUZZ_CHECK(text_parse_duration(out, &again) == ERR_OK && again == s);
}

static void check_time(const char *text) {
  int64_t s = -7, again = -7;
  char out[64];
  if (text_parse_time(text, &s) != ERR_OK) {
    FUZZ_CHECK(s == -7);
    return;
  }
  FUZZ_CHECK(s >= -86400 && s < 253402300800 + 86400);
  text_format_time(out, sizeof out, s);
  FUZZ_CHECK(s < 0 || s >= 253402300800 || (text_parse_time(out, &again) == ERR_OK && again == s));
}

static void check_date(const char *text) {
  int64_t s = -7;
  FUZZ_CHECK(text_parse_http_date(text, &s) == ERR_OK ? s >= 0 : s == -7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[128];
  if (size >= sizeof text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  check_duration(text);
  check_time(text);
  check_date(text);
  return 0;
}
