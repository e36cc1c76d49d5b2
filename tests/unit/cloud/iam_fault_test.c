// Every status and shape of error that IAM is known for, and what it must mean.
#include "rotator/cloud/iam_fault.h"

#include <string.h>

#include "tests/unit/cloud/fixture.h"

struct row {
  int status;
  const char *body;
  bool versioned;
  enum err kind;
};

#define POLICY(code)                                                                               \
  "{\"trace\":\"t\",\"errors\":[{\"code\":\"" code "\"}],\"status_code\":\"400\"}"
#define TWO "{\"errors\":[{\"code\":\"not_found\"},{\"code\":\"not_found\"}]}"

static const struct row api[] = {
    // The identity API.
    {400, LISTED("invalid", "BXNIM0109E", "Bad"), false, ERR_REFUSED},
    {401, LISTED("invalid_access_token", "", "Bad token"), false, ERR_DENIED},
    {401, FLAT("BXNIM0308E", "No authorization header found"), false, ERR_DENIED},
    {403, LISTED("forbidden", "BXNIM0513E", "You are not authorized"), false, ERR_DENIED},
    {404, GONE, false, ERR_MISSING},
    {404, "{\"errors\":[{\"code\":\"not_found\"}]}", false, ERR_MISSING},
    {404, TWO, false, ERR_REFUSED},
    {404, "{\"errors\":[{\"code\":\"other\",\"message_code\":\"BXNIM0102E\"}]}", false,
     ERR_REFUSED},
    {404, FLAT("not_found", "flat is not the identity API"), false, ERR_REFUSED},
    {404, HTML, false, ERR_REFUSED},
    {404, "", false, ERR_REFUSED},
    {404, "{\"errors\":[]}", false, ERR_REFUSED},
    {404, "{\"errors\":[7]}", false, ERR_REFUSED},
    {404, "{\"errors\":{\"code\":\"not_found\"}}", false, ERR_REFUSED},
    {405, "", false, ERR_REFUSED},
    {408, "", false, ERR_UNSURE},
    {409, LISTED("delete_not_possible", "BXNIM0105E", "Unable to delete object"), false,
     ERR_EXISTS},
    {409, LISTED("conflict", "", "m"), true, ERR_CONFLICT},
    {412, LISTED("conflict", "", "m"), true, ERR_CONFLICT},
    {412, LISTED("conflict", "", "m"), false, ERR_REFUSED},
    {422, LISTED("limit", "BXNIM0151E", "Limit of API keys reached"), false, ERR_LIMIT},
    {400, LISTED("limit", "BXNIM0151E", "Limit of API keys reached"), false, ERR_LIMIT},
    {422, LISTED("invalid_state", "BXNIM0908E", "m"), false, ERR_REFUSED},
    {423, "", false, ERR_REFUSED},
    {429, "", false, ERR_THROTTLED},
    {429, HTML, false, ERR_THROTTLED},
    {500, LISTED("not_found", "BXNIM0102E", "never mind what a 500 says"), false, ERR_UNSURE},
    {501, "", false, ERR_UNSURE},
    {502, HTML, false, ERR_UNSURE},
    {503, HTML, false, ERR_UNSURE},
    {504, "", false, ERR_UNSURE},
    {302, "", false, ERR_UNSURE},
    {304, "", false, ERR_UNSURE},
    // The policy API.
    {400, POLICY("invalid_body"), false, ERR_REFUSED},
    {400, POLICY("missing_required_query_parameter"), false, ERR_REFUSED},
    {401, POLICY("invalid_token"), false, ERR_DENIED},
    {403, POLICY("insufficent_permissions"), false, ERR_DENIED},
    {404, POLICY("policy_not_found"), false, ERR_MISSING},
    {404, POLICY("role_not_found"), false, ERR_REFUSED},
    {404, POLICY("resource_not_found"), false, ERR_REFUSED},
    {409, POLICY("policy_conflict_error"), false, ERR_EXISTS},
    {415, POLICY("unsupported_content_type"), false, ERR_REFUSED},
    {429, POLICY("too_many_requests"), false, ERR_THROTTLED},
    {500, POLICY("unable_to_process"), false, ERR_UNSURE},
    {400, POLICY("request_not_processed"), false, ERR_REFUSED},
};

static const struct row exchange[] = {
    {400, FLAT("BXNIM0415E", "Provided API key could not be found."), false, ERR_REFUSED},
    {400, FLAT("BXNIM0462E", "Provided API key is disabled."), false, ERR_REFUSED},
    {401, FLAT("BXNIM0462E", "Provided API key is disabled."), false, ERR_REFUSED},
    {401, FLAT("BXNIM0434E", "API key blocked"), false, ERR_REFUSED},
    {401, FLAT("BXNIM0430E", "The given IP is not permitted"), false, ERR_DENIED},
    {400, FLAT("BXNIM0109E", "Property missing"), false, ERR_REFUSED},
    {400, FLAT("BXNIM0106E", "Property invalid"), false, ERR_REFUSED},
    {400, FLAT("BXNIM9999E", "A code nobody knows"), false, ERR_REFUSED},
    {400, FLAT("BXNIM0410E", "User not found"), false, ERR_REFUSED},
    {401, FLAT("BXNIM0436E", "User suspended"), false, ERR_REFUSED},
    {400, LISTED("not_found", "BXNIM0415E", "another shape"), false, ERR_REFUSED},
    {403, FLAT("BXNIM0513E", "Not authorised for this API"), false, ERR_DENIED},
    {403, FLAT("BXNIM0515E", "Not authorised"), false, ERR_DENIED},
    {404, FLAT("BXNIM0415E", "not the route"), false, ERR_UNSURE},
    {405, FLAT("BXNIM0060E", "HTTP 405 Method Not Allowed"), false, ERR_UNSURE},
    {408, "", false, ERR_UNSURE},
    {415, FLAT("BXNIM0060E", "m"), false, ERR_UNSURE},
    {400, HTML, false, ERR_UNSURE},
    {401, HTML, false, ERR_UNSURE},
    {403, HTML, false, ERR_UNSURE},
    {404, HTML, false, ERR_UNSURE},
    {400, "", false, ERR_UNSURE},
    {400, "{}", false, ERR_UNSURE},
    {400, "{\"errorCode\":17}", false, ERR_UNSURE},
    {400, "{\"errorMessage\":\"no code\"}", false, ERR_UNSURE},
    {400, "[\"BXNIM0415E\"]", false, ERR_UNSURE},
    {400, "{\"errorCode\":\"BXNIM0415E\"", false, ERR_UNSURE},
    {429, "", false, ERR_THROTTLED},
    {429, HTML, false, ERR_THROTTLED},
    {500, FLAT("BXNIM0415E", "a 500 is no verdict"), false, ERR_UNSURE},
    {502, HTML, false, ERR_UNSURE},
    {503, "", false, ERR_UNSURE},
    {302, "", false, ERR_UNSURE},
};

static void api_statuses_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(api); i++) {
    struct iam_fault f;
    iam_fault_decode(api[i].body, strlen(api[i].body), &f);
    enum err kind = iam_fault_kind(api[i].status, &f, api[i].versioned);
    if (kind != api[i].kind)
      fail_msg("row %zu: %d %s gives %s, not %s", i, api[i].status, api[i].body, err_name(kind),
               err_name(api[i].kind));
  }
}

static void exchange_statuses_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(exchange); i++) {
    struct iam_fault f;
    iam_fault_decode(exchange[i].body, strlen(exchange[i].body), &f);
    enum err kind = iam_fault_kind_of_exchange(exchange[i].status, &f);
    if (kind != exchange[i].kind)
      fail_msg("row %zu: %d %s gives %s, not %s", i, exchange[i].status, exchange[i].body,
               err_name(kind), err_name(exchange[i].kind));
  }
}

static struct iam_fault decode(const char *body) {
  struct iam_fault f;
  memset(&f, 'x', sizeof f);
  iam_fault_decode(body, strlen(body), &f);
  return f;
}

static void all_shapes_decode(void **state) {
  (void)state;
  struct iam_fault f = decode(GONE);
  assert_true(f.json && f.listed);
  assert_int_equal(f.n, 1);
  assert_string_equal(f.code, "not_found");
  assert_string_equal(f.message_code, "BXNIM0102E");
  assert_string_equal(iam_fault_code(&f), "BXNIM0102E");
  assert_string_equal(f.message, "Unable to find object");
  assert_string_equal(f.trace, "trace-of-the-body");
  f = decode(FLAT("BXNIM0415E", "Provided API key could not be found."));
  assert_true(f.json && !f.listed);
  assert_int_equal(f.n, 1);
  assert_string_equal(iam_fault_code(&f), "BXNIM0415E");
  assert_string_equal(f.message, "Provided API key could not be found");
  assert_string_equal(f.trace, "request-id-of-the-body");
  f = decode("{\"error\":\"first\",\"message\":\"second\",\"code\":\"c\",\"errorCode\":\"d\"}");
  assert_string_equal(f.message, "first");
  assert_string_equal(f.code, "c");
  f = decode("{\"errors\":[],\"message\":\"m\"}");
  assert_int_equal(f.n, 0);
  assert_string_equal(f.message, "m");
  f = decode(HTML);
  assert_false(f.json);
  assert_string_equal(f.message, "");
}

static void details_are_never_read(void **state) {
  (void)state;
  struct iam_fault f = decode(GONE);
  assert_absent(VALUE, &f, sizeof f);
  f = decode(FLAT("BXNIM0415E", "m"));
  assert_absent(VALUE, &f, sizeof f);
}

static void strange_text_is_tamed(void **state) {
  (void)state;
  struct iam_fault f = decode("{\"errorCode\":\"a b\",\"errorMessage\":\"a\\u001b[31mb\\n\"}");
  assert_string_equal(f.code, "");
  assert_string_equal(f.message, "a?[31mb?");
  f = decode(
      "{\"errorCode\":\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"}");
  assert_string_equal(f.code, "");
}

static void an_unknown_value_is_told(void **state) {
  (void)state;
  struct iam_fault f = decode(GONE);
  assert_true(iam_fault_unknown_value(404, &f));
  assert_true(iam_fault_unknown_value(400, &f));
  assert_false(iam_fault_unknown_value(500, &f));
  f = decode(FLAT("BXNIM0415E", "m"));
  assert_true(iam_fault_unknown_value(400, &f));
  f = decode(LISTED("bad", "BXNIM0109E", "m"));
  assert_false(iam_fault_unknown_value(400, &f));
  f = decode(HTML);
  assert_false(iam_fault_unknown_value(404, &f));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(api_statuses_mean),     cmocka_unit_test(exchange_statuses_mean),
      cmocka_unit_test(all_shapes_decode),     cmocka_unit_test(details_are_never_read),
      cmocka_unit_test(strange_text_is_tamed), cmocka_unit_test(an_unknown_value_is_told),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
