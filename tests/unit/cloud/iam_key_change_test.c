#include <stdio.h>
#include <string.h>

#include "rotator/base/json.h"
#include "tests/unit/cloud/fixture.h"

#define KEY(more) "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\",\"entity_tag\":\"1-a\"" more "}"
#define URL "/v1/apikeys/" KEY_ID

static struct iam_create spec_of(const struct fixture *f) {
  return (struct iam_create){.iam_id = IAM_ID,
                             .account = ACCOUNT,
                             .name = "logs-key",
                             .description = "tag",
                             .value = f->value,
                             .disabled = true,
                             .action_when_leaked = "disable",
                             .expires_s = 1771505719};
}

static void create_says_all(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.method = "POST",
       .url = "/v1/apikeys$",
       .status = 201,
       .body = KEY(",\"disabled\":true,\"apikey\":\"" VALUE "\"")}};
  fixture_open(&f, rows, 1);
  struct iam_key k;
  const struct iam_create spec = spec_of(&f);
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_OK);
  assert_string_equal(k.id, KEY_ID);
  assert_true(k.disabled);
  assert_null(k.value);
  const struct script_request *r = scripted_last(f.transport);
  assert_string_equal(scripted_header(r, "Entity-Disable"), "true");
  assert_string_equal(r->content_type, "application/json");
  assert_int_equal(r->replay, HTTP_REPLAY_NEVER);
  JSON_AUTO o = json_parse(r->body, strlen(r->body));
  assert_string_equal(json_text(o, "name"), "logs-key");
  assert_string_equal(json_text(o, "description"), "tag");
  assert_string_equal(json_text(o, "iam_id"), IAM_ID);
  assert_string_equal(json_text(o, "account_id"), ACCOUNT);
  assert_string_equal(json_text(o, "apikey"), VALUE);
  assert_string_equal(json_text(o, "action_when_leaked"), "disable");
  assert_string_equal(json_text(o, "expires_at"), "2026-02-19T12:55+0000");
  assert_true(cJSON_IsFalse(json_get(o, "store_value")));
  assert_int_equal(cJSON_GetArraySize(o), 8);
  fixture_close(&f);
}

static void create_says_no_more_than_asked(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "$",
       .status = 201,
       .etag = "1-z",
       .body = "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID
               "\",\"apikey\":\"made-by-the-service-itself-0123456789\"}"}};
  fixture_open(&f, rows, 1);
  struct iam_key k;
  const struct iam_create spec = {.iam_id = IAM_ID, .account = ACCOUNT, .name = "n"};
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_OK);
  assert_string_equal(secret_bytes(k.value), "made-by-the-service-itself-0123456789");
  assert_string_equal(k.entity_tag, "1-z");
  assert_false(k.disabled);
  assert_string_equal(scripted_header(scripted_last(f.transport), "Entity-Disable"), "");
  assert_string_equal(scripted_last(f.transport)->body,
                      "{\"name\":\"n\",\"iam_id\":\"" IAM_ID "\",\"account_id\":\"" ACCOUNT
                      "\",\"store_value\":false}");
  iam_key_clear(&k);
  fixture_close(&f);
}

// A user's key: no value can be stored, and sessions with support are left as they are.
static void create_for_a_user(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "$",
       .status = 201,
       .body = "{\"id\":\"" KEY_ID "\",\"iam_id\":\"IBMid-1\",\"disabled\":true}"}};
  fixture_open(&f, rows, 1);
  struct iam_key k;
  struct iam_create spec = spec_of(&f);
  spec.iam_id = "IBMid-1";
  spec.expires_s = 0;
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_OK);
  assert_true(k.disabled);
  assert_string_equal(scripted_header(scripted_last(f.transport), "Entity-Disable"), "true");
  assert_string_equal(scripted_last(f.transport)->body,
                      "{\"name\":\"logs-key\",\"iam_id\":\"IBMid-1\",\"account_id\":\"" ACCOUNT
                      "\",\"description\":\"tag\",\"apikey\":\"" VALUE
                      "\",\"action_when_leaked\":\"disable\"}");
  fixture_close(&f);
}

static void create_answers_mean(void **state) {
  (void)state;
  static const struct {
    struct script_row answer;
    enum err err;
    const char *code;
  } rows[] = {
      {{.status = 201, .body = KEY(",\"disabled\":false")}, ERR_OK, ""}, // handed up as it is
      {{.status = 200, .body = KEY(",\"disabled\":true,\"apikey\":\"\"")}, ERR_OK, ""},
      {{.status = 201, .body = KEY(",\"apikey\":\"another-value-than-ours-0123456789\"")},
       ERR_CORRUPT,
       ""},
      {{.status = 201, .body = ""}, ERR_CORRUPT, ""},
      {{.status = 201, .body = "{\"id\":\"ApiKey-1\""}, ERR_CORRUPT, ""},
      {{.status = 201, .body = HTML}, ERR_CORRUPT, ""},
      {{.status = 202, .body = "{}"}, ERR_CORRUPT, ""},
      {{.status = 400, .body = LISTED("bad", "BXNIM0109E", "m")}, ERR_REFUSED, "BXNIM0109E"},
      {{.status = 400, .body = LISTED("duplicate", "", "apikey " VALUE " exists")},
       ERR_REFUSED,
       "duplicate"},
      {{.status = 409, .body = LISTED("duplicate", "", "m")}, ERR_EXISTS, "duplicate"},
      {{.status = 403, .body = LISTED("x", "BXNIM0513E", "m")}, ERR_DENIED, "BXNIM0513E"},
      {{.status = 422, .body = LISTED("x", "BXNIM0151E", "m")}, ERR_LIMIT, "BXNIM0151E"},
      {{.status = 404, .body = HTML}, ERR_REFUSED, ""},
      {{.status = 429}, ERR_THROTTLED, ""},
      {{.status = 500, .body = HTML}, ERR_UNSURE, ""},
      {{.status = 502, .body = HTML}, ERR_UNSURE, ""},
      {{.status = 503}, ERR_UNSURE, ""},
      {{.status = 302}, ERR_UNSURE, ""},
      {{.result = ERR_UNSURE}, ERR_UNSURE, ""},
      {{.result = ERR_UNSENT}, ERR_UNSENT, ""},
      {{.result = ERR_REFUSED}, ERR_UNSURE, ""},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    fixture_open(&f, &rows[i].answer, 1);
    struct iam_key k = {0};
    const struct iam_create spec = spec_of(&f);
    enum err err = f.iam->ops->create(f.iam, &spec, &k, &f.e);
    if (err != rows[i].err)
      fail_msg("row %zu: %s", i, err_name(err));
    if (err)
      assert_string_equal(f.e.code, rows[i].code);
    assert_int_equal(scripted_count(f.transport), 1);
    assert_null(k.value);
    fixture_close(&f);
  }
}

static void a_value_is_looked_at_first(void **state) {
  (void)state;
  struct fixture f;
  fixture_open(&f, NULL, 0);
  struct secret *bad = secret_copy_text("{APIKEY}");
  struct iam_key k;
  const struct iam_create spec = {.iam_id = IAM_ID, .account = ACCOUNT, .name = "n", .value = bad};
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_INVALID);
  secret_free(bad);
  fixture_close(&f);
}

static void without_a_value_it_must_be_answered(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.url = "$", .status = 201, .body = KEY("")}};
  fixture_open(&f, rows, 1);
  struct iam_key k;
  const struct iam_create spec = {.iam_id = IAM_ID, .account = ACCOUNT, .name = "n"};
  assert_int_equal(f.iam->ops->create(f.iam, &spec, &k, &f.e), ERR_CORRUPT);
  fixture_close(&f);
}

static void describe_names_a_version(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = URL "$", .times = 2, .body = KEY("")},
      {.url = URL "$", .times = 1, .status = 409, .body = LISTED("conflict", "", "m")},
      {.url = URL "$", .times = 1, .status = 412, .body = "{}"},
      {.url = URL "$", .times = 1, .status = 404, .body = GONE}};
  fixture_open(&f, rows, COUNT(rows));
  const struct iam_ops *ops = f.iam->ops;
  assert_int_equal(ops->describe(f.iam, KEY_ID, "3-c", "n", NULL, &f.e), ERR_OK);
  assert_string_equal(scripted_last(f.transport)->method, "PUT");
  assert_string_equal(scripted_header(scripted_last(f.transport), "If-Match"), "3-c");
  assert_string_equal(scripted_last(f.transport)->body, "{\"name\":\"n\"}");
  assert_int_equal(ops->describe(f.iam, KEY_ID, NULL, NULL, "d", &f.e), ERR_OK);
  assert_string_equal(scripted_header(scripted_last(f.transport), "If-Match"), "*");
  assert_string_equal(scripted_last(f.transport)->body, "{\"description\":\"d\"}");
  assert_int_equal(ops->describe(f.iam, KEY_ID, "3-c", "n", "d", &f.e), ERR_CONFLICT);
  assert_int_equal(ops->describe(f.iam, KEY_ID, "3-c", "n", "d", &f.e), ERR_CONFLICT);
  assert_int_equal(ops->describe(f.iam, KEY_ID, "3-c", "n", "d", &f.e), ERR_MISSING);
  fixture_close(&f);
}

// One change of a key: what it answers, and what a look at the key would show.
struct change {
  struct script_row answer;
  const char *look; // NULL: none is expected
  int look_status;
  enum err err;
};

#define LOCKED_LIVE KEY(",\"locked\":true,\"disabled\":false")
#define LOCKED_DISABLED KEY(",\"locked\":true,\"disabled\":true")
#define LIVE KEY(",\"locked\":false,\"disabled\":false")

static void run_changes(const struct change *rows, size_t n, size_t offset, const char *method,
                        const char *url) {
  for (size_t i = 0; i < n; i++) {
    struct script_row answer = rows[i].answer;
    answer.method = method;
    answer.url = url;
    const struct script_row script[] = {
        answer,
        {.method = "GET", .url = URL "$", .status = rows[i].look_status, .body = rows[i].look}};
    struct fixture f;
    fixture_open(&f, script, 2);
    // These operations have one type; offset says which is meant.
    enum err (*op)(struct iam *c, const char *id, struct error *e);
    memcpy(&op, (const char *)f.iam->ops + offset, sizeof op);
    enum err err = op(f.iam, KEY_ID, &f.e);
    if (err != rows[i].err)
      fail_msg("%s %s, row %zu: %s", method, url, i, err_name(err));
    assert_int_equal(f.e.kind, err);
    assert_int_equal(f.e.text[0] != '\0', err != ERR_OK);
    assert_int_equal(scripted_count(f.transport), rows[i].look ? 2 : 1);
    assert_int_equal(scripted_request(f.transport, 0)->replay, HTTP_REPLAY_SAFE);
    fixture_close(&f);
  }
}

static const struct change always[] = {
    {{.status = 204}, NULL, 0, ERR_OK},
    {{.status = 200, .body = "{}"}, NULL, 0, ERR_OK},
    {{.status = 200, .body = HTML}, NULL, 0, ERR_CORRUPT},
    {{.status = 404, .body = HTML}, NULL, 0, ERR_REFUSED},
    {{.status = 404, .body = "{}"}, NULL, 0, ERR_REFUSED},
    {{.status = 401, .body = "{}"}, NULL, 0, ERR_DENIED},
    {{.status = 429}, NULL, 0, ERR_THROTTLED},
    {{.status = 500, .body = GONE}, NULL, 0, ERR_UNSURE},
    {{.status = 502, .body = HTML}, NULL, 0, ERR_UNSURE},
    {{.result = ERR_UNSURE}, NULL, 0, ERR_UNSURE},
    {{.result = ERR_UNSENT}, NULL, 0, ERR_UNSENT},
    {{.result = ERR_CANCELLED}, NULL, 0, ERR_CANCELLED},
    {{.status = 403, .body = "{}"}, LIVE, 0, ERR_DENIED},
    {{.status = 403, .body = "{}"}, "", 500, ERR_DENIED},
    {{.status = 400, .body = "{}"}, LIVE, 0, ERR_REFUSED},
    {{.status = 422, .body = "{}"}, HTML, 200, ERR_REFUSED},
};

static const struct change disable[] = {
    {{.status = 409, .body = "{}"}, LOCKED_DISABLED, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LIVE, 0, ERR_OK}, // the look may be older than what was done
    {{.status = 409, .body = "{}"}, "", 503, ERR_OK},
    {{.status = 409, .body = "{}"}, LOCKED_LIVE, 0, ERR_LOCKED},
    {{.status = 403, .body = "{}"}, LOCKED_LIVE, 0, ERR_LOCKED},
    {{.status = 423, .body = "{}"}, LOCKED_LIVE, 0, ERR_LOCKED},
    {{.status = 404, .body = GONE}, NULL, 0, ERR_MISSING},
};

static const struct change enable[] = {
    {{.status = 409, .body = "{}"}, LOCKED_LIVE, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LOCKED_DISABLED, 0, ERR_LOCKED},
    {{.status = 404, .body = GONE}, NULL, 0, ERR_MISSING},
};

static const struct change removal[] = {
    {{.status = 404, .body = GONE}, NULL, 0, ERR_OK},
    {{.status = 409, .body = LISTED("delete_not_possible", "BXNIM0105E", "m")},
     LIVE,
     0,
     ERR_CONFLICT},
    {{.status = 409, .body = "{}"}, LOCKED_LIVE, 0, ERR_LOCKED},
    {{.status = 403, .body = "{}"}, LOCKED_DISABLED, 0, ERR_LOCKED},
    {{.status = 422, .body = "{}"}, LOCKED_LIVE, 0, ERR_LOCKED},
    {{.status = 409, .body = "{}"}, GONE, 404, ERR_OK},
    {{.status = 409, .body = "{}"}, HTML, 404, ERR_CONFLICT},
};

static const struct change lock[] = {
    {{.status = 204}, NULL, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LOCKED_LIVE, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LIVE, 0, ERR_CONFLICT},
    {{.status = 409, .body = "{}"}, "", 503, ERR_CONFLICT},
    {{.status = 403, .body = "{}"}, NULL, 0, ERR_DENIED},
    {{.status = 404, .body = GONE}, NULL, 0, ERR_MISSING},
    {{.status = 502, .body = HTML}, NULL, 0, ERR_UNSURE},
    {{.result = ERR_UNSURE}, NULL, 0, ERR_UNSURE},
};

static const struct change unlock[] = {
    {{.status = 204}, NULL, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LIVE, 0, ERR_OK},
    {{.status = 409, .body = "{}"}, LOCKED_DISABLED, 0, ERR_CONFLICT},
    {{.status = 404, .body = GONE}, NULL, 0, ERR_MISSING},
};

static void changes_mean(void **state) {
  (void)state;
  run_changes(lock, COUNT(lock), offsetof(struct iam_ops, lock), "POST", URL "/lock$");
  run_changes(unlock, COUNT(unlock), offsetof(struct iam_ops, unlock), "DELETE", URL "/lock$");
  static const size_t on = offsetof(struct iam_ops, enable),
                      off = offsetof(struct iam_ops, disable),
                      gone = offsetof(struct iam_ops, remove);
  run_changes(always, COUNT(always), off, "POST", URL "/disable$");
  run_changes(always, COUNT(always), on, "DELETE", URL "/disable$");
  run_changes(always, COUNT(always), gone, "DELETE", URL "$");
  run_changes(disable, COUNT(disable), off, "POST", URL "/disable$");
  run_changes(enable, COUNT(enable), on, "DELETE", URL "/disable$");
  run_changes(removal, COUNT(removal), gone, "DELETE", URL "$");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create_says_all),
      cmocka_unit_test(create_says_no_more_than_asked),
      cmocka_unit_test(create_for_a_user),
      cmocka_unit_test(create_answers_mean),
      cmocka_unit_test(a_value_is_looked_at_first),
      cmocka_unit_test(without_a_value_it_must_be_answered),
      cmocka_unit_test(describe_names_a_version),
      cmocka_unit_test(changes_mean),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
