// Answers of ingestion, and test logs made of anything.
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/cloud/logs_record.h"
#include "tests/fuzz/fuzz.h"

static void check_verdicts(const char *body, size_t len) {
  for (int status = 100; status < 600; status++) {
    struct logs_match m;
    enum logs_verdict v = logs_classify(status, body, len, NULL, &m);
    bool good = status == 200 || status == 201 || status == 202 || status == 204;
    FUZZ_CHECK(good || (v != LOGS_ACCEPTED && v != LOGS_COMPLAINED));
    FUZZ_CHECK(status < 500 || v == LOGS_OUTAGE);
    FUZZ_CHECK((v == LOGS_COMPLAINED) == (m.word[0] != '\0'));
    for (const char *c = m.quote; *c; c++)
      FUZZ_CHECK(*c >= 0x20 && *c < 0x7f);
  }
}

static void check_record(const char *text, size_t len) {
  char copy[512];
  size_t n = len < sizeof copy ? len : sizeof copy - 1;
  memcpy(copy, text, n);
  copy[n] = '\0';
  const struct logs_record r = {copy, copy, (int)len, copy, copy, copy, copy, copy};
  struct secret *body = logs_record_encode(&r);
  FUZZ_CHECK(body && secret_len(body) < LOGS_RECORD_MAX);
  JSON_AUTO list = json_parse(secret_bytes(body), secret_len(body));
  FUZZ_CHECK(cJSON_IsArray(list) && json_text(json_get(list->child, "text"), "nonce"));
  FUZZ_CHECK(!strchr(secret_bytes(body), '\\'));
  secret_free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_verdicts((const char *)data, size);
  check_record((const char *)data, size);
  return 0;
}
