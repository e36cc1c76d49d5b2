// What a scripted systemctl says of path units, and what a person is told of it.
#include "rotator/app/path_units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/report/outcome.h"
#include "rotator/base/text.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static struct path_units units;
static struct path_unit_failure failure;
static char systemctl[SCRATCH_PATH * 2];

static int set_up(void **state) {
  (void)state;
  scratch_new(&scratch);
  memset(&failure, 0, sizeof failure);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  path_units_clear(&units);
  scratch_remove(&scratch);
  return 0;
}

// A systemctl that does what the script says, once it has seen what it is asked.
static void script_is(const char *script) {
  char text[4096];
  const char *path = scratch_path(&scratch, "systemctl");
  snprintf(text, sizeof text,
           "#!/bin/sh\n"
           "[ \"$*\" = 'show --no-pager -p Id -p Result -p ActiveState -p Paths -p Triggers "
           "*.path' ] || exit 9\n%s\n",
           script);
  scratch_write(path, text);
  assert_int_equal(chmod(path, 0755), 0);
  path_units_clear(&units);
  text_copy(systemctl, sizeof systemctl, path);
  units.systemctl = systemctl;
}

#define UNIT(name, state, result, paths)                                                           \
  "echo Triggers=agent-restart@" name ".service\n" paths "echo Result=" result "\n"                \
  "echo Id=agent-restart@" name ".path\necho ActiveState=" state "\n"
#define PATHS(path) "echo 'Paths=" path " (PathChanged)'\n"
#define GAP "echo\n"
#define A_FILE "/etc/rotator/keys/a.env"
#define B_FILE "/etc/rotator/keys/b.env"

// One target whose sinks are these: "file:/path" or "vault:/path".
static bool find(const char *first, const char *second) {
  struct store_setting settings[2];
  struct config_store sinks[2] = {{.name = NULL}};
  const char *const texts[2] = {first, second};
  struct config_target t = {.name = (char *)"prod", .sinks = sinks};
  for (size_t i = 0; i < 2 && texts[i]; i++) {
    const char *colon = strchr(texts[i], ':');
    settings[i] = (struct store_setting){.name = "path", .value = colon + 1};
    sinks[i].backend = store_backend_find(texts[i][0] == 'f' ? "file" : "vault");
    assert_non_null(sinks[i].backend);
    sinks[i].settings = &settings[i];
    sinks[i].n_settings = 1;
    t.n_sinks++;
  }
  return path_units_find(&units, &t, env_real(), &failure);
}

static void test_a_failed_unit_is_told_with_what_mends_it(void **state) {
  (void)state;
  script_is(UNIT("a", "failed", "trigger-limit-hit", PATHS(A_FILE)));
  assert_true(find("file:" A_FILE, NULL));
  assert_string_equal(failure.text,
                      "agent-restart@a.path has failed (trigger-limit-hit) and no "
                      "longer watches " A_FILE ": what it restarts would keep the old key");
  assert_string_equal(failure.next, "systemctl reset-failed agent-restart@a.path "
                                    "agent-restart@a.service && systemctl start "
                                    "agent-restart@a.path");
}

static void test_the_one_of_the_sink_among_several(void **state) {
  (void)state;
  script_is(UNIT("x", "active", "success", PATHS("/x") PATHS("/y"))
                GAP UNIT("b", "failed", "unit-start-limit-hit", PATHS("/other") PATHS(B_FILE))
                    GAP UNIT("a", "active", "success", PATHS(A_FILE)));
  assert_false(find("file:" A_FILE, NULL));
  assert_true(find("file:" A_FILE, "file:" B_FILE));
  assert_non_null(strstr(failure.text, "agent-restart@b.path has failed (unit-start-limit-hit)"));
  assert_non_null(strstr(failure.text, B_FILE));
}

static void test_only_what_has_failed_and_watches_a_file_of_ours(void **state) {
  (void)state;
  script_is(UNIT("a", "inactive", "success", PATHS(A_FILE))
                GAP UNIT("b", "failed", "resources", PATHS("/etc/rotator/keys/b.env.bak")));
  assert_false(find("file:" A_FILE, "file:" B_FILE));
  script_is(UNIT("a", "failed", "resources", PATHS(A_FILE)));
  assert_false(find("vault:" A_FILE, NULL));
  assert_false(find(NULL, NULL));
}

static void test_it_is_asked_once(void **state) {
  (void)state;
  script_is(UNIT("a", "failed", "resources", PATHS(A_FILE)) "rm -- \"$0\"");
  assert_false(find("vault:" A_FILE, NULL)); // not even asked
  assert_int_equal(access(systemctl, F_OK), 0);
  assert_true(find("file:" A_FILE, NULL));
  assert_int_not_equal(access(systemctl, F_OK), 0);
  assert_true(find("file:" A_FILE, NULL));
}

static void test_by_another_name_of_the_same_file(void **state) {
  (void)state;
  char script[2048], sink[600];
  const char *real = scratch_path(&scratch, "key");
  scratch_write(real, "x");
  snprintf(sink, sizeof sink, "file:%s/./key", scratch.dir);
  snprintf(script, sizeof script, UNIT("a", "failed", "resources", PATHS("%s")), real);
  script_is(script);
  assert_true(find(sink, NULL));
}

static void test_no_answer_is_no_fault(void **state) {
  (void)state;
  static const char *const scripts[] = {
      "exit 0",
      "echo 'Failed to connect to bus' >&2; exit 1",
      UNIT("a", "failed", "resources", PATHS(A_FILE)) "exit 1",
      "echo 'Id='; echo; echo ActiveState=failed; echo; echo Paths=",
      "head -c 300000 /dev/zero | tr '\\0' x",
      "kill -9 $$",
  };
  for (size_t i = 0; i < COUNT_OF(scripts); i++) {
    script_is(scripts[i]);
    assert_false(find("file:" A_FILE, NULL));
  }
  script_is("exit 0");
  units.systemctl = "/nowhere";
  assert_false(find("file:" A_FILE, NULL));
}

static void test_it_calls_a_person_unless_there_is_worse(void **state) {
  (void)state;
  struct path_unit_failure f = {"text", "next"};
  struct outcome fine = {.exit = EXIT_FINE, .silent = true}, page = {.exit = EXIT_PAGE};
  outcome_add_watch(&fine, &f);
  assert_int_equal(fine.exit, EXIT_PERSON);
  assert_false(fine.silent);
  assert_string_equal(fine.watch.next, "next");
  outcome_add_watch(&page, &f);
  assert_int_equal(page.exit, EXIT_PAGE);
  assert_string_equal(page.watch.text, "");
}

int main(void) {
#define IN_SCRATCH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_SCRATCH(test_a_failed_unit_is_told_with_what_mends_it),
      IN_SCRATCH(test_the_one_of_the_sink_among_several),
      IN_SCRATCH(test_only_what_has_failed_and_watches_a_file_of_ours),
      IN_SCRATCH(test_it_is_asked_once),
      IN_SCRATCH(test_by_another_name_of_the_same_file),
      IN_SCRATCH(test_no_answer_is_no_fault),
      IN_SCRATCH(test_it_calls_a_person_unless_there_is_worse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
