// One session for many threads, on a real Vault: one login, one token, of two writers one wins, and
// the token is gone at the end.
#include "tests/support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "tests/contract/stores/vault_bench.h"

enum { THREADS = 8, ROUNDS = 6 };

struct run {
  pthread_t thread;
  struct store_item *mine, *shared;
  unsigned n;
  atomic_uint *won;
  char said[512];
};

static struct store_record record(unsigned n, unsigned round) {
  char text[64];
  snprintf(text, sizeof text, "key-of-%u-in-%u", n, round);
  return (struct store_record){.value = secret_copy_text(text), .stamp = round};
}

static void *work(void *ctx) {
  struct run *r = ctx;
  struct store_version v = {""}, none = {""};
  struct error e = {0};
  for (unsigned i = 0; i < ROUNDS && !r->said[0]; i++) {
    struct store_record out = record(r->n, i), in = {0};
    if (store_write(r->mine, &out, &v, &v, &e) != ERR_OK ||
        store_read(r->mine, &in, &none, &e) != ERR_OK)
      text_copy(r->said, sizeof r->said, e.text);
    else if (!secret_equal(out.value, in.value) || strcmp(v.text, none.text) != 0)
      text_copy(r->said, sizeof r->said, "read something else");
    store_record_clear(&in);
    store_record_clear(&out);
  }
  struct store_record out = record(r->n, 99);
  struct store_version absent = {""};
  enum err err = store_write(r->shared, &out, &absent, &v, &e);
  if (err == ERR_OK)
    atomic_fetch_add(r->won, 1);
  else if (err != ERR_CONFLICT)
    text_copy(r->said, sizeof r->said, e.text);
  store_record_clear(&out);
  return NULL;
}

static void write_secret(const char *path, const char *text) {
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  assert_int_equal(0, chmod(path, 0600));
}

// An AppRole with the bench's policy; its role id is in `role`, its secret id in the file.
static void make_approle(const struct vault_bench *b, char role[64], const char *file) {
  char json[128];
  vault_admin("POST", "sys/auth/approle", "{\"type\":\"approle\"}", &(cJSON *){NULL});
  snprintf(json, sizeof json, "{\"token_policies\":[\"%s\"],\"token_ttl\":\"10m\"}", b->name);
  json_free(vault_admin_must("POST", "auth/approle/role/threads", json));
  JSON_AUTO id = vault_admin_must("GET", "auth/approle/role/threads/role-id", NULL);
  JSON_AUTO secret = vault_admin_must("POST", "auth/approle/role/threads/secret-id", "{}");
  assert_true(json_copy_text(json_get(id, "data"), "role_id", role, 64));
  write_secret(file, json_text(json_get(secret, "data"), "secret_id"));
}

static int tokens(void) {
  JSON_AUTO list = vault_admin_must("GET", "auth/token/accessors?list=true", NULL);
  return cJSON_GetArraySize(json_get(json_get(list, "data"), "keys"));
}

static void share_one_session(void **state) {
  (void)state;
  struct vault_bench *b = vault_bench_new(2);
  char role[64], file[300], name[16];
  struct run runs[THREADS] = {0};
  atomic_uint won = 0;
  snprintf(file, sizeof file, "%s.secret", b->token_file);
  make_approle(b, role, file);
  const char *const pairs[] = {"auth.approle.role_id", role, "auth.approle.secret_id.file", file,
                               NULL};
  int before = tokens();
  for (unsigned i = 0; i < THREADS; i++) {
    snprintf(name, sizeof name, "own-%u", i);
    runs[i].n = i;
    runs[i].won = &won;
    runs[i].mine = vault_bench_open(b, STORE_SINK, name, pairs);
    runs[i].shared = vault_bench_open(b, STORE_SINK, "shared", pairs);
  }
  for (unsigned i = 0; i < THREADS; i++)
    assert_int_equal(0, pthread_create(&runs[i].thread, NULL, work, &runs[i]));
  for (unsigned i = 0; i < THREADS; i++)
    pthread_join(runs[i].thread, NULL);
  for (unsigned i = 0; i < THREADS; i++)
    assert_string_equal("", runs[i].said);
  assert_int_equal(1, won);
  assert_int_equal(before + 1, tokens());
  for (unsigned i = 0; i < THREADS; i++) {
    store_item_free(runs[i].mine);
    store_item_free(runs[i].shared);
  }
  unlink(file);
  vault_bench_free(b);
  assert_int_equal(before, tokens());
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(share_one_session)};
  int failed = cmocka_run_group_tests_name("vault threads", tests, NULL, NULL);
  return failed != 0;
}
