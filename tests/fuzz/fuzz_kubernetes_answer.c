// Answers of a Kubernetes API server to all that a store of it asks. The first byte says which
// store. What is sent names the Secret, and nothing of it but our key and annotation.
#include <string.h>

#include "rotator/base/json.h"
#include "tests/fuzz/script.h"

extern const struct store_backend store_backend_kubernetes;

static void sending(const struct http_request *req, const char *read_before) {
  JSON_AUTO put = json_parse(secret_bytes(req->body), secret_len(req->body));
  const cJSON *data = json_get(put, "data");
  (void)read_before;
  if (!req->body || !strstr(req->url, "/secrets"))
    return;
  FUZZ_CHECK(cJSON_GetArraySize(data) == 1 && strcmp(data->child->string, "KEY") == 0);
  FUZZ_CHECK(cJSON_GetArraySize(json_get(json_get(put, "metadata"), "annotations")) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct store_setting all[6] = {
      {"server", "https://kubernetes.test:6443", 1},
      {"token_file", "/token", 1},
      {"namespace", "logging", 1},
      {"name", "edge", 1},
      {"key", "KEY", 1},
  };
  size_t n = 5;
  if (size < 1)
    return 0;
  if (data[0] & 4)
    all[n++] = (struct store_setting){"create", "true", 1};
  script_begin(data + 1, size - 1);
  script_sending = sending;
  script_use(&store_backend_kubernetes, all, n, data[0] & 3);
  return 0;
}
