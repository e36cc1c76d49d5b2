// What is written about the configuration: the examples load, and no option is left out.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "tests/support/scratch.h"
#include "tests/unit/config/try.h"

static const char *root; // of the source tree

static char *read_source(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", root, name);
  FILE *f = fopen(path, "re");
  if (!f)
    fail_msg("%s cannot be opened", path);
  char *text = calloc(1, 1 << 20);
  assert_non_null(text);
  size_t len = fread(text, 1, (1 << 20) - 1, f);
  assert_true(len > 0);
  fclose(f);
  return text;
}

// The literal block behind a comment of the page, as it is shown.
static void copy_example(const char *page, const char *comment, char *dst, size_t cap) {
  const char *s = strstr(page, comment);
  assert_non_null(s);
  s = strstr(s, ".Bd -literal");
  assert_non_null(s);
  s = strchr(s, '\n') + 1;
  const char *end = strstr(s, "\n.Ed");
  assert_non_null(end);
  assert_null(memchr(s, '\\', (size_t)(end - s))); // nothing that roff would change
  assert_true((size_t)(end - s) + 2 < cap);
  snprintf(dst, cap, "%.*s\n", (int)(end - s), s);
}

static bool all_stores_are_built_in(const char *yaml) {
  static const char *const stores[] = {"file",   "vault",     "kubernetes",
                                       "helper", "libsecret", "ibm-secrets-manager"};
  for (size_t i = 0; i < COUNT_OF(stores); i++) {
    char word[32];
    snprintf(word, sizeof word, "%s:", stores[i]);
    if (strstr(yaml, word) && !store_backend_find(stores[i])) {
      print_message("the store %s is not built in\n", stores[i]);
      return false;
    }
  }
  return true;
}

static void expect_loads(const char *yaml, const char *extra) {
  struct scratch s;
  char file[SCRATCH_PATH * 2];
  struct config *c = NULL;
  struct config_report report;
  if (!all_stores_are_built_in(yaml))
    return;
  scratch_new(&s);
  assert_int_equal(mkdir(scratch_path(&s, "targets.d"), 0700), 0);
  if (extra)
    scratch_write(scratch_path(&s, "targets.d/extra.yaml"), extra);
  snprintf(file, sizeof file, "%s", scratch_path(&s, "rotator.yaml"));
  scratch_write(file, yaml);
  enum err err = config_load(file, NOW_S, store_backends, &c, &report);
  for (size_t i = 0; i < report.n; i++) {
    char text[1024];
    config_mistake_format(&report.mistakes[i], text, sizeof text);
    print_message("%s\n", text);
  }
  assert_int_equal(err, ERR_OK);
  assert_int_equal(report.n, 0);
  assert_int_equal(c->n_targets, extra ? 2 : 1);
  config_free(c);
  config_report_clear(&report);
  scratch_remove(&s);
}

static void the_examples_of_the_manual_load(void **state) {
  (void)state;
  char one[8192], two[8192], three[8192];
  char *page = read_source("contrib/man/rotator.yaml.5");
  copy_example(page, "example 1:", one, sizeof one);
  copy_example(page, "example 2:", two, sizeof two);
  copy_example(page, "example 3:", three, sizeof three);
  expect_loads(one, NULL);
  expect_loads(two, NULL);
  expect_loads(one, three);
  free(page);
}

static void the_example_file_loads(void **state) {
  (void)state;
  char *yaml = read_source("contrib/examples/rotator.yaml");
  expect_loads(yaml, NULL);
  free(yaml);
}

static void the_manual_names_every_option(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(256 * 1024);
  char line[128];
  assert_int_equal(config_schema_manual(&b), ERR_OK);
  for (size_t i = 0; i < config_options_n; i++) {
    snprintf(line, sizeof line, "\n.It Ic %s : ", config_options[i].name);
    if (!strstr(text_buf_str(&b), line))
      fail_msg("%s", line);
  }
  for (size_t i = 0; store_backends[i]; i++)
    for (const struct store_option *o = store_backends[i]->options; o->name; o++) {
      snprintf(line, sizeof line, "\n.It Ic %s : ", o->name);
      if (config_store_is_offered(store_backends[i]) && !strstr(text_buf_str(&b), line))
        fail_msg("%s: %s", store_backends[i]->name, line);
    }
  text_buf_free(&b);
}

// The schema of a dotted name below an object, references followed.
static const cJSON *schema_of(const cJSON *all, const cJSON *object, const char *dotted) {
  char name[CONFIG_NAME_MAX];
  snprintf(name, sizeof name, "%s", dotted);
  for (char *rest = name, *part = strsep(&rest, "."); part && object; part = strsep(&rest, ".")) {
    const cJSON *both = json_get(object, "anyOf");
    if (both && !json_get(object, "properties"))
      object = cJSON_GetArrayItem(both, 1);
    object = json_get(json_get(object, "properties"), part);
    const char *reference = object ? json_text(object, "$ref") : NULL;
    if (reference && rest)
      object = json_get(json_get(all, "$defs"), reference + strlen("#/$defs/"));
  }
  return object;
}

static void the_schema_names_every_option(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(256 * 1024);
  assert_int_equal(config_schema_json(&b), ERR_OK);
  JSON_AUTO all = json_parse(text_buf_str(&b), b.len);
  assert_non_null(all);
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    const cJSON *defs = json_get(all, "$defs");
    const cJSON *places[] = {o->where & CONFIG_MAIN ? all : NULL,
                             o->where & CONFIG_DEFAULTS ? json_get(defs, "defaults") : NULL,
                             o->where & CONFIG_TARGET ? json_get(defs, "target") : NULL};
    for (size_t k = 0; k < COUNT_OF(places); k++) {
      const cJSON *s = places[k] ? schema_of(all, places[k], o->name) : NULL;
      if (places[k] && (!s || !json_text(s, "description")))
        fail_msg("%s", o->name);
    }
  }
  for (size_t i = 0; store_backends[i]; i++)
    for (const struct store_option *o = store_backends[i]->options; o->name; o++) {
      char name[CONFIG_NAME_MAX * 2];
      snprintf(name, sizeof name, "%s.%s", store_backends[i]->name, o->name);
      if (config_store_is_offered(store_backends[i]) && !schema_of(all, all, name))
        fail_msg("%s", name);
    }
  text_buf_free(&b);
}

// A default that the table's own checks refuse would be no default.
static void every_default_is_a_right_value(void **state) {
  (void)state;
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    struct config c = {.jobs = 0};
    struct config_loader l = {.config = &c};
    struct config_value v = {.loader = &l,
                             .least = o->least,
                             .most = o->most,
                             .choices = o->choices,
                             .text = o->fallback};
    if (o->fallback && config_value_check(o->type, &v) != ERR_OK)
      fail_msg("%s: %s", o->name, v.e.text);
    assert_true(strlen(o->name) < CONFIG_NAME_MAX);
    assert_true(o->help[strlen(o->help) - 1] == '.');
  }
}

// Whoever adds a type adds its row: a check comes with a place to keep what was checked, and where
// there is no schema there are choices.
static void every_type_has_a_row(void **state) {
  (void)state;
  for (size_t i = 0; i < CONFIG_TYPES; i++) {
    const struct config_type_row *row = &config_types[i];
    JSON_AUTO schema = row->schema ? json_parse(row->schema, strlen(row->schema)) : NULL;
    bool choices = i == CONFIG_CHOICE || i == CONFIG_WORD;
    if (!row->check != !row->keep || (schema == NULL) != choices || !row->manual != choices)
      fail_msg("type %zu", i);
  }
}

int main(int argc, char **argv) {
  root = argc > 1 ? argv[1] : ".";
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_examples_of_the_manual_load),
      cmocka_unit_test(the_example_file_loads),
      cmocka_unit_test(the_manual_names_every_option),
      cmocka_unit_test(the_schema_names_every_option),
      cmocka_unit_test(every_default_is_a_right_value),
      cmocka_unit_test(every_type_has_a_row),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
