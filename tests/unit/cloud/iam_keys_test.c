#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/unit/cloud/fixture.h"

#define ITEM(id) "{\"id\":\"" id "\",\"iam_id\":\"" IAM_ID "\"}"
#define NEXT(token)                                                                                \
  ",\"next\":\"https://elsewhere.example/v1/apikeys?pagesize=100&pagetoken=" token "\"}"

static enum err list(struct fixture *f, struct iam_key_list *l) {
  return f->iam->ops->list(f->iam, ACCOUNT, IAM_ID, l, &f->e);
}

static void all_pages_are_read(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "pagetoken=p%3D2$", .body = "{\"apikeys\":[" ITEM("b") "," ITEM("c") "]" NEXT("p3")},
      {.url = "pagetoken=p3$", .body = "{\"apikeys\":[" ITEM("d") "]}"},
      {.url = "pagesize=100$",
       .body =
           "{\"offset\":0,\"limit\":100,\"apikeys\":[" ITEM("a") "," ITEM("b") "]" NEXT("p%3D2")}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_key_list l = {0};
  assert_int_equal(list(&f, &l), ERR_OK);
  assert_int_equal(l.n, 4);
  assert_string_equal(l.keys[3].id, "d");
  assert_int_equal(scripted_count(f.transport), 3);
  assert_string_equal(scripted_request(f.transport, 0)->url,
                      BASE "/v1/apikeys?account_id=" ACCOUNT "&iam_id=" IAM_ID "&pagesize=100");
  for (size_t i = 0; i < 3; i++)
    assert_true(text_starts(scripted_request(f.transport, i)->url, BASE "/"));
  iam_key_list_clear(&l);
  fixture_close(&f);
}

static void lists_that_never_end_are_corrupt(void **state) {
  (void)state;
  static const struct script_row one[] = {{.url = "$", .body = "{\"apikeys\":[]" NEXT("same")}};
  static const struct script_row two[] = {
      {.url = "pagetoken=x$", .body = "{\"apikeys\":[]" NEXT("y")},
      {.url = "pagetoken=y$", .body = "{\"apikeys\":[]" NEXT("z")},
      {.url = "$", .body = "{\"apikeys\":[]" NEXT("x")}};
  struct fixture f;
  struct iam_key_list l = {0};
  fixture_open(&f, one, COUNT(one));
  assert_int_equal(list(&f, &l), ERR_CORRUPT);
  assert_int_equal(scripted_count(f.transport), 2);
  fixture_rows(&f, two, COUNT(two));
  assert_int_equal(list(&f, &l), ERR_CORRUPT);
  assert_true(scripted_count(f.transport) < 20);
  assert_null(l.keys);
  fixture_close(&f);
}

#define EMPTY "{\"apikeys\":[]}"
#define SERVICE_ID(more)                                                                           \
  "{\"id\":\"ServiceId-1\",\"iam_id\":\"" IAM_ID "\",\"name\":\"logs agent\"" more "}"

// R3: an empty list may be the default group's. In a group, the keys are asked for there, and from
// then on at once.
static void r3_an_empty_list_is_asked_for_in_the_group(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "&group_id=g%201&pagesize=100$", .body = "{\"apikeys\":[" ITEM("a") "]}"},
      {.url = "/v1/apikeys?", .body = EMPTY},
      {.url = "/v1/serviceids/ServiceId-11111111-2222-4333-8444-555555555555?show_group_id=true$",
       .body = SERVICE_ID(",\"group_id\":\"g 1\"")}};
  struct iam_key_list l = {0};
  fixture_open(&f, rows, COUNT(rows));
  assert_int_equal(list(&f, &l), ERR_OK);
  assert_int_equal(l.n, 1);
  assert_int_equal(scripted_count(f.transport), 3);
  iam_key_list_clear(&l);
  assert_int_equal(list(&f, &l), ERR_OK);
  assert_int_equal(l.n, 1);
  assert_int_equal(scripted_count(f.transport), 4);
  iam_key_list_clear(&l);
  fixture_close(&f);
}

// What a service ID says of its group when the list is empty, and what the list is then.
static void r3_an_empty_list_is_believed_of_a_known_group(void **state) {
  (void)state;
  static const struct {
    struct script_row id;
    enum err err;
  } cases[] = {{{.url = "/v1/serviceids/", .body = SERVICE_ID("")}, ERR_OK},
               {{.url = "/v1/serviceids/", .body = SERVICE_ID(",\"group_id\":null")}, ERR_OK},
               {{.url = "/v1/serviceids/", .body = SERVICE_ID(",\"group_id\":7")}, ERR_CORRUPT},
               {{.url = "/v1/serviceids/", .status = 403, .body = "{}"}, ERR_DENIED},
               {{.url = "/v1/serviceids/", .status = 400, .body = "{}"}, ERR_DENIED},
               {{.url = "/v1/serviceids/", .status = 404, .body = GONE}, ERR_REFUSED},
               {{.url = "/v1/serviceids/", .result = ERR_UNSENT}, ERR_UNSENT}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct fixture f;
    const struct script_row rows[] = {cases[i].id, {.url = "/v1/apikeys?", .body = EMPTY}};
    struct iam_key_list l = {0};
    fixture_open(&f, rows, COUNT(rows));
    assert_int_equal(list(&f, &l), cases[i].err);
    assert_int_equal(l.n, 0);
    iam_key_list_clear(&l);
    fixture_close(&f);
  }
}

// A user is in no group, so nobody need be asked.
static void r3_an_empty_list_of_a_user_is_empty(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {{.url = "/v1/apikeys?", .body = EMPTY}};
  struct iam_key_list l = {0};
  fixture_open(&f, rows, COUNT(rows));
  assert_int_equal(f.iam->ops->list(f.iam, ACCOUNT, "IBMid-1", &l, &f.e), ERR_OK);
  assert_int_equal(scripted_count(f.transport), 1);
  iam_key_list_clear(&l);
  fixture_close(&f);
}

// IAM lists a user's keys for that user alone. With which code it refuses others is not published,
// so the refusal is explained by whose token it was.
static void keys_of_a_user_are_for_that_user(void **state) {
  (void)state;
  static const struct {
    const char *me;
    int status;
    enum err err;
    bool named; // both users
  } cases[] = {
      {"IBMid-2", 400, ERR_DENIED, true},
      {"IBMid-2", 403, ERR_DENIED, true},
      {"iam-ServiceId-1", 400, ERR_DENIED, true},
      {"IBMid-1", 400, ERR_REFUSED, false}, // something else
      {"IBMid-2", 503, ERR_UNSURE, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct fixture f;
    struct iam_key_list l = {0};
    const struct script_row rows[] = {
        {.url = "/v1/apikeys?",
         .status = cases[i].status,
         .body = LISTED("unheard_of", "BXNIM9999E", "IAM ID does not match the token")},
        {.url = "$", .status = cases[i].status, .body = HTML}};
    fixture_open(&f, rows, COUNT(rows));
    fixture_me(&f, cases[i].me);
    assert_int_equal(f.iam->ops->list(f.iam, ACCOUNT, "IBMid-1", &l, &f.e), cases[i].err);
    assert_int_equal(f.e.kind, cases[i].err);
    assert_true((strstr(f.e.text, "only the user IBMid-1 can list") &&
                 strstr(f.e.text, cases[i].me)) == cases[i].named);
    assert_non_null(strstr(f.e.text, cases[i].status < 500 ? "IAM ID does not match" : ""));
    assert_int_equal(l.n, 0);
    fixture_close(&f);
  }
}

static void users_are_told_from_others(void **state) {
  (void)state;
  assert_true(iam_is_user("IBMid-50ABC"));
  assert_true(iam_is_user("AppID-1"));
  assert_false(iam_is_user(IAM_ID));
  assert_false(iam_is_user("iam-Profile-1"));
  assert_false(iam_is_user(""));
}

// More identities than are remembered: none gets another's group.
static void r3_groups_are_not_mixed_up(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "&group_id=g-1&pagesize=100$", .body = "{\"apikeys\":[" ITEM("a") "]}"},
      {.url = "/v1/apikeys?", .body = EMPTY},
      {.url = "/v1/serviceids/ServiceId-none", .body = SERVICE_ID("")},
      {.url = "/v1/serviceids/", .body = SERVICE_ID(",\"group_id\":\"g-1\"")}};
  struct iam_key_list l = {0};
  fixture_open(&f, rows, COUNT(rows));
  for (int i = 0; i < 200; i++) {
    char iam_id[IAM_ID_MAX];
    snprintf(iam_id, sizeof iam_id, "iam-ServiceId-%d", i % 70);
    assert_int_equal(f.iam->ops->list(f.iam, ACCOUNT, iam_id, &l, &f.e), ERR_OK);
    assert_int_equal(l.n, 1);
    iam_key_list_clear(&l);
    assert_int_equal(f.iam->ops->list(f.iam, ACCOUNT, "iam-ServiceId-none", &l, &f.e), ERR_OK);
    assert_int_equal(l.n, 0);
    iam_key_list_clear(&l);
  }
  fixture_close(&f);
}

// A server that makes up a new token for ever.
struct endless {
  struct transport base;
  unsigned n;
};

static enum err endless_exchange(struct transport *t, const struct http_request *req,
                                 struct http_response *ret, struct error *e) {
  struct endless *s = (struct endless *)t;
  char body[128];
  (void)req;
  (void)e;
  snprintf(body, sizeof body, "{\"apikeys\":[],\"next\":\"/v1/apikeys?pagetoken=%u\"}", s->n++);
  *ret = (struct http_response){.status = 200, .body = secret_copy_text(body), .date_s = -1};
  return ERR_OK;
}

static void pages_are_bounded(void **state) {
  (void)state;
  static const struct transport_ops ops = {.exchange = endless_exchange};
  struct endless server = {{&ops}, 0};
  struct fixture f;
  fixture_open(&f, NULL, 0);
  iam_free(f.iam);
  f.iam = iam_http_new(BASE, &server.base, f.auth, &f.env.env);
  struct iam_key_list l = {0};
  assert_int_equal(list(&f, &l), ERR_CORRUPT);
  assert_int_equal(server.n, 1000);
  fixture_close(&f);
}

static void a_list_is_whole_or_nothing(void **state) {
  (void)state;
  static const struct {
    struct script_row second;
    enum err err;
  } rows[] = {
      {{.url = "pagetoken=p2", .result = ERR_UNSURE}, ERR_UNSURE},
      {{.url = "pagetoken=p2", .status = 500}, ERR_UNSURE},
      {{.url = "pagetoken=p2", .status = 429}, ERR_THROTTLED},
      {{.url = "pagetoken=p2", .status = 403, .body = "{}"}, ERR_DENIED},
      {{.url = "pagetoken=p2", .status = 404, .body = GONE}, ERR_REFUSED},
      {{.url = "pagetoken=p2", .body = "{\"apikeys\":[{}]}"}, ERR_CORRUPT},
      {{.url = "pagetoken=p2", .body = "{\"apikeys\":[" ITEM("b")}, ERR_CORRUPT},
      {{.url = "pagetoken=p2", .body = HTML}, ERR_CORRUPT},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    const struct script_row script[] = {
        rows[i].second, {.url = "$", .body = "{\"apikeys\":[" ITEM("a") "]" NEXT("p2")}};
    struct fixture f;
    fixture_open(&f, script, 2);
    struct iam_key_list l = {0};
    assert_int_equal(list(&f, &l), rows[i].err);
    assert_int_equal(f.e.kind, rows[i].err);
    assert_null(l.keys);
    fixture_close(&f);
  }
}

static void a_look_at_one_key(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "?include_activity=true$",
       .etag = "2-b",
       .body =
           "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\",\"activity\":{\"authn_count\":4}}"},
      {.url = "/v1/apikeys/" KEY_ID "$",
       .etag = "2-b",
       .body = "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\",\"entity_tag\":\"1-a\"}"},
      {.url = "/v1/apikeys/"
              "ApiKey-gone$",
       .status = 404,
       .body = GONE},
      {.url = "/v1/apikeys/"
              "ApiKey-lost$",
       .status = 404,
       .body = HTML},
      {.url = "/v1/apikeys/a%2Fb$", .status = 400, .body = LISTED("bad", "", "m")}};
  fixture_open(&f, rows, COUNT(rows));
  struct iam_key k;
  assert_int_equal(f.iam->ops->get(f.iam, KEY_ID, true, &k, &f.e), ERR_OK);
  assert_true(k.has_activity);
  assert_int_equal(k.authn_count, 4);
  assert_string_equal(k.entity_tag, "2-b");
  assert_int_equal(f.iam->ops->get(f.iam, KEY_ID, false, &k, &f.e), ERR_OK);
  assert_string_equal(k.entity_tag, "1-a");
  assert_int_equal(f.iam->ops->get(f.iam, "ApiKey-gone", false, &k, &f.e), ERR_MISSING);
  assert_string_equal(f.e.code, "BXNIM0102E");
  assert_int_equal(f.iam->ops->get(f.iam, "ApiKey-lost", false, &k, &f.e), ERR_REFUSED);
  assert_int_equal(f.iam->ops->get(f.iam, "a/b", false, &k, &f.e), ERR_REFUSED);
  fixture_close(&f);
}

static void a_key_is_found_by_its_value(void **state) {
  (void)state;
  struct fixture f;
  static const struct script_row rows[] = {
      {.url = "/v1/apikeys/details$",
       .body = "{\"id\":\"" KEY_ID "\",\"iam_id\":\"" IAM_ID "\",\"apikey\":\"" VALUE "\"}"}};
  fixture_open(&f, rows, 1);
  struct iam_key k;
  assert_int_equal(f.iam->ops->find_by_value(f.iam, f.value, &k, &f.e), ERR_OK);
  assert_string_equal(k.id, KEY_ID);
  assert_null(k.value);
  assert_string_equal(scripted_header(scripted_last(f.transport), "IAM-ApiKey"), VALUE);
  assert_null(strstr(scripted_last(f.transport)->url, VALUE));
  struct secret *bad = secret_copy_text("two\nlines");
  assert_int_equal(f.iam->ops->find_by_value(f.iam, bad, &k, &f.e), ERR_MISSING);
  assert_string_equal(f.e.text, "the API key holds a line break");
  assert_int_equal(f.e.kind, ERR_MISSING);
  assert_int_equal(scripted_count(f.transport), 1);
  secret_free(bad);
  fixture_close(&f);
}

static void no_key_has_the_value(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *body;
    enum err err;
  } rows[] = {
      {404, GONE, ERR_MISSING},
      {400, GONE, ERR_MISSING},
      {400, FLAT("BXNIM0415E", "Provided API key could not be found"), ERR_MISSING},
      {404, FLAT("BXNIM0415E", "Provided API key could not be found"), ERR_MISSING},
      {400, LISTED("bad", "BXNIM0109E", "not " VALUE), ERR_REFUSED},
      {404, HTML, ERR_REFUSED},
      {400, HTML, ERR_REFUSED},
      {403, GONE, ERR_DENIED},
      {500, GONE, ERR_UNSURE},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    const struct script_row script[] = {
        {.url = "$", .status = rows[i].status, .body = rows[i].body}};
    fixture_open(&f, script, 1);
    struct iam_key k;
    assert_int_equal(f.iam->ops->find_by_value(f.iam, f.value, &k, &f.e), rows[i].err);
    assert_int_equal(f.e.kind, rows[i].err);
    fixture_close(&f);
  }
}

static void the_limit_of_keys(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *body;
    enum err err;
  } rows[] = {
      {200,
       "{\"apikeys_per_identity\":{\"limit\":20,\"identities\":[{\"iam_id\":\"" IAM_ID
       "\",\"count\":3}]}}",
       ERR_OK},
      {200, "{}", ERR_CORRUPT},
      {404, GONE, ERR_MISSING},
      {404, HTML, ERR_MISSING},
      {405, "", ERR_MISSING},
      {403, "{}", ERR_DENIED},
      {400, "{}", ERR_REFUSED},
      {503, HTML, ERR_UNSURE},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct fixture f;
    const struct script_row script[] = {
        {.url = "$", .status = rows[i].status, .body = rows[i].body}};
    fixture_open(&f, script, 1);
    int64_t limit = -7, count = -7;
    assert_int_equal(f.iam->ops->key_limit(f.iam, ACCOUNT, IAM_ID, &limit, &count, &f.e),
                     rows[i].err);
    assert_int_equal(limit, rows[i].err ? -7 : 20);
    assert_int_equal(count, rows[i].err ? -7 : 3);
    assert_string_equal(scripted_last(f.transport)->url, BASE
                        "/v1/accounts/" ACCOUNT "/limits/identity?apikeys_per_identity=" IAM_ID);
    fixture_close(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pages_are_read),
      cmocka_unit_test(r3_an_empty_list_is_asked_for_in_the_group),
      cmocka_unit_test(r3_an_empty_list_is_believed_of_a_known_group),
      cmocka_unit_test(r3_an_empty_list_of_a_user_is_empty),
      cmocka_unit_test(keys_of_a_user_are_for_that_user),
      cmocka_unit_test(users_are_told_from_others),
      cmocka_unit_test(r3_groups_are_not_mixed_up),
      cmocka_unit_test(lists_that_never_end_are_corrupt),
      cmocka_unit_test(pages_are_bounded),
      cmocka_unit_test(a_list_is_whole_or_nothing),
      cmocka_unit_test(a_look_at_one_key),
      cmocka_unit_test(a_key_is_found_by_its_value),
      cmocka_unit_test(no_key_has_the_value),
      cmocka_unit_test(the_limit_of_keys),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
