// What a run leaves for the next: what is written is read again; what is damaged is as if it were
// not there; a run that changes nothing only sets the file's time.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/last_run.h"
#include "rotator/base/text.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct scratch scratch;
static char path[512];

static int set_up(void **state) {
  (void)state;
  scratch_new(&scratch);
  return last_run_path(path, sizeof path, scratch.dir, "prod") ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  scratch_remove(&scratch);
  return 0;
}

static struct last_run sample(void) {
  struct last_run r = {.last_look_s = 123, .trouble_since_s = 45, .exit = 3};
  text_copy(r.service_id, sizeof r.service_id, "logs \"agent\" \\ \xc3\xa4");
  text_copy(r.iam_id, sizeof r.iam_id, "iam-ServiceId-1");
  text_copy(r.binding, sizeof r.binding, "0123456789abcdef0123456789abcdef");
  text_copy(r.row, sizeof r.row, "rest");
  text_copy(r.why, sizeof r.why, "not_due");
  text_copy(r.told, sizeof r.told, "attention");
  text_copy(r.told_key, sizeof r.told_key, "ApiKey-1");
  r.told_s = 99;
  return r;
}

// One value of each kind of evidence.
static struct evidence_book sample_book(void) {
  struct evidence_book b = {0};
  evidence_proven(evidence_enter(&b, "print of one", "ApiKey-1"), "settle", 100);
  evidence_iam(evidence_enter(&b, "print of two", "ApiKey-2"), CAUSE_deleted, 200);
  struct evidence *e = evidence_enter(&b, "print of three", "");
  evidence_refused(e, CAUSE_sender_missing, 300, 0, 10);
  evidence_refused(e, CAUSE_sender_missing, 310, 10, 10);
  evidence_unanswered(evidence_enter(&b, "print of four", ""), 400);
  evidence_sent(evidence_enter(&b, "print of four", ""), "nonce", 410);
  evidence_arrived(evidence_enter(&b, "print of four", ""), 420);
  return b;
}

static void assert_same_verdict(const struct evidence_book *a, const struct evidence_book *b,
                                const char *print) {
  struct verdict x = evidence_verdict(evidence_find(a, print)),
                 y = evidence_verdict(evidence_find(b, print));
  assert_memory_equal(&x, &y, sizeof x);
}

static void test_round_trip(void **state) {
  (void)state;
  struct last_run r = sample(), back;
  struct evidence_book book = sample_book(), book_back;
  struct stat st;
  assert_int_equal(last_run_save(path, &r, &book, true, NULL), ERR_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  last_run_load(path, &back, &book_back);
  assert_true(back.ended_s > 0);
  back.ended_s = 0;
  assert_memory_equal(&back, &r, sizeof r);
  assert_int_equal(evidence_verdict(evidence_find(&book_back, "print of two")).kind,
                   VERDICT_NOT_WORKING);
  static const char *const prints[] = {"print of one", "print of two", "print of three",
                                       "print of four"};
  for (size_t i = 0; i < COUNT_OF(prints); i++)
    assert_same_verdict(&book, &book_back, prints[i]);
  const struct evidence *four = evidence_find(&book_back, "print of four");
  assert_string_equal(four->nonce, "nonce");
  assert_int_equal(four->sent_s, 410);
  assert_int_equal(four->arrived_s, 420);
}

static void make_old(void) {
  const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static void test_unchanged_only_sets_the_time(void **state) {
  (void)state;
  struct last_run r = sample(), later;
  struct evidence_book book = sample_book();
  struct stat before, after;
  assert_int_equal(last_run_save(path, &r, &book, true, NULL), ERR_OK);
  make_old();
  assert_int_equal(stat(path, &before), 0);
  assert_int_equal(last_run_save(path, &r, &book, true, NULL), ERR_OK);
  assert_int_equal(stat(path, &after), 0);
  assert_int_equal(before.st_ino, after.st_ino);
  assert_true(after.st_mtime > 1000);
  later = r;
  later.exit = 0;
  assert_int_equal(last_run_save(path, &later, &book, true, NULL), ERR_OK);
  assert_int_equal(stat(path, &after), 0);
  assert_int_not_equal(before.st_ino, after.st_ino);
}

// A command that looked writes what it saw, and does not seem to have been a run.
static void test_a_look_keeps_the_time(void **state) {
  (void)state;
  struct last_run r = sample();
  struct evidence_book book = {0};
  struct stat st, again;
  assert_int_equal(last_run_save(path, &r, &book, true, NULL), ERR_OK);
  make_old();
  last_run_load(path, &r, &book);
  assert_int_equal(r.ended_s, 1000);
  assert_int_equal(last_run_save(path, &r, &book, false, NULL), ERR_OK); // nothing new
  assert_int_equal(stat(path, &st), 0);
  book = sample_book();
  assert_int_equal(last_run_save(path, &r, &book, false, NULL), ERR_OK);
  assert_int_equal(stat(path, &again), 0);
  assert_int_not_equal(st.st_ino, again.st_ino);
  assert_int_equal(again.st_mtime, 1000);
}

static bool is_known(const struct last_run *r) {
  static const unsigned char none[TEXT_SHA256_BYTES];
  return memcmp(r->content, none, sizeof none) != 0;
}

// Two processes read the same file, and each saw something: what the one kept is not lost to the
// other, whoever saves last. A command that looked keeps how the last run ended.
static void test_two_processes(void **state) {
  (void)state;
  struct last_run first = sample(), run, look, back;
  struct evidence_book book = {0}, book_run, book_look, book_back;
  evidence_proven(evidence_enter(&book, "one", "ApiKey-1"), "settle", 100);
  assert_int_equal(last_run_save(path, &first, &book, true, NULL), ERR_OK);
  last_run_load(path, &run, &book_run);
  last_run_load(path, &look, &book_look);
  evidence_iam(evidence_enter(&book_run, "one", ""), CAUSE_deleted, 200);
  run.exit = 4;
  text_copy(run.row, sizeof run.row, "blocked");
  assert_int_equal(last_run_save(path, &run, &book_run, true, NULL), ERR_OK);
  evidence_proven(evidence_enter(&book_look, "two", "ApiKey-2"), "verify", 210);
  assert_int_equal(last_run_save(path, &look, &book_look, false, NULL), ERR_OK);
  assert_same_verdict(&book_look, &book_run, "one"); // the process itself knows it, too
  last_run_load(path, &back, &book_back);
  assert_same_verdict(&book_back, &book_run, "one");
  assert_same_verdict(&book_back, &book_look, "two");
  assert_int_equal(back.exit, 4);
  assert_string_equal(back.row, "blocked");

  run.exit = 0; // the run saves again: it says how it ended, and keeps what the look saw
  assert_int_equal(last_run_save(path, &run, &book_run, true, NULL), ERR_OK);
  assert_false(is_known(&run)); // … which is not what it decided by
  last_run_load(path, &back, &book_back);
  assert_int_equal(back.exit, 0);
  assert_same_verdict(&book_back, &book_look, "two");
}

// Whoever knows what the file holds can set its time without reading it; nobody else can.
static void test_touch(void **state) {
  (void)state;
  struct last_run r = sample(), other;
  struct evidence_book book = {0}, book_other;
  struct stat st;
  assert_false(last_run_touch(AT_FDCWD, path, r.content));
  assert_int_equal(last_run_save(path, &r, &book, true, NULL), ERR_OK);
  last_run_load(path, &other, &book_other);
  assert_memory_equal(r.content, other.content, sizeof r.content);
  make_old();
  assert_true(last_run_touch(AT_FDCWD, path, r.content));
  assert_int_equal(stat(path, &st), 0);
  assert_true(st.st_mtime > 1000);

  other.exit = 4; // of the same size
  assert_int_equal(last_run_save(path, &other, &book_other, true, NULL), ERR_OK);
  make_old();
  assert_false(last_run_touch(AT_FDCWD, path, r.content));
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mtime, 1000);
  assert_true(last_run_touch(AT_FDCWD, path, other.content));
  scratch_write(path, "");
  assert_false(last_run_touch(AT_FDCWD, path, other.content));
  unlink(path);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_false(last_run_touch(AT_FDCWD, path, other.content));
}

#define WITH_EVIDENCE(list)                                                                        \
  "{\"rotator_run\":1,\"service_id\":\"a\",\"iam_id\":\"b\",\"binding\":\"c\","                    \
  "\"last_look_s\":1,\"absent_since_s\":0,\"trouble_since_s\":0,\"row\":\"r\",\"why\":\"w\","      \
  "\"exit\":0,\"evidence\":" list "}"

// What somebody was told by one process is not told again by another that began before.
static void test_what_was_told_last_stays(void **state) {
  (void)state;
  struct last_run first = sample(), second, back;
  struct evidence_book book = sample_book(), other, book_back;
  assert_int_equal(last_run_save(path, &first, &book, true, NULL), ERR_OK);
  last_run_load(path, &second, &other);
  text_copy(first.told, sizeof first.told, "well");
  first.told_s = 200;
  assert_int_equal(last_run_save(path, &first, &book, false, NULL), ERR_OK);
  second.exit = 4;
  assert_int_equal(last_run_save(path, &second, &other, true, NULL), ERR_OK);
  last_run_load(path, &back, &book_back);
  assert_string_equal(back.told, "well");
  assert_int_equal(back.told_s, 200);
  assert_int_equal(back.exit, 4);
}

#define ONE_EVIDENCE(proven_s)                                                                     \
  "{\"print\":\"p\",\"key_id\":\"k\",\"proven_s\":" proven_s ",\"proven_by\":\"s\","               \
  "\"iam\":\"none\",\"iam_s\":0,\"refusal\":\"none\",\"refusal_s\":0,\"unanswered_s\":0}"

static void test_damage_is_absence(void **state) {
  (void)state;
  static const struct last_run nothing;
  static const struct evidence_book empty;
  static const char *const texts[] = {
      "",
      "x",
      "{}",
      "[]",
      "{\"rotator_run\":2}",
      "{\"rotator_run\":1,\"service_id\":5}",
      "{\"rotator_run\":1,\"service_id\":\"a\",\"iam_id\":\"b\",\"binding\":\"c\",\"last_look_s\":-"
      "1,"
      "\"trouble_since_s\":0,\"row\":\"r\",\"why\":\"w\",\"exit\":0}",
      WITH_EVIDENCE("5"),
      WITH_EVIDENCE("[5]"),
      WITH_EVIDENCE("[{\"print\":\"\"}]"),
      WITH_EVIDENCE("[{\"print\":\"p\",\"key_id\":\"k\",\"proven_s\":1,\"proven_by\":\"s\","
                    "\"iam\":\"no such cause\",\"iam_s\":0,\"refusal\":\"none\","
                    "\"refusal_s\":0,\"unanswered_s\":0}]"),
      WITH_EVIDENCE("[],\"told\":\"broken\",\"told_key\":\"k\",\"told_s\":0"),
      WITH_EVIDENCE("[" ONE_EVIDENCE("1") "," ONE_EVIDENCE("2") "]"),
  };
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    struct last_run r;
    struct evidence_book book;
    scratch_write(path, texts[i]);
    last_run_load(path, &r, &book);
    assert_memory_equal(&r, &nothing, sizeof r);
    assert_memory_equal(&book, &empty, sizeof book);
  }
  unlink(path);
  struct last_run r;
  struct evidence_book book;
  last_run_load(path, &r, &book);
  assert_memory_equal(&r, &nothing, sizeof r);
}

static void test_trouble_lasts(void **state) {
  (void)state;
  struct last_run r = {0};
  last_run_note(&r, true, 100);
  assert_int_equal(r.trouble_since_s, 100);
  last_run_note(&r, true, 200);
  assert_int_equal(r.trouble_since_s, 100);
  last_run_note(&r, false, 300);
  assert_int_equal(r.trouble_since_s, 0);
  last_run_note(&r, true, 400);
  last_run_note(&r, true, 50); // the clock went back
  assert_int_equal(r.trouble_since_s, 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_unchanged_only_sets_the_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_look_keeps_the_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_two_processes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_touch, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_what_was_told_last_stays, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_damage_is_absence, set_up, tear_down),
      cmocka_unit_test(test_trouble_lasts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
