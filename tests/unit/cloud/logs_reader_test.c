#include <stdio.h>
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/cloud/logs_reader.h"
#include "tests/unit/cloud/fixture.h"

#define API "https://guid.api.test"
#define GUID "5a5a5a5a-0000-4000-8000-000000000001"
#define NONCE "0123456789abcdef0123456789abcdef"
#define EMPTY "data: {\"result\":{\"results\":[]}}\n\n"
#define OURS                                                                                       \
  "data: {\"result\":{\"results\":[{\"user_data\":\"{\\\"nonce\\\":\\\"" NONCE "\\\"}\"}]}}\n\n"

static const struct logs_search search = {.application = "app's",
                                          .subsystem = "probe",
                                          .nonce = NONCE,
                                          .from_s = 1795498800,
                                          .to_s = 1795499400,
                                          .sender = "iam-ServiceId-sender"};

// Tokens for an identity, one after the other.
struct tokens {
  struct iam_auth base;
  const char *iam_id;
  enum err err;
  unsigned given, refused;
};

static enum err token(struct iam_auth *base, struct transport *t, const struct secret *refused,
                      struct iam_token *ret, struct error *e) {
  struct tokens *a = (struct tokens *)base;
  (void)t;
  if (a->err)
    return error_set(e, a->err, "the file is not there");
  a->refused += refused != NULL;
  a->given++;
  *ret = (struct iam_token){.bearer = secret_copy_text(BEARER)};
  text_copy(ret->iam_id, sizeof ret->iam_id, a->iam_id);
  return ERR_OK;
}

static void keep(struct iam_auth *base) {
  (void)base;
}

struct scene {
  struct fake_env env;
  struct transport *transport;
  struct tokens tokens;
  struct logs_reader *reader;
  struct error e;
};

static void scene_open(struct scene *s, const struct script_row *rows, size_t n) {
  static const struct iam_auth_ops ops = {.token = token, .free = keep};
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->transport = scripted_transport_new(rows, n, &s->env.env);
  s->tokens = (struct tokens){.base.ops = &ops, .iam_id = "iam-ServiceId-reader"};
  s->reader = logs_reader_new(API "/", GUID, s->transport, &s->tokens.base);
  assert_non_null(s->reader);
}

static enum logs_sighting find(struct scene *s) {
  return s->reader->ops->find(s->reader, &search, &s->e);
}

static void scene_close(struct scene *s) {
  assert_int_equal(scripted_unexpected(s->transport), 0);
  assert_hidden(&s->e, BEARER);
  logs_reader_free(s->reader);
  transport_free(s->transport);
}

static void one_request(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {{.method = "POST",
                                            .url = API "/v1/query$",
                                            .body = OURS,
                                            .content_type = "text/event-stream"}};
  scene_open(&s, rows, 1);
  assert_int_equal(find(&s), LOGS_SEEN);
  const struct script_request *r = scripted_last(s.transport);
  assert_int_equal(scripted_count(s.transport), 1);
  assert_string_equal(scripted_header(r, "Authorization"), "Bearer " BEARER);
  assert_string_equal(scripted_header(r, "Accept"), "text/event-stream");
  assert_string_equal(r->content_type, "application/json");
  assert_int_equal(r->replay, HTTP_REPLAY_ONCE);
  assert_string_equal(
      r->body,
      "{\"query\":\"source logs | filter $l.applicationname == 'app\\\\'s' && $l.subsystemname == "
      "'probe' | limit 2000\",\"metadata\":{\"start_date\":\"2026-11-24T05:40:00Z\","
      "\"end_date\":\"2026-11-24T05:50:00Z\",\"tier\":\"frequent_search\",\"syntax\":\"dataprime\","
      "\"limit\":2000}}");
  scene_close(&s);
}

static void the_archive_is_another_tier(void **state) {
  (void)state;
  struct scene s;
  struct logs_search archive = search;
  static const struct script_row rows[] = {{.in_body = "\"tier\":\"archive\"", .body = EMPTY}};
  archive.archive = true;
  scene_open(&s, rows, 1);
  assert_int_equal(s.reader->ops->find(s.reader, &archive, &s.e), LOGS_UNSEEN);
  assert_int_equal(s.e.kind, ERR_OK);
  scene_close(&s);
}

static const struct {
  struct script_row answer;
  enum logs_sighting seen;
  enum err kind;
  int64_t wait_ms;
  const char *text;
} answers[] = {
    {{.body = "data: {\"warning\":{\"archive_warning\":{\"no_metastore_data\":{}}}}\n\n" EMPTY},
     LOGS_UNSEEN,
     ERR_MISSING,
     -1,
     "look for the test log: HTTP 200 (not found): archive_warning: no_metastore_data"},
    {{.status = 403,
      .body = "{\"errors\":[{\"code\":\"unauthorized\",\"message\":\"Forbidden\"}]}"},
     LOGS_UNREADABLE,
     ERR_DENIED,
     -1,
     "iam-ServiceId-reader may not read the logs (grant it: ibmcloud iam service-policy-create "
     "ServiceId-reader --service-name logs --roles Reader --service-instance " GUID
     "): look for the test log: HTTP 403 (refused) unauthorized: Forbidden"},
    {{.status = 429, .retry_after_s = 7},
     LOGS_ASK_LATER,
     ERR_THROTTLED,
     7000,
     "look for the test log: HTTP 429 (throttled)"},
    {{.status = 429}, LOGS_ASK_LATER, ERR_THROTTLED, 60000, "look for the test log: HTTP 429"},
    {{.body = "data: {\"error\":{\"message\":\"m\",\"code\":{\"rate_limit_reached\":{}}}}\n\n"},
     LOGS_ASK_LATER,
     ERR_THROTTLED,
     60000,
     "look for the test log: HTTP 200 (throttled) rate_limit_reached: m"},
    {{.status = 404}, LOGS_NO_API, ERR_REFUSED, -1, "look for the test log: HTTP 404"},
    {{.status = 400}, LOGS_MISASKED, ERR_INVALID, -1, "look for the test log: HTTP 400"},
    {{.status = 503, .body = HTML}, LOGS_SILENT, ERR_UNSURE, -1, "look for the test log: HTTP 503"},
    {{.body = "data: {\"res"}, LOGS_SILENT, ERR_UNSURE, -1, "look for the test log: HTTP 200"},
    {{.result = ERR_UNSENT}, LOGS_SILENT, ERR_UNSENT, 0, "look for the test log"},
    {{.result = ERR_CANCELLED}, LOGS_UNASKED, ERR_CANCELLED, 0, "look for the test log"},
    {{.status = 500, .body = "{\"errors\":[{\"code\":\"x\",\"message\":\"" BEARER "\"}]}"},
     LOGS_SILENT,
     ERR_UNSURE,
     -1,
     "the answer repeats a secret"},
};

static void answers_are_told(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    struct scene s;
    scene_open(&s, &answers[i].answer, 1);
    enum logs_sighting seen = find(&s);
    if (seen != answers[i].seen || s.e.kind != answers[i].kind ||
        !text_starts(s.e.text, answers[i].text))
      fail_msg("answer %zu: %s, %s", i, logs_sighting_name(seen), s.e.text);
    if (answers[i].wait_ms)
      assert_int_equal(s.e.retry_after_ms, answers[i].wait_ms);
    assert_int_equal(scripted_count(s.transport), 1);
    scene_close(&s);
  }
}

static void who_may_read_depends_on_who_it_is(void **state) {
  (void)state;
  static const struct {
    const char *iam_id, *command;
  } rows[] = {
      {"iam-ServiceId-x", "ibmcloud iam service-policy-create ServiceId-x --service-name"},
      {"iam-Profile-x", "ibmcloud iam trusted-profile-policy-create Profile-x --service-name"},
      {"IBMid-x", "ibmcloud iam user-policy-create IBMid-x --service-name"},
  };
  static const struct script_row forbidden = {.status = 403};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct scene s;
    scene_open(&s, &forbidden, 1);
    s.tokens.iam_id = rows[i].iam_id;
    assert_int_equal(find(&s), LOGS_UNREADABLE);
    assert_non_null(strstr(s.e.text, rows[i].command));
    scene_close(&s);
  }
}

static void a_401_gets_another_token_once(void **state) {
  (void)state;
  struct scene s;
  static const struct script_row rows[] = {{.status = 401, .times = 1}, {.body = OURS}},
                                 always = {.status = 401};
  scene_open(&s, rows, 2);
  assert_int_equal(find(&s), LOGS_SEEN);
  assert_int_equal(s.tokens.refused, 1);
  scripted_set_rows(s.transport, &always, 1);
  assert_int_equal(find(&s), LOGS_UNREADABLE);
  assert_int_equal(s.tokens.refused, 2);
  assert_int_equal(scripted_count(s.transport), 4);
  scene_close(&s);
}

static void the_sender_is_no_reader(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s, NULL, 0);
  s.tokens.iam_id = search.sender;
  assert_int_equal(find(&s), LOGS_UNREADABLE);
  assert_int_equal(s.e.kind, ERR_DENIED);
  assert_non_null(strstr(s.e.text, "the sender itself"));
  scene_close(&s);
}

static void without_a_token_nothing_is_asked(void **state) {
  (void)state;
  static const struct {
    enum err err;
    enum logs_sighting seen;
  } rows[] = {{ERR_UNSENT, LOGS_SILENT},      {ERR_UNSURE, LOGS_SILENT},
              {ERR_THROTTLED, LOGS_SILENT},   {ERR_REFUSED, LOGS_UNREADABLE},
              {ERR_INVALID, LOGS_UNREADABLE}, {ERR_CANCELLED, LOGS_UNASKED}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct scene s;
    scene_open(&s, NULL, 0);
    s.tokens.err = rows[i].err;
    assert_int_equal(find(&s), rows[i].seen);
    assert_string_equal(s.e.text,
                        "look for the test log: the reader's token: the file is not there");
    scene_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_request),
      cmocka_unit_test(the_archive_is_another_tier),
      cmocka_unit_test(answers_are_told),
      cmocka_unit_test(who_may_read_depends_on_who_it_is),
      cmocka_unit_test(a_401_gets_another_token_once),
      cmocka_unit_test(the_sender_is_no_reader),
      cmocka_unit_test(without_a_token_nothing_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
