// From a configuration to targets: what is opened, where the state lies, when a binding has
// changed, what the hook is told, what the history keeps, which credential is taken.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/compose.h"
#include "rotator/app/credential.h"
#include "rotator/app/report/history.h"
#include "rotator/base/text.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#define ID_A "ServiceId-aaaaaaaa-0000-4000-8000-000000000001"
#define ID_B "ServiceId-aaaaaaaa-0000-4000-8000-000000000002"
#define KEY "abcdefghijabcdefghijabcdefghijabcdefghijabcd"

static struct scratch scratch;
static struct fake_env fake;
static struct config *config;
static struct config_report report;
static struct compose *compose;

static void load(const char *service_id, const char *more) {
  char text[4096];
  const char *dir = scratch.dir;
  snprintf(text, sizeof text,
           "version: 1\nmanagement: {file: %s/key}\nstate_dir: %s/state\nhost_id: h\n"
           "targets:\n  - name: prod\n"
           "    instance: \"crn:v1:bluemix:public:logs:eu-de:a/d3a0c0ffee00000000000000000000d3:"
           "11111111-2222-4333-8444-555555555555::\"\n"
           "    service_id: %s\n%s"
           "    sinks: [{file: {path: %s/sink.env, format: raw}}]\n",
           dir, dir, service_id, more, dir);
  scratch_write(scratch_path(&scratch, "rotator.yaml"), text);
  enum err err = config_load(scratch_path(&scratch, "rotator.yaml"), 1795498800, store_backends,
                             &config, &report);
  if (report.n > 0)
    fprintf(stderr, "%s\n", report.mistakes[0].text);
  assert_int_equal(err, ERR_OK);
  assert_int_equal(compose_new(config, &fake.env, 2, &compose, NULL), ERR_OK);
  assert_int_equal(compose_make_state_dir(compose, NULL), ERR_OK);
}

static void unload(void) {
  compose = compose_free(compose);
  config_free(config);
  config = NULL;
  config_report_clear(&report);
}

static int set_up(void **state) {
  (void)state;
  scratch_new(&scratch);
  fake_env_init(&fake, 1);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unload();
  scratch_remove(&scratch);
  return 0;
}

static struct managed *bind_prod(void) {
  struct managed *m = compose_target(compose, 0);
  struct error e = {0};
  assert_non_null(m);
  assert_ptr_equal(m, compose_target(compose, 0));
  assert_int_equal(compose_bind(m, 0, IDENTITY_OFFLINE, &e), ERR_OK);
  return m;
}

static void test_default_home(void **state) {
  (void)state;
  char place[600];
  load(ID_A, "");
  struct managed *m = bind_prod();
  assert_string_equal(m->iam_id, "iam-" ID_A);
  assert_string_equal(m->target.iam_id, "iam-" ID_A);
  assert_string_equal(m->target.instance, "11111111-2222-4333-8444-555555555555");
  assert_string_equal(m->target.account, "d3a0c0ffee00000000000000000000d3");
  snprintf(place, sizeof place, "file:%s/state/%s.state", scratch.dir, m->binding);
  assert_string_equal(m->target.home->place, place);
  assert_int_equal(m->target.n_sinks, 1);
  assert_non_null(m->target.lock_path);
  assert_null(m->target.mark_path);
  assert_null(m->target.hook);
  assert_false(m->target.rebound);
  assert_string_equal(m->target.host_id, "h");
  struct engine_io io;
  assert_true(compose_io(NULL, 1, &m->target, &io, NULL));
  assert_non_null(io.iam);
  assert_non_null(io.logs);
}

static void test_rebound(void **state) {
  (void)state;
  char old_state[600];
  load(ID_A, "");
  struct managed *m = bind_prod();
  struct last_run r = m->last_run;
  text_copy(r.service_id, sizeof r.service_id, ID_A);
  text_copy(r.binding, sizeof r.binding, m->binding);
  text_copy(old_state, sizeof old_state, m->home_path);
  assert_int_equal(last_run_save(m->last_run_path, &r, &m->memory.book, true, NULL), ERR_OK);
  unload();

  load(ID_B, ""); // the old state is gone: nothing would be left behind
  assert_false(bind_prod()->target.rebound);
  unload();

  scratch_write(old_state, "x");
  load(ID_B, "");
  m = bind_prod();
  assert_true(m->target.rebound);
  scratch_write(m->home_path, "x");
  unload();

  load(ID_B, ""); // the new binding has a state of its own
  assert_false(bind_prod()->target.rebound);
}

static void test_a_name_is_remembered(void **state) {
  (void)state;
  struct error e = {0};
  load("logs-agent", "");
  struct managed *m = compose_target(compose, 0);
  assert_int_equal(compose_bind(m, 0, IDENTITY_OFFLINE, &e), ERR_MISSING);
  assert_non_null(strstr(e.text, "logs-agent"));
  struct last_run r = {0};
  text_copy(r.service_id, sizeof r.service_id, "logs-agent");
  text_copy(r.iam_id, sizeof r.iam_id, "iam-" ID_A);
  assert_int_equal(last_run_save(m->last_run_path, &r, &m->memory.book, true, NULL), ERR_OK);
  unload();
  load("logs-agent", "");
  assert_string_equal(bind_prod()->iam_id, "iam-" ID_A);
  unload();
  load("other-agent", ""); // what the last run left is about another name
  assert_int_equal(compose_bind(compose_target(compose, 0), 0, IDENTITY_OFFLINE, &e), ERR_MISSING);
}

static void test_hook(void **state) {
  (void)state;
  char more[1024], out[600], hook[600], text[1600];
  load(ID_A, "");
  unload();
  text_copy(out, sizeof out, scratch_path(&scratch, "out"));
  snprintf(text, sizeof text, "#!/bin/sh\ncat >%s\nexit ${1:-0}\n", out);
  text_copy(hook, sizeof hook, scratch_path(&scratch, "hook"));
  scratch_write(hook, text);
  assert_int_equal(chmod(hook, 0700), 0);
  snprintf(more, sizeof more, "    after_publish: {run: [%s, \"0\"]}\n", hook);
  load(ID_A, more);
  struct managed *m = bind_prod();
  assert_non_null(m->target.hook);
  struct state s = {.epoch = 7, .generation = 3};
  s.slots[SLOT_CURRENT] = (struct slot){.used = true, .generation = 3, .key_id = "ApiKey-1"};
  assert_int_equal(m->target.hook(m->target.hook_ctx, &m->target, &s, NULL), ERR_OK);
  snprintf(text, sizeof text,
           "{\"sinks\":[{\"name\":\"file\",\"place\":\"file:%s/sink.env\"}],\"target\":\"prod\","
           "\"key_id\":\"ApiKey-1\",\"generation\":\"3\",\"epoch\":\"7\"}",
           scratch.dir);
  assert_true(scratch_holds(out, text));
  unload();
  snprintf(more, sizeof more, "    after_publish: {run: [%s, \"4\"]}\n", hook);
  load(ID_A, more);
  struct error e = {0};
  m = bind_prod();
  assert_int_equal(m->target.hook(m->target.hook_ctx, &m->target, &s, &e), ERR_REFUSED);
  assert_non_null(strstr(e.text, "exited with 4"));
}

struct counted {
  size_t n;
  char last[128];
};

static bool count(void *ctx, const cJSON *entry) {
  struct counted *c = ctx;
  c->n++;
  text_copy(c->last, sizeof c->last, json_text(entry, "text"));
  return true;
}

static void test_history(void **state) {
  (void)state;
  struct counted c = {0};
  struct stat st;
  char path[600];
  load(ID_A, "");
  struct managed *m = bind_prod();
  assert_int_equal(history_read(m, count, &c, NULL), ERR_MISSING);
  for (int i = 0; i < 20000; i++)
    history_command(m, "hold", "some words that take a little room", NULL);
  history_command(m, "resume", "the last \"words\"", "why\nnot");
  assert_int_equal(history_read(m, count, &c, NULL), ERR_OK);
  assert_string_equal(c.last, "the last \"words\"");
  assert_true(c.n > 5000 && c.n <= 20001);
  snprintf(path, sizeof path, "%s/state/history/prod.jsonl", scratch.dir);
  assert_int_equal(stat(path, &st), 0);
  assert_true(st.st_size <= HISTORY_MAX + 4096);
  assert_int_equal(st.st_mode & 07777, 0600);
  struct step step = {.target = &m->target, .result = ERR_OK};
  struct view view = {0};
  struct action action = {.row = ROW_adopt, .kind = ACT_CAS};
  step.view = &view;
  step.action = &action;
  history_step(m, &step);
  assert_int_equal(history_read(m, count, &c, NULL), ERR_OK);
  assert_string_equal(c.last, "adopted the key that is there");
}

static void assert_credential(const char *text, const char *value) {
  const struct config_credential c = {.file = (char *)(uintptr_t)scratch_path(&scratch, "key")};
  struct error e = {0};
  scratch_write(c.file, text);
  SECRET_AUTO key = credential_read((void *)(uintptr_t)&c, &e);
  if (!value) {
    assert_null(key);
    assert_true(e.kind != ERR_OK && e.text[0]);
    assert_null(strstr(e.text, "abcdefghij"));
    return;
  }
  assert_non_null(key);
  assert_string_equal(secret_bytes(key), value);
}

static void test_credential(void **state) {
  (void)state;
  assert_credential(KEY, KEY);
  assert_credential(KEY "\n", KEY);
  assert_credential(KEY "\r\n", KEY);
  assert_credential("{\"name\":\"x\",\"apikey\":\"" KEY "\"}\n", KEY);
  assert_credential("", NULL);
  assert_credential("\n", NULL);
  assert_credential(KEY "\n\n", NULL);
  assert_credential(KEY "\n" KEY "\n", NULL);
  assert_credential("{\"apikey\":\"\"}", NULL);
  assert_credential("{\"apikey\":", NULL);
  struct config_credential named = {.credential = (char[]){"management"}};
  struct error e = {0};
  unsetenv("CREDENTIALS_DIRECTORY");
  assert_null(credential_read(&named, &e));
  assert_non_null(strstr(e.text, "CREDENTIALS_DIRECTORY"));
  scratch_write(scratch_path(&scratch, "management"), KEY);
  setenv("CREDENTIALS_DIRECTORY", scratch.dir, 1);
  SECRET_AUTO key = credential_read(&named, NULL);
  assert_non_null(key);
  assert_int_equal(chmod(scratch_path(&scratch, "management"), 0644), 0);
  assert_null(credential_read(&named, &e));
  assert_non_null(strstr(e.text, "chmod"));
}

int main(void) {
#define IN_SCRATCH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_SCRATCH(test_default_home),
      IN_SCRATCH(test_rebound),
      IN_SCRATCH(test_a_name_is_remembered),
      IN_SCRATCH(test_hook),
      IN_SCRATCH(test_history),
      IN_SCRATCH(test_credential),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
