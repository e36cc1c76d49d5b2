// Of which targets, and by which runs, it is kept that they rest.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/unit.h"
#include "tests/unit/app/rest_rig.h"

// --- what is not kept ---

static void look_made(struct rest_end *x) {
  x->view.iam_asked = true;
}
static void requests_made(struct rest_end *x) {
  x->m->seen.requests = 1;
}
static void something_done(struct rest_end *x) {
  x->m->seen.acted = true;
}
static void a_step_failed(struct rest_end *x) {
  x->m->seen.failures[ERR_UNSENT] = 1;
}
static void attention(struct rest_end *x) {
  x->result.attention = true;
}
static void no_working_key(struct rest_end *x) {
  x->result.working = WORKING_NO;
}
static void a_wait(struct rest_end *x) {
  x->result.end = TICK_WAIT;
}
static void an_error(struct rest_end *x) {
  x->result.error.kind = ERR_UNSENT;
}
static void not_fine(struct rest_end *x) {
  x->outcome.exit = EXIT_PERSON;
}
static void not_silent(struct rest_end *x) {
  x->outcome.silent = false;
}
static void a_fault(struct rest_end *x) {
  x->outcome.fault = true;
}
static void a_watch(struct rest_end *x) {
  strcpy(x->outcome.watch.text, "agent-restart@x.path has failed");
}
static void trouble(struct rest_end *x) {
  x->m->last_run.trouble_since_s = 5;
}
static void iam_refused(struct rest_end *x) {
  x->m->last_run.iam_refused = true;
}
static void to_be_told(struct rest_end *x) {
  x->told = true;
}
static void blocked(struct rest_end *x) {
  x->action.row = ROW_blocked;
  x->action.why = WHY_window_closed;
}
static void too_old(struct rest_end *x) {
  x->action.why = WHY_max_age;
}
static void due_now(struct rest_end *x) {
  x->view.due_s = REST_NOW_S;
}
static void probe_now(struct rest_end *x) {
  x->view.probe_due_s = REST_NOW_S;
}
static void our_own(struct rest_end *x) {
  x->m->target.own = true;
}
static void just_written(struct rest_end *x) {
  struct stat st;
  assert_int_equal(stat(rig.sink, &st), 0);
  x->m->seen.ticked_ms = st.st_ctim.tv_sec * 1000 + 1900;
}
static void another_sink_was_read(struct rest_end *x) {
  (void)x;
  rest_rig_replace(rig.sink);
}
static void another_state_was_read(struct rest_end *x) {
  (void)x;
  rest_rig_replace(rig.state);
}
static void another_record_is_there(struct rest_end *x) {
  (void)x;
  scratch_write(rig.run, "{}");
}
static void record_not_known(struct rest_end *x) {
  memset(x->m->last_run.content, 0, sizeof x->m->last_run.content);
}
static void no_version(struct rest_end *x) {
  strcpy(x->sink.text, "7");
}
static void no_file(struct rest_end *x) {
  x->sink.text[0] = '\0';
}

static const struct unkept {
  const char *name;
  void (*make)(struct rest_end *x);
} unkept[] = {
    {"IAM was asked", look_made},
    {"a request was sent", requests_made},
    {"something was done", something_done},
    {"a step failed", a_step_failed},
    {"attention", attention},
    {"no working key", no_working_key},
    {"a wait", a_wait},
    {"an error", an_error},
    {"not fine", not_fine},
    {"not silent", not_silent},
    {"a fault", a_fault},
    {"a path unit that failed", a_watch},
    {"trouble", trouble},
    {"IAM refused", iam_refused},
    {"something is to be told", to_be_told},
    {"blocked", blocked},
    {"too old", too_old},
    {"due", due_now},
    {"a probe is due", probe_now},
    {"our own key", our_own},
    {"a sink that was just written", just_written},
    {"another sink than was read", another_sink_was_read},
    {"another state than was read", another_state_was_read},
    {"another record than was read", another_record_is_there},
    {"a record that another process wrote", record_not_known},
    {"a version of no file", no_version},
    {"no file", no_file},
};

static void what_is_not_kept(void **state) {
  for (size_t i = 0; i < COUNT_OF(unkept); i++) {
    struct rest_end x = rest_rig_end();
    unkept[i].make(&x);
    rest_rig_keep(&x);
    if (rest_rig_stands())
      fail_msg("it was kept: %s", unkept[i].name);
    rest_rig_tear_down(state);
    rest_rig_set_up(state);
  }
}

// What was kept and does not rest any more goes; what this run did not come to stays.
static void forgotten_when_it_ends(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  rest_rig_keep(&x);
  x = rest_rig_end();
  x.result.end = TICK_BUSY;
  rest_rig_keep(&x);
  assert_true(rest_rig_stands());
  x = rest_rig_end();
  x.result.end = TICK_STOPPED;
  rest_rig_keep(&x);
  assert_true(rest_rig_stands());
  x = rest_rig_end();
  x.result.end = TICK_ATTENTION;
  rest_rig_keep(&x);
  assert_false(rest_rig_stands());
}

// Two shares that run at the same time: whoever writes last takes over what the other settled.
static void two_at_once(void **state) {
  (void)state;
  char path[600];
  struct rest *other = rest_new(&rig.app);
  struct rest_end x = rest_rig_end();
  rest_rig_keep(&x);
  x = rest_rig_end();
  x.m->config++; // the next one, whose state is the same here
  snprintf(path, sizeof path, "%s/sinks/t%d.key", rig.scratch.dir, REST_AT + 1);
  scratch_write(path, "another-value\n");
  rest_rig_version(&x.sink, path);
  rest_rig_enter(other, &x);
  x.m->config--;
  compose_release(x.m);
  rest_write(other);
  rest_free(other);
  struct stat st;
  assert_int_equal(stat(rig.index, &st), 0);
  assert_true(st.st_size > 2 * (off_t)(sizeof(struct rest_entry) + 2 * sizeof(struct rest_file)));
  assert_true(rest_rig_stands());
}

// --- which runs ---

static void of_some_runs_only(void **state) {
  (void)state;
  static const struct cli others[] = {{.command = CMD_STATUS},
                                      {.command = CMD_RUN, .n_targets = 1},
                                      {.command = CMD_RUN, .dry_run = true},
                                      {.command = CMD_RUN, .json = true}};
  struct cli run = rig.app.cli;
  for (size_t i = 0; i < COUNT_OF(others); i++) {
    rig.app.cli = others[i];
    assert_null(rest_new(&rig.app));
  }
  rig.app.cli = run;
  rig.app.n_selected = REST_LEAST - 1;
  assert_null(rest_new(&rig.app));
  struct rest_figures figures;
  assert_false(rest_stands(NULL, 0, &figures));
  rest_add(NULL, NULL, NULL, NULL, false);
  rest_write(NULL);
  assert_null(rest_free(NULL));
}

// The run goes on without it.
static void it_cannot_be_written(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  assert_int_equal(mkdir(rig.index, 0700), 0);
  rest_rig_keep(&x);
  assert_false(rest_rig_stands());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rest_rig_set_up, rest_rig_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_not_kept),  TEST(forgotten_when_it_ends), TEST(two_at_once),
      TEST(of_some_runs_only), TEST(it_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
