// The rotator's own key as a target: an account in place of an instance, and as its sink the place
// that management reads. With the stores that there are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/config/try.h"

#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define FILED "version: 1\nmanagement: {file: /etc/rotator/keys/own}\n"
#define TARGETS "targets:\n  - name: own\n    own_key: true\n"
#define REST "    account: " ACCOUNT "\n    service_id: rotator\n"

static struct try with_stores(const char *yaml) {
  struct try t = {.config = NULL};
  t.err = config_load_bytes("main.yaml", yaml, strlen(yaml), NOW_S, store_backends, &t.config,
                            &t.report);
  return t;
}

static const char *setting(const struct config_store *s, const char *name) {
  const struct store_setting *x = store_setting_find(s->settings, s->n_settings, name);
  return x ? x->value : NULL;
}

static void expect_one(const char *yaml, const char *says) {
  struct try t = with_stores(yaml);
  if (t.report.n != 1 || t.report.mistakes[0].warning || !strstr(t.report.mistakes[0].text, says))
    fail_msg("%s\n%zu mistakes, %s", yaml, t.report.n, t.report.n ? t.report.mistakes[0].text : "");
  assert_true(t.config->targets[0].broken);
  try_end(&t);
}

static void its_sink_is_where_management_reads(void **state) {
  (void)state;
  struct try t = with_stores(FILED TARGETS REST);
  assert_int_equal(t.report.n, 0);
  const struct config_target *own = &t.config->targets[0];
  assert_true(own->own_key);
  assert_string_equal(own->account, ACCOUNT);
  assert_string_equal(own->guid, CONFIG_NO_INSTANCE);
  assert_string_equal(own->key_name, "own-management");
  assert_string_equal(own->iam_url, "https://iam.cloud.ibm.com");
  assert_null(own->ingress_url);
  assert_int_equal(own->n_sinks, 1);
  assert_string_equal(own->sinks[0].name, "management");
  assert_string_equal(own->sinks[0].backend->name, "file");
  assert_string_equal(setting(&own->sinks[0], "path"), "/etc/rotator/keys/own");
  assert_null(setting(&own->sinks[0], "format"));
  try_end(&t);
  t = with_stores("version: 1\n"
                  "vault: {address: \"https://v\", auth: {token_file: /t}}\n"
                  "management: {vault: {mount: kv, path: rotator/own}}\n" TARGETS REST);
  assert_int_equal(t.report.n, 0);
  own = &t.config->targets[0];
  assert_string_equal(own->sinks[0].backend->name, "vault");
  assert_string_equal(setting(&own->sinks[0], "path"), "rotator/own");
  assert_string_equal(setting(&own->sinks[0], "fields.value"), "api_key");
  try_end(&t);
}

// What `ibmcloud iam service-api-key-create --file` made stays JSON.
static void a_file_of_json_stays_one(void **state) {
  (void)state;
  char path[] = "/tmp/rotator-own-XXXXXX", yaml[512];
  int fd = mkstemp(path);
  assert_int_equal(write(fd, "{\"apikey\": \"x\"}", 15), 15);
  close(fd);
  snprintf(yaml, sizeof yaml, "version: 1\nmanagement: {file: %s}\n" TARGETS REST, path);
  struct try t = with_stores(yaml);
  unlink(path);
  assert_int_equal(t.report.n, 0);
  assert_string_equal(setting(&t.config->targets[0].sinks[0], "format"), "json");
  try_end(&t);
}

static void its_sinks_may_be_named(void **state) {
  (void)state;
  static const char *const good[] = {
      FILED TARGETS REST
      "    sinks: [{file: {path: /k/b}}, {file: {path: /etc/rotator/keys/own}}]\n",
      "version: 1\nmanagement: {credential: m}\n" TARGETS REST
      "    sinks: [{file: {path: /k/b}}]\n"};
  for (size_t i = 0; i < COUNT_OF(good); i++) {
    struct try t = with_stores(good[i]);
    assert_int_equal(t.report.n, 0);
    try_end(&t);
  }
  expect_one(FILED TARGETS REST "    sinks: [{file: {path: /k/b}}]\n",
             "none of them is where management reads the key (/etc/rotator/keys/own)");
  expect_one("version: 1\nmanagement: {credential: m}\n" TARGETS REST,
             "sinks is missing: management is a credential of systemd");
}

static void what_it_cannot_have_is_told(void **state) {
  (void)state;
  expect_one(FILED TARGETS "    service_id: rotator\n", "account is missing");
  expect_one(FILED TARGETS
             "    service_id: rotator\n    account: 0123456789abcdef0123456789abcdeX\n",
             "account: expected 32 hexadecimal digits");
  expect_one(FILED TARGETS REST "    instance: \"" CRN(GUID) "\"\n", "instance: own_key has none");
  expect_one(FILED TARGETS "    account: " ACCOUNT "\n    user: me\n",
             "user: own_key is for the key of a service ID");
  expect_one(FILED TARGETS REST "    endpoints: classic\n", "needs a region or an instance");
  expect_one("version: 1\nmanagement: {profile: {id: Profile-" GUID "}}\n" TARGETS REST
             "    sinks: [{file: {path: /k/b}}]\n",
             "management is no API key");
  expect_one("version: 1\nmanagement: {file: /etc/rotator/keys/own, assume: {id: Profile-" GUID
             "}}\n" TARGETS REST,
             "assumes a trusted profile");
  expect_one(FILED "targets:\n  - name: a\n    instance: \"" CRN(
                 GUID) "\"\n    account: " ACCOUNT
                       "\n    service_id: b\n    sinks: [{file: {path: /k/b}}]\n",
             "account: stands with own_key alone");
}

// Two targets cannot both be it.
static void there_is_one(void **state) {
  (void)state;
  struct try t = with_stores(FILED TARGETS REST "  - name: twin\n    own_key: true\n" REST);
  assert_true(t.report.n > 0);
  assert_false(t.config->targets[0].broken);
  assert_true(t.config->targets[1].broken);
  try_end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(its_sink_is_where_management_reads),
      cmocka_unit_test(a_file_of_json_stays_one),
      cmocka_unit_test(its_sinks_may_be_named),
      cmocka_unit_test(what_it_cannot_have_is_told),
      cmocka_unit_test(there_is_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
