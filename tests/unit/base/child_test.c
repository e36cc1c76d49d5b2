// Programs as they may come: quiet, talkative, failing, endless, forking.
#include "rotator/base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

struct run {
  struct child_spec spec;
  char *argv[4];
  struct secret *answer;
  int exit;
  struct error e;
  enum err err;
};

// Runs a script of sh; the caller may have set fields of r->spec. Its answer is freed by end().
static void sh(struct run *r, const char *script) {
  r->argv[0] = (char *)"/bin/sh";
  r->argv[1] = (char *)"-c";
  r->argv[2] = (char *)script;
  r->spec.argv = r->argv;
  r->spec.env = env_real();
  if (!r->spec.limit_ms)
    r->spec.limit_ms = 30000;
  if (!r->spec.answer_max)
    r->spec.answer_max = 100;
  r->spec.ret_answer = &r->answer;
  r->spec.ret_exit = &r->exit;
  r->err = child_run(&r->spec, &r->e);
}

static void end(struct run *r) {
  r->answer = secret_free(r->answer);
}

static void answers(void **state) {
  (void)state;
  struct run r = {.spec = {.input = "to be\nread", .input_len = 10}};
  sh(&r, "echo aside >&2; cat; printf ' %s' \"$#\"; env | grep -v '^PWD\\|^_\\|^SHLVL\\|^OLDPWD'");
  assert_int_equal(r.err, ERR_OK);
  assert_int_equal(r.exit, 0);
  assert_string_equal(secret_bytes(r.answer),
                      "to be\nread 0PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
                      "bin\n");
  end(&r);
}

static void takes_an_environment(void **state) {
  (void)state;
  char *const environment[] = {(char *)"GREETING=hello", NULL};
  struct run r = {.spec = {.environment = environment}};
  sh(&r, "echo $GREETING");
  assert_string_equal(secret_bytes(r.answer), "hello\n");
  end(&r);
}

static void failures_tell(void **state) {
  (void)state;
  struct run r = {0};
  sh(&r, "echo said; echo 'no\tluck' >&2; exit 75");
  assert_int_equal(r.err, ERR_REFUSED);
  assert_int_equal(r.exit, 75);
  assert_string_equal(r.e.text, "/bin/sh exited with 75: no?luck");
  assert_string_equal(secret_bytes(r.answer), "said\n");
  end(&r);
  sh(&r, "kill -9 $$");
  assert_int_equal(r.err, ERR_REFUSED);
  assert_int_equal(r.exit, CHILD_CUT);
  end(&r);
}

static void without_an_answer_all_is_tail(void **state) {
  (void)state;
  char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)"echo one; echo two >&2; exit 1", NULL};
  struct child_spec spec = {.argv = argv, .limit_ms = 30000, .env = env_real()};
  struct error e;
  assert_int_equal(child_run(&spec, &e), ERR_REFUSED);
  assert_string_equal(e.text, "/bin/sh exited with 1: one?two");
}

static void what_is_not_there_is_not_started(void **state) {
  (void)state;
  char *argv[] = {(char *)"/no/such/program", NULL};
  struct secret *answer = NULL;
  int how = 0;
  struct child_spec spec = {.argv = argv,
                            .limit_ms = 30000,
                            .env = env_real(),
                            .ret_answer = &answer,
                            .answer_max = 10,
                            .ret_exit = &how};
  struct error e;
  assert_int_equal(child_run(&spec, &e), ERR_REFUSED);
  assert_int_equal(how, CHILD_NOT_STARTED);
  assert_null(answer);
  assert_string_equal(e.text, "/no/such/program cannot be started: No such file or directory");
}

static void too_much_is_cut(void **state) {
  (void)state;
  struct run r = {0};
  sh(&r, "yes");
  assert_int_equal(r.err, ERR_REFUSED);
  assert_int_equal(r.exit, CHILD_CUT);
  assert_non_null(strstr(r.e.text, "more than 100 bytes"));
  end(&r);
}

// Killed, though nobody may have buried it yet.
static bool is_dead(pid_t pid) {
  char path[64], stat[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *f = fopen(path, "re");
  if (!f)
    return true;
  const char *line = fgets(stat, sizeof stat, f);
  fclose(f);
  const char *end = line ? strrchr(stat, ')') : NULL;
  return !end || end[2] == 'Z' || end[2] == 'X';
}

static void wait_until_dead(pid_t pid) {
  for (int i = 0; i < 1000 && !is_dead(pid); i++)
    usleep(10000);
  assert_true(is_dead(pid));
}

static void endless_is_cut_with_its_group(void **state) {
  (void)state;
  struct run r = {.spec = {.limit_ms = 300}};
  sh(&r, "sleep 1000 & echo $!; trap '' TERM; wait; sleep 1000");
  assert_int_equal(r.err, ERR_UNSURE);
  assert_int_equal(r.exit, CHILD_CUT);
  pid_t left = (pid_t)strtol(secret_bytes(r.answer), NULL, 10);
  assert_true(left > 1);
  wait_until_dead(left);
  end(&r);
}

static void a_large_input_meets_a_deaf_program(void **state) {
  (void)state;
  static char much[1 << 20];
  memset(much, 'x', sizeof much);
  struct run r = {.spec = {.input = much, .input_len = sizeof much}};
  sh(&r, "exec <&-; echo deaf");
  assert_int_equal(r.err, ERR_OK);
  end(&r);
  sh(&r, "wc -c");
  assert_string_equal(secret_bytes(r.answer), "1048576\n");
  end(&r);
}

static void no_descriptor_is_inherited(void **state) {
  (void)state;
  struct run r = {0};
  char script[80];
  int fd = fcntl(STDERR_FILENO, F_DUPFD, 90); // without O_CLOEXEC
  assert_true(fd >= 90);
  snprintf(script, sizeof script, "for n in 0 1 2 %d; do test -e /proc/$$/fd/$n; echo $?; done",
           fd);
  sh(&r, script);
  close(fd);
  assert_string_equal(secret_bytes(r.answer), "0\n0\n0\n1\n");
  end(&r);
}

// A run that is killed takes its program along.
static void the_program_dies_with_us(void **state) {
  (void)state;
  int news[2];
  assert_int_equal(pipe(news), 0);
  pid_t us = fork();
  if (us == 0) {
    char script[80];
    snprintf(script, sizeof script, "echo $$ >/proc/%d/fd/%d; exec sleep 1000", getpid(), news[1]);
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", script, NULL};
    struct child_spec spec = {.argv = argv, .limit_ms = 100000, .env = env_real()};
    struct error e;
    child_run(&spec, &e);
    _exit(0);
  }
  char text[32] = "";
  assert_true(read(news[0], text, sizeof text - 1) > 0);
  pid_t program = (pid_t)strtol(text, NULL, 10);
  assert_true(program > 1);
  assert_int_equal(kill(program, 0), 0);
  kill(us, SIGKILL);
  waitpid(us, NULL, 0);
  wait_until_dead(program);
  close(news[0]);
  close(news[1]);
}

// Last: the stop cannot be taken back.
static void a_stop_ends_it_unless_told_otherwise(void **state) {
  (void)state;
  struct run r = {0};
  assert_int_equal(raise(SIGTERM), 0);
  sh(&r, "sleep 1000");
  assert_int_equal(r.err, ERR_CANCELLED);
  assert_int_equal(r.exit, CHILD_CUT);
  end(&r);
  r.spec.to_the_end = true;
  sh(&r, "sleep 0.2; echo done");
  assert_int_equal(r.err, ERR_OK);
  assert_string_equal(secret_bytes(r.answer), "done\n");
  end(&r);
}

int main(void) {
  env_real_catch_signals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers),
      cmocka_unit_test(takes_an_environment),
      cmocka_unit_test(failures_tell),
      cmocka_unit_test(without_an_answer_all_is_tail),
      cmocka_unit_test(what_is_not_there_is_not_started),
      cmocka_unit_test(too_much_is_cut),
      cmocka_unit_test(endless_is_cut_with_its_group),
      cmocka_unit_test(a_large_input_meets_a_deaf_program),
      cmocka_unit_test(no_descriptor_is_inherited),
      cmocka_unit_test(the_program_dies_with_us),
      cmocka_unit_test(a_stop_ends_it_unless_told_otherwise),
  };
  int failed = cmocka_run_group_tests_name("child", tests, NULL, NULL);
  return failed != 0;
}
