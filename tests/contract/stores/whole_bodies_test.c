// Memory runs out at every single allocation of cJSON in turn while a store makes what it sends: a
// request goes out whole or not at all. A write without its stamp, or a login without its secret
// id, would be another request than the one that was meant.
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/json.h"
#include "tests/contract/stores/vault_script.h"
#include "tests/support/scratch.h"

#define SENT_MAX 16

static struct scratch dir;
static char secret_path[SCRATCH_PATH * 2], helper_path[SCRATCH_PATH * 2],
    log_path[SCRATCH_PATH * 2];
static long granted = -1; // allocations of cJSON before the one that fails; negative: all
static bool failed;

static void *grant_or_fail(size_t size) {
  if (granted >= 0 && granted-- == 0) {
    failed = true;
    return NULL;
  }
  return malloc(size);
}

static void fail_at(long n) {
  cJSON_Hooks hooks = {.malloc_fn = grant_or_fail, .free_fn = free};
  cJSON_InitHooks(&hooks);
  granted = n;
  failed = false;
}

static int setup(void **state) {
  scratch_new(&dir);
  snprintf(secret_path, sizeof secret_path, "%s", scratch_path(&dir, "secret"));
  scratch_write(secret_path, "s-12345678");
  return vault_script_setup(state);
}

static int teardown(void **state) {
  fail_at(-1);
  scratch_remove(&dir);
  return vault_script_teardown(state);
}

// --- the calls -----------------------------------------------------------------------------------

static enum err write_a_key(struct store_item *it, const char *version) {
  struct error e = {0};
  struct store_record r = {.value = secret_copy_text(VAULT_SCRIPT_VALUE),
                           .stamp = 8,
                           .key_id = "ApiKey-1",
                           .key_name = "logs",
                           .created_s = 1771505719};
  struct store_version v = {""}, at = {""};
  snprintf(at.text, sizeof at.text, "%s", version);
  enum err err = store_write(it, &r, &at, &v, &e);
  store_record_clear(&r);
  return err;
}

static enum err write_over_3(struct vault_script *s) {
  return write_a_key(s->it, VAULT_V("3"));
}
static enum err write_over_nothing(struct vault_script *s) {
  return write_a_key(s->it, "");
}
static enum err destroy(struct vault_script *s) {
  struct error e = {0};
  return store_destroy_old(s->it, &e);
}
static enum err look(struct vault_script *s) {
  struct error e = {0};
  return store_check(s->it, &e);
}

// --- what is sent --------------------------------------------------------------------------------

struct sent {
  char *body[SENT_MAX]; // of what is no reading
  size_t n;
};

static void sent_free(struct sent *s) {
  for (size_t i = 0; i < s->n; i++)
    free(s->body[i]);
  *s = (struct sent){.n = 0};
}

static struct sent sent_since(const struct vault_script *s, size_t from) {
  struct sent ret = {.n = 0};
  for (size_t i = from; i < scripted_count(s->t) && ret.n < SENT_MAX; i++) {
    const struct script_request *q = scripted_request(s->t, i);
    if (strcmp(q->method, "GET") != 0)
      ret.body[ret.n++] = strdup(q->body ? q->body : "");
  }
  return ret;
}

// Each body is one of the whole ones.
static void assert_whole(const struct sent *now, const struct sent *whole, long n) {
  for (size_t i = 0; i < now->n; i++) {
    bool found = false;
    for (size_t k = 0; k < whole->n; k++)
      found |= strcmp(now->body[i], whole->body[k]) == 0;
    if (!found)
      fail_msg("allocation %ld failed, and this went out: %s", n, now->body[i]);
  }
}

static void starve(struct vault_script *s, const struct script_row *rows, size_t n_rows,
                   const char *const pairs[], enum err (*call)(struct vault_script *s)) {
  struct sent whole = {.n = 0};
  long n = -1;
  do {
    granted = -1;
    vault_script_open(s, rows, n_rows, pairs);
    size_t from = scripted_count(s->t);
    fail_at(n);
    enum err err = call(s);
    granted = -1;
    struct sent now = sent_since(s, from);
    if (n < 0) {
      assert_int_equal(err, ERR_OK);
      whole = now;
      assert_true(whole.n > 0);
    } else {
      assert_whole(&now, &whole, n);
      sent_free(&now);
    }
    n++;
  } while (n == 0 || failed);
  assert_true(n > 5);
  sent_free(&whole);
}

#define AUTH "{\"auth\":{\"client_token\":\"hvs.one\",\"lease_duration\":1200}}"

static void vault_writes(void **state) {
  static const struct script_row rows[] = {GET_OK(VAULT_SECRET("3")), POST_OK(VAULT_WRITTEN("4"))};
  static const struct script_row first[] = {GET_FAILS(404, VAULT_NOTHING), VAULT_MOUNT("2"),
                                            POST_OK(VAULT_WRITTEN("1"))};
  static const struct script_row old[] = {
      {.method = "GET",
       .url = "/v1/secret/metadata/logs/edge$",
       .body = "{\"data\":{\"current_version\":3,\"versions\":{\"1\":{},\"2\":{},\"3\":{}}}}"},
      {.method = "PUT", .url = "/v1/secret/destroy/logs/edge$", .status = 204}};
  static const char *const pairs[] = {"fields.name", "name", "fields.created", "created", NULL};
  starve(*state, rows, COUNT_OF(rows), pairs, write_over_3);
  starve(*state, first, COUNT_OF(first), pairs, write_over_nothing);
  starve(*state, old, COUNT_OF(old), NULL, destroy);
}

static void vault_looks(void **state) {
  static const struct script_row rows[] = {
      VAULT_MOUNT("2"),
      {.url = "/v1/sys/capabilities-self$", .status = 200, .body = "{\"data\":{}}"},
      GET_OK(VAULT_SECRET("3")),
      {.method = "GET", .url = "/v1/secret/config$", .body = "{\"data\":{}}"},
      {.method = "GET", .url = "/v1/secret/metadata/logs/edge$", .body = "{\"data\":{}}"}};
  starve(*state, rows, COUNT_OF(rows), NULL, look);
}

static void vault_logs_in(void **state) {
  static const char *const approle[] = {"auth.approle.role_id", "role-1",
                                        "auth.approle.secret_id.file", secret_path, NULL};
  static const char *const wrapped[] = {"auth.approle.role_id",
                                        "role-1",
                                        "auth.approle.role",
                                        "r",
                                        "auth.approle.secret_id.wrapped",
                                        "true",
                                        "auth.approle.secret_id.file",
                                        secret_path,
                                        NULL};
  static const char *const kubernetes[] = {"auth.kubernetes.role", "rotator",
                                           "auth.kubernetes.token_file", secret_path, NULL};
  static const struct script_row rows[] = {
      {.url = "/login$", .body = AUTH},
      {.url = "/v1/sys/wrapping/lookup$",
       .body = "{\"data\":{\"creation_path\":\"auth/approle/role/r/secret-id\"}}"},
      {.url = "/v1/sys/wrapping/unwrap$", .body = "{\"data\":{\"secret_id\":\"s-unwrapped\"}}"},
      GET_OK(VAULT_SECRET("3")),
      POST_OK(VAULT_WRITTEN("4"))};
  starve(*state, rows, COUNT_OF(rows), approle, write_over_3);
  starve(*state, rows, COUNT_OF(rows), wrapped, write_over_3);
  starve(*state, rows, COUNT_OF(rows), kubernetes, write_over_3);
}

// --- a helper program ----------------------------------------------------------------------------

static void put_helper(void) {
  char script[SCRATCH_PATH * 4];
  snprintf(helper_path, sizeof helper_path, "%s", scratch_path(&dir, "helper"));
  snprintf(log_path, sizeof log_path, "%s", scratch_path(&dir, "log"));
  snprintf(script, sizeof script,
           "#!/bin/sh\n[ $1 = write ] || exec echo '{\"value\":\"" VAULT_SCRIPT_VALUE "\"}'\n"
           "cat >%s\necho '{\"ok\":true}'\n",
           log_path);
  scratch_write(helper_path, script);
  assert_int_equal(chmod(helper_path, 0755), 0);
}

static void read_log(char *dst, size_t cap) {
  FILE *f = fopen(log_path, "re");
  size_t len = f ? fread(dst, 1, cap - 1, f) : 0;
  dst[len] = '\0';
  if (f)
    fclose(f);
}

static void a_helper_is_told_all(void **state) {
  (void)state;
  const struct store_context ctx = {.env = env_real()};
  char whole[4096] = "", now[4096];
  put_helper();
  const struct store_setting settings[] = {{"program", helper_path, 1}, {"item", "edge", 2}};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  if (store_backend_find("helper")->open(&ctx, STORE_SINK, settings, 2, &it, &line, &e) != ERR_OK)
    fail_msg("%s", e.text);
  for (long n = -1; n < 0 || failed; n++) {
    remove(log_path);
    fail_at(n);
    enum err err = write_a_key(it, "");
    granted = -1;
    read_log(n < 0 ? whole : now, sizeof now);
    if (n < 0)
      assert_true(err == ERR_OK && strstr(whole, "ApiKey-1") && strstr(whole, "created"));
    else if (now[0])
      assert_string_equal(now, whole);
  }
  store_item_free(it);
}

#define WHOLE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      WHOLE_TEST(vault_writes),
      WHOLE_TEST(vault_looks),
      WHOLE_TEST(vault_logs_in),
      WHOLE_TEST(a_helper_is_told_all),
  };
  int bad = cmocka_run_group_tests_name("whole bodies", tests, NULL, NULL);
  return bad != 0;
}
