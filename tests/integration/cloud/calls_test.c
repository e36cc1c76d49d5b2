// Every call of the IAM client once, as a rotation makes them, against the emulator.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/integration/cloud/scene.h"

#define OK(call) assert_call(s, call, ERR_OK, __LINE__)
#define FAILS(call, kind) assert_call(s, call, kind, __LINE__)

static void assert_call(struct scene *s, enum err err, enum err expected, int line) {
  if (err != expected)
    fail_msg("line %d: %s instead of %s: %s", line, err_name(err), err_name(expected), s->e.text);
  assert_hidden(&s->e);
}

static void the_manager_knows_itself(void **state) {
  struct scene *s = *state;
  struct iam_token me = {0};
  OK(s->iam->ops->whoami(s->iam, &me, &s->e));
  assert_string_equal(me.iam_id, "iam-" MANAGER);
  assert_string_equal(me.account, ACCOUNT);
  assert_string_equal(me.name, "manager");
  assert_null(me.bearer);
}

static void service_ids_are_found_and_made(void **state) {
  struct scene *s = *state;
  struct iam_service_id found;
  size_t n = 0;
  OK(s->iam->ops->find_service_id(s->iam, ACCOUNT, "logs agent", &found, &n, &s->e));
  assert_string_equal(found.iam_id, AGENT_IAM);
  assert_string_equal(found.account, ACCOUNT);
  assert_int_equal(n, 1);
  OK(s->iam->ops->find_service_id(s->iam, ACCOUNT, AGENT, &found, &n, &s->e));
  assert_string_equal(found.name, "logs agent");
  OK(s->iam->ops->find_service_id(s->iam, ACCOUNT, "twin", &found, &n, &s->e));
  assert_int_equal(n, 2);
  FAILS(s->iam->ops->find_service_id(s->iam, ACCOUNT, "nobody", &found, &n, &s->e), ERR_MISSING);
  FAILS(s->iam->ops->find_service_id(
            s->iam, ACCOUNT, "ServiceId-00000000-0000-4000-8000-000000000000", &found, &n, &s->e),
        ERR_MISSING);
  OK(s->iam->ops->create_service_id(s->iam, ACCOUNT, "new one", "made by a test", &found, &s->e));
  assert_string_equal(found.name, "new one");
  assert_string_equal(found.description, "made by a test");
}

static void sender_is_granted_once(void **state) {
  struct scene *s = *state;
  struct iam_policy policy = {0}, again = {0}, read = {0};
  const struct iam_ops *ops = s->iam->ops;
  FAILS(ops->find_sender(s->iam, ACCOUNT, AGENT_IAM, GUID, &policy, &s->e), ERR_MISSING);
  OK(ops->grant_sender(s->iam, ACCOUNT, AGENT_IAM, GUID, &policy, &s->e));
  assert_true(policy.covers);
  OK(ops->find_sender(s->iam, ACCOUNT, AGENT_IAM, GUID, &again, &s->e));
  assert_string_equal(again.id, policy.id);
  OK(ops->grant_sender(s->iam, ACCOUNT, AGENT_IAM, GUID, &again, &s->e)); // 409, understood
  assert_string_equal(again.id, policy.id);
  OK(ops->get_policy(s->iam, policy.id, &read, &s->e));
  assert_string_equal(read.id, policy.id);
  assert_true(read.covers);
  FAILS(ops->get_policy(s->iam, "00000000-0000-4000-8000-000000000000", &read, &s->e), ERR_MISSING);
  FAILS(ops->find_sender(s->iam, ACCOUNT, AGENT_IAM, "another", &again, &s->e), ERR_MISSING);
}

// One key from its birth to its end.
static void a_key_lives(void **state) {
  struct scene *s = *state;
  const struct iam_ops *ops = s->iam->ops;
  struct iam_key made = {0}, key = {0};
  struct iam_key_list list = {0};
  struct iam_token token = {0};
  OK(scene_create(s, "first", &made));
  assert_true(made.disabled);
  assert_string_equal(made.iam_id, AGENT_IAM);
  assert_null(made.value);
  assert_true(made.entity_tag[0]);
  FAILS(scene_create(s, "same value", &key), ERR_EXISTS);
  FAILS(ops->exchange(s->iam, s->value, true, &token, &s->e), ERR_REFUSED);
  assert_string_equal(s->e.code, "BXNIM0462E");
  OK(ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e));
  assert_int_equal(list.n, 1);
  assert_string_equal(list.keys[0].id, made.id);
  iam_key_list_clear(&list);
  OK(ops->find_by_value(s->iam, s->value, &key, &s->e));
  assert_string_equal(key.id, made.id);
  OK(ops->describe(s->iam, made.id, made.entity_tag, "renamed", NULL, &s->e));
  FAILS(ops->describe(s->iam, made.id, made.entity_tag, "again", NULL, &s->e), ERR_CONFLICT);
  OK(ops->enable(s->iam, made.id, &s->e));
  OK(ops->enable(s->iam, made.id, &s->e)); // 409
  OK(ops->exchange(s->iam, s->value, true, &token, &s->e));
  assert_string_equal(token.iam_id, AGENT_IAM);
  assert_string_equal(token.account, ACCOUNT);
  iam_token_clear(&token);
  OK(ops->get(s->iam, made.id, true, &key, &s->e));
  assert_string_equal(key.name, "renamed");
  assert_string_equal(key.description, "made by a test");
  assert_true(!key.disabled && key.has_activity);
  assert_int_equal(key.authn_count, 1);
  assert_true(key.last_authn_s > 0);
  OK(ops->disable(s->iam, made.id, &s->e));
  OK(ops->disable(s->iam, made.id, &s->e)); // 409
  OK(ops->remove(s->iam, made.id, &s->e));
  OK(ops->remove(s->iam, made.id, &s->e)); // 404 not_found
  FAILS(ops->exchange(s->iam, s->value, true, &token, &s->e), ERR_REFUSED);
  assert_string_equal(s->e.code, "BXNIM0415E");
  assert_true(s->e.trace[0]);
  FAILS(ops->find_by_value(s->iam, s->value, &key, &s->e), ERR_MISSING);
  FAILS(ops->get(s->iam, made.id, false, &key, &s->e), ERR_MISSING);
  FAILS(ops->enable(s->iam, made.id, &s->e), ERR_MISSING);
}

static void iam_makes_a_value_itself(void **state) {
  struct scene *s = *state;
  struct iam_key key = {0};
  struct iam_token token = {0};
  const struct iam_create spec = {.iam_id = AGENT_IAM,
                                  .account = ACCOUNT,
                                  .name = "origin iam",
                                  .expires_s = time(NULL) + 90 * 86400};
  OK(s->iam->ops->create(s->iam, &spec, &key, &s->e));
  assert_false(secret_is_empty(key.value));
  assert_false(key.disabled);
  assert_true(key.expires_s / 60 == spec.expires_s / 60 && !key.expired);
  OK(s->iam->ops->exchange(s->iam, key.value, false, &token, &s->e));
  iam_token_clear(&token);
  OK(s->iam->ops->remove(s->iam, key.id, &s->e));
  iam_key_clear(&key);
}

static const char *iam_id_of(struct scene *s, const char *name) {
  static struct iam_service_id found;
  size_t n;
  OK(s->iam->ops->find_service_id(s->iam, ACCOUNT, name, &found, &n, &s->e));
  return found.iam_id;
}

static void long_lists_are_read_to_their_end(void **state) {
  struct scene *s = *state;
  struct iam_key_list list = {0};
  OK(s->iam->ops->list(s->iam, ACCOUNT, iam_id_of(s, "many"), &list, &s->e));
  assert_int_equal(list.n, 120);
  iam_key_list_clear(&list);
}

// R3: in a group, with every position of what nobody could be asked about: whether lists without
// group_id show the default group alone, and whether a service ID says its group unasked.
static void r3_groups_of_service_ids(void **state) {
  struct scene *s = *state;
  static const char *const settings[] = {"{}", "{\"default_group_only\":false}",
                                         "{\"group_id_on_request\":false}",
                                         "{\"default_group_id\":\"ServiceIdGroup-default\"}"};
  JSON_AUTO made = emulator_post(&s->emulator, "seed",
                                 "{\"groups\":[{\"id\":\"ServiceIdGroup-1\",\"account\":\"" ACCOUNT
                                 "\",\"name\":\"senders\"}],"
                                 "\"service_ids\":[{\"name\":\"grouped\",\"account\":\"" ACCOUNT
                                 "\",\"group_id\":\"ServiceIdGroup-1\","
                                 "\"apikeys\":[{\"name\":\"one\"},{\"name\":\"two\"}]}]}");
  assert_non_null(made);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    struct iam_service_id found = {0};
    struct iam_key_list list = {0};
    size_t n = 0;
    JSON_AUTO done = emulator_post(&s->emulator, "settings", settings[i]);
    assert_non_null(done);
    OK(s->iam->ops->find_service_id(s->iam, ACCOUNT, "grouped", &found, &n, &s->e));
    assert_int_equal(n, 1);
    assert_string_equal(found.group, "ServiceIdGroup-1");
    OK(s->iam->ops->list(s->iam, ACCOUNT, found.iam_id, &list, &s->e));
    assert_int_equal(list.n, 2);
    iam_key_list_clear(&list);
    OK(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &list, &s->e)); // in no group, without keys
    assert_int_equal(list.n, 0);
    iam_key_list_clear(&list);
    JSON_AUTO back = emulator_post(&s->emulator, "settings",
                                   "{\"default_group_only\":true,\"group_id_on_request\":true,"
                                   "\"default_group_id\":\"\"}");
    assert_non_null(back);
  }
}

static void limits_are_told(void **state) {
  struct scene *s = *state;
  const char *full = iam_id_of(s, "full");
  int64_t limit = 0, count = 0;
  struct iam_key key = {0};
  OK(s->iam->ops->key_limit(s->iam, ACCOUNT, full, &limit, &count, &s->e));
  assert_int_equal(limit, 20);
  assert_int_equal(count, 20);
  const struct iam_create spec = {
      .iam_id = full, .account = ACCOUNT, .name = "one too many", .value = s->value};
  FAILS(s->iam->ops->create(s->iam, &spec, &key, &s->e), ERR_LIMIT);
  assert_string_equal(s->e.code, "BXNIM0151E");
}

static void a_locked_key_is_left_alone(void **state) {
  struct scene *s = *state;
  struct iam_key_list list = {0};
  OK(s->iam->ops->list(s->iam, ACCOUNT, iam_id_of(s, "locked"), &list, &s->e));
  assert_int_equal(list.n, 1);
  assert_true(list.keys[0].locked);
  static const char *const statuses[] = {"403", "409", "422"};
  for (size_t i = 0; i < 3; i++) {
    char settings[64];
    snprintf(settings, sizeof settings, "{\"locked_status\":%s}", statuses[i]);
    JSON_AUTO done = emulator_post(&s->emulator, "settings", settings);
    assert_non_null(done);
    FAILS(s->iam->ops->remove(s->iam, list.keys[0].id, &s->e), ERR_LOCKED);
    FAILS(s->iam->ops->disable(s->iam, list.keys[0].id, &s->e), ERR_LOCKED);
  }
  iam_key_list_clear(&list);
}

static void clocks_and_connections(void **state) {
  struct scene *s = *state;
  struct iam_token token = {0};
  uint64_t before, after, exchanges;
  int64_t now_s = s->iam->ops->server_time_s(s->iam);
  assert_true(now_s > time(NULL) - 30 && now_s < time(NULL) + 30);
  curl_transport_counts(s->transport, &exchanges, &before);
  OK(s->iam->ops->exchange(s->iam, s->manager_key, false, &token, &s->e));
  iam_token_clear(&token);
  curl_transport_counts(s->transport, &exchanges, &after);
  assert_int_equal(after, before);
  OK(s->iam->ops->exchange(s->iam, s->manager_key, true, &token, &s->e));
  iam_token_clear(&token);
  curl_transport_counts(s->transport, &exchanges, &after);
  assert_int_equal(after, before + 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_manager_knows_itself, scene_reset),
      cmocka_unit_test_setup(service_ids_are_found_and_made, scene_reset),
      cmocka_unit_test_setup(sender_is_granted_once, scene_reset),
      cmocka_unit_test_setup(a_key_lives, scene_reset),
      cmocka_unit_test_setup(iam_makes_a_value_itself, scene_reset),
      cmocka_unit_test_setup(long_lists_are_read_to_their_end, scene_reset),
      cmocka_unit_test_setup(r3_groups_of_service_ids, scene_reset),
      cmocka_unit_test_setup(limits_are_told, scene_reset),
      cmocka_unit_test_setup(a_locked_key_is_left_alone, scene_reset),
      cmocka_unit_test_setup(clocks_and_connections, scene_reset),
  };
  if (argc != 2)
    return 2;
  scene_program(argv[1]);
  int failed = cmocka_run_group_tests(tests, scene_open, scene_close);
  return failed != 0;
}
