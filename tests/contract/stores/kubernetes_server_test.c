// What is special to the Kubernetes store, on a real API server: the Secret of somebody else, what
// is kept, what is refused, and that others read what was written.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "tests/contract/stores/kubernetes_bench.h"

static char name[64];

static int setup(void **state) {
  (void)state;
  kubernetes_bench_name(name, sizeof name);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  kubernetes_bench_delete(name);
  return 0;
}

static void expect(enum err want, enum err err, const struct error *e) {
  if (want != err)
    fail_msg("%s, wanted %s: %s", err_name(err), err_name(want), e->text);
}

static enum err read_it(struct store_item *it, struct store_version *v, struct error *e) {
  struct store_record r = {0};
  enum err err = store_read(it, &r, v, e);
  store_record_clear(&r);
  return err;
}

static enum err write_it(struct store_item *it, const char *value, struct store_version *v,
                         struct error *e) {
  struct store_record r = {.value = secret_copy_text(value), .stamp = 7, .key_id = "ApiKey-1"};
  enum err err = store_write(it, &r, v, v, e);
  store_record_clear(&r);
  return err;
}

// The usual case: somebody made the Secret, with foreign things in it, without our key.
static void adds_the_key_and_keeps_the_rest(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""}, stale;
  struct error e = {0};
  kubernetes_bench_make(name, "\"labels\":{\"a\":\"b\"},\"annotations\":{\"c\":\"d\"}",
                        "\"data\":{\"OTHER\":\"eA==\"}");
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  assert_string_not_equal("", v.text);
  stale = v;
  expect(ERR_OK, write_it(it, "first", &v, &e), &e);
  expect(ERR_CONFLICT, write_it(it, "second", &stale, &e), &e);
  expect(ERR_OK, write_it(it, "third", &v, &e), &e);
  const char *text = kubernetes_bench_get(name);
  assert_non_null(strstr(text, "\"IAM_API_KEY\":\"dGhpcmQ=\""));
  assert_non_null(strstr(text, "\"OTHER\":\"eA==\""));
  assert_non_null(strstr(text, "\"a\":\"b\""));
  assert_non_null(strstr(text, "\"c\":\"d\""));
  assert_non_null(strstr(text, "\"manager\":\"rotator\""));
  store_item_free(it);
}

// "" means: no value. With the Secret there, that is a write on what it is at that moment.
static void absent_means_without_a_value(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""}, none = {""};
  struct error e = {0};
  kubernetes_bench_make(name, NULL, "\"data\":{\"IAM_API_KEY\":\"\"}");
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  expect(ERR_OK, write_it(it, "first", &none, &e), &e);
  none = (struct store_version){""};
  expect(ERR_CONFLICT, write_it(it, "second", &none, &e), &e);
  store_item_free(it);
}

static void absent_secret_is_no_evidence(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_HOME, name, (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  expect(ERR_REFUSED, read_it(it, &v, &e), &e);
  assert_non_null(strstr(e.text, "kubectl create secret generic "));
  assert_non_null(strstr(e.text, name));
  expect(ERR_REFUSED, store_check(it, &e), &e);
  expect(ERR_REFUSED, write_it(it, "x", &v, &e), &e);
  store_item_free(it);
}

// Deleted and made anew: the number may come again in theory, the uid does not.
static void another_secret_of_the_name_is_another(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_make(name, NULL, NULL);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  kubernetes_bench_delete(name);
  struct store_version old = v;
  expect(ERR_CONFLICT, write_it(it, "x", &v, &e), &e);
  kubernetes_bench_make(name, NULL, NULL);
  v = old;
  expect(ERR_CONFLICT, write_it(it, "x", &v, &e), &e);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  assert_string_not_equal(old.text, v.text);
  store_item_free(it);
}

static void a_foreign_label_is_a_new_version(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_make(name, NULL, NULL);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  kubernetes_bench_patch(name, "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
  expect(ERR_CONFLICT, write_it(it, "x", &v, &e), &e);
  store_item_free(it);
}

// Neither read, nor found fit by check; `forced` says whether force_owner lets it pass.
static void refuses(const char *metadata, const char *members, const char *says, bool forced) {
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_name(name, sizeof name);
  kubernetes_bench_make(name, metadata, members);
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_item *bold =
      kubernetes_bench_open(STORE_SINK, name, "force_owner", "true", (char *)NULL);
  expect(ERR_REFUSED, read_it(it, &v, &e), &e);
  if (!strstr(e.text, says))
    fail_msg("%s lacks: %s", e.text, says);
  expect(ERR_REFUSED, store_check(it, &e), &e);
  expect(forced ? ERR_OK : ERR_REFUSED, read_it(bold, &v, &e), &e);
  if (forced) {
    expect(ERR_OK, store_check(bold, &e), &e);
    expect(ERR_OK, write_it(bold, "bold", &v, &e), &e);
  }
  store_item_free(it);
  store_item_free(bold);
  kubernetes_bench_delete(name);
}

#define KEY "\"data\":{\"IAM_API_KEY\":\"eA==\"}"

static void refuses_what_others_keep(void **state) {
  (void)state;
  refuses("\"labels\":{\"app.kubernetes.io/managed-by\":\"Helm\"}", KEY, "Helm", true);
  refuses("\"annotations\":{\"meta.helm.sh/release-name\":\"agent\"}", KEY, "Helm release agent",
          true);
  refuses("\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
          "\"{\\\"stringData\\\":{\\\"IAM_API_KEY\\\":\\\"x\\\"}}\"}",
          KEY, "kubectl annotate secret", true);
  // (an owner that is there, or the garbage collector takes the Secret away)
  const char *body;
  kubernetes_bench_api("GET", "/api/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE, NULL, NULL, &body);
  JSON_AUTO space = json_parse(body, strlen(body));
  const char *uid = json_text(json_get(space, "metadata"), "uid");
  char owner[512];
  snprintf(owner, sizeof owner,
           "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"name\":"
           "\"" KUBERNETES_BENCH_NAMESPACE "\",\"uid\":\"%s\"}]",
           uid ? uid : "");
  refuses(owner, KEY, "owned by Namespace " KUBERNETES_BENCH_NAMESPACE "", true);
}

static void refuses_what_cannot_change(void **state) {
  (void)state;
  refuses(NULL, "\"immutable\":true," KEY, "immutable", false);
  refuses(NULL, "\"type\":\"kubernetes.io/basic-auth\",\"stringData\":{\"username\":\"x\"}",
          "type kubernetes.io/basic-auth", false);
}

// A manifest without our key leaves it alone when it is applied again.
static void takes_an_empty_manifest(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_make(name,
                        "\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
                        "\"{\\\"data\\\":{\\\"OTHER\\\":\\\"eA==\\\"}}\"}",
                        NULL);
  expect(ERR_OK, store_check(it, &e), &e);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  expect(ERR_OK, write_it(it, "x", &v, &e), &e);
  store_item_free(it);
}

static void refuses_a_key_of_server_side_apply(void **state) {
  (void)state;
  char path[256], body[256];
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  snprintf(path, sizeof path,
           "/api/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/secrets/%s?fieldManager=flux", name);
  snprintf(body, sizeof body,
           "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"%s\"}," KEY "}",
           name);
  assert_int_equal(201,
                   kubernetes_bench_api("PATCH", path, "application/apply-patch+yaml", body, NULL));
  expect(ERR_REFUSED, read_it(it, &v, &e), &e);
  assert_non_null(strstr(e.text, "'flux'"));
  store_item_free(it);
}

// What is missing is said, with the rule that grants it.
static void says_which_right_is_missing(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct store_item *maker =
      kubernetes_bench_open(STORE_SINK, "nobody-made-it", "create", "true", (char *)NULL);
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_make(name, NULL, NULL);
  kubernetes_bench_rights("[\"get\"]");
  expect(ERR_DENIED, store_check(it, &e), &e);
  assert_non_null(strstr(e.text, "may not patch secrets/"));
  assert_non_null(strstr(e.text, "verbs: [get, patch]"));
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  expect(ERR_DENIED, write_it(it, "x", &v, &e), &e);
  assert_non_null(strstr(e.text, "patch secrets/"));
  assert_int_equal(403, e.status);
  kubernetes_bench_rights("[\"get\",\"patch\"]");
  expect(ERR_OK, store_check(it, &e), &e);
  expect(ERR_DENIED, store_check(maker, &e), &e);
  assert_non_null(strstr(e.text, "may not create secrets"));
  kubernetes_bench_rights("[\"delete\"]");
  expect(ERR_DENIED, read_it(it, &v, &e), &e);
  kubernetes_bench_rights("[\"get\",\"patch\",\"create\"]");
  store_item_free(it);
  store_item_free(maker);
}

static struct store_item *open_as(const char *token, const char *cert, const char *key) {
  char ca[512], cert_path[512], key_path[512];
  const char *cluster = getenv("CLUSTER");
  snprintf(ca, sizeof ca, "%s/ca.crt", cluster);
  snprintf(cert_path, sizeof cert_path, "%s/%s", cluster, cert ? cert : "");
  snprintf(key_path, sizeof key_path, "%s/%s", cluster, key ? key : "");
  struct store_setting s[] = {{"name", name, 1},
                              {"namespace", KUBERNETES_BENCH_NAMESPACE, 2},
                              {"server", getenv("CLUSTER_SERVER"), 3},
                              {"ca_file", ca, 4},
                              {cert ? "client_cert" : "token_file", cert ? cert_path : token, 5},
                              {"client_key", key_path, 6}};
  struct store_context ctx = {.env = env_real()};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  expect(ERR_OK,
         store_backend_find("kubernetes")->open(&ctx, STORE_SINK, s, cert ? 6 : 5, &it, &line, &e),
         &e);
  return it;
}

static void takes_a_client_certificate(void **state) {
  (void)state;
  struct store_version v = {""};
  struct error e = {0};
  kubernetes_bench_make(name, NULL, NULL);
  struct store_item *it = open_as(NULL, "admin.crt", "admin.key");
  expect(ERR_OK, store_check(it, &e), &e);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  expect(ERR_OK, write_it(it, "x", &v, &e), &e);
  store_item_free(it);
}

// The token turns while the store is open: the old one is refused, the file has another.
static void reads_a_token_that_turned(void **state) {
  (void)state;
  char path[512], good[512], line[4096] = "";
  struct store_version v = {""};
  struct error e = {0};
  snprintf(good, sizeof good, "%s/rotator.token", getenv("CLUSTER"));
  snprintf(path, sizeof path, "%s/turning.token", getenv("CLUSTER"));
  FILE *f = fopen(path, "we");
  fputs("not-a-token", f);
  fclose(f);
  kubernetes_bench_make(name, NULL, NULL);
  struct store_item *it = open_as(path, NULL, NULL);
  expect(ERR_DENIED, read_it(it, &v, &e), &e);
  assert_int_equal(401, e.status);
  f = fopen(good, "re");
  assert_non_null(fgets(line, sizeof line, f));
  fclose(f);
  f = fopen(path, "we");
  fputs(line, f);
  fclose(f);
  expect(ERR_MISSING, read_it(it, &v, &e), &e);
  expect(ERR_OK, write_it(it, "x", &v, &e), &e);
  store_item_free(it);
}

static void check_stores_nothing(void **state) {
  (void)state;
  struct store_item *it = kubernetes_bench_open(STORE_SINK, name, (char *)NULL);
  struct error e = {0};
  char before[8192];
  kubernetes_bench_make(name, NULL, "\"data\":{\"OTHER\":\"eA==\"}");
  snprintf(before, sizeof before, "%s", kubernetes_bench_get(name));
  expect(ERR_OK, store_check(it, &e), &e);
  assert_string_equal(before, kubernetes_bench_get(name));
  store_item_free(it);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(adds_the_key_and_keeps_the_rest),
      TEST(absent_means_without_a_value),
      TEST(absent_secret_is_no_evidence),
      TEST(another_secret_of_the_name_is_another),
      TEST(a_foreign_label_is_a_new_version),
      TEST(refuses_what_others_keep),
      TEST(refuses_what_cannot_change),
      TEST(takes_an_empty_manifest),
      TEST(refuses_a_key_of_server_side_apply),
      TEST(says_which_right_is_missing),
      TEST(takes_a_client_certificate),
      TEST(reads_a_token_that_turned),
      TEST(check_stores_nothing),
  };
  kubernetes_bench_begin();
  int failed = cmocka_run_group_tests_name("kubernetes, real server", tests, NULL, NULL);
  kubernetes_bench_end();
  return failed != 0;
}
