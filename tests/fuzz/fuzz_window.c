// A window from any text, at any time of the next years: its spans are in order and apart, none is
// over, and there is always one, unless it is "always".
#include <string.h>

#include "rotator/config/window.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[512], nearest[NEAREST_MAX];
  struct error e = {0};
  uint32_t minutes = 0;
  if (size < sizeof minutes || size - sizeof minutes >= sizeof text)
    return 0;
  memcpy(&minutes, data, sizeof minutes);
  memcpy(text, data + sizeof minutes, size - sizeof minutes);
  text[size - sizeof minutes] = '\0';
  int64_t now_s = (int64_t)(minutes % 100000000) * 60;
  struct policy_window w = {.n = 99};
  if (window_read(text, now_s, &w, nearest, &e) != ERR_OK) {
    FUZZ_CHECK(w.n == 99 && e.text[0] && strlen(nearest) < sizeof nearest);
    return 0;
  }
  FUZZ_CHECK(w.n <= 32 && (w.n > 0 || strcmp(text, "always") == 0));
  for (size_t i = 0; i < w.n; i++) {
    FUZZ_CHECK(w.spans[i].open_s < w.spans[i].close_s && w.spans[i].close_s > now_s);
    FUZZ_CHECK(i == 0 || w.spans[i].open_s > w.spans[i - 1].close_s);
  }
  FUZZ_CHECK(window_longest_gap_s(&w) >= 0);
  return 0;
}
