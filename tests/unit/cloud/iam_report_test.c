#include "rotator/cloud/iam_report.h"

#include <string.h>

#include "rotator/base/text.h"
#include "tests/unit/cloud/fixture.h"

static struct error report(int status, const char *body, const char *transaction) {
  struct iam_fault f;
  struct http_response r = {.status = status, .retry_after_ms = 7000};
  struct error e = {0};
  text_copy(r.transaction, sizeof r.transaction, transaction);
  iam_fault_decode(body, strlen(body), &f);
  assert_int_equal(iam_report(ERR_REFUSED, &f, &r, "do a thing", &e), ERR_REFUSED);
  assert_int_equal(e.kind, ERR_REFUSED);
  assert_int_equal(e.status, status);
  assert_int_equal(e.retry_after_ms, 7000);
  return e;
}

static void sentences(void **state) {
  (void)state;
  struct error e = report(404, GONE, "id-of-the-header");
  assert_string_equal(e.text, "do a thing: HTTP 404 BXNIM0102E not_found: Unable to find object");
  assert_string_equal(e.code, "BXNIM0102E");
  assert_string_equal(e.trace, "id-of-the-header");
  e = report(400, FLAT("BXNIM0415E", "Provided API key could not be found."), "");
  assert_string_equal(e.text,
                      "do a thing: HTTP 400 BXNIM0415E: Provided API key could not be found");
  assert_string_equal(e.trace, "request-id-of-the-body");
  e = report(502, HTML, "");
  assert_string_equal(e.text, "do a thing: HTTP 502 with an answer that is not the service's own");
  e = report(400, "{\"message\":\"m\"}", "");
  assert_string_equal(e.text, "do a thing: HTTP 400: m");
  e = report(400, "{}", "");
  assert_string_equal(e.text, "do a thing: HTTP 400");
  e = report(400, "{\"errorCode\":\"C\"}", "");
  assert_string_equal(e.text, "do a thing: HTTP 400 C");
}

static void errors_may_be_null(void **state) {
  (void)state;
  struct iam_fault f = {0};
  struct http_response r = {.status = 400};
  struct secret *s = secret_copy_text(VALUE);
  assert_int_equal(iam_report(ERR_LIMIT, &f, &r, "x", NULL), ERR_LIMIT);
  assert_int_equal(iam_report_no_answer(ERR_REFUSED, "x", "t", NULL), ERR_UNSURE);
  assert_int_equal(iam_report_as(ERR_MISSING, NULL), ERR_MISSING);
  iam_report_hide(NULL, s);
  iam_report_hide(&(struct error){0}, NULL);
  secret_free(s);
}

static void a_broken_bound_is_no_refusal(void **state) {
  (void)state;
  struct error e;
  error_set(&e, ERR_REFUSED, "the answer is too large");
  assert_int_equal(iam_report_no_answer(ERR_REFUSED, "do a thing", "rotator-1", &e), ERR_UNSURE);
  assert_int_equal(e.kind, ERR_UNSURE);
  assert_string_equal(e.text, "do a thing: the answer is too large");
  assert_string_equal(e.trace, "rotator-1");
  error_set(&e, ERR_UNSENT, "t");
  assert_int_equal(iam_report_no_answer(ERR_UNSENT, "w", "", &e), ERR_UNSENT);
  assert_int_equal(iam_report_no_answer(ERR_OK, "w", "", &e), ERR_OK);
}

static void secrets_are_taken_out(void **state) {
  (void)state;
  struct secret *s = secret_copy_text(VALUE);
  struct error e;
  error_set(&e, ERR_REFUSED, "key %.20s is not known", &VALUE[7]);
  text_copy(e.code, sizeof e.code, VALUE);
  text_copy(e.trace, sizeof e.trace, VALUE);
  iam_report_hide(&e, s);
  assert_hidden(&e, VALUE);
  assert_string_equal(e.text, "the answer repeats a secret and is not shown");
  assert_string_equal(e.code, "");
  assert_string_equal(e.trace, "");
  error_set(&e, ERR_REFUSED, "key %.11s is not known", VALUE);
  iam_report_hide(&e, s);
  assert_non_null(strstr(e.text, "is not known"));
  secret_free(s);
  s = secret_copy_text("short");
  error_set(&e, ERR_REFUSED, "it was short");
  iam_report_hide(&e, s);
  assert_null(strstr(e.text, "short"));
  secret_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sentences),
      cmocka_unit_test(errors_may_be_null),
      cmocka_unit_test(a_broken_bound_is_no_refusal),
      cmocka_unit_test(secrets_are_taken_out),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
