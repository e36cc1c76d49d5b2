// What consumers read in a file that the store refuses, or that does not decode: as a shell and
// EnvironmentFile= do, of a variable that is set twice the last one.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "tests/contract/stores/file_bench.h"

struct serves {
  const char *format, *bytes;
  const char *value; // NULL: readers would not agree on one
};

static void serves_what_consumers_read(void **state) {
  struct file_bench *b = *state;
  static const struct serves table[] = {
      {"env", "IAM_API_KEY=a\nLOG_LEVEL=debug\n", "a"},
      {"env", "LOG_LEVEL='de bug'\n\n# c\nIAM_API_KEY=\"a\"", "a"},
      {"env", "IAM_API_KEY=a\nIAM_API_KEY=b\n", "b"},
      {"env", "IAM_API_KEY=a\nIAM_API_KEY=\n", NULL},
      {"env", "LOG_LEVEL=debug\n", NULL},
      {"env", "IAM_API_KEY=a\nexport IAM_API_KEY=b\n", NULL},
      {"env", "IAM_API_KEY=a\nOTHER='\nIAM_API_KEY=b\n", NULL},
      {"env", "IAM_API_KEY=a\nOTHER=b\\\n", NULL},
      {"env", "IAM_API_KEY=a\nOTHER=\"$b\"\n", NULL},
      {"env", "IAM_API_KEY=a\n; no comment of a shell's\n", NULL},
      {"env", "IAM_API_KEY=a\nrm -rf x\n", NULL},
      {"env", "1=2\nIAM_API_KEY=a\n", NULL},
      {"json", "{\"apikey\":\"a\",\"team\":\"x\"}", "a"},
      {"json", "{\"apikey\":\"a\",\"apikey\":\"b\"}", NULL},
      {"json", "{\"apiKey\":\"a\"}", NULL},
      {"raw", "a b\n", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *format = table[i].format;
    struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", format, (char *)NULL);
    SECRET_AUTO value = NULL;
    struct error e = {0};
    file_bench_put_text(b->path, table[i].bytes);
    enum err err = store_read_served(it, &value, &e);
    if (err != (table[i].value ? ERR_OK : ERR_MISSING))
      fail_msg("%s \"%s\": %s (%s)", format, table[i].bytes, err_name(err), e.text);
    if (table[i].value)
      assert_string_equal(table[i].value, secret_bytes(value));
    else
      assert_null(value);
    store_item_free(it);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
      serves_what_consumers_read, file_bench_setup, file_bench_teardown)};
  return cmocka_run_group_tests_name("file served", tests, NULL, NULL) != 0;
}
