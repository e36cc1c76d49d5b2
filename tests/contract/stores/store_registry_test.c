// Every store in backends/ is registered, describes its options, and its manual page lists the
// same.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#include "backends/store.h"

// ROTATOR_BACKENDS: the folder backends/. ROTATOR_STORES: the names of the stores that CMake built.

static void every_folder_is_registered(void **state) {
  (void)state;
  static const char *const folders[] = {ROTATOR_STORES};
  size_t n = sizeof folders / sizeof folders[0], registered = 0;
  for (size_t i = 0; i < n; i++)
    if (!store_backend_find(folders[i]))
      fail_msg("backends/%s has no line in registry.c", folders[i]);
  while (store_backends[registered])
    registered++;
  assert_int_equal(n, registered);
  assert_null(store_backend_find("no-such-store"));
  assert_null(store_backend_find(""));
}

static void names_are_in_order(void **state) {
  (void)state;
  for (size_t i = 1; store_backends[i]; i++)
    assert_true(strcmp(store_backends[i - 1]->name, store_backends[i]->name) < 0);
}

static void options_are_described(void **state) {
  (void)state;
  for (size_t i = 0; store_backends[i]; i++) {
    const struct store_backend *b = store_backends[i];
    assert_non_null(b->open);
    for (const struct store_option *o = b->options; o->name; o++) {
      size_t len = o->help ? strlen(o->help) : 0;
      if (len < 10 || o->help[len - 1] != '.')
        fail_msg("%s: option %s has no sentence of help", b->name, o->name);
      if ((o->type == STORE_OPT_CHOICE) != (o->choices != NULL) || (o->required && o->fallback))
        fail_msg("%s: option %s contradicts itself", b->name, o->name);
      for (const struct store_option *p = b->options; p < o; p++)
        assert_string_not_equal(p->name, o->name);
    }
  }
}

// The `.It Ic NAME` items of a page, in their order, are the option table.
static void assert_page_lists(const struct store_backend *b, FILE *page) {
  char line[512];
  const struct store_option *o = b->options;
  while (fgets(line, sizeof line, page)) {
    char name[64];
    if (sscanf(line, ".It Ic %63s", name) != 1)
      continue;
    if (!o->name || strcmp(o->name, name) != 0)
      fail_msg("rotator-store-%s.5 lists %s where the table has %s", b->name, name,
               o->name ? o->name : "nothing more");
    o++;
  }
  if (o->name)
    fail_msg("rotator-store-%s.5 does not list %s", b->name, o->name);
}

static void pages_list_the_options(void **state) {
  (void)state;
  for (size_t i = 0; store_backends[i]; i++) {
    char path[512];
    const char *name = store_backends[i]->name;
    snprintf(path, sizeof path, "%s/%s/rotator-store-%s.5", ROTATOR_BACKENDS, name, name);
    FILE *page = fopen(path, "re");
    if (!page && strcmp(name, "memory") == 0) // for tests: its README is enough
      continue;
    if (!page)
      fail_msg("%s is missing", path);
    assert_page_lists(store_backends[i], page);
    fclose(page);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_folder_is_registered),
      cmocka_unit_test(names_are_in_order),
      cmocka_unit_test(options_are_described),
      cmocka_unit_test(pages_list_the_options),
  };
  int failed = cmocka_run_group_tests_name("store registry", tests, NULL, NULL);
  return failed != 0;
}
