// Answers of IBM Cloud Secrets Manager to all that a store of it asks. The first byte says which:
// an arbitrary secret or one of fields, a sink or a home, in which group. A write bears its mark.
#include <string.h>

#include "rotator/base/json.h"
#include "tests/fuzz/script.h"

extern const struct store_backend store_backend_ibm_secrets_manager;

#define CRN                                                                                        \
  "crn:v1:bluemix:public:secrets-manager:eu-de:a/d3a0c0ffee00000000000000000000d3:"                \
  "99999999-2222-4333-8444-555555555555::"

static void sending(const struct http_request *req, const char *read_before) {
  JSON_AUTO put = json_parse(secret_bytes(req->body), secret_len(req->body));
  const cJSON *meta = json_get(put, "version_custom_metadata");
  (void)read_before;
  if (!req->body)
    return;
  FUZZ_CHECK(strlen(json_text(meta, "rotator_write")) == 16);
  for (const cJSON *m = meta->child; m; m = m->next) // every reader of lists sees it
    FUZZ_CHECK(!strstr(m->valuestring, SCRIPT_VALUE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct store_setting all[6] = {{"instance", CRN, 1}, {"name", "edge", 1}};
  size_t n = 2;
  if (size < 1)
    return 0;
  unsigned how = data[0];
  if ((how & 4) && !(how & 1))
    all[n++] = (struct store_setting){"type", "kv", 1};
  if (how & 8)
    all[n++] = (struct store_setting){"group", "logs", 1};
  if ((how & 24) == 24)
    all[n++] = (struct store_setting){"group_id", "5a3c0b7e-1111-4222-8333-9a9b9c9d9e9f", 1};
  script_begin(data + 1, size - 1);
  script_sending = sending;
  script_use(&store_backend_ibm_secrets_manager, all, n, how & 3);
  return 0;
}
