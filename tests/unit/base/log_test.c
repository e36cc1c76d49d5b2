// stderr is replaced by a socket that keeps the borders of writes, so that each read is one
// write(2) of the log.
#include "rotator/base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "tests/support/unit.h"

static int real_stderr, reader;
static char got[PIPE_BUF + 1];

static int catch_stderr(void **state) {
  (void)state;
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  real_stderr = dup(STDERR_FILENO);
  dup2(pair[0], STDERR_FILENO);
  close(pair[0]);
  reader = pair[1];
  fcntl(reader, F_SETFL, O_NONBLOCK);
  unsetenv("JOURNAL_STREAM");
  return 0;
}

static int give_stderr_back(void **state) {
  (void)state;
  dup2(real_stderr, STDERR_FILENO);
  close(real_stderr);
  close(reader);
  log_setup(LOG_LEVEL_NOTICE, LOG_TEXT);
  return 0;
}

// The next line, as it was written; NULL when there is none.
static const char *next(void) {
  ssize_t n = read(reader, got, sizeof got - 1);
  if (n <= 0)
    return NULL;
  got[n] = '\0';
  return got;
}

// The text of a line behind its time stamp.
static const char *after_time(const char *line) {
  int64_t s;
  char time[21] = "";
  assert_non_null(line);
  text_copy(time, sizeof time, line);
  assert_int_equal(text_parse_time(time, &s), ERR_OK);
  assert_true(s > 1700000000);
  return line + 21;
}

static void text_lines(void **state) {
  (void)state;
  log_setup(LOG_LEVEL_INFO, LOG_TEXT);
  log_line(LOG_LEVEL_NOTICE, "prod-logs", "publish", "epoch %d", 7);
  assert_string_equal(after_time(next()), "notice prod-logs publish: epoch 7\n");
  log_line(LOG_LEVEL_INFO, NULL, NULL, "nothing due");
  assert_string_equal(after_time(next()), "info: nothing due\n");
  log_line(LOG_LEVEL_DEBUG, NULL, NULL, "not wanted");
  assert_null(next());
}

static struct error an_error(void) {
  struct error e;
  error_set(&e, ERR_UNSURE, "answer of iam.cloud.ibm.com:443: Timeout");
  e.status = 503;
  text_copy(e.code, sizeof e.code, "BXNIM0415E");
  text_copy(e.trace, sizeof e.trace, "tx-1");
  return e;
}

static void an_error_as_text(void **state) {
  (void)state;
  struct error e = an_error();
  log_setup(LOG_LEVEL_WARN, LOG_TEXT);
  log_error(LOG_LEVEL_WARN, "t", "create", &e);
  assert_string_equal(after_time(next()),
                      "warning t create: answer of iam.cloud.ibm.com:443: Timeout "
                      "(unsure, status 503, BXNIM0415E, transaction tx-1)\n");
  error_set(&e, ERR_MISSING, "gone");
  log_error(LOG_LEVEL_ERROR, "t", NULL, &e);
  assert_string_equal(after_time(next()), "error t: gone (missing)\n");
  log_error(LOG_LEVEL_NOTICE, "t", NULL, &e);
  assert_null(next());
}

static void an_error_as_json(void **state) {
  (void)state;
  struct error e = an_error();
  log_setup(LOG_LEVEL_WARN, LOG_JSON);
  log_error(LOG_LEVEL_WARN, "a\"b\\", "create", &e);
  const char *line = next();
  assert_non_null(line);
  assert_int_equal(line[strlen(line) - 1], '\n');
  JSON_AUTO t = json_parse(line, strlen(line));
  int64_t status;
  assert_non_null(t);
  assert_string_equal(json_text(t, "level"), "warning");
  assert_string_equal(json_text(t, "target"), "a\"b\\");
  assert_string_equal(json_text(t, "step"), "create");
  assert_string_equal(json_text(t, "text"), e.text);
  assert_string_equal(json_text(t, "kind"), "unsure");
  assert_string_equal(json_text(t, "code"), "BXNIM0415E");
  assert_string_equal(json_text(t, "transaction"), "tx-1");
  assert_true(json_int(t, "status", &status) && status == 503);
  assert_string_equal(after_time(json_text(t, "time")) - 1, "");
}

static void a_plain_line_as_json_has_no_error_fields(void **state) {
  (void)state;
  log_setup(LOG_LEVEL_WARN, LOG_JSON);
  log_line(LOG_LEVEL_WARN, NULL, NULL, "x");
  const char *line = next();
  JSON_AUTO t = json_parse(line, strlen(line));
  assert_non_null(t);
  assert_int_equal(cJSON_GetArraySize(t), 3);
}

static void a_line_cannot_drive_a_terminal_or_forge_another(void **state) {
  (void)state;
  log_setup(LOG_LEVEL_WARN, LOG_TEXT);
  log_line(LOG_LEVEL_WARN, "a\nb", "c\x1b[2J", "one\n<3>two\r\x07");
  assert_string_equal(after_time(next()), "warning a?b c?[2J: one?<3>two??\n");
}

static void the_longest_line_is_one_write(void **state) {
  (void)state;
  static char longest[8000];
  memset(longest, '"', sizeof longest - 1);
  struct error e = an_error();
  for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
    log_setup(LOG_LEVEL_WARN, (enum log_format)format);
    log_line(LOG_LEVEL_WARN, longest, longest, "%s", longest);
    assert_true(strlen(next()) <= PIPE_BUF);
    assert_int_equal(got[strlen(got) - 1], '\n');
    assert_null(next());
    log_error(LOG_LEVEL_WARN, longest, longest, &e);
    const char *line = next();
    assert_int_equal(line[strlen(line) - 1], '\n');
    if (format == LOG_JSON) {
      JSON_AUTO t = json_parse(line, strlen(line));
      assert_non_null(t); // cut where it had to be, but still JSON
      assert_string_equal(json_text(t, "transaction"), "tx-1");
    }
  }
}

static void the_journal_gets_priorities_and_no_time(void **state) {
  (void)state;
  static const char *const wanted[] = {"<3>error: x\n", "<4>warning: x\n", "<5>notice: x\n",
                                       "<6>info: x\n", "<7>debug: x\n"};
  char stream[64];
  struct stat st;
  assert_int_equal(fstat(STDERR_FILENO, &st), 0);
  snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
           (unsigned long long)st.st_ino);
  setenv("JOURNAL_STREAM", stream, 1);
  log_setup(LOG_LEVEL_DEBUG, LOG_TEXT);
  for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
    log_line((enum log_level)level, NULL, NULL, "x");
    assert_string_equal(next(), wanted[level]);
  }
  snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
           (unsigned long long)st.st_ino + 1);
  setenv("JOURNAL_STREAM", stream, 1); // inherited, but stderr was sent elsewhere
  log_setup(LOG_LEVEL_DEBUG, LOG_TEXT);
  log_line(LOG_LEVEL_WARN, NULL, NULL, "x");
  assert_string_equal(after_time(next()), "warning: x\n");
}

static void a_terminal_gets_no_time(void **state) {
  (void)state;
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) || unlockpt(master))
    skip();
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC), socket = dup(STDERR_FILENO);
  char line[64] = "";
  dup2(slave, STDERR_FILENO);
  log_setup(LOG_LEVEL_WARN, LOG_TEXT);
  log_line(LOG_LEVEL_WARN, "t", NULL, "x");
  ssize_t n = read(master, line, sizeof line - 1);
  dup2(socket, STDERR_FILENO);
  close(socket), close(slave), close(master);
  assert_true(n > 0);
  assert_string_equal(line, "warning t: x\r\n");
}

#define CAUGHT(test) cmocka_unit_test_setup_teardown(test, catch_stderr, give_stderr_back)

int main(void) {
  const struct CMUnitTest tests[] = {
      CAUGHT(text_lines),
      CAUGHT(an_error_as_text),
      CAUGHT(an_error_as_json),
      CAUGHT(a_plain_line_as_json_has_no_error_fields),
      CAUGHT(a_line_cannot_drive_a_terminal_or_forge_another),
      CAUGHT(the_longest_line_is_one_write),
      CAUGHT(the_journal_gets_priorities_and_no_time),
      CAUGHT(a_terminal_gets_no_time),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
