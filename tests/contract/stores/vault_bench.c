#include "tests/contract/stores/vault_bench.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/json.h"
#include "rotator/http/curl_transport.h"

enum { SETTINGS = 24 };

static struct transport *admin(void) {
  static struct transport *t;
  struct error e;
  const struct curl_options o = {.allow_plain_loopback = true};
  if (!t && curl_transport_new(&o, env_real(), &t, &e) != ERR_OK)
    fail_msg("%s", e.text);
  return t;
}

int vault_admin(const char *method, const char *path, const char *json, cJSON **ret_answer) {
  char url[512];
  struct secret *body = json ? secret_copy_text(json) : NULL;
  const char *token = getenv("VAULT_TOKEN"), *address = getenv("VAULT_ADDR");
  const struct http_header h = {.name = "X-Vault-Token", .value = token ? token : ""};
  struct http_response r = {0};
  struct error e = {0};
  snprintf(url, sizeof url, "%s/v1/%s", address ? address : "http://127.0.0.1:8200", path);
  const struct http_request q = {.method = method,
                                 .url = url,
                                 .headers = &h,
                                 .n_headers = 1,
                                 .body = body,
                                 .content_type = body ? "application/json" : NULL};
  if (http_exchange(admin(), &q, &r, &e) != ERR_OK)
    fail_msg("%s %s: %s", method, path, e.text);
  int status = r.status;
  cJSON *answer = json_parse(secret_bytes(r.body), secret_len(r.body));
  if (status >= 400 && ret_answer == NULL)
    print_message("%s %s: %d %s\n", method, path, status, secret_bytes(r.body));
  if (ret_answer)
    *ret_answer = answer;
  else
    json_free(answer);
  http_response_clear(&r);
  secret_free(body);
  return status;
}

cJSON *vault_admin_must(const char *method, const char *path, const char *json) {
  cJSON *answer = NULL;
  int status = vault_admin(method, path, json, &answer);
  if (status != 200 && status != 204)
    fail_msg("%s %s: HTTP %d", method, path, status);
  return answer;
}

static void put_policy(const struct vault_bench *b, const char *rights) {
  char path[128], text[1024], json[1400];
  if (b->version == 1)
    snprintf(text, sizeof text, "path \\\"kv1/%s/*\\\" { capabilities = [%s] }", b->name, rights);
  else
    snprintf(text, sizeof text,
             "path \\\"secret/data/%s/*\\\" { capabilities = [%s] } "
             "path \\\"secret/metadata/%s/*\\\" { capabilities = [\\\"read\\\"] } "
             "path \\\"secret/destroy/%s/*\\\" { capabilities = [\\\"update\\\"] }",
             b->name, rights, b->name, b->name);
  snprintf(path, sizeof path, "sys/policies/acl/%s", b->name);
  snprintf(json, sizeof json, "{\"policy\":\"%s\"}", text);
  json_free(vault_admin_must("PUT", path, json));
}

void vault_bench_read_only(struct vault_bench *b, bool on) {
  put_policy(b, on ? "\\\"read\\\"" : "\\\"create\\\",\\\"read\\\",\\\"update\\\"");
}

static void put_token(struct vault_bench *b) {
  char json[128];
  snprintf(json, sizeof json, "{\"policies\":[\"%s\"],\"ttl\":\"10m\"}", b->name);
  cJSON *answer = vault_admin_must("POST", "auth/token/create", json);
  const char *token = json_text(json_get(answer, "auth"), "client_token");
  assert_non_null(token);
  FILE *f = fopen(b->token_file, "we");
  assert_non_null(f);
  fprintf(f, "%s\n", token);
  fclose(f);
  assert_int_equal(0, chmod(b->token_file, 0600));
  json_free(answer);
}

struct vault_bench *vault_bench_new(int version) {
  static unsigned n;
  const char *tmp = getenv("TMPDIR");
  struct vault_bench *b = calloc(1, sizeof(*b));
  assert_non_null(b);
  b->version = version;
  snprintf(b->name, sizeof b->name, "bench-%d-%u", (int)getpid(), ++n);
  snprintf(b->token_file, sizeof b->token_file, "%.200s/%s.token", tmp ? tmp : "/tmp", b->name);
  vault_bench_read_only(b, false);
  put_token(b);
  return b;
}

void vault_bench_free(struct vault_bench *b) {
  store_backend_find("vault")->finish();
  unlink(b->token_file);
  free(b);
}

const char *vault_bench_path(const struct vault_bench *b, const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", b->name, name);
  return path;
}

enum err vault_bench_try(const struct store_setting *settings, size_t n, enum store_kind kind,
                         struct store_item **ret, int *ret_line, struct error *e) {
  const struct store_context ctx = {.env = env_real()};
  return store_backend_find("vault")->open(&ctx, kind, settings, n, ret, ret_line, e);
}

struct store_item *vault_bench_open(struct vault_bench *b, enum store_kind kind, const char *name,
                                    const char *const pairs[]) {
  struct store_setting s[SETTINGS] = {
      {"mount", b->version == 1 ? "kv1" : "secret", 1},
      {"path", vault_bench_path(b, name), 2},
      {"kv_version", b->version == 1 ? "1" : "2", 3},
  };
  struct store_item *it = NULL;
  struct error e = {0};
  size_t n = 3;
  int line = 0;
  bool auth = false;
  for (size_t i = 0; pairs && pairs[i]; i += 2) {
    auth |= strncmp(pairs[i], "auth.", 5) == 0;
    s[n++] = (struct store_setting){pairs[i], pairs[i + 1], 4 + (int)i / 2};
  }
  if (!auth)
    s[n++] = (struct store_setting){"auth.token.file", b->token_file, 40};
  if (vault_bench_try(s, n, kind, &it, &line, &e) != ERR_OK)
    fail_msg("line %d: %s", line, e.text);
  return it;
}
