// Answers of a helper program to all that a store of it asks: its exit status and what it wrote.
#include "tests/fuzz/script.h"

extern const struct store_backend store_backend_helper;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct store_setting all[] = {{"program", "/bin/sh", 1}, {"item", "edge", 1}};
  if (size < 1)
    return 0;
  script_begin(data + 1, size - 1);
  script_sending = NULL;
  script_use(&store_backend_helper, all, 2, data[0] & 3);
  return 0;
}
