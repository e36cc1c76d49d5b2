// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/contract/stores/kubernetes_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/json.h"
#include "rotator/http/curl_transport.h"

#define SECRETS "/api/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/secrets"
#define JSON "application/json"

static struct transport *admin;
static struct secret *admin_token;
static struct http_response last;
static char ca[512], token_file[512];
static const char *server;

static void give_up(const char *what, int status) {
  fprintf(stderr, "kubernetes bench: %s: %d %s\n", what, status, secret_bytes(last.body));
  exit(1);
}

static const char *cluster_file(char *dst, size_t cap, const char *name) {
  snprintf(dst, cap, "%s/%s", getenv("CLUSTER"), name);
  return dst;
}

static struct secret *read_line(const char *path) {
  char line[4096] = "";
  FILE *f = fopen(path, "re");
  if (!f || !fgets(line, sizeof line, f))
    give_up(path, 0);
  fclose(f);
  line[strcspn(line, "\n")] = '\0';
  return secret_copy_text(line);
}

int kubernetes_bench_api(const char *method, const char *path, const char *content_type,
                         const char *body, const char **ret_body) {
  char url[1024];
  struct http_header bearer = {.name = "Authorization", .secret = admin_token, .prefix = "Bearer "};
  struct error e = {0};
  SECRET_AUTO text = body ? secret_copy_text(body) : NULL;
  snprintf(url, sizeof url, "%s%s", server, path);
  struct http_request r = {.method = method,
                           .url = url,
                           .headers = &bearer,
                           .n_headers = 1,
                           .body = text,
                           .content_type = body ? content_type : NULL};
  http_response_clear(&last);
  if (http_exchange(admin, &r, &last, &e) != ERR_OK)
    give_up(e.text, 0);
  if (ret_body)
    *ret_body = secret_bytes(last.body);
  return last.status;
}

static void must(int status, const char *method, const char *path, const char *type,
                 const char *body) {
  int got = kubernetes_bench_api(method, path, type, body, NULL);
  if (got != status && !(status == 201 && got == 409)) // made by an earlier program
    give_up(path, got);
}

static void put_token(void) {
  const char *body;
  must(201, "POST",
       "/api/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/serviceaccounts/rotator/token", JSON,
       "{\"spec\":{\"expirationSeconds\":3600}}");
  body = secret_bytes(last.body);
  JSON_AUTO o = json_parse(body, strlen(body));
  const char *token = json_text(json_get(o, "status"), "token");
  FILE *f = fopen(cluster_file(token_file, sizeof token_file, "rotator.token"), "we");
  if (!f || !token)
    give_up("token", 0);
  fprintf(f, "%s\n", token);
  fclose(f);
}

static bool allowed(const char *verb) {
  char body[512];
  const char *answer;
  snprintf(body, sizeof body,
           "{\"spec\":{\"user\":\"system:serviceaccount:" KUBERNETES_BENCH_NAMESPACE
           ":rotator\",\"resourceAttributes\":{\"namespace\":\"" KUBERNETES_BENCH_NAMESPACE
           "\",\"verb\":\"%s\",\"resource\":\"secrets\",\"name\":\"x\"}}}",
           verb);
  kubernetes_bench_api("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", JSON, body,
                       &answer);
  return strstr(answer, "\"allowed\":true") != NULL;
}

void kubernetes_bench_rights(const char *verbs) {
  static const char *const all[] = {"get", "patch", "create", "delete"};
  char body[512];
  snprintf(body, sizeof body,
           "{\"metadata\":{\"name\":\"rotator\"},\"rules\":[{\"apiGroups\":[\"\"],"
           "\"resources\":[\"secrets\"],\"verbs\":%s}]}",
           verbs);
  must(200, "PUT",
       "/apis/rbac.authorization.k8s.io/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/roles/rotator",
       JSON, body);
  for (size_t i = 0, tries = 0; i < sizeof all / sizeof all[0] && tries < 1000; tries++) {
    if (allowed(all[i]) == (strstr(verbs, all[i]) != NULL))
      i++;
    else
      usleep(10000);
  }
}

void kubernetes_bench_begin(void) {
  struct error e = {0};
  char path[512];
  server = getenv("CLUSTER_SERVER");
  if (!server || !getenv("CLUSTER")) {
    fprintf(stderr, "run me by tests/servers/kubernetes/with_cluster.sh\n");
    exit(1);
  }
  struct curl_options o = {.ca_file = cluster_file(ca, sizeof ca, "ca.crt")};
  admin_token = read_line(cluster_file(path, sizeof path, "admin.token"));
  if (curl_transport_new(&o, env_real(), &admin, &e) != ERR_OK)
    give_up(e.text, 0);
  must(201, "POST", "/api/v1/namespaces", JSON,
       "{\"metadata\":{\"name\":\"" KUBERNETES_BENCH_NAMESPACE "\"}}");
  must(201, "POST", "/api/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/serviceaccounts", JSON,
       "{\"metadata\":{\"name\":\"rotator\"}}");
  must(201, "POST",
       "/apis/rbac.authorization.k8s.io/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/roles", JSON,
       "{\"metadata\":{\"name\":\"rotator\"},\"rules\":[]}");
  must(201, "POST",
       "/apis/rbac.authorization.k8s.io/v1/namespaces/" KUBERNETES_BENCH_NAMESPACE "/rolebindings",
       JSON,
       "{\"metadata\":{\"name\":\"rotator\"},\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s."
       "io\",\"kind\":\"Role\",\"name\":\"rotator\"},\"subjects\":[{\"kind\":\"ServiceAccount\","
       "\"name\":\"rotator\",\"namespace\":\"" KUBERNETES_BENCH_NAMESPACE "\"}]}");
  put_token();
  kubernetes_bench_rights("[\"get\",\"patch\",\"create\"]");
}

void kubernetes_bench_end(void) {
  http_response_clear(&last);
  transport_free(admin);
  admin_token = secret_free(admin_token);
  curl_transport_finish();
}

void kubernetes_bench_make(const char *name, const char *metadata, const char *members) {
  char body[8192];
  snprintf(body, sizeof body, "{\"metadata\":{\"name\":\"%s\"%s%s}%s%s}", name, metadata ? "," : "",
           metadata ? metadata : "", members ? "," : "", members ? members : "");
  assert_int_equal(201, kubernetes_bench_api("POST", SECRETS, JSON, body, NULL));
}

static const char *path_of(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, SECRETS "/%s", name);
  return path;
}

void kubernetes_bench_patch(const char *name, const char *patch) {
  must(200, "PATCH", path_of(name), "application/merge-patch+json", patch);
}

void kubernetes_bench_delete(const char *name) {
  kubernetes_bench_api("DELETE", path_of(name), NULL, NULL, NULL);
}

const char *kubernetes_bench_get(const char *name) {
  const char *body;
  kubernetes_bench_api("GET", path_of(name), NULL, NULL, &body);
  return body;
}

const char *kubernetes_bench_name(char *dst, size_t cap) {
  static unsigned n;
  snprintf(dst, cap, "secret-%u", n++);
  return dst;
}

struct store_item *kubernetes_bench_open(enum store_kind kind, const char *name, ...) {
  struct store_setting s[16] = {{"name", name, 1},
                                {"namespace", KUBERNETES_BENCH_NAMESPACE, 2},
                                {"server", server, 3},
                                {"ca_file", ca, 4},
                                {"token_file", token_file, 5}};
  struct store_context ctx = {.env = env_real()};
  struct store_item *it = NULL;
  struct error e = {0};
  size_t n = 5;
  int line = 0;
  va_list args;
  va_start(args, name);
  for (const char *key; n < 16 && (key = va_arg(args, const char *)); n++)
    s[n] = (struct store_setting){key, va_arg(args, const char *), (int)n + 1};
  va_end(args);
  if (store_backend_find("kubernetes")->open(&ctx, kind, s, n, &it, &line, &e) != ERR_OK)
    fail_msg("open: line %d: %s", line, e.text);
  return it;
}
