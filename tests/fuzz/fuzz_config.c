// A configuration from any bytes: every walk ends, whatever is usable is complete, and every
// mistake has a text and breaks something or is a warning.
#include <string.h>

#include "rotator/config/internal.h"
#include "tests/fuzz/fuzz.h"

#define NOW_S 1795498800 // 2026-11-24T05:40:00Z

static void check_target(const struct config_target *t) {
  FUZZ_CHECK(t->name && t->file && t->line > 0);
  if (t->broken)
    return;
  FUZZ_CHECK(t->instance && t->service_id && t->key_name && t->application && t->subsystem);
  FUZZ_CHECK(t->account[0] && t->region[0] && t->guid[0] && t->action_when_leaked);
  FUZZ_CHECK(strstr(t->iam_url, "://") && strstr(t->ingress_url, "://"));
  FUZZ_CHECK(t->severity >= 1 && t->severity <= 6);
  FUZZ_CHECK(t->n_sinks >= 1 && t->n_sinks <= 16);
  for (size_t i = 0; i < t->n_sinks; i++)
    FUZZ_CHECK(t->sinks[i].name && t->sinks[i].backend);
  FUZZ_CHECK(t->policy.rotate_jitter_s <= t->policy.rotate_every_s);
  FUZZ_CHECK(t->policy.reload_within_s <= t->policy.grace_s);
  FUZZ_CHECK(!t->after_publish.argv || t->after_publish.argv[0][0] == '/');
  FUZZ_CHECK((t->after_publish.argv != NULL) == (t->after_publish.line > 0));
}

static void check_report(const struct config_report *r, bool fatal) {
  bool found = false;
  FUZZ_CHECK(r->n <= CONFIG_MISTAKES_MAX && (r->more == 0 || r->n == CONFIG_MISTAKES_MAX));
  for (size_t i = 0; i < r->n; i++) {
    const struct config_mistake *m = &r->mistakes[i];
    char line[2048];
    FUZZ_CHECK(m->text && m->text[0] && !(m->warning && m->fatal));
    config_mistake_format(m, line, sizeof line);
    FUZZ_CHECK(strncmp(line, "fuzz.yaml:", 10) == 0);
    found = found || m->fatal;
  }
  FUZZ_CHECK(found == fatal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct config *c = NULL;
  struct config_report report;
  enum err err =
      config_load_bytes("fuzz.yaml", (const char *)data, size, NOW_S, store_backends, &c, &report);
  FUZZ_CHECK(err == ERR_OK || err == ERR_INVALID);
  FUZZ_CHECK((err == ERR_OK) == (c != NULL));
  for (size_t i = 0; c && i < c->n_targets; i++)
    check_target(&c->targets[i]);
  FUZZ_CHECK(!c || (c->state_dir && (c->management.kind != CONFIG_CREDENTIAL_NONE)));
  check_report(&report, err == ERR_INVALID);
  config_free(c);
  config_report_clear(&report);
  return 0;
}
