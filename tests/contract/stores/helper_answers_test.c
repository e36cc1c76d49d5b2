// Helpers that fail, lie, babble or can be changed by others: what each means to the caller.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/child.h"
#include "tests/contract/stores/file_bench.h"
#include "tests/support/unit.h"

#define KEY "v001-kQ5vRr0s_XtdmbF2hIhq5PqDd4rXxSduvO2Yh2Gx"

static enum err try_open(const char *program, const char *item, const char *timeout,
                         int *ret_line) {
  const struct store_setting s[] = {
      {"program", program, 1}, {"item", item, 2}, {"timeout", timeout, 3}};
  struct store_item *it = NULL;
  struct error e = {0};
  enum err err =
      store_backend_find("helper")->open(NULL, STORE_SINK, s, timeout ? 3 : 2, &it, ret_line, &e);
  assert_true((err == ERR_OK) == (it != NULL));
  assert_true(err == ERR_OK || e.text[0]);
  store_item_free(it);
  return err;
}

static struct store_item *helper(const char *path, const char *timeout) {
  const struct store_setting s[] = {
      {"program", path, 1}, {"item", "a", 2}, {"timeout", timeout, 3}};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  assert_int_equal(ERR_OK,
                   store_backend_find("helper")->open(NULL, STORE_SINK, s, 3, &it, &line, &e));
  return it;
}

// A helper whose body is the script; `$1` is the verb.
static struct store_item *scripted(const struct file_bench *b, const char *script,
                                   const char *timeout) {
  char text[2048];
  snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
  file_bench_put(b->path, text, strlen(text), 0700);
  return helper(b->path, timeout);
}

static enum err read_of(struct store_item *it, struct store_record *ret, struct error *e) {
  struct store_version v = {""};
  return store_read(it, ret, &v, e);
}

static enum err write_of(struct store_item *it, struct error *e) {
  struct store_record r = {.value = secret_copy_text(KEY), .key_id = "ApiKey-7"};
  struct store_version v = {""};
  enum err err = store_write(it, &r, &v, &v, e);
  store_record_clear(&r);
  return err;
}

static void answers_and_what_they_mean(void **state) {
  static const struct {
    const char *script;
    enum err read, write;
  } cases[] = {
      {"echo '{\"absent\":true}'", ERR_MISSING, ERR_UNSURE},
      {"echo '{\"value\":\"\"}'", ERR_MISSING, ERR_UNSURE},
      {"echo '{\"value\":7}'", ERR_REFUSED, ERR_UNSURE},
      {"echo '{\"value\":\"a b\"}'", ERR_CORRUPT, ERR_UNSURE},
      {"echo '{\"value\":\"abc\"}'", ERR_OK, ERR_UNSURE},                // no ok
      {"echo '{\"value\":\"abc\",\"ok\":true}'", ERR_OK, ERR_UNSURE},    // another value
      {"echo '{\"absent\":true,\"ok\":true}'", ERR_MISSING, ERR_UNSURE}, // not there
      {"echo '{\"value\":\"" KEY "\",\"ok\":true}'", ERR_OK, ERR_OK},
      {"echo '{}'", ERR_REFUSED, ERR_UNSURE},
      {"echo '[]'", ERR_REFUSED, ERR_UNSURE},
      {"echo nonsense", ERR_REFUSED, ERR_UNSURE},
      {":", ERR_REFUSED, ERR_UNSURE},
      {"yes", ERR_REFUSED, ERR_UNSURE},
      {"exit 1", ERR_REFUSED, ERR_UNSURE},
      {"exit 75", ERR_UNSENT, ERR_UNSENT},
      {"kill -9 $$", ERR_REFUSED, ERR_UNSURE},
      {"echo '{\"absent\":true}'; exit 1", ERR_REFUSED, ERR_UNSURE},
      {"echo '{\"error\":{\"kind\":\"refused\",\"text\":\"no\"}}'", ERR_REFUSED, ERR_REFUSED},
      {"echo '{\"error\":{\"kind\":\"denied\",\"text\":\"no\"}}'", ERR_DENIED, ERR_DENIED},
      {"echo '{\"error\":{\"kind\":\"locked\",\"text\":\"no\"}}'", ERR_LOCKED, ERR_LOCKED},
      {"echo '{\"error\":{\"kind\":\"limit\",\"text\":\"no\"}}'", ERR_LIMIT, ERR_LIMIT},
      {"echo '{\"error\":{\"kind\":\"corrupt\"}}'", ERR_CORRUPT, ERR_CORRUPT},
      {"echo '{\"error\":{\"kind\":\"unsent\"}}'", ERR_UNSENT, ERR_UNSENT},
      {"echo '{\"error\":{\"kind\":\"throttled\"}}'", ERR_THROTTLED, ERR_THROTTLED},
      {"echo '{\"error\":{\"kind\":\"unsure\"}}'", ERR_UNSURE, ERR_UNSURE},
      {"echo '{\"error\":{\"kind\":\"missing\"}}'", ERR_REFUSED, ERR_UNSURE}, // only absent says so
      {"echo '{\"error\":{\"kind\":\"ok\"}}'", ERR_REFUSED, ERR_UNSURE},
      {"echo '{\"error\":\"no\"}'", ERR_REFUSED, ERR_UNSURE},
      {"exec 0<&-; echo '{\"absent\":true}'", ERR_MISSING, ERR_UNSURE}, // does not read the request
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct store_item *it = scripted(*state, cases[i].script, "30s");
    struct store_record r = {0};
    struct error e = {0};
    enum err reading = read_of(it, &r, &e);
    if (reading != cases[i].read)
      fail_msg("read, %s: %s (%s)", cases[i].script, err_name(reading), e.text);
    store_record_clear(&r);
    enum err writing = write_of(it, &e);
    if (writing != cases[i].write)
      fail_msg("write, %s: %s (%s)", cases[i].script, err_name(writing), e.text);
    store_item_free(it);
  }
}

static void the_request_is_whole(void **state) {
  struct file_bench *b = *state;
  char script[1100];
  snprintf(script, sizeof script,
           "cat >%s/$1; printf '%%s ' \"$#\" >%s/args; env >%s/env\n"
           "echo '{\"value\":\"" KEY
           "\",\"ok\":true,\"version\":\"v7\",\"key_id\":\"ApiKey-7\",\"key_name\":\"n\","
           "\"created\":\"2026-11-24T05:40:00Z\"}'",
           b->dir, b->dir, b->dir);
  struct store_item *it = scripted(b, script, "30s");
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  char path[FILE_BENCH_PATH + 16];
  assert_int_equal(ERR_OK, write_of(it, &e));
  assert_int_equal(ERR_OK, store_check(it, &e));
  assert_int_equal(ERR_OK, store_read(it, &r, &v, &e));
  assert_string_equal("v7", v.text);
  assert_string_equal("ApiKey-7", r.key_id);
  assert_string_equal("n", r.key_name);
  assert_int_equal(1795498800, r.created_s);
  store_record_clear(&r);
  snprintf(path, sizeof path, "%s/write", b->dir);
  assert_string_equal("{\"value\":\"" KEY
                      "\",\"key_id\":\"ApiKey-7\",\"version\":1,\"item\":\"a\",\"kind\":\"sink\"}",
                      file_bench_get(path));
  snprintf(path, sizeof path, "%s/read", b->dir);
  assert_string_equal("{\"version\":1,\"item\":\"a\",\"kind\":\"sink\"}", file_bench_get(path));
  snprintf(path, sizeof path, "%s/args", b->dir);
  assert_string_equal("1 ", file_bench_get(path));
  snprintf(path, sizeof path, "%s/env", b->dir);
  assert_null(strstr(file_bench_get(path), KEY));
  assert_null(strstr(file_bench_get(path), "ROTATOR_TEST_CANARY"));
  store_item_free(it);
}

static void versions_tell_contents_apart(void **state) {
  static const char *const scripts[] = {
      "echo '{\"value\":\"a\"}'",
      "echo '{\"value\":\"b\"}'",
      "echo '{\"value\":\"a\",\"version\":\"x\\u001b[1m\"}'",
      "echo '{\"value\":\"a\",\"version\":\"x\\u001b[2m\"}'",
      "echo \"{\\\"value\\\":\\\"a\\\",\\\"version\\\":\\\"$(printf %0300d 1)\\\"}\"",
      "echo \"{\\\"value\\\":\\\"a\\\",\\\"version\\\":\\\"$(printf %0300d 2)\\\"}\"",
  };
  enum { N = sizeof scripts / sizeof scripts[0] };
  struct store_version v[N] = {{""}};
  for (size_t i = 0; i < N; i++) {
    struct store_item *it = scripted(*state, scripts[i], "30s");
    struct store_record r = {0};
    struct error e = {0};
    if (store_read(it, &r, &v[i], &e) != ERR_OK)
      fail_msg("%s: %s", scripts[i], e.text);
    store_record_clear(&r);
    store_item_free(it);
    for (const char *c = v[i].text; *c; c++)
      assert_within(*c, 0x21, 0x7e);
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(v[i].text, v[k].text);
  }
}

static void what_it_says_has_no_key_in_it(void **state) {
  static const char *const scripts[] = {
      "sed 's/.*value.:.\\([^\"]*\\).*/bad \\1 luck/' >&2; exit 1",
      "echo \"{\\\"error\\\":{\\\"kind\\\":\\\"refused\\\",\\\"text\\\":\\\"bad $(sed "
      "'s/.*value.:.\\([^\"]*\\).*/\\1/') luck\\\"}}\"",
  };
  for (size_t i = 0; i < 2; i++) {
    struct store_item *it = scripted(*state, scripts[i], "30s");
    struct error e = {0};
    assert_int_not_equal(ERR_OK, write_of(it, &e));
    assert_null(strstr(e.text, "kQ5vRr0s"));
    if (!strstr(e.text, "bad [...] luck"))
      fail_msg("%s", e.text);
    store_item_free(it);
  }
}

static void the_time_limit_holds(void **state) {
  struct store_item *it = scripted(*state, "sleep 1000", "1s");
  struct store_record r = {0};
  struct error e = {0};
  assert_int_equal(1000 + CHILD_MERCY_MS, it->longest_ms);
  assert_int_equal(ERR_UNSURE, read_of(it, &r, &e));
  assert_non_null(strstr(e.text, "did not end within 1 s"));
  store_item_free(it);
}

static void assert_refused(struct store_item *it, enum err want, const char *word) {
  struct store_record r = {0};
  struct error e = {0};
  assert_int_equal(want, read_of(it, &r, &e));
  assert_int_equal(want, store_check(it, &e));
  assert_int_equal(want, write_of(it, &e));
  if (!strstr(e.text, word))
    fail_msg("%s: not %s", e.text, word);
}

static void programs_of_others_are_refused(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = scripted(b, "echo '{\"value\":\"" KEY "\",\"ok\":true}'", "30s");
  struct error e = {0};
  assert_int_equal(ERR_OK, write_of(it, &e));
  chmod(b->path, 0720);
  assert_refused(it, ERR_REFUSED, "writable by others");
  chmod(b->path, 0702);
  assert_refused(it, ERR_REFUSED, "writable by others");
  chmod(b->path, 0600);
  assert_refused(it, ERR_DENIED, "cannot be run");
  chmod(b->path, 0700);
  chmod(b->dir, 0777);
  assert_refused(it, ERR_REFUSED, "directory");
  chmod(b->dir, 01777);
  assert_int_equal(ERR_OK, write_of(it, &e));
  chmod(b->dir, 0700);
  if (geteuid() == 0) {
    assert_int_equal(0, chown(b->path, 12345, (gid_t)-1));
    assert_refused(it, ERR_REFUSED, "belongs to user 12345");
  }
  unlink(b->path);
  assert_refused(it, ERR_REFUSED, "is not there");
  assert_int_equal(0, mkdir(b->path, 0700));
  assert_refused(it, ERR_REFUSED, "not a program");
  rmdir(b->path);
  store_item_free(it);
}

// The way by a link through a directory that others can write is as bad.
static void links_are_followed_with_care(void **state) {
  struct file_bench *b = *state;
  char open_dir[FILE_BENCH_PATH + 8], link_path[FILE_BENCH_PATH + 16];
  struct error e = {0};
  store_item_free(scripted(b, "echo '{\"value\":\"" KEY "\",\"ok\":true}'", "30s"));
  snprintf(open_dir, sizeof open_dir, "%s/open", b->dir);
  snprintf(link_path, sizeof link_path, "%s/link", open_dir);
  assert_int_equal(0, mkdir(open_dir, 0700));
  assert_int_equal(0, symlink("../key", link_path));
  struct store_item *it = helper(link_path, "30s");
  assert_int_equal(ERR_OK, write_of(it, &e));
  chmod(open_dir, 0777);
  assert_refused(it, ERR_REFUSED, "directory");
  store_item_free(it);
}

static void settings_are_checked(void **state) {
  (void)state;
  int line = 9;
  assert_int_equal(ERR_OK, try_open("/x", "a", NULL, &line));
  assert_int_equal(ERR_OK, try_open("/x", "Logs/prod:1@b+c=d_e.f-g", "5m", &line));
  assert_int_equal(ERR_INVALID, try_open("x", "a", NULL, &line));
  assert_int_equal(1, line);
  static const char *const names[] = {"",   "-a",  "../a", "a/../b",   "a/..", "a//b",
                                      "a/", "a b", "a\n",  "\xc3\xbc", "a%"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    line = 9;
    if (try_open("/x", names[i], NULL, &line) != ERR_INVALID || line != 2)
      fail_msg("item '%s' is accepted", names[i]);
  }
  static const char *const times[] = {"0s", "6m", "x", "20"};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    assert_int_equal(ERR_INVALID, try_open("/x", "a", times[i], &line));
    assert_int_equal(3, line);
  }
}

static enum err open_libsecret(const char *name, const char *value, enum store_kind kind,
                               char place[512]) {
  const struct store_setting s[] = {{"item", "a", 1}, {name, value, 2}};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  enum err err = store_backend_find("libsecret")->open(NULL, kind, s, name ? 2 : 1, &it, &line, &e);
  if (err == ERR_OK)
    snprintf(place, 512, "%s", it->place);
  assert_true(err == ERR_OK || line == 2);
  store_item_free(it);
  return err;
}

static void libsecret_settings_are_checked(void **state) {
  (void)state;
  char home[512] = "", sink[512] = "", other[512] = "";
  assert_int_equal(ERR_OK, open_libsecret(NULL, NULL, STORE_HOME, home));
  assert_int_equal(ERR_OK, open_libsecret(NULL, NULL, STORE_SINK, sink));
  assert_int_equal(ERR_OK, open_libsecret("collection", "login", STORE_SINK, other));
  assert_string_equal("libsecret:default/home/a", home);
  assert_string_equal("libsecret:default/sink/a", sink);
  assert_string_equal("libsecret:login/sink/a", other);
  assert_int_equal(ERR_INVALID, open_libsecret("collection", "session", STORE_SINK, other));
  assert_int_equal(ERR_INVALID, open_libsecret("collection", "a/b", STORE_SINK, other));
  assert_int_equal(ERR_INVALID, open_libsecret("program", "rotator-libsecret", STORE_SINK, other));
  assert_int_equal(ERR_INVALID, open_libsecret("timeout", "1h", STORE_SINK, other));
}

#define BENCH_TEST(test)                                                                           \
  cmocka_unit_test_setup_teardown(test, file_bench_setup, file_bench_teardown)

int main(void) {
  env_real_catch_signals();
  setenv("ROTATOR_TEST_CANARY", "1", 1);
  const struct CMUnitTest tests[] = {
      BENCH_TEST(answers_and_what_they_mean),
      BENCH_TEST(the_request_is_whole),
      BENCH_TEST(versions_tell_contents_apart),
      BENCH_TEST(what_it_says_has_no_key_in_it),
      BENCH_TEST(the_time_limit_holds),
      BENCH_TEST(programs_of_others_are_refused),
      BENCH_TEST(links_are_followed_with_care),
      cmocka_unit_test(settings_are_checked),
      cmocka_unit_test(libsecret_settings_are_checked),
  };
  int failed = cmocka_run_group_tests_name("helper answers", tests, NULL, NULL);
  return failed != 0;
}
