// Which settings make an item of the Kubernetes store, and what is said of the others.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "backends/store.h"
#include "rotator/http/pool.h"
#include "tests/support/fake_env.h"
#include "tests/support/unit.h"

#define PAIRS 6

static struct fake_env env;

static enum err try_open(enum store_kind kind, const char *const pairs[PAIRS][2],
                         struct store_item **ret, int *line, struct error *e) {
  struct store_setting s[PAIRS];
  struct store_context ctx = {.env = &env.env};
  size_t n = 0;
  for (; n < PAIRS && pairs[n][0]; n++)
    s[n] = (struct store_setting){pairs[n][0], pairs[n][1], 10 + (int)n};
  return store_backend_find("kubernetes")->open(&ctx, kind, s, n, ret, line, e);
}

#define OUT {"server", "https://h:6443"}, {"token_file", "/t"}

static void wrong_settings_have_their_line(void **state) {
  (void)state;
  static const struct {
    const char *pairs[PAIRS][2];
    int line;
    const char *says;
  } wrong[] = {
      {{{"namespace", "ns"}}, 0, "name must"},
      {{{"name", ""}}, 10, "name must"},
      {{{"name", "Upper"}}, 10, "name must"},
      {{{"name", "-a"}}, 10, "name must"},
      {{{"name", "a..b"}}, 10, "name must"},
      {{{"name", "a/b"}}, 10, "name must"},
      {{{"name", "a"}, {"namespace", "n.s"}}, 11, "namespace must"},
      {{{"name", "a"}, {"namespace", "../x"}}, 11, "namespace must"},
      {{{"name", "a"}, {"key", "_x"}}, 11, "key must"},
      {{{"name", "a"}, {"key", "a b"}}, 11, "key must"},
      {{{"name", "a"}, {"server", "https://h"}, {"token_file", "/t"}}, 11, "needs a namespace"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "h:1"}}, 12, "server must be https"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "https://h/"}}, 12, "without a slash"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "https://u@h"}}, 12, "server must"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "http://h"}}, 12, "kubectl proxy"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "https://h"}}, 12, "needs token_file"},
      {{{"name", "a"}, {"namespace", "ns"}, {"server", "http://127.0.0.1:1"}, {"token_file", "/t"}},
       13,
       "no credential"},
      {{{"name", "a"}, {"client_cert", "/c"}}, 11, "go together"},
      {{{"name", "a"}, {"client_key", "/c"}}, 11, "go together"},
      {{{"name", "a"}, {"client_cert", "/c"}, {"client_key", "/k"}, {"token_file", "/t"}},
       13,
       "not both"},
  };
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    struct store_item *it = NULL;
    struct error e = {0};
    int line = -1;
    enum err err = try_open(STORE_SINK, wrong[i].pairs, &it, &line, &e);
    if (err != ERR_INVALID || line != wrong[i].line || !strstr(e.text, wrong[i].says))
      fail_msg("settings %zu: %s, line %d: %s", i, err_name(err), line, e.text);
    assert_null(it);
  }
}

static void items_say_what_they_are(void **state) {
  (void)state;
  static const char *const sink[PAIRS][2] = {{"name", "agent.x"}, {"namespace", "ns"}, OUT};
  static const char *const other[PAIRS][2] = {
      {"name", "agent.x"}, {"namespace", "ns"}, OUT, {"key", "IAM_API_KEY_two"}};
  struct store_item *a = NULL, *b = NULL, *c = NULL;
  int line = 0;
  assert_int_equal(ERR_OK, try_open(STORE_SINK, sink, &a, &line, NULL));
  assert_int_equal(ERR_OK, try_open(STORE_HOME, sink, &b, &line, NULL));
  assert_int_equal(ERR_OK, try_open(STORE_SINK, other, &c, &line, NULL));
  assert_string_equal("Secret ns/agent.x key IAM_API_KEY", a->what);
  assert_string_equal("kubernetes:https://h:6443/ns/agent.x/IAM_API_KEY", a->place);
  assert_string_equal("Secret ns/agent.x key state", b->what);
  assert_string_equal("Secret ns/agent.x key IAM_API_KEY_two", c->what);
  assert_int_equal(STORE_CLASS_A, a->class);
  assert_int_equal(34000, a->longest_ms);
  assert_false(a->stale_reads);
  store_item_free(a);
  store_item_free(b);
  store_item_free(c);
}

// A configuration for a pod can be checked elsewhere; used elsewhere, it says what is missing.
static void outside_a_pod_is_said_on_use(void **state) {
  (void)state;
  static const char *const here[PAIRS][2] = {{"name", "a"}};
  static const char *const there[PAIRS][2] = {
      {"name", "a"}, {"namespace", "ns"}, {"token_file", "/dev/null"}};
  struct store_record r = {0};
  struct store_version v;
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  unsetenv("KUBERNETES_SERVICE_HOST");
  assert_int_equal(ERR_OK, try_open(STORE_SINK, here, &it, &line, &e));
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, &e));
  assert_non_null(strstr(e.text, "set 'namespace'"));
  assert_int_equal(ERR_REFUSED, store_check(it, &e));
  store_item_free(it);
  assert_int_equal(ERR_OK, try_open(STORE_SINK, there, &it, &line, &e));
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, &e));
  assert_non_null(strstr(e.text, "KUBERNETES_SERVICE_HOST"));
  store_item_free(it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_settings_have_their_line),
      cmocka_unit_test(items_say_what_they_are),
      cmocka_unit_test(outside_a_pod_is_said_on_use),
  };
  fake_env_init(&env, 1);
  int failed = cmocka_run_group_tests_name("kubernetes, settings", tests, NULL, NULL);
  return failed != 0;
}
