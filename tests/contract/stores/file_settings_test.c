// What the file store's settings may be, and which line a mistake is blamed on.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "tests/contract/stores/file_bench.h"

struct mistake {
  enum store_kind kind;
  const char *path;
  const char *pairs[7];
  int line; // 10: path; 11: the first pair
  const char *says;
};

static void blames_the_line(void **state) {
  (void)state;
  static const struct mistake table[] = {
      {STORE_SINK, NULL, {NULL}, 0, "needs a path"},
      {STORE_SINK, "", {NULL}, 10, "absolute"},
      {STORE_SINK, "relative/key", {NULL}, 10, "absolute"},
      {STORE_SINK, "/", {NULL}, 10, "absolute"},
      {STORE_SINK, "/etc/", {NULL}, 10, "absolute"},
      {STORE_SINK, "/etc//key", {NULL}, 10, "absolute"},
      {STORE_SINK, "/etc/./key", {NULL}, 10, "absolute"},
      {STORE_SINK, "/etc/../key", {NULL}, 10, "absolute"},
      {STORE_HOME, "/etc/..", {NULL}, 10, "absolute"},
      {STORE_SINK, "/k", {"format", "yaml", NULL}, 11, "raw, json or env"},
      {STORE_SINK, "/k", {"variable", "A", NULL}, 11, "format env only"},
      {STORE_SINK, "/k", {"format", "json", "variable", "A", NULL}, 12, "format env only"},
      {STORE_SINK, "/k", {"variable", "1A", "format", "env", NULL}, 11, "shell name"},
      {STORE_SINK, "/k", {"variable", "A-B", "format", "env", NULL}, 11, "shell name"},
      {STORE_SINK, "/k", {"variable", "", "format", "env", NULL}, 11, "shell name"},
      {STORE_SINK, "/k", {"variable", "A=B", "format", "env", NULL}, 11, "shell name"},
      {STORE_SINK, "/k", {"format", "env", "newline", "true", NULL}, 12, "format raw only"},
      {STORE_SINK, "/k", {"mode", "0620", NULL}, 11, "write"},
      {STORE_SINK, "/k", {"mode", "0602", NULL}, 11, "write"},
      {STORE_SINK, "/k", {"mode", "0044", NULL}, 11, "owner read"},
      {STORE_SINK, "/k", {"mode", "0680", NULL}, 11, "octal"},
      {STORE_SINK, "/k", {"mode", "4600", NULL}, 11, "octal"},
      {STORE_SINK, "/k", {"mode", "60", NULL}, 11, "octal"},
      {STORE_SINK, "/k", {"mode", "u=rw", NULL}, 11, "octal"},
      {STORE_SINK, "/k", {"owner", "no-such-user-here", NULL}, 11, "owner 'no-such-user-here'"},
      {STORE_SINK, "/k", {"group", "no-such-group-here", NULL}, 11, "group 'no-such-group-here'"},
      {STORE_SINK, "/k", {"owner", "", NULL}, 11, "is not known"},
      {STORE_SINK, "/k", {"owner", "4294967295", NULL}, 11, "no id"},
      {STORE_SINK, "/k", {"group", "99999999999", NULL}, 11, "no id"},
      {STORE_HOME, "/k", {"format", "raw", NULL}, 11, "for sinks"},
      {STORE_HOME, "/k", {"mode", "0600", NULL}, 11, "for sinks"},
      {STORE_HOME, "/k", {"group", "0", NULL}, 11, "for sinks"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    const struct mistake *m = &table[i];
    struct error e = {0};
    int line = -1;
    enum err err = file_bench_try(m->kind, m->path, m->pairs, &line, &e);
    if (err != ERR_INVALID || line != m->line || !strstr(e.text, m->says))
      fail_msg("row %zu: %s, line %d: %s", i, err_name(err), line, e.text);
  }
}

static void takes_what_is_right(void **state) {
  (void)state;
  static const char *const right[][7] = {
      {NULL},
      {"format", "raw", "newline", "false", NULL},
      {"format", "env", NULL},
      {"format", "env", "variable", "_logs_KEY_2", NULL},
      {"format", "json", "mode", "0444", NULL},
      {"mode", "640", "owner", "root", "group", "0", NULL},
      {"owner", "4294967294", NULL},
  };
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    struct error e = {0};
    int line = -1;
    if (file_bench_try(STORE_SINK, "/etc/rotator/..keys./k", right[i], &line, &e) != ERR_OK)
      fail_msg("row %zu: %s", i, e.text);
  }
}

static void bounds_the_path(void **state) {
  (void)state;
  static const char *const none[] = {NULL};
  char path[600] = "/";
  struct error e = {0};
  int line = 0;
  memset(path + 1, 'a', 200);
  path[201] = '\0';
  assert_int_equal(ERR_OK, file_bench_try(STORE_SINK, path, none, &line, &e));
  path[201] = 'a';
  assert_int_equal(ERR_INVALID, file_bench_try(STORE_SINK, path, none, &line, &e));
  assert_non_null(strstr(e.text, "200 bytes"));
  memset(path + 1, 'a', sizeof path - 2);
  for (size_t i = 0; i < 480; i += 100)
    path[i] = '/';
  path[480] = '\0';
  assert_int_equal(ERR_OK, file_bench_try(STORE_SINK, path, none, &line, &e));
  path[480] = 'a';
  path[481] = '\0';
  assert_int_equal(ERR_INVALID, file_bench_try(STORE_SINK, path, none, &line, &e));
  assert_non_null(strstr(e.text, "longer than"));
}

static void names_the_item(void **state) {
  (void)state;
  struct store_item *it = file_bench_open(STORE_SINK, "/etc/x.env", "format", "env", (char *)NULL);
  assert_string_equal("file /etc/x.env", it->what);
  assert_string_equal("file:/etc/x.env", it->place);
  assert_int_equal(0, it->longest_ms);
  assert_false(it->stale_reads);
  store_item_free(it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blames_the_line),
      cmocka_unit_test(takes_what_is_right),
      cmocka_unit_test(bounds_the_path),
      cmocka_unit_test(names_the_item),
  };
  int failed = cmocka_run_group_tests_name("file settings", tests, NULL, NULL);
  return failed != 0;
}
