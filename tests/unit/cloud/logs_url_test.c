#include <string.h>

#include "rotator/cloud/logs.h"
#include "tests/unit/cloud/fixture.h"

#define GUID "5a5a5a5a-0000-4000-8000-000000000001"

static void hosts(void **state) {
  (void)state;
  static const struct {
    const char *guid, *region, *kind, *url; // NULL: refused
  } rows[] = {
      {GUID, "eu-de", "public", "https://" GUID ".ingress.eu-de.logs.cloud.ibm.com"},
      {GUID, "eu-de", "private", "https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com"},
      {GUID, "eu-de", "classic", "https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com:3443"},
      {GUID, "xx-new", "public", "https://" GUID ".ingress.xx-new.logs.cloud.ibm.com"},
      {GUID, "eu-de", "vpe", NULL},
      {GUID, "eu-de", "", NULL},
      {GUID, "", "public", NULL},
      {GUID, "eu.de", "public", NULL},
      {GUID, "-eu", "public", NULL},
      {GUID, "eu/x", "public", NULL},
      {"", "eu-de", "public", NULL},
      {"evil.example/", "eu-de", "public", NULL},
      {"a@b", "eu-de", "public", NULL},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "eu-de", "public", NULL},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char url[256] = "";
    bool fits = logs_ingress_url(url, sizeof url, rows[i].guid, rows[i].region, rows[i].kind);
    assert_int_equal(fits, rows[i].url != NULL);
    if (fits)
      assert_string_equal(url, rows[i].url);
  }
  char small[20];
  assert_false(logs_ingress_url(small, sizeof small, GUID, "eu-de", "public"));
}

static void regions(void **state) {
  (void)state;
  assert_true(logs_region_is_known("eu-de"));
  assert_true(logs_region_is_known("br-sao"));
  assert_false(logs_region_is_known("eu-xx"));
  assert_false(logs_region_is_known(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(regions)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
