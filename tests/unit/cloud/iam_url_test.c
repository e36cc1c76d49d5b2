#include "rotator/cloud/iam_url.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/unit/cloud/fixture.h"

static void bases(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"https://iam.cloud.ibm.com", "https://iam.cloud.ibm.com"},
      {"https://iam.cloud.ibm.com/", "https://iam.cloud.ibm.com"},
      {"https://iam.cloud.ibm.com///", "https://iam.cloud.ibm.com"},
      {"https://iam.cloud.ibm.com/identity/token", "https://iam.cloud.ibm.com"},
      {"https://iam.cloud.ibm.com/identity/token/", "https://iam.cloud.ibm.com"},
      {"https://proxy/iam/identity/token", "https://proxy/iam"},
      {"https://proxy/iam", "https://proxy/iam"},
      {"", ""},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char *base = iam_url_base(rows[i].in);
    assert_string_equal(base, rows[i].out);
    free(base);
  }
}

static void parts_are_encoded(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(IAM_URL_MAX);
  text_buf_add(&b, "https://h/v1");
  iam_url_segment(&b, "a/../b?c");
  iam_url_query(&b, "name", "x y&z=1");
  iam_url_query(&b, "pagetoken", "abc+/=");
  assert_string_equal(text_buf_str(&b),
                      "https://h/v1/a%2F..%2Fb%3Fc?name=x%20y%26z%3D1&pagetoken=abc%2B%2F%3D");
  assert_false(b.failed);
  text_buf_free(&b);
}

static void what_does_not_fit_fails(void **state) {
  (void)state;
  static char huge[3 * IAM_PAGE_TOKEN_MAX + 2];
  memset(huge, 'a', sizeof huge - 1);
  struct text_buf b = TEXT_BUF(IAM_URL_MAX);
  iam_url_query(&b, "x", huge);
  assert_true(b.failed);
  text_buf_free(&b);
}

static void parameters_are_found(void **state) {
  (void)state;
  static const struct {
    const char *url, *value; // NULL: none
  } rows[] = {
      {"https://h/v1/apikeys?pagetoken=abc", "abc"},
      {"https://h/v1/apikeys?account_id=x&pagetoken=abc&pagesize=100", "abc"},
      {"https://h/v1/apikeys?pagetoken=a%2Bb%3D%3d", "a+b=="},
      {"https://h/v1/apikeys?pagetoken=a+b", "a b"},
      {"/v1/apikeys?pagetoken=abc#pagetoken=def", "abc"},
      {"https://h/v1/apikeys#?pagetoken=abc", NULL},
      {"https://h/v1/apikeys?xpagetoken=abc", NULL},
      {"https://h/v1/apikeys?pagetokenx=abc", NULL},
      {"https://h/v1/apikeys?pagetoken=", NULL},
      {"https://h/v1/apikeys?pagetoken", NULL},
      {"https://h/v1/apikeys?pagetoken=a%2", NULL},
      {"https://h/v1/apikeys?pagetoken=a%zz", NULL},
      {"https://h/v1/apikeys?pagetoken=a%00b", NULL},
      {"https://h/v1/apikeys?pagetoken=0123456789abcdef", NULL}, // longer than the room for it
      {"https://h/v1/apikeys?&&", NULL},
      {"https://h/v1/apikeys", NULL},
      {"", NULL},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char value[16];
    bool found = iam_url_param(rows[i].url, "pagetoken", value, sizeof value);
    assert_int_equal(found, rows[i].value != NULL);
    if (found)
      assert_string_equal(value, rows[i].value);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bases),
      cmocka_unit_test(parts_are_encoded),
      cmocka_unit_test(what_does_not_fit_fails),
      cmocka_unit_test(parameters_are_found),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
