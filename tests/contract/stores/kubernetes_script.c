// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/contract/stores/kubernetes_script.h"

#include <stdio.h>
#include <string.h>

#include "backends/kubernetes/kube_session.h"
#include "rotator/http/pool.h"
#include "tests/support/unit.h"

struct kubernetes_script kube;

static struct transport *hand_out(const struct curl_options *o, struct env *e) {
  (void)o;
  (void)e;
  kube.handed_out++;
  return kube.script;
}

int kubernetes_script_setup(void **state) {
  (void)state;
  fake_env_init(&kube.env, 1);
  scratch_new(&kube.dir);
  snprintf(kube.token, sizeof kube.token, "%s", scratch_path(&kube.dir, "token"));
  scratch_write(kube.token, "  first-token\n");
  kube.script = scripted_transport_new(NULL, 0, &kube.env.env);
  http_pool_use(hand_out);
  struct store_setting s[] = {{"name", "logs-agent", 1},
                              {"namespace", "ns", 2},
                              {"server", "https://api.test:6443", 3},
                              {"token_file", kube.token, 4}};
  struct store_context ctx = {.env = &kube.env.env};
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK, store_backend_find("kubernetes")
                               ->open(&ctx, STORE_SINK, s, COUNT_OF(s), &kube.it, &line, &e));
  return 0;
}

int kubernetes_script_teardown(void **state) {
  (void)state;
  assert_int_equal(0, scripted_unexpected(kube.script));
  kube.it = store_item_free(kube.it);
  kube_sessions_finish();
  transport_free(kube.script);
  http_pool_use(NULL);
  scratch_remove(&kube.dir);
  return 0;
}

void answer(const struct script_row *row) {
  scripted_set_rows(kube.script, row, 1);
}

enum err read_it(struct store_version *v, struct error *e) {
  struct store_record r = {0};
  enum err err = store_read(kube.it, &r, v, e);
  store_record_clear(&r);
  return err;
}

enum err write_it(struct store_version *v, struct error *e) {
  struct store_record r = {.value = secret_copy_text(VALUE), .stamp = 3};
  enum err err = store_write(kube.it, &r, v, v, e);
  store_record_clear(&r);
  return err;
}
