#include "tests/unit/app/rest_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "rotator/base/text.h"
#include "tests/support/unit.h"

#define BINDING "0123456789abcdef0123456789abcdef"

struct rest_rig rig;

static void write_config(const char *more) {
  struct text_buf b = TEXT_BUF(64 * 1024);
  const char *dir = rig.scratch.dir;
  text_buf_add(&b,
               "version: 1\nmanagement: {file: %s/key}\nstate_dir: %s/state\nhost_id: h\n"
               "%stargets:\n",
               dir, dir, more);
  for (int i = 0; i < REST_LEAST; i++)
    text_buf_add(&b,
                 "  - name: t%d\n    service_id: ServiceId-aaaaaaaa-0000-4000-8000-%012d\n"
                 "    instance: \"crn:v1:bluemix:public:logs:eu-de:a/"
                 "d3a0c0ffee00000000000000000000d3:11111111-2222-4333-8444-555555555555::\"\n"
                 "    sinks: [{file: {path: %s/sinks/t%d.key}}]\n",
                 i, i, dir, i);
  scratch_write(rig.config, text_buf_str(&b));
  text_buf_free(&b);
}

static void load(const char *more) {
  struct app *a = &rig.app;
  write_config(more);
  enum err err = config_load(rig.config, REST_NOW_S, store_backends, &a->config, &rig.report);
  if (rig.report.n > 0)
    fprintf(stderr, "%s\n", rig.report.mistakes[0].text);
  assert_int_equal(err, ERR_OK);
  assert_int_equal(compose_new(a->config, &rig.env.env, 1, &a->compose, NULL), ERR_OK);
  a->env = &rig.env.env;
  a->cli.command = CMD_RUN;
  a->n_selected = REST_LEAST;
  a->chosen = calloc(REST_LEAST, sizeof *a->chosen);
  assert_non_null(a->chosen);
  for (size_t i = 0; i < REST_LEAST; i++)
    a->chosen[i] = &a->config->targets[i];
}

static void unload(void) {
  rig.app.compose = compose_free(rig.app.compose);
  config_free(rig.app.config);
  config_report_clear(&rig.report);
  free(rig.app.chosen);
  rig.app = (struct app){.env = NULL};
}

void rest_rig_reload(const char *more) {
  unload();
  load(more);
}

static void in_dir(char dst[600], const char *name) {
  snprintf(dst, 600, "%s/%s", rig.scratch.dir, name);
}

int rest_rig_set_up(void **state) {
  (void)state;
  char dir[600];
  scratch_new(&rig.scratch);
  fake_env_init(&rig.env, 1);
  in_dir(dir, "sinks");
  assert_int_equal(mkdir(dir, 0700), 0);
  in_dir(dir, "state");
  assert_int_equal(mkdir(dir, 0700), 0);
  in_dir(rig.config, "rotator.yaml");
  in_dir(rig.sink, "sinks/t7.key");
  in_dir(rig.state, "state/" BINDING ".state");
  in_dir(rig.lock, "state/" BINDING ".lock");
  in_dir(rig.run, "state/t7.run");
  in_dir(rig.index, "state/rest.index");
  scratch_write(rig.sink, "value-of-the-key\n");
  scratch_write(rig.state, "a state\n");
  struct last_run last = {.last_look_s = REST_NOW_S - 60};
  struct evidence_book book = {.of = {{.iam = CAUSE_none}}};
  assert_int_equal(last_run_save(rig.run, &last, &book, true, NULL), ERR_OK);
  load("");
  return 0;
}

int rest_rig_tear_down(void **state) {
  (void)state;
  unload();
  scratch_remove(&rig.scratch);
  return 0;
}

void rest_rig_version(struct store_version *v, const char *path) {
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  struct file_version f = file_version_of(&st);
  snprintf(v->text, sizeof v->text, "%llx:%llx:%lld+%llx:%lld", (unsigned long long)f.ino,
           (unsigned long long)f.size, (long long)f.mtime_ns, (unsigned long long)f.dev,
           (long long)f.ctime_ns);
}

struct rest_end rest_rig_end(void) {
  struct rest_end x = {.m = compose_target(rig.app.compose, REST_AT)};
  struct error e;
  assert_non_null(x.m);
  if (compose_bind_to(x.m, "iam-x", &e) != ERR_OK)
    fail_msg("%s", e.text);
  text_copy(x.m->binding, sizeof x.m->binding, BINDING);
  text_copy(x.m->home_path, sizeof x.m->home_path, rig.state);
  x.m->seen.ticked_ms = (int64_t)time(NULL) * 1000 + 10000;
  x.result = (struct tick_result){.end = TICK_REST,
                                  .row = ROW_rest,
                                  .why = WHY_not_due,
                                  .phase = PHASE_IDLE,
                                  .working = WORKING_YES};
  x.outcome = (struct outcome){.exit = EXIT_FINE, .silent = true};
  rest_rig_version(&x.home, rig.state);
  rest_rig_version(&x.sink, rig.sink);
  x.policy = (struct policy)POLICY_DEFAULT;
  x.state.slots[SLOT_CURRENT] = (struct slot){.used = true, .since_s = REST_NOW_S - 86400};
  x.action = (struct action){.row = ROW_rest, .kind = ACT_REST, .why = WHY_not_due};
  x.view = (struct view){.now_s = REST_NOW_S,
                         .home = HOME_OK,
                         .n_sinks = 1,
                         .due_s = REST_NOW_S + 9 * 86400,
                         .look_due_s = REST_UNTIL_S,
                         .probe_due_s = INT64_MAX};
  return x;
}

void rest_rig_enter(struct rest *r, struct rest_end *x) {
  x->sink_views[0] = (struct sink_view){.class = STORE_CLASS_B, .version = &x->sink};
  x->view.home_version = &x->home;
  x->view.sinks = x->sink_views;
  x->view.state = &x->state;
  x->view.policy = &x->policy;
  rest_saw(x->m, &(struct step){.target = &x->m->target, .view = &x->view, .action = &x->action});
  rest_add(r, x->m, &x->result, &x->outcome, x->told);
}

void rest_rig_keep(struct rest_end *x) {
  struct rest *r = rest_new(&rig.app);
  assert_non_null(r);
  rest_rig_enter(r, x);
  rest_write(r);
  rest_free(r);
  compose_release(x->m);
}

bool rest_rig_stands(void) {
  struct rest_figures figures;
  struct rest *r = rest_new(&rig.app);
  assert_non_null(r);
  bool good = rest_stands(r, REST_AT, &figures);
  assert_false(rest_stands(r, REST_AT + 1, &figures));
  rest_write(r);
  rest_free(r);
  return good;
}

void rest_rig_replace(const char *path) {
  char from[700], bytes[4096];
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  snprintf(from, sizeof from, "%s.new", path);
  FILE *f = fopen(path, "re");
  assert_non_null(f);
  size_t n = fread(bytes, 1, sizeof bytes - 1, f);
  fclose(f);
  bytes[n] = '\0';
  scratch_write(from, bytes);
  assert_int_equal(utimensat(AT_FDCWD, from, times, 0), 0);
  assert_int_equal(rename(from, path), 0);
}
