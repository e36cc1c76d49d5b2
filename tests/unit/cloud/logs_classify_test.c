#include <string.h>

#include "rotator/cloud/logs.h"
#include "tests/unit/cloud/fixture.h"

static const struct {
  int status;
  const char *body;
  enum logs_verdict verdict;
} rows[] = {
    {200, "", LOGS_ACCEPTED},
    {200, "{}", LOGS_ACCEPTED},
    {200, "{\"logs\":1}", LOGS_ACCEPTED},
    {200, "OK", LOGS_ACCEPTED},
    {201, "", LOGS_ACCEPTED},
    {202, "", LOGS_ACCEPTED},
    {204, "", LOGS_ACCEPTED},
    {200, "{\"message\":\"some logs were Dropped\"}", LOGS_COMPLAINED},
    {200, "1 REJECTED", LOGS_COMPLAINED},
    {200, "timestamp Too Old", LOGS_COMPLAINED},
    {202, "invalid severity", LOGS_COMPLAINED},
    {204, "not accepted", LOGS_COMPLAINED},
    {200, HTML, LOGS_OUTAGE},
    {200, " \n<HTML lang=\"en\">", LOGS_OUTAGE},
    {200, "a <html> inside", LOGS_ACCEPTED},
    {203, "", LOGS_OUTAGE},
    {206, "", LOGS_OUTAGE},
    {301, "", LOGS_OUTAGE},
    {307, "", LOGS_OUTAGE},
    {400, "", LOGS_REJECTED},
    {401, "", LOGS_REFUSED},
    {403, "", LOGS_REFUSED},
    {403, HTML, LOGS_REFUSED},
    {404, "", LOGS_NO_INSTANCE},
    {404, HTML, LOGS_NO_INSTANCE},
    {410, "", LOGS_NO_INSTANCE},
    {405, "", LOGS_REJECTED},
    {407, "", LOGS_OUTAGE},
    {408, "", LOGS_OUTAGE},
    {413, "", LOGS_REJECTED},
    {415, "", LOGS_REJECTED},
    {422, "", LOGS_REJECTED},
    {425, "", LOGS_OUTAGE},
    {429, "", LOGS_THROTTLED},
    {500, "rejected", LOGS_OUTAGE},
    {502, HTML, LOGS_OUTAGE},
    {503, HTML, LOGS_OUTAGE},
    {504, "", LOGS_OUTAGE},
    {599, "", LOGS_OUTAGE},
    {0, "", LOGS_OUTAGE},
};

static enum logs_verdict classify(int status, const char *body, size_t len,
                                  const char *const *words) {
  struct logs_match m;
  return logs_classify(status, body, len, words, &m);
}

static void statuses_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    enum logs_verdict v = classify(rows[i].status, rows[i].body, strlen(rows[i].body), NULL);
    if (v != rows[i].verdict)
      fail_msg("%d \"%s\" gives %s", rows[i].status, rows[i].body, logs_verdict_name(v));
  }
}

static void words_can_be_chosen(void **state) {
  (void)state;
  static const char *const words[] = {"", "Nicht angenommen", NULL}, *const none[] = {NULL};
  const char body[] = "dropped: NICHT ANGENOMMEN";
  assert_int_equal(classify(200, body, strlen(body), words), LOGS_COMPLAINED);
  assert_int_equal(classify(200, "dropped", 7, words), LOGS_ACCEPTED);
  assert_int_equal(classify(200, body, strlen(body), none), LOGS_ACCEPTED);
}

static const struct {
  const char *body, *word, *quote; // "": no complaint
} r4[] = {
    {"{\"accepted\":1,\"dropped\":0,\"rejected\":0}", "", ""},
    {"{\"accepted\":0,\"dropped\":0,\"rejected\":1}", "reject", "\"rejected\":1"},
    {"{\"dropped\":0.0,\"rejected\":\"0\",\"invalid\":false,\"too old\":null}", "", ""},
    {"{\"rejected\":[],\"dropped\":{},\"invalid\":\"\"}", "", ""},
    {"{\"rejected\":{\"count\":0,\"reasons\":[]}}", "", ""},
    {"{\"rejected\":{\"count\":2,\"reasons\":[]}}", "reject",
     "\"rejected\":{\"count\":2,\"reasons\":[]}"},
    {"{\"invalid\":true}", "invalid", "\"invalid\":true"},
    {"{\"dropped\":-1}", "drop", "\"dropped\":-1"},
    {"{\"rejected\":\"2\"}", "reject", "\"rejected\":\"2\""},
    {"{\"a\":[{\"reason\":\"timestamp is T\\u006fo old\"}]}", "too old",
     "\"reason\":\"timestamp is Too old\""},
    {"[{\"dropped\":0},\"1 log dropped\"]", "drop", "\"1 log dropped\""},
    {"{\"message\":\"0 dropped\"}", "drop", "\"message\":\"0 dropped\""},
    {"\"rejected\"", "reject", "\"rejected\""},
    {"{\"dropped\":0", "drop", "{\"dropped\":0"}, // no JSON
    {"{\"dropped\":0} {\"dropped\":0}", "drop", "{\"dropped\":0} {\"dropped\":0}"},
};

static void r4_a_counter_of_nothing_is_no_complaint(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(r4); i++) {
    struct logs_match m;
    enum logs_verdict v = logs_classify(200, r4[i].body, strlen(r4[i].body), NULL, &m);
    if (v != (r4[i].word[0] ? LOGS_COMPLAINED : LOGS_ACCEPTED) || strcmp(m.word, r4[i].word) != 0 ||
        strcmp(m.quote, r4[i].quote) != 0)
      fail_msg("%s: %s, '%s' in %s", r4[i].body, logs_verdict_name(v), m.word, m.quote);
  }
}

static void only_the_first_4_kib_are_searched(void **state) {
  (void)state;
  static char body[8192];
  memset(body, '.', sizeof body);
  memcpy(body + 4090, "reject", 6);
  assert_int_equal(classify(200, body, sizeof body, NULL), LOGS_COMPLAINED);
  memset(body, '.', sizeof body);
  memcpy(body + 4091, "reject", 6);
  assert_int_equal(classify(200, body, sizeof body, NULL), LOGS_ACCEPTED);
  body[10] = '\0';
  memcpy(body + 100, "drop", 4);
  assert_int_equal(classify(200, body, sizeof body, NULL), LOGS_COMPLAINED);
}

static void verdicts_have_names(void **state) {
  (void)state;
  for (int v = LOGS_ACCEPTED; v <= LOGS_STOPPED; v++) {
    assert_non_null(logs_verdict_name((enum logs_verdict)v));
    assert_string_not_equal(logs_verdict_name((enum logs_verdict)v), "unknown");
  }
  assert_string_equal(logs_verdict_name((enum logs_verdict)99), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statuses_mean),
      cmocka_unit_test(words_can_be_chosen),
      cmocka_unit_test(r4_a_counter_of_nothing_is_no_complaint),
      cmocka_unit_test(only_the_first_4_kib_are_searched),
      cmocka_unit_test(verdicts_have_names),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
