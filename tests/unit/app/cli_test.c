// The command line: what each table entry promises is kept by the parser, and the tables themselves
// make sense.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/cli.h"
#include "rotator/base/text.h"
#include "tests/support/unit.h"

#define ARGS_MAX 16

// Parses words that end with NULL; *c is to be cleared.
static enum err parse(struct cli *c, struct error *e, const char *const *words) {
  char *argv[ARGS_MAX + 1] = {(char[]){"rotator"}};
  int n = 1;
  for (; words[n - 1]; n++)
    argv[n] = (char *)(uintptr_t)words[n - 1];
  memset(e, 0, sizeof *e);
  return cli_parse(n, argv, c, e);
}
#define PARSE(c, e, ...) parse(&(c), &(e), (const char *const[]){__VA_ARGS__, NULL})

static void test_words_and_options_in_any_order(void **state) {
  (void)state;
  struct cli c;
  struct error e;
  assert_int_equal(PARSE(c, e, "--json", "-c", "f.yaml", "rotate", "a", "--reason=x y", "b"),
                   ERR_OK);
  assert_int_equal(c.command, CMD_ROTATE);
  assert_int_equal(c.n_targets, 2);
  assert_string_equal(c.targets[1], "b");
  assert_string_equal(c.config, "f.yaml");
  assert_string_equal(c.reason, "x y");
  assert_true(c.json);
  assert_int_equal(c.grace_s, -1);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "a", "a"), ERR_OK);
  assert_int_equal(c.n_targets, 1);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "status", "--", "--json"), ERR_OK);
  assert_int_equal(c.n_targets, 1);
  assert_false(c.json);
  cli_clear(&c);
}

static void test_letters(void **state) {
  (void)state;
  struct cli c;
  struct error e;
  assert_int_equal(PARSE(c, e, "run", "-qvn", "-j4", "-cx"), ERR_OK);
  assert_true(c.quiet && c.verbose && c.dry_run);
  assert_int_equal(c.jobs, 4);
  assert_string_equal(c.config, "x");
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "-j"), ERR_INVALID);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "-qX"), ERR_INVALID);
  cli_clear(&c);
}

static void test_values(void **state) {
  (void)state;
  struct cli c;
  struct error e;
  assert_int_equal(PARSE(c, e, "rotate", "a", "--grace", "1d12h", "--wait"), ERR_OK);
  assert_int_equal(c.grace_s, 36 * 3600);
  assert_string_equal(c.wait, "published");
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "rotate", "a", "--wait=retired"), ERR_OK);
  assert_string_equal(c.wait, "retired");
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "--shard", "3/4"), ERR_OK);
  assert_int_equal(c.shard.index, 3);
  assert_int_equal(c.shard.count, 4);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "--shard=4/4"), ERR_INVALID);
  assert_non_null(strstr(e.text, "the last of 4 is 3/4"));
  cli_clear(&c);
  static const char *const wrong[][4] = {
      {"run", "--shard=0/0"},
      {"run", "--shard=5/4"},
      {"run", "--shard=1"},
      {"run", "--shard=1/"},
      {"run", "--shard=/4"},
      {"run", "--shard=-1/4"},
      {"run", "--shard=1/4x"},
      {"run", "--shard=1/999999"},
      {"run", "--shard=0/2", "a"},
      {"rotate", "a", "--shard=0/2"},
      {"rotate", "a", "--grace=5"},
      {"rotate", "a", "--wait=soon"},
      {"run", "--jobs=0"},
      {"run", "--jobs=-1"},
      {"run", "--jobs=9999"},
      {"run", "--jobs=1x"},
      {"run", "--jobs=99999999999999999"},
      {"run", "--json=1"},
      {"run", "--reason=x"},
      {"rotate", "a", "--reason="},
      {"run", "--config"},
      {"rotate"},
      {"init", "a", "b"},
      {"run", "--log-format=xml"},
      {"nothing"},
      {"--json"},
  };
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    assert_int_equal(parse(&c, &e, wrong[i]), ERR_INVALID);
    assert_true(e.text[0] != '\0');
    cli_clear(&c);
  }
}

static void test_hints(void **state) {
  (void)state;
  struct cli c;
  struct error e;
  assert_int_equal(PARSE(c, e, "statsu"), ERR_INVALID);
  assert_non_null(strstr(e.text, "'status'"));
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "--dryrun"), ERR_INVALID);
  assert_non_null(strstr(e.text, "--dry-run"));
  assert_int_equal(c.command, CMD_RUN);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "run", "--pateince"), ERR_INVALID);
  assert_null(strstr(e.text, "--patience")); // hidden ones are no hint
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "xyz"), ERR_INVALID);
  assert_null(strstr(e.text, "did you mean"));
  cli_clear(&c);
}

static void test_help_needs_nothing_else(void **state) {
  (void)state;
  struct cli c;
  struct error e;
  assert_int_equal(PARSE(c, e, "--help"), ERR_OK);
  assert_true(c.help);
  cli_clear(&c);
  assert_int_equal(PARSE(c, e, "rotate", "--help"), ERR_OK);
  cli_clear(&c);
}

static void test_tables(void **state) {
  (void)state;
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++) {
    assert_non_null(cli_commands[i].name);
    assert_true(text_ends(cli_commands[i].help, "."));
  }
  for (size_t i = 0; i < cli_n_options; i++) {
    const struct cli_option *o = &cli_options[i];
    assert_true(text_ends(o->help, ".") || strstr(o->help, "(5m)"));
    assert_true((o->type == CLI_FLAG) == (o->arg == NULL));
    assert_true((o->type == CLI_CHOICE) == (o->choices != NULL));
    assert_true(o->field < sizeof(struct cli));
    assert_true(o->commands != 0);
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(cli_options[k].name, o->name);
      assert_true(!o->letter || cli_options[k].letter != o->letter);
      assert_true(cli_options[k].field != o->field);
    }
  }
}

static void test_help_names_each_option_once(void **state) {
  (void)state;
  for (int i = CMD_NONE; i < CMD_COUNT; i++) {
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    cli_help(f, (enum command)i);
    fclose(f);
    for (size_t k = 0; k < cli_n_options; k++) {
      char name[64];
      snprintf(name, sizeof name, " --%s", cli_options[k].name);
      bool shown = strstr(text, name) != NULL;
      bool meant = cli_option_belongs(&cli_options[k], (enum command)i) ||
                   cli_option_belongs(&cli_options[k], CMD_NONE);
      assert_true(shown == meant);
    }
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words_and_options_in_any_order),
      cmocka_unit_test(test_letters),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_hints),
      cmocka_unit_test(test_help_needs_nothing_else),
      cmocka_unit_test(test_tables),
      cmocka_unit_test(test_help_names_each_option_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
