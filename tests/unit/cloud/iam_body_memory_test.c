// Memory runs out at every single allocation of a request's body in turn: the request goes out
// whole or not at all. A key without its tag would be nobody's, and a grant without its attributes
// a broader one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "tests/unit/cloud/fixture.h"

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

static enum err create(struct fixture *f) {
  struct iam_key k = {0};
  const struct iam_create spec = {.iam_id = IAM_ID,
                                  .account = ACCOUNT,
                                  .name = "logs-key",
                                  .description = "tag",
                                  .value = f->value,
                                  .disabled = true,
                                  .action_when_leaked = "disable",
                                  .expires_s = 1771505719};
  enum err err = f->iam->ops->create(f->iam, &spec, &k, &f->e);
  iam_key_clear(&k);
  return err;
}

static enum err describe(struct fixture *f) {
  return f->iam->ops->describe(f->iam, KEY_ID, "1-a", "n", "d", &f->e);
}

static enum err create_service_id(struct fixture *f) {
  struct iam_service_id s;
  return f->iam->ops->create_service_id(f->iam, ACCOUNT, "n", "d", &s, &f->e);
}

static enum err grant_sender(struct fixture *f) {
  struct iam_policy p;
  return f->iam->ops->grant_sender(f->iam, ACCOUNT, IAM_ID, "11111111-2222-4333-8444-666666666666",
                                   &p, &f->e);
}

static void starve(enum err (*call)(struct fixture *f)) {
  static const struct script_row rows[] = {{.url = "$", .status = 400, .body = "{}"}};
  char whole[4096] = "";
  long n = -1;
  do {
    struct fixture f;
    fixture_open(&f, rows, 1);
    fail_at(n);
    enum err err = call(&f);
    granted = -1;
    size_t sent = scripted_count(f.transport);
    if (n < 0)
      snprintf(whole, sizeof whole, "%s", scripted_request(f.transport, 0)->body);
    else if (sent == 0)
      assert_true(err == ERR_INTERNAL && f.e.kind == ERR_INTERNAL);
    for (size_t i = 0; i < sent; i++)
      if (strcmp(scripted_request(f.transport, i)->method, "GET") != 0)
        assert_string_equal(scripted_request(f.transport, i)->body, whole);
    fixture_close(&f);
    n++;
  } while (n == 0 || failed);
  assert_true(n > 5);
}

static void a1_requests_go_out_whole_or_not_at_all(void **state) {
  (void)state;
  starve(create);
  starve(describe);
  starve(create_service_id);
  starve(grant_sender);
  fail_at(-1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a1_requests_go_out_whole_or_not_at_all)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
