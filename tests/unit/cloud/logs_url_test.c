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

static void queries_go_to_the_other_host(void **state) {
  (void)state;
  static const struct {
    const char *ingress, *api; // NULL: not known
  } rows[] = {
      {"https://" GUID ".ingress.eu-de.logs.cloud.ibm.com",
       "https://" GUID ".api.eu-de.logs.cloud.ibm.com"},
      {"https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com:3443",
       "https://" GUID ".api.private.eu-de.logs.cloud.ibm.com:3443"},
      {"https://" GUID ".ingress.eu-de.logs.test.cloud.ibm.com/",
       "https://" GUID ".api.eu-de.logs.test.cloud.ibm.com/"},
      {"https://proxy.example/a.ingress.b", NULL},
      {"https://proxy.example:1/.ingress.", NULL},
      {"https://logs.example", NULL},
      {"nothing.ingress.example", NULL},
  };
  char url[256];
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(logs_api_url_of(url, sizeof url, rows[i].ingress), rows[i].api != NULL);
    if (rows[i].api)
      assert_string_equal(url, rows[i].api);
  }
  assert_true(logs_api_url(url, sizeof url, GUID, "eu-de", "classic"));
  assert_string_equal(url, "https://" GUID ".api.private.eu-de.logs.cloud.ibm.com:3443");
  assert_false(logs_api_url(url, sizeof url, GUID, "eu-de", "near"));
  char small[30];
  assert_false(logs_api_url_of(small, sizeof small, rows[0].ingress));
}

static void regions(void **state) {
  (void)state;
  assert_true(logs_region_is_known("eu-de"));
  assert_true(logs_region_is_known("br-sao"));
  assert_false(logs_region_is_known("eu-xx"));
  assert_false(logs_region_is_known(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hosts),
                                     cmocka_unit_test(queries_go_to_the_other_host),
                                     cmocka_unit_test(regions)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
