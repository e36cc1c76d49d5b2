#include "rotator/cloud/logs_record.h"

#include <string.h>

#include "rotator/base/json.h"
#include "tests/unit/cloud/fixture.h"

static void a_record(void **state) {
  (void)state;
  const struct logs_record r = {.application = "secret-rotator",
                                .subsystem = "probe",
                                .severity = 3,
                                .computer = "host",
                                .rotation = "00ff-7",
                                .key_id = KEY_ID,
                                .step = "settle",
                                .nonce = "0123"};
  struct secret *s = logs_record_encode(&r);
  assert_string_equal(secret_bytes(s), "[{\"applicationName\":\"secret-rotator\",\"subsystemName\":"
                                       "\"probe\",\"severity\":3,\"computerName\":\"host\","
                                       "\"text\":{\"message\":\"test log of the key "
                                       "rotation\",\"rotation\":\"00ff-7\",\"key_id\":\"" KEY_ID
                                       "\",\"step\":\"settle\",\"nonce\":\"0123\"}}]");
  secret_free(s);
}

static void odd_text_is_tamed(void **state) {
  (void)state;
  const struct logs_record r = {
      .application = "a\"b\\c\nd\xc3\xa9", .subsystem = NULL, .severity = 0};
  struct secret *s = logs_record_encode(&r);
  JSON_AUTO list = json_parse(secret_bytes(s), secret_len(s));
  assert_true(cJSON_IsArray(list));
  assert_string_equal(json_text(list->child, "applicationName"), "a?b?c?d??");
  assert_string_equal(json_text(list->child, "subsystemName"), "");
  int64_t severity = 0;
  assert_true(json_int(list->child, "severity", &severity));
  assert_int_equal(severity, 1);
  assert_null(json_get(list->child, "timestamp"));
  secret_free(s);
}

static void it_stays_small(void **state) {
  (void)state;
  static char huge[3000];
  memset(huge, 'x', sizeof huge - 1);
  const struct logs_record r = {huge, huge, 99, huge, huge, huge, huge, huge};
  struct secret *s = logs_record_encode(&r);
  assert_non_null(s);
  assert_true(secret_len(s) < LOGS_RECORD_MAX);
  assert_non_null(strstr(secret_bytes(s), "\"severity\":6,"));
  secret_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record),
      cmocka_unit_test(odd_text_is_tamed),
      cmocka_unit_test(it_stays_small),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
