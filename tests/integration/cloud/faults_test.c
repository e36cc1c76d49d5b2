// What a network and a service can do to a call, and what it must be taken for.
#include <stdio.h>
#include <string.h>

#include "tests/integration/cloud/scene.h"

#define HTML "\"content_type\":\"text/html\",\"body\":\"<html>no</html>\""
#define COUNT(array) (sizeof array / sizeof((array)[0]))

struct fault {
  const char *effect;
  enum err kind;
};

static void expect(struct scene *s, enum err err, const struct fault *f) {
  if (err != f->kind)
    fail_msg("%s: %s instead of %s: %s", f->effect, err_name(err), err_name(f->kind), s->e.text);
  assert_int_equal(s->e.kind, f->kind);
  assert_hidden(&s->e);
  assert_true(s->e.trace[0]); // an id to ask the service about
}

// A create whose answer is lost was done all the same; only the value finds it again. It is never
// sent twice.
static void creates_that_got_lost(void **state) {
  struct scene *s = *state;
  static const struct {
    struct fault fault;
    bool done;
  } rows[] = {
      {{"{\"lose_answer\":true}", ERR_UNSURE}, true},
      {{"{\"lose_answer\":true,\"reset\":true}", ERR_UNSURE}, true},
      {{"{\"truncate\":true}", ERR_UNSURE}, true},
      {{"{\"status\":500,\"status_done\":true," HTML "}", ERR_UNSURE}, true},
      {{"{\"status\":504,\"status_done\":true," HTML "}", ERR_UNSURE}, true},
      {{"{\"drop_before\":true}", ERR_UNSURE}, false},
      {{"{\"status\":502," HTML "}", ERR_UNSURE}, false},
      {{"{\"status\":503," HTML "}", ERR_UNSURE}, false},
      {{"{\"status\":429}", ERR_THROTTLED}, false},
      {{"{\"status\":201,\"status_done\":true," HTML "}", ERR_CORRUPT}, true},
      {{"{\"status\":302}", ERR_UNSURE}, false},
      {{"{\"status\":404," HTML "}", ERR_REFUSED}, false},
      {{"{\"status\":403," HTML "}", ERR_DENIED}, false},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_key key = {0};
    int before = scene_requests(s, "POST", "/v1/apikeys");
    scene_fault(s, "POST", "/v1/apikeys", rows[i].fault.effect, 1);
    expect(s, scene_create(s, "lost", &key), &rows[i].fault);
    assert_int_equal(scene_requests(s, "POST", "/v1/apikeys"), before + 1);
    enum err found = s->iam->ops->find_by_value(s->iam, s->value, &key, &s->e);
    assert_int_equal(found, rows[i].done ? ERR_OK : ERR_MISSING);
    if (rows[i].done) {
      assert_true(key.disabled);
      assert_int_equal(s->iam->ops->remove(s->iam, key.id, &s->e), ERR_OK);
    }
    assert_true(emulator_delete(&s->emulator, "faults"));
  }
}

// Nothing that a gateway says is taken for a verdict on the value.
static void exchanges_that_say_nothing(void **state) {
  struct scene *s = *state;
  static const struct fault rows[] = {
      {"{\"status\":400," HTML "}", ERR_UNSURE},
      {"{\"status\":401," HTML "}", ERR_UNSURE},
      {"{\"status\":404," HTML "}", ERR_UNSURE},
      {"{\"status\":503," HTML "}", ERR_UNSURE},
      {"{\"status\":429,\"headers\":{\"Retry-After\":\"7\"}}", ERR_THROTTLED},
      {"{\"lose_answer\":true}", ERR_UNSURE},
      {"{\"truncate\":true}", ERR_UNSURE},
      {"{\"drop_before\":true,\"reset\":true}", ERR_UNSURE},
      {"{\"oversize_mib\":2}", ERR_UNSURE},
      {"{\"status\":200," HTML "}", ERR_CORRUPT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_token token = {0};
    scene_fault(s, "POST", "/identity/token", rows[i].effect, 1);
    enum err err = s->iam->ops->exchange(s->iam, s->manager_key, true, &token, &s->e);
    if (err != rows[i].kind)
      fail_msg("%s: %s: %s", rows[i].effect, err_name(err), s->e.text);
    if (err == ERR_THROTTLED)
      assert_int_equal(s->e.retry_after_ms, 7000);
    assert_true(emulator_delete(&s->emulator, "faults"));
  }
}

// Of several that go together, each is answered for itself.
static void one_of_several_is_throttled(void **state) {
  struct scene *s = *state;
  struct iam_exchanged got[IAM_TOGETHER_MAX];
  static const char *const effects[] = {"{\"status\":429,\"headers\":{\"Retry-After\":\"7\"}}",
                                        "{\"lose_answer\":true}"};
  static const enum err kinds[] = {ERR_THROTTLED, ERR_UNSURE};
  for (size_t i = 0; i < COUNT(effects); i++) {
    int before = scene_requests(s, "POST", "/identity/token"), passed = 0, failed = 0;
    scene_fault(s, "POST", "/identity/token", effects[i], 1);
    iam_exchange_each(s->iam, s->manager_key, got, IAM_TOGETHER_MAX);
    for (size_t j = 0; j < IAM_TOGETHER_MAX; j++) {
      passed += got[j].err == ERR_OK && got[j].token.bearer;
      failed += got[j].err == kinds[i] && !got[j].token.bearer && got[j].error.trace[0];
      assert_hidden(&got[j].error);
      iam_token_clear(&got[j].token);
    }
    assert_int_equal(passed, IAM_TOGETHER_MAX - 1);
    assert_int_equal(failed, 1);
    assert_int_equal(scene_requests(s, "POST", "/identity/token"), before + IAM_TOGETHER_MAX);
    assert_true(emulator_delete(&s->emulator, "faults"));
  }
}

static void tokens_that_are_odd(void **state) {
  struct scene *s = *state;
  struct iam_token token = {0};
  scene_fault(s, "POST", "/identity/token",
              "{\"wrong_account\":\"ffffffffffffffffffffffffffffffff\"}", 1);
  assert_int_equal(s->iam->ops->exchange(s->iam, s->manager_key, true, &token, &s->e), ERR_OK);
  assert_string_equal(token.account, "ffffffffffffffffffffffffffffffff");
  iam_token_clear(&token);
  scene_fault(s, "POST", "/identity/token", "{\"expires_in\":1}", 1);
  assert_int_equal(s->iam->ops->exchange(s->iam, s->manager_key, true, &token, &s->e), ERR_OK);
  assert_int_equal(token.expires_in_s, 1);
  iam_token_clear(&token);
}

static void a_401_is_answered_with_another_token(void **state) {
  struct scene *s = *state;
  struct iam_key_list list = {0};
  assert_int_equal(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e), ERR_OK);
  int before = scene_requests(s, "POST", "/identity/token");
  scene_fault(s, "GET", "/v1/apikeys", "{\"status\":401}", 1);
  assert_int_equal(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e), ERR_OK);
  assert_int_equal(scene_requests(s, "POST", "/identity/token"), before + 1);
  scene_fault(s, "GET", "/v1/apikeys", "{\"status\":401}", 2);
  assert_int_equal(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e), ERR_DENIED);
  iam_key_list_clear(&list);
}

// libcurl repeats a request that may be repeated when a kept connection dies without a byte of an
// answer: hence more lost ones than it may have kept.
static void removals_that_got_lost(void **state) {
  struct scene *s = *state;
  static const struct fault rows[] = {
      {"{\"lose_answer\":true}", ERR_UNSURE},
      {"{\"status\":500,\"status_done\":true," HTML "}", ERR_UNSURE},
      {"{\"status\":404," HTML "}", ERR_REFUSED},
      {"{\"status\":200," HTML "}", ERR_CORRUPT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct iam_key key = {0};
    assert_int_equal(scene_create(s, "to go", &key), ERR_OK);
    scene_fault(s, "DELETE", "/v1/apikeys/", rows[i].effect, 20);
    expect(s, s->iam->ops->remove(s->iam, key.id, &s->e), &rows[i]);
    assert_true(emulator_delete(&s->emulator, "faults"));
    assert_int_equal(s->iam->ops->remove(s->iam, key.id, &s->e), ERR_OK);
  }
}

static void a_service_that_ignores_disabled(void **state) {
  struct scene *s = *state;
  struct iam_key key = {0};
  scene_fault(s, "POST", "/v1/apikeys", "{\"ignore_disabled\":true}", 1);
  assert_int_equal(scene_create(s, "live at once", &key), ERR_OK);
  assert_false(key.disabled); // handed up as it is
  scene_clean(s);
}

static void replicas_that_lag(void **state) {
  struct scene *s = *state;
  struct iam_key key = {0}, found = {0};
  struct iam_key_list list = {0};
  struct iam_token token = {0};
  scene_fault(
      s, "POST", "/v1/apikeys",
      "{\"lag\":{\"new_key_token_ms\":60000,\"new_key_list_ms\":60000,\"new_key_get_ms\":60000}}",
      1);
  assert_int_equal(scene_create(s, "late", &key), ERR_OK);
  assert_int_equal(s->iam->ops->find_by_value(s->iam, s->value, &found, &s->e), ERR_MISSING);
  assert_int_equal(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e), ERR_OK);
  assert_int_equal(list.n, 0);
  assert_int_equal(s->iam->ops->exchange(s->iam, s->value, true, &token, &s->e), ERR_REFUSED);
  assert_string_equal(s->e.code, "BXNIM0415E"); // the same word as for a dead key
  JSON_AUTO later = emulator_post(&s->emulator, "clock", "{\"advance_s\":61}");
  assert_non_null(later);
  assert_int_equal(s->iam->ops->find_by_value(s->iam, s->value, &found, &s->e), ERR_OK);
  scene_clean(s);
}

static void a_stranger_is_not_trusted(void **state) {
  struct scene *s = *state;
  struct transport *t = scene_transport(NULL, 0); // the system's authorities
  struct iam *iam = iam_http_new(s->emulator.https, t, s->auth, env_real());
  struct iam_token token = {0};
  int before = scene_requests(s, "POST", "/identity/token");
  assert_int_equal(iam->ops->exchange(iam, s->manager_key, true, &token, &s->e), ERR_UNSENT);
  assert_int_equal(scene_requests(s, "POST", "/identity/token"), before);
  iam_free(iam);
  transport_free(t);
}

static void statuses_may_be_text(void **state) {
  struct scene *s = *state;
  struct iam_key key = {0};
  JSON_AUTO done = emulator_post(&s->emulator, "settings", "{\"string_status_code\":true}");
  assert_non_null(done);
  assert_int_equal(
      s->iam->ops->get(s->iam, "ApiKey-00000000-0000-4000-8000-000000000000", false, &key, &s->e),
      ERR_MISSING);
  assert_string_equal(s->e.code, "BXNIM0102E");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(creates_that_got_lost, scene_reset),
      cmocka_unit_test_setup(exchanges_that_say_nothing, scene_reset),
      cmocka_unit_test_setup(one_of_several_is_throttled, scene_reset),
      cmocka_unit_test_setup(tokens_that_are_odd, scene_reset),
      cmocka_unit_test_setup(a_401_is_answered_with_another_token, scene_reset),
      cmocka_unit_test_setup(removals_that_got_lost, scene_reset),
      cmocka_unit_test_setup(a_service_that_ignores_disabled, scene_reset),
      cmocka_unit_test_setup(replicas_that_lag, scene_reset),
      cmocka_unit_test_setup(a_stranger_is_not_trusted, scene_reset),
      cmocka_unit_test_setup(statuses_may_be_text, scene_reset),
  };
  if (argc != 2)
    return 2;
  scene_program(argv[1]);
  int failed = cmocka_run_group_tests(tests, scene_open, scene_close);
  return failed != 0;
}
