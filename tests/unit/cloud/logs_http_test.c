#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/logs.h"
#include "tests/unit/cloud/fixture.h"

#define INGRESS "https://guid.ingress.test"

static const struct logs_record record = {.application = "a",
                                          .subsystem = "b",
                                          .severity = 3,
                                          .computer = "c",
                                          .rotation = "r",
                                          .key_id = KEY_ID,
                                          .step = "s",
                                          .nonce = "n"};

struct scene {
  struct fake_env env;
  struct transport *transport;
  struct logs *logs;
  struct secret *bearer;
  struct error e;
};

static void scene_open(struct scene *s, const char *url, const char *const *words,
                       const struct script_row *rows, size_t n) {
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->transport = scripted_transport_new(rows, n, &s->env.env);
  s->logs = logs_http_new(url, words, s->transport);
  s->bearer = secret_copy_text(BEARER);
  assert_non_null(s->logs);
}

static enum logs_verdict send(struct scene *s, bool fresh) {
  return s->logs->ops->send(s->logs, s->bearer, &record, fresh, &s->e);
}

static void scene_close(struct scene *s) {
  assert_int_equal(scripted_unexpected(s->transport), 0);
  assert_hidden(&s->e, BEARER);
  logs_free(s->logs);
  transport_free(s->transport);
  secret_free(s->bearer);
}

static void one_request(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {{.method = "POST", .url = INGRESS "/logs/v1/singles$"}};
  static const char *const urls[] = {INGRESS, INGRESS "/", INGRESS "/logs/v1/singles",
                                     INGRESS "/logs/v1/singles/"};
  for (size_t i = 0; i < COUNT(urls); i++) {
    scene_open(&s, urls[i], NULL, rows, 1);
    assert_int_equal(send(&s, true), LOGS_ACCEPTED);
    const struct script_request *r = scripted_last(s.transport);
    assert_string_equal(scripted_header(r, "Authorization"), "Bearer " BEARER);
    assert_string_equal(r->content_type, "application/json");
    assert_true(r->fresh_connection);
    assert_int_equal(r->replay, HTTP_REPLAY_SAFE);
    assert_true(text_starts(r->body, "[{\"applicationName\":\"a\""));
    assert_int_equal(send(&s, false), LOGS_ACCEPTED);
    assert_false(scripted_last(s.transport)->fresh_connection);
    scene_close(&s);
  }
}

static const struct {
  struct script_row answer;
  enum logs_verdict verdict;
  enum err kind;
  const char *text;
} answers[] = {
    {{.url = "$", .status = 200, .body = "{\"dropped\":1}"},
     LOGS_COMPLAINED,
     ERR_REFUSED,
     "send a test log: HTTP 200 (complained): \"dropped\":1 has the word 'drop'; if that is no"
     " complaint, set the words that are (complaints)"},
    {{.url = "$", .status = 403, .body = "Forbidden\x1b[0m"},
     LOGS_REFUSED,
     ERR_DENIED,
     "send a test log: HTTP 403 (refused): Forbidden?[0m"},
    {{.url = "$", .status = 401}, LOGS_REFUSED, ERR_DENIED, "send a test log: HTTP 401 (refused)"},
    {{.url = "$", .status = 404},
     LOGS_NO_INSTANCE,
     ERR_MISSING,
     "send a test log: HTTP 404 (no instance)"},
    {{.url = "$", .status = 413},
     LOGS_REJECTED,
     ERR_INVALID,
     "send a test log: HTTP 413 (rejected)"},
    {{.url = "$", .status = 429, .retry_after_s = 9},
     LOGS_THROTTLED,
     ERR_THROTTLED,
     "send a test log: HTTP 429 (throttled)"},
    {{.url = "$", .status = 503}, LOGS_OUTAGE, ERR_UNSURE, "send a test log: HTTP 503 (outage)"},
    {{.url = "$", .result = ERR_UNSENT},
     LOGS_OUTAGE,
     ERR_UNSENT,
     "send a test log: scripted: unsent"},
    {{.url = "$", .result = ERR_UNSURE},
     LOGS_OUTAGE,
     ERR_UNSURE,
     "send a test log: scripted: unsure"},
    {{.url = "$", .result = ERR_REFUSED},
     LOGS_OUTAGE,
     ERR_UNSURE,
     "send a test log: scripted: refused"},
    {{.url = "$", .result = ERR_CANCELLED},
     LOGS_STOPPED,
     ERR_CANCELLED,
     "send a test log: scripted: cancelled"},
    {{.url = "$", .status = 403, .body = "token " BEARER " is bad"},
     LOGS_REFUSED,
     ERR_DENIED,
     "the answer repeats a secret and is not shown"},
};

static void answers_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    struct scene s;
    scene_open(&s, INGRESS, NULL, &answers[i].answer, 1);
    assert_int_equal(send(&s, true), answers[i].verdict);
    assert_int_equal(s.e.kind, answers[i].kind);
    assert_string_equal(s.e.text, answers[i].text);
    assert_int_equal(s.e.status, answers[i].answer.status);
    if (answers[i].answer.retry_after_s)
      assert_int_equal(s.e.retry_after_ms, 9000);
    scene_close(&s);
  }
}

static void several_go_together(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {
      {.in_body = "log-1", .status = 403, .body = "token forged." BEARER " is bad"},
      {.in_body = "log-2", .result = ERR_UNSURE},
      {.in_body = "log-", .status = 200}};
  struct logs_record records[] = {record, record, record, record};
  static const char *const nonces[] = {"log-0", "log-1", "log-2", "log-3"};
  static const enum logs_verdict expected[] = {LOGS_ACCEPTED, LOGS_REFUSED, LOGS_OUTAGE,
                                               LOGS_ACCEPTED};
  struct logs_sending each[4];
  scene_open(&s, INGRESS, NULL, rows, 3);
  SECRET_AUTO other = secret_copy_text("forged." BEARER);
  for (size_t i = 0; i < 4; i++) {
    records[i].nonce = nonces[i];
    each[i] = (struct logs_sending){.bearer = i == 1 ? other : s.bearer, .record = &records[i]};
  }
  logs_send_each(s.logs, each, 4);
  for (size_t i = 0; i < 4; i++) {
    const struct script_request *r = scripted_request(s.transport, i);
    assert_int_equal(each[i].verdict, expected[i]);
    assert_hidden(&each[i].error, BEARER);
    assert_non_null(strstr(r->body, nonces[i]));
    assert_string_equal(scripted_header(r, "Authorization"),
                        i == 1 ? "Bearer forged." BEARER : "Bearer " BEARER);
  }
  assert_int_equal(each[1].error.status, 403);
  scene_close(&s);
}

static void codes_and_ids_are_told(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {{.url = "$",
                                            .status = 403,
                                            .transaction = "tx",
                                            .body = "{\"errors\":[{\"code\":\"forbidden\"}]}"}};
  scene_open(&s, INGRESS, NULL, rows, 1);
  assert_int_equal(send(&s, true), LOGS_REFUSED);
  assert_string_equal(s.e.code, "forbidden");
  assert_string_equal(s.e.trace, "tx");
  assert_int_equal(s.logs->ops->send(s.logs, s.bearer, &record, true, NULL), LOGS_REFUSED);
  scene_close(&s);
}

static void words_are_copied(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {{.url = "$", .body = "oops"}};
  char word[] = "Oops";
  const char *words[] = {word, NULL};
  scene_open(&s, INGRESS, words, rows, 1);
  word[0] = 'x';
  words[0] = NULL;
  assert_int_equal(send(&s, true), LOGS_COMPLAINED);
  scene_close(&s);
  logs_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_request),         cmocka_unit_test(answers_mean),
      cmocka_unit_test(several_go_together), cmocka_unit_test(codes_and_ids_are_told),
      cmocka_unit_test(words_are_copied),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
