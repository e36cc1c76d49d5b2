#include <string.h>

#include "rotator/cloud/logs_reader.h"
#include "tests/unit/cloud/fixture.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define ID "data: {\"query_id\":{\"query_id\":\"q1\"}}\n\n"
#define RESULT(rows) ": success\ndata: {\"result\":{\"results\":[" rows "]}}\n\n"
#define ROW(data)                                                                                  \
  "{\"metadata\":[{\"key\":\"severity\",\"value\":\"3\"}],\"labels\":[],\"user_data\":\"" data "\"}"
#define OURS ROW("{\\\"message\\\":\\\"m\\\",\\\"nonce\\\":\\\"" NONCE "\\\"}")
#define OTHER ROW("{\\\"nonce\\\":\\\"ffffffffffffffffffffffffffffffff\\\"}")
#define STREAM_ERROR(message, code)                                                                \
  "data: {\"error\":{\"message\":\"" message "\",\"code\":" code "}}\n\n"
#define API_ERROR(code, message)                                                                   \
  "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}],\"trace\":\"t-1\","           \
  "\"status_code\":400}"

static const struct {
  int status;
  const char *body;
  enum logs_sighting seen;
  size_t rows;
  const char *code, *error, *warning;
} rows[] = {
    {200, ID RESULT(OURS), LOGS_SEEN, 1, "", "", ""},
    {200, ID RESULT(OTHER "," OURS "," OTHER), LOGS_SEEN, 3, "", "", ""},
    {200, ID RESULT(OTHER) RESULT(OURS), LOGS_SEEN, 2, "", "", ""}, // several results
    {200, ID RESULT(""), LOGS_UNSEEN, 0, "", "", ""},
    {200, ID RESULT(OTHER), LOGS_UNSEEN, 1, "", "", ""},
    // A rule of the instance moved the fields; a text that only mentions it is not it.
    {200, RESULT(ROW("{\\\"a\\\":[{\\\"b\\\":\\\"" NONCE "\\\"}]}")), LOGS_SEEN, 1, "", "", ""},
    {200, RESULT(ROW("{\\\"a\\\":\\\"not " NONCE "\\\"}")), LOGS_UNSEEN, 1, "", "", ""},
    {200, RESULT(ROW("{\\\"" NONCE "\\\":1}")), LOGS_UNSEEN, 1, "", "", ""},
    {200, RESULT(ROW(NONCE)), LOGS_UNSEEN, 1, "", "", ""}, // no JSON
    {200, RESULT("{\"labels\":[{\"key\":\"threadid\",\"value\":\"" NONCE "\"}]}"), LOGS_UNSEEN, 1,
     "", "", ""},
    {200, RESULT("3,null,[]"), LOGS_UNSEEN, 3, "", "", ""},
    // What is there counts, though the rest is cut, broken or an error.
    {200, RESULT(OURS) STREAM_ERROR("m", "{\"rate_limit_reached\":{}}"), LOGS_SEEN, 1,
     "rate_limit_reached", "m", ""},
    {200, RESULT(OURS) "data: {\"res", LOGS_SEEN, 1, "", "", ""},
    // What is not there does not, unless the answer is whole.
    {200, "", LOGS_SILENT, 0, "", "", ""},
    {200, ID, LOGS_SILENT, 0, "", "", ""},
    {200, ID RESULT(OTHER) "data: {\"res", LOGS_SILENT, 1, "", "", ""},
    {200, ID RESULT(OTHER) "data: {\"res\n\n", LOGS_SILENT, 1, "", "", ""},
    {200, ID "data: {\"result\":{\"results\":[" OTHER, LOGS_SILENT, 0, "", "", ""},
    {200, "data: {\"result\":{\"results\":{}}}\n\n", LOGS_SILENT, 0, "", "", ""},
    {200, "data: {\"result\":3}\n\n", LOGS_SILENT, 0, "", "", ""},
    {200, "data: 3\n\n" RESULT(""), LOGS_SILENT, 0, "", "", ""},
    {200, "data: {\"result\":{\"results\":[]},\"result\":{\"results\":[]}}\n\n", LOGS_SILENT, 0, "",
     "", ""},
    {200, HTML, LOGS_SILENT, 0, "", "", ""},
    {200, "{\"result\":{\"results\":[]}}", LOGS_SILENT, 0, "", "", ""}, // not a stream
    // No blank line at the end, and the other ends of lines.
    {200, ": success\ndata: {\"result\":{\"results\":[]}}\n", LOGS_UNSEEN, 0, "", "", ""},
    {200, "event: x\r\ndata: {\"result\":\r\ndata: {\"results\":[]}}\r\n\r\n", LOGS_UNSEEN, 0, "",
     "", ""},
    {200, "data: {\"future\":{}}\n\n" RESULT(""), LOGS_UNSEEN, 0, "", "", ""},
    // Errors in the stream.
    {200, STREAM_ERROR("Too many.", "{\"rate_limit_reached\":{}}"), LOGS_ASK_LATER, 0,
     "rate_limit_reached", "Too many.", ""},
    {200, STREAM_ERROR("m", "\"rate_limit_reached\""), LOGS_ASK_LATER, 0, "rate_limit_reached", "m",
     ""},
    {200, RESULT(OTHER) STREAM_ERROR("m", "{\"rate_limit_reached\":{}}"), LOGS_ASK_LATER, 1,
     "rate_limit_reached", "m", ""},
    {200, RESULT("") STREAM_ERROR("m", "{\"something_else\":{}}"), LOGS_SILENT, 0, "something_else",
     "m", ""},
    {200, RESULT("") "data: {\"error\":{}}\n\n", LOGS_SILENT, 0, "", "", ""},
    {200, RESULT("") "data: {\"error\":3}\n\n", LOGS_SILENT, 0, "", "", ""},
    {200, "data: " API_ERROR("unauthorized", "Forbidden") "\n\n", LOGS_UNREADABLE, 0,
     "unauthorized", "Forbidden", ""},
    {200, "data: " API_ERROR("resource_exhausted", "m") "\n\n", LOGS_ASK_LATER, 0,
     "resource_exhausted", "m", ""},
    {200, RESULT("") "data: {\"errors\":[]}\n\n", LOGS_SILENT, 0, "", "", ""},
    // Warnings, the first of them.
    {200,
     "data: {\"warning\":{\"archive_warning\":{\"no_metastore_data\":{}}}}\n\n" RESULT(
         "") "data: {\"warning\":{\"deprecation_warning\":{\"warning_message\":\"old\"}}}\n\n",
     LOGS_UNSEEN, 0, "", "", "archive_warning: no_metastore_data"},
    {200,
     "data: {\"warning\":{\"time_range_warning\":{\"warning_message\":\"w\\u001b[0m\","
     "\"start_date\":\"s\"}}}\n\n" RESULT(""),
     LOGS_UNSEEN, 0, "", "", "time_range_warning: w?[0m"},
    {200, "data: {\"warning\":{}}\n\ndata: {\"warning\":\"x\"}\n\n" RESULT(""), LOGS_UNSEEN, 0, "",
     "", ""},
    // Any other status.
    {201, RESULT(OURS), LOGS_SILENT, 0, "", "", ""},
    {204, "", LOGS_SILENT, 0, "", "", ""},
    {302, "", LOGS_SILENT, 0, "", "", ""},
    {400, API_ERROR("bad_request_or_unspecified", "bad"), LOGS_MISASKED, 0,
     "bad_request_or_unspecified", "bad", ""},
    {401, API_ERROR("unauthenticated", "m"), LOGS_UNREADABLE, 0, "unauthenticated", "m", ""},
    {403, API_ERROR("unauthorized", "Forbidden"), LOGS_UNREADABLE, 0, "unauthorized", "Forbidden",
     ""},
    {403, HTML, LOGS_UNREADABLE, 0, "", "", ""},
    {404, API_ERROR("not_found", "m"), LOGS_NO_API, 0, "not_found", "m", ""},
    {408, API_ERROR("deadline_exceeded", "m"), LOGS_SILENT, 0, "deadline_exceeded", "m", ""},
    {409, API_ERROR("conflict", "m"), LOGS_SILENT, 0, "conflict", "m", ""},
    {413, "", LOGS_MISASKED, 0, "", "", ""},
    {429, API_ERROR("resource_exhausted", "m"), LOGS_ASK_LATER, 0, "resource_exhausted", "m", ""},
    {429, HTML, LOGS_ASK_LATER, 0, "", "", ""},
    {500, API_ERROR("method_internal_error", "m"), LOGS_SILENT, 0, "method_internal_error", "m",
     ""},
    {503, HTML, LOGS_SILENT, 0, "", "", ""},
};

static void statuses_and_bodies_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct logs_answer a;
    enum logs_sighting seen =
        logs_answer_judge(rows[i].status, rows[i].body, strlen(rows[i].body), NONCE, &a);
    if (seen != rows[i].seen || a.rows != rows[i].rows || strcmp(a.code, rows[i].code) != 0 ||
        strcmp(a.error, rows[i].error) != 0 || strcmp(a.warning, rows[i].warning) != 0)
      fail_msg("%d %s gives %s, %zu rows, %s|%s|%s", rows[i].status, rows[i].body,
               logs_sighting_name(seen), a.rows, a.code, a.error, a.warning);
  }
}

static void no_nonce_is_found_nowhere(void **state) {
  (void)state;
  struct logs_answer a;
  const char *body = RESULT(ROW("{\\\"nonce\\\":\\\"\\\"}"));
  assert_int_equal(logs_answer_judge(200, body, strlen(body), "", &a), LOGS_UNSEEN);
}

static void sightings_have_names(void **state) {
  (void)state;
  assert_string_equal(logs_sighting_name(LOGS_SEEN), "found");
  assert_string_equal(logs_sighting_name((enum logs_sighting)99), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(statuses_and_bodies_mean),
                                     cmocka_unit_test(no_nonce_is_found_nowhere),
                                     cmocka_unit_test(sightings_have_names)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
