// Page tokens out of links: what is taken survives the way into our own URL and back.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_url.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char url[2048], token[IAM_PAGE_TOKEN_MAX], again[IAM_PAGE_TOKEN_MAX];
  if (size >= sizeof url)
    return 0;
  memcpy(url, data, size);
  url[size] = '\0';
  char *base = iam_url_base(url);
  FUZZ_CHECK(base && strlen(base) <= strlen(url));
  free(base);
  if (!iam_url_param(url, "pagetoken", token, sizeof token))
    return 0;
  FUZZ_CHECK(token[0] && strlen(token) < sizeof token);
  struct text_buf b = TEXT_BUF(IAM_URL_MAX);
  text_buf_add(&b, "https://iam.test/v1/apikeys");
  iam_url_query(&b, "pagesize", "100");
  iam_url_query(&b, "pagetoken", token);
  FUZZ_CHECK(!b.failed);
  FUZZ_CHECK(iam_url_param(text_buf_str(&b), "pagetoken", again, sizeof again));
  FUZZ_CHECK(strcmp(token, again) == 0);
  text_buf_free(&b);
  return 0;
}
