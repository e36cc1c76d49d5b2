// Test logs, sent with tokens of all sorts.
#include <stdio.h>
#include <string.h>

#include "tests/integration/cloud/scene.h"

#define HTML "\"content_type\":\"text/html\",\"body\":\"<html>no</html>\""
#define COUNT(array) (sizeof array / sizeof((array)[0]))

static const struct logs_record record = {.application = "secret-rotator",
                                          .subsystem = "probe",
                                          .severity = 3,
                                          .computer = "host",
                                          .rotation = "0123456789abcdef-7",
                                          .key_id = "ApiKey-1",
                                          .step = "settle",
                                          .nonce = "00112233445566778899aabbccddeeff"};

static struct logs *open_logs(struct scene *s, const char *guid) {
  char url[256];
  snprintf(url, sizeof url, "%s/instances/%s", s->emulator.https, guid);
  return logs_http_new(url, NULL, s->transport);
}

static struct secret *token_of(struct scene *s, const struct secret *value) {
  struct iam_token t = {0};
  assert_int_equal(s->iam->ops->exchange(s->iam, value, true, &t, &s->e), ERR_OK);
  return t.bearer;
}

static enum logs_verdict send(struct scene *s, const char *guid, const struct secret *bearer) {
  struct logs *l = open_logs(s, guid);
  enum logs_verdict v = l->ops->send(l, bearer, &record, true, &s->e);
  assert_hidden(&s->e);
  logs_free(l);
  return v;
}

static void a_line_arrives(void **state) {
  struct scene *s = *state;
  struct secret *bearer = token_of(s, s->manager_key);
  assert_int_equal(send(s, GUID, bearer), LOGS_ACCEPTED);
  JSON_AUTO answer = emulator_get(&s->emulator, "logs?instance=" GUID);
  const cJSON *line = json_get(answer, "logs")->child, *text = json_get(line, "text");
  assert_string_equal(json_text(line, "application"), record.application);
  assert_string_equal(json_text(line, "subsystem"), record.subsystem);
  assert_string_equal(json_text(line, "iam_id"), "iam-" MANAGER);
  assert_string_equal(json_text(text, "nonce"), record.nonce);
  assert_string_equal(json_text(text, "rotation"), record.rotation);
  assert_string_equal(json_text(text, "step"), record.step);
  assert_string_equal(json_text(text, "key_id"), record.key_id);
  secret_free(bearer);
}

static void tokens_that_do_not_do(void **state) {
  struct scene *s = *state;
  struct iam_key key = {0};
  assert_int_equal(scene_create(s, "no Sender yet", &key), ERR_OK);
  assert_int_equal(s->iam->ops->enable(s->iam, key.id, &s->e), ERR_OK);
  struct secret *weak = token_of(s, s->value), *bad = secret_copy_text("e30.e30.c2ln");
  assert_int_equal(send(s, GUID, weak), LOGS_REFUSED);
  assert_int_equal(s->e.status, 403);
  assert_int_equal(send(s, GUID, bad), LOGS_REFUSED);
  struct iam_policy policy;
  assert_int_equal(s->iam->ops->grant_sender(s->iam, ACCOUNT, AGENT_IAM, GUID, &policy, &s->e),
                   ERR_OK);
  assert_int_equal(send(s, GUID, weak), LOGS_ACCEPTED);
  assert_int_equal(send(s, "99999999-0000-4000-8000-000000000009", weak), LOGS_NO_INSTANCE);
  // A key that is gone leaves tokens behind that work.
  assert_int_equal(s->iam->ops->remove(s->iam, key.id, &s->e), ERR_OK);
  assert_int_equal(send(s, GUID, weak), LOGS_ACCEPTED);
  secret_free(weak);
  secret_free(bad);
}

static void answers_of_a_bad_day(void **state) {
  struct scene *s = *state;
  static const struct {
    const char *effect;
    enum logs_verdict verdict;
  } rows[] = {
      {"{\"complaint\":\"{\\\"message\\\":\\\"1 log dropped\\\"}\"}", LOGS_COMPLAINED},
      {"{\"status\":429,\"headers\":{\"Retry-After\":\"3\"}}", LOGS_THROTTLED},
      {"{\"status\":503," HTML "}", LOGS_OUTAGE},
      {"{\"status\":200," HTML "}", LOGS_OUTAGE},
      {"{\"status\":408}", LOGS_OUTAGE},
      {"{\"status\":413}", LOGS_REJECTED},
      {"{\"status\":204}", LOGS_ACCEPTED},
      {"{\"lose_answer\":true}", LOGS_OUTAGE},
      {"{\"truncate\":true,\"complaint\":\"0123456789\"}", LOGS_OUTAGE},
      {"{\"drop_before\":true}", LOGS_OUTAGE},
  };
  struct secret *bearer = token_of(s, s->manager_key);
  for (size_t i = 0; i < COUNT(rows); i++) {
    scene_fault(s, "POST", "/instances/", rows[i].effect, 1);
    enum logs_verdict v = send(s, GUID, bearer);
    if (v != rows[i].verdict)
      fail_msg("%s: %s: %s", rows[i].effect, logs_verdict_name(v), s->e.text);
    if (v == LOGS_THROTTLED)
      assert_int_equal(s->e.retry_after_ms, 3000);
    assert_true(emulator_delete(&s->emulator, "faults"));
  }
  secret_free(bearer);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_line_arrives, scene_reset),
      cmocka_unit_test_setup(tokens_that_do_not_do, scene_reset),
      cmocka_unit_test_setup(answers_of_a_bad_day, scene_reset),
  };
  if (argc != 2)
    return 2;
  scene_program(argv[1]);
  int failed = cmocka_run_group_tests(tests, scene_open, scene_close);
  return failed != 0;
}
