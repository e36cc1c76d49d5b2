// The configuration with the Vault store as it is: what is common to its items, and the rotator's
// own key in a secret.
#include <string.h>

#include "rotator/config/internal.h"
#include "tests/support/unit.h"

#define CRN                                                                                        \
  "crn:v1:bluemix:public:logs:eu-de:a/0123456789abcdef0123456789abcdef:"                           \
  "11111111-2222-4333-8444-555555555555::"
#define APPROLE                                                                                    \
  "vault: {address: \"https://vault.corp:8200\", ca_file: /etc/ssl/corp.pem, auth: {approle: "     \
  "{role_id_file: /etc/rotator/role_id, secret_id: {credential: vault-secret-id}}}}\n"
#define TARGET                                                                                     \
  "targets:\n"                                                                                     \
  "  - name: edge-fra\n"                                                                           \
  "    instance: \"" CRN "\"\n"                                                                    \
  "    service_id: ServiceId-5f3c0000-0000-4000-8000-000000000000\n"                               \
  "    home: {vault: {mount: secret, path: rotator/state/edge-fra}}\n"                             \
  "    sinks:\n"                                                                                   \
  "      - {name: fleet, vault: {mount: secret, path: logs/edge-fra, fields: {value: "             \
  "IAM_API_KEY, "                                                                                  \
  "id: key_id}}}\n"

struct loaded {
  struct config *config;
  struct config_report report;
};

static struct loaded load(const char *yaml) {
  struct loaded l = {0};
  config_load_bytes("main.yaml", yaml, strlen(yaml), 1795498800, store_backends, &l.config,
                    &l.report);
  return l;
}

static void unload(struct loaded *l) {
  config_free(l->config);
  config_report_clear(&l->report);
}

static void assert_fine(const struct loaded *l) {
  if (l->report.n > 0)
    fail_msg("line %d: %s", l->report.mistakes[0].line, l->report.mistakes[0].text);
  assert_non_null(l->config);
}

static const char *setting(const struct config_store *s, const char *name) {
  return store_setting_get(s->settings, s->n_settings, name);
}

static void shares_what_is_common(void **state) {
  (void)state;
  struct loaded l = load("version: 1\nmanagement: {credential: m}\n" APPROLE TARGET);
  assert_fine(&l);
  const struct config_target *t = &l.config->targets[0];
  assert_string_equal("vault", t->home.backend->name);
  assert_string_equal("https://vault.corp:8200", setting(&t->home, "address"));
  assert_string_equal("vault-secret-id", setting(&t->home, "auth.approle.secret_id.credential"));
  assert_string_equal("rotator/state/edge-fra", setting(&t->home, "path"));
  assert_string_equal("fleet", t->sinks[0].name);
  assert_string_equal("/etc/rotator/role_id", setting(&t->sinks[0], "auth.approle.role_id_file"));
  assert_string_equal("IAM_API_KEY", setting(&t->sinks[0], "fields.value"));
  assert_null(setting(&t->home, "fields.value"));
  assert_null(l.config->management.store);
  unload(&l);
}

static void finds_its_own_key_in_a_secret(void **state) {
  (void)state;
  struct loaded l =
      load("version: 1\n"
           "management: {vault: {mount: secret, path: rotator/management, field: key}}\n" //
           APPROLE TARGET);
  assert_fine(&l);
  const struct config_store *s = l.config->management.store;
  assert_non_null(s);
  assert_string_equal("rotator/management", setting(s, "path"));
  assert_string_equal("key", setting(s, "fields.value"));
  assert_string_equal("https://vault.corp:8200", setting(s, "address"));
  unload(&l);
  l = load("version: 1\nmanagement: {vault: {mount: secret, path: m}}\n" TARGET);
  assert_fine(&l);
  assert_string_equal("api_key", setting(l.config->management.store, "fields.value"));
  unload(&l);
}

static void tells_mistakes_of_its_own_key(void **state) {
  static const struct {
    const char *management, *says;
  } table[] = {
      {"{vault: {mount: secret}}", "expected {mount: MOUNT, path: PATH}"},
      {"{vault: {mount: secret, path: a//b}}", "empty part"},
      {"{vault: {mount: secret, path: a}, file: /run/key}", "found two"},
      {"{vault: {mount: secret, path: a, token: x}}", "a secret never stands"},
      {"{vault: }", "expected {mount: MOUNT, path: PATH}"},
      {"{vault: secret/a}", "expected a mapping"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    char yaml[2048];
    snprintf(yaml, sizeof yaml, "version: 1\nmanagement: %s\n" TARGET, table[i].management);
    struct loaded l = load(yaml);
    if (l.report.n == 0 || !strstr(l.report.mistakes[0].text, table[i].says))
      fail_msg("%s: %s", table[i].management, l.report.n ? l.report.mistakes[0].text : "nothing");
    assert_int_equal(2, l.report.mistakes[0].line);
    unload(&l);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares_what_is_common),
      cmocka_unit_test(finds_its_own_key_in_a_secret),
      cmocka_unit_test(tells_mistakes_of_its_own_key),
  };
  int failed = cmocka_run_group_tests_name("configuration with Vault", tests, NULL, NULL);
  return failed != 0;
}
