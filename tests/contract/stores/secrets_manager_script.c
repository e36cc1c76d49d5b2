// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/contract/stores/secrets_manager_script.h"

#include <stdio.h>
#include <string.h>

#include "rotator/http/pool.h"
#include "tests/support/unit.h"

struct secrets_manager_script sm;

static struct transport *hand_out(const struct curl_options *o, struct env *e) {
  (void)o, (void)e;
  return sm.script;
}

// Another token each time that one was refused.
static enum err get_token(const struct store_tokens *t, const struct credential_file *key,
                          const struct secret *refused, struct secret **ret, struct error *e) {
  char text[64];
  (void)t;
  sm.asked++;
  sm.refused += refused != NULL;
  sm.key_file = key ? key->file : NULL;
  if (sm.no_token)
    return error_set(e, sm.no_token, "no key");
  snprintf(text, sizeof text, TOKEN "-%u", sm.refused);
  *ret = secret_copy_text(text);
  return ERR_OK;
}

enum err secrets_manager_open(enum store_kind kind, const char *const pairs[], int *line,
                              struct error *e) {
  struct store_setting s[16];
  const struct store_context ctx = {.env = &sm.env.env, .tokens = &sm.tokens};
  bool named = false, of_instance = false;
  size_t n = 0;
  for (size_t i = 0; pairs && pairs[i]; i += 2) {
    named |= strcmp(pairs[i], "name") == 0;
    of_instance |= strcmp(pairs[i], "instance") == 0;
    s[n++] = (struct store_setting){pairs[i], pairs[i + 1], (int)i / 2 + 1};
  }
  if (!of_instance)
    s[n++] = (struct store_setting){"instance", CRN, 20};
  if (!named)
    s[n++] = (struct store_setting){"name", "edge", 21};
  sm.it = store_item_free(sm.it);
  store_backend_find("ibm-secrets-manager")->finish();
  return store_backend_find("ibm-secrets-manager")->open(&ctx, kind, s, n, &sm.it, line, e);
}

int secrets_manager_setup(void **state) {
  struct error e = {0};
  int line = 0;
  (void)state;
  sm = (struct secrets_manager_script){.tokens = {get_token}};
  fake_env_init(&sm.env, 1);
  sm.script = scripted_transport_new(NULL, 0, &sm.env.env);
  http_pool_use(hand_out);
  assert_int_equal(ERR_OK, secrets_manager_open(STORE_SINK, NULL, &line, &e));
  return 0;
}

int secrets_manager_teardown(void **state) {
  (void)state;
  size_t unexpected = scripted_unexpected(sm.script);
  sm.it = store_item_free(sm.it);
  store_backend_find("ibm-secrets-manager")->finish();
  transport_free(sm.script);
  http_pool_use(NULL);
  assert_int_equal(0, unexpected);
  return 0;
}

void answers(const struct script_row *rows, size_t n) {
  scripted_set_rows(sm.script, rows, n);
}

static void assert_quiet(const struct error *e) {
  assert_null(strstr(e->text, VALUE));
  assert_null(strstr(e->text, TOKEN));
  assert_null(strpbrk(e->text, "\n\r\t\x1b"));
}

enum err read_it(struct store_version *v, struct error *e) {
  struct store_record r = {0};
  enum err err = store_read(sm.it, &r, v, e);
  store_record_clear(&r);
  assert_quiet(e);
  return err;
}

enum err write_it(struct store_version *v, struct error *e) {
  struct store_record r = {.value = secret_copy_text(VALUE), .key_id = "ApiKey-1"};
  enum err err = store_write(sm.it, &r, v, v, e);
  store_record_clear(&r);
  assert_quiet(e);
  return err;
}

size_t writes(void) {
  return scripted_count_of(sm.script, "POST", NULL);
}
