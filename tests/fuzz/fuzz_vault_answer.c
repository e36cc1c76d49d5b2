// Answers of a Vault server to all that a store of it asks. The first byte says which: KV 1 or 2, a
// sink or a home, how it logs in. Fields of other hands survive each write.
#include <string.h>

#include "rotator/base/json.h"
#include "tests/fuzz/script.h"

extern const struct store_backend store_backend_vault;

static bool home;

static bool is_ours(const cJSON *m) {
  static const char *const ours[2][3] = {{"api_key", "api_key_id", "rotator_stamp"},
                                         {"state", "state", "rotator_stamp"}};
  for (size_t i = 0; i < 3; i++)
    if (strcmp(m->string, ours[home][i]) == 0)
      return true;
  return false;
}

static const cJSON *next_foreign(const cJSON *m) {
  while (m && is_ours(m))
    m = m->next;
  return m;
}

// As text: the comparison of cJSON takes members that stand there twice for different.
static bool same_text(const cJSON *a, const cJSON *b) {
  char *x = cJSON_PrintUnformatted(a), *y = cJSON_PrintUnformatted(b);
  bool same = strcmp(a->string, b->string) == 0 && x && y && strcmp(x, y) == 0;
  cJSON_free(x);
  cJSON_free(y);
  return same;
}

static void check_same(const cJSON *before, const cJSON *after) {
  const cJSON *a = next_foreign(before->child), *b = next_foreign(after->child);
  for (; a && b; a = next_foreign(a->next), b = next_foreign(b->next))
    FUZZ_CHECK(same_text(a, b));
  FUZZ_CHECK(!a && !b);
}

static void sending(const struct http_request *req, const char *read_before) {
  JSON_AUTO put = json_parse(secret_bytes(req->body), secret_len(req->body));
  JSON_AUTO got = json_parse(read_before, strlen(read_before));
  const cJSON *before = json_get(got, "data"), *after = put;
  if (strcmp(req->method, "POST") != 0 || !strstr(req->url, "/secret/"))
    return;
  if (strstr(req->url, "/data/")) {
    before = json_get(before, "data");
    after = json_get(put, "data");
    FUZZ_CHECK(cJSON_IsNumber(json_get(json_get(put, "options"), "cas")));
  }
  FUZZ_CHECK(cJSON_IsObject(after));
  if (cJSON_IsObject(before))
    check_same(before, after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct store_setting ways[][3] = {
      {{"auth.token.file", "/token", 1}},
      {{"auth.approle.role_id", "a-role", 1}, {"auth.approle.secret_id.file", "/secret-id", 1}},
      {{"auth.kubernetes.role", "a-role", 1}},
      {{"auth.approle.role_id", "a-role", 1},
       {"auth.approle.secret_id.file", "/secret-id", 1},
       {"auth.approle.secret_id.wrapped", "true", 1}},
  };
  struct store_setting all[8] = {{"address", "https://vault.test:8200", 1},
                                 {"mount", "secret", 1},
                                 {"path", "logs/edge", 1},
                                 {"kv_version", "2", 1}};
  size_t n = 4;
  if (size < 1)
    return 0;
  unsigned how = data[0];
  all[3].value = how & 4 ? "1" : how & 8 ? "auto" : "2";
  for (size_t i = 0; i < 3 && ways[how >> 4 & 3][i].name; i++)
    all[n++] = ways[how >> 4 & 3][i];
  if ((how >> 4 & 3) == 3)
    all[n++] = (struct store_setting){"auth.approle.role", "a-role", 1};
  home = how & 1;
  script_begin(data + 1, size - 1);
  script_sending = sending;
  script_reads = how & 4 ? "/v1/secret/logs/edge" : "/v1/secret/data/logs/edge";
  script_use(&store_backend_vault, all, n, how & 3);
  return 0;
}
