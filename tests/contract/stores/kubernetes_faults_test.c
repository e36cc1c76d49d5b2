// What a real API server does not show on demand: answers that come late or not at all, a proxy's
// own pages, Secrets that do not decode. By the scripted transport.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "tests/contract/stores/kubernetes_script.h"
#include "tests/support/unit.h"

// An answer, and what it means to a read and to a write.
struct meaning {
  struct script_row row;
  enum err read, write;
};

static const struct meaning meanings[] = {
    {{.status = 400, .body = STATUS("BadRequest", "400", "")}, ERR_REFUSED, ERR_REFUSED},
    {{.status = 401, .body = STATUS("Unauthorized", "401", "")}, ERR_DENIED, ERR_DENIED},
    {{.status = 401, .body = PAGE}, ERR_DENIED, ERR_DENIED},
    {{.status = 403, .body = STATUS("Forbidden", "403", "")}, ERR_DENIED, ERR_DENIED},
    {{.status = 404, .body = PAGE}, ERR_REFUSED, ERR_UNSURE},
    {{.status = 404, .body = STATUS("NotFound", "404", ",\"details\":{\"kind\":\"namespaces\"}")},
     ERR_REFUSED,
     ERR_REFUSED},
    {{.status = 404,
      .body = STATUS("NotFound", "404", ",\"details\":{\"kind\":\"secrets\",\"name\":\"other\"}")},
     ERR_REFUSED,
     ERR_REFUSED},
    {{.status = 405, .body = STATUS("MethodNotAllowed", "405", "")}, ERR_REFUSED, ERR_REFUSED},
    {{.status = 409, .body = STATUS("Conflict", "409", "")}, ERR_CONFLICT, ERR_CONFLICT},
    {{.status = 409, .body = PAGE}, ERR_CONFLICT, ERR_CONFLICT},
    {{.status = 409,
      .body = STATUS("Conflict", "409",
                     ",\"details\":{\"causes\":[{\"reason\":\"FieldManagerConflict\"}]}")},
     ERR_REFUSED,
     ERR_REFUSED},
    {{.status = 413, .body = STATUS("RequestEntityTooLarge", "413", "")}, ERR_REFUSED, ERR_REFUSED},
    {{.status = 415, .body = STATUS("UnsupportedMediaType", "415", "")}, ERR_REFUSED, ERR_REFUSED},
    {{.status = 422, .body = STATUS("Invalid", "422", "")}, ERR_REFUSED, ERR_REFUSED},
    {{.status = 500, .body = STATUS("InternalError", "500", "")}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 502, .body = PAGE}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 503, .body = STATUS("ServiceUnavailable", "503", "")}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 504, .body = STATUS("Timeout", "504", "")}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 408, .body = PAGE}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 302, .body = PAGE, .location = "https://elsewhere.test/"}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 200, .body = PAGE}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 200, .body = STATUS("", "200", "")}, ERR_UNSURE, ERR_UNSURE},
    {{.status = 200,
      .body = "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"other\",\"uid\":\"u\","
              "\"resourceVersion\":\"5\"}}"},
     ERR_UNSURE,
     ERR_UNSURE},
    {{.status = 200, .body = "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"logs-agent\"}}"},
     ERR_UNSURE,
     ERR_UNSURE},
    {{.result = ERR_UNSURE}, ERR_UNSURE, ERR_UNSURE},
    {{.result = ERR_UNSENT}, ERR_UNSENT, ERR_UNSENT},
};

static void answers_have_their_meaning(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(meanings); i++) {
    struct store_version v = {"untouched"}, w = {"u/5"};
    struct error e = {0};
    answer(&meanings[i].row);
    enum err err = read_it(&v, &e);
    if (err != meanings[i].read)
      fail_msg("read, answer %zu (%d): %s: %s", i, meanings[i].row.status, err_name(err), e.text);
    assert_null(strstr(e.text, VALUE));
    assert_string_equal("untouched", v.text);
    enum err write = write_it(&w, &e);
    if (write != meanings[i].write)
      fail_msg("write, answer %zu (%d): %s: %s", i, meanings[i].row.status, err_name(write),
               e.text);
    assert_null(strstr(e.text, VALUE));
    assert_null(strstr(e.text, VALUE64));
    assert_string_equal("u/5", w.text);
  }
}

// A write whose answer got lost is not sent again, and neither is one that was answered with 5xx:
// the first may be under way still.
static void writes_are_sent_once(void **state) {
  (void)state;
  static const struct script_row lost[] = {
      {.result = ERR_UNSURE, .takes_ms = 40000},
      {.status = 500, .body = STATUS("InternalError", "500", "")},
      {.status = 504, .body = STATUS("Timeout", "504", "")},
  };
  for (size_t i = 0; i < COUNT_OF(lost); i++) {
    struct store_version v = {"u/5"};
    struct error e = {0};
    size_t before = scripted_count(kube.script);
    answer(&lost[i]);
    assert_int_equal(ERR_UNSURE, write_it(&v, &e));
    assert_int_equal(1, scripted_count(kube.script) - before);
    assert_int_equal(HTTP_REPLAY_NEVER, scripted_last(kube.script)->replay);
  }
}

// The write was done, the answer came too late: reading tells, by version and stamp.
static void late_answers_are_read_back(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.method = "PATCH", .times = 1, .result = ERR_UNSURE, .takes_ms = 40000},
      {.method = "GET",
       .body = "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"logs-agent\",\"uid\":\"u\","
               "\"resourceVersion\":\"6\",\"annotations\":{\"rotator.ibm-cloud-logs/IAM_API_KEY\":"
               "\"{\\\"stamp\\\":\\\"3\\\"}\"}},\"data\":{\"IAM_API_KEY\":\"" VALUE64 "\"}}"},
      {.method = "PATCH", .status = 409, .body = STATUS("Conflict", "409", "")},
  };
  struct store_version v = {"u/5"}, again = {"u/5"};
  struct store_record r = {0};
  struct error e = {0};
  scripted_set_rows(kube.script, rows, COUNT_OF(rows));
  assert_int_equal(ERR_UNSURE, write_it(&v, &e));
  assert_int_equal(ERR_OK, store_read(kube.it, &r, &v, &e));
  assert_string_equal("u/6", v.text);
  assert_true(r.stamp == 3);
  assert_string_equal(VALUE, secret_bytes(r.value));
  store_record_clear(&r);
  assert_int_equal(ERR_CONFLICT, write_it(&again, &e));
}

// Whatever stands in the Secret: never a crash, never a value that is none, and the version for the
// write that repairs it.
static void odd_secrets_do_not_decode(void **state) {
  (void)state;
  static const struct {
    const char *body;
    enum err want;
  } odd[] = {
      {SECRET(",\"data\":{\"IAM_API_KEY\":\"***\"}"), ERR_CORRUPT},
      {SECRET(",\"data\":{\"IAM_API_KEY\":17}"), ERR_CORRUPT},
      {SECRET(",\"data\":{\"IAM_API_KEY\":\"AP8=\"}"), ERR_CORRUPT}, // bytes 0, 255
      {SECRET(",\"data\":{\"IAM_API_KEY\":\"YQo=\"}"), ERR_CORRUPT}, // a line break at its end
      {SECRET(",\"data\":{\"IAM_API_KEY\":\"\"}"), ERR_MISSING},
      {SECRET(",\"data\":{\"OTHER\":\"YQ==\"}"), ERR_MISSING},
      {SECRET(",\"data\":null"), ERR_MISSING},
      {SECRET(",\"data\":[]"), ERR_MISSING},
  };
  for (size_t i = 0; i < COUNT_OF(odd); i++) {
    struct script_row row = {.body = odd[i].body};
    struct store_version v = {"untouched"};
    struct error e = {0};
    answer(&row);
    assert_int_equal(odd[i].want, read_it(&v, &e));
    assert_string_equal("u/5", v.text);
  }
}

// "" means absent, and what does not decode is not absent.
static void odd_secrets_are_not_absent(void **state) {
  (void)state;
  static const struct script_row row = {.method = "GET",
                                        .body = SECRET(",\"data\":{\"IAM_API_KEY\":\"YQo=\"}")};
  struct store_version v = {""};
  struct error e = {0};
  answer(&row);
  assert_int_equal(ERR_CONFLICT, write_it(&v, &e));
}

static void refusals_name_the_field(void **state) {
  (void)state;
  static const struct script_row row = {
      .status = 422,
      .body = STATUS("Invalid", "422",
                     ",\"details\":{\"causes\":[{\"reason\":\"FieldValueForbidden\",\"message\":"
                     "\"" VALUE "\",\"field\":\"data\"}]}")};
  struct store_version v = {"u/5"};
  struct error e = {0};
  answer(&row);
  assert_int_equal(ERR_REFUSED, write_it(&v, &e));
  assert_non_null(strstr(e.text, "data: FieldValueForbidden"));
  assert_null(strstr(e.text, VALUE));
  assert_string_equal("Invalid", e.code);
  assert_int_equal(422, e.status);
}

// The patch as it goes out: conditional, ours alone, by the name that the audit log shows.
static void the_patch_is_conditional_and_small(void **state) {
  (void)state;
  static const struct script_row row = {.body = SECRET("")};
  struct store_version v = {"u/4"};
  struct error e = {0};
  answer(&row);
  assert_int_equal(ERR_OK, write_it(&v, &e));
  const struct script_request *r = scripted_last(kube.script);
  assert_string_equal("PATCH", r->method);
  assert_string_equal("https://api.test:6443/api/v1/namespaces/ns/secrets/logs-agent"
                      "?fieldManager=rotator&fieldValidation=Strict",
                      r->url);
  assert_string_equal("application/merge-patch+json", r->content_type);
  assert_non_null(strstr(r->body, "\"uid\":\"u\",\"resourceVersion\":\"4\""));
  assert_non_null(strstr(r->body, "\"data\":{\"IAM_API_KEY\":\"" VALUE64 "\"}"));
  assert_non_null(strstr(r->body, "rotator.ibm-cloud-logs/IAM_API_KEY"));
}

// A patch that changes nothing makes no new resourceVersion: a state that is confirmed by writing
// it unchanged would not be confirmed.
static void no_two_patches_are_alike(void **state) {
  (void)state;
  static const struct script_row row = {.body = SECRET("")};
  struct store_version v = {"u/5"}, again = {"u/5"};
  struct error e = {0};
  answer(&row);
  assert_int_equal(ERR_OK, write_it(&v, &e));
  char *first = strdup(scripted_last(kube.script)->body);
  assert_int_equal(ERR_OK, write_it(&again, &e));
  assert_string_not_equal(first, scripted_last(kube.script)->body);
  free(first);
}

// Some owners would bring the old value back: their Secrets are refused before anything is made.
static void what_others_own_is_refused(void **state) {
  (void)state;
#define OWNED(members)                                                                             \
  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"logs-agent\",\"uid\":\"u\","                      \
  "\"resourceVersion\":\"5\"," members "},\"data\":{\"IAM_API_KEY\":\"" VALUE64 "\"}}"
  static const struct {
    const char *body, *named;
  } owned[] = {
      {OWNED("\"labels\":{\"app.kubernetes.io/managed-by\":\"Helm\"}"), "Helm"},
      {OWNED("\"annotations\":{\"meta.helm.sh/release-name\":\"agent\"}"), "Helm release agent"},
      {OWNED("\"ownerReferences\":[{\"kind\":\"SealedSecret\",\"name\":\"keys\"}]"),
       "SealedSecret keys"},
      {OWNED("\"managedFields\":[{\"manager\":\"flux\",\"operation\":\"Apply\",\"fieldsV1\":"
             "{\"f:data\":{\"f:IAM_API_KEY\":{}}}}]"),
       "flux"},
      {OWNED("\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
             "\"{\\\"data\\\":{\\\"IAM_API_KEY\\\":\\\"YQ==\\\"}}\"}"),
       "kubectl apply"},
      {OWNED("\"deletionTimestamp\":\"2026-11-24T05:40:00Z\""), "is being deleted"},
  };
  for (size_t i = 0; i < COUNT_OF(owned); i++) {
    struct script_row row = {.body = owned[i].body};
    struct store_version v = {"untouched"};
    struct error e = {0};
    answer(&row);
    assert_int_equal(ERR_REFUSED, read_it(&v, &e));
    assert_non_null(strstr(e.text, owned[i].named));
    assert_string_equal("untouched", v.text);
  }
}

// Rights unknown (no answer to that question) is not rights missing.
static void check_asks_and_stores_nothing(void **state) {
  (void)state;
  static const struct script_row rows[] = {
      {.method = "POST", .url = "selfsubjectaccessreviews", .status = 403, .body = PAGE},
      {.method = "GET", .body = SECRET(",\"data\":{\"IAM_API_KEY\":\"" VALUE64 "\"}")},
      {.method = "PATCH", .url = "&dryRun=All$", .body = SECRET("")},
  };
  struct error e = {0};
  scripted_set_rows(kube.script, rows, COUNT_OF(rows));
  assert_int_equal(ERR_OK, store_check(kube.it, &e));
  assert_int_equal(2, scripted_count_of(kube.script, "POST", "selfsubjectaccessreviews"));
  assert_int_equal(1, scripted_count_of(kube.script, "PATCH", "dryRun=All"));
}

int main(void) {
#define TEST(t)                                                                                    \
  cmocka_unit_test_setup_teardown(t, kubernetes_script_setup, kubernetes_script_teardown)
  const struct CMUnitTest tests[] = {
      TEST(answers_have_their_meaning),         TEST(writes_are_sent_once),
      TEST(late_answers_are_read_back),         TEST(odd_secrets_do_not_decode),
      TEST(odd_secrets_are_not_absent),         TEST(refusals_name_the_field),
      TEST(the_patch_is_conditional_and_small), TEST(check_asks_and_stores_nothing),
      TEST(no_two_patches_are_alike),           TEST(what_others_own_is_refused),
  };
  int failed = cmocka_run_group_tests_name("kubernetes, faults", tests, NULL, NULL);
  return failed != 0;
}
