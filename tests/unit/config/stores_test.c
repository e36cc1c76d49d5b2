// Homes and sinks, and what the stores' own tables say of them.
#include <string.h>

#include "tests/unit/config/try.h"

#define SINKS(sinks)                                                                               \
  LIST "  - name: a\n    instance: \"" CRN(GUID) "\"\n    service_id: s\n    sinks:\n" sinks
#define VAULT "vault: {address: \"https://v\", auth: {token_file: /t}}\n"

static const char *setting(const struct config_store *s, const char *name) {
  const char *value = store_setting_get(s->settings, s->n_settings, name);
  return value ? value : "-";
}

static void nested_settings_are_joined(void **state) {
  (void)state;
  struct try t = try_text(SINKS(
      "      - name: fleet\n        vault:\n          address: https://v\n          path: a/b\n"
      "          fields: {value: IAM_API_KEY, id: key_id}\n          timeout: 1m\n          "
      "version: 1\n"
      "          auth:\n            approle:\n              role_id_file: /r\n"
      "              secret_id: {credential: vault-secret-id}\n"
      "      - file: {path: /k, mode: \"0640\", newline: false, group: 1000}\n"));
  expect_mistakes(&t, NULL, 0);
  const struct config_store *s = t.config->targets[0].sinks;
  assert_string_equal(s[0].name, "fleet");
  assert_string_equal(s[0].backend->name, "vault");
  assert_int_equal(s[0].line, 8);
  assert_int_equal(s[0].n_settings, 8);
  assert_string_equal(setting(&s[0], "fields.value"), "IAM_API_KEY");
  assert_string_equal(setting(&s[0], "fields.id"), "key_id");
  assert_string_equal(setting(&s[0], "timeout"), "1m");
  assert_string_equal(setting(&s[0], "auth.approle.role_id_file"), "/r");
  assert_string_equal(setting(&s[0], "auth.approle.secret_id.credential"), "vault-secret-id");
  assert_int_equal(store_setting_find(s[0].settings, s[0].n_settings, "fields.value")->line, 12);
  assert_string_equal(s[1].name, "file");
  assert_string_equal(setting(&s[1], "mode"), "0640");
  assert_string_equal(setting(&s[1], "newline"), "false");
  assert_string_equal(setting(&s[1], "group"), "1000");
  assert_string_equal(setting(&s[1], "format"), "-");
  try_end(&t);
}

static void sinks_get_names(void **state) {
  (void)state;
  struct try t = try_text(SINKS(
      "      - file: {path: /1}\n      - {name: file-2, file: {path: /2}}\n"
      "      - file: {path: /3}\n      - file: {path: /4}\n      - {name: x, file: {path: /5}}\n"));
  expect_mistakes(&t, NULL, 0);
  static const char *const want[] = {"file", "file-2", "file-3", "file-4", "x"};
  assert_int_equal(t.config->targets[0].n_sinks, COUNT_OF(want));
  for (size_t i = 0; i < COUNT_OF(want); i++)
    assert_string_equal(t.config->targets[0].sinks[i].name, want[i]);
  try_end(&t);
  EXPECT(SINKS("      - {name: x, file: {path: /1}}\n      - {name: x, file: {path: /2}}\n"),
         ERR_OK, {9, "", "two sinks of this target are named x", NULL});
  EXPECT(SINKS("      - {name: X y, name: b, file: {path: /1}}\n"), ERR_OK,
         {8, "", "name: expected a name", NULL});
  EXPECT(SINKS("      - {name: a, name: b, file: {path: /1}}\n"), ERR_OK,
         {8, "", "name stands here twice", NULL});
}

static void common_settings_are_inherited(void **state) {
  (void)state;
  struct try t = try_text(SINKS(
      "      - vault: {path: a}\n      - vault: {path: b, address: \"https://w\"}\n"
      "      - vault: {path: c, auth: {approle: {role_id_file: /r}}}\n") "    home: {vault: {path: "
                                                                         "h, mount: m}}\n" VAULT);
  expect_mistakes(&t, NULL, 0);
  const struct config_store *s = t.config->targets[0].sinks, *home = &t.config->targets[0].home;
  assert_string_equal(setting(&s[0], "address"), "https://v");
  assert_string_equal(setting(&s[0], "auth.token_file"), "/t");
  assert_string_equal(setting(&s[1], "address"), "https://w");
  assert_string_equal(setting(&s[1], "auth.token_file"), "/t");
  // A group takes the place of the whole group.
  assert_string_equal(setting(&s[2], "auth.token_file"), "-");
  assert_string_equal(setting(&s[2], "auth.approle.role_id_file"), "/r");
  assert_string_equal(setting(&s[2], "address"), "https://v");
  assert_string_equal(home->backend->name, "vault");
  assert_null(home->name);
  assert_string_equal(setting(home, "mount"), "m");
  assert_string_equal(setting(home, "address"), "https://v");
  try_end(&t);
}

static void settings_are_checked(void **state) {
  (void)state;
  EXPECT(SINKS("      - file:\n          pth: /a\n          path: b\n          format: jsn\n       "
               "   newline: yes\n"
               "          mode: 0600\n          group: [x]\n          path: /c\n"),
         ERR_OK, {9, "", "file.pth: no such option of this store", "path"},
         {10, "", "file.path: expected an absolute path, not \"b\"", NULL},
         {11, "", "file.format: expected raw, json or env, not \"jsn\"", "json"},
         {12, "", "file.newline: expected true or false", "true"},
         {13, "", "file.mode: a file mode must be quoted", "\"0600\""},
         {14, "", "file.group: expected a value, found a list", NULL});
  EXPECT(SINKS("      - file: {path: /a, mode: \"0888\"}\n      - file: {path: /b, mode: 640}\n"
               "      - file: {path: /c, mode: rw}\n      - file: {path: /d, path: /e}\n"),
         ERR_OK, {8, "", "expected a file mode such as \"0600\", not \"0888\"", NULL},
         {9, "", "must be quoted", "\"0640\""}, {10, "", "must be quoted", "\"0600\""},
         {11, "", "file.path stands here twice", NULL});
  EXPECT(SINKS("      - vault:\n          path: a\n          address: x\n          timeout: 30\n   "
               "       version: two\n"
               "          fields: {vlaue: x, id: {a: b}}\n          auth: x\n          "
               "fields.value: y\n"),
         ERR_OK, {11, "", "vault.timeout: expected a duration with its unit", NULL},
         {12, "", "vault.version: expected a whole number, not \"two\"", NULL},
         {13, "", "vault.fields.vlaue: no such option", "value"},
         {13, "", "vault.fields.id: expected a value, found a mapping", NULL},
         {14, "", "vault.auth: expected a mapping, found \"x\"", NULL});
  EXPECT(SINKS("      - vault: {path: a, address: x, auth: {approle: {role_id: abc, secret_id: "
               "{vlaue: x}}, token: t}}\n"),
         ERR_OK, {8, "", "vault.auth.approle.role_id: no such option", "role_id_file"},
         {8, "", "vault.auth.approle.secret_id.vlaue", NULL},
         {8, "",
          "vault.auth.token: no such option of this store; a secret never stands in a "
          "configuration file",
          "token_file"});
}

static void required_settings_are_told(void **state) {
  (void)state;
  EXPECT(SINKS("      - file:\n      - file: {}\n      - vault: {path: a}\n"), ERR_OK,
         {8, "", "file.path is missing. The file.", NULL}, {9, "", "file.path is missing", NULL},
         {10, "", "vault.address is missing", NULL});
  EXPECT(SINKS("      - file: /etc/key\n      - vault: []\n"), ERR_OK,
         {8, "", "file: expected a mapping of settings, found \"/etc/key\"", NULL},
         {9, "", "vault: expected a mapping of settings, found a list", NULL});
}

static void stores_are_named(void **state) {
  (void)state;
  EXPECT(SINKS("      - fiel: {path: /a}\n      - {nam: x, file: {path: /b}}\n      - {}\n      - "
               "name: y\n"
               "      - {file: {path: /c}, vault: {path: d, address: e}}\n      - memory: {}\n     "
               " - {name: z, s3: {}}\n"),
         ERR_OK, {8, "", "\"fiel\": no such store; there are: file, helper, vault", "file"},
         {9, "", "\"nam\": no such store", "name"},
         {10, "", "expected one store, one of: file, helper, vault", NULL},
         {11, "", "expected one store", NULL},
         {12, "", "vault: a sink is one store, and this one is file already", NULL},
         {13, "", "memory: this store is for tests and keeps nothing", NULL},
         {14, "", "\"s3\": no such store", NULL});
  EXPECT(LIST TARGET("a") "    home: x\n", ERR_OK,
         {8, "", "home: expected {STORE: {settings}}, found \"x\"", NULL});
  EXPECT(LIST TARGET("a") "    home: {name: x, file: {path: /h}}\n", ERR_OK,
         {8, "", "\"name\": no such store", NULL});
  EXPECT(HEAD "memory: {}\ntargets:\n" TARGET("a"), ERR_INVALID,
         {3, "F", "memory: no such option", NULL});
}

static void the_store_itself_is_asked(void **state) {
  (void)state;
  EXPECT(
      SINKS("      - file:\n          path: /a\n          format: json\n          newline: true\n"),
      ERR_OK, {11, "", "file: newline is for format raw", NULL});
  // Half of the contradiction is common to all: told at the sink.
  EXPECT(SINKS("      - vault: {path: a, address: x}\n") "vault: {auth: {token_file: /t, approle: "
                                                         "{role_id_file: /r}}}\n",
         ERR_OK, {8, "", "vault: two ways to log in", NULL});
}

static void places_are_compared(void **state) {
  (void)state;
  EXPECT(SINKS("      - file: {path: /a}\n      - file: {path: /a}\n"), ERR_OK,
         {9, "", "file://a is used twice in this target, first on line 8", NULL});
  EXPECT(SINKS("      - file: {path: /a}\n") "    home: {file: {path: /a}}\n", ERR_OK,
         {9, "", "is used twice in this target, first on line 8", NULL});
  expect_good(SINKS("      - vault: {path: a, mount: x}\n      - vault: {path: a, mount: y}\n")
                  VAULT);
}

static void common_settings_are_checked(void **state) {
  (void)state;
  EXPECT(LIST TARGET("a") "vault: {adress: x}\nvault: {}\nfile: x\nhelper:\n", ERR_INVALID,
         {8, "F", "vault.adress: no such option of this store", "address"},
         {9, "F", "vault stands here twice, first on line 8", NULL},
         {10, "F", "file: expected a mapping of settings, found \"x\"", NULL});
  // Not told again at each sink.
  EXPECT(SINKS("      - vault: {path: a}\n") "vault: {address: [x]}\n", ERR_INVALID,
         {8, "", "vault.address is missing", NULL},
         {9, "F", "vault.address: expected a value, found a list", NULL});
}

// "secret_id: {file: …}" and "secret_id_file: …" are the same, and so for every credential.
static void takes_both_spellings_of_a_credential(void **state) {
  (void)state;
  struct try t = try_text(SINKS("      - vault: {path: a, address: x, auth: {approle: {role_id: "
                                "{file: /r}, secret_id_file: /s}}}\n"
                                "      - vault: {path: b, address: x, auth: {approle: "
                                "{role_id_file: /r, secret_id_credential: c}}}\n"));
  expect_mistakes(&t, NULL, 0);
  const struct config_store *s = t.config->targets[0].sinks;
  assert_string_equal(setting(&s[0], "auth.approle.role_id_file"), "/r");
  assert_string_equal(setting(&s[0], "auth.approle.secret_id.file"), "/s");
  assert_string_equal(setting(&s[1], "auth.approle.secret_id.credential"), "c");
  try_end(&t);
  EXPECT(
      SINKS(
          "      - vault: {path: a, address: x, auth: {approle: {role_id_file: /r, secret_id_file: "
          "/s, secret_id: {file: /t}}}}\n"),
      ERR_OK, {8, "", "vault.auth.approle.secret_id.file stands here twice", NULL});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nested_settings_are_joined),
      cmocka_unit_test(sinks_get_names),
      cmocka_unit_test(common_settings_are_inherited),
      cmocka_unit_test(settings_are_checked),
      cmocka_unit_test(required_settings_are_told),
      cmocka_unit_test(stores_are_named),
      cmocka_unit_test(the_store_itself_is_asked),
      cmocka_unit_test(places_are_compared),
      cmocka_unit_test(common_settings_are_checked),
      cmocka_unit_test(takes_both_spellings_of_a_credential),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
