// Settings of the Vault store: which go together, what is told of a mistake, what is taken from the
// environment.
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "backends/vault/vault_session_internal.h"

struct given {
  const char *pairs[12];
  int line;         // of the mistake; the k-th pair is on line 10 + k
  const char *says; // NULL: no mistake
};

static enum err try_open(const char *const pairs[], enum store_kind kind, struct store_item **ret,
                         int *ret_line, struct error *e) {
  struct store_setting s[16] = {{"mount", "secret", 8}, {"path", "logs/edge", 9}};
  size_t n = 2;
  for (size_t i = 0; pairs[i]; i += 2) {
    size_t at = 0;
    while (at < n && strcmp(s[at].name, pairs[i]) != 0)
      at++;
    s[at] = (struct store_setting){pairs[i], pairs[i + 1], 10 + (int)i / 2};
    n += at == n;
  }
  return store_backend_find("vault")->open(NULL, kind, s, n, ret, ret_line, e);
}

static void assert_given(const struct given *g) {
  struct store_item *it = NULL;
  struct error e = {0};
  int line = -1;
  enum err err = try_open(g->pairs, STORE_SINK, &it, &line, &e);
  if (g->says ? err != ERR_INVALID || line != g->line || !strstr(e.text, g->says) : err != ERR_OK)
    fail_msg("%s %s: %s, line %d, \"%s\"", g->pairs[0], g->pairs[1], err_name(err), line, e.text);
  store_item_free(it);
}

static void tells_mistakes(void **state) {
  (void)state;
  static const struct given table[] = {
      {{"address", "http://vault:8200", NULL}, 10, "loopback"},
      {{"address", "vault:8200", NULL}, 10, "https://HOST:PORT"},
      {{"address", "https://vault:8200/?x", NULL}, 10, "https://HOST:PORT"},
      {{"address", "https://user@vault", NULL}, 10, "https://HOST:PORT"},
      {{"address", "unix://vault.sock", NULL}, 10, "unix:///PATH"},
      {{"address", "http://127.0.0.1:8200/", NULL}, 0, NULL},
      {{"address", "unix:///run/vault.sock", NULL}, 0, NULL},
      {{"mount", "", NULL}, 10, "mount is empty"},
      {{"mount", "a//b", NULL}, 10, "empty part"},
      {{"path", "a/../b", NULL}, 10, "'..'"},
      {{"path", "a.", NULL}, 10, "period"},
      {{"path", "a\x01", NULL}, 10, "control character"},
      {{"mount", "/teams/a/kv/", "path", "/x/y/", NULL}, 0, NULL},
      {{"timeout", "0s", NULL}, 10, "1s to 10m"},
      {{"client_cert", "/c.pem", NULL}, 10, "go together"},
      {{"fields.value", "a", "fields.id", "a", NULL}, 11, "the same field"},
      {{"fields.value", "", NULL}, 10, "needs a name"},
      {{"fields.id", "", NULL}, 0, NULL},
      {{"auth.token.file", "/t", "auth.kubernetes.role", "r", NULL}, 11, "found two"},
      {{"auth.token.file", "/t", "auth.token.credential", "c", NULL}, 11, "found both"},
      {{"auth.approle.secret_id.file", "/s", NULL}, 0, "role_id"},
      {{"auth.approle.role_id", "r", "auth.approle.secret_id.wrapped", "true",
        "auth.approle.secret_id.file", "/s", NULL},
       11,
       "as role"},
      {{"auth.kubernetes.mount", "k8s", NULL}, 10, "needs a role"},
      {{"auth.approle.role_id", "r", "auth.approle.mount", "a?b", NULL}, 11, "letters"},
      {{"auth.approle.role_id", "r", NULL}, 0, NULL},
  };
  for (size_t i = 0; i < COUNT_OF(table); i++)
    assert_given(&table[i]);
}

static struct vault_item *opened(const char *const pairs[], enum store_kind kind) {
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  if (try_open(pairs, kind, &it, &line, &e) != ERR_OK)
    fail_msg("%s", e.text);
  return vault_item_of(it);
}

static void knows_its_class(void **state) {
  static const char *const one[] = {"kv_version", "1", NULL},
                           *const none[] = {"fields.value", "x", NULL},
                           *const consistent[] = {"reads", "consistent", NULL};
  (void)state;
  struct vault_item *v = opened(one, STORE_SINK);
  assert_int_equal(STORE_CLASS_C, v->item.class);
  store_item_free(&v->item);
  v = opened(none, STORE_SINK);
  assert_int_equal(STORE_CLASS_A, v->item.class);
  assert_true(v->item.stale_reads);
  assert_int_equal(90000, v->item.longest_ms);
  assert_string_equal("vault secret/logs/edge", v->item.what);
  store_item_free(&v->item);
  v = opened(consistent, STORE_SINK);
  assert_false(v->item.stale_reads);
  store_item_free(&v->item);
  v = opened(none, STORE_HOME); // fields are for sinks
  assert_string_equal("state", v->field[FIELD_VALUE]);
  store_item_free(&v->item);
}

static void shares_sessions(void **state) {
  static const char *const a[] = {"path", "a", "namespace", "n", NULL},
                           *const b[] = {"path", "b", "namespace", "n", NULL},
                           *const c[] = {"path", "b", "namespace", "m", NULL};
  (void)state;
  struct vault_item *x = opened(a, STORE_SINK), *y = opened(b, STORE_HOME),
                    *z = opened(c, STORE_SINK);
  assert_ptr_equal(x->session, y->session);
  assert_ptr_not_equal(x->session, z->session);
  assert_string_not_equal(y->item.place, z->item.place);
  store_item_free(&x->item);
  store_item_free(&y->item);
  store_item_free(&z->item);
}

static void forget_environment(void) {
  static const char *const names[] = {
      "VAULT_ADDR",      "BAO_ADDR",     "VAULT_SKIP_VERIFY",  "VAULT_CLIENT_TIMEOUT",
      "VAULT_NAMESPACE", "VAULT_CAPATH", "VAULT_CACERT_BYTES", "VAULT_CACERT"};
  for (size_t i = 0; i < COUNT_OF(names); i++)
    unsetenv(names[i]);
}

// As the command does: the file wins over the text, the text over the directory.
static void takes_authorities_of_the_environment(void **state) {
  static const char *const none[] = {NULL}, *const given[] = {"ca_file", "/mine.pem", NULL};
  (void)state;
  forget_environment();
  setenv("VAULT_CAPATH", "/etc/authorities", 1);
  struct vault_item *v = opened(none, STORE_SINK);
  assert_string_equal(v->session->server.ca_path, "/etc/authorities");
  store_item_free(&v->item);
  setenv("VAULT_CACERT_BYTES", "PEM", 1);
  v = opened(none, STORE_SINK);
  assert_string_equal(v->session->server.ca_bytes, "PEM");
  assert_null(v->session->server.ca_path);
  store_item_free(&v->item);
  setenv("VAULT_CACERT", "/ca.pem", 1);
  v = opened(none, STORE_SINK);
  assert_string_equal(v->session->server.ca_file, "/ca.pem");
  assert_null(v->session->server.ca_bytes);
  store_item_free(&v->item);
  v = opened(given, STORE_SINK);
  assert_string_equal(v->session->server.ca_file, "/mine.pem");
  assert_null(v->session->server.ca_path);
  store_item_free(&v->item);
  forget_environment();
}

static void takes_the_environment(void **state) {
  static const char *const none[] = {NULL}, *const given[] = {"address", "https://c:1", NULL};
  (void)state;
  forget_environment();
  setenv("VAULT_ADDR", "https://a:1", 1);
  setenv("VAULT_CLIENT_TIMEOUT", "7", 1);
  setenv("VAULT_NAMESPACE", "team", 1);
  struct vault_item *v = opened(none, STORE_SINK);
  const struct vault_server *s = &v->session->server;
  assert_string_equal("https://a:1", s->address);
  assert_int_equal(7000, s->timeout_ms);
  assert_string_equal("team", s->space);
  store_item_free(&v->item);
  setenv("BAO_ADDR", "https://b:1", 1);
  v = opened(none, STORE_SINK);
  assert_string_equal("https://b:1", v->session->server.address);
  store_item_free(&v->item);
  setenv("BAO_ADDR", "", 1); // set, and empty: the other is not looked at
  v = opened(none, STORE_SINK);
  assert_string_equal("https://127.0.0.1:8200", v->session->server.address);
  store_item_free(&v->item);
  v = opened(given, STORE_SINK);
  assert_string_equal("https://c:1", v->session->server.address);
  store_item_free(&v->item);
  forget_environment();
}

static void tells_what_the_environment_may_not_say(void **state) {
  static const struct {
    const char *name, *value, *says;
  } table[] = {{"VAULT_SKIP_VERIFY", "1", "always verified"},
               {"VAULT_SKIP_VERIFY", "maybe", "neither true nor false"},
               {"VAULT_CLIENT_TIMEOUT", "soon", "no time"}};
  (void)state;
  for (size_t i = 0; i < COUNT_OF(table); i++) {
    static const char *const none[] = {NULL};
    struct store_item *it = NULL;
    struct error e = {0};
    int line = 0;
    setenv(table[i].name, table[i].value, 1);
    assert_int_equal(ERR_INVALID, try_open(none, STORE_SINK, &it, &line, &e));
    if (!strstr(e.text, table[i].says))
      fail_msg("%s", e.text);
    unsetenv(table[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_mistakes),
      cmocka_unit_test(knows_its_class),
      cmocka_unit_test(shares_sessions),
      cmocka_unit_test(takes_authorities_of_the_environment),
      cmocka_unit_test(takes_the_environment),
      cmocka_unit_test(tells_what_the_environment_may_not_say),
  };
  forget_environment();
  int failed = cmocka_run_group_tests_name("vault settings", tests, NULL, NULL);
  return failed != 0;
}
