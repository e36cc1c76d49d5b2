// The lines of the audit: their form, and that nothing but names and ids is in them.
#include "rotator/cloud/logs_effect.h"

#include <string.h>

#include "rotator/base/json.h"
#include "tests/unit/cloud/fixture.h"

static const struct logs_record of = {.application = "rotator", .computer = "host-1"};
static const struct logs_effect create = {.step = "create",
                                          .text = "created the new key, disabled",
                                          .result = "done",
                                          .key_id = KEY_ID,
                                          .rotation = "00ff-7",
                                          .at = "2026-11-28T08:00:00Z"};

static void a_line_for_each_effect(void **state) {
  (void)state;
  struct logs_effect effects[2] = {create, create};
  strcpy(effects[1].step, "publish");
  strcpy(effects[1].result, "denied");
  strcpy(effects[1].sink, "file");
  struct secret *s = logs_effects_encode(&of, effects, 2);
  assert_string_equal(
      secret_bytes(s),
      "[{\"applicationName\":\"rotator\",\"subsystemName\":\"audit\",\"severity\":3,"
      "\"computerName\":\"host-1\",\"text\":{\"message\":\"effect of the key rotation\","
      "\"rotation\":\"00ff-7\",\"key_id\":\"" KEY_ID "\",\"step\":\"create\","
      "\"text\":\"created the new key, disabled\",\"result\":\"done\",\"sink\":\"\","
      "\"at\":\"2026-11-28T08:00:00Z\"}},"
      "{\"applicationName\":\"rotator\",\"subsystemName\":\"audit\",\"severity\":4,"
      "\"computerName\":\"host-1\",\"text\":{\"message\":\"effect of the key rotation\","
      "\"rotation\":\"00ff-7\",\"key_id\":\"" KEY_ID "\",\"step\":\"publish\","
      "\"text\":\"created the new key, disabled\",\"result\":\"denied\",\"sink\":\"file\","
      "\"at\":\"2026-11-28T08:00:00Z\"}}]");
  secret_free(s);
  assert_null(logs_effects_encode(&of, effects, 0));
}

// Whatever stands in them, each is far below the 32 KiB of a log, and all below the 2 MB of a
// request.
static void all_fit_into_one_request(void **state) {
  (void)state;
  static struct logs_effect effects[LOGS_EFFECTS_MAX];
  static char huge[3000];
  memset(huge, 'x', sizeof huge - 1);
  const struct logs_record odd = {.application = huge, .computer = "a\"b\\c\n\xc3\xa9"};
  for (size_t i = 0; i < LOGS_EFFECTS_MAX; i++) {
    struct logs_effect *x = &effects[i];
    memset(x, '"', sizeof *x);
    x->step[sizeof x->step - 1] = x->text[sizeof x->text - 1] = '\0';
    x->result[sizeof x->result - 1] = x->key_id[sizeof x->key_id - 1] = '\0';
    x->sink[sizeof x->sink - 1] = x->rotation[sizeof x->rotation - 1] = '\0';
    x->at[sizeof x->at - 1] = '\0';
  }
  struct secret *s = logs_effects_encode(&odd, effects, LOGS_EFFECTS_MAX);
  JSON_AUTO list = json_parse(secret_bytes(s), secret_len(s));
  assert_int_equal(cJSON_GetArraySize(list), LOGS_EFFECTS_MAX);
  assert_string_equal(json_text(list->child, "computerName"), "a?b?c???");
  assert_true(secret_len(s) < LOGS_EFFECTS_MAX * 2048);
  secret_free(s);
}

static enum logs_verdict send(const struct script_row *row, size_t *ret_sent, struct error *e) {
  struct fake_env env;
  fake_env_init(&env, 1);
  struct transport *t = scripted_transport_new(row, 1, &env.env);
  struct logs *l = logs_http_new("https://guid.ingress.test", NULL, t);
  SECRET_AUTO bearer = secret_copy_text(BEARER);
  enum logs_verdict v = logs_http_tell(l, bearer, &of, &create, 1, e);
  const struct script_request *r = scripted_last(t);
  assert_string_equal(r->url, "https://guid.ingress.test/logs/v1/singles");
  assert_string_equal(r->content_type, "application/json");
  assert_string_equal(scripted_header(r, "Authorization"), "Bearer " BEARER);
  assert_int_equal(r->replay, HTTP_REPLAY_NEVER);
  assert_int_equal(r->deadline_ms, 5000);
  assert_absent(BEARER, r->body, strlen(r->body));
  *ret_sent = scripted_count(t);
  logs_free(l);
  transport_free(t);
  return v;
}

// At most once: no answer is no reason to send it again.
static void a_line_is_sent_once(void **state) {
  (void)state;
  static const struct {
    struct script_row row;
    enum logs_verdict verdict;
    const char *told; // it is no test log
  } cases[] = {
      {{.body = "{}"}, LOGS_ACCEPTED, ""},
      {{.status = 403, .body = "no, " BEARER}, LOGS_REFUSED, ""},
      {{.status = 503}, LOGS_OUTAGE, "send the audit: HTTP 503 (outage)"},
      {{.result = ERR_UNSURE}, LOGS_OUTAGE, "send the audit: scripted: unsure"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct error e = {0};
    size_t sent = 0;
    assert_int_equal(send(&cases[i].row, &sent, &e), cases[i].verdict);
    assert_int_equal(sent, 1);
    assert_hidden(&e, BEARER);
    if (cases[i].told[0])
      assert_string_equal(e.text, cases[i].told);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_for_each_effect),
      cmocka_unit_test(all_fit_into_one_request),
      cmocka_unit_test(a_line_is_sent_once),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
